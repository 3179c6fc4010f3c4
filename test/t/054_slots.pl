# Slots for background workers used up and freed: a crawl that can't be
# started says so; a worker says once that others are missing, goes on trying, and
# starts them when there is room.  Starting and cancelling many times leaks none.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcDatabases;
use PostgreSQL::Test::Utils;
use Test::More;

my $search = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 3000, users => 2, limits => 'wide', latency => 100);

# PostgreSQL's own logical replication launcher takes one of them
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
	'max_worker_processes = 3');
for my $database (qw(one two))
{
	db_sql($node, 'postgres', "CREATE DATABASE $database");
	db_sql($node, $database, 'CREATE EXTENSION ghcrawl');
	my @tokens = $sim->tokens;
	db_sql($node, $database, join '', map { "SELECT ghcrawl_add_token('user$_', '$tokens[$_]');" } 0 .. 1);
}

sub start
{
	my ($database) = @_;
	my (undef, $out, $err) = $node->psql($database, "SELECT ghcrawl_start('$search', 'stars')",
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return ($out, $err);
}

sub workers_are
{
	my ($database, $wanted) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	db_wait($node, 'postgres',
		"SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND datname = '$database'",
		$wanted);
	return;
}

sub count_in_log
{
	my ($pattern, $offset) = @_;
	my $count = () = slurp_file($node->logfile, $offset // 0) =~ /$pattern/g;
	return $count;
}

start($_) for qw(one two);
workers_are($_, 1) for qw(one two);
$sim->post('/_sim/settings', { latency => 2000 });
$node->append_conf('postgresql.conf', 'ghcrawl.workers = 2');
$node->reload;
wait_for_log($node, qr/(?:ghcrawl worker 1 found no free background worker slot for 1 others, and goes on trying.*){2}/s);
my (undef, undef, $err) = $node->psql('one', 'SELECT ghcrawl_ensure_workers()',
	extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/WARNING:  53400: no free background worker slot.*DETAIL:  Of the 2 workers wanted 1/s,
	'one slot for two workers: a warning');

# a third database has none at all
db_sql($node, 'postgres', 'CREATE DATABASE three');
db_sql($node, 'three', 'CREATE EXTENSION ghcrawl');
my ($token) = $sim->tokens;
db_sql($node, 'three', "SELECT ghcrawl_add_token('t', '$token')");
(undef, $err) = start('three');
like($err, qr/ERROR:  53400: no free background worker slot.*DETAIL:.*HINT: .*"max_worker_processes"/s,
	'no slot: refused, with a hint');
is(db_sql($node, 'three', 'SELECT count(*) FROM ghcrawl.crawls'), '0', 'and nothing is changed');

# the slot of one is freed: the other's missing worker comes by itself
db_sql($node, 'one', 'SELECT ghcrawl_cancel(1)');
workers_are('one', 0);
workers_are('two', 2);
is(count_in_log('ghcrawl worker \d+ found no free'), 2, 'each said once what it lacked');
$sim->post('/_sim/settings', { latency => 5 });
db_wait($node, 'two', 'SELECT state, stored, gaps FROM ghcrawl.crawls', 'done|3000|0');
db_is_exact($node, 'two', $sim, $search, 'a second worker came later');
workers_are('two', 0);

# ---------------------------------------------------------------------------
# many rounds
# ---------------------------------------------------------------------------

my $offset = -s $node->logfile;
db_sql($node, 'one', <<'SQL');
CREATE PROCEDURE rounds(n int, undone boolean) LANGUAGE plpgsql AS $$
DECLARE
	c bigint;
BEGIN
	FOR i IN 1..n LOOP
		LOOP
			BEGIN
				c := ghcrawl_start('stars:' || i, 'stars');
				EXIT;
			EXCEPTION WHEN configuration_limit_exceeded THEN
				/* the last one's slot is freed a moment after its end */
			END;
			/* workers without work wait for transactions that may bring some */
			ROLLBACK;
			PERFORM pg_sleep(0.01);
		END LOOP;
		IF undone THEN
			ROLLBACK;
		ELSE
			COMMIT;
			PERFORM ghcrawl_cancel(c);
			COMMIT;
		END IF;
	END LOOP;
END $$
SQL
for my $undone ('false', 'true')
{
	my ($code) = $node->psql('one',
		"SET client_min_messages = error; SET statement_timeout = '60s'; CALL rounds(30, $undone)");
	is($code, 0, "30 rounds found slots; rolled back: $undone");
}
workers_are('one', 0);
is(count_in_log('ghcrawl worker.*exited with exit code [1-9]', $offset), 0, 'no worker ended badly');

# ended by a signal just before their crawl is cancelled they keep their slots until
# they were started again
$sim->post('/_sim/settings', { latency => 700 });
start('one');
workers_are('one', 2);
db_sql($node, 'one', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker';
	SELECT ghcrawl_cancel(max(crawl)) FROM ghcrawl.crawls});
workers_are('one', 0);
db_wait($node, 'two', "SELECT ghcrawl_start('$search', 'stars') > 0", 't');
$sim->post('/_sim/settings', { latency => 5 });
db_wait($node, 'two', 'SELECT state FROM ghcrawl.crawls ORDER BY crawl DESC LIMIT 1', 'done');

done_testing();
