# Budgets whose hours end at different times, secondary limits again and again
# without a reason, a token revoked in mid-crawl: what is used of what is left, and
# whether the result is exact.  "make bench-troubles"; 5 minutes.
#
#   BENCH_REPOSITORIES  of the world (300000)
#   BENCH_POINTS        of each budget an hour (1000)
#   BENCH_EVERY         seconds of GitHub's between two refusals of an account (60)
#   BENCH_PROFILE       full
#   BENCH_SCALE         how many times faster time passes (10)
#
# What a budget could have given is reckoned hour by hour: as many repositories
# as its points buy, used evenly, but no more than its response time allows, at the
# prices of the whole crawl; of that the part in which it was neither refused nor
# revoked.  A budget can catch up, so it may give more; the most that it could
# is reckoned, too: all points of that time, and the response time while it wasn't
# refused.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench;
use GhcCrawl;
use GhcTest;
use List::Util qw(max min sum0);
use Test::More;
use Time::HiRes qw(sleep time);

use constant BUDGETS => 10;
use constant REVOKED => 'crawler-user-3';
use constant BOUND => 90;
use constant SELECTION => 'stars:>=0 fork:true';

my $repositories = $ENV{BENCH_REPOSITORIES} // 300_000;
my $profile = $ENV{BENCH_PROFILE} // 'full';
my $sim = stand_in(repositories => $repositories, users => BUDGETS, reset_spread => 1,
	points => $ENV{BENCH_POINTS} // 1000, latency_base => 200, latency_node => 2, latency_alias => 10);
my $node = server('troubles', $sim);

# When which account was refused: its windows, by the ends seen.
my %refused;

sub look_at_refusals
{
	my $limits = $sim->json('/_sim/limits');
	for my $name (keys %$limits)
	{
		my $until = $limits->{$name}{benched_until};
		$refused{$name}{$until} = 1 if $until > 0;
	}
	return;
}

# Waits for the end of the crawl; revokes a user's token when a third is stored.
# Returns when that was.
sub watch
{
	my ($crawl) = @_;
	my $revoked;

	while (1)
	{
		my ($state, $stored) = split /\|/, $node->safe_psql('postgres',
			"SELECT state, stored FROM ghcrawl.crawls WHERE crawl = $crawl");
		look_at_refusals();
		last if $state ne 'running';
		if (!$revoked && $stored > $repositories / 3)
		{
			my $reply = json_of($sim->post('/_sim/revoke', { user => REVOKED }));
			is($reply->{revoked}, 1, 'a token is revoked in mid-crawl');
			$revoked = time;
		}
		sleep 0.3;
	}
	return $revoked;
}

# Seconds of an interval in which an account was not refused.
sub usable_s
{
	my ($name, $from, $to) = @_;
	my $lost = sum0(map { max(0, min($to, $_ / 1000) - max($from, $_ / 1000 - MINUTE_S)) }
		  keys %{ $refused{$name} // {} });
	return max(0, $to - $from - $lost);
}

# Repositories that an account could have given between two moments, with its
# refused minutes lost, and at most.
sub could_give
{
	my ($name, $account, $from, $to, $price) = @_;
	my ($sum, $most) = (0, 0);

	for my $hour (@{ $account->{windows}{graphql} })
	{
		my ($begin, $end) = (max($from, $hour->{opened}), min($to, $hour->{reset}));
		next if $end <= $begin;
		my $by_points = $hour->{limit} / ($hour->{reset} - $hour->{opened}) / $price->{points};
		my $by_time = SCALE / $price->{response_s};
		my $usable_s = usable_s($name, $begin, $end);
		$sum += min($by_points, $by_time) * $usable_s;
		$most += min($by_points * ($end - $begin), $by_time * $usable_s);
	}
	return ($sum, $most);
}

know_budgets($node, $sim, BUDGETS);
$sim->post('/_sim/settings', { secondaryEvery => 1000 * ($ENV{BENCH_EVERY} // 60) });
$sim->post('/_sim/counters/reset');
my $start = time;
my $crawl = start_crawl($node, SELECTION, $profile);
$sim->json('/_sim/limits');
my $cpu;
my $revoked = watch($crawl);
my $end = time;

my $usage = $sim->json('/_sim/usage');
my $totals = $usage->{totals};
my $stored = crawl_column($node, $crawl, 'stored');
my %price = (points => $totals->{points} / $stored, response_s => response_s($usage) / $stored);
my $revoked_name = 'user:90000003';
my @table = [ 'budget', 'gave', 'could give', '%', 'at most', '%', 'points', 'response s', 'refused without a reason',
	's lost by that', 'revoked' ];
my ($could, $could_at_most, $gave) = (0, 0, 0);

for my $name (sort keys %{ $usage->{accounts} })
{
	my $account = $usage->{accounts}{$name};
	my $until = $name eq $revoked_name ? $revoked : $end;
	my ($possible, $most) = could_give($name, $account, $start, $until, \%price);

	$could += $possible;
	$could_at_most += $most;
	$gave += $account->{repositories};
	push @table, [ $name, $account->{repositories},
		sprintf('%.0f', $possible), percent($account->{repositories}, $possible),
		sprintf('%.0f', $most), percent($account->{repositories}, $most), $account->{points},
		sprintf('%.0f', $account->{response_ms}{graphql} / 1000), $account->{unfair},
		sprintf('%.0f', SCALE * ($until - $start - usable_s($name, $start, $until))),
		$name eq $revoked_name ? sprintf('after %.0f s', SCALE * ($revoked - $start)) : '' ];
}
push @table, [ 'all', $gave, sprintf('%.0f', $could), percent($gave, $could),
	sprintf('%.0f', $could_at_most), percent($gave, $could_at_most), ('') x 5 ];
print_table('budgets with troubles (all times are GitHub\'s)', @table);
diag(sprintf '%.0f s: %d requests, %d refused, %d repositories stored', $end - $start,
	@$totals{qw(requests refused)}, $stored);

is($usage->{violations}{unauthorized}, 0, 'a token that was revoked is not used again');
is($node->safe_psql('postgres', q{SELECT login FROM ghcrawl.tokens WHERE state = 'refused'}),
	REVOKED, 'ghcrawl knows which');
cmp_ok(sum0(map { $_->{unfair} } values %{ $usage->{accounts} }), '>=', BUDGETS, 'budgets were refused');
cmp_ok(percent($gave, $could), '>=', BOUND, 'percent of what the remaining budgets could give');
is(crawl_column($node, $crawl, 'state'), 'done', 'the crawl is done');
is(ever_violated($usage), '', 'no limit is overstepped by our fault');
ids_are_exact($node, $sim, SELECTION, 'the result');
values_are_true($node, $sim, SELECTION, $profile, 'the result');

done_testing();
