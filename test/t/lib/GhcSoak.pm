package GhcSoak;

# Hours of crawls of worlds that change, with a kill or a fault every few seconds:
# test/long/soak.pl tells what is judged.
#
#   my $soak = GhcSoak->new(folder => 'build/soak', seed => 1);
#   $soak->world until $soak->is_over;
#   $soak->judge;
#
# A world is crawled four times: into empty tables; twice again, each after most of its
# stars have changed; all of these while it goes on changing and the simulator's faults
# strike; and, after as many changes, a last time while it stands still and answers well,
# but kills and faults of the server go on.  After the first three a repository that
# matched all the time is stored or lies in a named gap, after the last one all is exact.
# Between a crawl's end and the look at what it stored the server is brought down.
#
# Faults are dealt like cards, each as often as the others.  In one world of four none
# of them ends a process: workers get as old as a crawl.
#
# What is seen goes to files of tabs in the folder, of which scripts/soak-picture
# draws the picture:
#   samples.tsv  second, kind, pid, age in seconds, kB of private memory, descriptors
#   events.tsv   second, "kill", "fault" or "crawl", name, seconds it took
#   stored.tsv   second, looked at, inserted, updated: sums of all crawls
#
# A fault is a sub that gets this object, which has the methods that those of
# GhcFaultTable.pm use; it returns false where it can't be had just now.

use strict;
use warnings;

use GhcCrawl;
use GhcDrift;
use GhcFault ();
use GhcFaultTable;
use GhcSession;
use GhcTest;
use IO::Handle;
use List::Util qw(max min shuffle);
use POSIX qw(sysconf _SC_CLK_TCK);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant POLL_S => 0.4;
use constant SAMPLE_S => 2;
use constant STORED_S => 5;
use constant PATIENCE_S => $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180;

# between the beginnings of two faults: from here up to so much more
use constant { PAUSE_S => 7, MORE_PAUSE_S => 6 };

# without one for so long, looks don't wait for the next
use constant FILL_S => 14;

# how long a fault lasts that has to be ended
use constant HOLD_S => 2;

# share of repositories whose stars change between two crawls
use constant CHANGED => 0.9;

# The simulator's minutes are seconds, which nobody tells a crawl: limits of a minute
# would be waited for.  One request after the other of each account, as with them.
use constant WIDE => 'UPDATE ghcrawl.budget SET requests_minute = 0, response_ms_minute = 0, total_ms_minute = 0, concurrent = 1'
  . ' WHERE response_ms_minute > 0';

# share of a world that changes in a minute
use constant CHANGING => 0.05;

# the simulator's faults that are always there, and one of them for a while
use constant { FAULTY => 0.05, VERY_FAULTY => 0.4 };

# what is promised: seconds between two faults, repositories written in two hours
use constant { MOST_PAUSE_S => 20, WRITTEN => 5_000_000, WRITTEN_S => 7200 };

# growth is judged after half an hour, of so many samples, beyond so many kB and descriptors
# (which come and go with connections);
# how many were written likewise
use constant { LONG_S => 1800, MIN_SAMPLES => 60, SLACK => { kb => 1024, fds => 16 } };

# a user's rows that a worker may want to change
my $ROWS = 'UPDATE github.repository SET repo_id = repo_id WHERE repo_id % 40';

# name, what it does; whether processes end by it; whether the simulator must be at
# fault for it
my @FAULTS = (
	[ 'kill -9 of a worker', sub { $_[0]->kill_one('worker') }, 1 ],
	[ 'kill -9 of the launcher', sub { $_[0]->kill_one('launcher') }, 1 ],
	[ 'kill -9 of a backend', \&kill_backend, 1 ],
	[ 'kill -9 of the postmaster', \&kill_postmaster, 1 ],
	[ 'immediate stop, start', sub { $_[0]->restart('immediate') }, 1 ],
	[ 'fast stop, start', sub { $_[0]->restart('fast') }, 1 ],
	[ 'pg_terminate_backend of a worker', sub { $_[0]->signal('worker', 'pg_terminate_backend') }, 1 ],
	[ 'pg_terminate_backend of the launcher', sub { $_[0]->signal('launcher', 'pg_terminate_backend') }, 1 ],
	[ 'pg_cancel_backend of a worker', sub { $_[0]->signal('worker', 'pg_cancel_backend') } ],
	[ 'ghcrawl.workers 4, 1, 2', sub { $_[0]->settings([ 'ghcrawl.workers' => 4 ], [ 'ghcrawl.workers' => 1 ]) }, 1 ],
	[ 'ghcrawl.workers 0, 2', sub { $_[0]->settings([ 'ghcrawl.workers' => 0 ]) }, 1 ],
	[ 'one connection, time-out of a second',
		sub { $_[0]->settings([ 'ghcrawl.max_connections' => 1, 'ghcrawl.request_timeout' => '1s' ]) } ],
	[ 'SIGHUP twenty times', \&reload ],
	[ 'LOCK TABLE', sub { $_[0]->user('LOCK TABLE github.repository') } ],
	[ 'UPDATE of the same rows', sub { $_[0]->user("$ROWS = 7") } ],
	[ 'deadlock with an UPDATE', \&deadlock ],
	[ 'VACUUM FULL', sub { $_[0]->statement('VACUUM FULL github.repository') } ],
	[ 'CLUSTER', sub { $_[0]->statement('CLUSTER github.repository USING repository_pkey') } ],
	[ 'REINDEX', sub { $_[0]->statement('REINDEX TABLE github.repository') } ],
	[ 'REINDEX CONCURRENTLY', sub { $_[0]->statement('REINDEX TABLE CONCURRENTLY github.repository') } ],
	[ 'ADD COLUMN, DROP COLUMN', sub {
			$_[0]->statement(q{ALTER TABLE github.repository ADD COLUMN note text NOT NULL DEFAULT clock_timestamp()::text},
				'ALTER TABLE github.repository DROP COLUMN note') } ],
	[ 'disk full', \&disk_full ],
	[ 'GitHub stands still', \&stand_still ],
	(map { my $fault = $_; [ "GitHub: $fault", sub { $_[0]->network($fault) }, 0, 1 ] }
		  qw(reset resetBody slow json502 truncatedGzip wrongTypes droppedItems secondary)));

my %FAULT = map { $_->[0] => $_ } @FAULTS;
my @AT_REST = ('kill -9 of a backend', 'kill -9 of the launcher', 'kill -9 of the postmaster', 'immediate stop, start');
my @GENTLY_AT_REST = ('VACUUM FULL', 'CLUSTER', 'REINDEX', 'SIGHUP twenty times');

# rows that are there twice; entries of the history that are; entries that tell of no change
use constant DUPLICATES => (<<'SQL', <<'SQL', <<'SQL');
SELECT count(*) - count(DISTINCT repo_id) FROM (SELECT repo_id FROM github.repository OFFSET 0) r
SQL
SELECT coalesce(sum(n - 1), 0) FROM (SELECT count(*) AS n FROM github.repository_history GROUP BY repo_id, changed_at) h
SQL
SELECT count(*) FROM (SELECT h.stars, lead(h.stars, 1, r.stars) OVER (PARTITION BY h.repo_id ORDER BY changed_at) AS next
	FROM github.history h JOIN (SELECT repo_id, stars FROM github.repositories) r USING (repo_id) WHERE h.stars IS NOT NULL) n
WHERE stars = next
SQL

# Options: folder; seconds, seed, repositories.
sub new
{
	my ($class, %option) = @_;
	my $self = bless { seconds => 7200, seed => 1, repositories => 100_000, worlds => 0, crawls => 0,
		lost => 0, duplicates => 0, surplus => 0, idle => 0, decks => {}, failed => [], %option }, $class;

	srand $self->{seed};
	$self->{node} = new_node('soak',
		q{shared_preload_libraries = 'ghcrawl'}, 'restart_after_crash = on', 'ghcrawl.workers = 2',
		q{deadlock_timeout = '1s'}, q{max_wal_size = '1GB'}, q{work_mem = '64MB'}, 'autovacuum_naptime = 10s', 'log_checkpoints = off');
	$self->{begin} = time;
	for my $name (qw(samples events stored))
	{
		# two processes write events
		unlink "$self->{folder}/$name.tsv";
		open $self->{$name}, '>>', "$self->{folder}/$name.tsv" or die "$self->{folder}/$name.tsv: $!";
		$self->{$name}->autoflush;
	}
	$self->{sampler} = $self->start_sampler;
	$self->{next} = time;
	return $self;
}

sub node { return $_[0]{node} }
sub sim { return $_[0]{drift}{sim} }
sub session { return GhcSession->new($_[0]{node}) }
sub seconds { return time - $_[0]{begin} }
sub is_over { return $_[0]->seconds >= $_[0]{seconds} }

# A statement's result, or nothing as long as no connection can be made.
sub try_sql
{
	my ($self, $text) = @_;
	return (eval { $self->{node}->psql('postgres', $text, on_error_stop => 0, on_error_die => 0) })[1] // '';
}

sub poll
{
	my ($self, $what, $test, $patience_s) = @_;
	my $deadline = time + ($patience_s // PATIENCE_S);

	while (!$test->())
	{
		die "waited in vain: $what" if time > $deadline;
		sleep 0.05;
	}
	return;
}

sub sql
{
	my ($self, $text) = @_;
	$self->poll('the server takes connections', sub { $self->try_sql('SELECT 1') eq '1' });
	return $self->{node}->safe_psql('postgres', $text);
}

sub tell
{
	my ($self, $file, @columns) = @_;
	print { $self->{$file} } join("\t", sprintf('%.1f', $self->seconds), @columns), "\n";
	return;
}

# What a file has: a hash for each line.
sub rows
{
	my ($self, $name, @columns) = @_;
	my @rows;

	open my $file, '<', "$self->{folder}/$name.tsv" or die "$name: $!";
	while (my $line = readline $file)
	{
		chomp $line;
		my %row;
		@row{@columns} = split /\t/, $line;
		push @rows, \%row;
	}
	close $file;
	return @rows;
}

sub faults
{
	my ($self) = @_;
	return sort { $a->{second} <=> $b->{second} } grep { $_->{kind} ne 'crawl' } $self->rows('events', qw(second kind name took));
}

sub tell_event
{
	my ($self, $begin, $kind, $name, $end) = @_;
	print { $self->{events} } join("\t", sprintf('%.1f', $begin - $self->{begin}), $kind, $name, sprintf('%.1f', $end - $begin)), "\n";
	return;
}

# ---------------------------------------------------------------------------
# samples
# ---------------------------------------------------------------------------

sub first_line
{
	my ($path) = @_;
	open my $file, '<', $path or return '';
	return readline($file) // '';
}

# Our processes by kind, as far as there are some: [kind, pid].
sub processes
{
	my ($self) = @_;
	my ($postmaster) = first_line($self->{node}->data_dir . '/postmaster.pid') =~ /^(\d+)/ or return;
	my @children = split ' ', first_line("/proc/$postmaster/task/$postmaster/children");

	return ([ postmaster => $postmaster ],
		map { first_line("/proc/$_/cmdline") =~ /ghcrawl (worker|launcher)/ ? [ $1, $_ ] : () } @children);
}

sub pids_of
{
	my ($self, $kind) = @_;
	return map { $_->[1] } grep { $_->[0] eq $kind } $self->processes;
}

# Seconds since a process began.
sub age_of
{
	my ($pid) = @_;
	my @stat = split ' ', first_line("/proc/$pid/stat") =~ s/.*\)//sr;
	my ($uptime) = split ' ', first_line('/proc/uptime');
	return @stat ? max(0, $uptime - $stat[19] / sysconf(_SC_CLK_TCK)) : 0;
}

# A process that looks every two seconds, whatever a fault waits for just now.
sub start_sampler
{
	my ($self) = @_;
	my $parent = $$;
	my $pid = fork // die "fork: $!";

	return $pid if $pid;
	while (getppid == $parent)
	{
		$self->sample(@$_) for $self->processes;
		$self->fill_in;
		sleep SAMPLE_S;
	}
	# nothing of the test's own may be ended
	POSIX::_exit(0);
}

sub sample
{
	my ($self, $kind, $pid) = @_;
	my $age = age_of($pid);
	my $seen = GhcFault::look_at($pid) or return;

	$self->tell('samples', $kind, $pid, sprintf('%.0f', $age), $seen->{kb}, $seen->{fds}) if $seen->{kb};
	return;
}

# A look may take long: then the launcher is ended meanwhile, which no session minds.
sub fill_in
{
	my ($self) = @_;
	my ($launcher) = $self->pids_of('launcher');

	return if !$launcher || $self->seconds - max(0, map { $_->{second} } $self->faults) < FILL_S;
	kill 'TERM', $launcher;
	$self->tell_event(time, 'kill', 'pg_terminate_backend of the launcher', time);
	return;
}

# Sums over all crawls, and whether a transaction is open; in a while again.
sub note_stored
{
	my ($self) = @_;

	return if time < ($self->{next_stored} // 0);
	my @sums = split /\|/, $self->try_sql('SELECT sum(stored), sum(inserted), sum(updated) FROM ghcrawl.crawls');
	return if @sums != 3;
	$self->{sums} = \@sums;
	$self->{idle} += GhcFault::idle_still($self->{node});
	$self->try_sql(WIDE);
	$self->tell('stored', @sums);
	$self->{next_stored} = time + STORED_S;
	return;
}

# ---------------------------------------------------------------------------
# faults
# ---------------------------------------------------------------------------

# Ends a process; returns once the server has noticed.
sub kill_process
{
	my ($self, $pid) = @_;
	my $offset = -s $self->{node}->logfile;

	kill 'KILL', $pid or return 0;
	wait_for_log($self->{node}, qr/all server processes terminated; reinitializing/, $offset);
	return 1;
}

sub kill_one
{
	my ($self, $kind) = @_;
	my @pids = $self->pids_of($kind);
	return @pids && $self->kill_process($pids[ rand @pids ]);
}

sub kill_backend
{
	my ($self) = @_;
	my $user = $self->session;
	return $self->kill_process($user->pid);
}

sub kill_postmaster
{
	my ($self) = @_;
	GhcFaultTable::kill_postmaster($self);
	return GhcFaultTable::start_again($self);
}

sub restart
{
	my ($self, $mode) = @_;
	$self->{node}->stop($mode);
	$self->{node}->start;
	return 1;
}

sub signal
{
	my ($self, $kind, $function) = @_;
	my @pids = $self->pids_of($kind);
	return @pids && $self->sql("SELECT $function($pids[ rand @pids ])") eq 't';
}

# Settings one after the other, each for a while.
sub settings
{
	my ($self, @steps) = @_;
	my %changed;

	for my $step (@steps)
	{
		%changed = (%changed, @$step);
		GhcFaultTable::alter_system($self, @$step);
		sleep HOLD_S;
	}
	GhcFaultTable::alter_system($self, map { $_ => undef } keys %changed);
	return 1;
}

sub reload
{
	my ($self) = @_;
	my ($postmaster) = $self->pids_of('postmaster');
	for (1 .. 20)
	{
		kill 'HUP', $postmaster;
		sleep 0.05;
	}
	return 1;
}

# A transaction of a user that stays open for a while.
sub user
{
	my ($self, $statement) = @_;
	my $user = $self->session;

	$user->run(q{SET lock_timeout = '8s'; BEGIN});
	$user->run($statement);
	sleep HOLD_S;
	$user->run('COMMIT');
	$user->end;
	return $user->err !~ /ERROR/;
}

# Has a row that a worker will come to, and then wants those that it has.
sub deadlock
{
	my ($self) = @_;
	my $user = $self->session;

	$user->run(q{SET lock_timeout = '8s'; SET deadlock_timeout = '1min'; BEGIN});
	$user->run("$ROWS = 7");
	eval {
		$self->poll('a worker waits', sub {
				$self->try_sql(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND wait_event_type = 'Lock'}) eq 't' },
			HOLD_S);
	};
	$user->run("$ROWS BETWEEN 1 AND 10");
	$user->run('COMMIT');
	$user->end;
	return 1;
}

# Statements of a user that wait for workers; whoever waits too long gives up.
sub statement
{
	my ($self, @statements) = @_;
	my $user = $self->session;

	$user->run(q{SET lock_timeout = '8s'});
	$user->run($_) for @statements;
	$user->end;
	return 1;
}

sub disk_full
{
	my ($self) = @_;
	my $offset = -s $self->{node}->logfile;

	return 0 if !$ENV{GHC_SMALL_DATA};
	GhcFaultTable::fill_up($ENV{GHC_SMALL_DATA});
	eval {
		$self->poll('a worker has trouble',
			sub { slurp_file($self->{node}->logfile, $offset) =~ /could not write, and will try again/ }, HOLD_S);
	};
	GhcFaultTable::empty($ENV{GHC_SMALL_DATA});
	return 1;
}

sub stand_still
{
	my ($self) = @_;
	kill 'STOP', $self->sim->pid;
	sleep HOLD_S;
	kill 'CONT', $self->sim->pid;
	return 1;
}

# One of the simulator's faults becomes frequent.
sub network
{
	my ($self, $fault) = @_;
	my %usual = GhcDrift::all_faults(FAULTY);

	$self->sim->post('/_sim/faults', { $fault => VERY_FAULTY });
	sleep HOLD_S;
	$self->sim->post('/_sim/faults', { $fault => 0 + $usual{$fault} });
	return 1;
}

# The next card of the deck.
sub deal
{
	my ($self) = @_;
	my $kind = join '-', map { $self->{$_} ? 1 : 0 } qw(is_gentle is_quiet);
	my $deck = $self->{decks}{$kind} //= [];

	push @$deck, shuffle map { $_->[0] } grep { !($self->{is_gentle} && $_->[2]) && !($self->{is_quiet} && $_->[3]) } @FAULTS
	  if !@$deck;
	return ($deck, shift @$deck);
}

# Does a fault, the next one unless given, and waits until the server is up after it.
sub fault
{
	my ($self, $name) = @_;
	my $begin = time;
	my @later;

	while (1)
	{
		(my $deck, $name) = defined $name ? ([], $name) : $self->deal;
		my $done = eval { $FAULT{$name}[1]->($self) };
		push @{ $self->{failed} }, "$name: $@" if $@;
		push @$deck, @later if $done;
		last if $done;
		# there is no worker, say
		push @later, $name;
		undef $name;
	}
	$self->sql('SELECT 1');
	$self->tell_event($begin, $FAULT{$name}[2] ? 'kill' : 'fault', $name, time);
	$self->{next} = max(time + 1, $begin + PAUSE_S + rand MORE_PAUSE_S);
	return;
}

# While nobody crawls: before what was stored is looked at, and between the looks.
sub fault_at_rest
{
	my ($self, $gently) = @_;
	my @names = $gently || $self->{is_gentle} ? @GENTLY_AT_REST : @AT_REST;
	$self->fault($names[ rand @names ]);
	return;
}

sub fault_if_due
{
	my ($self) = @_;
	$self->fault_at_rest if time >= $self->{next};
	return;
}

# ---------------------------------------------------------------------------
# worlds
# ---------------------------------------------------------------------------

sub world
{
	my ($self) = @_;
	my $n = ++$self->{worlds};

	$self->{is_gentle} = $n % 4 == 2;
	# at the same address, which data tables belong to
	my ($port) = $self->{drift} ? $self->sim->http =~ /:(\d+)$/ : 0;
	$self->{drift}->stop if $self->{drift};
	$self->{drift} = GhcDrift->new(
		node => $self->{node}, seed => 1000 * $self->{seed} + $n, repositories => $self->{repositories},
		users => 40, timeout => '15s', keep => $n > 1, faults => { GhcDrift::all_faults(FAULTY) },
		drift => { GhcDrift::all_drift($self->{repositories}, CHANGING) },
		meanwhile => sub { $self->fault_if_due },
		simulator => { port => $port, retry_after => 1, index_lag => 5, count_jitter => 0.02, unstable_ties => 0.05, latency => 5 });
	GhcFaultTable::move_to_small($self, 'github') if $n == 1 && $ENV{GHC_SMALL_DATA};
	$self->fault_if_due;
	$self->crawl('first');
	for my $name ('second', 'third')
	{
		last if $self->is_over;
		$self->change;
		$self->crawl($name);
	}
	$self->change;
	$self->last_crawl;
	return;
}

# What went wrong is told, and the next world finds things as they should be.
sub give_up_world
{
	my ($self, $why) = @_;

	fail("world $self->{worlds} comes to its end: $why");
	GhcFaultTable::empty($ENV{GHC_SMALL_DATA}) if $ENV{GHC_SMALL_DATA};
	$self->{node}->start if !$self->processes;
	$self->sql('ALTER SYSTEM RESET ALL');
	$self->{node}->reload;
	$self->sql('SELECT ghcrawl_cancel(crawl) FROM ghcrawl.crawls WHERE finished_at IS NULL');
	nothing_is_left($self->{node}, 'given up');
	$self->{is_quiet} = 0;
	return;
}

sub change
{
	my ($self) = @_;
	$self->sim->post('/_sim/world', { op => 'change_stars', share => CHANGED, seed => ++$self->{changes} });
	return;
}

# Faults until the crawl has ended, and one more before anybody looks.
sub watch
{
	my ($self, $result, $deadline) = @_;

	$self->{next} = min($self->{next}, time + 1 + rand 3);
	while (1)
	{
		my $state = $self->try_sql("SELECT state FROM ghcrawl.crawls WHERE crawl = $result->{crawl}");
		$result->{state} = $state if $state ne '';
		$self->note_stored;
		last if $state ne '' && $state !~ /^(?:planning|running|waiting|paused)$/ || time > $deadline;
		time >= $self->{next} ? $self->fault : sleep POLL_S;
	}
	$result->{ended} = time;
	$self->fault_at_rest;
	return;
}

sub crawl
{
	my ($self, $name, %option) = @_;
	my ($begin, $drift) = (time, $self->{drift});
	my $result = $drift->crawl("world $self->{worlds} ($name)", %option,
		watch => sub { $self->watch(@_[ 1, 2 ]) },
		measure => sub { $drift->measure_ids($_[1]) });

	$result->{begin} = $begin;
	$self->{crawls}++;
	$self->{lost} += @{ $result->{lost} };
	$self->{surplus} += @{ $result->{surplus} };
	for my $count (DUPLICATES)
	{
		$self->{duplicates} += $self->sql($count);
		$self->fault_if_due;
	}
	$self->{next_stored} = 0;
	$self->note_stored;
	$self->tell_event($begin, 'crawl', $result->{name}, $result->{ended});
	$self->say_result($result);
	$name = $result->{name};
	like($result->{state}, qr/^done/, "$name: the crawl ends");
	is(scalar @{ $result->{lost} }, 0, "$name: no repository is lost");
	is(scalar @{ $result->{overfull} }, 0, "$name: no gap lacks more than it says");
	cmp_ok($result->{missing}, '<=', $result->{world} / 1000, "$name: gaps are at most 0.1 %") or diag(GhcDrift::first_of($result->{gaps}));
	is(scalar @{ $result->{surplus} }, 0, "$name: nothing is stored that was never there");
	$self->fault_if_due;
	return $result;
}

sub say_result
{
	my ($self, $result) = @_;
	diag(sprintf '%5.0f s, %s: %s, %d rows, %d matched all the time, lost %d, in gaps %d; %d requests, %d struck, %d changes;'
		  . ' crawled in %.0f s, looked at in %.0f s; in all looked at, inserted, updated: %s',
		$self->seconds, @{$result}{qw(name state rows world)}, scalar @{ $result->{lost} }, $result->{absent} - @{ $result->{lost} },
		@{$result}{qw(requests struck changes)}, $result->{ended} - $result->{begin}, time - $result->{ended},
		join ', ', @{ $self->{sums} // [] });
	return;
}

# The world stands still: everything must be exact.
sub last_crawl
{
	my ($self) = @_;
	my $drift = $self->{drift};

	$self->{is_quiet} = 1;
	$self->sim->post('/_sim/settings', { indexLag => 0, countJitter => 0 });
	my $result = $self->crawl('last', faults => {}, drift => {});
	is("$result->{state}, missing $result->{missing}, absent $result->{absent}", 'done, missing 0, absent 0', "$result->{name}: nothing is left open");
	$self->fault_at_rest;
	values_are_true($self->{node}, $self->sim, $drift->{selection}, $drift->{profile}, $result->{name},
		sub { $self->fault_at_rest('gently') });
	nothing_is_left($self->{node}, $result->{name});
	$self->{is_quiet} = 0;
	$self->fault_if_due;
	return;
}

# ---------------------------------------------------------------------------
# what came of it
# ---------------------------------------------------------------------------

sub quantile
{
	my ($share, @values) = @_;
	return @values ? (sort { $a <=> $b } @values)[ $share * $#values ] : 0;
}

# The longest time between the beginnings of two faults, or an end and one.
sub longest_pause
{
	my ($self) = @_;
	my @moments = (0, (map { $_->{second} } $self->faults), $self->{end});
	return max(map { $moments[ $_ + 1 ] - $moments[$_] } 0 .. $#moments - 1);
}

# Samples by the part of the time in which they were taken: a list of one figure for each.
sub parts_of
{
	my ($self, $key, $n, @samples) = @_;
	my @parts = map { [] } 1 .. $n;
	push @{ $parts[ min($n - 1, int($_->{second} * $n / $self->{end})) ] }, $_->{$key} for @samples;
	return @parts;
}

# Nine of ten samples of the last third of the time stay below the same in either third
# before, if there are enough in each.  (Half of them would tell how many workers had
# nothing to do.)
sub is_flat
{
	my ($self, $name, $key, @samples) = @_;
	my @thirds = $self->parts_of($key, 3, @samples);
	my @most = map { quantile(0.9, @$_) } @thirds;

	diag("$key of a $name, nine of ten samples, in sixths: "
		. join(' ', map { quantile(0.9, @$_) } $self->parts_of($key, 6, @samples))
		. "; in thirds: @most; largest of " . @samples . ': ' . max(0, map { $_->{$key} } @samples));
	return if $self->{seconds} < LONG_S || grep { @$_ < MIN_SAMPLES } @thirds;
	cmp_ok($most[2], '<=', 1.1 * max(@most[ 0, 1 ]) + SLACK->{$key}, "$key of a $name: flat");
	return;
}

# Neither memory nor descriptors grow.  Kills make processes young, so those as old are
# compared, too.
sub judge_growth
{
	my ($self) = @_;
	my @samples = $self->rows('samples', qw(second kind pid age kb fds));

	for my $kind (qw(worker launcher postmaster))
	{
		my @of_kind = grep { $_->{kind} eq $kind } @samples;
		$self->is_flat($kind, $_, @of_kind) for qw(kb fds);
	}
	for my $ages ([ 5, 10 ], [ 10, 20 ], [ 20, 40 ], [ 40, 80 ], [ 80, 10_000 ])
	{
		my ($from, $to) = @$ages;
		my @of_age = grep { $_->{kind} eq 'worker' && $_->{age} >= $from && $_->{age} < $to } @samples;
		$self->is_flat("worker from $from to $to s old", $_, @of_age) for qw(kb fds);
	}
	return;
}

# The server's log has our kills, and nothing that ended by itself.
sub judge_log
{
	my ($self) = @_;
	my @bad;

	open my $log, '<', $self->{node}->logfile or die "log: $!";
	while (my $line = readline $log)
	{
		# what it says more of the last one
		$bad[-1] .= $line if @bad && $line =~ /DETAIL: / && $bad[-1] =~ /ERROR: .*\n\z/ && $bad[-1] !~ /DETAIL: /;
		# a process that finds a sister dead leaves with 2
		push @bad, $line if $line =~ /PANIC:|TRAP:|terminated by signal (?!9\b)|exited with exit code [3-9]|ghcrawl \w+ ERROR:/;
	}
	is(join('', @bad[ 0 .. min(4, $#bad) ]), '', 'nothing ended that nobody had ended') or diag(@bad . ' lines');
	return;
}

sub judge
{
	my ($self) = @_;
	my @faults = $self->faults;
	my %times;

	$times{ $_->{name} }++ for @faults;
	$self->{end} = $self->seconds;
	kill 'TERM', $self->{sampler};
	waitpid $self->{sampler}, 0;
	$self->{next_stored} = 0;
	$self->note_stored;
	my ($looked, $inserted, $updated) = @{ $self->{sums} };
	diag(sprintf '%-40s %5d', $_, $times{$_} // 0) for map { $_->[0] } @FAULTS;
	diag("errors:\n" . $self->sql('SELECT class, sum(count), count(*), min(message) FROM ghcrawl.errors GROUP BY 1 ORDER BY 2 DESC'));
	diag(sprintf '%.0f s, %d worlds, %d crawls, %d faults, of which %d ended processes; %d repositories looked at, %d inserted, %d updated;'
		  . ' lost %d, duplicates %d, surplus %d; longest time without a fault %.1f s',
		$self->{end}, $self->{worlds}, $self->{crawls}, scalar @faults, scalar(grep { $_->{kind} eq 'kill' } @faults),
		$looked, $inserted, $updated, @{$self}{qw(lost duplicates surplus)}, $self->longest_pause);
	is($self->{lost}, 0, 'lost');
	is($self->{duplicates}, 0, 'duplicates');
	is($self->{surplus}, 0, 'stored without ever having been there');
	is($self->{idle}, 0, 'transactions left open');
	is(join("\n", @{ $self->{failed} }), '', 'every fault could be done');
	cmp_ok($self->longest_pause, '<=', MOST_PAUSE_S, 'seconds between two faults');
	cmp_ok($inserted + $updated, '>=', WRITTEN * $self->{seconds} / WRITTEN_S, 'repositories stored: inserted or updated')
	  if $self->{seconds} >= LONG_S;
	$self->judge_log;
	$self->judge_growth;
	return;
}

1;
