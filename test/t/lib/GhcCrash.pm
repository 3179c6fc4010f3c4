package GhcCrash;

# Breaks a crawl in one of several ways at a chosen moment, and measures how it
# goes on: the short test of each way (test/t) and the long one (test/long) share it.
#
#   my $bench = GhcCrash->new(repositories => 20_000, users => 4, latency => 40);
#   my $run = $bench->run('kill -9 of the launcher', 0.4);     # after 40 % of its requests
#   cmp_ok($run->{surplus}, '<=', $bench->allowed);
#
# Each way has a server of its own, which is started when it is first used.

use strict;
use warnings;

use GhcTest;
use GhcCrawl;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# created up to a fixed day, so that each crawl cuts the same ranges
use constant SELECTION => 'stars:>=0 fork:true created:<2026-01-01';
use constant WORLD_ENDS => '2025-12-31T00:00:00Z';

use constant PAGES_OF_A_RANGE => 10;
use constant SLOW_MS => 1500;
use constant POLL_S => 0.02;
use constant PATIENCE_S => $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180;

# name: how to break it; whether the library is preloaded
my @WAYS = (
	[ 'kill -9 of a worker', \&kill_worker, 0 ],
	[ 'kill -9 of the launcher', \&kill_launcher, 1 ],
	[ 'kill -9 of a backend', \&kill_backend, 0 ],
	[ 'immediate stop, preloaded', sub { restart($_[0], 'immediate') }, 1 ],
	[ 'restart, preloaded', sub { restart($_[0], 'fast') }, 1 ],
	[ 'restart, not preloaded', sub { restart($_[0], 'fast') }, 0 ],
	[ 'promotion of a standby', \&promote, 1 ]);

sub ways { return map { $_->[0] } @WAYS }

# Options: repositories, users, latency, workers (2), profile ('flat').
sub new
{
	my ($class, %option) = @_;
	my $self = bless { workers => 2, profile => 'flat', %option }, $class;

	# shuffled results make reading again necessary by themselves: switched off
	$self->{sim} = start_simulator(
		repositories => $option{repositories},
		users => $option{users},
		latency => $option{latency},
		until => WORLD_ENDS,
		points => 10_000_000,
		minute_points => 100_000,
		graphql_seconds => 6_000,
		total_seconds => 9_000,
		unstable_order => 0,
		unstable_ties => 0);
	$self->{total} = $self->{sim}->count(SELECTION);
	return $self;
}

sub sim { return $_[0]{sim} }

# How many requests more than an undisturbed crawl may be made: each budget had
# one range in hand, and may have to ask anew whose its token is.
# for each account the range that is read, and one that is begun while its answer is written
sub allowed { return $_[0]{users} * 2 * (PAGES_OF_A_RANGE + 1) }

sub requests { return $_[0]{sim}->counters->{requests} }

sub start_node
{
	my ($self, $is_preloaded) = @_;
	my $node = PostgreSQL::Test::Cluster->new('node' . ++$self->{n_nodes});

	$node->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', join "\n",
		"ghcrawl.api_url = '" . $self->{sim}->http . "'",
		"ghcrawl.workers = $self->{workers}",
		# many small requests, so that there is a mid-crawl
		'ghcrawl.pages_per_request = 1',
		'max_worker_processes = 16',
		'restart_after_crash = on',
		'log_statement = none',
		'max_wal_size = 1GB',
		$is_preloaded ? "shared_preload_libraries = 'ghcrawl'" : '', '');
	$node->start;
	install($node, $self->{sim});
	# whose the tokens are is asked now, so that crawls cost the same
	my $crawl = start_crawl($node, 'stars:1000', 'stars');
	crawl_ends($node, $crawl);
	nothing_is_left($node, 'warmed up');
	# crawl after crawl with the same accounts: limits of a minute would be waited for
	$node->safe_psql('postgres',
		'UPDATE ghcrawl.budget SET requests_minute = 0, response_ms_minute = 0, total_ms_minute = 0');
	return $node;
}

# Starts a crawl into empty tables.
sub start
{
	my ($self, $node) = @_;

	$node->safe_psql('postgres', 'TRUNCATE github.repository, github.repository_history');
	$self->{sim}->post('/_sim/counters/reset');
	return start_crawl($node, SELECTION, $self->{profile});
}

# Requests of a crawl that nothing happens to.
sub undisturbed
{
	my ($self) = @_;
	my $node = $self->{node};

	if (!$self->{undisturbed})
	{
		my $crawl = $self->start($node);
		crawl_ends($node, $crawl);
		$self->{undisturbed} = $self->requests;
		nothing_is_left($node, 'undisturbed');
	}
	return $self->{undisturbed};
}

sub poll
{
	my ($what, $test) = @_;
	my $deadline = time + PATIENCE_S;

	while (!$test->())
	{
		die "waited in vain until $what" if time > $deadline;
		sleep POLL_S;
	}
	return;
}

sub sql { return $_[0]{node}->safe_psql('postgres', $_[1]) }

# A statement's result, or nothing as long as no connection can be made: psql
# may then end before it is told the statement, which IPC::Run dies of.
sub try_sql
{
	my ($self, $text) = @_;
	my (undef, $out) = eval { $self->{node}->psql('postgres', $text, on_error_stop => 0, on_error_die => 0) };
	return $out // '';
}

sub pids_of { return split ' ', $_[0]->sql("SELECT pid FROM pg_stat_activity WHERE backend_type = '$_[1]'") }

# ---------------------------------------------------------------------------
# ways to break it
# ---------------------------------------------------------------------------

# Kills a process; returns once the server has noticed.
sub kill_process
{
	my ($self, $pid) = @_;
	my $offset = -s $self->{node}->logfile;

	kill 'KILL', $pid or die "no process $pid";
	wait_for_log($self->{node}, qr/all server processes terminated; reinitializing/, $offset);
	return;
}

sub kill_worker
{
	my ($self) = @_;
	my @pids = $self->pids_of('ghcrawl worker');
	return $self->kill_process($pids[ rand @pids ]);
}

sub kill_launcher { return $_[0]->kill_process(($_[0]->pids_of('ghcrawl launcher'))[0]) }

sub kill_backend
{
	my ($self) = @_;
	my ($in, $out, $err) = ("SELECT pg_backend_pid();\n", '', '');
	my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $self->{node}->connstr('postgres') ],
		'<', \$in, '>', \$out, '2>', \$err);

	$session->pump until $out =~ /^(\d+)\n/;
	$self->kill_process($1);
	$session->kill_kill;
	return;
}

sub restart
{
	my ($self, $mode) = @_;

	$self->{node}->stop($mode);
	$self->{node}->start;
	$self->sql('SELECT ghcrawl_ensure_workers()') if !$self->{is_preloaded};
	return;
}

# The primary is stopped, the standby becomes the next primary.
sub promote
{
	my ($self) = @_;
	my $primary = $self->{node};

	$primary->stop('fast');
	$self->{standby}->promote;
	$self->{node} = delete $self->{standby};
	$primary->clean_node;
	return;
}

sub make_standby
{
	my ($self) = @_;
	my $name = 'node' . ++$self->{n_nodes};

	$self->{node}->backup($name);
	$self->{standby} = PostgreSQL::Test::Cluster->new($name);
	$self->{standby}->init_from_backup($self->{node}, $name, has_streaming => 1);
	$self->{standby}->start;
	return;
}

# ---------------------------------------------------------------------------
# a run
# ---------------------------------------------------------------------------

# Breaks a crawl in a way after a share of its requests, and checks that it ends
# as if nothing had happened.  Returns {surplus, resumed_s, exact}.
sub run
{
	my ($self, $name, $share) = @_;
	my ($way) = grep { $_->[0] eq $name } @WAYS;
	my %run;

	$self->{is_preloaded} = $way->[2];
	$self->{node} = $self->{nodes}{$name} //= $self->start_node($way->[2]);
	$self->undisturbed;
	if ($name =~ /standby/)
	{
		$self->sql('TRUNCATE github.repository, github.repository_history');
		$self->make_standby;
	}
	# from then on the stand-in is slow: enough is left to do until all workers are back
	my $at = 1 + int($share * $self->undisturbed);
	$self->{sim}->post('/_sim/script', [ ({ fault => undef }) x $at ]);
	$self->{sim}->post('/_sim/faults', { slow => { rate => 1, factor => SLOW_MS / $self->{latency} } });
	my $crawl = $self->start($self->{node});
	poll("$at requests", sub { $self->requests >= $at });
	sleep rand 0.05;

	my $before = join ',', $self->pids_of('ghcrawl worker'), 0;
	my $broken = time;
	$way->[1]->($self);
	poll('a new worker stores again', sub {
			$self->try_sql(qq{SELECT count(*) > 0 FROM ghcrawl.crawls c LEFT JOIN ghcrawl.live_worker w ON true
				WHERE crawl = $crawl AND (c.state <> 'running' OR w.pid NOT IN ($before)
				AND c.updated_at > (SELECT backend_start FROM pg_stat_activity a WHERE a.pid = w.pid))}) eq 't' });
	$run{resumed_s} = time - $broken;
	poll('there are as many workers as set', sub {
			$self->try_sql("SELECT state <> 'running' OR (SELECT count(*) FROM ghcrawl.live_worker) = $self->{workers}"
				. " FROM ghcrawl.crawls WHERE crawl = $crawl") eq 't' });
	is(crawl_column($self->{node}, $crawl, 'state'), 'running',
		"$name: all $self->{workers} workers are back in mid-crawl");
	$self->{sim}->post('/_sim/faults', { slow => 0 });
	$self->{nodes}{$name} = $self->{node};
	$self->check(\%run, $crawl, sprintf '%s at %.0f %%', $name, 100 * $share);
	return \%run;
}

sub check
{
	my ($self, $run, $crawl, $name) = @_;
	my $node = $self->{node};

	crawl_ends($node, $crawl);
	$run->{surplus} = $self->requests - $self->{undisturbed};
	$run->{exact} = ids_are_exact($node, $self->{sim}, SELECTION, $name);
	nothing_is_left($node, $name);
	is($node->safe_psql('postgres', qq{SELECT stored, inserted, updated, gaps,
			(SELECT count(*) FROM github.repository_history),
			(SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl AND state IN ('ready', 'claimed'))
			FROM ghcrawl.crawls WHERE crawl = $crawl}),
		"$self->{total}|$self->{total}|0|0|0|0", "$name: each was stored once, and counted once");
	cmp_ok($run->{surplus}, '<=', $self->allowed, "$name: only what was in flight is read again: "
		. "$run->{surplus} requests more than $self->{undisturbed}");
	no_limit_violated($self->{sim}, $name);
	diag(sprintf '%s: %+d requests, goes on after %.1f s', $name, @{$run}{qw(surplus resumed_s)});
	return;
}

1;
