# Many tasks in a crawl: no view goes through all of them, and claiming doesn't
# go through what was claimed before, though somebody's old transaction keeps it.
# Many crawls: how far they are is added up in one go.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib", "$FindBin::RealBin/../../bench";
use GhcCrawl;
use GhcTasks;
use GhcTest;
use Test::More;

use constant TASKS => 20_000;

# blocks that a query of a view may touch; the tasks alone have more than 600
use constant BLOCKS => 300;

# ranges that are read while a transaction is open
use constant RANGES => 1_000;

# ---------------------------------------------------------------------------
# views, without statistics of the tables and with them
# ---------------------------------------------------------------------------

my $node = new_node('views', 'ghcrawl.workers = 0', 'autovacuum = off');
$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');
make_tasks($node, TASKS);
my $crawl = CRAWL;

# Blocks that a reader's query touches.
sub blocks_of
{
	my ($query) = @_;
	my $plan = json_of($node->safe_psql('postgres',
		"SET ROLE ghcrawl_reader; EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) $query"));
	return $plan->[0]{Plan}{'Shared Hit Blocks'} + $plan->[0]{Plan}{'Shared Read Blocks'};
}

my @queries = (
	"progress", "progress WHERE crawl = $crawl", 'crawls', "crawls WHERE crawl = $crawl",
	'partitions LIMIT 20', "partitions WHERE crawl = $crawl LIMIT 20",
	"partitions WHERE crawl = $crawl ORDER BY task LIMIT 20",
	"partitions WHERE crawl = $crawl ORDER BY task DESC LIMIT 20",
	"partitions WHERE crawl = $crawl AND task = 17000",
	map({ "partitions WHERE crawl = $crawl AND state = '$_'" } qw(claimed gap narrowed cancelled)),
	"coverage WHERE crawl = $crawl AND task IS NULL", "coverage WHERE crawl = $crawl AND gaps > 0",
	"coverage WHERE crawl = $crawl AND (task IS NULL OR gaps > 0)",
	"coverage WHERE crawl = $crawl AND missing > 0 ORDER BY missing DESC",
	"coverage WHERE crawl = $crawl AND narrowed > 0", "coverage WHERE crawl = $crawl AND state = 'gap'",
	'workers', 'tokens', 'errors', 'requests', 'requests_by_hour');

cmp_ok(blocks_of("SELECT state FROM ghcrawl.partitions WHERE parent < 0"), '>', 2 * BLOCKS, 'all tasks have more');
for my $analyzed ('without statistics', 'with statistics')
{
	cmp_ok(blocks_of("SELECT * FROM ghcrawl.$_"), '<', BLOCKS, "$analyzed: blocks of $_") for @queries;
	$node->safe_psql('postgres', 'VACUUM ANALYZE');
}
is($node->safe_psql('postgres', "SELECT count(*) FROM ghcrawl.coverage WHERE crawl = $crawl AND gaps > 0"),
	8, 'gaps are found');

# a thousand crawls: shown together they take no look-up each, and the newest take only their own
make_company($node);
$node->safe_psql('postgres', 'VACUUM ANALYZE');
cmp_ok(blocks_of("SELECT * FROM ghcrawl.$_"), '<', BLOCKS, "1,000 crawls: blocks of $_")
  for 'progress', "progress WHERE crawl = $crawl", 'crawls ORDER BY crawl DESC LIMIT 20', "crawls WHERE crawl = $crawl";
is($node->safe_psql('postgres', 'SELECT count(*), sum(stored) FROM ghcrawl.progress'),
	$node->safe_psql('postgres', 'SELECT count(*), sum(stored) FROM ghcrawl.crawls'), 'both views add up the same');
$node->stop;

# ---------------------------------------------------------------------------
# what was claimed while a transaction is open
# ---------------------------------------------------------------------------

my $sim = start_simulator(repositories => 10_000, world => 'uniform', users => 1, latency => 20, limits => 'off');
$node = new_node('claims', "ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.workers = 0',
	'ghcrawl.pages_per_request = 1');
install($node, $sim);
$crawl = start_crawl($node, 'stars:>=0 fork:true', 'flat');

# the whole, cut beforehand into ranges of some ten repositories
$node->safe_psql('postgres', <<"SQL");
BEGIN;
DELETE FROM ghcrawl.queue WHERE crawl_id = $crawl;
UPDATE ghcrawl.task SET state = 'split', promised = 10000, finished_at = now() WHERE crawl_id = $crawl;
WITH r AS (SELECT i, '2008-01-01'::timestamptz + i * d AS lo, '2008-01-01'::timestamptz + (i + 1) * d - interval '1 s' AS hi
	FROM (SELECT date_trunc('second', (now() + interval '1 day' - '2008-01-01') / @{[RANGES]}) AS d) d,
		generate_series(0, @{[RANGES]} - 1) i),
t AS (INSERT INTO ghcrawl.task (crawl_id, kind, query, share)
	SELECT $crawl, 'search', format('stars:>=0 fork:true created:%s..%s', to_char(lo AT TIME ZONE 'UTC', f), to_char(hi AT TIME ZONE 'UTC', f)),
		1.0 / @{[RANGES]} FROM r, (VALUES ('YYYY-MM-DD"T"HH24:MI:SS"Z"')) f (f) ORDER BY i RETURNING task_id)
INSERT INTO ghcrawl.queue (crawl_id, position, task_id)
SELECT $crawl, extract(epoch FROM '2008-01-01'::timestamptz) + task_id, task_id FROM t;
INSERT INTO ghcrawl.crawl_counter (crawl_id, worker_no, tasks, tasks_ended)
SELECT $crawl, 0, count(*) - 1, 1 FROM ghcrawl.task;
COMMIT;
SQL

my $old = $node->background_psql('postgres');
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
$node->append_conf('postgresql.conf', 'ghcrawl.workers = 1');
$node->reload;
$node->safe_psql('postgres', 'SELECT ghcrawl_ensure_workers()');

# not to the end, where it is looked again and again whether anything is left
wait_for($node, 'SELECT count(*) < ' . RANGES / 5 . ' FROM ghcrawl.queue', 't');
my ($scans, $read) = split /\|/, $node->safe_psql('postgres', <<'SQL');
SELECT idx_scan, idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = 'queue_pkey'
SQL
note("$read entries of the queue read in $scans scans");
cmp_ok($read, '>', RANGES / 5, 'entries of the queue that are read');
cmp_ok($read, '<', 15 * RANGES, 'no more than some for each range');
crawl_ends($node, $crawl);
$old->quit;
ids_are_exact($node, $sim, 'stars:>=0 fork:true', 'cut beforehand');

done_testing();
