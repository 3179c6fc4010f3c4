# New rows are added below SQL, as COPY does, where an INSERT would do nothing
# besides; with triggers, defaults, row security, rules it is an INSERT.  And
# when somebody else is just adding one of the rows.  Partitions: 047_partitions.pl.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 800, users => 8, latency => 1);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);
$node->safe_psql('postgres', 'SELECT ghcrawl_create_tables()');

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Crawls into empty tables; all must be there, counted once.
sub crawl_anew
{
	my ($name) = @_;

	sql('TRUNCATE github.repository, github.repository_history');
	my $crawl = start_crawl($node, $selection, 'full');
	crawl_ends($node, $crawl);
	ids_are_exact($node, $sim, $selection, $name);
	is(crawl_column($node, $crawl, 'inserted'), $sim->count($selection), "$name: each is counted as new");
	return;
}

# a plain table: rows of a page come in one record of the WAL
my $from = $node->lsn('insert');
crawl_anew('plain');
values_are_true($node, $sim, $selection, 'full', 'plain');
sql('SELECT pg_switch_wal()');
my ($waldump) = PostgreSQL::Test::Utils::run_command([ 'pg_waldump', '-p', $node->data_dir . '/pg_wal',
		'-s', $from, '-e', $node->lsn('insert') ]);
like($waldump, qr/desc: MULTI_INSERT\+INIT \d+ tuples/, 'plain: rows are added many at a time');
is(crawl_column($node, start_and_end(), 'updated'), 0, 'plain: and nothing has changed after that');

sub start_and_end
{
	my $crawl = start_crawl($node, $selection, 'full');
	crawl_ends($node, $crawl);
	return $crawl;
}

# a constraint of somebody's own still holds: what breaks it is refused, the rest stored
my ($victim) = sort { $a <=> $b } $sim->truth($selection);
sql("ALTER TABLE github.repository ADD CONSTRAINT own CHECK (repo_id <> $victim) NOT VALID;"
	  . 'TRUNCATE github.repository, github.repository_history');
my $crawl = start_crawl($node, $selection, 'full');
crawl_ends($node, $crawl, 'done_with_gaps');
is(sql('SELECT count(*) FROM github.repository'), $sim->count($selection) - 1,
	'constraint: one is refused');
sql('ALTER TABLE github.repository DROP CONSTRAINT own');

# a trigger sees every row
sql(q{CREATE TABLE heard (repo_id bigint);
	CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN INSERT INTO public.heard VALUES (NEW.repo_id); RETURN NULL; END$$;
	CREATE TRIGGER hear AFTER INSERT ON github.repository FOR EACH ROW EXECUTE FUNCTION hear()});
crawl_anew('trigger');
is(sql('SELECT count(*), count(DISTINCT repo_id) FROM heard'),
	join('|', ($sim->count($selection)) x 2), 'trigger: it saw each row once');
sql('DROP TRIGGER hear ON github.repository');

# a column of somebody's own has its default
sql(q{ALTER TABLE github.repository ADD own text DEFAULT 'mine'});
crawl_anew('default');
is(sql(q{SELECT count(*) FROM github.repository WHERE own = 'mine'}), $sim->count($selection),
	'default: each row has it');
sql('ALTER TABLE github.repository DROP own');

# so has one whose type has a default
sql(q{CREATE DOMAIN own AS text DEFAULT 'ours'; ALTER TABLE github.repository ADD own own});
crawl_anew('domain');
is(sql(q{SELECT count(*) FROM github.repository WHERE own = 'ours'}), $sim->count($selection),
	'domain: each row has its default');
sql('ALTER TABLE github.repository DROP own');

# and one that refuses null refuses every row
sql(q{CREATE DOMAIN strict AS text NOT NULL; TRUNCATE github.repository; ALTER TABLE github.repository ADD own strict});
my $refused = start_crawl($node, 'stars:>=100', 'stars');
wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $refused", qr/^(done_with_gaps|failed)$/);
is(sql('SELECT count(*) FROM github.repository'), '0', 'domain: null is refused');
sql('ALTER TABLE github.repository DROP own');

# and rows are numbered
sql('ALTER TABLE github.repository ADD own bigint GENERATED ALWAYS AS IDENTITY');
crawl_anew('identity');
is(sql('SELECT count(DISTINCT own) FROM github.repository'), $sim->count($selection), 'identity: each row has its own');
sql('ALTER TABLE github.repository DROP own');
crawl_anew('dropped column');
values_are_true($node, $sim, $selection, 'full', 'dropped column');

# a rule
sql('CREATE RULE own AS ON INSERT TO github.repository DO ALSO NOTHING');
crawl_anew('rule');
sql('DROP RULE own ON github.repository');

# another writer adds a row that wasn't there when it was looked for
sql('TRUNCATE github.repository, github.repository_history');
my $other = $node->background_psql('postgres');
$other->query_safe("BEGIN; INSERT INTO github.repository (repo_id, changed_at, name_with_owner)
	VALUES ($victim, '2000-01-01', 'some/body')");
$crawl = start_crawl($node, $selection, 'full');
wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker' AND wait_event_type = 'Lock'}, '1');
$other->query_safe('COMMIT');
$other->quit;
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'another writer');
values_are_true($node, $sim, $selection, 'full', 'another writer');
is(sql(qq{SELECT count(*) FROM ghcrawl.errors WHERE class = 'repository' AND crawl = $crawl}), '0',
	'another writer: and nothing is refused');

# who owns the table gives columns other types: what can be cast is, the server lives
sql('DROP VIEW IF EXISTS github.repositories, github.popular, github.rising, github.falling CASCADE');
sql(q{ALTER TABLE github.repository ALTER description TYPE integer USING length(description), ALTER stars TYPE text});
$crawl = start_crawl($node, $selection, 'full');
crawl_ends($node, $crawl, 'failed');
like(crawl_column($node, $crawl, 'reason'), qr/column "description" is of type integer but expression is of type text/,
	'other types: what cannot be written ends the crawl');
sql(q{ALTER TABLE github.repository ALTER description TYPE text; UPDATE github.repository SET stars = '-1'});
crawl_ends($node, start_crawl($node, $selection, 'full'));
is(sql(q{SELECT count(*) FROM github.repository WHERE stars = '-1'}), '0', 'other types: what can be cast is written');
is(crawl_column($node, start_and_end(), 'updated'), '0', 'other types: and read');
is(sql('SELECT count(*) FROM github.repository'), $sim->count($selection), 'other types: nothing is lost');
unlike(slurp_file($node->logfile), qr/terminated by signal/, 'the server never crashed');

done_testing();
