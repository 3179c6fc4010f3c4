package GhcFaultMatrix;

# Faults of the server and the database x moments of a crawl: a cell is one crawl
# which a fault meets exactly then.
#
#   my $matrix = GhcFaultMatrix->new;
#   $matrix->cell('kill -9 of the worker', 'storing');
#   $matrix->table                                # lines: what was seen
#
# The worker is brought to a moment by gdb (GhcHold.pm): it stands at the first line of
# an exported function, the fault is applied, it goes on or is dead.  So as to be
# there from the beginning, gdb takes hold of it while it waits for the
# transaction that starts the crawl.
#
# Each crawl finds two thirds of the world stored, of which a tenth has other stars by
# now.  So it inserts, changes and writes history, and what must come of it is
# known to the row.  GhcFault.pm looks at what must hold afterwards.
#
# GhcFaultTable.pm has the faults.

use strict;
use warnings;

use GhcCrawl;
use GhcFault;
use GhcFaultTable;
use GhcHold;
use GhcSession;
use GhcTest;
use List::Util qw(first);
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant POLL_S => 0.02;
use constant PATIENCE_S => $ENV{PG_TEST_TIMEOUT_DEFAULT} // 180;

# a failure that repeats may be logged so often at most
use constant MOST_LINES => 15;

# "at" is the function at whose beginning the worker stands, after so many calls
my @MOMENTS = (
	# in a transaction, nothing claimed yet
	{ name => 'claiming', at => 'ghc_tasks_claim', skip => 3 },
	# no transaction is open in these three
	{ name => 'sending', at => 'ghc_net_send', skip => 12 },
	{ name => 'receiving', at => 'ghc_transfer_on_body', skip => 25 },
	{ name => 'scanning', at => 'ghc_reply_read', skip => 10 },
	# before the first row is looked at; after all are written
	{ name => 'storing', at => 'ghc_pages_store', skip => 5 },
	{ name => 'stored, not committed', at => 'ghc_absence_strike', skip => 5 },
	# written and committed; memory doesn't know yet
	{ name => 'committed', at => 'ghc_flight_end', skip => 7 },
	{ name => 'splitting', at => 'ghc_tasks_add_children', skip => 0 },
	# the crawl is marked as done, and that isn't committed
	{ name => 'finishing', at => 'ghc_seen_tidy', skip => 0 },
	# for the end of a refusal, by itself: nothing holds it
	{ name => 'waiting', script => [ (undef) x 10, 'secondary' ], waits_on => 'a secondary limit' },
	# whatever the worker does
	{ name => 'from the start' });

sub moments { return map { $_->{name} } @MOMENTS }
sub faults { return map { $_->{name} } GhcFaultTable::faults() }

# The moments at which a fault is to be tried.
sub moments_of
{
	my ($name) = @_;
	my $fault = first { $_->{name} eq $name } GhcFaultTable::faults();
	return @{ $fault->{moments} // [ grep { $_ ne 'from the start' } moments() ] };
}

sub new
{
	my ($class, %option) = @_;
	my $self = bless { repositories => 3000, cells => [], n => 0, %option }, $class;

	$self->{sim} = start_simulator(
		repositories => $self->{repositories},
		users => 1,
		# a refusal of a minute is over after two seconds
		time_scale => 30,
		latency => 120,
		limits => 'wide',
		unstable_order => 0,
		unstable_ties => 0);
	return $self;
}

# For a short test: skips it all if workers can't be held.
sub for_test
{
	my ($class, %option) = @_;
	plan(skip_all => 'a gdb is needed that may attach to processes (apt install gdb)') if !GhcHold::is_possible();
	return $class->new(%option);
}

sub sim { return $_[0]{sim} }
sub node { return $_[0]{node} }
sub pid { return $_[0]{pid} }
sub sql { return $_[0]{node}->safe_psql('postgres', $_[1]) }

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
		sleep POLL_S;
	}
	return;
}

# Waits until something is so, or the crawl has ended without it; returns which.
sub until_or_end
{
	my ($self, $what, $test) = @_;
	my $seen = 0;

	$self->poll($what, sub {
			return 1 if $seen = $test->();
			my $state = $self->try_sql("SELECT state FROM ghcrawl.crawls WHERE crawl = $self->{crawl}");
			return $state ne '' && $state !~ /^(?:planning|running|waiting|paused)$/;
		});
	return $seen;
}

# What the server's log says since the cell began.
sub log_since
{
	my ($self) = @_;
	return slurp_file($self->{node}->logfile, $self->{offset});
}

sub session { return GhcSession->new($_[0]{node}) }

# ---------------------------------------------------------------------------
# servers
# ---------------------------------------------------------------------------

# The server that a fault wants; one at a time, so the one before is stopped.
sub use_node
{
	my ($self, $kind) = @_;

	return if ($self->{kind} // '') eq $kind;
	$self->{node}->stop('fast') if $self->{node};
	delete $self->{kind};
	$self->{node} = $self->{nodes}{$kind} // $self->make_node($kind);
	$self->{node}->start if $self->{nodes}{$kind};
	$self->{nodes}{$kind} = $self->{node};
	$self->{kind} = $kind;
	return;
}

sub make_node
{
	my ($self, $kind) = @_;
	my $want = GhcFaultTable::server($kind, $self);
	my $node = PostgreSQL::Test::Cluster->new($kind);

	$node->init(extra => [ '--encoding=UTF8', '--locale=C', @{ $want->{init} // [] } ]);
	$node->append_conf('postgresql.conf', join "\n",
		"ghcrawl.api_url = '" . $self->{sim}->http . "'",
		# many small requests, so that there is a mid-crawl
		'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
		q{shared_preload_libraries = 'ghcrawl'}, 'max_worker_processes = 12',
		'restart_after_crash = on', q{deadlock_timeout = '2s'},
		'log_min_messages = info', 'log_statement = none', q{log_line_prefix = '%m [%p] %b %q%a '},
		@{ $want->{conf} // [] }, '');
	local %ENV = (%ENV, %{ $want->{env} // {} });
	$node->start;
	$self->{node} = $node;
	install($node, $self->{sim});
	my $crawl = start_crawl($node, EVERYTHING, 'flat');
	crawl_ends($node, $crawl);
	nothing_is_left($node, "$kind is ready");
	# a request takes as long as its worker is held, which would be taken for GitHub's time;
	# one at a time, so that a refusal isn't met by several
	$self->sql('UPDATE ghcrawl.budget SET requests_minute = 0, response_ms_minute = 0, total_ms_minute = 0, concurrent = 1');
	$self->sql('CREATE TABLE before (repo_id bigint PRIMARY KEY, stars int, forks int)');
	$want->{ready}->($self) if $want->{ready};
	return $node;
}

# ---------------------------------------------------------------------------
# a cell
# ---------------------------------------------------------------------------

# A third is forgotten, a tenth changes.
sub change_world
{
	my ($self) = @_;
	my $seed = ++$self->{n};

	$self->sql(qq{
		DELETE FROM github.repository WHERE repo_id % 3 = $seed % 3;
		TRUNCATE github.repository_history, before;
		DELETE FROM ghcrawl.error;
		INSERT INTO before SELECT repo_id, stars FROM github.repositories});
	$self->{sim}->post('/_sim/world', { op => 'change_stars', share => 0.1, seed => $seed });
	return;
}

# The crawl is started, its worker waits for the commit; a hold is put on it.
sub start_held
{
	my ($self, $moment) = @_;
	my $starter = $self->session;

	$self->{crawl} = $starter->run('BEGIN; SELECT ghcrawl_start(\'' . EVERYTHING . q{', 'flat')});
	$self->poll('a worker comes', sub {
			($self->{pid}) = $self->sql('SELECT pid ' . WORKERS) =~ /^(\d+)$/m });
	$self->{sim}->post('/_sim/script', [ map { { fault => $_ } } @{ $moment->{script} } ]) if $moment->{script};
	$self->{hold} = GhcHold->new($self->{pid}, $moment->{at}, $moment->{skip}) if $moment->{at};
	$starter->run('COMMIT');
	$starter->end;
	return;
}

sub reach
{
	my ($self, $moment) = @_;

	if ($self->{hold})
	{
		$self->{hold}->wait_until_there or die "the worker never was $moment->{name}";
	}
	elsif ($moment->{waits_on})
	{
		$self->poll("it waits on $moment->{waits_on}", sub {
				$self->try_sql('SELECT waiting_on FROM ghcrawl.progress') =~ /^$moment->{waits_on}/ });
	}
	return;
}

# The worker goes on, or what is left of it.
sub release
{
	my ($self) = @_;
	my $hold = delete $self->{hold} or return;

	$hold->release;
	return;
}

# Tries a fault at a moment; one test, with all that must hold below it.
sub cell
{
	my ($self, $fault_name, $moment_name) = @_;
	my $fault = first { $_->{name} eq $fault_name } GhcFaultTable::faults();
	my $moment = first { $_->{name} eq $moment_name } @MOMENTS;
	my $start = time;
	my %result = (fault => $fault_name, moment => $moment_name, seen => '');
	my $lacks = GhcFaultTable::lacks($fault->{server} // 'plain');
	my $died;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	SKIP:
	{
		skip "$fault_name: $lacks", 1 if $lacks;
	}
	return if $lacks;
	$result{ok} = subtest "$fault_name, $moment_name" => sub {
		eval { $self->run_cell($fault, $moment, \%result); 1 } or $died = $@;
		fail("the cell comes to its end: $died") if $died;
	};
	$self->release;
	$result{s} = time - $start;
	push @{ $self->{cells} }, \%result;
	return $result{ok};
}

sub run_cell
{
	my ($self, $fault, $moment, $result) = @_;

	$self->use_node($fault->{server} // 'plain');
	$self->change_world;
	$self->{offset} = -s $self->{node}->logfile;
	forget_log($self->{node});
	$fault->{before}->($self) if $fault->{before};
	$self->start_held($moment);
	$self->reach($moment);
	$fault->{apply}->($self) if $fault->{apply};
	$self->release;
	$result->{seen} = $fault->{until}->($self) // '' if $fault->{until};
	$fault->{undo}->($self) if $fault->{undo};
	my $watched = watch($self->{node}, $self->{crawl});
	$self->check($fault, $moment, $watched, $result);
	$fault->{after}->($self) if $fault->{after};
	return;
}

sub check
{
	my ($self, $fault, $moment, $watched, $result) = @_;
	my $node = $self->{node};
	my $name = "$fault->{name}, $moment->{name}";
	my $log = $self->log_since;
	my @lines = $log =~ /ghcrawl worker \d+ could not write/g;

	$result->{tries} = @lines;
	$result->{lines} = () = $log =~ /^.*\] ghcrawl .*$/mg;
	cmp_ok($result->{lines}, '<=', MOST_LINES, 'the log isn\'t flooded') or diag($log);
	# what the simulator's world has in some descriptions, e.g. NUL
	my %errors = ('^value: description' => 1, %{ $fault->{errors} // {} });
	$errors{'^secondary: '} = 2 if $moment->{script};
	# recorded once it could be written, with the crawl if it was about rows
	$errors{'^database: '} = @lines if $self->sql("SELECT count(*) FROM ghcrawl.errors WHERE crawl = $self->{crawl} AND class = 'database'") > 0;
	invariants($node, $self->{sim}, $self->{crawl}, $watched,
		name => $name,
		crashes => $fault->{crashes},
		ids => !$fault->{loses},
		errors => \%errors,
		history => $fault->{loses} ? $self->history : $self->changed);
	is($self->sql('SELECT count(*) FROM github.history h JOIN before USING (repo_id) WHERE h.stars <> before.stars'),
		'0', "$name: the history says what was before");
	if (@lines)
	{
		is($self->sql(q{SELECT coalesce(sum(count), 0) FROM ghcrawl.errors WHERE class = 'database'}) >= @lines ? 'yes' : 'no', 'yes',
			"$name: what failed is counted");
	}
	recrawl($node, $self->{sim}, name => "$name, the next crawl", history => $self->history, crashes => 1)
	  if $fault->{loses};
	return;
}

# How many repositories changed that weren't forgotten.
sub changed
{
	my ($self) = @_;
	return $self->sql('SELECT count(*) FROM before b JOIN github.repositories r USING (repo_id) WHERE b.stars <> r.stars');
}

# How many rows the history has: of what was taken away no more is known.
sub history { return $_[0]->sql('SELECT count(*) FROM github.repository_history') }

# ---------------------------------------------------------------------------
# the table
# ---------------------------------------------------------------------------

sub table
{
	my ($self) = @_;
	my @lines = sprintf '%-44s %-22s %-6s %5s %5s  %s', qw(fault moment result s tries), 'seen';

	for my $cell (@{ $self->{cells} })
	{
		push @lines, sprintf '%-44s %-22s %-6s %5.1f %5s  %s', $cell->{fault}, $cell->{moment},
		  $cell->{ok} ? 'exact' : 'FAILED', $cell->{s}, $cell->{tries} // '-', $cell->{seen};
	}
	return @lines;
}

1;
