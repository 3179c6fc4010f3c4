# Crashes in mid-crawl.  A worker that is killed makes the postmaster start the
# server over, and the worker with it.  After a stop of the whole server a
# preloaded launcher starts workers; without it ghcrawl_ensure_workers() does.
# The result is exact each time, and no more is read again than what was in
# flight.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;
use Time::HiRes qw(time);

my $selection = 'stars:>=0 fork:true';
my $users = 4;
my $pages_of_a_range = 10;

# shuffled results make reading again necessary by themselves: switched off
my $sim = start_simulator(
	repositories => 30_000,
	users => $users,
	latency => 20,
	unstable_order => 0,
	unstable_ties => 0);
my $undisturbed;

sub requests { return $sim->counters->{requests} }

# Starts a crawl into empty tables, and returns once a third of it is stored.
sub start_and_reach_the_middle
{
	my ($node) = @_;

	$node->safe_psql('postgres',
		q{SELECT ghcrawl_create_tables(); TRUNCATE github.repository});
	$sim->post('/_sim/counters/reset');
	my $crawl = start_crawl($node, $selection);
	wait_for($node, "SELECT stored > 10000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
	is(crawl_column($node, $crawl, 'state'), 'running', 'in mid-crawl');
	return $crawl;
}

# The crawl ends by itself, exact and without much read twice.
sub ends_well
{
	my ($node, $crawl, $name) = @_;

	crawl_ends($node, $crawl);
	my $requests = requests();
	ids_are_exact($node, $sim, $selection, $name);
	nothing_is_left($node, $name);
	is($node->safe_psql('postgres',
			"SELECT stored, gaps FROM ghcrawl.crawls WHERE crawl = $crawl"),
		$sim->count($selection) . '|0', "$name: counted right");

	# each lane had one range in hand; each tells its new worker what it is
	my $most = $undisturbed + $users * ($pages_of_a_range + 2);
	cmp_ok($requests, '<=', $most, "$name: only what was in flight is read again");
	no_limit_violated($sim, $name);
	diag("$name: $requests requests, undisturbed $undisturbed");
	return;
}

sub kill_the_worker
{
	my ($node, $name) = @_;
	my $offset = -s $node->logfile;
	my $crawl = start_and_reach_the_middle($node);
	my $pid = worker_pid($node);
	my $start = time;

	kill 'KILL', $pid;
	wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
	wait_for($node, 'SELECT count(*), count(*) FILTER (WHERE pid <> ' . $pid . ') ' . WORKERS, '1|1');
	diag(sprintf '%s: a worker is back after %.1f s', $name, time - $start);
	is($node->safe_psql('postgres',
			"SELECT count(*) FROM ghcrawl.workers WHERE state <> 'gone'"),
		'1', "$name: one worker in the view");
	ends_well($node, $crawl, $name);
	return;
}

sub stop_the_server
{
	my ($node, $name, $is_preloaded) = @_;
	my $crawl = start_and_reach_the_middle($node);

	$node->stop('immediate');
	my $before = requests();
	$node->start;
	if (!$is_preloaded)
	{
		is($node->safe_psql('postgres', 'SELECT count(*) ' . WORKERS),
			'0', "$name: no worker comes back by itself");
		is(requests(), $before, "$name: and nothing is asked");
		wait_for($node,
			"SELECT state, waiting_on FROM ghcrawl.progress WHERE crawl = $crawl",
			qr/^waiting\|.*ghcrawl_ensure_workers/);
		is($node->safe_psql('postgres', 'SELECT ghcrawl_ensure_workers()'),
			'1', "$name: ghcrawl_ensure_workers() starts one");
		wait_for($node, 'SELECT count(*) FROM ghcrawl.live_worker', '1');
		is($node->safe_psql('postgres', 'SELECT ghcrawl_ensure_workers()'),
			'0', "$name: and no second one");
	}
	ends_well($node, $crawl, $name);
	return;
}

for my $is_preloaded (0, 1)
{
	my $how = $is_preloaded ? 'preloaded' : 'not preloaded';
	my $node = new_node($is_preloaded ? 'preloaded' : 'plain',
		"ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.pages_per_request = 1',
		'restart_after_crash = on',
		$is_preloaded ? "shared_preload_libraries = 'ghcrawl'" : '');
	install($node, $sim);
	if (!$undisturbed)
	{
		my $crawl = start_crawl($node, $selection);
		crawl_ends($node, $crawl);
		$undisturbed = requests();
	}
	kill_the_worker($node, "kill -9, $how");
	stop_the_server($node, "immediate stop, $how", $is_preloaded);
	$node->stop;
}

done_testing();
