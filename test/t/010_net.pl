# The network under the crawler: TLS, gzip, connections that break, and
# a server that says nothing while signals and barriers come in.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use Test::More;
use Time::HiRes qw(time);

# no limits, so that nothing but the network can make a crawl wait
my $sim = start_simulator(
	repositories => 5000,
	users => 2,
	latency => 5,
	limits => 'off',
	tls => 1);
my $node = new_node('main',
	"shared_preload_libraries = 'ghcrawl'",
	"ghcrawl.api_url = '" . $sim->https . "'",
	"ghcrawl.ca_file = '" . $sim->ca . "'",
	"ghcrawl.request_timeout = '3s'");

# Starts a crawl and returns its id.
sub start_crawl
{
	my ($selection) = @_;
	return $node->safe_psql('postgres', "SELECT ghcrawl_start('$selection', 'stars')");
}

# Waits for its end and compares what is stored with the truth.
sub crawl_is_exact
{
	my ($crawl, $selection, $name) = @_;

	wait_for($node, "SELECT state FROM ghcrawl.progress WHERE crawl = $crawl", 'done');
	my $stored = $node->safe_psql('postgres',
		"SELECT stored FROM ghcrawl.progress WHERE crawl = $crawl");
	is($stored, $sim->count($selection), $name)
	  or diag($node->safe_psql('postgres',
		"SELECT t FROM ghcrawl.tokens t; SELECT e FROM ghcrawl.errors e; SELECT w FROM ghcrawl.workers w"));
	return;
}

sub milliseconds_of
{
	my ($code) = @_;
	my $start = time;
	$code->();
	return 1000 * (time - $start);
}

$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');
my @tokens = $sim->tokens;
$node->safe_psql('postgres', "SELECT ghcrawl_add_token('user$_', '$tokens[$_]')")
  for 0 .. $#tokens;

my $crawl = start_crawl('stars:>=1');
crawl_is_exact($crawl, 'stars:>=1', 'a crawl over TLS is exact');

# each kind of broken reply costs an attempt, not a repository
my @broken = qw(reset resetBody truncatedGzip wrongLength drip brokenJson stall);
$sim->post('/_sim/script', [ map { ({ fault => $_ }, { fault => undef }) } @broken ]);
$crawl = start_crawl('stars:0..3');
crawl_is_exact($crawl, 'stars:0..3', "a crawl past @broken is exact");

# a server that says nothing
$node->append_conf('postgresql.conf', "ghcrawl.request_timeout = '10min'");
$node->reload;
$sim->post('/_sim/faults', { stall => 1 });
$crawl = start_crawl('stars:>=2');
my $worker = q{FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'};
wait_for($node, "SELECT in_flight > 0 FROM ghcrawl.workers WHERE state <> 'gone'", 't');
wait_for($node, "SELECT wait_event_type $worker", 'Extension');
is($node->safe_psql('postgres',
		"SELECT count(*) $worker AND (xact_start IS NOT NULL OR backend_xmin IS NOT NULL)"),
	'0', 'no transaction is open while waiting');

$node->safe_psql('postgres', 'CREATE DATABASE other');
cmp_ok(milliseconds_of(sub { $node->safe_psql('postgres', 'DROP DATABASE other') }),
	'<', 3000, 'the worker does not hold up DROP DATABASE of another database');

my $pid = $node->safe_psql('postgres', "SELECT pid $worker");
is($node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 3000)"),
	't', 'the worker ends within 3 seconds of SIGTERM');

$sim->post('/_sim/faults', { stall => 0 });
$node->append_conf('postgresql.conf', "ghcrawl.request_timeout = '3s'");
$node->reload;
crawl_is_exact($crawl, 'stars:>=2', 'its successor finishes the crawl');

# requests that time out while they wait for the only connection
$node->append_conf('postgresql.conf', "ghcrawl.max_connections = 1\nghcrawl.request_timeout = '1s'");
$node->reload;
$sim->post('/_sim/settings', { latency => 400 });
my $offset = -s $node->logfile;
$crawl = start_crawl('stars:>=0');
wait_for($node, "SELECT max(in_flight) > 2 FROM ghcrawl.workers WHERE state <> 'gone'", 't');
$pid = $node->safe_psql('postgres', "SELECT pid $worker");
$sim->post('/_sim/faults', { stall => 1 });
wait_for($node, "SELECT coalesce(sum(count), 0) > 5 FROM ghcrawl.errors WHERE crawl = $crawl AND message ~ 'timed out'", 't');
$sim->post('/_sim/faults', { stall => 0 });
$sim->post('/_sim/settings', { latency => 5 });
$node->append_conf('postgresql.conf', "ghcrawl.max_connections = 100\nghcrawl.request_timeout = '3s'");
$node->reload;
crawl_is_exact($crawl, 'stars:>=0', 'a crawl past time-outs without a connection is exact');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile, $offset), qr/could not send an HTTP request|\(PID $pid\) exited with exit code 1/,
	'its worker lived through them');

# a server whose certificate nobody vouches for gets no token
$node->append_conf('postgresql.conf', "ghcrawl.ca_file = ''");
$node->restart;
my $requests = scalar @{ $sim->json('/_sim/requests?last=100000') };
start_crawl('stars:>=3');
wait_for($node,
	"SELECT count(*) > 0 FROM ghcrawl.errors WHERE message ~* 'certificate'", 't');
is(scalar @{ $sim->json('/_sim/requests?last=100000') },
	$requests, 'no request goes to a server that is not trusted');

done_testing();
