# Schedules, by the real pg_cron on a real server: from a server that knows
# nothing of it, each error's hint is followed to the letter until a schedule is
# made; it survives a restart, runs on the minute as the role that made it, is seen
# to have run, and two ticks at once make one crawl.
#
# pg_cron's clock ticks once a minute, so most of the time here is spent waiting:
# half a minute on average.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcInstall;
use GhcRoles qw(make_roles as DENIED);
use GhcSession;
use Test::More;

use constant TICK_S => 150;

# the command of a nightly schedule
use constant COMMAND => q{SELECT ghcrawl_start('stars:>=0', 'stars')};

chomp(my $share = qx($ENV{PG_CONFIG} --sharedir));
plan skip_all => "pg_cron is not installed below $share"
  unless -e "$share/extension/pg_cron.control";

my $major = qx($ENV{PG_CONFIG} --version) =~ /(\d+)/ ? $1 : die;
my $sim = start_simulator(repositories => 6_000, users => 1, latency => 150);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	q{shared_preload_libraries = 'auto_explain'});

sub sql { return $node->safe_psql('postgres', @_) }

# The error that a statement of a role comes to, in a database.
sub refusal
{
	my ($of, $database, $role, $statement) = @_;
	my ($code, $out, $err) = $of->psql($database, $statement,
		extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);
	isnt($code, 0, "refused: $statement");
	return $err;
}

# Does what a hint says, line by line, as a superuser; false if it says nothing.
sub follow
{
	my ($error) = @_;
	my ($hint) = $error =~ /^HINT:  (.*?)^LOCATION/ms;
	my $done = 0;

	for (split /\n/, $hint // '')
	{
		$node->restart if /^Restart the server/;
		next unless /((?:ALTER|SET|CREATE|GRANT|SELECT) .*;)$/;
		note("following the hint: $1");
		sql($1);
		$done++;
	}
	return $done;
}

sub seen
{
	my ($columns, $name) = @_;
	return sql("SELECT $columns FROM ghcrawl.schedules WHERE name = '$name'");
}

# ---------------------------------------------------------------------------
# from nothing to a schedule, hint by hint
# ---------------------------------------------------------------------------

{
	my $bare = new_node_at(private_installation('pg_cron.control' => undef), 'bare');
	$bare->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');
	my $error = refusal($bare, 'postgres', 'postgres', "SELECT ghcrawl_schedule('nightly', '0 3 * * *', 'SELECT 1')");
	like($error, qr/ERROR:  55000: pg_cron is not installed on this server.*HINT:.*postgresql-$major-cron/s,
		'not installed: the package is named');
	is($bare->safe_psql('postgres', 'SELECT count(*) FROM ghcrawl.schedules'), 0, 'the view is empty there');
	$bare->stop('immediate');
}

make_roles($node);
add_tokens($node, $sim->tokens);
sql('GRANT CREATE ON DATABASE postgres TO chief; CREATE ROLE sleeper NOLOGIN IN ROLE ghcrawl_admin; GRANT sleeper TO chief');
my $nightly = "SELECT ghcrawl_schedule('nightly', '0 3 * * *', \$\$" . COMMAND . '$$)';

my $error = refusal($node, 'postgres', 'chief', $nightly);
like($error, qr/ERROR:  55000: pg_cron is installed, but not loaded/, 'not loaded');
ok(follow($error), 'its hint is done');
is(sql('SHOW shared_preload_libraries'), 'auto_explain, pg_cron', 'other libraries are kept');
is(sql('SHOW cron.use_background_workers'), 'on', 'jobs need no password');

# set up so far that there is an extension; without it
sql('DROP EXTENSION pg_cron');
$error = refusal($node, 'postgres', 'chief', $nightly);
like($error, qr/ERROR:  55000: extension "pg_cron" does not exist in this database/, 'not created');
sql('CREATE SCHEMA cron AUTHORIZATION chief');
as($node, 'chief', q{CREATE TABLE cron.job (jobid bigint); CREATE FUNCTION cron.schedule(text, text, text)
	RETURNS bigint LANGUAGE plpgsql AS 'BEGIN ALTER ROLE chief SUPERUSER; RETURN 1; END'});
refusal($node, 'postgres', 'postgres', $nightly);
is(sql(q{SELECT count(*), bool_or(rolsuper) FROM pg_roles, ghcrawl.schedules WHERE rolname = 'chief'}), '0|',
	'a schema that only looks like it is not touched');
sql('DROP SCHEMA cron CASCADE');
ok(follow($error), 'the hint is done');

$error = refusal($node, 'postgres', 'chief', $nightly);
like($error, qr/ERROR:  42501: permission denied for schema cron/, 'a role without rights on pg_cron');
is(as($node, 'chief', 'SELECT count(*) FROM ghcrawl.schedules'), 0, 'sees nothing');
ok(follow($error), 'the hint is done');
like(refusal($node, 'postgres', 'chief', "SET ROLE sleeper; $nightly"), qr/ERROR:  42501: permission denied for schema cron/,
	'it is the present role that counts');
sql('GRANT USAGE ON SCHEMA cron TO sleeper');
like(refusal($node, 'postgres', 'chief', "SET ROLE sleeper; $nightly"),
	qr/ERROR:  55000: role "sleeper" is not permitted to log in.*HINT:  ALTER ROLE sleeper LOGIN/s, 'one that can not log in');
as($node, $_, $nightly, DENIED) for qw(reader nobody);

my $job = as($node, 'chief', $nightly);
cmp_ok($job, '>', 0, 'a schedule is made');

# ---------------------------------------------------------------------------
# one name, one schedule
# ---------------------------------------------------------------------------

is(as($node, 'chief', $nightly), $job, 'the same once more is the same');
is(seen(q{count(*), min(username), bool_and(active)}, 'nightly'), '1|chief|t', 'there is one');
is(seen(q{next_run_at = date_trunc('day', now() AT TIME ZONE 'GMT' + '21 hours') AT TIME ZONE 'GMT' + '3 hours'}, 'nightly'),
	't', 'it runs next at three o\'clock GMT');
is(as($node, 'chief', "SELECT ghcrawl_schedule('nightly', '30 4 * * *', 'SELECT 2')"), $job, 'changed, it is the same job');
is(seen('schedule, command', 'nightly'), '30 4 * * *|SELECT 2', 'with what was given');
as($node, 'chief', "SELECT ghcrawl_schedule('bad', '61 * * * *', 'SELECT 1')",
	qr/ERROR:  22023: invalid schedule: 61.*HINT:  Five fields, minute hour day month weekday/s);
as($node, 'chief', "SELECT ghcrawl_schedule('bad', '* * * * *', 'SELCT 1')", qr/ERROR:  42601: syntax error.*LINE 1: SELCT 1/s);
as($node, 'chief', "SELECT ghcrawl_schedule('bad', '* * * * *', '  ')", qr/ERROR:  22023: the command is empty/);
as($node, 'chief', "SELECT ghcrawl_schedule('', '* * * * *', 'SELECT 1')", qr/ERROR:  22023: a schedule needs a name/);
as($node, 'chief', "SELECT ghcrawl_schedule('bad', NULL, 'SELECT 1')", qr/ERROR:  22004: schedule must not be null/);
as($node, 'chief', "SELECT ghcrawl_unschedule('nihgtly')", qr/ERROR:  42704: .*HINT:  Yours are: nightly\./s);
as($node, 'deputy', "SELECT ghcrawl_unschedule('nightly')", qr/ERROR:  42501: permission denied for schema cron/);
sql('GRANT USAGE ON SCHEMA cron TO deputy');
as($node, 'deputy', "SELECT ghcrawl_unschedule('nightly')", qr/ERROR:  42704: .*HINT:  You have none\./s);
is(as($node, 'deputy', 'SELECT count(*) FROM ghcrawl.schedules'), 0, "others' schedules are not shown");
as($node, 'postgres', "SELECT ghcrawl_unschedule('nightly')", qr/ERROR:  42704: .*HINT:  You have none\./s);

# eight sessions change one name at once, one of them removes it
my @sessions = map { GhcSession->new($node) } 1 .. 8;
my @marks = map { $_->begin("SELECT ghcrawl_schedule('many', '0 0 1 1 *', 'SELECT pg_sleep(0)')") } @sessions;
$sessions[$_]->finish($marks[$_]) for 0 .. $#sessions;
is(join('', map { $_->err } @sessions), '', 'eight sessions at once');
is(sql(q{SELECT count(*) FROM cron.job WHERE jobname = 'ghcrawl:many'}), 1, 'make one job');

# one removes it while another's change is open
my ($changer, $remover) = @sessions;
$changer->run('BEGIN');
$changer->run("SELECT ghcrawl_schedule('many', '0 0 1 2 *', 'SELECT 1')");
my $mark = $remover->begin("SELECT ghcrawl_unschedule('many')");
wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%unschedule%' AND wait_event_type = 'Lock' AND wait_event = 'advisory'}, 1);
$changer->run('COMMIT');
$remover->finish($mark);
is($remover->err, '', 'who removes a schedule that is being changed waits his turn');
is(sql(q{SELECT count(*) FROM cron.job WHERE jobname = 'ghcrawl:many'}), 0, 'and it is gone');
$_->end for @sessions;

# what somebody switched off stays off
sql("SELECT cron.alter_job($job, active := false)");
like(seen('advice', 'nightly'), qr/^switched off: SELECT cron.alter_job\($job, active := true\)$/, 'a schedule switched off says so');
is(as($node, 'chief', $nightly), $job, 'scheduled again');
is(seen('active, next_run_at IS NULL', 'nightly'), 'f|t', 'it stays switched off');
is(as($node, 'chief', "SELECT ghcrawl_unschedule('nightly')"), $job, 'and goes');

# ---------------------------------------------------------------------------
# they survive a restart and run
# ---------------------------------------------------------------------------

sql('CREATE TABLE secret ()');
as($node, 'chief', "SELECT ghcrawl_schedule('$_', '* * * * *', \$\$" . COMMAND . '$$)') for qw(crawl again);
as($node, 'chief', "SELECT ghcrawl_schedule('greedy', '* * * * *', 'TABLE secret')");
as($node, 'chief', q{SELECT ghcrawl_schedule('workers', '@reboot', 'SELECT ghcrawl_ensure_workers()')});
is(seen('next_run_at = date_trunc(\'minute\', now() + \'1 minute\'), last_status, runs', 'crawl'), 't||0', 'not run yet');
is(seen('next_run_at', 'workers'), '', 'when the server starts is not known');

$node->restart;
is(sql('SELECT string_agg(name, \' \' ORDER BY name) FROM ghcrawl.schedules'), 'again crawl greedy workers',
	'schedules survive a restart');
wait_for($node, q{SELECT last_status, last_result, runs FROM ghcrawl.schedules WHERE name = 'workers'}, 'succeeded|SELECT 1|1');

wait_for($node, q{SELECT count(*) FROM ghcrawl.schedules
	WHERE last_status IN ('succeeded', 'failed') AND schedule = '* * * * *'}, 3, TICK_S);
as($node, 'chief', "SELECT ghcrawl_unschedule('again')");
is(seen(q{last_status, last_result, runs, failures, advice, last_started_at <= last_finished_at, last_finished_at <= now()}, 'crawl'),
	'succeeded|SELECT 1|1|0||t|t', 'the schedule ran on the minute, and is seen to have run');
is(sql(q{SELECT count(*), count(*) FILTER (WHERE status = 'succeeded')
	FROM cron.job_run_details WHERE command LIKE '%ghcrawl_start%'}), '2|2', 'two ticks came at once');
is(sql('SELECT count(*), min(owner::text), min(state) FROM ghcrawl.crawl'), '1|chief|running', 'they made one crawl, which is running');
is(seen('last_status, failures', 'greedy'), 'failed|1', 'a command that its owner may not run fails');
like(seen('last_result', 'greedy'), qr/permission denied for table secret/, 'and says why');

# ---------------------------------------------------------------------------
# a server that doesn't preload ghcrawl is stopped in mid-crawl
# ---------------------------------------------------------------------------

as($node, 'chief', "SELECT ghcrawl_unschedule('$_')") for qw(crawl greedy);
wait_for($node, 'SELECT stored > 0 FROM ghcrawl.progress', 't');
$node->stop('immediate');
$node->start;
wait_for($node, q{SELECT runs, last_status FROM ghcrawl.schedules WHERE name = 'workers'}, '2|succeeded');
crawl_ends($node, 1);
ids_are_exact($node, $sim, 'stars:>=0', 'a scheduled crawl over a restart');
is(seen('runs', 'workers'), 2, 'runs before the restart are still seen');

# without a command it is a refresh
as($node, 'chief', q{UPDATE ghcrawl.freshness_target SET max_age = '1 second'});
as($node, 'chief', q{SELECT ghcrawl_schedule('fresh', '@reboot')});
$node->restart;
wait_for($node, q{SELECT command, last_status FROM ghcrawl.schedules WHERE name = 'fresh'},
	'SELECT public.ghcrawl_refresh()|succeeded');
wait_for($node, q{SELECT count(*) FROM ghcrawl.crawl WHERE query = '(refresh)'}, 1);
crawl_ends($node, sql(q{SELECT crawl_id FROM ghcrawl.crawl WHERE query = '(refresh)'}));
is(as($node, 'chief', q{SELECT count(*) > 0 FROM ghcrawl.freshness}), 't', 'a scheduled refresh has looked, and is seen');
as($node, 'chief', q{SELECT ghcrawl_unschedule('fresh')});

# ---------------------------------------------------------------------------
# jobs in sessions, which have to get in
# ---------------------------------------------------------------------------

sql($_) for 'ALTER SYSTEM SET cron.use_background_workers = off', 'ALTER SYSTEM SET listen_addresses = \'\'';
$node->restart;
wait_for($node, q{SELECT last_status, last_result FROM ghcrawl.schedules WHERE name = 'workers'}, 'failed|connection failed');
like(seen('advice', 'workers'), qr/could not connect to localhost:\d+ as chief .*pg_hba\.conf.*\.pgpass.*cron\.use_background_workers = on/,
	'a job that could not log in tells of both ways out');
$job = seen('job', 'workers');
sql("ALTER SYSTEM SET cron.host = '" . $node->host . "'");
$node->restart;
isnt(as($node, 'chief', q{SELECT ghcrawl_schedule('workers', '@reboot', 'SELECT ghcrawl_ensure_workers()')}), $job,
	'scheduled again, it is moved to where pg_cron connects now');
$node->restart;
wait_for($node, q{SELECT last_status, last_result, failures, advice FROM ghcrawl.schedules WHERE name = 'workers'},
	'succeeded|1 row|0|');

# ---------------------------------------------------------------------------
# pg_cron in another database
# ---------------------------------------------------------------------------

my $other = "other's";
sql(qq{CREATE DATABASE "$other" TEMPLATE template0});
$node->safe_psql($other, 'CREATE EXTENSION ghcrawl');
$error = refusal($node, $other, 'chief', q{SELECT ghcrawl_schedule('it''s', '0 3 * * *', 'SELECT ''\x''')});
like($error, qr/ERROR:  55000: pg_cron works in database "postgres", not in this one/, 'another database');
ok(follow($error), 'its hint is done there');
is(sql(q{SELECT name, schedule, command, database, username, next_run_at IS NOT NULL, advice FROM ghcrawl.schedules WHERE name LIKE 'other%'}),
	q{other's:it's|0 3 * * *|SELECT '\x'|other's|chief|t|}, 'and makes the schedule that was wanted');
is($node->safe_psql($other, 'SELECT count(*) FROM ghcrawl.schedules'), 0, 'the view has none here');
ok(follow(refusal($node, $other, 'chief', q{SELECT ghcrawl_unschedule('it''s')})), 'likewise to end it');
is(sql(q{SELECT count(*) FROM ghcrawl.schedules WHERE name LIKE 'other%'}), 0, 'it is gone');

# set to a database that isn't there
sql(q{ALTER SYSTEM SET cron.database_name = 'gone'});
$node->restart;
$error = refusal($node, 'postgres', 'chief', $nightly);
like($error, qr/ERROR:  55000: pg_cron is set to work in database "gone", which does not exist/, 'a database that is gone');
like(seen('advice', 'workers'), qr/^pg_cron works in database "gone" now: ALTER SYSTEM SET cron.database_name = 'postgres'/,
	'the view says it, too');
sql('DROP EXTENSION pg_cron');
ok(follow($error), 'the hint is done');
as($node, 'chief', $nightly, DENIED);
sql('GRANT USAGE ON SCHEMA cron TO chief');
as($node, 'chief', $nightly);

# no longer loaded
sql(q{ALTER SYSTEM RESET shared_preload_libraries});
$node->restart;
like(seen('advice', 'nightly'), qr/^pg_cron is not loaded: ALTER SYSTEM SET shared_preload_libraries = 'auto_explain', 'pg_cron'/,
	'a server that does not load pg_cron any more says so');
is(seen('next_run_at', 'nightly'), '', 'nothing will run');

done_testing();
