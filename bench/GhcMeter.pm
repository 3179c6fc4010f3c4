package GhcMeter;

# What a piece of work costs a database server and its clients: processor time
# of the client and of all processes of the cluster, private memory, WAL in all
# and by relation.
#
#   my $meter = GhcMeter->new($node);
#   my $cost = $meter->measure(sub { return $pid_of_client }, watch => qr/ghcrawl worker/);
#
# Processor time comes from /proc: of processes that ended it is in the times of
# their parent, the postmaster.  Linux only.

use strict;
use warnings;

use List::Util qw(max sum0);
use POSIX qw(WNOHANG sysconf _SC_CLK_TCK);
use Time::HiRes qw(sleep time);

use constant TICK_S => 1 / sysconf(_SC_CLK_TCK);

# how often running processes are looked at
use constant LOOK_S => 0.02;

# of /proc/PID/stat, behind the name
use constant { UTIME => 11, STIME => 12, CUTIME => 13, CSTIME => 14 };

sub new
{
	my ($class, $node) = @_;
	open my $file, '<', $node->data_dir . '/postmaster.pid' or die "postmaster.pid: $!";
	chomp(my $pid = readline $file);
	return bless { node => $node, postmaster => $pid }, $class;
}

sub read_file
{
	my ($path) = @_;
	open my $file, '<', $path or return '';
	local $/ = undef;
	return readline($file) // '';
}

sub stat_of
{
	my ($pid) = @_;
	return split ' ', (read_file("/proc/$pid/stat") =~ s/.*\)//sr);
}

sub children
{
	my ($self) = @_;
	return split ' ', read_file("/proc/$self->{postmaster}/task/$self->{postmaster}/children");
}

# Seconds of processor time of a running process, to the nanosecond.
sub cpu_of
{
	my ($pid) = @_;
	my ($ns) = split ' ', read_file("/proc/$pid/schedstat");
	return ($ns // 0) / 1e9;
}

# Seconds of all processes that the cluster ever had.
sub cluster_cpu
{
	my ($self) = @_;
	my @stat = stat_of($self->{postmaster});
	return TICK_S * sum0(@stat[ UTIME, STIME, CUTIME, CSTIME ]) + sum0(map { cpu_of($_) } $self->children);
}

# Private memory, MB.
sub anon_mb
{
	my ($pid) = @_;
	return read_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m ? $1 / 1024 : 0;
}

# Running children of the postmaster by their titles.
sub titled
{
	my ($self, $pattern) = @_;
	return grep { read_file("/proc/$_/cmdline") =~ $pattern } $self->children;
}

# Follows running processes: what they took of a processor, how large they grew.
sub look
{
	my ($seen, @pids) = @_;
	for my $pid (@pids)
	{
		$seen->{$pid}{cpu} = cpu_of($pid) || $seen->{$pid}{cpu} || 0;
		$seen->{$pid}{mb} = max(anon_mb($pid), $seen->{$pid}{mb} // 0);
	}
	return;
}

sub client_times
{
	my (undef, undef, $user, $system) = times;
	return $user + $system;
}

sub autovacuum_is_at_work
{
	my ($self) = @_;
	return scalar $self->titled(qr/autovacuum worker/);
}

# Waits until the server is at rest and everything is on disk.
sub settle
{
	my ($self) = @_;
	$self->{node}->safe_psql('postgres', 'CHECKPOINT');
	sleep 0.1 while $self->autovacuum_is_at_work;
	return;
}

# Runs work that "start" begins and returns the process of, and tells its cost:
# seconds of wall clock, of the client and of the cluster (with the checkpoint
# that writes everything out), of processes of the cluster whose title matches
# "watch", and the largest private memory of these or else of the client.
sub measure
{
	my ($self, $start, %option) = @_;
	my ($seen, %client) = ({});

	$self->settle;
	my ($cluster, $clients, $begin) = ($self->cluster_cpu, client_times(), time);
	my $pid = $start->();
	while (waitpid($pid, WNOHANG) == 0)
	{
		look(\%client, $pid);
		look($seen, $self->titled($option{watch})) if $option{watch};
		sleep LOOK_S;
	}
	die "work failed with status $?" if $?;
	my $end = time;
	my $cost = { wall => $end - $begin, client => client_times() - $clients };
	my $done = $self->cluster_cpu;
	$self->settle;
	$cost->{cluster} = $self->cluster_cpu - $cluster;
	$cost->{checkpoint} = $cost->{cluster} - ($done - $cluster);
	$cost->{watched} = sum0(map { $_->{cpu} } values %$seen);
	$cost->{mb} = max(0, map { $_->{mb} } values %{ %$seen ? $seen : \%client });
	return $cost;
}

# ---------------------------------------------------------------------------
# WAL
# ---------------------------------------------------------------------------

sub lsn
{
	my ($self) = @_;
	return $self->{node}->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()');
}

sub bytes_between
{
	my ($self, $from, $to) = @_;
	return $self->{node}->safe_psql('postgres', "SELECT '$to'::pg_lsn - '$from'::pg_lsn");
}

# Files of all relations of a database: "schema.table" by filenode; indexes and
# TOAST under the name of their table, with a word for what they are.
sub relations_of
{
	my ($self, $database) = @_;
	my $rows = $self->{node}->safe_psql($database, <<'SQL');
WITH r AS (SELECT c.oid, n.nspname || '.' || c.relname AS name, c.reltoastrelid FROM pg_class c
	JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'm', 'S') AND nspname <> 'pg_toast'),
a AS (SELECT oid, name FROM r UNION ALL SELECT reltoastrelid, name || ' (toast)' FROM r WHERE reltoastrelid <> 0),
b AS (TABLE a UNION ALL SELECT indexrelid, name || ' (index)' FROM a JOIN pg_index ON indrelid = a.oid)
SELECT pg_relation_filenode(oid), name FROM b WHERE pg_relation_filenode(oid) IS NOT NULL
SQL
	return map { split /\|/, $_, 2 } split /\n/, $rows;
}

# Bytes of WAL by relation of a database: {name => [without page images, all]}.
# A record counts for the first relation it names; those without one count for
# their resource manager.
sub wal_of
{
	my ($self, $database, $from, $to) = @_;
	my %name_of = $self->relations_of($database);
	my %sum;
	open my $dump, '-|', $self->{node}->installed_command('pg_waldump'), '--path', $self->{node}->data_dir . '/pg_wal', '--start', $from,
	  '--end', $to
	  or die "pg_waldump: $!";
	while (my $line = readline $dump)
	{
		my ($manager, $bare, $all) = $line =~ m{^rmgr: (\S+)\s+len \(rec/tot\):\s*(\d+)/\s*(\d+)} or next;
		my ($file) = $line =~ m{rel \d+/\d+/(\d+)};
		my $name = defined $file ? $name_of{$file} // 'other' : lc $manager;
		$sum{$name}[0] += $bare;
		$sum{$name}[1] += $all;
	}
	close $dump;
	return \%sum;
}

1;
