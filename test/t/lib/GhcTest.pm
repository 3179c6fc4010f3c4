package GhcTest;

# What the tests of ghcrawl on real servers share: clusters with fitting
# settings, simulators of GitHub, and waiting for a state with a deadline.
#
#   use GhcTest;
#   my $sim  = start_simulator(repositories => 10000, users => 2, latency => 20);
#   my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
#   wait_for($node, 'SELECT state FROM ghcrawl.progress', 'done');
#   is($sim->counters->{violations}, 0, '…');
#
# Simulators end with the test, whatever way it ends: they hang on a pipe of
# ours.  Nodes are PostgreSQL::Test::Cluster objects and end likewise.

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(dirname);
use HTTP::Tiny;
use IO::Handle;
use IPC::Open2;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(start_simulator new_node new_node_at wait_for wait_for_log json_of);

# how long anything may take before a test gives up
use constant PATIENCE_S => $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180;
use constant POLL_S => 0.1;

my @simulators;

=pod

=head2 start_simulator(option => value, …)

Starts test/sim/ghsim.js on a free port and returns an object once it is
ready.  Options are the program's own without their dashes, underscores for
dashes inside ("time_scale"); a value of undef makes a bare option.  Also:
tls => 1 makes certificates in a temporary folder; points an hour are a million
unless they are given; limits => 'wide' are limits that nobody meets.

Methods: http, https, ca, pid, tokens (list), apps (list), get(path), post(path, data),
json(path), counters, truth(search), count(search), stop.

=cut

sub start_simulator
{
	my (%option) = @_;
	my $tls = delete $option{tls};

	# budgets are used evenly over their hour: with GitHub's 5,000 points a
	# crawl that is to be over soon would take minutes
	$option{points} //= 1_000_000;

	# limits that nobody meets, though there are some: without any, a hundred
	# requests would be under way at once
	%option = (%option, limits => 'on', map { $_ => 1_000_000 }
		  qw(graphql_seconds total_seconds minute_points concurrent))
	  if ($option{limits} // '') eq 'wide';
	my @command = ('node', dirname(__FILE__) . '/../../sim/ghsim.js', '--port', 0,
		'--exit-with-parent');

	push @command, '--tls', '--tls-dir', PostgreSQL::Test::Utils::tempdir()
	  if $tls;
	for my $name (sort keys %option)
	{
		(my $dashed = $name) =~ tr/_/-/;
		push @command, "--$dashed";
		push @command, $option{$name} if defined $option{$name};
	}

	my $self = bless { http_client => HTTP::Tiny->new(timeout => 60) }, 'GhcTest';
	$self->{pid} = open2($self->{out}, $self->{in}, @command);
	push @simulators, $self;

	my $line = readline $self->{out};
	BAIL_OUT("the simulator did not start: @command") unless defined $line;
	my $ready = decode_json($line);
	$self->{$_} = $ready->{$_} for qw(http https ca tokens repositories apps);
	note("simulator $self->{http}, pid $self->{pid}");
	return $self;
}

sub http { return $_[0]{http} }
sub https { return $_[0]{https} }
sub ca { return $_[0]{ca} }
sub apps { return @{ $_[0]{apps} } }
sub pid { return $_[0]{pid} }
sub tokens { return @{ $_[0]{tokens} } }

# The body of a path of the simulator's own; dies if it isn't there.
sub get
{
	my ($self, $path) = @_;
	my $reply = $self->{http_client}->get($self->{http} . $path);
	die "GET $path: $reply->{status} $reply->{content}" unless $reply->{success};
	return $reply->{content};
}

# Sends data as JSON; returns the body.
sub post
{
	my ($self, $path, $data) = @_;
	my $reply = $self->{http_client}->post(
		$self->{http} . $path,
		{
			headers => { 'content-type' => 'application/json' },
			content => encode_json($data // {}) });
	die "POST $path: $reply->{status} $reply->{content}" unless $reply->{success};
	return $reply->{content};
}

sub json { return decode_json($_[0]->get($_[1])) }
sub counters { return $_[0]->json('/_sim/counters') }

# The ids that a search would find if there were no cap, as a list.
sub truth
{
	my ($self, $search) = @_;
	return split ' ', $self->get('/_sim/truth?q=' . escape($search));
}

sub count
{
	my ($self, $search) = @_;
	return 0 + $self->get('/_sim/truth?count=1&q=' . escape($search));
}

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid} or return;

	kill 'TERM', $pid;
	close $self->{in};
	waitpid $pid, 0;
	return;
}

sub escape
{
	my ($text) = @_;
	$text =~ s/([^A-Za-z0-9._~-])/sprintf('%%%02X', ord $1)/ge;
	return $text;
}

sub json_of { return decode_json($_[0]) }

=pod

=head2 new_node(name, line, …)

A started cluster; the lines go to its postgresql.conf.

=cut

sub new_node
{
	my ($name, @lines) = @_;
	return new_node_at(undef, $name, @lines);
}

# The same by another installation: the folder that has its bin, or undef.
sub new_node_at
{
	my ($install_path, $name, @lines) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name,
		$install_path ? (install_path => $install_path) : ());

	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf',
		join("\n", 'max_worker_processes = 16', 'log_min_messages = info', 'log_statement = none',
			'log_line_prefix = \'%m [%p] %b %q%a \'', 'autovacuum_naptime = 5s',
			@lines) . "\n");
	$node->start;
	return $node;
}

=pod

=head2 wait_for(node, query, wanted [, patience in seconds])

Asks until the query's result is what is wanted: equal to a string, or matching
a regular expression.  A test by itself; says what came last if it fails.

=cut

sub wait_for
{
	my ($node, $query, $wanted, $patience_s) = @_;
	my $deadline = time + ($patience_s // PATIENCE_S);
	my ($got, $matches);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	while (1)
	{
		# a server that takes no connection ends psql before it is told the query
		$got = (eval { $node->psql('postgres', $query, on_error_stop => 0) })[1] // '';
		$matches = ref $wanted ? $got =~ $wanted : $got eq $wanted;
		last if $matches || time > $deadline;
		sleep POLL_S;
	}
	ok($matches, "$query gives $wanted") or diag("last result: $got");
	return $got;
}

# Waits for a line in the server's log, from an offset on; returns the new end.
sub wait_for_log
{
	my ($node, $pattern, $offset) = @_;
	my $deadline = time + PATIENCE_S;

	$offset //= 0;
	while (time <= $deadline)
	{
		my $log = slurp_file($node->logfile, $offset);
		return $offset + length $log if $log =~ $pattern;
		sleep POLL_S;
	}
	die "nothing like $pattern in the server's log";
}

END
{
	# not $?, which is the test's result
	local ($?, $!) = (0, 0);
	$_->stop for @simulators;
}

1;
