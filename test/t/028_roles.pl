# Roles: an administrator who is no superuser does everything, a reader reads,
# others see nothing.  Code that the owner of the data tables hangs on them
# runs in the owner's name and gains nothing by it, though workers are
# superusers.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcRoles qw(make_roles set_trap DENIED);
use Test::More;

my $sim = start_simulator(repositories => 5_000, users => 2, latency => 5);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
my ($token, $second) = $sim->tokens;

sub as { local $Test::Builder::Level = $Test::Builder::Level + 1; return GhcRoles::as($node, @_) }
sub sql { return $node->safe_psql('postgres', $_[0]) }

make_roles($node);

# ---------------------------------------------------------------------------
# who may do what
# ---------------------------------------------------------------------------

my $denied = DENIED;
for my $role (qw(reader nobody))
{
	as($role, $_, $denied) for
	  "SELECT ghcrawl_start('stars:>=1')",
	  "SELECT ghcrawl_add_token('t', 'ghp_x')",
	  "SELECT ghcrawl_remove_token('t')",
	  'SELECT ghcrawl_cancel(1)',
	  'SELECT ghcrawl_ensure_workers()',
	  'SELECT ghcrawl_create_tables()',
	  'SELECT * FROM ghcrawl.token',
	  "INSERT INTO ghcrawl.profile VALUES ('p', '{repo_id,name_with_owner}')";
}
as('nobody', 'SELECT * FROM ghcrawl.progress', $denied);
as('nobody', 'CALL ghcrawl_wait(1)', $denied);

as('chief', "SELECT ghcrawl_add_token_file('t', '/etc/hostname')", qr/ERROR:  42501: .*pg_read_server_files/);
as('chief', "SELECT ghcrawl_add_token('t', '$token')");
as('chief', "SELECT ghcrawl_start('stars:>=1', 'stars')", qr/$denied to create schema "github".*HINT/s);
sql('GRANT CREATE ON DATABASE postgres TO chief');
my $crawl = as('chief', "SELECT ghcrawl_start('stars:>=1', 'stars')");
as('deputy', "SELECT ghcrawl_pause($crawl)");
as('chief', "SELECT ghcrawl_resume($crawl)");
is(as('reader', "CALL ghcrawl_wait($crawl)"), 'done', 'a reader may wait');
ids_are_exact($node, $sim, 'stars:>=1', 'crawl of an administrator');
is(sql(q{SELECT string_agg(DISTINCT pg_get_userbyid(relowner), ' ') FROM pg_class WHERE relnamespace = 'github'::regnamespace}),
	'chief', 'the data belongs to who started the first crawl');
as('reader', "SELECT count(*) FROM ghcrawl.$_") for qw(progress crawls partitions workers tokens errors);
as('reader', "SELECT count(*) FROM github.$_") for qw(repositories repository repository_history);
as('nobody', 'SELECT count(*) FROM github.repositories', $denied);
as('reader', 'DELETE FROM github.repository', $denied);
as('chief', 'UPDATE ghcrawl.budget SET points_hour = 4000');
as('chief', "UPDATE ghcrawl.crawl SET owner = 'postgres'", $denied);
as('deputy', "SELECT ghcrawl_start('stars:>=2', 'stars')");
crawl_ends($node, $crawl + 1);

# one who was an administrator still steers his own crawl, and no other
sql('REVOKE ghcrawl_admin FROM chief');
as('chief', "SELECT ghcrawl_start('stars:>=1', 'stars')", $denied);
sql('GRANT EXECUTE ON FUNCTION ghcrawl_pause(bigint), ghcrawl_cancel(bigint) TO chief, nobody');
as('nobody', "SELECT ghcrawl_cancel($crawl)", qr/ERROR:  42501: must be owner of crawl $crawl.*HINT/s);
as('chief', 'SELECT ghcrawl_cancel(' . ($crawl + 1) . ')', qr/ERROR:  42501: must be owner/);
sql('GRANT ghcrawl_admin TO chief');

# ---------------------------------------------------------------------------
# hostile code
# ---------------------------------------------------------------------------

set_trap($node, 'chief');
as('chief', <<'SQL');
CREATE TRIGGER spring BEFORE INSERT OR UPDATE ON github.repository
	FOR EACH ROW EXECUTE FUNCTION trap.spring();
CREATE TRIGGER spring_after AFTER INSERT OR UPDATE ON github.repository
	FOR EACH ROW EXECUTE FUNCTION trap.spring();
CREATE FUNCTION trap.of_index(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	IF $1 % 50 = 0 THEN
		PERFORM trap.attempt('CREATE ROLE from_an_index SUPERUSER');
	END IF;
	RETURN $1;
END $$;
CREATE INDEX ON github.repository (trap.of_index(repo_id));
TRUNCATE trap.note, github.repository;
SQL

sub nothing_is_gained
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return GhcRoles::nothing_is_gained($node, 'chief', @_);
}

$crawl = as('deputy', "SELECT ghcrawl_start('stars:>=1', 'stars')");
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, 'stars:>=1', 'with hostile triggers');
cmp_ok(sql('SELECT count(DISTINCT attempt) FROM trap.note'), '>=', 14, 'all attempts were made');
nothing_is_gained('triggers');

# a deferred trigger would fire at the commit, which is the worker's own
as('chief', <<'SQL');
DROP TRIGGER spring ON github.repository;
DROP TRIGGER spring_after ON github.repository;
CREATE CONSTRAINT TRIGGER spring AFTER INSERT OR UPDATE ON github.repository
	DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION trap.spring();
TRUNCATE trap.note, github.repository;
SQL
$crawl = as('deputy', "SELECT ghcrawl_start('stars:>=10', 'stars')");
crawl_ends($node, $crawl, 'failed');
like(crawl_column($node, $crawl, 'reason'), qr/deferred trigger within security-restricted operation/,
	'a deferred trigger ends the crawl');
is(sql('SELECT (SELECT count(*) FROM trap.note), (SELECT count(*) FROM github.repository)'),
	'0|0', 'it never runs');
is(sql('SELECT count(*) FROM pg_roles WHERE rolsuper'), '1', 'there is one superuser as before');
nothing_is_left($node, 'a deferred trigger');

# row level security that its owner forces upon himself holds for workers, too
as('chief', <<'SQL');
DROP TRIGGER spring ON github.repository;
CREATE POLICY small ON github.repository USING (true) WITH CHECK (stars < 20);
ALTER TABLE github.repository ENABLE ROW LEVEL SECURITY;
ALTER TABLE github.repository FORCE ROW LEVEL SECURITY;
SQL
$crawl = as('deputy', "SELECT ghcrawl_start('stars:>=10', 'stars')");
crawl_ends($node, $crawl, 'failed');
like(crawl_column($node, $crawl, 'reason'), qr/row-level security policy/, 'row level security is obeyed');
is(sql('SELECT count(*) FROM github.repository'), '0', 'and nothing stored past it');

# a constraint costs the rows that it refuses, and no others
as('chief', <<'SQL');
ALTER TABLE github.repository NO FORCE ROW LEVEL SECURITY;
ALTER TABLE github.repository DISABLE ROW LEVEL SECURITY;
ALTER TABLE github.repository ADD CONSTRAINT small CHECK (stars < 20);
SQL
$crawl = as('deputy', "SELECT ghcrawl_start('stars:>=10', 'stars')");
wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", qr/^done/);
is(sql('SELECT count(*) FROM github.repository'), $sim->count('stars:10..19'),
	'a constraint costs no rows but those it refuses');
is(sql("SELECT count FROM ghcrawl.errors WHERE crawl = $crawl AND message ~ 'violates check constraint'"),
	$sim->count('stars:>=20'), 'which are counted');
note(sql("SELECT state, reason, stored, missing, gaps FROM ghcrawl.crawls WHERE crawl = $crawl; SELECT class, message, count FROM ghcrawl.errors"));

done_testing();
