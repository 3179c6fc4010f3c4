package GhcSession;

# A session of a user beside a crawl: statements that may have to wait, each
# answered when it is done.  Its application_name is "fault".
#
#   my $session = GhcSession->new($node);
#   $session->run('BEGIN; LOCK TABLE github.repository');       # waits for its end
#   my $mark = $session->begin('UPDATE …');                     # doesn't
#   $session->finish($mark);                                    # now it does
#   $session->finish($session->begin('COMMIT'), 5)              # false after 5 s

use strict;
use warnings;

use IPC::Run;
use Time::HiRes qw(sleep time);

use constant PATIENCE_S => $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180;
use constant POLL_S => 0.02;

sub new
{
	my ($class, $node, $database) = @_;
	my $self = bless { in => '', out => '', err => '', n => 0 }, $class;

	local $ENV{PGAPPNAME} = 'fault';
	$self->{psql} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr($database // 'postgres') ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err});
	$self->{pid} = $self->run('SELECT pg_backend_pid()');
	return $self;
}

sub pid { return $_[0]{pid} }
sub err { return $_[0]{err} }

sub begin
{
	my ($self, $statement) = @_;
	my $mark = 'done ' . ++$self->{n};

	$self->{out} = $self->{err} = '';
	$self->{in} .= "$statement;\n\\echo $mark\n";
	$self->{psql}->pump_nb;
	return $mark;
}

# Waits until what was begun is done, or psql gone; false if it takes too long.
sub finish
{
	my ($self, $mark, $patience_s) = @_;
	my $deadline = time + ($patience_s // PATIENCE_S);

	while ($self->{out} !~ /^$mark$/m)
	{
		return 0 if time > $deadline;
		return 1 if !$self->{psql}->pumpable;
		eval { $self->{psql}->pump_nb; 1 } or return 1;
		sleep POLL_S;
	}
	return 1;
}

# Runs a statement to its end and returns what it gave.
sub run
{
	my ($self, $statement) = @_;
	my $mark = $self->begin($statement);

	$self->finish($mark) or die "no end of: $statement";
	return $self->{out} =~ s/\n?^$mark\n//mr;
}

sub end
{
	my ($self) = @_;
	my $psql = delete $self->{psql} or return;

	$self->{in} .= "\\q\n";
	eval { $psql->finish };
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local ($@, $?, $!);

	$self->{psql}->kill_kill if $self->{psql};
	return;
}

1;
