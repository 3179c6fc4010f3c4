# Two workers for an hour: is their private memory flat, does anything deadlock?
# "make bench-soak".
#
#   BENCH_MINUTES   60
#   REPOSITORIES    200,000
#   BENCH_LATENCY   milliseconds of each reply (300)
#
# Crawls of the same repositories run beside each other, each started anew as it
# ends; twice a minute the stars of 5 % change, so that both workers write the
# same rows.  Each has a hundred requests in flight over as many connections.  A
# worker that finds no work ends, and another process comes when there is some.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench;
use GhcMeter;
use GhcPeers;
use GhcTest;
use List::Util qw(max sum0);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant LOOK_S => 1;
use constant CHANGE_S => 30;
use constant SLOTS => 6;

# what is promised, MB
use constant BOUND_MB => 24;

my $seconds = 60 * ($ENV{BENCH_MINUTES} // 60);
my $latency_ms = $ENV{BENCH_LATENCY} // 300;
my $clusters = max(1, int(($ENV{REPOSITORIES} // 200_000) / CLUSTER));
my @selections = ('stars:>=0 fork:true', 'stars:>=0', 'forks:>=0 fork:true', 'forks:>=0');

my $server = page_server(clusters => $clusters, generations => 2, http1 => undef);
my $node = bench_node($server, 'ghcrawl.workers = 2', 'log_lock_waits = on');
my $meter = GhcMeter->new($node);
my (@slots, %cpu);

set_up_ghcrawl($node, 'postgres', 2);
set_lanes($node, 'postgres', 100);
start_missing();
my $begin = time;
my $changed = 0;
while ((my $elapsed = time - $begin) < $seconds)
{
	$server->set(latency_ms => $latency_ms, generation => $changed++ % 2) if $elapsed >= CHANGE_S * $changed;
	start_missing();
	look(int($elapsed * SLOTS / $seconds));
	sleep LOOK_S;
}
report();
done_testing();

sub start_missing
{
	my %runs = map { $_ => 1 } split /\n/,
	  $node->safe_psql('postgres', q{SELECT selection FROM ghcrawl.crawls WHERE finished_at IS NULL});
	$node->safe_psql('postgres', "SET client_min_messages = warning; SELECT ghcrawl_start('$_', 'full')")
	  for grep { !$runs{$_} } @selections;
	return;
}

# Notes the memory of the workers, by process.
sub look
{
	my ($slot) = @_;
	for my $pid ($meter->titled(qr/ghcrawl worker/))
	{
		push @{ $slots[$slot]{$pid} }, GhcMeter::anon_mb($pid);
		$cpu{$pid} = GhcMeter::cpu_of($pid);
	}
	return;
}

sub most_in
{
	my ($slot) = @_;
	return max(0, map { @$_ } values %{ $slot // {} });
}

sub report
{
	my @pids = sort { $a <=> $b } keys %cpu;
	my ($crawls, $stored, $updated) = split /\|/, $node->safe_psql('postgres',
		'SELECT count(*), sum(stored), sum(updated) FROM ghcrawl.crawls');
	my $deadlocks = $node->safe_psql('postgres', "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'");
	my $errors = $node->safe_psql('postgres', 'SELECT class, message, sum(count) FROM ghcrawl.errors GROUP BY 1, 2');

	print_table(
		sprintf('RssAnon of a worker in a sixth of %.0f minutes, MB', $seconds / 60),
		[ '', map { "sixth $_" } 1 .. SLOTS ],
		[ 'most', map { sprintf '%.1f', most_in($_) } @slots ],
		[ 'processes', map { scalar keys %{ $_ // {} } } @slots ]);
	diag(sprintf '%d crawls, %d repositories seen, %d updated; workers %.0f %% of a processor; at most %d connections',
		$crawls, $stored, $updated, 100 * sum0(values %cpu) / $seconds, $server->counters->{max_connections});
	diag("errors: $errors") if $errors;

	is($deadlocks, 0, 'no deadlock');
	is(() = slurp_file($node->logfile) =~ /deadlock detected/g, 0, 'none in the log');
	cmp_ok(max(map { most_in($_) } @slots), '<=', BOUND_MB, 'private memory of a worker, MB');
	cmp_ok(most_in($slots[-1]), '<=', 1.1 * most_in($slots[1]), 'it does not grow');
	return;
}
