package GhcHold;

# Stops a process at an exact place of its code, from outside: gdb sets a breakpoint
# on an exported function and waits there.  Nothing in the product knows of it.
#
#   my $hold = GhcHold->new($pid, 'ghc_pages_store', 5);   # its sixth call from now on
#   …                                                      # what brings it there
#   $hold->wait_until_there;
#   …                                                      # it stands still
#   $hold->release;                                        # and goes on, if it lives
#
# Signals go through to the process, once it goes on.  Ends with the test.

use strict;
use warnings;

use IPC::Open3;
use Time::HiRes qw(time);

use constant PATIENCE_S => $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180;
use constant READ_BYTES => 65_536;

my %holds;

# Is there a gdb that may look into other processes of ours?  Containers and Yama
# may forbid it.
sub is_possible
{
	my $pid = fork // die "fork: $!";

	exec 'sleep', PATIENCE_S if $pid == 0;
	my $said = `gdb -nx -q -batch -ex 'attach $pid' -ex 'info proc' 2>&1` // '';
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return $said =~ /^process $pid$/m && $said !~ /ptrace: /;
}

sub new
{
	my ($class, $pid, $function, $skip) = @_;
	my $self = bless { said => '', pid => $pid }, $class;

	$self->{gdb} = open3($self->{in}, $self->{out}, undef, 'gdb', '-nx', '-q');
	$holds{ $self->{gdb} } = $self;
	$self->{in}->autoflush;
	# symbols of the extension are enough, and those of the server would take seconds
	$self->say('set confirm off', 'set pagination off', 'set debuginfod enabled off', 'set auto-solib-add off',
		"attach $pid", 'sharedlibrary ghcrawl', 'handle all nostop noprint pass', 'handle SIGINT nostop noprint pass',
		"break $function", 'ignore 1 ' . ($skip // 0), 'echo armed\n', 'continue');
	$self->expect(qr/^(?:\(gdb\) )*armed/m);
	die "gdb can't hold process $pid: $self->{said}" if $self->{said} !~ /^(?:\(gdb\) )*Breakpoint 1 at/m;
	return $self;
}

sub say
{
	my ($self, @lines) = @_;
	local $SIG{PIPE} = 'IGNORE';

	print { $self->{in} } map { "$_\n" } @lines;
	return;
}

# Reads what gdb says until a pattern has come.
sub expect
{
	my ($self, $pattern) = @_;
	my $deadline = time + PATIENCE_S;

	while ($self->{said} !~ $pattern)
	{
		my $ready = '';
		vec($ready, fileno $self->{out}, 1) = 1;
		my $left = $deadline - time;
		die "gdb doesn't say $pattern but: $self->{said}" if $left <= 0;
		next if !select $ready, undef, undef, $left;
		sysread $self->{out}, $self->{said}, READ_BYTES, length $self->{said}
		  or die "gdb ended: $self->{said}";
	}
	return;
}

# Waits until the process stands there; false if it ended before.
sub wait_until_there
{
	my ($self) = @_;

	$self->expect(qr/^(?:\(gdb\) )*(?:Breakpoint 1, |.*exited|Program terminated)|Thread .* hit Breakpoint 1/m);
	return $self->{said} =~ /Breakpoint 1, /;
}

sub release
{
	my ($self) = @_;
	my $gdb = delete $self->{gdb} or return;

	$self->say('delete', 'detach', 'quit');
	close $self->{in};
	# until it is gone, the process may not be another's
	waitpid $gdb, 0;
	delete $holds{$gdb};
	return;
}

END
{
	local ($?, $!) = (0, 0);
	$_->release for values %holds;
}

1;
