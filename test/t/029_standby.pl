# A hot standby shows the views and refuses to crawl; promoted, it takes the
# crawl over where the lost primary was.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Cluster;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 20_000, users => 4, latency => 40);
my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', join "\n", "ghcrawl.api_url = '" . $sim->http . "'",
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'max_worker_processes = 16', '');
$primary->start;
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "shared_preload_libraries = 'ghcrawl'\n");
$standby->start;

install($primary, $sim);
my $crawl = start_crawl($primary, $selection, 'flat');
wait_for($primary, "SELECT stored > 3000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
# from here on hardly anything comes, so that what is looked at finds a crawl that isn't over
$sim->post('/_sim/settings', { latency => 5000 });
wait_for($standby, "SELECT stored > 3000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
wait_for($standby, "SELECT state || ': ' || waiting_on FROM ghcrawl.progress WHERE crawl = $crawl",
	'waiting: the server to be promoted');
for my $view (qw(crawls progress partitions workers tokens errors requests requests_by_hour))
{
	my ($code) = $standby->psql('postgres', "SELECT * FROM ghcrawl.$view");
	is($code, 0, "view $view can be read on a standby");
}
wait_for($standby, "SELECT sum(count) > 10 AND min(p50_ms) > 30 FROM ghcrawl.requests WHERE kind = 'page'", 't');
cmp_ok($standby->safe_psql('postgres', 'SELECT count(*) FROM github.repositories'),
	'>', 3000, 'and so can the data');
for my $call (
	"SELECT ghcrawl_start('stars:>=1')", "SELECT ghcrawl_pause($crawl)",
	"SELECT ghcrawl_resume($crawl)", "SELECT ghcrawl_cancel($crawl)",
	"SELECT ghcrawl_add_token('t', 'ghp_x')", "SELECT ghcrawl_remove_token('user0')",
	'SELECT ghcrawl_create_tables()', 'SELECT ghcrawl_ensure_workers()',
	"SELECT ghcrawl_plan('stars:>=1')", 'SELECT ghcrawl_verify_tokens()',
	"SELECT ghcrawl_set_limits('user0', reserve => 10)")
{
	my (undef, undef, $err) = $standby->psql('postgres', $call,
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  25006: .*HINT/s, "refused on a standby, with a hint: $call");
}
is($standby->safe_psql('postgres', "SELECT count(*) FROM ghcrawl_find((SELECT name_with_owner FROM github.repository LIMIT 1))"),
	'1', 'names are found on a standby');
is($standby->safe_psql('postgres', "SELECT count(*) > 3000 FROM ghcrawl_at(now())"), 't', 'how they were is told there');
is($standby->safe_psql('postgres', "SELECT count(*) FROM ghcrawl_stars((SELECT repo_id FROM github.repository LIMIT 1))"),
	'1', 'and so are stars');
is($standby->safe_psql('postgres', 'SELECT count(*) ' . WORKERS), '0', 'no worker runs there');

my $so_far = crawl_column($primary, $crawl, 'stored');
cmp_ok($so_far, '<', 20_000, 'the primary is lost in mid-crawl');
$primary->stop('immediate');
$sim->post('/_sim/settings', { latency => 2 });
$standby->promote;
crawl_ends($standby, $crawl);
ids_are_exact($standby, $sim, $selection, 'after the promotion');
values_are_true($standby, $sim, $selection, 'flat', 'after the promotion');
nothing_is_left($standby, 'after the promotion');
is(crawl_column($standby, $crawl, 'stored'), 20_000, 'counted right');

done_testing();
