package GhcFaultTable;

# The faults of GhcFaultMatrix.pm.  A row is
#
#   name
#   server    which one (below), "plain" unless said
#   moments   at which it is tried; all unless said
#   before    is done before the crawl starts
#   apply     is done while the worker stands at the moment; may not wait for it
#   until     is done once it goes on: waits until the fault has had its effect, or the
#             crawl has ended without it; returns what was seen
#   undo      ends the fault
#   after     cleans up, after all that was looked at
#   crashes   the server goes through crash recovery, or is stopped
#   errors    what ghcrawl.errors then has, besides what could not be written
#   loses     what the crawl stored is taken away: the next one must bring it back
#
# Each gets the matrix, whose methods it uses.

use strict;
use warnings;

use GhcCrawl;
use GhcTest;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(sleep);

my $POLL_S = 0.05;

# settings that ALTER ROLE or ALTER DATABASE may have set
my @PLANTED = (
	[ statement_timeout => '1ms' ], [ lock_timeout => '1ms' ], [ idle_in_transaction_session_timeout => '1ms' ],
	[ idle_session_timeout => '1ms' ], [ transaction_timeout => '1ms', 17 ],
	[ search_path => 'evil, pg_catalog' ], [ default_transaction_read_only => 'on' ],
	[ default_transaction_isolation => 'serializable' ], [ default_transaction_isolation => 'repeatable read' ],
	[ default_transaction_deferrable => 'on' ], [ row_security => 'off' ],
	[ session_replication_role => 'replica' ], [ default_tablespace => 'elsewhere' ], [ temp_tablespaces => 'elsewhere' ],
	[ default_table_access_method => 'nowhere' ], [ temp_file_limit => '0' ], [ work_mem => '64kB' ],
	[ temp_buffers => '800kB' ], [ standard_conforming_strings => 'off' ], [ array_nulls => 'off' ],
	[ transform_null_equals => 'on' ], [ extra_float_digits => '-15' ], [ DateStyle => 'German' ],
	[ IntervalStyle => 'sql_standard' ], [ TimeZone => 'Pacific/Chatham' ], [ bytea_output => 'escape' ],
	[ client_encoding => 'LATIN1' ], [ synchronous_commit => 'off' ], [ enable_indexscan => 'off' ],
	[ enable_nestloop => 'off' ], [ jit_above_cost => '0' ], [ client_min_messages => 'debug5' ],
	[ check_function_bodies => 'off' ], [ quote_all_identifiers => 'on' ], [ zero_damaged_pages => 'on' ],
	[ vacuum_cost_delay => '100ms' ], [ lo_compat_privileges => 'on' ], [ exit_on_error => 'on' ]);

# ---------------------------------------------------------------------------
# servers: what each needs
# ---------------------------------------------------------------------------

my %SERVERS = (
	plain => sub {
		my ($matrix) = @_;
		my $folder = PostgreSQL::Test::Utils::tempdir_short();
		return {
			# enough rows that each parallel worker sleeps on one
			conf => [ 'max_parallel_workers = 12' ],
			ready => sub {
				$matrix->sql($_) for "CREATE TABLESPACE elsewhere LOCATION '$folder'",
				  'CREATE TABLE crowd WITH (parallel_workers = 12, autovacuum_enabled = off) AS SELECT generate_series(1, 20000) AS i';
			} };
	},
	disk => sub {
		my ($matrix) = @_;
		return {
			init => [ '--waldir', "$ENV{GHC_SMALL_WAL}/wal", '--wal-segsize=1' ],
			conf => [ 'min_wal_size = 2MB', 'max_wal_size = 4MB', 'checkpoint_timeout = 30s' ],
			ready => sub { move_to_small($matrix, 'github') } };
	},
	disk_of_all => sub {
		my ($matrix) = @_;
		return { ready => sub { move_to_small($matrix, 'github', 'ghcrawl') } };
	},
	clock => sub {
		my ($matrix) = @_;
		my $file = PostgreSQL::Test::Utils::tempdir_short() . '/now';
		$matrix->{clock_file} = $file;
		set_clock($matrix, 0);
		return {
			env => { LD_PRELOAD => libfaketime(), FAKETIME_TIMESTAMP_FILE => $file, FAKETIME_NO_CACHE => 1,
				DONT_FAKE_MONOTONIC => 1, FAKETIME_DONT_RESET => 1 } };
	},
	logical => sub {
		my ($matrix) = @_;
		return {
			conf => [ 'wal_level = logical', 'max_wal_senders = 5', 'max_replication_slots = 5' ],
			ready => sub { subscribe($matrix) } };
	});

# Moves all tables and indexes of schemas to the small file system.
sub move_to_small
{
	my ($matrix, @schemas) = @_;
	my $folder = "$ENV{GHC_SMALL_DATA}/" . join '-', @schemas;

	mkdir $folder or die "$folder: $!";
	$matrix->sql("CREATE TABLESPACE small LOCATION '$folder'");
	$matrix->sql($_) for split /\n/, $matrix->sql(q{
		SELECT format('ALTER %s %s SET TABLESPACE small', CASE relkind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, oid::regclass)
		FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace::regnamespace::text IN ('} . join(q{', '}, @schemas) . q{')});
	return;
}

# What this machine lacks for a server, or nothing.
sub lacks
{
	my ($kind) = @_;
	return 'libfaketime is needed (apt install libfaketime)' if $kind eq 'clock' && !libfaketime();
	return 'this user may not make mount namespaces' if $kind =~ /^disk/ && !$ENV{GHC_SMALL_DATA};
	return '';
}

sub server { my ($kind, $matrix) = @_; return $SERVERS{$kind}->($matrix) }

# ---------------------------------------------------------------------------
# processes
# ---------------------------------------------------------------------------

sub kill_kind
{
	my ($matrix, $kind) = @_;
	my ($pid) = $matrix->sql("SELECT pid FROM pg_stat_activity WHERE backend_type = '$kind'") =~ /^(\d+)$/m
	  or die "no $kind";
	kill 'KILL', $pid;
	return;
}

sub postmaster_pid { return (split /\n/, slurp_file($_[0]->node->data_dir . '/postmaster.pid'))[0] }

sub kill_postmaster
{
	my ($matrix) = @_;
	$matrix->{processes} = [ postmaster_pid($matrix), split /\n/, $matrix->sql('SELECT pid FROM pg_stat_activity') ];
	$matrix->node->kill9;
	return;
}

# A new postmaster refuses to start as long as a process of the old one is there.
sub start_again
{
	my ($matrix) = @_;
	$matrix->poll('all processes are gone', sub { !kill 0, @{ $matrix->{processes} } });
	$matrix->node->start;
	return 'started again';
}

sub back_again
{
	my ($matrix) = @_;
	my $pid = $matrix->pid;
	my $seen = $matrix->until_or_end('another worker comes', sub {
			$matrix->try_sql("SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND pid <> $pid") eq 't' });
	return $seen ? 'another worker' : '';
}

sub signal_worker
{
	my ($matrix, $function) = @_;
	$matrix->sql("SELECT $function(" . $matrix->pid . ')');
	return;
}

# ---------------------------------------------------------------------------
# settings
# ---------------------------------------------------------------------------

# Server-wide, by ALTER SYSTEM; sessions of the tests must be able to take it back.
sub alter_system
{
	my ($matrix, %value) = @_;
	$matrix->sql("LOAD 'ghcrawl'; ALTER SYSTEM " . (defined $value{$_} ? "SET $_ = '$value{$_}'" : "RESET $_"))
	  for sort keys %value;
	$matrix->node->reload;
	return;
}

sub worker_count_is
{
	my ($matrix, $wanted) = @_;
	my $seen = $matrix->until_or_end("there are $wanted workers", sub {
			$matrix->try_sql('SELECT count(*) ' . WORKERS) eq $wanted });
	return $seen ? "$wanted workers" : '';
}

sub plant
{
	my ($matrix, $whom, $name, $value) = @_;
	# search_path is a list
	my $to = $name eq 'search_path' ? $value : "'$value'";
	$matrix->sql("ALTER $whom SET $name = $to");
	return;
}

# Sessions of the tests ask for what they need.
my @OWN = ('default_transaction_read_only=off', 'search_path=public', 'default_transaction_isolation=read\ committed',
	'statement_timeout=0', 'lock_timeout=0', 'idle_in_transaction_session_timeout=0', 'idle_session_timeout=0',
	'row_security=on', 'session_replication_role=origin', 'temp_file_limit=-1', 'work_mem=4MB',
	'default_transaction_deferrable=off', 'default_tablespace=', 'default_table_access_method=heap', 'DateStyle=ISO',
	'TimeZone=UTC', 'client_min_messages=warning', 'exit_on_error=off', 'enable_indexscan=on', 'enable_nestloop=on',
	'standard_conforming_strings=on', 'array_nulls=on', 'temp_tablespaces=', 'client_encoding=UTF8');
sub own_options { return join ' ', map { "-c $_" } @OWN }

sub planted_fault
{
	my ($whom, $name, $value) = @_;
	my $kind = $whom =~ /^(\w+)/ ? lc $1 : '';
	return {
		name => "$name = $value, of the $kind",
		moments => ['from the start'],
		before => sub {
			my ($matrix) = @_;
			$ENV{PGOPTIONS} = own_options();
			plant($matrix, $whom, $name, $value);
		},
		after => sub {
			my ($matrix) = @_;
			$matrix->sql("ALTER $whom RESET $name");
			delete $ENV{PGOPTIONS};
		} };
}

# ---------------------------------------------------------------------------
# locks
# ---------------------------------------------------------------------------

# The worker waits for a lock, as far as it still needs one.
sub worker_waits
{
	my ($matrix) = @_;
	my $seen = $matrix->until_or_end('the worker waits for a lock', sub {
			$matrix->try_sql(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND wait_event_type = 'Lock'}) eq 't' });
	return $seen ? 'the worker waited' : '';
}

# A statement of a user that holds or wants a lock, in a transaction that stays open.
sub open_with
{
	my ($statement) = @_;
	return sub {
		my ($matrix) = @_;
		$matrix->{user} = $matrix->session;
		$matrix->{user}->run(q{SET deadlock_timeout = '1min'; BEGIN});
		$matrix->{mark} = $matrix->{user}->begin($statement);
		# it may have to wait for the worker, which stands
		$matrix->{user}->finish($matrix->{mark}, 0.3);
	};
}

sub close_user
{
	my ($matrix) = @_;
	my $user = delete $matrix->{user};
	$user->run('COMMIT');
	$user->end;
	return;
}

# The user's transaction has a row that the worker will come to, and then wants those
# that it has: the worker, whose patience is shorter, must give way.
sub into_deadlock
{
	my ($matrix) = @_;
	$matrix->{user}->finish($matrix->{mark});
	my $seen = worker_waits($matrix);
	$matrix->{user}->run('UPDATE github.repository SET repo_id = repo_id');
	return $seen ? 'deadlock' : '';
}

# ---------------------------------------------------------------------------
# tables
# ---------------------------------------------------------------------------

# A statement of a user that runs beside the crawl and may wait for the worker.
sub statement_fault
{
	my ($name, $statement, %more) = @_;
	return {
		name => $name,
		apply => sub {
			my ($matrix) = @_;
			$matrix->{user} = $matrix->session;
			$matrix->{mark} = $matrix->{user}->begin($statement);
			$matrix->{user}->finish($matrix->{mark}, 0.3);
		},
		until => sub {
			my ($matrix) = @_;
			$matrix->{user}->finish($matrix->{mark}) or die "no end of $statement";
			die $matrix->{user}->err if $matrix->{user}->err =~ /ERROR/;
			(delete $matrix->{user})->end;
			return 'done';
		},
		%more };
}

# ---------------------------------------------------------------------------
# disk, clock, replication
# ---------------------------------------------------------------------------

# Leaves a file system no room; what is there already stays.
sub fill_up
{
	my ($folder) = @_;
	open my $out, '>', "$folder/ballast" or die "$folder/ballast: $!";
	for my $size (65_536, 4096)
	{
		1 while syswrite $out, 'x' x $size;
	}
	close $out;
	return;
}

sub empty { unlink "$_[0]/ballast"; return }

# The worker has said that it could not write.
sub has_trouble
{
	my ($matrix) = @_;
	my $seen = $matrix->until_or_end('the worker has trouble', sub {
			$matrix->log_since =~ /could not write, and will try again/ });
	return $seen ? 'it said so, and tried again' : '';
}

sub libfaketime
{
	my ($path) = glob '/usr/lib/*/faketime/libfaketime.so.1';
	return $path;
}

# The server's clock is so many seconds off.
sub set_clock
{
	my ($matrix, $offset_s) = @_;
	open my $out, '>', "$matrix->{clock_file}.new" or die "clock: $!";
	printf $out "%+d\n", $offset_s;
	close $out;
	rename "$matrix->{clock_file}.new", $matrix->{clock_file} or die "clock: $!";
	return;
}

sub clock_fault
{
	my ($name, $offset_s) = @_;
	return {
		name => $name,
		server => 'clock',
		apply => sub { set_clock($_[0], $offset_s) },
		until => sub {
			my ($matrix) = @_;
			return 'by ' . int(($matrix->sql('SELECT extract(epoch FROM clock_timestamp())') - time) / 60 + ($offset_s < 0 ? -0.5 : 0.5)) . ' minutes';
		},
		after => sub { set_clock($_[0], 0) } };
}

my @REPLICATED = qw(repository repository_history language license);

# A subscriber of the data tables, made by pg_dump of their schema.
sub subscribe
{
	my ($matrix) = @_;
	my $subscriber = $matrix->{subscriber} = PostgreSQL::Test::Cluster->new('subscriber');

	$subscriber->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$subscriber->start;
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/schema.sql';
	run_command([ 'pg_dump', '-d', $matrix->node->connstr('postgres'), '--schema-only', '-n', 'github', '-f', $dump ]);
	$subscriber->safe_psql('postgres', 'CREATE EXTENSION ghcrawl') if slurp_file($dump) =~ /ghcrawl/;
	$subscriber->psql('postgres', slurp_file($dump), on_error_stop => 0);
	$matrix->sql('CREATE PUBLICATION data FOR TABLES IN SCHEMA github WITH (publish_via_partition_root = true)');
	$subscriber->safe_psql('postgres', q{CREATE SUBSCRIPTION data CONNECTION '} . $matrix->node->connstr . q{ dbname=postgres' PUBLICATION data});
	$matrix->node->wait_for_catchup('data');
	$subscriber->wait_for_subscription_sync;
	return;
}

# Row for row the same on both.
sub subscriber_is_equal
{
	my ($matrix) = @_;
	$matrix->node->wait_for_catchup('data');
	for my $table (qw(repository repository_history))
	{
		my $sum = "SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM github.$table t";
		my ($here, $there) = ($matrix->sql($sum), $matrix->{subscriber}->safe_psql('postgres', $sum));
		Test::More::is($there, $here, "the subscriber has the same $table");
	}
	return;
}

# ---------------------------------------------------------------------------
# the table
# ---------------------------------------------------------------------------

# those that this server knows: the third figure is the first version that does
my $config = $ENV{PG_CONFIG} // 'pg_config';
my ($major) = `$config --version` =~ /(\d+)/;
my @planted = grep { ($_->[2] // 0) <= $major } @PLANTED;

# a user's rows that the worker will change
my $SOME_ROWS = q{UPDATE github.repository SET repo_id = repo_id WHERE repo_id % 40 = 7};

my @FAULTS = (
	{ name => 'kill -9 of the worker', crashes => 1, apply => sub { kill 'KILL', $_[0]->pid }, until => \&back_again },
	{ name => 'kill -9 of the launcher', crashes => 1, apply => sub { kill_kind($_[0], 'ghcrawl launcher') }, until => \&back_again },
	{
		name => 'kill -9 of a backend',
		crashes => 1,
		apply => sub {
			my ($matrix) = @_;
			$matrix->{user} = $matrix->session;
			kill 'KILL', $matrix->{user}->pid;
		},
		until => \&back_again,
		after => sub { delete $_[0]{user} },
	},
	{ name => 'kill -9 of the postmaster', crashes => 1, apply => \&kill_postmaster, until => \&start_again },
	{ name => 'pg_terminate_backend', apply => sub { signal_worker($_[0], 'pg_terminate_backend') }, until => \&back_again },
	{
		name => 'pg_cancel_backend',
		apply => sub { signal_worker($_[0], 'pg_cancel_backend') },
		after => sub { Test::More::unlike($_[0]->log_since, qr/ghcrawl worker.* exited with exit code [1-9]/, 'the worker lives') },
	},
	{
		name => 'ghcrawl.workers 1 to 3',
		apply => sub { alter_system($_[0], 'ghcrawl.workers' => 3) },
		until => sub { worker_count_is($_[0], 3) },
		after => sub { alter_system($_[0], 'ghcrawl.workers' => undef) },
	},
	{
		name => 'ghcrawl.workers to 0, and back',
		apply => sub { alter_system($_[0], 'ghcrawl.workers' => 0) },
		until => sub { worker_count_is($_[0], 0) },
		undo => sub { alter_system($_[0], 'ghcrawl.workers' => undef) },
	},
	{
		name => 'ghcrawl.api_url leads elsewhere',
		apply => sub { alter_system($_[0], 'ghcrawl.api_url' => 'http://127.0.0.1:9') },
		after => sub { alter_system($_[0], 'ghcrawl.api_url' => undef) },
	},
	{
		name => 'time-outs of a second, one connection',
		apply => sub { alter_system($_[0], 'ghcrawl.request_timeout' => '1s', 'ghcrawl.connect_timeout' => '1s', 'ghcrawl.max_connections' => 1) },
		after => sub { alter_system($_[0], map { ("ghcrawl.$_" => undef) } qw(request_timeout connect_timeout max_connections)) },
	},
	{
		name => 'settings of the server by ALTER SYSTEM',
		apply => sub {
			my ($matrix) = @_;
			$ENV{PGOPTIONS} = own_options();
			alter_system($matrix, statement_timeout => '1ms', lock_timeout => '1ms', default_transaction_read_only => 'on',
				default_transaction_isolation => 'serializable', search_path => 'evil', session_replication_role => 'replica',
				idle_in_transaction_session_timeout => '1ms', row_security => 'off', temp_file_limit => '0', work_mem => '64kB');
		},
		after => sub {
			my ($matrix) = @_;
			alter_system($matrix, map { ($_ => undef) } qw(statement_timeout lock_timeout default_transaction_read_only
				  default_transaction_isolation search_path session_replication_role idle_in_transaction_session_timeout
				  row_security temp_file_limit work_mem));
			delete $ENV{PGOPTIONS};
		},
	},
	{
		name => 'no slot for background workers',
		apply => sub {
			my ($matrix) = @_;
			$matrix->{user} = $matrix->session;
			$matrix->{user}->run('SET max_parallel_workers_per_gather = 12; SET max_parallel_workers = 12; SET parallel_leader_participation = off;'
				  . 'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0');
			$matrix->{user}->begin('SELECT count(pg_sleep(1)) FROM crowd');
			$matrix->poll('all slots are taken', sub {
					$matrix->sql(q{SELECT count(*) > 7 FROM pg_stat_activity WHERE backend_type = 'parallel worker'}) eq 't' });
			alter_system($matrix, 'ghcrawl.workers' => 9);
			signal_worker($matrix, 'pg_terminate_backend');
		},
		until => sub {
			my ($matrix) = @_;
			my $seen = $matrix->until_or_end('it says so', sub { $matrix->log_since =~ /no free background worker slot/ });
			return $seen ? 'it said so, and went on' : '';
		},
		undo => sub {
			my ($matrix) = @_;
			$matrix->sql('SELECT pg_terminate_backend(' . $matrix->{user}->pid . ')');
			delete $matrix->{user};
		},
		after => sub { alter_system($_[0], 'ghcrawl.workers' => undef) },
	},
	{
		name => 'disk full: data tables',
		server => 'disk',
		before => sub { $_[0]->sql('VACUUM FULL github.repository') },
		apply => sub { fill_up($ENV{GHC_SMALL_DATA}) },
		until => \&has_trouble,
		undo => sub { empty($ENV{GHC_SMALL_DATA}) },
	},
	{
		name => 'disk full: data and control tables',
		server => 'disk_of_all',
		before => sub {
			my ($matrix) = @_;
			$matrix->sql("VACUUM FULL $_") for 'github.repository', split /\n/, $matrix->sql(
				q{SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'ghcrawl'::regnamespace});
		},
		apply => sub { fill_up($ENV{GHC_SMALL_DATA}) },
		until => \&has_trouble,
		undo => sub { empty($ENV{GHC_SMALL_DATA}) },
	},
	{
		name => 'disk full: WAL',
		server => 'disk',
		crashes => 1,
		apply => sub {
			my ($matrix) = @_;
			$matrix->{postmaster} = postmaster_pid($matrix);
			fill_up($ENV{GHC_SMALL_WAL});
		},
		until => sub {
			my ($matrix) = @_;
			my $seen = $matrix->until_or_end('the server gives up', sub { $matrix->log_since =~ /PANIC|FATAL:.*No space left/ });
			return $seen ? 'PANIC, and recovery once there was room' : '';
		},
		undo => sub {
			my ($matrix) = @_;
			empty($ENV{GHC_SMALL_WAL});
			# recovery that fails for want of room ends the postmaster
			$matrix->poll('the server is up, or gone', sub {
					$matrix->try_sql('SELECT 1') eq '1' or !kill 0, $matrix->{postmaster} });
			if (!kill 0, $matrix->{postmaster})
			{
				$matrix->node->_update_pid(0);
				$matrix->node->start;
			}
		},
	},
	{
		name => 'LOCK TABLE of a user',
		apply => open_with('LOCK TABLE github.repository, github.repository_history'),
		until => \&worker_waits,
		undo => sub { $_[0]{user}->finish($_[0]{mark}); close_user(@_) },
	},
	{
		name => 'UPDATE of a user, the same rows',
		apply => open_with($SOME_ROWS),
		until => \&worker_waits,
		undo => sub { $_[0]{user}->finish($_[0]{mark}); close_user(@_) },
	},
	{
		name => 'deadlock with a user\'s UPDATE',
		apply => open_with($SOME_ROWS),
		until => \&into_deadlock,
		undo => \&close_user,
	},
	(map { planted_fault('ROLE current_user', @$_) } @planted),
	(map { planted_fault('DATABASE postgres', @$_) } grep { $_->[0] =~ /read_only|isolation|search_path|timeout|temp_file/ } @planted),
	{
		name => 'work_mem = 64kB and temp_file_limit = 0, large turns',
		moments => ['from the start'],
		before => sub {
			my ($matrix) = @_;
			$ENV{PGOPTIONS} = own_options();
			plant($matrix, 'ROLE current_user', work_mem => '64kB');
			plant($matrix, 'ROLE current_user', temp_file_limit => '0');
			alter_system($matrix, 'ghcrawl.pages_per_request' => 10);
		},
		after => sub {
			my ($matrix) = @_;
			$matrix->sql('ALTER ROLE current_user RESET work_mem; ALTER ROLE current_user RESET temp_file_limit');
			alter_system($matrix, 'ghcrawl.pages_per_request' => undef);
			delete $ENV{PGOPTIONS};
		},
	},
	clock_fault('clock an hour ahead', 3600),
	clock_fault('clock an hour back', -3600),
	statement_fault('VACUUM FULL', 'VACUUM FULL github.repository'),
	statement_fault('CLUSTER', 'CLUSTER github.repository USING repository_pkey'),
	statement_fault('REINDEX', 'REINDEX TABLE github.repository'),
	statement_fault('REINDEX CONCURRENTLY', 'REINDEX TABLE CONCURRENTLY github.repository'),
	statement_fault('ALTER TABLE ADD COLUMN', 'ALTER TABLE github.repository ADD COLUMN note text',
		after => sub { $_[0]->sql('ALTER TABLE github.repository DROP COLUMN note') }),
	statement_fault('ALTER TABLE ADD COLUMN with a default', q{ALTER TABLE github.repository ADD COLUMN note text NOT NULL DEFAULT clock_timestamp()::text},
		after => sub { $_[0]->sql('ALTER TABLE github.repository DROP COLUMN note') }),
	statement_fault('CREATE INDEX, UNIQUE with a trigger', q{CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
			BEGIN; CREATE INDEX theirs ON github.repository (stars);
			CREATE TRIGGER theirs BEFORE INSERT OR UPDATE ON github.repository FOR EACH ROW EXECUTE FUNCTION note(); COMMIT},
		after => sub { $_[0]->sql('DROP INDEX github.theirs; DROP TRIGGER theirs ON github.repository; DROP FUNCTION note') }),
	statement_fault('TRUNCATE', 'TRUNCATE github.repository, github.repository_history', loses => 1),
	{
		name => 'logical replication',
		server => 'logical',
		after => \&subscriber_is_equal,
	},
	{
		name => 'logical replication, subscriber stopped',
		server => 'logical',
		apply => sub { $_[0]{subscriber}->stop('immediate') },
		after => sub { $_[0]{subscriber}->start; subscriber_is_equal(@_) },
	});

sub faults { return @FAULTS }

1;
