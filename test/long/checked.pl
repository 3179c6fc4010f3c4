# A whole life of ghcrawl in a small world, for a server that is watched from outside:
# "make test-valgrind" runs all its processes under valgrind, "make test-sanitized"
# has ghcrawl's library with sanitizers.  Nothing here depends on time: under
# valgrind all takes some thirty times as long.  What is right is shown elsewhere;
# here the point is that every part of the code runs, also where things go wrong.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use GhcTest;
use GhcCrawl;
use GhcFault;
use PostgreSQL::Test::Utils;
use Test::More;

# a server takes its time to start, too
$ENV{PGCTLTIMEOUT} = 1800;

my $all = 'stars:>=0 fork:true';

# limits that nobody meets: a slow client would be counted as a slow server
my $sim = start_simulator(
	tls => 1,
	repositories => $ENV{REPOSITORIES} // 1000,
	users => 2,
	apps => 1,
	installations => 2,
	'installation_points' => 1_000_000,
	latency => 10,
	until => '2026-01-01T00:00:00Z',
	limits => 'wide');
my $node = new_node('main',
	"ghcrawl.api_url = '" . $sim->https . "'",
	"ghcrawl.ca_file = '" . $sim->ca . "'",
	"ghcrawl.request_timeout = '60s'",
	"ghcrawl.connect_timeout = '60s'",
	'ghcrawl.max_response_size = 4MB',
	"shared_preload_libraries = 'ghcrawl'",
	'autovacuum = off', 'jit = off', 'fsync = off');
my ($app) = $sim->apps;
my $folder = PostgreSQL::Test::Utils::tempdir();

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub configure
{
	$node->append_conf('postgresql.conf', join "\n", @_);
	$node->reload;
	return;
}

# Under faults a crawl may end with gaps.
sub ends
{
	my ($crawl) = @_;

	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", qr/^done/);
	return;
}

sub crawl
{
	my ($profile) = @_;
	my $crawl = start_crawl($node, $all, $profile);

	ends($crawl);
	return $crawl;
}

# Every view and every table, in both schemas.
sub read_everything
{
	my @relations = split /\n/, sql(q{SELECT c.oid::regclass FROM pg_class c
		WHERE relnamespace IN ('ghcrawl'::regnamespace, 'github'::regnamespace) AND relkind IN ('r', 'v', 'p')});

	sql(join ';', map { "SELECT r FROM $_ r" } @relations);
	cmp_ok(scalar @relations, '>', 20, 'views and tables are read: ' . @relations);
	return;
}

# ---------------------------------------------------------------------------
# tokens, an App, plans
# ---------------------------------------------------------------------------

my ($first, $second) = $sim->tokens;
append_to_file("$folder/token", "$second\n");
sql('CREATE EXTENSION ghcrawl');
sql("SELECT ghcrawl_add_token('alice', '$first'); SELECT ghcrawl_add_token_file('bob', '$folder/token');"
	. " SELECT ghcrawl_add_app('bot', $app->{id}, '$app->{key}');"
	. " SELECT ghcrawl_add_token('bad', 'ghp_000000000000000000000000000000000000')");
is(sql('SELECT count(*) FILTER (WHERE state = $$ready$$), count(*) FROM ghcrawl_verify_tokens()'), '5|6',
	'users, an App and its installations are there');
sql(q{SELECT ghcrawl_set_limits('alice', reserve => 10)});
is(sql(qq{SELECT repositories FROM ghcrawl_plan('$all')}), $sim->count($all), 'a plan');

# ---------------------------------------------------------------------------
# crawls: the first one is interrupted, a change, each way to ask for details
# ---------------------------------------------------------------------------

# slow answers, so that it can't be over before it is paused
$sim->post('/_sim/settings', { latency => 3000 });
my $crawl = start_crawl($node, $all, 'full');
wait_for($node, "SELECT requests > 0 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
is(sql("SELECT ghcrawl_pause($crawl)"), 'paused', 'paused');
$sim->post('/_sim/settings', { latency => 10 });
read_everything();
is(sql("SELECT ghcrawl_resume($crawl)"), 'running', 'and resumed');
like(sql("CALL ghcrawl_wait($crawl, '1 hour')"), qr/done/, 'the first crawl');
values_are_true($node, $sim, $all, 'full', 'the first crawl');

$sim->post('/_sim/world', { op => 'change_stars', share => 0.1 });
$sim->post('/_sim/world', { op => 'change_details', share => 0.1, seed => 2 });
configure('ghcrawl.details = later', 'ghcrawl.workers = 2');
crawl('full');
values_are_true($node, $sim, $all, 'full', 'after a change');
cmp_ok(sql('SELECT count(*) FROM github.history'), '>=', 0.05 * $sim->count($all), 'with its history');
crawl('full');
configure('ghcrawl.details = nested', 'ghcrawl.pages_per_request = 3', 'ghcrawl.page_size = 40');
crawl('full');
sql(q{INSERT INTO ghcrawl.profile (name, columns, extra) VALUES ('watched', '{repo_id,name_with_owner,stars}',
	'watchers{totalCount} owner{login} repositoryTopics(first:3){nodes{topic{name}}}')});
crawl('watched');
is(sql('SELECT count(*) FROM github.repositories WHERE extra IS NULL'), '0', 'fields of a profile');
$crawl = start_crawl($node, 'forks:>=0', 'flat');
is(sql("SELECT ghcrawl_cancel($crawl)"), 'cancelled', 'cancelled');

# ---------------------------------------------------------------------------
# answers that go wrong
# ---------------------------------------------------------------------------

# Rates of faults, in turn: what the network does, what the server says, what texts hold.
my %faults = (
	network => [ qw(reset resetHeaders resetBody goaway closing shortLength brokenChunks truncatedGzip
		  claimedGzip unclaimedGzip endlessHeader wrongLength) ],
	refusals => [ qw(json502 html502 timeout200 html200 serverError redirect somethingWrong) ],
	texts => [ qw(brokenJson deepNesting duplicateKeys hugeExponent utf16 bom invalidUtf8 emptyBody otherAnswer unaskedKeys) ],
	values => [ qw(nullNodes forbiddenNodes droppedItems wrongTypes nullFields absurdValues foreignNodes) ]);

configure('ghcrawl.workers = 1', 'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 20', 'ghcrawl.details = auto');
for my $kind (sort keys %faults)
{
	sql('TRUNCATE github.repository, github.repository_history') if $kind eq 'texts';
	set_faults($sim, map { $_ => 0.25 / @{ $faults{$kind} } } @{ $faults{$kind} });
	$crawl = crawl('full');
	note("$kind: ", sql("SELECT class, sum(count) FROM ghcrawl.errors WHERE crawl = $crawl GROUP BY 1"));
	cmp_ok(sql("SELECT count(*) FROM ghcrawl.errors WHERE crawl = $crawl"), '>', 0, "$kind: there were errors");
	set_faults($sim);
	sql("SELECT ghcrawl_retry_gaps($crawl)");
	ends($crawl);
}
crawl('full');
values_are_true($node, $sim, $all, 'full', 'after all faults');
read_everything();

# too much asked for, limits; tokens that are refused, an App's and users', and good again
$sim->post('/_sim/script',
	[ map { { fault => $_ } } qw(resourceLimits rateLimit secondary), ('unauthorized') x 6 ]);
crawl('stars');
sql('SELECT count(*) FROM ghcrawl_verify_tokens()');

# a certificate that is wrong
$sim->post('/_sim/certificate', { kind => 'expired' });
$crawl = start_crawl($node, $all, 'stars');
wait_for($node, "SELECT count(*) > 0 FROM ghcrawl.errors WHERE crawl = $crawl AND class = 'network'", 't');
$sim->post('/_sim/certificate', { kind => 'good' });
ends($crawl);

# ---------------------------------------------------------------------------
# processes that end: by a signal, with the server, without the extension
# ---------------------------------------------------------------------------

$crawl = start_crawl($node, 'stars:>=0', 'full');
wait_for($node, 'SELECT count(*) > 0 ' . WORKERS, 't');
sql('SELECT pg_terminate_backend(pid) ' . WORKERS);
ends($crawl);
$crawl = start_crawl($node, 'forks:>=0', 'full');
# not "restart", which would start the program that wrote the server's options
$node->stop;
$node->start;
ends($crawl);

# the same host without TLS, in tables with partitions and indexes
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->safe_psql('plain', "SET ghcrawl.api_url = '" . $sim->http . "'; CREATE EXTENSION ghcrawl;"
	. " SELECT ghcrawl_create_tables(hash_partitions => 4); SELECT ghcrawl_add_token('alice', '$first');"
	. " SELECT ghcrawl_start('$all', 'full')");
$node->safe_psql('plain', 'CALL ghcrawl_wait(1)');
$node->safe_psql('plain', "SET ghcrawl.api_url = '" . $sim->http . "';"
	. " SELECT ghcrawl_index_statements('{stars,topics,history}') \\gexec\nSELECT ghcrawl_start('$all', 'full')");
$node->safe_psql('plain', 'CALL ghcrawl_wait(2)');
is($node->safe_psql('plain', 'SELECT count(*) FROM github.repositories'), $sim->count($all), 'with partitions, without TLS');

nothing_is_left($node, 'at the end');
sql(q{SELECT ghcrawl_remove_token('bot')});
sql('DROP EXTENSION ghcrawl');
$node->stop;
unlike(slurp_file($node->logfile), qr/TRAP:|was terminated by signal/, 'no process crashed');
done_testing();
