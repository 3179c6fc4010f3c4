# The whole world: ids are found by the REST API and filled by GraphQL, whatever
# gaps there are between them; the end is followed by later runs, and what was
# walked isn't walked again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $world = 6_000;
my $sim = start_simulator(
	repositories => $world,
	users => 2,
	latency => 5,
	limits => 'wide',
	rest_requests => 1_000_000,
	rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }

# Requests by path since the last time: REST lists, GraphQL.
sub requests
{
	my $paths = $sim->counters->{by_path};
	my @n = map { $paths->{$_} // 0 } '/repositories', '/graphql';
	$sim->post('/_sim/counters/reset');
	return @n;
}

# Crawls all; returns REST and GraphQL requests.
sub walk
{
	my ($selection, $profile) = @_;
	requests();
	my $crawl = start_crawl($node, $selection, $profile // 'flat');
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	note(sql("SELECT stored, expected, tasks, requests, rest_requests, points FROM ghcrawl.crawls WHERE crawl = $crawl"));
	return ($crawl, requests());
}

my @ids = $sim->truth('fork:true');
sql('SELECT ghcrawl_verify_tokens()');
requests();
my ($n, $n_graphql, $n_rest) = split /\|/, sql("SELECT repositories, requests, rest_requests FROM ghcrawl_plan('all', 'flat')");
cmp_ok(abs($n - @ids), '<=', @ids / 10, "a plan: $n repositories");
cmp_ok(abs($n_rest - @ids / 100), '<=', 40, "a plan: $n_rest REST requests");
cmp_ok(abs($n_graphql - @ids / 100), '<=', 7, "a plan: $n_graphql GraphQL requests");
my ($asked_rest, $asked_graphql) = requests();
cmp_ok($asked_rest + $asked_graphql, '<=', 20, "a plan: takes $asked_rest and $asked_graphql requests");
is(sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'github'"), '0', 'a plan: makes no tables');
sql('TRUNCATE ghcrawl.traffic; UPDATE ghcrawl.budget SET rest_requests = 0');
my ($crawl, $rest, $graphql) = walk('all');
ids_are_exact($node, $sim, 'fork:true', 'all');
is(sql("SELECT stored || ' ' || expected || ' ' || gaps || ' ' || round(part::numeric, 6) FROM ghcrawl.crawls WHERE crawl = $crawl"),
	@ids . ' ' . @ids . ' 0 1.000000', 'all: what was counted');
cmp_ok($rest, '<=', @ids / 100 + 16 + 20, 'all: half a page more for each range, and some to find the end');
cmp_ok($graphql, '<=', @ids / 100 + 16 + 2, 'all: no more queries than pages');
is(sql("SELECT rest_requests FROM ghcrawl.crawls WHERE crawl = $crawl"), $rest, 'all: REST requests are counted');
cmp_ok(sql("SELECT sum(rest_requests) FROM ghcrawl.budget"), '>=', $rest, 'all: by budgets, too');
is(sql("SELECT sum(count) FROM ghcrawl.requests WHERE kind = 'rest'"), $rest, 'all: and by kind');
nothing_is_left($node, 'all');
# a worker that ended has told the server what it wrote
my ($updates, $tasks) = split /\|/, sql("SELECT n_tup_upd, (SELECT count(*) FROM ghcrawl.task) FROM pg_stat_user_tables WHERE schemaname = 'ghcrawl' AND relname = 'task'");
cmp_ok($updates, '<=', $rest + 2 * $tasks, 'all: lists of ids are no progress yet');

($n, $n_graphql, $n_rest) = split /\|/, sql("SELECT repositories, requests, rest_requests FROM ghcrawl_plan('all', 'flat')");
cmp_ok($n_rest, '<=', 30, "a plan: what was walked is not listed again: $n_rest REST requests");
cmp_ok(abs($n_graphql - @ids / 100), '<=', 7, "a plan: but looked up: $n_graphql GraphQL requests");
like(error_of($node, "SELECT ghcrawl_plan('all', 'flat')"), qr/NOTICE: .*\b\d+ of the ids were walked within "ghcrawl.walk_interval"/, 'a plan: says so');
requests();

# --- again: only the end is walked ---------------------------------------------

my @new = @{ change(map { { op => 'add', stars => $_ } } 1 .. 150)->{ids} };
my @gone = @ids[ map { 37 * $_ } 1 .. 100 ];
change(map { { op => 'delete', id => $_ } } @gone);
change({ op => 'set', id => $ids[1], stars => 4711 });
($crawl, $rest, $graphql) = walk('all');
is(sql('SELECT count(*) FROM github.repository WHERE repo_id = ANY (\'{' . join(',', @new) . '}\')'), 150, 'again: the new ones are there');
is(sql("SELECT stars FROM github.repository WHERE repo_id = $ids[1]"), 4711, 'again: known ones are looked up');
is(sql('SELECT string_agg(repo_id::text, \',\' ORDER BY repo_id) FROM github.repository_absence'),
	join(',', @gone), 'again: those that are gone are absent');
is(sql("SELECT stored || ' ' || gone || ' ' || gaps FROM ghcrawl.crawls WHERE crawl = $crawl"),
	(@ids - @gone + @new) . ' ' . @gone . ' 0', 'again: what was counted');
cmp_ok($rest, '<=', 30, 'again: what was walked is not walked again');
# each range asks once more for those that it did not find
cmp_ok($graphql, '<=', (@ids + @new) / 100 + 2 * 16 + 8, 'again: a query for each hundred');

# --- from one id on, and a part ---------------------------------------------------

my ($lo, $hi) = @ids[ 1000, 2999 ];
sql('TRUNCATE github.repository');
walk('all', 'stars');
ids_are_exact($node, $sim, 'fork:true', 'an emptied table');
sql('TRUNCATE github.repository');
$node->append_conf('postgresql.conf', 'ghcrawl.walk_interval = 0');
$node->reload;
($crawl, $rest, $graphql) = walk("ids:$lo..$hi", 'stars');
my %gone = map { $_ => 1 } @gone;
is(sql('SELECT count(*), min(repo_id), max(repo_id) FROM github.repository'),
	(grep { !$gone{$_} } @ids[ 1000 .. 2999 ]) . "|$lo|$hi", 'a part: exactly that');
cmp_ok($rest, '<=', 20 + 4 + 2, 'a part: hardly more requests than pages');
($crawl, $rest) = walk("ids:$ids[-1]..*", 'stars');
is(sql("SELECT count(*) FROM github.repository WHERE repo_id > $hi"), @new + !$gone{ $ids[-1] }, 'from one on: to the end');
cmp_ok($rest, '<=', 30, 'from one on: nothing before it is walked');
($crawl) = walk("ids:9000000000..*", 'stars');
is(crawl_column($node, $crawl, 'stored'), '0', 'beyond the end: nothing');

# --- limited -------------------------------------------------------------------------

my $limited = sql("SELECT ghcrawl_start('all', 'stars', max_repositories => 500)");
crawl_ends($node, $limited);
is(crawl_column($node, $limited, 'stored'), '500', 'limited: as many as were wanted');

# --- what is no span -------------------------------------------------------------------

for (
	[ 'ids:0..7' => qr/ids begin at 1/ ],
	[ 'ids:9..7' => qr/the last of the ids is before the first/ ],
	[ 'ids:1..9007199254740992' => qr/ids can't be read/ ],
	[ 'ids:7' => qr/ids can't be read.*HINT:.*ids:5000\.\.\*/s ],
	[ 'all stars:>5' => qr/can't be combined.*HINT:.*Use a search/s ],
	[ 'stars:>5 ids:1..7' => qr/can't be combined/ ])
{
	my ($selection, $error) = @$_;
	like(error_of($node, "SELECT ghcrawl_start('$selection')"), $error, "$selection is refused");
}
no_limit_violated($sim, 'all of it');

done_testing();
