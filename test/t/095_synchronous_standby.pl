# A synchronous standby that isn't there: commits of workers wait for it, yet a fast stop
# ends, and the crawl comes out exact once no standby is asked for any longer.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 20_000, users => 4, latency => 60);

# without senders of WAL the server waits for no standby
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.pages_per_request = 1',
	"shared_preload_libraries = 'ghcrawl'", 'wal_level = replica', 'max_wal_senders = 2');
install($node, $sim);

sub standby_is
{
	my ($name) = @_;
	$node->append_conf('postgresql.conf', "synchronous_standby_names = '$name'");
	return;
}

my $crawl = start_crawl($node, $selection);
wait_for($node, "SELECT stored > 1000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
standby_is('nobody');
$node->reload;
wait_for($node, 'SELECT wait_event ' . WORKERS, 'SyncRep');

# dies if the server doesn't stop
$node->stop('fast');
standby_is('');
$node->start;
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'after a standby that was not there');
nothing_is_left($node, 'after a standby that was not there');

done_testing();
