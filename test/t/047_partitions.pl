# Hash partitions are read and written below SQL like a plain table, and hold
# the same; whatever else a partition may be is left to SQL.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

use constant PARTS => 4;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 800, users => 8, latency => 1);
# the log shows the plan of each statement of a worker, with its text
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'debug_print_plan = on', 'debug_pretty_print = off');
$ENV{PGOPTIONS} = '-c debug_print_plan=off';
install($node, $sim);
$node->safe_psql('postgres', 'SELECT ghcrawl_create_tables(hash_partitions => ' . PARTS . ')');

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Crawls, and tells what of it should have been done by SQL, as "look up insert".
sub crawl
{
	my ($name, $by_sql, $wanted) = @_;
	my $offset = -s $node->logfile;
	my $from = $node->lsn('insert');
	my $crawl = start_crawl($node, $selection, 'full');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl, $wanted);
	# the next worker makes its plans anew
	wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
	my @done;
	push @done, 'look up'
	  if slurp_file($node->logfile, $offset) =~ /SQL statement "SELECT repo_id::bigint, [^"]* FROM github\.repository WHERE repo_id = ANY \(\$1\)"/;
	my $wal = wal_of($node, $from, $node->lsn('insert'), relations_of($node));
	push @done, 'insert' if grep { $wal->{$_}{'Heap/INSERT'} } grep { /^repository(_\d|_\d_all)?$/ } keys %$wal;
	is("@done", $by_sql, "$name: what is done by SQL");
	return $crawl;
}

# Crawls into empty tables: all must be there, counted once, and where they belong.
sub crawl_anew
{
	my ($name, $by_sql) = @_;

	sql('TRUNCATE github.repository, github.repository_history');
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $crawl = crawl($name, $by_sql);
	ids_are_exact($node, $sim, $selection, $name);
	values_are_true($node, $sim, $selection, 'full', $name);
	is(crawl_column($node, $crawl, 'inserted'), $sim->count($selection), "$name: each is counted as new");
	return;
}

sub crawl_unchanged
{
	my ($name, $by_sql) = @_;
	my $as_they_lie = 'SELECT sum(hashtextextended(r::text || tableoid || ctid || xmin, 0)) FROM github.repository r';
	my $before = sql($as_they_lie);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $crawl = crawl("$name, unchanged", $by_sql);
	is(crawl_column($node, $crawl, 'inserted, updated'), '0|0', "$name, unchanged: nothing is");
	is(sql($as_they_lie), $before, "$name, unchanged: nothing is written");
	return;
}

my $ordinary = 'CREATE TABLE github.repository_2 (LIKE github.repository)';

# Puts a table that is made so in the place of the partition with remainder 2.
sub replace_partition
{
	my ($made) = @_;

	sql('ALTER TABLE github.repository DETACH PARTITION github.repository_2; DROP TABLE github.repository_2;'
		  . "$made; ALTER TABLE github.repository ATTACH PARTITION github.repository_2"
		  . ' FOR VALUES WITH (MODULUS ' . PARTS . ', REMAINDER 2)');
	return;
}

crawl_anew('fresh', '');
is(sql('SELECT count(DISTINCT tableoid) FROM github.repository'), PARTS, 'fresh: all partitions have rows');
for my $part (0 .. PARTS - 1)
{
	is(sql("SELECT count(*) FROM github.repository_$part WHERE NOT"
			  . " satisfies_hash_partition('github.repository'::regclass, ${\PARTS}, $part, repo_id)"),
		'0', "fresh: partition $part has none of another");
}
crawl_unchanged('fresh', '');

# what changed is written by SQL
my $changed = json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.05 }))->{changed};
my $crawl = crawl('changed', '');
is(crawl_column($node, $crawl, 'inserted, updated'), "0|$changed", 'changed: these, and no others');
values_are_true($node, $sim, $selection, 'full', 'changed');
is(sql('SELECT count(*) FROM github.history WHERE stars IS NOT NULL'), $changed, 'changed: each is in the history');

# another writer adds a row that wasn't there when it was looked for, and then
# those after it: as all write by ascending id, that is no deadlock
my ($victim, @later) = sort { $a <=> $b } $sim->truth($selection);
sql('TRUNCATE github.repository, github.repository_history');
my $other = $node->background_psql('postgres');
$other->query_safe("BEGIN; INSERT INTO github.repository (repo_id, changed_at, name_with_owner)
	VALUES ($victim, '2000-01-01', 'some/body')");
$crawl = start_crawl($node, $selection, 'full');
wait_for($node, q{SELECT count(*) } . WORKERS . q{ AND wait_event_type = 'Lock'}, '1');
$other->query_safe("INSERT INTO github.repository (repo_id, changed_at, name_with_owner)
	SELECT id, '2000-01-01', 'some/body' FROM unnest('{@{[join ',', @later]}}'::bigint[]) WITH ORDINALITY AS u (id, n)
	ORDER BY n ON CONFLICT DO NOTHING");
$other->query_safe('COMMIT');
$other->quit;
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'another writer');
values_are_true($node, $sim, $selection, 'full', 'another writer');
is(sql(qq{SELECT count(*) FROM ghcrawl.errors WHERE class = 'repository' AND crawl = $crawl}), '0', 'another writer: and nothing is refused');

unlike(slurp_file($node->logfile), qr/deadlock detected/, 'another writer: nor is there a deadlock');

# a constraint of a partition's own holds
my ($place) = sql("SELECT tableoid::regclass FROM github.repository WHERE repo_id = $victim");
sql("ALTER TABLE $place ADD CONSTRAINT own CHECK (repo_id <> $victim) NOT VALID; TRUNCATE github.repository");
crawl('constraint', '', 'done_with_gaps');
is(sql('SELECT count(*) FROM github.repository'), $sim->count($selection) - 1, 'constraint: one is refused');
sql("ALTER TABLE $place DROP CONSTRAINT own; DELETE FROM ghcrawl.error");

# a trigger of a partition's own sees its rows
sql(q{CREATE TABLE heard (repo_id bigint);
	CREATE FUNCTION hear() RETURNS trigger LANGUAGE plpgsql AS
		$$BEGIN INSERT INTO public.heard VALUES (NEW.repo_id); RETURN NULL; END$$;
	CREATE TRIGGER hear AFTER INSERT ON github.repository_1 FOR EACH ROW EXECUTE FUNCTION hear()});
crawl_anew('trigger', 'insert');
is(sql('SELECT count(*) FROM heard FULL JOIN github.repository_1 r USING (repo_id) WHERE heard IS NULL OR r IS NULL'),
	'0', 'trigger: it saw those of its partition');
crawl_unchanged('trigger', '');
sql('DROP TRIGGER hear ON github.repository_1');

# row security of a partition's own isn't asked through the table
sql('ALTER TABLE github.repository_1 ENABLE ROW LEVEL SECURITY; ALTER TABLE github.repository_1 FORCE ROW LEVEL SECURITY');
crawl_anew('row security', 'look up insert');
crawl_unchanged('row security', 'look up');
sql('ALTER TABLE github.repository_1 DISABLE ROW LEVEL SECURITY');

# columns at other places
replace_partition('CREATE TABLE github.repository_2 (gone int, LIKE github.repository);'
	  . ' ALTER TABLE github.repository_2 DROP gone, DROP stars, ADD stars int');
crawl_anew('other places', '');
crawl_unchanged('other places', '');

# the same in the table itself, where that partition never had it
sql('ALTER TABLE github.repository ADD gone int; ALTER TABLE github.repository DROP gone');
replace_partition($ordinary);
crawl_anew('dropped column', '');
crawl_unchanged('dropped column', '');

# a default of a partition's own isn't used through the table, one of the table is
sql('ALTER TABLE github.repository_1 ALTER homepage SET DEFAULT $$nowhere$$');
crawl_anew('default of a partition', '');
sql('ALTER TABLE github.repository_1 ALTER homepage DROP DEFAULT; ALTER TABLE github.repository ADD own text DEFAULT $$mine$$');
crawl_anew('default', 'insert');
is(sql(q{SELECT count(*) FROM github.repository WHERE own = 'mine'}), $sim->count($selection), 'default: each row has it');
sql('ALTER TABLE github.repository DROP own');

# partitions of a partition
replace_partition("$ordinary PARTITION BY RANGE (repo_id);"
	  . 'CREATE TABLE github.repository_2_all PARTITION OF github.repository_2 DEFAULT');
crawl_anew('nested', 'look up insert');
crawl_unchanged('nested', 'look up');

replace_partition($ordinary);

# a partition is missing: its rows have no place; then it is there again
sql('ALTER TABLE github.repository DETACH PARTITION github.repository_3; TRUNCATE github.repository');
crawl('detached', 'look up insert', 'done_with_gaps');
my $placed = sql('SELECT count(*) FROM github.repository');
cmp_ok($placed, '>', $sim->count($selection) / 2, 'detached: those of the others are stored');
cmp_ok($placed, '<', $sim->count($selection), 'detached: and no others');
sql('TRUNCATE github.repository_3; DELETE FROM ghcrawl.error;'
	  . 'ALTER TABLE github.repository ATTACH PARTITION github.repository_3 FOR VALUES WITH (MODULUS ' . PARTS . ', REMAINDER 3)');
$crawl = crawl('attached', '');
is(crawl_column($node, $crawl, 'inserted'), $sim->count($selection) - $placed, 'attached: the rest is');
ids_are_exact($node, $sim, $selection, 'attached');

# a partition that waits for being detached takes no rows any more
sql('TRUNCATE github.repository');
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM github.repository');
my $detacher = $node->background_psql('postgres', on_error_stop => 0);
$detacher->query_until(qr/begin/, "\\echo begin\nALTER TABLE github.repository DETACH PARTITION github.repository_3 CONCURRENTLY;\n");
wait_for($node, 'SELECT count(*) FROM pg_inherits WHERE inhdetachpending', '1');
crawl('being detached', 'look up insert', 'done_with_gaps');
is(sql('SELECT count(*) FROM github.repository'), $placed, 'being detached: those of the others are stored');
is(sql('SELECT count(*) FROM github.repository_3'), 0, 'being detached: nothing is there');
$reader->query_safe('COMMIT');
$reader->quit;
$detacher->quit;

done_testing();
