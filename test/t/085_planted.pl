# What the owner of the data tables plants in them besides triggers: other
# types, domains, checks, casts, policies.  The server stays up, what runs runs
# in his name, and no value is taken for what it isn't.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcRoles;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(repositories => 600, users => 1, latency => 0, limits => 'wide');
# preloaded, so that autovacuum, which runs planted code as well, knows our settings
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", "shared_preload_libraries = 'ghcrawl'");
my $selection = 'stars:>=0';
my $all = $sim->count($selection);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Whatever the crawl comes to, it ends, and nobody was killed by it.
sub crawl_as_deputy
{
	my ($name, $wanted) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $crawl = as($node, 'deputy', "SELECT ghcrawl_start('$selection', 'flat')");
	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", $wanted, 30);
	unlike(slurp_file($node->logfile), qr/was terminated by signal/, "$name: nobody crashed");
	return $crawl;
}

make_roles($node);
sql('GRANT CREATE ON DATABASE postgres TO chief');
add_tokens($node, $sim->tokens);
set_trap($node, 'chief');
as($node, 'chief', 'SELECT ghcrawl_create_tables()');
crawl_as_deputy('nothing planted', 'done');
is(sql('SELECT count(*) FROM github.repository'), $all, 'all there is');

# ---------------------------------------------------------------------------
# columns of other types
# ---------------------------------------------------------------------------

# a number where workers expect text, which is an address
as($node, 'chief', <<'SQL');
DROP VIEW github.repositories, github.popular, github.rising, github.falling;
ALTER TABLE github.repository ALTER description TYPE bigint USING repo_id * 65537 + 9;
SQL
my $crawl = crawl_as_deputy('a number for a text', 'failed');
like(crawl_column($node, $crawl, 'reason'), qr/column "description" is of type bigint/, 'which says why');

# the same with new rows, which go in below SQL
as($node, 'chief', 'TRUNCATE github.repository');
$crawl = crawl_as_deputy('a number for new texts', 'failed');
is(sql('SELECT count(*) FROM github.repository'), '0', 'nothing is stored');

# texts where workers expect numbers, and a type of his own with casts of his own
as($node, 'chief', <<'SQL');
ALTER TABLE github.repository ALTER description TYPE text;
CREATE TYPE trap.page AS (address text);
CREATE FUNCTION trap.to_page(text) RETURNS trap.page LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM trap.attempt('CREATE ROLE from_a_cast SUPERUSER'); RETURN ROW($1); END $$;
CREATE FUNCTION trap.to_text(trap.page) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM trap.attempt('CREATE ROLE from_a_cast_back SUPERUSER'); RETURN ($1).address; END $$;
CREATE CAST (text AS trap.page) WITH FUNCTION trap.to_page(text) AS ASSIGNMENT;
CREATE CAST (trap.page AS text) WITH FUNCTION trap.to_text(trap.page);
ALTER TABLE github.repository ALTER homepage TYPE trap.page USING homepage::trap.page;
TRUNCATE trap.note;
SQL
crawl_as_deputy('casts', 'done');
crawl_as_deputy('casts, nothing new', 'done');
is(sql('SELECT count(*) FROM github.repository'), $all, 'all there is');
like(sql(q{SELECT string_agg(attempt, ' ') FROM trap.note}), qr/from_a_cast_back/, 'his casts were used');
nothing_is_gained($node, 'chief', 'casts');

# ---------------------------------------------------------------------------
# code that new rows are put through below SQL
# ---------------------------------------------------------------------------

as($node, 'chief', <<'SQL');
ALTER TABLE github.repository ALTER homepage TYPE text USING NULL;
CREATE FUNCTION trap.check(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN IF random() < 0.05 THEN PERFORM trap.attempt_all(); END IF; RETURN true; END $$;
CREATE FUNCTION trap.of_index(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM trap.attempt('CREATE ROLE from_an_index SUPERUSER'); RETURN $1; END $$;
CREATE FUNCTION trap.of_exclusion(bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
$$ BEGIN PERFORM trap.attempt('CREATE ROLE from_an_exclusion SUPERUSER'); RETURN $1; END $$;
ALTER TABLE github.repository ADD CHECK (trap.check(name_with_owner));
CREATE INDEX ON github.repository (trap.of_index(repo_id)) WHERE trap.check(description);
ALTER TABLE github.repository ADD EXCLUDE USING btree (trap.of_exclusion(repo_id) WITH =);
TRUNCATE trap.note, github.repository;
SQL
crawl_as_deputy('checks and indexes', 'done');
is(sql('SELECT count(*) FROM github.repository'), $all, 'all there is');
is(sql(q{SELECT count(DISTINCT attempt) FROM trap.note WHERE attempt ~ 'ALTER ROLE|an_index|an_exclusion'}),
	'3', 'all of them were run');
nothing_is_gained($node, 'chief', 'checks and indexes');

# a domain over a type holds for rows that go in below SQL, too
as($node, 'chief', <<'SQL');
CREATE DOMAIN trap.few AS integer CHECK (VALUE < 20 AND trap.check('domain'));
DROP TABLE github.repository_popular;
ALTER TABLE github.repository ALTER stars TYPE trap.few USING NULL;
TRUNCATE trap.note, github.repository;
SQL
crawl_as_deputy('a domain', qr{^done});
is(sql('SELECT count(*) FROM github.repository'), $sim->count('stars:<20'), 'a domain is obeyed');
nothing_is_gained($node, 'chief', 'a domain');

# ---------------------------------------------------------------------------
# the rows that a worker offers to its own statement
# ---------------------------------------------------------------------------

# An error leaves nothing on offer: what was is on a stack that is gone.  The
# policy's function is run where rows are looked up, before any are offered.
as($node, 'chief', <<'SQL');
ALTER TABLE github.repository ALTER stars TYPE integer;
UPDATE github.repository SET stars = stars + 1, forks = NULL;
CREATE TABLE trap.stolen (what text);
CREATE SEQUENCE trap.calls;
CREATE SEQUENCE trap.peeks;
CREATE FUNCTION trap.peek() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM nextval('trap.peeks');
	PERFORM FROM ghcrawl.batch() AS b (repo_id bigint, changed_at timestamptz);
	IF FOUND THEN
		INSERT INTO trap.stolen VALUES ('rows');
	END IF;
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	INSERT INTO trap.stolen VALUES (SQLERRM);
	RETURN true;
END $$;
CREATE FUNCTION trap.not_now() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF nextval('trap.calls') = 1 THEN
		RAISE EXCEPTION 'not now';
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER not_now BEFORE INSERT ON github.repository EXECUTE FUNCTION trap.not_now();
CREATE POLICY p ON github.repository USING (trap.peek()) WITH CHECK (true);
ALTER TABLE github.repository ENABLE ROW LEVEL SECURITY;
ALTER TABLE github.repository FORCE ROW LEVEL SECURITY;
SQL
crawl_as_deputy('an error while rows are on offer', 'done');
cmp_ok(sql('SELECT last_value FROM trap.calls'), '>', 1, 'there was one, and more was stored');
cmp_ok(sql('SELECT last_value FROM trap.peeks'), '>', 10, 'it was looked for');
is(sql(q{SELECT string_agg(DISTINCT what, '; ') FROM trap.stolen}), '', 'nothing was on offer');

# ---------------------------------------------------------------------------
# what he may not plant
# ---------------------------------------------------------------------------

as($node, 'chief', 'CREATE EVENT TRIGGER t ON ddl_command_end EXECUTE FUNCTION trap.spring()',
	qr/ERROR:  42501: .*event trigger/);
as($node, 'chief', 'CREATE PUBLICATION everything FOR ALL TABLES', qr/ERROR:  42501: must be superuser/);
as($node, 'chief', 'CREATE PUBLICATION secrets FOR TABLE ghcrawl.token', qr/ERROR:  42501: must be owner/);
as($node, 'chief', 'CREATE TRIGGER t BEFORE INSERT ON ghcrawl.error EXECUTE FUNCTION trap.spring()', DENIED);
as($node, 'chief', 'CREATE TABLE ghcrawl.x ()', DENIED);
as($node, 'chief', 'ALTER TABLE github.repository INHERIT ghcrawl.token', qr/ERROR:  42501: must be owner/);
as($node, 'chief', 'ALTER SCHEMA ghcrawl RENAME TO mine', qr/ERROR:  42501: must be owner/);

# a stamp that says nothing
sql('GRANT CREATE ON DATABASE postgres TO deputy');
as($node, 'deputy', <<'SQL');
CREATE SCHEMA other;
CREATE TABLE other.ghcrawl_schema AS SELECT NULL::int AS version, NULL::text AS api_url;
SQL
like((error_of($node, q{SET ghcrawl.api_url = 'https://other.example'; SET ROLE deputy; SELECT ghcrawl_create_tables('other')})),
	qr/ERROR:  55000: schema "other" holds data of another GitHub host/, 'a stamp that says nothing is refused');

# a role that workers are to play
as($node, 'chief', 'ALTER TABLE github.repository NO FORCE ROW LEVEL SECURITY');
sql('ALTER DATABASE postgres SET role = nobody');
{
	local $ENV{PGOPTIONS} = '-c role=none';
	crawl_as_deputy('a role set for the database', 'done');
}

done_testing();
