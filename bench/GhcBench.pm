package GhcBench;

# What the benches of the API's economy share: a stand-in with a world that
# grows evenly, budgets whose minute and hour are as much shorter as its time
# runs faster, what was used of them, and tables.
#
#   use GhcBench;
#   my $sim  = stand_in(repositories => 300_000, users => 10);
#   my $node = server('budgets', $sim);
#   know_budgets($node, $sim, 10);             # there are ten
#   set_latency($sim, base => 200, node => 2);
#   … crawl …
#   print_table('title', [ 'heads', … ], [ row ], …);
#
# The program's results are lines of a test: ok() for each bound.

use strict;
use warnings;

use Exporter 'import';
use GhcCrawl;
use GhcTest;
use List::Util qw(max sum0);
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(SCALE MINUTE_S HOUR_S MINUTE_MS POINTS_PER_S stand_in server know_budgets
  set_latency keep_crawling cpu_start cpu_text print_table percent ever_violated response_s);

# how many times faster than GitHub's time passes
use constant SCALE => $ENV{BENCH_SCALE} // 10;

# of this machine's time
use constant MINUTE_S => 60 / SCALE;
use constant HOUR_S => 3600 / SCALE;

# of GitHub's
use constant MINUTE_MS => 60_000;
use constant POINTS_PER_S => 5000 / 3600;

# Other selections of more than half of the world, for crawls one beside the other.
my @selections = (
	'stars:>=0 fork:true', 'stars:>=0 fork:true created:>=2010-01-01',
	'stars:>=0 fork:true created:<2025-01-01', 'stars:>=0', 'stars:0..100 fork:true',
	'stars:>=0 fork:true created:2009-01-01..2024-01-01');
my $n_started = 0;

sub stand_in
{
	my (%options) = @_;
	return start_simulator(
		world => 'uniform',
		time_scale => SCALE,
		points => 5000,
		latency_count => 0,
		latency_connection => 0,
		latency_jitter => $ENV{BENCH_JITTER} // 0.2,
		retry_after => 1,
		%options);
}

sub server
{
	my ($name, $sim, @lines) = @_;
	my $node = new_node($name, "ghcrawl.api_url = '" . $sim->http . "'", @lines);

	$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');
	return $node;
}

# Adds all tokens, and lets ghcrawl find out whose they are.  GitHub's minute is
# shorter here, and so is what it allows in one: 60 s of response time are 6 s of
# this machine.
sub know_budgets
{
	my ($node, $sim, $wanted) = @_;

	add_tokens($node, $sim->tokens);
	$node->safe_psql('postgres', 'SELECT ghcrawl_verify_tokens()');
	$node->safe_psql('postgres',
		'UPDATE ghcrawl.budget SET window_ms = 60000 / ' . SCALE
		  . ', response_ms_minute = 60000 / ' . SCALE
		  . ', total_ms_minute = 90000 / ' . SCALE);
	is($node->safe_psql('postgres', 'SELECT count(*) FROM ghcrawl.budget'),
		$wanted, 'all budgets are known');
	return;
}

# Milliseconds of GitHub's: base of a request, node of a repository, alias of a
# range that is only counted; jitter is a share.
sub set_latency
{
	my ($sim, %latency) = @_;
	$sim->post('/_sim/settings', { latency => \%latency });
	return;
}

# Starts further crawls until so many run.
sub keep_crawling
{
	my ($node, $profile, $wanted) = @_;
	my $running = $node->safe_psql('postgres',
		q{SELECT count(*) FROM ghcrawl.crawls WHERE state = 'running'});

	for (1 .. $wanted - $running)
	{
		start_crawl($node, $selections[ $n_started++ % @selections ], $profile);
	}
	return;
}

# Seconds of processor time of a process so far.
sub cpu_of
{
	my ($pid) = @_;
	open my $file, '<', "/proc/$pid/stat" or return 0;
	my (undef, @fields) = split ' ', (readline($file) =~ s/.*\)/x/r);
	return ($fields[10] + $fields[11]) / 100;
}

sub cpu_start
{
	my ($node, $sim) = @_;
	my $pid = (split ' ', worker_pid($node))[0] // 0;
	return { start => time, worker => [ $pid, cpu_of($pid) ], sim => [ $sim->pid, cpu_of($sim->pid) ] };
}

# What stand-in and worker took of a processor since then.
sub cpu_text
{
	my ($cpu) = @_;
	my $seconds = time - $cpu->{start};
	open my $file, '<', '/proc/loadavg' or die "loadavg: $!";
	return sprintf 'processor: stand-in %.0f %%, worker %.0f %%; load of the machine %s',
	  (map { 100 * (cpu_of($_->[0]) - $_->[1]) / $seconds } @$cpu{qw(sim worker)}),
	  (split ' ', readline $file)[0];
}

sub percent { return $_[1] ? sprintf '%.1f', 100 * $_[0] / $_[1] : '-' }

# Seconds of response time, GitHub's, of all accounts of a usage.
sub response_s
{
	my ($usage) = @_;
	return sum0(map { $_->{response_ms}{graphql} } values %{ $usage->{accounts} }) / 1000;
}

# Names and numbers of overstepped limits, but for the allowed ones.
sub ever_violated
{
	my ($usage, %allowed) = @_;
	my $violations = $usage->{violations};
	return join ', ', map { "$_ $violations->{$_}" }
	  grep { $violations->{$_} > ($allowed{$_} // 0) } sort keys %$violations;
}

# A table as the docs have it.
sub print_table
{
	my ($title, @rows) = @_;
	diag('', "$title\n");
	my $is_head = 1;
	for my $row (@rows)
	{
		diag('| ' . join(' | ', @$row) . ' |');
		diag('|' . '---|' x @$row) if $is_head;
		$is_head = 0;
	}
	return;
}

1;
