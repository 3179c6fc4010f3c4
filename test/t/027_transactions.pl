# A crawl begins when the transaction that started it commits, and not if it
# doesn't, in whatever way: rollback, savepoint, two-phase commit.  Without a
# free slot for a worker nothing is changed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 5_000, users => 2, latency => 5);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	'max_prepared_transactions = 5');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Nothing of a crawl is there, and its worker is gone.
sub left_no_trace
{
	my ($name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
	is(sql(q{SELECT (SELECT count(*) FROM ghcrawl.crawl), (SELECT count(*) FROM ghcrawl.task),
		(SELECT count(*) FROM ghcrawl.queue), to_regnamespace('github')}),
		'0|0|0|', "$name: nothing is left");
	is($sim->counters->{requests}, 0, "$name: nothing was asked");
	return;
}

my $start = q{SELECT ghcrawl_start('stars:>=1', 'stars');};

sql("BEGIN; $start ROLLBACK");
left_no_trace('rolled back');
sql("BEGIN; SAVEPOINT s; $start ROLLBACK TO s; COMMIT");
left_no_trace('rolled back to a savepoint');
$node->psql('postgres', "BEGIN; $start SELECT 1/0; COMMIT");
left_no_trace('failed');
sql("BEGIN; $start PREPARE TRANSACTION 'two'");
wait_for($node, 'SELECT count(*) ' . WORKERS, '1');
is(sql('SELECT count(*) FROM ghcrawl.crawl'), '0', 'prepared: not there yet');
is($sim->counters->{requests}, 0, 'prepared: nothing is asked yet');
sql("ROLLBACK PREPARED 'two'");
left_no_trace('prepared and rolled back');
my ($code, undef, $err) = $node->psql('postgres', "BEGIN READ ONLY; $start");
like($err, qr/ERROR: .*read-only transaction/, 'refused in a read-only transaction');
left_no_trace('read-only');
unlike(slurp_file($node->logfile), qr/ghcrawl worker.*exited with exit code [1-9]/,
	'workers without work end in peace');

# a full hand of crawls that do commit
sub is_complete
{
	my ($crawl, $selection, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	is(crawl_column($node, $crawl, 'stored'), $sim->count($selection), "$name: complete");
	return;
}

my $crawl = sql("BEGIN; SAVEPOINT s; $start RELEASE s; COMMIT");
is_complete($crawl, 'stars:>=1', 'savepoint released');
ids_are_exact($node, $sim, 'stars:>=1', 'savepoint released');

($crawl) = split /\n/, sql("BEGIN; $start PREPARE TRANSACTION 'two'");
wait_for($node, 'SELECT count(*) ' . WORKERS, '1');
sql("COMMIT PREPARED 'two'");
is_complete($crawl, 'stars:>=1', 'prepared and committed');

my @crawls = split /\n/, sql(<<'SQL');
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT ghcrawl_start('stars:1', 'stars');
SELECT ghcrawl_start('stars:2', 'stars');
SELECT ghcrawl_start('stars:1', 'stars');
COMMIT
SQL
is($crawls[0], $crawls[2], 'twice the same in one transaction is one crawl');
is_complete($crawls[0], 'stars:1', 'first of two in a transaction');
is_complete($crawls[1], 'stars:2', 'second of two in a transaction');

# a crawl that is started just when the worker wants to end
for my $i (1 .. 12)
{
	$crawl = sql("SELECT ghcrawl_start('stars:$i', 'stars')");
	$node->poll_query_until('postgres',
		"SELECT state <> 'running' FROM ghcrawl.crawl WHERE crawl_id = $crawl")
	  or last;
}
is(sql("SELECT count(*) FROM ghcrawl.crawls WHERE state <> 'done'"),
	'0', 'no crawl is forgotten between two');
nothing_is_left($node, 'in the end');
$node->stop;

# no slot: the logical replication launcher takes the only one
$node = new_node('full', "ghcrawl.api_url = '" . $sim->http . "'", 'max_worker_processes = 1');
install($node, $sim);
$sim->post('/_sim/counters/reset');
(undef, undef, $err) = $node->psql('postgres', $start, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/ERROR:  53400: no free background worker slot.*HINT: .*"max_worker_processes"/s,
	'without a free slot a crawl is refused');
left_no_trace('without a slot');

# room for one of two
$node->append_conf('postgresql.conf', "max_worker_processes = 2\nghcrawl.workers = 2");
$node->restart;
(undef, $crawl, $err) = $node->psql('postgres', $start, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
like($err, qr/WARNING:  53400: no free background worker slot.*DETAIL:  Of the 2 workers wanted 1/s,
	'with room for one of two it goes on, with a warning');
is_complete($crawl, 'stars:>=1', 'one of two');

done_testing();
