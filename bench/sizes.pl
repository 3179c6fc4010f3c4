# How much to ask in a request: what ghcrawl finds out by itself against the best
# fixed setting, on servers of several kinds.  "make bench-sizes"; two hours.
#
#   BENCH_SERVERS   fast,slow,a,b,aliases,rows,both
#   BENCH_PROFILES  flat,full
#   BENCH_REPOSITORIES  of the world (480000)
#   BENCH_SCALE     how many times faster time passes (3: what this machine needs for
#                   a request must not weigh more than the server's time)
#
# What counts is not time here but what a budget gives: of 5,000 points an hour and
# 60 s of response time a minute one binds, and so many repositories a second
# come out of it.  A time-out takes its ten seconds and ten points.
#
# A crawl of 500 to 2,000 requests that knows nothing yet stands for ghcrawl.  Fixed settings, which have
# nothing to find out, are ranked by what a full request of theirs takes of a
# budget by the stand-in's own reckoning, and the best of them crawl the same.
use strict;
use warnings;

use FindBin;
BEGIN { $ENV{BENCH_SCALE} //= 3 }
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench;
use GhcCrawl;
use GhcTest;
use List::Util qw(max min);
use Test::More;

# As many for ghcrawl as for the settings: the thinner the ranges at hand are
# spread over budgets, the fewer pages are in a request.
use constant BUDGETS => 8;

use constant WORLD => 'stars:>=0 fork:true';
use constant THIRD => 'stars:>=0 fork:true created:>=2020-06-01';
use constant FINALISTS => 2;

# what is to be reached: percent of the best setting, repositories a point
use constant BOUND => 90;
use constant FLAT_BOUND => 500;

my @pages = (1, 2, 3, 5, 8, 10);
my @rows = (25, 50, 59, 74, 100);

# latency in ms; what times out from so many pages on, and from so many rows on
my %servers = (
	fast => { base => 50, node => 0.2, alias => 2.5 },
	slow => { base => 500, node => 25, alias => 25 },
	a => { base => 200, node => 2, alias => 10 },
	b => { base => 300, node => 8, alias => 15 },
	aliases => { base => 200, node => 2, alias => 10, pages => 6 },
	rows => { base => 200, node => 2, alias => 10, rows => 60 },
	both => { base => 200, node => 2, alias => 10, pages => 6, rows => 60 });
my @servers = split /,/, $ENV{BENCH_SERVERS} // 'fast,slow,a,b,aliases,rows,both';
my @profiles = split /,/, $ENV{BENCH_PROFILES} // 'flat,full';

my $sim = stand_in(repositories => $ENV{BENCH_REPOSITORIES} // 480_000, users => BUDGETS);
my $node = server('sizes', $sim);

sub become
{
	my ($server) = @_;
	my ($pages, $rows) = @$server{qw(pages rows)};
	set_latency($sim, map { $_ => $server->{$_} } qw(base node alias));
	$sim->post('/_sim/settings', { timeoutAliases => $pages // 0, timeoutRows => $rows // 0 });
	return;
}

# What is crawled: less of it where a request brings less.
sub selection_of
{
	my ($profile, $name) = @_;
	return $profile eq 'full' || $name eq 'slow' ? THIRD : WORLD;
}

# Nothing is known, neither of the server nor of any repository, which would need
# no second look.
sub forget
{
	$node->safe_psql('postgres',
		'DROP EXTENSION IF EXISTS ghcrawl; DROP SCHEMA IF EXISTS github CASCADE; CREATE EXTENSION ghcrawl');
	know_budgets($node, $sim, BUDGETS);
	return;
}

# Crawls, knowing nothing, and returns what it took.
sub crawl
{
	my ($selection, $profile, $pages, $rows) = @_;

	wait_for_none();
	$node->append_conf('postgresql.conf',
		"ghcrawl.pages_per_request = $pages\nghcrawl.page_size = $rows");
	$node->reload;
	forget();
	$sim->post('/_sim/counters/reset');
	my $crawl = start_crawl($node, $selection, $profile);
	$node->safe_psql('postgres', "CALL ghcrawl_wait($crawl)");
	my $stored = crawl_column($node, $crawl, 'stored');
	my $usage = $sim->json('/_sim/usage');
	my $totals = $usage->{totals};
	my $points = $totals->{points} + 10 * $totals->{timeouts};
	my $response_s = response_s($usage);

	crawl_column($node, $crawl, 'state') eq 'done' or diag("$selection: not done");
	return {
		pages => $pages, rows => $rows, points => $points, response_s => $response_s,
		violated => ever_violated($usage),
		requests => $totals->{requests}, timeouts => $totals->{timeouts}, stored => $stored,
		per_point => $stored / $points, per_s => $stored / $response_s,
		binds => $points / POINTS_PER_S > $response_s ? 'points' : 'time',
		rate => $stored / max($points / POINTS_PER_S, $response_s) };
}

# Until the worker has ended, and what it knew with it.
sub wait_for_none
{
	$node->poll_query_until('postgres', 'SELECT count(*) = 0 ' . WORKERS)
	  or die 'the worker goes on';
	return;
}

# Settings that don't time out on a server.
sub settings_of
{
	my ($server) = @_;
	my @settings;

	for my $pages (grep { $_ < ($server->{pages} // 11) } @pages)
	{
		push @settings, map { [ $pages, $_ ] } grep { $_ < ($server->{rows} // 101) } @rows;
	}
	return @settings;
}

# Seconds that a budget needs for a repository, if all pages are full: GitHub
# counts a search and the connections of its repositories, and rounds.
sub needed_s
{
	my ($profile, $server, $pages, $rows) = @_;
	my $connections = $profile eq 'full' ? 2 : 0;
	my $points = max(1, int($pages * (1 + $connections * $rows) / 100 + 0.5));
	my $s = ($server->{base} + $pages * ($server->{alias} + $server->{node} * $rows)) / 1000;

	# what takes so long as to time out, or nearly, isn't fit for a setting
	return 1e9 if $s > 9;
	return max($points / POINTS_PER_S, $s) / ($pages * $rows);
}

sub best_setting
{
	my ($profile, $name) = @_;
	my $server = $servers{$name};
	my %needed;
	my @ranked = sort { $needed{$a} <=> $needed{$b} }
	  map { $needed{$_} = needed_s($profile, $server, @$_); $_ } settings_of($server);
	my @runs = map { crawl(selection_of($profile, $name), $profile, @$_) } @ranked[ 0 .. min(FINALISTS, scalar @ranked) - 1 ];

	return (sort { $b->{rate} <=> $a->{rate} } @runs)[0];
}

sub each_case
{
	my ($do) = @_;
	for my $profile (@profiles)
	{
		for my $name (@servers)
		{
			become($servers{$name});
			$do->($profile, $name);
		}
	}
	return;
}

sub show
{
	my ($profile, $name, $run) = @_;
	diag(sprintf '%s on %s, %d of %d: %.1f a second of a budget, %d requests, %d time-outs',
		$profile, $name, @$run{qw(pages rows rate requests timeouts)});
	return;
}

my %own;
my %best;
each_case(sub {
		my ($profile, $name) = @_;
		$own{"$profile $name"} = crawl(selection_of($profile, $name), $profile, 0, 0);
		show($profile, $name, $own{"$profile $name"});
	});
each_case(sub {
		my ($profile, $name) = @_;
		$best{"$profile $name"} = best_setting($profile, $name);
		show($profile, $name, $best{"$profile $name"});
	});

my @table = [ 'profile', 'server', 'requests', 'time-outs', 'a point', 'a response s',
	'binds', 'best setting', 'its a point', 'its a response s', 'binds', 'of the best' ];
each_case(sub {
		my ($profile, $name) = @_;
		my ($own, $best) = ($own{"$profile $name"}, $best{"$profile $name"});
		my $share = percent($own->{rate}, $best->{rate});

		push @table, [ $profile, $name, @$own{qw(requests timeouts)},
			map({ sprintf '%.0f', $_ } @$own{qw(per_point per_s)}), $own->{binds},
			"$best->{pages} of $best->{rows}",
			map({ sprintf '%.0f', $_ } @$best{qw(per_point per_s)}), $best->{binds}, "$share %" ];
		cmp_ok($share, '>=', BOUND, "$profile on $name: percent of the best fixed setting");
		is($own->{violated}, '', "$profile on $name: no limit is overstepped");
		is($own->{stored}, $sim->count(selection_of($profile, $name)), "$profile on $name: nothing is missing");
	});
print_table('repositories a point and a second of response time', @table);
cmp_ok($own{'flat fast'}{per_point}, '>=', FLAT_BOUND, 'flat on fast: repositories a point')
  if $own{'flat fast'};

done_testing();
