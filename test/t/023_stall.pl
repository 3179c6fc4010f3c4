# A server that accepts requests and says nothing.  While a worker waits for it
# no transaction is open, nobody else is held up (databases and extensions come
# and go), and the worker ends at once when it is told to.  Once the server
# speaks again the crawl comes out exact.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $users = 4;
my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 20_000, users => $users, latency => 20, tls => 1);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->https . "'",
	"ghcrawl.ca_file = '" . $sim->ca . "'",
	"ghcrawl.request_timeout = '10min'",
	# many small requests
	'ghcrawl.pages_per_request = 1');
install($node, $sim);

sub stall
{
	my ($rate) = @_;
	$sim->post('/_sim/faults', { stall => $rate });
	return;
}

# Waits until so many requests hang on the simulator.
sub requests_hang
{
	my ($wanted, $name) = @_;
	my $deadline = time + 60;
	my $hanging = 0;

	while (time < $deadline && ($hanging = $sim->counters->{in_flight}) < $wanted)
	{
		Time::HiRes::sleep(0.05);
	}
	# a budget sends a second one if the first takes much too long
	cmp_ok($hanging, '>=', $wanted, "$name: $wanted requests wait for an answer");
	wait_for($node, 'SELECT count(*) ' . WORKERS . " AND wait_event = 'Extension'", '1');
	return;
}

sub is_quick
{
	my ($name, $code) = @_;
	my $start = time;

	$code->();
	my $seconds = time - $start;
	cmp_ok($seconds, '<', 5, $name);
	note(sprintf '%s: %.2f s', $name, $seconds);
	return;
}

sub sql
{
	my ($text, $database) = @_;
	return $node->safe_psql($database // 'postgres', $text);
}

my $crawl = start_crawl($node, $selection, 'flat');
wait_for($node, "SELECT stored > 2000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
stall(1);
requests_hang($users, 'in mid-crawl');

# A sample is not one moment: a transaction that ended just before the wait
# event was read is no older than a moment.  Its row is written every second or
# so, in transactions that take milliseconds.
is(sql(<<'SQL'), '', 'in many samples no transaction is open while it waits');
SET client_min_messages = error;
CREATE TEMP TABLE sample (wait text, age interval, horizon xid);
DO $$
BEGIN
	FOR i IN 1..300 LOOP
		PERFORM pg_stat_clear_snapshot();
		INSERT INTO sample SELECT wait_event, clock_timestamp() - xact_start, backend_xmin
			FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker';
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT 'only ' || count(*) || ' samples' FROM sample HAVING count(*) < 300
UNION ALL
SELECT format('waiting on %s: open for %s, xmin %s', wait, age, horizon) FROM sample
WHERE age > '1 s' OR (wait = 'Extension' AND age > '50 ms') OR (age IS NULL AND horizon IS NOT NULL)
SQL

is_quick('CREATE DATABASE of another', sub { sql('CREATE DATABASE other') });
is_quick('CREATE EXTENSION in another', sub { sql('CREATE EXTENSION ghcrawl', 'other') });
is_quick('DROP EXTENSION in another', sub { sql('DROP EXTENSION ghcrawl', 'other') });
is_quick('DROP DATABASE of another', sub { sql('DROP DATABASE other') });
is_quick('VACUUM FULL of the data', sub { sql('VACUUM FULL github.repository') });
is(sql('SELECT count(*) ' . WORKERS), '1', 'the worker is there all the while');
cmp_ok($sim->counters->{in_flight}, '>=', $users, 'and still waits');

my $pid = worker_pid($node);
is_quick('SIGTERM', sub { is(sql("SELECT pg_terminate_backend($pid, 20000)"), 't', 'it ends') });
is_quick('the server\'s fast shutdown', sub {
	is(sql('SELECT ghcrawl_ensure_workers()'), '1', 'another takes its place');
	requests_hang($users, 'after SIGTERM');
	$node->stop('fast');
});
$node->start;
is(sql('SELECT ghcrawl_ensure_workers()'), '1', 'and another after the restart');
requests_hang($users, 'after the restart');

# what hangs now is never answered: only a new worker asks again at once
stall(0);
sql('SELECT pg_terminate_backend(pid) ' . WORKERS);
wait_for($node, 'SELECT ghcrawl_ensure_workers() >= 0, count(*) ' . WORKERS, 't|1');
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'after the stall');
nothing_is_left($node, 'after the stall');

# its own extension is dropped, its own database is dropped
stall(1);
$crawl = start_crawl($node, 'stars:>=1', 'flat');
requests_hang(1, 'the first of a second crawl');
my $rows = sql('SELECT count(*) FROM github.repository');
is_quick('DROP EXTENSION under the worker', sub { sql('DROP EXTENSION ghcrawl') });
is_quick('CREATE EXTENSION after that', sub { sql('CREATE EXTENSION ghcrawl') });
is(sql('SELECT count(*) FROM github.repository'), $rows, 'the data is still there');
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');

sql('CREATE DATABASE own');
sql('CREATE EXTENSION ghcrawl', 'own');
my @tokens = $sim->tokens;
sql(join('', map { "SELECT ghcrawl_add_token('user$_', '$tokens[$_]');" } 0 .. $#tokens), 'own');
my $offset = -s $node->logfile;
sql("SELECT ghcrawl_start('stars:>=0', 'stars')", 'own');
wait_for($node, 'SELECT count(*) ' . WORKERS . " AND wait_event = 'Extension' AND datname = 'own'", '1');
is_quick('DROP DATABASE (FORCE) under the worker', sub { sql('DROP DATABASE own WITH (FORCE)') });
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');

# the postmaster starts it once more after 5 s; it must then end for good
my $end = wait_for_log($node, qr/FATAL:  database \d+ does not exist/, $offset);
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
unlike(slurp_file($node->logfile, $end), qr/ghcrawl worker/, 'the worker of a dropped database is forgotten');

done_testing();
