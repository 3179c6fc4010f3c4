# What is claimed, and for whom: pages of one repository, a crawl of which
# nothing can be claimed.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
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

done_testing();
