# Ten budgets end to end: what is used of what the binding limit allows, and
# whether a limit is ever overstepped.  "make bench-budgets"; 40 minutes.
#
#   BENCH_PERIODS  hours of GitHub's for each run (3)
#   BENCH_RUNS     points,time
#   BENCH_PROFILE  of the run where points bind (full)
#   BENCH_KEEP     folder for what the stand-in knows in the end
#   BENCH_SCALE    how many times faster time passes (10)
#
# Crawls of most of a world, several at a time, are started anew as they end, so
# that there is always work.  Where points bind, the points of whole hours
# count; where response time does, the response time of whole minutes.  Who doesn't
# know how long a request will take can't use all of a minute, as requests that
# end within any minute may not add up to more, however they lie: what can be used
# is as much as is left if one request sticks out, 60 s of 60 s and a request.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench;
use GhcCrawl;
use GhcTest;
use List::Util qw(max min sum0);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant BUDGETS => 10;
use constant CRAWLS => 3;

# what is to be used, in percent
use constant BOUND => 95;

my $periods = $ENV{BENCH_PERIODS} // 3;
my %runs = (
	points => {
		title => '(a) 0.2 s and 2 ms a repository: points bind',
		profile => $ENV{BENCH_PROFILE} // 'full',
		hours_count => 1,
		latency => { base => 200, node => 2, alias => 10 }
	},
	time => {
		title => '(b) 0.3 s and 8 ms a repository: response time binds',
		profile => 'flat',
		latency => { base => 300, node => 8, alias => 15 }
	});

# Points used and allowed in the hours that are over; a penalty isn't used.
sub points_of
{
	my ($account) = @_;
	my @over = grep { !$_->{running} } @{ $account->{windows}{graphql} };
	return (scalar @over, sum0(map { $_->{used} - $_->{penalty} } @over),
		sum0(map { $_->{limit} } @over));
}

# Response time in whole minutes after the first: used, allowed, and what of that
# can be used.
sub time_of
{
	my ($account, $elapsed_s) = @_;
	my $last = int($elapsed_s / MINUTE_S) - 1;
	my $minutes = $account->{response_ms}{graphql_minutes};
	my $all_s = $last * MINUTE_MS / 1000;
	my $request_ms = $account->{response_ms}{graphql} / ($account->{requests}{graphql} || 1);
	return (sum0(map { $minutes->[$_] // 0 } 1 .. $last) / 1000, $all_s,
		$all_s * MINUTE_MS / (MINUTE_MS + $request_ms));
}

# Seconds of response time, GitHub's, as ghcrawl measured it: what this machine
# needs on top of GitHub's time, which counts as many times as time is faster.
sub own_measure_s
{
	my ($node) = @_;
	return SCALE / 1000
	  * $node->safe_psql('postgres', 'SELECT coalesce(sum(ms), 0) FROM ghcrawl.requests_by_hour');
}

sub crawl_for_hours
{
	my ($node, $sim, $run) = @_;
	my $start = time;
	my $hours = $run->{hours_count} ? int $periods : 0;
	my $cpu;

	while (time - $start < ($periods + 1) * HOUR_S)
	{
		keep_crawling($node, $run->{profile}, CRAWLS);
		$cpu //= time - $start > 2 ? cpu_start($node, $sim) : undef;
		my ($least) = sort { $a <=> $b }
		  map { (points_of($_))[0] } values %{ $sim->json('/_sim/usage')->{accounts} };
		last if $least >= $hours && time - $start >= $periods * HOUR_S;
		sleep 1;
	}
	return (time - $start, cpu_text($cpu));
}

sub measure
{
	my ($name, $run) = @_;
	my $sim = stand_in(repositories => 300_000, users => BUDGETS,
		map { ("latency_$_" => $run->{latency}{$_}) } keys %{ $run->{latency} });
	my $node = server($name, $sim);

	know_budgets($node, $sim, BUDGETS);
	$sim->post('/_sim/counters/reset');
	my ($elapsed_s, $cpu_text) = crawl_for_hours($node, $sim, $run);
	my $usage = $sim->json('/_sim/usage');
	my $own_s = own_measure_s($node);
	my $errors = $node->safe_psql('postgres', 'SELECT class, message, sum(count) FROM ghcrawl.errors GROUP BY 1, 2');
	keep($name, $sim) if $ENV{BENCH_KEEP};
	$node->stop;
	$sim->stop;
	report($run, $name, $usage, $elapsed_s);

	my $totals = $usage->{totals};
	diag(sprintf '%.0f s; %d requests, %d timeouts, %d repositories, %.0f a second of this machine',
		$elapsed_s, @$totals{qw(requests timeouts repositories)},
		$totals->{repositories} / $elapsed_s);
	diag(sprintf 'response time as ghcrawl measured it: %.0f s, %s %% more',
		$own_s, percent($own_s - response_s($usage), response_s($usage)));
	diag($cpu_text);
	diag("errors: $errors") if $errors;
	return;
}

# Keeps what came last, for a look at the timeline.
sub keep
{
	my ($name, $sim) = @_;
	append_to_file("$ENV{BENCH_KEEP}/$name.$_", $sim->get("/_sim/$_"))
	  for 'usage', 'requests?last=5000';
	return;
}

sub report
{
	my ($run, $name, $usage, $elapsed_s) = @_;
	my @rows = [ 'budget', 'whole hours', 'points', 'of', '%', 'response s', 'of', '%', '% of what can be used',
		'most s in a minute', 'requests', 'most at once', 'refused' ];
	my @sum = (0) x 5;

	for my $name (sort keys %{ $usage->{accounts} })
	{
		my $account = $usage->{accounts}{$name};
		my ($hours, $points, $of_points) = points_of($account);
		my ($time_s, $of_time_s, $usable_s) = time_of($account, $elapsed_s);

		push @rows, [ $name, $hours, $points, $of_points, percent($points, $of_points),
			sprintf('%.0f', $time_s), $of_time_s, percent($time_s, $of_time_s), percent($time_s, $usable_s),
			sprintf('%.1f', $account->{response_ms}{max_minute_graphql} / 1000),
			$account->{requests}{graphql}, @$account{qw(max_concurrent refused)} ];
		my @own = ($points, $of_points, $time_s, $of_time_s, $usable_s);
		$sum[$_] += $own[$_] for 0 .. 4;
	}
	push @rows, [ 'all', '', @sum[ 0, 1 ], percent(@sum[ 0, 1 ]), sprintf('%.0f', $sum[2]),
		$sum[3], percent(@sum[ 2, 3 ]), percent(@sum[ 2, 4 ]), ('') x 4 ];
	print_table($run->{title}, @rows);
	cmp_ok($name eq 'points' ? percent(@sum[ 0, 1 ]) : percent(@sum[ 2, 4 ]), '>=', BOUND,
		"$run->{title}: percent used of what the binding limit lets be used");
	is(ever_violated($usage), '', "$run->{title}: no limit is overstepped");
	return;
}

measure($_, $runs{$_}) for split /,/, $ENV{BENCH_RUNS} // 'points,time';

done_testing();
