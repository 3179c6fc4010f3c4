# More of transactions and of steering: subtransactions, two-phase commit over a
# restart of the server, the same crawl from two sessions at once and at every
# isolation level, and sessions that pause, resume, cancel and start at random
# while workers run.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 6_000, users => 2, latency => 5);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	'max_prepared_transactions = 5', 'ghcrawl.workers = 2');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub start { return "SELECT ghcrawl_start('$_[0]', 'stars');" }

# A crawl ends complete, and no worker stays.
sub is_complete
{
	my ($crawl, $selection, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	is(crawl_column($node, $crawl, 'stored'), $sim->count($selection), "$name: complete");
	nothing_is_left($node, $name);
	return;
}

# A session of its own that goes on while the test does something else.
sub session
{
	my ($text, @options) = @_;
	my %session = (out => '', err => '', in => "$text\n");
	$session{harness} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'VERBOSITY=verbose', @options, '-d', $node->connstr('postgres') ],
		'<', \$session{in}, '>', \$session{out}, '2>', \$session{err});
	say_to(\%session, '');
	return \%session;
}

sub say_to
{
	my ($session, $text) = @_;
	$session->{in} .= "$text\n";
	$session->{harness}->pump while length $session->{in};
	return;
}

# Until a session waits for a lock of another.
sub waits_for_lock
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'
		AND wait_event_type = 'Lock'}, '1');
	return;
}

# ---------------------------------------------------------------------------
# subtransactions
# ---------------------------------------------------------------------------

sql(<<'SQL');
SELECT ghcrawl_create_tables();
CREATE FUNCTION try_start(selection text, fail bool) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM ghcrawl_start('stars:1', 'stars');
		IF fail THEN
			RAISE division_by_zero;
		END IF;
	EXCEPTION WHEN division_by_zero THEN
		NULL;
	END;
	RETURN CASE WHEN selection <> '' THEN ghcrawl_start(selection, 'stars') END;
END $$;
SQL
my $before = sql('SELECT count(*) FROM ghcrawl.crawl');
sql(q{SELECT try_start('', true)});
nothing_is_left($node, 'undone by an exception block');
is(sql('SELECT count(*) FROM ghcrawl.crawl'), $before, 'undone by an exception block: no crawl');
is($sim->counters->{requests}, 0, 'nothing was asked');
is_complete(sql(q{SELECT try_start('stars:2', true)}), 'stars:2', 'the one after an exception');
is(sql('SELECT count(*) FROM ghcrawl.crawl'), $before + 1, 'it is the only one');
my $crawl = sql(q{SELECT try_start('stars:2', false)});
is_complete($crawl, 'stars:2', 'in a block without exception');
is(sql('SELECT count(*) FROM ghcrawl.crawl'), $before + 3, 'both are there');

# one savepoint kept, one given up, one in a savepoint of a savepoint
my @crawls = split /\n/, sql('BEGIN; SAVEPOINT a; ' . start('stars:3') . ' RELEASE a; SAVEPOINT b; '
	. start('stars:4') . ' ROLLBACK TO b; SAVEPOINT c; SAVEPOINT d; ' . start('stars:5')
	. ' RELEASE d; RELEASE c; COMMIT');
is_complete($crawls[0], 'stars:3', 'kept savepoint');
is_complete($crawls[2], 'stars:5', 'nested savepoint');
is(sql("SELECT count(*) FROM ghcrawl.crawl WHERE selection = 'stars:4'"), '0', 'the one between was given up');

# pausing and resuming come undone as well
$sim->post('/_sim/settings', { latency => 100 });
$crawl = sql(start('stars:>=0 fork:true'));
wait_for($node, "SELECT stored > 100 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
sql("BEGIN; SELECT ghcrawl_pause($crawl); ROLLBACK; BEGIN; SAVEPOINT a; SELECT ghcrawl_cancel($crawl); ROLLBACK TO a; COMMIT");
is(crawl_column($node, $crawl, 'state'), 'running', 'a pause and a cancel that were rolled back');
$sim->post('/_sim/settings', { latency => 5 });
is_complete($crawl, 'stars:>=0 fork:true', 'after those');
ids_are_exact($node, $sim, 'stars:>=0 fork:true', 'after those');

# ---------------------------------------------------------------------------
# two-phase commit, with a restart in between
# ---------------------------------------------------------------------------

for my $is_preloaded (0, 1)
{
	my $how = $is_preloaded ? 'preloaded' : 'not preloaded';
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ghcrawl'") if $is_preloaded;
	($crawl) = split /\n/, sql('BEGIN; ' . start('stars:6') . " PREPARE TRANSACTION 'commit'");
	sql('BEGIN; ' . start('stars:7') . " PREPARE TRANSACTION 'rollback'");
	$sim->post('/_sim/counters/reset');
	$node->stop($is_preloaded ? 'immediate' : 'fast');
	$node->start;
	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND wait_event_type = 'Lock'},
		'1') if $is_preloaded;
	is(sql("SELECT ghcrawl_ensure_workers(), (SELECT count(*) FROM ghcrawl.crawl WHERE selection IN ('stars:6', 'stars:7') AND state = 'running')"),
		'0|0', "$how: after a restart neither is there");
	is($sim->counters->{requests}, 0, "$how: nothing is asked");
	sql("COMMIT PREPARED 'commit'");
	cmp_ok(sql('SELECT ghcrawl_ensure_workers()'), '>', 0, "$how: workers are asked for by hand") if !$is_preloaded;
	sql("ROLLBACK PREPARED 'rollback'");
	is_complete($crawl, 'stars:6', "$how: prepared, restarted, committed");
	is(sql("SELECT count(*) FROM ghcrawl.crawl WHERE selection = 'stars:7'"),
		'0', "$how: the other never was");
}

# steering in two phases
$sim->post('/_sim/settings', { latency => 100 });
$crawl = sql(start('stars:>=0 fork:true'));
wait_for($node, "SELECT stored > 100 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
sql("BEGIN; SELECT ghcrawl_pause($crawl); PREPARE TRANSACTION 'pause'");
my $stored = crawl_column($node, $crawl, 'stored');
wait_for($node, "SELECT stored > $stored FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
sql("COMMIT PREPARED 'pause'");
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
is(crawl_column($node, $crawl, 'state'), 'paused', 'a prepared pause works when it is committed');
sql("BEGIN; SELECT ghcrawl_resume($crawl); PREPARE TRANSACTION 'resume'");
is(crawl_column($node, $crawl, 'state'), 'paused', 'a prepared resume, too');
$sim->post('/_sim/settings', { latency => 5 });
sql("COMMIT PREPARED 'resume'");
is_complete($crawl, 'stars:>=0 fork:true', 'paused and resumed in two phases');

# ---------------------------------------------------------------------------
# the same crawl from two sessions at once
# ---------------------------------------------------------------------------

# The first session has the crawl and hasn't committed; the second spells it
# otherwise.  How the first ends decides what the second gets.
sub two_at_once
{
	my ($number, $level, $end, $out, $err) = @_;
	my $name = lc "$level, $end";
	my $first = session("BEGIN; SELECT ghcrawl_start('stars:$number fork:true', 'stars');");
	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'}, '1');
	my $second = session("BEGIN ISOLATION LEVEL $level; "
		. "SELECT count(*) FROM ghcrawl.data_schema;\n"
		. "SELECT ghcrawl_start('  fork:true stars:$number..$number ', 'stars'); COMMIT;");
	waits_for_lock();
	say_to($first, "$end;");
	$first->{harness}->finish;
	$second->{harness}->finish;
	my ($id) = $first->{out} =~ /(\d+)/;
	my $got = $second->{out} =~ /\A1\n(\d+)\n/ ? ($1 == $id ? 'same' : 'other') : 'none';
	is($got, $out, "$name: the second gets $out") or diag($second->{err});
	like($second->{err}, $err, "$name: and is told why");
	is(sql("SELECT count(*) FROM ghcrawl.crawl WHERE selection LIKE '%stars:$number%'"),
		'1', "$name: there is one crawl");
	wait_for($node, q{SELECT count(*) FROM ghcrawl.crawl WHERE state = 'running'}, '0');
	nothing_is_left($node, $name);
	return;
}

my $notice = qr/NOTICE: .*crawl \d+ of the same selection and profile is under way/;
my $refused = qr/ERROR:  40001: /;
$sim->post('/_sim/settings', { latency => 30 });
two_at_once(8, 'READ COMMITTED', 'COMMIT', 'same', $notice);
two_at_once(9, 'READ COMMITTED', 'ROLLBACK', 'other', qr/NOTICE: .*crawl \d+ is starting/);
two_at_once(10, 'REPEATABLE READ', 'COMMIT', 'none', $refused);
two_at_once(11, 'REPEATABLE READ', 'ROLLBACK', 'other', qr/NOTICE: .*crawl \d+ is starting/);
two_at_once(12, 'SERIALIZABLE', 'COMMIT', 'none', $refused);
two_at_once(13, 'SERIALIZABLE', 'ROLLBACK', 'other', qr/NOTICE: .*crawl \d+ is starting/);

# the very first crawl, which makes the data tables, from two sessions
for my $level ('READ COMMITTED', 'REPEATABLE READ')
{
	my $name = 'first of all, ' . lc $level;
	sql('DROP EXTENSION ghcrawl; DROP SCHEMA github CASCADE');
	install($node, $sim);
	my $first = session('BEGIN; ' . start('stars:8'));
	wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'}, '1');
	my $second = session("BEGIN ISOLATION LEVEL $level; SELECT 1;\n" . start('stars:9') . ' COMMIT;');
	waits_for_lock();
	say_to($first, 'COMMIT;');
	$_->{harness}->finish for $first, $second;
	my $wanted = $level eq 'READ COMMITTED' ? qr/NOTICE: .*crawl \d+ is starting/ : $refused;
	like($second->{err}, $wanted, "$name: the second is served or told to try again");
	wait_for($node, q{SELECT count(*) FROM ghcrawl.crawl WHERE state = 'running'}, '0');
	nothing_is_left($node, $name);
}

# time-outs of statements and of locks are the usual errors, and leave nothing
my $holder = session('BEGIN; ' . start('stars:14'));
wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'}, '1');
for my $case ([ 'statement_timeout', '57014' ], [ 'lock_timeout', '55P03' ])
{
	my (undef, undef, $err) = $node->psql('postgres', "SET $case->[0] = '200ms'; " . start('stars:14'),
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  $case->[1]: /, "$case->[0] ends waiting for another session");
}
say_to($holder, 'ROLLBACK;');
$holder->{harness}->finish;
nothing_is_left($node, 'after time-outs');

# cancelled just when workers claim and cut ranges; a crawl at full speed
$sim->post('/_sim/settings', { latency => 1 });
my $cancel = join '', map { start('stars:>=0 fork:true') =~ s/;$/ AS c \\gset\n/r
	  . sprintf "SELECT pg_sleep(%.2f);\nSELECT ghcrawl_cancel(:c);\n", 0.1 + 0.02 * ($_ % 15) } 1 .. 30;
my (undef, undef, $complaints) = $node->psql('postgres', "SET client_min_messages = warning;\n$cancel", on_error_stop => 0);
is(join(' ', grep { !/crawl \d+ has ended/ } $complaints =~ /(ERROR: .*)/g), '',
	'thirty crawls were cancelled at full speed, but for those that had ended');
nothing_is_left($node, 'cancelled at full speed');
is(sql(q{SELECT count(*) FROM ghcrawl.task WHERE state IN ('ready', 'claimed')}), '0', 'none of their ranges is left open');
cmp_ok(sql(q{SELECT sum(tasks_ended) FROM ghcrawl.crawls WHERE state = 'cancelled'}), '>', 30, 'they were under way');

# two in one transaction, the last first, while workers write the other
my $before_log = -s $node->logfile;
$sim->post('/_sim/settings', { latency => 400 });
my @both = map { sql(start("stars:>=$_ fork:true")) } 0, 1;
wait_for($node, "SELECT min(stored) > 100 FROM ghcrawl.crawls WHERE crawl IN ($both[0], $both[1])", 't');
my $canceller = session("BEGIN; SELECT ghcrawl_cancel($both[1]);");
my $written = crawl_column($node, $both[0], 'stored');
wait_for($node, "SELECT stored > $written FROM ghcrawl.crawls WHERE crawl = $both[0]", 't');
say_to($canceller, "SELECT ghcrawl_cancel($both[0]); COMMIT;");
$canceller->{harness}->finish;
is($canceller->{err}, '', 'two crawls are cancelled in one transaction');
is(crawl_column($node, $_, 'state'), 'cancelled', 'one of them') for @both;
nothing_is_left($node, 'cancelled together');
unlike(slurp_file($node->logfile, $before_log), qr/deadlock detected/, 'cancelled together: no deadlock');

# ---------------------------------------------------------------------------
# three sessions at random
# ---------------------------------------------------------------------------

my $seed = $ENV{SEED} // 20261;
my $n_operations = 70;
my @selections = ('stars:>=0 fork:true', 'stars:0', 'stars:>=1 fork:true');
my $one = q{(SELECT crawl FROM ghcrawl.crawls WHERE state IN ('running', 'paused') ORDER BY md5(crawl::text || '%s') LIMIT 1) c};
srand $seed;
note("seed $seed");

# A session's operations, each a transaction by itself; one in five is undone.
sub random_operations
{
	my $script = "\\set ON_ERROR_STOP off\n";

	for my $i (1 .. $n_operations)
	{
		my $what = (qw(start start pause pause resume resume resume cancel))[ rand 8 ];
		my $text = $what eq 'start' ? start($selections[ rand @selections ])
		  : sprintf "SELECT ghcrawl_$what(crawl) FROM $one;", int rand 1000;
		$script .= rand() < 0.2 ? "BEGIN; $text ROLLBACK;\n" : "$text\n";
		$script .= sprintf "SELECT pg_sleep(%.3f);\n", rand 0.06;
	}
	return $script;
}

my $offset = -s $node->logfile;
$sim->post('/_sim/settings', { latency => 20 });
my @sessions = map { session(random_operations()) } 1 .. 3;
$_->{harness}->finish for @sessions;
my @errors = map { $_->{err} =~ /(ERROR: .*)/g } @sessions;
my @unexpected = grep { !/ERROR:  55000: crawl \d+ has ended/ } @errors;
is("@unexpected", '', 'three sessions at random: no error but that a crawl has ended: ' . @errors);
cmp_ok(sql(q{SELECT count(*) FROM ghcrawl.crawl WHERE state = 'cancelled'}), '>', 3, 'several crawls were cancelled');

# what is left over is paused or running; resumed, all of it ends
sql(q{SELECT ghcrawl_resume(crawl) FROM ghcrawl.crawls WHERE state = 'paused'});
wait_for($node, q{SELECT count(*) FROM ghcrawl.crawl WHERE state NOT IN ('done', 'cancelled')}, '0');
nothing_is_left($node, 'at random');
is(sql(q{SELECT count(*) FROM ghcrawl.task WHERE state IN ('ready', 'claimed')}), '0', 'no range of any crawl is left open');
my %count = map { $_ => $sim->count($_) } @selections;
my @wrong = grep { my ($selection, $stored) = split /\|/; exists $count{$selection} && $stored != $count{$selection} }
  split /\n/, sql(q{SELECT selection, stored FROM ghcrawl.crawls WHERE state = 'done'});
is("@wrong", '', 'all that are done are complete');
sql('TRUNCATE github.repository');
is_complete(sql(start($selections[0])), $selections[0], 'after all that');
ids_are_exact($node, $sim, $selections[0], 'after all that');
# ---------------------------------------------------------------------------
# a session that cancels and takes its time
# ---------------------------------------------------------------------------

for my $end ('ROLLBACK', 'COMMIT')
{
	sql('TRUNCATE github.repository');
	# slow enough that it isn't over before it is cancelled
	$sim->post('/_sim/settings', { latency => 1500 });
	my $held = sql(start($selections[0]));
	wait_for($node, "SELECT stored > 0 FROM ghcrawl.crawls WHERE crawl = $held", 't');
	my $session = session("BEGIN; SELECT ghcrawl_cancel($held); SELECT 'now';");
	$session->{harness}->pump until $session->{out} =~ /now/ || $session->{err} =~ /ERROR/;
	is($session->{err} =~ s/NOTICE.*//sr, '', "$end: the crawl can be cancelled");
	$sim->post('/_sim/settings', { latency => 60 });
	my $other = sql(start('stars:>=2'));
	my $stored = crawl_column($node, $held, 'stored');

	crawl_ends($node, $other);
	is(crawl_column($node, $held, 'stored'), $stored, "$end: nothing is written for the crawl that is being cancelled");
	is(sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND xact_start < now() - interval '1 second'"),
		'0', "$end: no worker waits for the session in a transaction");
	$sim->post('/_sim/settings', { latency => 5 });
	say_to($session, "$end;\n\\q");
	$session->{harness}->finish;
	if ($end eq 'ROLLBACK')
	{
		is_complete($held, $selections[0], 'cancelled and rolled back');
	}
	else
	{
		crawl_ends($node, $held, 'cancelled');
		nothing_is_left($node, 'cancelled late');
	}
}
unlike(slurp_file($node->logfile, $offset), qr/deadlock detected|PANIC|exited with exit code [1-9]/,
	'no deadlock, no worker failed');

done_testing();
