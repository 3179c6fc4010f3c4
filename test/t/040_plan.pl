# ghcrawl_plan tells beforehand what a crawl then costs, to within a tenth, and
# stores nothing.  Whatever happens to the session that waits, or to the
# process that asks for it, nothing of the question is left.
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
	"ghcrawl.request_timeout = '2s'", 'max_prepared_transactions = 2');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# The error of a statement that fails, with its SQLSTATE.
sub error_of
{
	my ($statement) = @_;
	my (undef, undef, $err) = $node->psql('postgres', $statement,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $err;
}

# No question, no task of one, no asker, and no worker if no crawl runs.
sub left_no_trace
{
	my ($name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, <<'SQL', '0|0|0|0|0|0');
SELECT (SELECT count(*) FROM ghcrawl.question), (SELECT count(*) FROM ghcrawl.task WHERE crawl_id < 0),
	(SELECT count(*) FROM ghcrawl.queue WHERE crawl_id < 0),
	(SELECT count(*) FROM ghcrawl.claim WHERE crawl_id < 0),
	(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl asker'),
	(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'
		AND NOT EXISTS (SELECT FROM ghcrawl.crawl WHERE state = 'running'))
SQL
	note($name);
	return;
}

sub is_near
{
	my ($got, $wanted, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(abs($got - $wanted) <= 0.1 * $wanted, "$name: $got, $wanted in truth");
	return;
}

# ---------------------------------------------------------------------------
# plans come true
# ---------------------------------------------------------------------------

is(sql(q{SELECT repositories FROM ghcrawl_plan('stars:>=0 fork:true')}), 20_000, 'a plan');
is(sql(q{SELECT to_regnamespace('github') IS NULL, (SELECT count(*) FROM ghcrawl.crawls),
	(SELECT count(*) FROM ghcrawl.partitions)}), 't|0|0', 'it makes no table and is no crawl');
left_no_trace('after a plan');

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

# a second with more than a thousand
my $dense = start_simulator(repositories => 50_000, users => 4, latency => 2);
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

like(error_of(q{SELECT ghcrawl_plan('stars:1')}),
	qr/ERROR:  08006: GitHub could not be asked: .*DETAIL:  4 requests failed/s,
	'nobody there: an error');
sql('ALTER DATABASE postgres RESET ghcrawl.api_url');
left_no_trace('after nobody was there');

sql(q{INSERT INTO ghcrawl.profile VALUES ('broken', '{repo_id,name_with_owner}', 'noSuchField')});
like(error_of(q{SELECT ghcrawl_plan('stars:1', 'broken')}),
	qr/ERROR:  22023: GitHub could not answer: /, 'a profile that GitHub refuses');
left_no_trace('after a broken profile');

# ---------------------------------------------------------------------------
# the session that waits
# ---------------------------------------------------------------------------

my $plan = q{SELECT repositories FROM ghcrawl_plan('stars:>=0 fork:true', 'stars');};

is(sql("BEGIN; $plan ROLLBACK"), 20_000, 'in a transaction that is rolled back');
is(sql("BEGIN READ ONLY; $plan COMMIT"), 20_000, 'in a read-only one');
is(sql("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; SAVEPOINT s; $plan ROLLBACK TO s; $plan COMMIT"),
	"1\n20000\n20000", 'in a serializable one, and in a savepoint');
is(sql("BEGIN; $plan PREPARE TRANSACTION 'p'; ROLLBACK PREPARED 'p'"), 20_000, 'in a prepared one');
is(sql(<<'SQL'), '20000', 'in a function');
CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql AS
	$$BEGIN RETURN (SELECT repositories FROM ghcrawl_plan('stars:>=0 fork:true', 'stars')); END$$;
SELECT f();
SQL
left_no_trace('after plans in transactions');

my @sessions = map { $node->background_psql('postgres') } 1 .. 3;
$_->query_until(qr/go/, "\\echo go\n$plan\n") for @sessions;
is(join(' ', map { (split /\n/, $_->query_safe('SELECT 1'))[0] } @sessions), '20000 20000 20000',
	'three at once');
$_->quit for @sessions;
left_no_trace('after three at once');

like(error_of(<<'SQL'), qr/ERROR:  40P01: this transaction holds a lock that a worker waits for.*HINT: /s,
BEGIN;
UPDATE ghcrawl.budget SET points_hour = points_hour;
SELECT ghcrawl_plan('stars:1');
SQL
	'a transaction that the worker would wait for');
left_no_trace('after a deadlock');

# during a crawl, while another one is paused, with the only token that is left
sql('SELECT count(*) FROM (SELECT ghcrawl_remove_token(name) FROM ghcrawl.tokens WHERE name <> $$user0$$) t');
my $paused = start_crawl($node, 'stars:1', 'stars');
sql("SELECT ghcrawl_pause($paused)");
my $crawl = start_crawl($node, 'stars:>=0 fork:true', 'full');
wait_for($node, "SELECT stored > 500 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
is(sql($plan), 20_000, 'while a crawl is running');
is(crawl_column($node, $crawl, 'state'), 'running', 'which still is');
crawl_ends($node, $crawl);
is(crawl_column($node, $crawl, 'stored'), 20_000, 'and is complete in the end');
is(sql($plan), 20_000, 'while a crawl is paused');
is(crawl_column($node, $paused, 'state'), 'paused', 'which still is');
left_no_trace('beside crawls');

# ---------------------------------------------------------------------------
# GitHub says nothing
# ---------------------------------------------------------------------------

$sim->post('/_sim/faults', { stall => 1 });
like(error_of("SET statement_timeout = '1s'; $plan"), qr/ERROR:  57014: .*statement timeout/,
	'statement_timeout');
left_no_trace('after statement_timeout');
is(sql(<<'SQL'), 'cancelled', 'a time-out that is caught');
SET client_min_messages = error;
CREATE FUNCTION g() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM ghcrawl_plan('stars:1');
	RETURN 'answered';
EXCEPTION WHEN query_canceled THEN
	RETURN 'cancelled';
END $$;
SET statement_timeout = '1s';
SELECT g();
SQL
left_no_trace('after a time-out that was caught');

# Lets a session wait, does something to it, and returns what it says.
sub while_waiting
{
	my ($name, $code) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);

	$session->query_until(qr/go/, "\\echo go\n$plan\n");
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, q{SELECT count(*) FROM ghcrawl.claim WHERE crawl_id < 0}, '1');
	$code->();
	left_no_trace($name);
	my $said = $session->{stderr};
	eval { $session->quit };
	return $said . ($session->{stderr} // '');
}

my $asker = q{FROM pg_stat_activity WHERE backend_type = 'ghcrawl asker'};
my $waiting = q{FROM pg_stat_activity WHERE wait_event = 'MessageQueueReceive'};
while_waiting('after a cancel', sub { sql("SELECT pg_cancel_backend(pid) $waiting") });
while_waiting('after the session was ended', sub { sql("SELECT pg_terminate_backend(pid) $waiting") });
while_waiting('after the asker was ended', sub { sql("SELECT pg_terminate_backend(pid) $asker") });
while_waiting('after the worker was ended', sub {
	sql('SELECT pg_terminate_backend(pid) ' . WORKERS);
	sql("SELECT pg_cancel_backend(pid) $waiting");
});
while_waiting('after a crash', sub {
	my $pid = sql("SELECT pid $asker");
	kill 'KILL', $pid;
	$node->poll_query_until('postgres', 'SELECT true');
});
like(slurp_file($node->logfile), qr/the process that asks for you ended unexpectedly/,
	'a session whose asker was ended is told so');
$sim->post('/_sim/faults', { stall => 0 });
is(sql($plan), 20_000, 'all is well again');

# ---------------------------------------------------------------------------
# processes and limits
# ---------------------------------------------------------------------------

$node->append_conf('postgresql.conf', 'ghcrawl.workers = 0');
$node->reload;
wait_for($node, 'SHOW ghcrawl.workers', '0');
like(error_of($plan), qr/ERROR:  55000: no worker may run.*HINT: .*"ghcrawl.workers"/s,
	'without workers it is refused');
# one slot is the logical replication launcher's
for my $slots (1, 2)
{
	$node->append_conf('postgresql.conf', "ghcrawl.workers = 1\nmax_worker_processes = $slots");
	$node->restart;
	like(error_of($plan), qr/ERROR:  53400: no free background worker slot.*HINT: .*"max_worker_processes"/s,
		"with $slots slots it is refused");
	left_no_trace("with $slots slots");
}
$node->stop;
$sim->stop;

$sim = start_simulator(repositories => 5_000, users => 1, latency => 2, points => 3);
$node = new_node('dry', "ghcrawl.api_url = '" . $sim->http . "'");
sql('CREATE EXTENSION ghcrawl');
like(error_of("BEGIN; SELECT ghcrawl_add_token('a', '" . ($sim->tokens)[0] . "'); $plan"),
	qr/ERROR:  55000: no usable token.*DETAIL:  What a transaction added/s,
	'a token that is not committed is none');
add_tokens($node, $sim->tokens);
like(error_of($plan), qr/ERROR:  55000: no token may be used before 20/, 'without points it is refused');
left_no_trace('without points');

done_testing();
