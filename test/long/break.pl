# Crawls broken in every way at random moments, many times: "make test-crash".
#
#   RUNS          of each way, 10
#   REPOSITORIES  of the world, 200,000
#   SEED          of the moments, 1
#
# Ends with a table of what each way cost.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use GhcTest;
use GhcCrash;
use Test::More;
use Time::HiRes qw(time);

my $n_runs = $ENV{RUNS} // 10;
my $seed = $ENV{SEED} // 1;
my $bench = GhcCrash->new(
	repositories => $ENV{REPOSITORIES} // 200_000,
	users => 8,
	latency => 20);
my @lines;

sub median { return (sort { $a <=> $b } @_)[ $#_ / 2 ] }
sub most { return (sort { $a <=> $b } @_)[-1] }

srand $seed;
for my $way (GhcCrash::ways())
{
	my $start = time;
	my @runs = map { $bench->run($way, 0.05 + rand 0.7) } 1 .. $n_runs;
	my @surplus = map { $_->{surplus} } @runs;
	my @resumed = map { $_->{resumed_s} } @runs;

	push @lines, sprintf '%-28s %5d %6d %12d %8d %12.1f %8.1f %8.0f', $way, $n_runs,
	  scalar(grep { $_->{exact} } @runs), median(@surplus), most(@surplus),
	  median(@resumed), most(@resumed), time - $start;
}

diag(sprintf 'seed %d, undisturbed %d requests, allowed are %d more', $seed,
	$bench->{undisturbed}, $bench->allowed);
diag(sprintf '%-28s %5s %6s %12s %8s %12s %8s %8s', '', 'runs', 'exact', 'more: median', 'most',
	's to resume', 'most', 's in all');
diag($_) for @lines;

done_testing();
