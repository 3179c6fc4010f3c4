# Crawls of worlds that change, under every fault of the simulator at once:
# "make test-drift".  By environment:
#
#   DRIFT_SEEDS         seeds, by commas: a world of its own each (1,2,3)
#   DRIFT_REPOSITORIES  size of the world (200000)
#   DRIFT_PROFILE       flat
#   DRIFT_SELECTION     stars:>=0 fork:true
#   DRIFT_FAULTS        a share of requests for all faults together (0.33), or
#                       rates: json502=0.1,stall=0.01
#   DRIFT_RATE          share of the world that changes in a minute (0.05), or
#                       changes a second: stars=100,renames=10
#   DRIFT_SIMULATOR     its further options: index_lag=5,flapping=0.1
#   DRIFT_USERS         accounts with tokens (60)
#   DRIFT_PHASES        first,again,clean,faults
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use GhcTest;
use GhcDrift;
use Test::More;

my %env = (
	SEEDS => '1,2,3', REPOSITORIES => 200_000, PROFILE => 'flat', SELECTION => 'stars:>=0 fork:true',
	FAULTS => 0.33, RATE => 0.05, USERS => 60, PHASES => 'first,again,clean,faults',
	SIMULATOR => 'index_lag=30,count_jitter=0.02,unstable_ties=0.05,work_budget=20000',
	map { /^DRIFT_(\w+)/ ? ($1 => $ENV{$_}) : () } keys %ENV);

sub pairs { return map { my ($k, $v) = split /=/; ($k => $v) } split /,/, $_[0] }

my %faults = $env{FAULTS} =~ /=/ ? pairs($env{FAULTS}) : GhcDrift::all_faults($env{FAULTS});
my %drift = $env{RATE} =~ /=/ ? pairs($env{RATE}) : GhcDrift::all_drift($env{REPOSITORIES}, $env{RATE});
my $node = new_node('main');

for my $seed (split /,/, $env{SEEDS})
{
	my $drift = GhcDrift->new(node => $node, seed => $seed, repositories => $env{REPOSITORIES},
		profile => $env{PROFILE}, selection => $env{SELECTION}, users => $env{USERS},
		faults => \%faults, drift => \%drift, simulator => { pairs($env{SIMULATOR}) });
	$drift->phase($_, "seed $seed") for split /,/, $env{PHASES};
	$drift->stop;
}

done_testing();
