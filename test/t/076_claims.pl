# What is claimed, and for whom: pages of one repository, a crawl of which
# nothing can be claimed.  What a worker keeps of it in memory.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 3_000, users => 1, latency => 10);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.page_size = 1');
install($node, $sim);

# ---------------------------------------------------------------------------
# pages of one repository
# ---------------------------------------------------------------------------

my $crawl = start_crawl($node, 'stars:>=0', 'flat');
wait_for($node, "SELECT stored > 20 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
$node->safe_psql('postgres', "SELECT ghcrawl_cancel($crawl)");

# ---------------------------------------------------------------------------
# a crawl that comes first and has no range to claim, as when another worker
# reads its last one
# ---------------------------------------------------------------------------

$node->append_conf('postgresql.conf', 'ghcrawl.page_size = 0');
$node->reload;
my $first = $node->safe_psql('postgres', <<'SQL');
BEGIN;
SELECT ghcrawl_start('stars:0', 'flat', priority => 1);
UPDATE ghcrawl.queue SET ready_at = 'infinity';
COMMIT;
SQL
crawl_ends($node, start_crawl($node, 'stars:>=2', 'flat'));
is(crawl_column($node, $first, 'state'), 'running', 'the other is still under way');

# ---------------------------------------------------------------------------
# the first crawl keeps the worker alive, which has nothing in hand now
# ---------------------------------------------------------------------------

# Bytes in use in the memory that lives as long as the worker.
sub bytes_in_use
{
	my $offset = -s $node->logfile;

	$node->safe_psql('postgres', 'SELECT pg_log_backend_memory_contexts(pid) ' . WORKERS);
	wait_for_log($node, qr/Grand total/, $offset);
	my ($bytes) = slurp_file($node->logfile, $offset) =~ /; ghcrawl worker: .* (\d+) used/;
	return $bytes;
}

$node->append_conf('postgresql.conf', "ghcrawl.page_size = 20\nghcrawl.pages_per_request = 1");
$node->reload;
crawl_ends($node, start_crawl($node, 'stars:>=0', 'flat'));	# so that it has what it uses again
my ($requests, $more);

# two answers at once need more than ever before, and keep it; a leak is there each time
for (1 .. 4)
{
	my $before = bytes_in_use();
	$requests = $sim->counters->{requests};
	crawl_ends($node, start_crawl($node, 'stars:>=0', 'flat'));
	$requests = $sim->counters->{requests} - $requests;

	# what was in hand at the end is given back a moment later
	for (my $end = time + 10; time < $end; )
	{
		$more = bytes_in_use() - $before;
		last if $more < 50 * $requests;
	}
	note("$more bytes more after $requests requests");
	last if $more < 50 * $requests;
}
cmp_ok($requests, '>', 100, 'after many requests');
cmp_ok($more, '<', 50 * $requests, 'a worker uses no more memory than before');

# ---------------------------------------------------------------------------
# ranges that a worker has in hand, and that aren't its own any more when the answer
# comes: they are read anew, and count once
# ---------------------------------------------------------------------------

$sim->post('/_sim/settings', { latency => 100 });
my $robbed = start_crawl($node, 'stars:>=1', 'flat');
my $taken = 0;
for (my $seen = 0; $seen < 4; $seen++)
{
	wait_for($node, <<"SQL", 't');
SELECT stored > 40 * $seen AND EXISTS (SELECT FROM ghcrawl.claim WHERE crawl_id = $robbed) FROM ghcrawl.crawls WHERE crawl = $robbed
SQL
	$taken += $node->safe_psql('postgres', <<"SQL");
WITH c AS (DELETE FROM ghcrawl.claim WHERE crawl_id = $robbed RETURNING crawl_id, position, task_id),
	q AS (INSERT INTO ghcrawl.queue (crawl_id, position, task_id) TABLE c)
SELECT count(*) FROM c
SQL
}
cmp_ok($taken, '>=', 4, 'ranges were taken away');
crawl_ends($node, $robbed);
is(crawl_column($node, $robbed, 'stored, gaps, missing'), $sim->count('stars:>=1') . '|0|0', 'each repository counts once');
is($node->safe_psql('postgres', "SELECT sum(counted) FROM ghcrawl.task WHERE crawl_id = $robbed AND state = 'done'"),
	$sim->count('stars:>=1'), 'with the range that it was found in');

done_testing();
