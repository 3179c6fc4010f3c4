# Names that want to be more than names: in selections, profiles, tokens,
# schemas, roles, databases, and in what GitHub says.  Each arrives where it belongs
# as it was given, or is refused; none is run.  Whatever composes SQL is called
# where the names are of that kind, also SQL that is only shown, to be copied.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcRoles;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 400, users => 1, latency => 0, limits => 'wide',
	rest_requests => 1_000_000, rest_minute_points => 1_000_000);

# a library whose path has a quote
chomp(my $pkglibdir = qx($ENV{PG_CONFIG} --pkglibdir));
my $folder = PostgreSQL::Test::Utils::tempdir();
symlink("$pkglibdir/auto_explain.so", "$folder/it's.so") or die $!;
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	"shared_preload_libraries = '$folder/it''s.so'");
my ($token) = $sim->tokens;

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub identifier { return '"' . ($_[0] =~ s/"/""/gr) . '"' }

sub literal { my ($text) = @_; $text =~ s/'/''/g; $text =~ s/\\/\\\\/g; return "E'$text'" }

# what each name tries
my @NAMES = (
	q{x'; DROP TABLE victim; --}, q{x"; DROP TABLE victim; --}, q{x$$; DROP TABLE victim; $$}, q{x\\'; DROP TABLE victim; --},
	q{x; DROP TABLE victim}, q{"}, q{'}, q{\\}, q{%s%n%x}, q{$1}, q{/* }, q{--}, "a\nb", "a\tb", "a\r\nb", "\x{1b}[2J",
	"caf\x{e9}", "\x{202e}evil", "\x{1f600}", 'select', 'Mixed Case', 'x.y', 'x' x 63, 'y' x 200);
utf8::encode($_) for @NAMES;

my $names = 'ARRAY[' . join(', ', map { literal($_) } @NAMES) . ']';
make_roles($node);
sql('CREATE TABLE victim ()');

sub victim_is_there
{
	my ($name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sql("SELECT to_regclass('victim')"), 'victim', "$name: the victim is there");
	is(sql('SELECT count(*) FROM pg_roles WHERE rolsuper'), '1', "$name: one superuser");
	unlike(slurp_file($node->logfile), qr/was terminated by signal/, "$name: nobody crashed");
	return;
}

# ---------------------------------------------------------------------------
# names of tokens
# ---------------------------------------------------------------------------

for my $i (0 .. $#NAMES)
{
	my $name = literal($NAMES[$i]);
	my $added = error_of($node, "SELECT ghcrawl_add_token($name, '$token'); SELECT ghcrawl_set_limits($name, 1)");
	like($added, qr/not known yet whose token/, "token " . ($NAMES[$i] =~ s/[^ -~]/?/gr));
}
is(sql('SELECT count(DISTINCT name) FROM ghcrawl.tokens'), scalar @NAMES, 'each is a token');
for my $name (map { literal($_) } @NAMES)
{
	sql("SELECT ghcrawl_remove_token($name)");
}
is(sql('SELECT count(*) FROM ghcrawl.tokens'), '0', 'and was removed by its name');
victim_is_there('tokens');

# ---------------------------------------------------------------------------
# schemas and their owners
# ---------------------------------------------------------------------------

# one host for each: the address is another, the simulator isn't asked
for my $i (0 .. $#NAMES)
{
	my ($name, $parts) = (literal($NAMES[$i]), $i % 3);
	my $owner = $i % 2 ? '' : "CREATE ROLE :\"n\" SUPERUSER LOGIN; SET ROLE :\"n\";";
	my ($code, $out, $err) = $node->psql('postgres', <<"SQL", on_error_stop => 1);
SELECT $name AS n \\gset
SET client_min_messages = error;
BEGIN;
SET LOCAL ghcrawl.api_url = 'https://host$i.example';
$owner
SELECT ghcrawl_create_tables(:'n', $parts) = left(:'n', 63)::name;
SELECT count(*) > 8 FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = :'n'::name) AND relkind IN ('r', 'p', 'v');
SELECT count(*) > 5 FROM (SELECT ghcrawl_index_statements('{stars,topics,history,key,created_at}')) x;
SELECT replace(s, ' CONCURRENTLY', '') FROM ghcrawl_index_statements('{stars,topics,history,created_at}') s \\gexec
DROP TABLE :"n".repository_absence, :"n".tombstone, :"n".repository_popular, :"n".repository_look, :"n".repository_star_history CASCADE;
SELECT ghcrawl_create_tables(:'n', 0) = left(:'n', 63)::name;
SELECT count(*) FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = :'n'::name) AND relname IN
	('repository_absence', 'tombstone', 'repository_popular', 'repository_look', 'repository_star_history', 'popular', 'names', 'repository_state', 'star_weeks');
ROLLBACK;
SQL
	is("$code $out", "0 t\nt\nt\nt\n9", 'schema ' . ($NAMES[$i] =~ s/[^ -~]/?/gr)) or diag($err);
}
for my $schema (qw(pg_catalog information_schema ghcrawl public pg_toast pg_evil))
{
	my $refusal = error_of($node, "SET ROLE deputy; SELECT ghcrawl_create_tables('$schema')");
	like($refusal, qr/ERROR:  (42P06|42501|42939)/, "no tables in $schema");
}
as($node, 'postgres', "LOAD 'ghcrawl'; SET ghcrawl.api_url = 'https://host.example/it''s'", qr/ERROR:  22023: .*a host with an optional port and path, nothing else/s);
is(sql("SELECT count(*) FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public', 'ghcrawl')"),
	'0', 'nothing is left');
victim_is_there('schemas');

# a crawl into the worst of them, by the worst of owners
my $owner = q{x'; DROP TABLE victim; --};
my $evil = q{x"'$$ $1 %s%n \\ ; DROP TABLE victim; --};
my $schema = identifier($evil);
sub his { return as($node, $owner, @_) }
sql('CREATE ROLE ' . identifier($owner) . ' LOGIN IN ROLE ghcrawl_admin; GRANT CREATE ON DATABASE postgres TO ' . identifier($owner));
add_tokens($node, $token);
his('SELECT ghcrawl_create_tables(' . literal($evil) . ')');
my $crawl = his(q{SELECT ghcrawl_start('stars:>=0', 'flat')});
crawl_ends($node, $crawl);
is(sql("SELECT count(*) FROM $schema.repositories"), $sim->count('stars:>=0'), 'a crawl into it is whole');
is(sql(q{SELECT count(*) FROM ghcrawl.errors}), '0', 'without an error');

# its history's old months are dropped by their names
his(<<"SQL");
SET search_path = $schema;
CREATE TABLE repository_history_2001_02 PARTITION OF repository_history FOR VALUES FROM ('2001-02-01 00:00:00+00') TO ('2001-03-01 00:00:00+00')
SQL
$node->append_conf('postgresql.conf', "ghcrawl.history_retention = '30d'");
$node->reload;
crawl_ends($node, his(q{SELECT ghcrawl_start('stars:>=1', 'flat')}));
is(sql(q{SELECT count(*) FROM pg_class WHERE relname = 'repository_history_2001_02'}), '0', 'an old month of it is forgotten');
victim_is_there('a crawl');

# ---------------------------------------------------------------------------
# what else works in that schema
# ---------------------------------------------------------------------------

# What a hint says is to be called; it ends with a line.
sub hinted { return error_of($node, $_[0]) =~ /^HINT:  .*?\b(ghcrawl_create_tables\(.*\))/m ? $1 : 'no hint' }

# walks, one of them through ids that the tables have, and lists
my $last = sql("SELECT max(repo_id) FROM $schema.repository");
for my $walk ('ids:1..' . int($last / 2), "ids:1..$last")
{
	crawl_ends($node, $crawl = his("SELECT ghcrawl_start('$walk', 'flat')"));
	is(crawl_column($node, $crawl, 'gaps'), '0', "a walk: $walk");
}
my $all = sql("SELECT count(*) FROM $schema.repository");
is(sql("SELECT (SELECT count(*) FROM $schema.popular) = (SELECT count(*) FROM $schema.repositories WHERE stars >= 100)"), 't', 'the popular ones');
my @ids = split /\n/, sql("SELECT repo_id FROM $schema.repository WHERE stars >= 10 ORDER BY stars DESC, repo_id LIMIT 10");
my ($name, $other, $third) = map { sql("SELECT name_with_owner FROM $schema.repository WHERE repo_id = $_") } @ids;
my $source = literal(q{it's "$1" %s; DROP TABLE victim; --});
$crawl = his("SELECT ghcrawl_add_repositories(ARRAY['$ids[0]', '$other'], source => $source)");
crawl_ends($node, $crawl);
is(sql("SELECT count(*) FROM ghcrawl.wanted WHERE crawl = $crawl AND source = $source AND state = 'found'"), '2', 'a list');
his("INSERT INTO ghcrawl.wanted (repository, source) VALUES ('$third', $source || '2')");
crawl_ends($node, sql('SELECT max(crawl) FROM ghcrawl.crawls'));
is(sql("SELECT state FROM ghcrawl.wanted WHERE source = $source || '2'"), 'found', 'and one by INSERT');
like(error_of($node, "SELECT ghcrawl_add_repositories($names)"), qr/22023: .* name no repository/, 'a list of names');

# names
is(his("SELECT repo_id FROM ghcrawl_find('$name')"), $ids[0], 'a name is found');
is(his("SELECT repo_id FROM ghcrawl_find('$name', now())"), $ids[0], 'at a moment');
is(his("SELECT count(f) FROM unnest($names) n, ghcrawl_find(n) f"), '0', 'others are nobody\'s');

# refreshes, with a hint
is(his('SELECT ghcrawl_refresh()'), '', 'all is fresh');
sql(<<"SQL");
UPDATE $schema.repository SET changed_at = changed_at - interval '200 days';
UPDATE $schema.repository_look SET looked_at = looked_at - 200 * 86400;
UPDATE ghcrawl.refresh_block SET looked_at = looked_at - interval '200 days', then_at = then_at - interval '200 days';
UPDATE ghcrawl.crawl SET created_at = created_at - interval '200 days';
UPDATE ghcrawl.walked SET walked_at = walked_at - interval '200 days';
SQL
my $file = "$folder/it's \"\$1\" %s; DROP TABLE victim; --.json";
append_to_file($file, qq({"id":"1","type":"WatchEvent","actor":{"id":7,"login":"x'; --"},"repo":{"id":$ids[0],"name":"x'; DROP TABLE victim; --"},)
	  . '"payload":{},"public":true,"created_at":"' . sql(q{SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')}) . qq("}\n));
is(sql('SELECT state, hinted FROM ghcrawl_read_archive_file(' . literal($file) . ')'), 'read|1', 'an archive is read');
$crawl = his('SELECT ghcrawl_refresh()');
crawl_ends($node, $crawl);
is(crawl_column($node, $crawl, 'stored'), $all, 'what is old is refreshed');
is(his('SELECT sum(repositories) FROM ghcrawl.freshness'), $all, 'and measured');

# star histories
crawl_ends($node, his("SELECT ghcrawl_backfill_stars('{$ids[0],$ids[1]}'::bigint[])"));
crawl_ends($node, his("SELECT ghcrawl_backfill_stars('$third')"));
is(sql("SELECT count(DISTINCT repo_id) FROM $schema.star_weeks"), '3', 'star histories');
sql("UPDATE $schema.repository_star_history SET read_at = read_at - interval '30 days', days = days[:cardinality(days) - 28]");
crawl_ends($node, his("SELECT ghcrawl_backfill_stars('$third')"));
is(sql("SELECT count(*) FROM $schema.repository_star_history WHERE read_at > now() - interval '1 day'"), '1', 'one is read on');

# the past
is(his("SELECT count(*) > 0 FROM ghcrawl_stars('$third')"), 't', 'stars of one, by days');
like(error_of($node, "SELECT ghcrawl_stars($ids[3], '2010-01-01')"), qr/NOTICE: .*of days before the first look/, 'of another, whose history is not stored');
is(his('SELECT count(*) FROM ghcrawl_at(now())'), $all, 'all of them as they were');
is(his(q{SELECT count(*) FROM ghcrawl_star_changes(now() - interval '1 second')}), '0', 'nobody gained stars');
is(his("SELECT count(*) >= 0 FROM $_"), 't', "the past: $_")
  for "$schema.rising", "$schema.falling", "$schema.star_weeks";

# indexes, also of a partition with a name of its kind, and in place of one that is broken
my $part = identifier(q{p"'; DROP TABLE victim; --});
his("CREATE TABLE $schema.$part PARTITION OF $schema.repository_history FOR VALUES FROM ('2001-03-01') TO ('2001-04-01')");
my $wanted = '{key,names,history,stars,forks,language,license,owner_id,parent_id,name_with_owner,created_at,pushed_at,updated_at,topics,languages}';
his("SELECT ghcrawl_index_statements('$wanted') \\gexec");
sql('UPDATE pg_index SET indisvalid = false WHERE indexrelid = ' . literal("$schema.repository_stars_idx") . '::regclass');
is(his("SELECT count(*) FROM ghcrawl_index_statements('$wanted') s"), '3', 'indexes: one is broken');
his("SELECT ghcrawl_index_statements('$wanted') \\gexec");
is(his("SELECT string_agg(s, '; ') FROM ghcrawl_index_statements('$wanted') s"), "REINDEX INDEX CONCURRENTLY $schema.repository_pkey", 'indexes: all are there');
is(sql('SELECT count(*) FROM pg_index WHERE indisvalid AND indrelid = ' . literal("$schema.$part") . '::regclass'), '4', 'indexes: of the partition, too');

# forgetting, of a table with a name of its kind, too
my $table = q{repository"; DROP TABLE victim; --};
my $reason = literal(q{it's "$1" %s; DROP TABLE victim; --});
his("CREATE TABLE $schema." . identifier($table) . " AS SELECT $ids[0]::bigint AS repo_id");
is(his("SELECT n FROM ghcrawl_forget('$name', $reason) WHERE erased_from = " . literal($table)), '1', 'forgotten, from each table');
my ($whose, $n_his) = split /\|/, sql("SELECT owner_id, count(*) FROM $schema.repository WHERE repo_id <> $ids[0] GROUP BY owner_id ORDER BY owner_id LIMIT 1");
is(his("SELECT n FROM ghcrawl_forget_owner($whose, $reason) WHERE erased_from = 'repository'"), $n_his, 'an owner, too');
is(sql("SELECT count(*) FROM $schema.tombstone WHERE reason = $reason"), 2 + $n_his, 'for the reason that was given');
for my $call ("ghcrawl_forget('a/' || n)", 'ghcrawl_forget_owner(n)')
{
	his(<<"SQL");
DO \$body\$
DECLARE n text;
BEGIN
	FOREACH n IN ARRAY $names LOOP
		BEGIN
			PERFORM $call;
			RAISE 'something was forgotten: %', n;
		EXCEPTION WHEN undefined_object OR invalid_parameter_value THEN
		END;
	END LOOP;
END \$body\$
SQL
}
crawl_ends($node, his(q{SELECT ghcrawl_start('stars:>=0', 'stars')}));
is(sql("SELECT count(*) FROM $schema.repository WHERE repo_id = $ids[0] OR owner_id = $whose"), '0', 'nor is it stored again');

# what hints say can be called
my $refused = hinted("BEGIN; DROP TABLE $schema.tombstone; SELECT ghcrawl_forget(1); ROLLBACK");
is(his("SELECT $refused"), $evil, "a hint: $refused");
$refused = hinted("BEGIN; DROP TABLE $schema.repository_star_history CASCADE; SELECT ghcrawl_stars($ids[3]); ROLLBACK");
is(his("SELECT $refused"), $evil, "another: $refused");
sql('GRANT USAGE ON SCHEMA ' . "$schema TO deputy");
$refused = hinted('SET ROLE deputy; SELECT ghcrawl_create_tables(' . literal($evil) . ')');
is(his("SELECT $refused"), $evil, "another: $refused");
victim_is_there('all else');

# ---------------------------------------------------------------------------
# selections
# ---------------------------------------------------------------------------

# words that would end the GraphQL string, the query, or the JSON around them
my $asked = $sim->counters->{graphql}{documents};
my @selections = (
	q~"\") { nodes { id } } } mutation { x } #"~, q~topic:x"){repositoryCount}} #~, q~x\u0022){id}}}~, '\\', 'x\\"',
	"x\n} mutation{x}", q~{"query":"mutation{x}"}~, q~${jndi:ldap://evil}~, q~#~, q~"""~, q~topic:"a b" x:'); DROP TABLE victim; --'~);
for my $selection (@selections)
{
	my (undef, $id, $err) = $node->psql('postgres', 'SELECT ghcrawl_start(' . literal($selection) . q{, 'stars')});
	if ($id =~ /^\d+$/)
	{
		wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $id", qr/^(done|failed)/, 30);
		unlike(crawl_column($node, $id, "coalesce(reason, '')"), qr/[Ss]yntax|[Uu]nexpected/, "is a search: $selection");
	}
	else
	{
		like($err, qr/ERROR/, "is refused: $selection");
	}
}
my @queries = map { $_->{query} // '' } @{ $sim->json('/_sim/requests?last=1000') };
cmp_ok(scalar @queries, '>', 3, 'some were asked');

# outside of strings there is nothing of theirs
(my $outside = join "\n", @queries) =~ s/"(?:[^"\\]|\\.)*"/""/gs;
unlike($outside, qr/mutation|victim|jndi|#/, 'and never more than a string of it');
victim_is_there('selections');

# ---------------------------------------------------------------------------
# profiles: an administrator's GraphQL
# ---------------------------------------------------------------------------

my %extras = (
	closing => q~id} mutation m{__typename} fragment x on Repository{id~,
	second => q~id} query q{viewer{login}} fragment x on Repository{id~,
	mutation => qq~id}\nmutation{__typename}\n#~,
	json => q~id"},"query":"mutation{x}","x":{"y":"z~,
	control => "id \x01",
	comment => 'watchers{totalCount} # }');
for my $name (sort keys %extras)
{
	as($node, 'deputy', "INSERT INTO ghcrawl.profile VALUES ('$name', '{repo_id,name_with_owner}', " . literal($extras{$name}) . ')');
	$crawl = as($node, 'deputy', "SELECT ghcrawl_start('stars:>=1', '$name')");
	crawl_ends($node, $crawl, $name eq 'comment' ? 'done' : 'failed');
}
is(sql(q{SELECT string_agg(DISTINCT class, ' ') FROM ghcrawl.errors WHERE crawl = ANY (SELECT crawl FROM ghcrawl.crawls WHERE state = 'failed' AND profile <> 'stars')}),
	'bad_query', 'GitHub refused them as a whole: a document with a nameless query has no other operation');
note(sql(q{SELECT profile, reason FROM ghcrawl.crawls WHERE state = 'failed'}));

# columns are taken by their names only
as($node, 'deputy', q{INSERT INTO ghcrawl.profile VALUES ('columns', ARRAY['repo_id', 'name_with_owner', 'stars; DROP TABLE victim'])});
as($node, 'deputy', q{SELECT ghcrawl_start('stars:>=1', 'columns')}, qr/ERROR:  42703: .*does not exist/);
as($node, 'deputy', q{INSERT INTO ghcrawl.profile VALUES ('nested', '{{repo_id,name_with_owner},{stars,forks}}')}, qr/ERROR/);
as($node, 'deputy', q{UPDATE ghcrawl.profile SET columns = '{{repo_id,name_with_owner}}' WHERE name = 'flat'}, qr/ERROR/);
as($node, 'deputy', q{INSERT INTO ghcrawl.profile VALUES ('it''s', '{repo_id,name_with_owner}')});
as($node, 'deputy', q{SELECT ghcrawl_start('stars:>=1', 'x''; DROP TABLE victim; --')}, qr/ERROR:  22023: profile.*HINT:  Use one of .*, 'it''s', /s);
for my $id ("1; DROP TABLE victim", "1'", '../../user', "1\n2", '1?x=', '1/../2')
{
	like(error_of($node, 'SELECT ghcrawl_add_app(\'a\', ' . literal($id) . ", '/x')"), qr/ERROR:  22023: an App's id/, "an App's id");
	like(error_of($node, "SELECT ghcrawl_add_app('a', '1', '/x', " . literal($id) . ')'), qr/ERROR:  22023: installation/, 'an installation');
}
victim_is_there('profiles');

# ---------------------------------------------------------------------------
# a database, a schema for the functions, and a role that default privileges favour
# ---------------------------------------------------------------------------

my $database = q{x'"; DROP TABLE victim; --};
my $home = identifier('x; DROP TABLE victim; %s');
my $favourite = identifier(q{x"'; DROP TABLE victim; -- favourite});
sql("CREATE ROLE $favourite");
sql('CREATE DATABASE ' . identifier($database));
$node->safe_psql($database, <<"SQL");
CREATE TABLE victim ();
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO $favourite;
CREATE SCHEMA $home;
GRANT USAGE ON SCHEMA $home TO PUBLIC;
CREATE EXTENSION ghcrawl SCHEMA $home;
SQL
is($node->safe_psql($database, 'SELECT count(*) FROM information_schema.table_privileges'
		. q{ WHERE table_schema = 'ghcrawl' AND grantee ~ 'favourite'}), '0', 'a favourite of default privileges gets nothing');
is($node->safe_psql($database, "SELECT to_regclass('victim')"), 'victim', 'the victim is there');

# ---------------------------------------------------------------------------
# schedules: hints that lead to pg_cron, and statements for its database
# ---------------------------------------------------------------------------

chomp(my $share = qx($ENV{PG_CONFIG} --sharedir));
if (-e "$share/extension/pg_cron.control")
{
	my $sleeper = identifier(q{x"'; DROP TABLE victim; -- sleeper});
	my $his_name = identifier($owner);

	# What is said to whom, of a schedule in a database.
	my $hint = sub {
		my ($place, $role, $call) = @_;
		my (undef, undef, $err) = $node->psql($place, "SET ROLE $role; SET search_path = public, $home; SELECT $call", extra_params => [ '-v', 'VERBOSITY=verbose' ]);
		return $err =~ /^HINT:  (.*?)^LOCATION/ms ? $1 : "no hint: $err";
	};
	my $schedule = 'ghcrawl_schedule(' . literal(q{it's "$1"}) . q{, '1 2 3 4 *', } . literal(q{SELECT 'it''s \ $1 %s'}) . ')';
	sql("CREATE ROLE $sleeper IN ROLE ghcrawl_admin");

	# step by step, as the hint says
	my @steps = grep { /;$/ } map { s/^Restart the server, and then: //r } split /\n/, $hint->($database, $his_name, $schedule);
	is(scalar @steps, 4, 'pg_cron: steps');
	$node->safe_psql($database, $_) for @steps[ 0 .. 2 ];
	is(sql(q{SELECT setting FROM pg_file_settings WHERE name = 'cron.database_name'}), $database, 'pg_cron: of the database');
	sql(q{SET cron.database_name = 'postgres'; ALTER SYSTEM SET cron.database_name = 'postgres'});
	$node->restart;
	is(sql('SHOW shared_preload_libraries'), qq{"$folder/it's.so", pg_cron}, 'pg_cron: behind the other library');
	sql($steps[3]);

	like(my $step = $hint->('postgres', $his_name, $schedule), qr/GRANT USAGE/, 'pg_cron: rights');
	sql($step =~ s/^As a superuser: //r);
	sql("GRANT USAGE ON SCHEMA cron TO $sleeper");
	like($step = $hint->('postgres', $sleeper, $schedule), qr/^ALTER ROLE .* LOGIN, or/, 'pg_cron: a role that may not log in');
	sql($step =~ s/, or .*//sr);

	# from another database
	($step) = $hint->($database, $his_name, $schedule) =~ /^(SELECT cron.*)/ms;
	sql($step);
	is(sql('SELECT jobname, schedule, command, database, username FROM cron.job'),
		qq{ghcrawl:$database:it's "\$1"|1 2 3 4 *|SELECT 'it''s \\ \$1 %s'|$database|$owner}, 'pg_cron: the job is as it was wanted');
	like($hint->($database, $his_name, q{ghcrawl_schedule('x', '* * * * *''; DROP TABLE victim; --', 'SELECT 1')}),
		qr/^SELECT cron.*, '\* \* \* \* \*''; DROP TABLE victim; --', 'SELECT 1', /m, 'pg_cron: a time is one text, too');
	($step) = $hint->($database, $his_name, 'ghcrawl_unschedule(' . literal(q{it's "$1"}) . ')') =~ /^(SELECT cron.*)/ms;
	sql($step);
	is(sql('SELECT count(*) FROM cron.job'), '0', 'pg_cron: and removed');
	victim_is_there('schedules');
}

done_testing();
