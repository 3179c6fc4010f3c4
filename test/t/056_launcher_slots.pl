# The launcher with less slots than databases: it says so once, goes on trying, and
# starts the next worker when one has ended.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcDatabases;
use PostgreSQL::Test::Utils;
use Test::More;

my $search = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 3000, users => 1, limits => 'wide', latency => 1000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
	"shared_preload_libraries = 'ghcrawl'", 'max_worker_processes = 4');
my ($token) = $sim->tokens;
for my $database (qw(one two))
{
	db_sql($node, 'postgres', "CREATE DATABASE $database");
	db_sql($node, $database, "CREATE EXTENSION ghcrawl; SELECT ghcrawl_add_token('t', '$token');"
		. " SELECT ghcrawl_start('$search', 'stars')");
}
$node->stop('immediate');

# PostgreSQL's own logical replication launcher takes one slot, ours another
$node->append_conf('postgresql.conf', 'max_worker_processes = 3');
my $offset = -s $node->logfile;
$node->start;
wait_for_log($node, qr/ghcrawl launcher found no free background worker slot, and goes on trying.*\n.*HINT: .*max_worker_processes/, $offset);
db_wait($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'}, '1');
$sim->post('/_sim/settings', { latency => 5 });
for my $database (qw(one two))
{
	db_wait($node, $database, 'SELECT state, stored, gaps FROM ghcrawl.crawls', 'done|3000|0');
	db_is_exact($node, $database, $sim, $search, $database);
}
my $said = () = slurp_file($node->logfile, $offset) =~ /ghcrawl launcher found no free/g;
is($said, 1, 'it says so once');

done_testing();
