# A world that changes while it is crawled, under every fault of the simulator
# at once: nothing is lost, nothing stored that never was, no false history.
# test/long/drift.pl does the same with larger worlds and many seeds.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcDrift;
use Test::More;

my $repositories = 10_000;
my $drift = GhcDrift->new(
	node => new_node('main'), seed => 1, repositories => $repositories,
	faults => { GhcDrift::all_faults(0.2) }, drift => { GhcDrift::all_drift($repositories, 0.4) },
	simulator => { index_lag => 30, count_jitter => 0.02, unstable_ties => 0.05, work_budget => 20000 });

my $first = $drift->phase('first', 'the first crawl');
cmp_ok($first->{changes}, '>', 50, 'the world changed meanwhile');
cmp_ok($first->{struck}, '>', $first->{requests} / 10, 'and many requests met a fault');
$drift->phase('clean', 'a crawl without faults');
$drift->phase('faults', 'a crawl of what stands still');

done_testing();
