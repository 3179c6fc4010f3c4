# ghcrawl_plan tells beforehand what a crawl then costs, to within a tenth, and
# stores nothing.  If it can't be told, an error says why.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 20_000, users => 4, latency => 2);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	# plans reckon with pages that bring everything, and with the sizes that
	# requests come to: crawls as short as these would still be finding them
	'ghcrawl.details = nested', 'ghcrawl.pages_per_request = 10', 'ghcrawl.page_size = 100');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub is_near
{
	my ($got, $wanted, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	# of a few requests each counts
	my $slack = $wanted < 200 ? 20 : 0.1 * $wanted;
	ok(abs($got - $wanted) <= $slack, "$name: $got, $wanted in truth");
	return;
}

# ---------------------------------------------------------------------------
# plans come true
# ---------------------------------------------------------------------------

is(sql(q{SELECT repositories FROM ghcrawl_plan('stars:>=0 fork:true')}), 20_000, 'a plan');
is(sql(q{SELECT to_regnamespace('github') IS NULL, (SELECT count(*) FROM ghcrawl.crawls),
	(SELECT count(*) FROM ghcrawl.partitions)}), 't|0|0', 'it makes no table and is no crawl');
no_question_is_left($node, 'after a plan');

sub comes_true
{
	my ($selection, $profile) = @_;
	my ($repositories, $ranges, $requests, $points, $bytes) = split /\|/, sql(
		'SELECT repositories, ranges, requests, points, bytes'
		. " FROM ghcrawl_plan('$selection', '$profile')");
	my $crawl = start_crawl($node, $selection, $profile);
	my $name = "$selection, $profile";

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	is($repositories, crawl_column($node, $crawl, 'stored'), "$name: repositories");
	is_near($ranges, crawl_column($node, $crawl, 'tasks'), "$name: ranges");
	is_near($requests, crawl_column($node, $crawl, 'requests'), "$name: requests");
	is_near($points, crawl_column($node, $crawl, 'points'), "$name: points");
	is_near($bytes, sql(q{SELECT pg_relation_size('github.repository')
		+ pg_indexes_size('github.repository')}), "$name: bytes")
	  if $repositories > 1000;
	sql('TRUNCATE github.repository, github.repository_history');
	return;
}

comes_true('stars:>=0 fork:true', 'stars');
comes_true('stars:>=0 fork:true', 'full');
comes_true('stars:5..30', 'flat');
comes_true('stars:>99999999', 'full');

# a second with more than a thousand; shuffled results make reading again necessary by themselves: switched off
my $dense = start_simulator(repositories => 50_000, users => 4, latency => 2,
	unstable_order => 0, unstable_ties => 0);
my %at;
$at{$_}++ for map { decode_json($_)->{createdAt} } split /\n/,
  $dense->get('/_sim/truth?format=json&fields=createdAt&q=fork:true');
my ($second) = grep { $at{$_} > 1000 } keys %at;
my ($month) = $second =~ /^(\d{4}-\d\d)/;
sql("ALTER DATABASE postgres SET ghcrawl.api_url = '" . $dense->http . "'");
sql(join '', map { "SELECT ghcrawl_add_token('dense$_', '" . ($dense->tokens)[$_] . "');" } 0 .. 3);
sql("SELECT ghcrawl_create_tables('dense')");
{
	my $selection = "stars:>=0 fork:true created:$month-01..$month-28";
	my ($repositories, $requests) = split /\|/, sql(
		"SELECT repositories, requests FROM ghcrawl_plan('$selection', 'stars')");
	my $crawl = start_crawl($node, $selection, 'stars');
	crawl_ends($node, $crawl);
	cmp_ok($repositories, '>', 1000, 'a month with a dense second');
	is($repositories, crawl_column($node, $crawl, 'stored'), 'dense second: repositories');
	is_near($requests, crawl_column($node, $crawl, 'requests'), 'dense second: requests');
}
$dense->stop;

# ---------------------------------------------------------------------------
# GitHub can't be asked
# ---------------------------------------------------------------------------

like(error_of($node, q{SELECT ghcrawl_plan('stars:1')}),
	qr/ERROR:  08006: GitHub could not be asked: .*DETAIL:  \d+ requests failed/s,
	'nobody there: an error');
sql('ALTER DATABASE postgres RESET ghcrawl.api_url');
no_question_is_left($node, 'after nobody was there');

sql(q{INSERT INTO ghcrawl.profile VALUES ('broken', '{repo_id,name_with_owner}', 'noSuchField')});
like(error_of($node, q{SELECT ghcrawl_plan('stars:1', 'broken')}),
	qr/ERROR:  22023: GitHub could not answer: /, 'a profile that GitHub refuses');
no_question_is_left($node, 'after a broken profile');

my $plan = q{SELECT repositories FROM ghcrawl_plan('stars:>=0 fork:true', 'stars');};

# ---------------------------------------------------------------------------
# processes and limits
# ---------------------------------------------------------------------------

$node->append_conf('postgresql.conf', 'ghcrawl.workers = 0');
$node->reload;
wait_for($node, 'SHOW ghcrawl.workers', '0');
like(error_of($node, $plan), qr/ERROR:  55000: no worker may run.*HINT: .*"ghcrawl.workers"/s,
	'without workers it is refused');
# one slot is the logical replication launcher's
for my $slots (1, 2)
{
	$node->append_conf('postgresql.conf', "ghcrawl.workers = 1\nmax_worker_processes = $slots");
	$node->restart;
	like(error_of($node, $plan), qr/ERROR:  53400: no free background worker slot.*HINT: .*"max_worker_processes"/s,
		"with $slots slots it is refused");
	no_question_is_left($node, "with $slots slots");
}
$node->stop;
$sim->stop;

$sim = start_simulator(repositories => 5_000, users => 1, latency => 2, points => 3);
$node = new_node('dry', "ghcrawl.api_url = '" . $sim->http . "'");
sql('CREATE EXTENSION ghcrawl');
like(error_of($node, "BEGIN; SELECT ghcrawl_add_token('a', '" . ($sim->tokens)[0] . "'); $plan"),
	qr/ERROR:  55000: no usable token.*DETAIL:  What a transaction added/s,
	'a token that is not committed is none');
add_tokens($node, $sim->tokens);
like(error_of($node, $plan), qr/ERROR:  55000: no token may be used before 20/, 'without points it is refused');
no_question_is_left($node, 'without points');

done_testing();
