# Who reaches what, by the catalog: everything the extension makes is refused to
# whoever has no role, whatever default privileges there are; readers write and
# call nothing; administrators see no secret.  And nothing that was put where the
# extension is created in gets into its views.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcRoles;
use Test::More;

my $node = new_node('main', "ghcrawl.api_url = 'http://127.0.0.1:9'");
my $secret = 'ghp_' . 'Marker0Of0A0Token0' x 2;

sub sql { return $node->safe_psql('postgres', $_[0]) }

# everything the extension made, as (kind, name, columns), with its row types
my $MEMBERS = <<'SQL';
SELECT CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind, c.oid::regclass::text AS name, c.oid
FROM pg_class c WHERE c.relnamespace = 'ghcrawl'::regnamespace AND c.relkind IN ('r', 'v', 'S', 'm', 'p', 'f')
UNION ALL
SELECT 'function', p.oid::regprocedure::text, p.oid FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ghcrawl'
UNION ALL
SELECT 'schema', nspname, oid FROM pg_namespace WHERE nspname = 'ghcrawl'
SQL

# What a role may do: lines "name: privilege …" of what it has any on.
sub rights_of
{
	my ($role) = @_;
	return sql(<<"SQL");
WITH m AS ($MEMBERS),
p AS (SELECT kind, name, unnest(CASE kind WHEN 'table' THEN '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]
		WHEN 'sequence' THEN '{USAGE,SELECT,UPDATE}' WHEN 'schema' THEN '{USAGE,CREATE}' ELSE '{EXECUTE}' END) AS right, oid FROM m)
SELECT name || ': ' || string_agg("right", ' ' ORDER BY "right") FROM p
WHERE CASE kind WHEN 'table' THEN has_table_privilege('$role', oid, "right")
	OR ("right" IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') AND has_any_column_privilege('$role', oid, "right"))
	WHEN 'sequence' THEN has_sequence_privilege('$role', oid, "right")
	WHEN 'schema' THEN has_schema_privilege('$role', oid, "right")
	ELSE has_function_privilege('$role', oid, "right") END
GROUP BY name ORDER BY name COLLATE "C"
SQL
}

# ---------------------------------------------------------------------------
# what waits for the extension: functions and operators that fit better than
# PostgreSQL's, and default privileges that give everything away
# ---------------------------------------------------------------------------

sql(<<'SQL');
CREATE ROLE mallory LOGIN;
CREATE ROLE reports LOGIN;
CREATE SCHEMA waiting AUTHORIZATION mallory;
SQL
as($node, 'mallory', <<'SQL');
DO $$
DECLARE
	types text[] := '{smallint,integer,bigint,numeric,real,"double precision",text,name,timestamptz,interval,boolean,oid,"text[]","integer[]"}';
	o record;
BEGIN
	FOR o IN SELECT x.name, l.t AS l, r.t AS r FROM (SELECT DISTINCT oprname AS name FROM pg_operator
			WHERE oprname IN ('=', '<>', '<', '>', '<=', '>=', '+', '-', '*', '/', '||', '&', '@>', '~')) x,
			unnest(types) l(t), unnest(types) r(t)
		WHERE NOT EXISTS (SELECT FROM pg_operator p WHERE p.oprname = x.name AND p.oprleft = l.t::regtype AND p.oprright = r.t::regtype)
	LOOP
		EXECUTE format('CREATE OR REPLACE FUNCTION waiting.trap(%s, %s) RETURNS text LANGUAGE sql AS $x$ SELECT ''caught''::text $x$', o.l, o.r);
		EXECUTE format('CREATE OPERATOR waiting.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = waiting.trap)', o.name, o.l, o.r);
	END LOOP;
	FOR o IN SELECT f AS name, a.t AS args FROM unnest('{round,sum,min,max,count,coalesce,substring,now,format,ceil,left,to_char,rpad}'::name[]) f,
			(SELECT l AS t FROM unnest(types) l UNION ALL SELECT l || ', ' || r FROM unnest(types) l, unnest(types) r) a
		WHERE to_regprocedure('pg_catalog.' || quote_ident(f) || '(' || a.t || ')') IS NULL
	LOOP
		EXECUTE format('CREATE FUNCTION waiting.%I(%s) RETURNS text LANGUAGE sql AS $x$ SELECT ''caught''::text $x$', o.name, o.args);
	END LOOP;
END $$;
SQL
cmp_ok(sql("SELECT count(*) FROM pg_operator WHERE oprnamespace = 'waiting'::regnamespace"), '>', 1000, 'many operators wait');
sql(<<'SQL');
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, reports;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC, reports;
ALTER DEFAULT PRIVILEGES GRANT ALL ON FUNCTIONS TO PUBLIC, reports;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC, reports;
CREATE EXTENSION ghcrawl SCHEMA waiting;
SQL
is(sql(<<'SQL'), '0', 'no view uses any of them');
SELECT count(*) FROM pg_depend d JOIN pg_rewrite w ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
JOIN pg_class v ON v.oid = w.ev_class
LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
LEFT JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
WHERE v.relnamespace = 'ghcrawl'::regnamespace
	AND 'waiting'::regnamespace IN (o.oprnamespace, p.pronamespace)
SQL
is(rights_of($_), '', "default privileges give $_ nothing") for qw(reports mallory);
sql('DROP EXTENSION ghcrawl');
sql('DROP OWNED BY mallory; DROP ROLE mallory');
sql(<<'SQL');
ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM PUBLIC, reports;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SEQUENCES FROM PUBLIC, reports;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON FUNCTIONS FROM reports;
ALTER DEFAULT PRIVILEGES REVOKE ALL ON SCHEMAS FROM PUBLIC, reports;
SQL

# ---------------------------------------------------------------------------
# roles, object by object
# ---------------------------------------------------------------------------

make_roles($node);
is(rights_of('nobody'), '', 'who has no role may do nothing with any of '
	. sql("SELECT count(*) FROM ($MEMBERS) m") . ' objects');
is(rights_of('reader'), <<'END' =~ s/\n\z//r, 'readers look, and may wait');
ghcrawl: USAGE
ghcrawl.archive_hour: SELECT
ghcrawl.coverage: SELECT
ghcrawl.crawls: SELECT
ghcrawl.cron_jobs(): EXECUTE
ghcrawl.errors: SELECT
ghcrawl.event_source: SELECT
ghcrawl.freshness: SELECT
ghcrawl.freshness_target: SELECT
ghcrawl.hint: SELECT
ghcrawl.partitions: SELECT
ghcrawl.progress: SELECT
ghcrawl.quantile(integer[],double precision): EXECUTE
ghcrawl.requests: SELECT
ghcrawl.requests_by_hour: SELECT
ghcrawl.schedules: SELECT
ghcrawl.sum_histogram(integer[]): EXECUTE
ghcrawl.tokens: SELECT
ghcrawl.wanted: SELECT
ghcrawl.workers: SELECT
ghcrawl_at(timestamp with time zone): EXECUTE
ghcrawl_find(text,timestamp with time zone): EXECUTE
ghcrawl_star_changes(timestamp with time zone,timestamp with time zone): EXECUTE
ghcrawl_stars(bigint,date,date): EXECUTE
ghcrawl_stars(text,date,date): EXECUTE
ghcrawl_wait(bigint,interval,text): EXECUTE
END
is(join(' ', map { /^(ghcrawl\.\S+): (?!SELECT$|EXECUTE$)/ ? $1 : () } split /\n/, rights_of('deputy')),
	'ghcrawl.budget ghcrawl.freshness_target ghcrawl.profile ghcrawl.request_size ghcrawl.wanted', 'administrators write four tables and a view');
unlike(rights_of('deputy'), qr/ghcrawl\.(token|task|crawl|batch|begin_update)\b/, 'and have nothing on tokens');

# by doing it, too: a statement for each object
for my $line (split /\n/, sql("SELECT kind, name FROM ($MEMBERS) m WHERE kind <> 'schema'"))
{
	my ($kind, $name) = split /\|/, $line, 2;
	my $call = $name =~ s/\(.*//r;
	my $types = ($name =~ /\((.*)\)/)[0] // '';
	my $arguments = join ', ', map { /\[\]/ ? "'{1}'::$_" : /timestamp|date/ ? "'now'::$_" : "'1'::$_" } split /,/, $types;
	my $statement =
	    $kind eq 'sequence' ? "SELECT nextval('$name')"
	  : $kind eq 'table' ? "SELECT * FROM $name"
	  : $call eq 'ghcrawl_wait' ? 'CALL ghcrawl_wait(1)'
	  : $call eq 'ghcrawl.batch' ? 'SELECT * FROM ghcrawl.batch() AS b (a int)'
	  : "SELECT $call($arguments)";
	as($node, 'nobody', $statement, DENIED);
}

# ---------------------------------------------------------------------------
# an administrator who wants the secret
# ---------------------------------------------------------------------------

as($node, 'deputy', "SELECT ghcrawl_add_token('mine', '$secret')");
sql('ANALYZE ghcrawl.token; VACUUM ANALYZE');
is(sql(q{SELECT count(*) FROM pg_statistic WHERE starelid = 'ghcrawl.token'::regclass AND staattnum =
	(SELECT attnum FROM pg_attribute WHERE attrelid = 'ghcrawl.token'::regclass AND attname = 'secret')}),
	'0', 'no sample of it is in pg_statistic');
as($node, 'deputy', $_, qr/42501|42809|42P01|55000/) for
  'SELECT secret FROM ghcrawl.token',
  'TABLE ghcrawl.token',
  'COPY ghcrawl.token TO STDOUT',
  'EXPLAIN ANALYZE SELECT * FROM ghcrawl.token',
  'SELECT count(secret) FROM ghcrawl.token',
  q{UPDATE ghcrawl.token SET name = secret RETURNING *},
  q{INSERT INTO ghcrawl.token (name) VALUES ('mine') ON CONFLICT (name) DO UPDATE SET fingerprint = token.secret RETURNING *},
  'DELETE FROM ghcrawl.token RETURNING secret',
  'CREATE TEMP TABLE t (LIKE ghcrawl.token INCLUDING ALL)',
  'BEGIN; LOCK ghcrawl.token IN ACCESS SHARE MODE',
  'CREATE TEMP VIEW v AS SELECT secret FROM ghcrawl.token; SELECT * FROM v',
  q{SELECT table_to_xml('ghcrawl.token', true, false, '')},
  q{SELECT query_to_xml('SELECT secret FROM ghcrawl.token', true, false, '')},
  q{SELECT pg_read_binary_file(pg_relation_filepath('ghcrawl.token'))},
  q{SELECT * FROM pg_statistic},
  'UPDATE ghcrawl.tokens SET name = name';
is(as($node, 'deputy', q{SELECT count(*) FROM pg_stats WHERE tablename = 'token'}), '0', 'nor in pg_stats');

# nor has who may read and write all data, which would be to send it elsewhere
sql('CREATE ROLE clerk LOGIN IN ROLE pg_read_all_data, pg_write_all_data');
is(as($node, 'clerk', 'SELECT count(*) FROM ghcrawl.tokens; SELECT count(*) FROM ghcrawl.token'), "1\n0", 'who reads all data sees none');
as($node, 'clerk', q{UPDATE ghcrawl.token SET api_url = 'https://evil.example'; DELETE FROM ghcrawl.token});
as($node, 'clerk', q{INSERT INTO ghcrawl.token (name, api_url, file, fingerprint, added_by)
	VALUES ('theirs', 'http://127.0.0.1:9', '/etc/hostname', 'x', 'x')}, qr/ERROR:  42501: new row violates row-level security/);
is(sql('SELECT api_url FROM ghcrawl.token'), 'http://127.0.0.1:9', 'who writes all data changes none');

# a function that tells what it is shown sees no more than the view shows
my $seen = as($node, 'deputy', <<'SQL');
CREATE FUNCTION pg_temp.leak(anyelement) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
$$ BEGIN RAISE NOTICE 'leak: %', $1; RETURN true; END $$;
SET client_min_messages = error;
SELECT t FROM ghcrawl.tokens t WHERE pg_temp.leak(t) AND pg_temp.leak(fingerprint);
SELECT p FROM ghcrawl.partitions p WHERE pg_temp.leak(p);
SQL
like($seen, qr/mine/, 'a view is looked at with a leaky function');
unlike($seen, qr/Marker/, 'which sees no secret');

# errors of the functions that take one, with the statement and its parameters
$node->append_conf('postgresql.conf', "log_parameter_max_length_on_error = -1\nlog_error_verbosity = verbose");
$node->reload;
my $from = -s $node->logfile;
as($node, 'deputy', $_->[0], $_->[1]) for
  [ "SELECT ghcrawl_add_token('mine', '$secret')", qr/already exists/ ],
  [ "SELECT ghcrawl_add_token('$secret', 'mine')", qr/must not be a token/ ],
  [ "SELECT ghcrawl_add_token('$secret', 'a name')", qr/must not be a token/ ],
  [ "SELECT ghcrawl_add_token('other', '$secret $secret')", qr/characters that no token has/ ],
  [ "SELECT ghcrawl_add_token_file('other', '$secret')", qr/pg_read_server_files/ ],
  [ "SELECT ghcrawl_add_token_file('$secret', '/x')", qr/must not be a token/ ],
  [ "SELECT ghcrawl_remove_token('$secret')", qr/must not be a token/ ],
  [ "PREPARE p (text, text) AS SELECT ghcrawl_add_token(\$1, \$2);\n\\bind_not_there", qr/invalid command/ ];
my ($code, $out, $err) = $node->psql('postgres', "SELECT ghcrawl_add_token_file('other', '$secret')");
like($err, qr/must be absolute/, 'a token for a path');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile, $from), qr/Marker/, 'no error has it in the log');

# ---------------------------------------------------------------------------
# settings
# ---------------------------------------------------------------------------

# the address that tokens are for is a superuser's to say, by whatever way
sql('CREATE DATABASE theirs OWNER deputy');
for my $way ("SET ghcrawl.api_url = 'https://evil.example'",
	"LOAD 'ghcrawl'; SET ghcrawl.api_url = 'https://evil.example'",
	"SELECT set_config('ghcrawl.api_url', 'https://evil.example', false)",
	"ALTER ROLE deputy SET ghcrawl.api_url = 'https://evil.example'",
	"ALTER DATABASE theirs SET ghcrawl.api_url = 'https://evil.example'",
	"SET ghcrawl.proxy = 'http://evil.example:1'",
	"ALTER SYSTEM SET ghcrawl.api_url = 'https://evil.example'")
{
	my (undef, $said, $complaint) = $node->psql('postgres', <<"SQL", on_error_stop => 0, extra_params => [ '-U', 'deputy' ]);
$way;
SELECT ghcrawl_add_token('evil' || pg_backend_pid(), 'x' || pg_backend_pid());
SELECT current_setting('ghcrawl.api_url');
SQL
	like($complaint, qr/permission denied|must be superuser|access to library|cannot be changed/, "refused: $way");
}
{
	local $ENV{PGOPTIONS} = '-c ghcrawl.api_url=https://evil.example';
	as($node, 'deputy', "SELECT ghcrawl_add_token('by an option', 'x1')");
}
# PostgreSQL forgets what is configured for who gives another value when he
# connects, unless the library is preloaded: then it is the built-in value
is(sql(q{SELECT string_agg(DISTINCT api_url, ' ') FROM ghcrawl.token WHERE name <> 'by an option'}),
	'http://127.0.0.1:9', 'no token was added for another host');
is(sql(q{SELECT api_url FROM ghcrawl.token WHERE name = 'by an option'}), 'https://api.github.com',
	'nor by an option, but for the built-in one');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'ghcrawl'");
$node->restart;
{
	local $ENV{PGOPTIONS} = '-c ghcrawl.api_url=https://evil.example';
	my (undef, undef, $complaint) = $node->psql('postgres', 'SELECT 1', extra_params => [ '-U', 'deputy' ]);
	like($complaint, qr/permission denied to set parameter "ghcrawl.api_url"/, 'preloaded, the option is refused');
}
is(sql(q{SELECT count(*) FROM pg_db_role_setting WHERE setconfig::text ~ 'ghcrawl'}), '0', 'and nothing is left for later');

done_testing();
