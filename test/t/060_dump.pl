# Dumps made while a crawl is under way.  Each is of one snapshot, so it holds a
# crawl as it stood between two turns of its workers, and none of its secrets;
# restored in any way it goes on from there and ends with exactly what GitHub
# shows.  The data tables belong to an ordinary role.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcDatabase;
use PostgreSQL::Test::Utils;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $users = 4;
my $n_dumps = 10;

# shuffled results make reading again necessary by themselves: switched off
my $sim = start_simulator(
	repositories => 8_000,
	users => $users,
	latency => 5,
	unstable_order => 0,
	unstable_ties => 0);
my @settings = ("ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.workers = 2',
	# many small requests, so that a dump in mid-crawl is one
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100');
my $node = new_node('main', @settings);
my $other = new_node('other', @settings);
my $folder = PostgreSQL::Test::Utils::tempdir();

sub sql { return $node->safe_psql('postgres', $_[0]) }

# What a statement or a program complains of.
sub complaint
{
	my ($database, $text) = @_;
	my (undef, undef, $err) =
	  $database->psql('postgres', $text, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $err;
}

# ---------------------------------------------------------------------------
# ten dumps of one crawl
# ---------------------------------------------------------------------------

# a profile of one's own, which a crawl's row refers to; an owner who isn't superuser
sql(<<SQL);
CREATE EXTENSION ghcrawl;
CREATE ROLE keeper LOGIN IN ROLE ghcrawl_admin;
GRANT CREATE ON DATABASE postgres TO keeper;
INSERT INTO ghcrawl.profile (name, columns)
VALUES ('mine', '{repo_id,created_at,stars,name_with_owner,description}');
SET ROLE keeper;
SELECT ghcrawl_create_tables();
SQL
add_tokens($node, $sim->tokens);
is(sql(q{SELECT tableowner FROM pg_tables WHERE schemaname = 'github' AND tablename = 'repository'}),
	'keeper', 'the data belongs to a role that is no superuser');

# Counts may share requests in another way each time; each page is read once.
sub pages_read
{
	my ($crawl) = @_;
	return sql("SELECT sum(pages) FROM ghcrawl.partitions WHERE crawl = $crawl");
}

sub start_as_keeper
{
	my ($database) = @_;
	return $database->safe_psql('postgres',
		"SET ROLE keeper; SELECT ghcrawl_start('$selection', 'mine')");
}

my $first = start_as_keeper($node);
crawl_ends($node, $first);
my $undisturbed = pages_read($first);
sql('TRUNCATE github.repository');

my $crawl = start_as_keeper($node);
my @dumps;
# however long a dump takes, the crawl is far from its end
for my $i (1 .. $n_dumps)
{
	my $format = (qw(p c d))[ $i % 3 ];
	my $file = "$folder/$i.$format";
	my $from = 300 * ($i - 1);

	$sim->post('/_sim/settings', { latency => 200 });
	wait_for($node, "SELECT stored >= $from FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
	$sim->post('/_sim/settings', { latency => 5000 });
	$node->command_ok(
		[ 'pg_dump', '-F', $format, $format eq 'd' ? ('-j', 2) : (), '-Z', 0,
			'-f', $file, '-d', $node->connstr('postgres') ],
		"dump $i, format $format");
	push @dumps, { number => $i, format => $format, file => $file };
}
is(crawl_column($node, $crawl, 'state'), 'running', 'all were made in mid-crawl');
$sim->post('/_sim/settings', { latency => 5 });
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'the original');
nothing_is_left($node, 'the original');
is(pages_read($crawl), $undisturbed, 'dumps made no page be read again');
is(sql(qq{SELECT stored, inserted, updated, tasks = tasks_ended,
	(SELECT count(*) FROM ghcrawl.errors WHERE crawl = $crawl AND class <> 'value')
	FROM ghcrawl.crawls WHERE crawl = $crawl}),
	'8000|8000|0|t|0', 'the original was not disturbed by dumps');

# no secret, in whatever way a dump is asked for
for my $table (qw(token budget worker))
{
	$node->command_ok([ 'pg_dump', '-t', "ghcrawl.$table", '-f', "$folder/$table.sql",
			'-d', $node->connstr('postgres') ], "a dump of ghcrawl.$table alone");
}
$node->command_ok([ 'pg_dumpall', '-f', "$folder/all.sql", '-d', $node->connstr('postgres') ],
	'a dump of the whole cluster');
my @secrets = split /\n/, sql('SELECT secret FROM ghcrawl.token');
is(scalar(@secrets), $users, 'there are secrets to look for');
my ($leaks) = run_command([ 'grep', '-rlaF', (map { ('-e', $_) } @secrets), $folder ]);
is($leaks, '', 'no dump holds one');
my ($found) = run_command([ 'grep', '-rlaF', '-e', 'CREATE TABLE github.repository', $folder ]);
is(scalar(split /\n/, $found), $n_dumps + 1, 'where the search finds what is there')
  or diag($found);

# ---------------------------------------------------------------------------
# each goes on by itself
# ---------------------------------------------------------------------------

sub restore
{
	my ($database, $dump) = @_;
	my @to = ('-d', $database->connstr);

	return [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', @to, '-f', $dump->{file} ]
	  if $dump->{format} eq 'p';
	return [ 'pg_restore', '--exit-on-error', @to,
		$dump->{format} eq 'd' ? ('-j', 2) : ('--single-transaction'), $dump->{file} ];
}

# in another server, which gets the roles the way pg_dumpall tells them
$node->command_ok([ 'pg_dumpall', '--roles-only', '-f', "$folder/roles", '-d', $node->connstr('postgres') ],
	'roles are dumped');
$other->psql('postgres', slurp_file("$folder/roles"), on_error_stop => 0);

my $claims = 0;
for my $dump (@dumps)
{
	my $name = "copy $dump->{number}, format $dump->{format}";
	my $copy = GhcDatabase->create($other, "copy$dump->{number}");
	$node->command_ok(restore($copy, $dump), "$name: restored");
	$dump->{copy} = $copy;
	$dump->{name} = $name;
	($dump->{stored}, $dump->{requests}, my $state, my $claimed, my $workers, $dump->{pages},
		$dump->{last}) =
	  split /\|/, $copy->safe_psql('postgres', qq{SELECT stored, requests, state,
		(SELECT count(*) FROM ghcrawl.claim), (SELECT count(*) FROM ghcrawl.workers),
		(SELECT sum(pages) FROM ghcrawl.task WHERE crawl_id = $crawl AND state <> ALL ('{ready,claimed}')),
		(SELECT max(task_id) FROM ghcrawl.task)
		FROM ghcrawl.crawls WHERE crawl = $crawl});
	is("$state $workers", 'running 0', "$name: the crawl is there, a worker is not");
	is($copy->safe_psql('postgres', q{SELECT count(*) FROM ghcrawl.token}), '0', "$name: nor a token");
	my $rows = $copy->safe_psql('postgres', q{SELECT count(*) FROM github.repository});
	# the first page of a range that is to be cut is there before it counts
	ok($rows == $dump->{stored} || ($rows == 100 && $dump->{stored} == 0),
		"$name: as many rows as the crawl says: $rows, $dump->{stored}");
	$claims += $claimed;
}
cmp_ok($claims, '>', 0, "claims came along: $claims");
is(scalar(grep { $_->{stored} > 0 && $_->{stored} < 8000 } @dumps) >= $n_dumps - 2, 1,
	'dumps are of the midst of the crawl: ' . join ' ', map { $_->{stored} } @dumps);

$sim->post('/_sim/counters/reset');
my $requests = 0;
for my $dump (@dumps)
{
	my ($copy, $name) = @{$dump}{qw(copy name)};

	add_tokens($copy, $sim->tokens);
	is($copy->safe_psql('postgres', 'SET ROLE keeper; SELECT ghcrawl_ensure_workers()'),
		'2', "$name: workers are started");
	crawl_ends($copy, $crawl);
	ids_are_exact($copy, $sim, $selection, $name);
	nothing_is_left($copy, $name);

	my ($spent, $stored, $tree) = split /\|/, $copy->safe_psql('postgres', qq{
		SELECT requests - $dump->{requests}, stored || ' ' || inserted || ' ' || gaps,
		tasks = tasks_ended AND tasks = (SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl)
		AND NOT EXISTS (SELECT FROM ghcrawl.task WHERE crawl_id = $crawl AND state IN ('ready', 'claimed'))
		FROM ghcrawl.crawls WHERE crawl = $crawl});
	is("$stored $tree", '8000 8000 0 t', "$name: counted right, all ranges ended");
	# what is done has cost its pages; the rest is read from its beginning, and
	# what was counted before the first page is counted once more
	cmp_ok($spent, '<=', 1.05 * $undisturbed + 5 - $dump->{pages},
		"$name: only ranges open in the dump are read: $spent requests of $undisturbed");
	$requests += $spent;
}
# and what was on its way for tasks that were given back meanwhile
cmp_ok($sim->counters->{requests}, '<=', $requests + $n_dumps * ($users + 2),
	'GitHub counts the same, but for asking whose the tokens are');

# ids go on, and the crawl is steered by its owner
for my $dump (@dumps[ 0, -1 ])
{
	my $copy = $dump->{copy};
	my $next = $copy->safe_psql('postgres', "SET ROLE keeper; SELECT ghcrawl_start('stars:>=3', 'mine')");
	cmp_ok($next, '>', $crawl, "$dump->{name}: the next crawl has an id of its own");
	crawl_ends($copy, $next);
	is($copy->safe_psql('postgres', "SELECT min(task_id) > $dump->{last} FROM ghcrawl.task WHERE crawl_id = $next"),
		't', "$dump->{name}: so have its tasks");
	is($copy->safe_psql('postgres', "SELECT stored, inserted FROM ghcrawl.crawls WHERE crawl = $next"),
		$sim->count('stars:>=3') . '|0', "$dump->{name}: and it is complete");
}

# ---------------------------------------------------------------------------
# parts of a dump
# ---------------------------------------------------------------------------

my ($custom) = grep { $_->{format} eq 'c' && $_->{stored} > 0 } @dumps;

# into another database of the same server; first what is made, then what is in it
my $copy = GhcDatabase->create($node, 'parts');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $copy->connstr, $_, $custom->{file} ],
	"restored: $_") for '--schema-only', '--data-only';
add_tokens($copy, $sim->tokens);
$copy->safe_psql('postgres', 'SELECT ghcrawl_ensure_workers()');
crawl_ends($copy, $crawl);
ids_are_exact($copy, $sim, $selection, 'schema and data one after the other');

# without privileges the owner of the data may not be handed rows
for my $is_mended (0, 1)
{
	my $name = 'without privileges' . ($is_mended ? ', granted again' : '');
	$copy = GhcDatabase->create($node, "rights$is_mended");
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-x', '-d', $copy->connstr, $custom->{file} ],
		"$name: restored");
	add_tokens($copy, $sim->tokens);
	# a column with a default has rows go in by SQL
	$copy->safe_psql('postgres', 'ALTER TABLE github.repository ADD own int DEFAULT 1');
	$copy->safe_psql('postgres', 'SELECT ghcrawl_create_tables()') if $is_mended;
	$copy->safe_psql('postgres', 'SELECT ghcrawl_ensure_workers()');
	crawl_ends($copy, $crawl, $is_mended ? 'done' : 'failed');
	like(crawl_column($copy, $crawl, 'reason'), qr/permission denied/, "$name: and it says why") if !$is_mended;
}
ids_are_exact($copy, $sim, $selection, 'without privileges, granted again');

# A worker that comes upon a dump that is restored by half must not say that
# the crawl is done.
$copy = GhcDatabase->create($node, 'half');
my ($list) = run_command([ 'pg_restore', '--list', $custom->{file} ]);
my (@late, @early);
push @{ / TABLE DATA ghcrawl (?:queue|claim|task) / ? \@late : \@early }, "$_\n"
  for split /\n/, $list;
is(scalar(@late), 3, 'the list has queue, claims and tasks');
append_to_file("$folder/early", join '', @early);
append_to_file("$folder/late$_", $late[$_]) for 0 .. 2;
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $copy->connstr,
		'-L', "$folder/early", $custom->{file} ], 'restored but for queue, claims and tasks');
for my $i (0 .. 2)
{
	is($copy->safe_psql('postgres', 'SELECT ghcrawl_ensure_workers()'), $i ? '0' : '2',
		'workers run in the middle of it');
	my $now = sql('SELECT clock_timestamp()');
	wait_for($copy, "SELECT count(*) FILTER (WHERE query_start > '$now') " . WORKERS, '2');
	is(crawl_column($copy, $crawl, 'state'), 'running', 'and do not think that all is done');
	$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $copy->connstr,
			'-L', "$folder/late$i", $custom->{file} ], "restored: $late[$i]");
}
add_tokens($copy, $sim->tokens);
crawl_ends($copy, $crawl);
ids_are_exact($copy, $sim, $selection, 'half a dump, then the rest');

# only the data, into a database that has never heard of the extension
$copy = GhcDatabase->create($node, 'bare');
$node->command_ok([ 'pg_dump', '-Fc', '--schema=github', '-f', "$folder/github",
		'-d', $custom->{copy}->connstr ], 'the data schema alone is dumped');
$node->command_ok([ 'pg_restore', '--exit-on-error', '-d', $copy->connstr, "$folder/github" ],
	'and restored where there is no extension');
install_into($copy);
is($copy->safe_psql('postgres', "SELECT ghcrawl_create_tables()"), 'github', 'CREATE EXTENSION finds it');
my $again = $copy->safe_psql('postgres', "SELECT ghcrawl_start('$selection', 'stars')");
crawl_ends($copy, $again);
is($copy->safe_psql('postgres', "SELECT stored, inserted FROM ghcrawl.crawls WHERE crawl = $again"),
	'8000|0', 'what is stored is not stored again');

sub install_into
{
	my ($database) = @_;

	$database->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');
	add_tokens($database, $sim->tokens);
	return;
}

# ---------------------------------------------------------------------------
# without a superuser
# ---------------------------------------------------------------------------

$copy = GhcDatabase->create($node, 'kept', 'keeper');
$node->command_fails_like(
	[ 'pg_restore', '--exit-on-error', '--no-owner', '-U', 'keeper', '-d', $copy->connstr, $custom->{file} ],
	qr/permission denied to create extension "ghcrawl"\nHINT:  Must be superuser/,
	'an owner of a database can not restore the extension');
install_into($copy);
like(complaint($copy, 'SET ROLE keeper; COPY ghcrawl.crawl FROM STDIN'),
	qr/ERROR:  42501: permission denied for table crawl/, 'nor the crawls, if it is there');
$copy->safe_psql('postgres', 'SET ROLE keeper; CREATE SCHEMA github');
$node->command_ok(
	[ 'pg_restore', '--exit-on-error', '--no-owner', '-U', 'keeper', '--schema=github', '-d', $copy->connstr, $custom->{file} ],
	'but the data');
$again = $copy->safe_psql('postgres', q{SET ROLE keeper;
	SELECT ghcrawl_create_tables() IS NULL; SELECT ghcrawl_start('stars:>=0 fork:true', 'flat')});
$again =~ s/^f\n//;
crawl_ends($copy, $again);
ids_are_exact($copy, $sim, $selection, 'restored by an ordinary role, started anew');
is($copy->safe_psql('postgres', "SELECT inserted FROM ghcrawl.crawls WHERE crawl = $again"),
	8000 - $custom->{stored}, 'what was in the dump is not stored again');

done_testing();
