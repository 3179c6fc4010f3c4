# A session that waits for a plan: whatever transaction it is in, whatever ends
# its waiting, or ends the process that asks for it, nothing of the question is
# left, and crawls beside it don't notice.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 20_000, users => 2, latency => 2);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	"ghcrawl.request_timeout = '1s'", 'max_prepared_transactions = 2', 'restart_after_crash = on');
install($node, $sim);

# a tenth of two seconds; whoever waits without rest takes several times that,
# even on a busy machine
use constant MANY_TICKS => 20;

sub sql { return $node->safe_psql('postgres', $_[0]) }

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
no_question_is_left($node, 'after plans in transactions');

my @sessions = map { $node->background_psql('postgres') } 1 .. 3;
$_->query_until(qr/go/, "\\echo go\n$plan\n") for @sessions;
is(join(' ', map { (split /\n/, $_->query_safe('SELECT 1'))[0] } @sessions), '20000 20000 20000',
	'three at once');
$_->quit for @sessions;
no_question_is_left($node, 'after three at once');

like(error_of($node, <<'SQL'), qr/ERROR:  40P01: this transaction holds a lock that a worker waits for.*HINT: /s,
BEGIN;
UPDATE ghcrawl.budget SET points_hour = points_hour;
SELECT ghcrawl_plan('stars:1');
SQL
	'a transaction that the worker would wait for');
no_question_is_left($node, 'after a deadlock');

# during a crawl, while another one is paused, with the only token that is left
sql('SELECT count(*) FROM (SELECT ghcrawl_remove_token(name) FROM ghcrawl.tokens WHERE name <> $$user0$$) t');
my $paused = start_crawl($node, 'stars:1', 'stars');
sql("SELECT ghcrawl_pause($paused)");
my $crawl = start_crawl($node, 'stars:>=0 fork:true', 'stars');
wait_for($node, "SELECT stored > 500 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
is(sql($plan), 20_000, 'while a crawl is running');
is(crawl_column($node, $crawl, 'state'), 'running', 'which still is');
crawl_ends($node, $crawl);
is(crawl_column($node, $crawl, 'stored'), 20_000, 'and is complete in the end');
is(sql($plan), 20_000, 'while a crawl is paused');
is(crawl_column($node, $paused, 'state'), 'paused', 'which still is');
no_question_is_left($node, 'beside crawls');

# ---------------------------------------------------------------------------
# GitHub says nothing
# ---------------------------------------------------------------------------

$sim->post('/_sim/faults', { stall => 1 });
like(error_of($node, "SET statement_timeout = '1s'; $plan"), qr/ERROR:  57014: .*statement timeout/,
	'statement_timeout');
no_question_is_left($node, 'after statement_timeout');
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
no_question_is_left($node, 'after a time-out that was caught');

# Lets a session wait, and does something to it.
sub while_waiting
{
	my ($name, $code) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);

	$session->query_until(qr/go/, "\\echo go\n$plan\n");
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, q{SELECT count(*) FROM ghcrawl.claim WHERE crawl_id < 0}, '1');
	$code->();
	no_question_is_left($node, $name);
	eval { $session->quit };	# it may be gone
	return;
}

# What a process took of the CPU by now, in ticks of 10 ms.
sub cpu_ticks
{
	my ($pid) = @_;
	my @stat = split ' ', slurp_file("/proc/$pid/stat") =~ s/^.*\) //r;
	return $stat[11] + $stat[12];
}

my $asker = q{FROM pg_stat_activity WHERE backend_type = 'ghcrawl asker'};
my $waiting = q{FROM pg_stat_activity WHERE wait_event = 'MessageQueueReceive'};
while_waiting('after waiting for two seconds', sub {
	my @pids = split /\n/, sql("SELECT pid $asker UNION ALL SELECT pid $waiting");
	my @before = map { cpu_ticks($_) } @pids;
	my $since = sql('SELECT now()');

	wait_for($node, "SELECT clock_timestamp() > '$since'::timestamptz + interval '2 s'", 't');
	is(scalar(@pids), 2, 'a session and its asker wait');
	is(join(' ', grep { $_ > MANY_TICKS } map { cpu_ticks($pids[$_]) - $before[$_] } 0 .. $#pids), '',
		'which takes next to no CPU time');
	sql("SELECT pg_cancel_backend(pid) $waiting");
});
while_waiting('after a cancel', sub { sql("SELECT pg_cancel_backend(pid) $waiting") });
while_waiting('after the session was ended', sub { sql("SELECT pg_terminate_backend(pid) $waiting") });
while_waiting('after the asker was ended', sub { sql("SELECT pg_terminate_backend(pid) $asker") });
while_waiting('after the worker was ended', sub {
	sql('SELECT pg_terminate_backend(pid) ' . WORKERS);
	sql("SELECT pg_cancel_backend(pid) $waiting");
});
while_waiting('after a crash', sub {
	my $pid = sql("SELECT pid $asker");
	my $offset = -s $node->logfile;
	kill 'KILL', $pid;
	wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
});
like(slurp_file($node->logfile), qr/the process that asks for you ended unexpectedly/,
	'a session whose asker was ended is told so');
$sim->post('/_sim/faults', { stall => 0 });
is(sql($plan), 20_000, 'all is well again');

# a dump holds nothing of a question, and DROP EXTENSION, which
# waits for the session, ends one
$sim->post('/_sim/faults', { stall => 1 });
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_until(qr/go/, "\\echo go\n$plan\n");
wait_for($node, q{SELECT count(*) FROM ghcrawl.claim WHERE crawl_id < 0}, '1');
my ($dump) = run_command([ 'pg_dump', '--data-only', '-p', $node->port, '-h', $node->host, 'postgres' ]);
like($dump, qr/^COPY ghcrawl\.task /m, 'a dump has tasks');
unlike($dump, qr/^-\d+\t|^COPY ghcrawl\.(question|token_check) /m, 'but none of a question');
my $offset = -s $node->logfile;
sql('DROP EXTENSION ghcrawl');
wait_for_log($node, qr/ERROR:  ghcrawl's tables are locked/, $offset);
wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'ghcrawl%'}, '0');
eval { $session->quit };

done_testing();
