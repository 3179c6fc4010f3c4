# pg_upgrade in mid-crawl, with copies and with links: the stop pauses the crawl, the new
# server goes on where it was, and it comes out exact.  "make test-upgrade"
#
#   OLD_SERVER    folder of the older server, which has ghcrawl, too
#
# The new server is that of PG_CONFIG.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use GhcCrawl;
use GhcFault;
use GhcTest;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old_server = $ENV{OLD_SERVER} or plan skip_all => 'OLD_SERVER is not set';
# pg_upgrade writes to where it is started
chdir PostgreSQL::Test::Utils::tempdir() or die "chdir: $!";

for my $mode ('--copy', '--link')
{
	my $sim = start_simulator(repositories => 8000, users => 1, limits => 'wide', latency => 40,
		unstable_order => 0, unstable_ties => 0);
	my @conf = ("ghcrawl.api_url = '" . $sim->http . "'", q{shared_preload_libraries = 'ghcrawl'},
		# many small requests, so that there is a mid-crawl
		'ghcrawl.pages_per_request = 1');
	my $old = new_node_at($old_server, "old$mode", @conf);

	install($old, $sim);
	# a first crawl, so that there are a history and members to compare with
	crawl_ends($old, start_crawl($old, EVERYTHING, 'flat'));
	nothing_is_left($old, 'before');
	$old->safe_psql('postgres', 'DELETE FROM github.repository WHERE repo_id % 2 = 0');
	$sim->post('/_sim/world', { op => 'change_stars', share => 0.1, seed => 7 });
	$old->safe_psql('postgres', 'CREATE TABLE before AS SELECT repo_id, stars FROM github.repositories');
	my $crawl = start_crawl($old, EVERYTHING, 'flat');
	wait_for($old, "SELECT stored > 2000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
	$old->stop('fast');

	my $new = PostgreSQL::Test::Cluster->new("new$mode");
	$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$new->append_conf('postgresql.conf', join "\n", 'max_worker_processes = 16', @conf, '');
	my $requests = $sim->counters->{requests};
	{
		local $ENV{LD_LIBRARY_PATH} = "$old_server/lib";
		command_ok([ 'pg_upgrade', '--no-sync', $mode,
				'--old-datadir', $old->data_dir, '--new-datadir', $new->data_dir,
				'--old-bindir', "$old_server/bin", '--new-bindir', $new->config_data('--bindir'),
				'--socketdir', $new->host, '--old-port', $old->port, '--new-port', $new->port ],
			"pg_upgrade $mode");
		Test::More->builder->is_passing or BAIL_OUT(join "\n", map { $_, grep { /error|unrecognized/ } split /\n/, slurp_file($_) }
			  glob $new->data_dir . '/pg_upgrade_output.d/*/log/pg_upgrade_dump_*.log');
	}
	is($sim->counters->{requests}, $requests, "$mode: no worker runs while it is upgraded");
	$new->start;
	my $stored = crawl_column($new, $crawl, 'stored');
	cmp_ok($stored, '<', 8000, "$mode: it goes on in the middle, at $stored");
	my $watched = watch($new, $crawl);
	invariants($new, $sim, $crawl, $watched, name => $mode,
		history => $new->safe_psql('postgres',
			'SELECT count(*) FROM before b JOIN github.repositories r USING (repo_id) WHERE b.stars <> r.stars'));
	note('PostgreSQL ' . $new->safe_psql('postgres', 'SHOW server_version'));
	# what it made by itself since: the next crawl finds nothing to do
	my $next = start_crawl($new, EVERYTHING, 'flat');
	crawl_ends($new, $next);
	is(crawl_column($new, $next, 'inserted + updated'), '0', "$mode: the next crawl finds nothing new");
	$new->stop('fast');
	$sim->stop;
}

done_testing();
