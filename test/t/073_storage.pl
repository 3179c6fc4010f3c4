# How rows are packed: names as numbers of dictionaries that two workers, a
# rollback, somebody's hand and a server without measure can't spoil; hash
# partitions; the table of those with most stars; indexes made while crawling.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 6000, users => 4, latency => 5, limits => 'wide');
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.workers = 2');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

sub crawl
{
	my ($name, $wanted, $profile) = @_;
	my $crawl = start_crawl($node, $selection, $profile // 'full');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl, $wanted);
	nothing_is_left($node, $name);
	return $crawl;
}

# Every number has a name and every name one number.
sub names_are_whole
{
	my ($name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sql(<<'SQL'), '0|0|t', "$name: no row has a number without a name");
SELECT (SELECT count(*) FROM github.repository r WHERE language_id IS NOT NULL
		AND NOT EXISTS (SELECT FROM github.language l WHERE l.language_id = r.language_id)),
	(SELECT count(*) FROM github.repository r WHERE license_id IS NOT NULL
		AND NOT EXISTS (SELECT FROM github.license l WHERE l.license_id = r.license_id)),
	(SELECT count(*) > 10 FROM github.language)
SQL
	return;
}

sub popular_are_true
{
	my ($name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sql(<<'SQL'), '0|0|t', "$name: those with a hundred stars, and no others, are popular");
SELECT (SELECT count(*) FROM (SELECT repo_id, stars FROM github.repository WHERE stars >= 100
		EXCEPT SELECT repo_id, stars FROM github.popular) x),
	(SELECT count(*) FROM (SELECT repo_id, stars FROM github.repository_popular
		EXCEPT SELECT repo_id, stars FROM github.repository WHERE stars >= 100) x),
	(SELECT count(*) > 3 FROM github.repository_popular)
SQL
	return;
}

# ---------------------------------------------------------------------------
# names that others are just adding
# ---------------------------------------------------------------------------

# Somebody has added a name and not yet said whether it is to stay.
for my $end ('COMMIT', 'ROLLBACK')
{
	my $other = $node->background_psql('postgres');

	sql('SELECT ghcrawl_create_tables()');
	sql('TRUNCATE github.repository, github.language, github.license');
	$other->query_safe(q{BEGIN; INSERT INTO github.language VALUES (77, 'Python'), (78, 'Never heard of')});
	my $crawl = start_crawl($node, $selection, 'full');
	wait_for($node, q{SELECT count(*) > 0 FROM pg_locks WHERE relation = 'github.language'::regclass
		AND NOT granted}, 't');
	$other->query_safe($end);
	$other->quit;
	crawl_ends($node, $crawl);
	values_are_true($node, $sim, $selection, 'full', "a name that was added, $end");
	names_are_whole($end);
	is(sql(q{SELECT language_id = 77 FROM github.language WHERE name = 'Python'}),
		$end eq 'COMMIT' ? 't' : 'f', "$end: its number is taken over, or not");
	is(sql(q{SELECT string_agg(class || ' ' || message, '; ') FROM ghcrawl.errors WHERE class NOT IN ('value', 'partial')}), '', "$end: no error");
	nothing_is_left($node, $end);
}
popular_are_true('first');

# ---------------------------------------------------------------------------
# rows that are rolled back take their names along
# ---------------------------------------------------------------------------

sql(<<'SQL');
TRUNCATE github.repository, github.language, github.license;
ALTER TABLE github.repository ADD CONSTRAINT refused CHECK (repo_id % 97 <> 0);
SQL
my $crawl = crawl('refused rows', 'done_with_gaps');
names_are_whole('refused rows');
is(sql('SELECT count(*) = max(language_id) FROM github.language WHERE language_id > 0'), 't',
	'refused rows: no number is lost');
sql('ALTER TABLE github.repository DROP CONSTRAINT refused');
crawl('then stored');
values_are_true($node, $sim, $selection, 'full', 'then stored');

# ---------------------------------------------------------------------------
# by hand
# ---------------------------------------------------------------------------

sql('TRUNCATE github.language');
is(sql('SELECT count(language) FROM github.repositories'), '0', 'without names none are shown');
crawl('emptied');
values_are_true($node, $sim, $selection, 'full', 'emptied');
sql(q{DELETE FROM github.license WHERE license_id % 2 = 1; UPDATE github.language SET name = name || '!' WHERE language_id % 2 = 1});
crawl('changed by hand');
values_are_true($node, $sim, $selection, 'full', 'changed by hand');
sql('TRUNCATE github.repository_popular');
is(sql('SELECT count(*) FROM github.popular'), '0', 'nothing popular');
sql('DROP TABLE github.repository_popular CASCADE; SELECT ghcrawl_create_tables()');
popular_are_true('made anew');

# ---------------------------------------------------------------------------
# more names than there is room for
# ---------------------------------------------------------------------------

sql(<<'SQL');
TRUNCATE github.repository, github.language, github.license;
INSERT INTO github.language SELECT 0, '(other)';
INSERT INTO github.language SELECT i, 'made up ' || i FROM generate_series(1, 10000) i;
UPDATE github.language SET name = 'Python' WHERE language_id = 3;
SQL
crawl('no room');
is(sql(q{SELECT string_agg(DISTINCT language, ',' ORDER BY language) FROM github.repositories}), '(other),Python',
	'no room: what was known is, all else shares a number');
is(sql(q{SELECT count(*) > 0, sum(count) >= (SELECT count(*) FROM github.repository WHERE language_id = 0)
	FROM ghcrawl.errors WHERE message LIKE 'no room for another name%'}), 't|t', 'no room: each is counted');
$crawl = crawl('no room, again');
is(crawl_column($node, $crawl, 'inserted, updated'), '0|0', 'no room: nothing is written again');
sql(q{DELETE FROM github.language WHERE name LIKE 'made up%'});
crawl('room');
values_are_true($node, $sim, $selection, 'full', 'room');
sql(q{DELETE FROM ghcrawl.error});

# ---------------------------------------------------------------------------
# hash partitions
# ---------------------------------------------------------------------------

sql('DROP SCHEMA github CASCADE; SELECT ghcrawl_create_tables(hash_partitions => 4)');
crawl('partitions', undef, 'flat');
is(sql('SELECT count(DISTINCT tableoid), count(*) FROM github.repository'), '4|6000', 'all have rows');
crawl('partitions, more');
values_are_true($node, $sim, $selection, 'full', 'partitions');
popular_are_true('partitions');
my $as_they_lie = 'SELECT count(*), sum(hashtextextended(r::text || tableoid || ctid || xmin, 0)) FROM github.repository r';
my $before = sql($as_they_lie);
crawl('partitions, unchanged');
is(sql($as_they_lie), $before, 'partitions: nothing is written if nothing changed');

# what changes meanwhile is in the index, too
my $changed = json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.5 }));
my $gone = sql('SELECT max(repo_id) FROM github.repository WHERE stars > 0');
$sim->post('/_sim/world', { op => 'delete', id => 0 + $gone });
$crawl = start_crawl($node, $selection, 'full');
my ($status, undef, $err) = $node->psql('postgres',
	"SELECT ghcrawl_index_statements('{stars,pushed_at,topics,history,key}') \\gexec", on_error_stop => 1);
is("$status $err", '0 ', 'indexes are made beside a crawl');
crawl_ends($node, $crawl);
is(sql(q{SELECT count(*), bool_and(indisvalid) FROM pg_index
	WHERE indexrelid::regclass::text ~ 'github\.repository(_history|_\d)*_(stars|pushed_at|topics|repo_id)_idx'}), '16|t',
	'each is there, on the whole table too, and valid');
is(sql(q{SELECT count(*) FROM ghcrawl_index_statements('{stars,history}')}), '0', 'nothing is left to be done');
is(sql("SELECT count(*) = $changed->{changed} FROM github.history WHERE stars IS NOT NULL"), 't', 'the history is complete')
  if !grep { $_ == $gone } @{ $changed->{ids} };
is(sql('SELECT string_agg(repo_id::text, \',\') FROM github.repositories WHERE missed_at IS NOT NULL'), $gone, 'who is gone is absent');
popular_are_true('after changes');
nothing_is_left($node, 'after changes');

# another server, another extension
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'a dump');
my $shown = 'SELECT count(*), sum(hashtextextended(r::text, 0)) FROM github.repositories r';
my $was = sql($shown);
sql('DROP EXTENSION ghcrawl');
is(sql($shown), $was, 'DROP EXTENSION leaves all that the view shows');
sql('CREATE EXTENSION ghcrawl; SELECT ghcrawl_create_tables(hash_partitions => 4)');
is(sql($shown), $was, 'and so does taking over');
sql('CREATE DATABASE copy');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', '-f', $dump, '-d', $node->connstr('copy') ], 'is restored');
is($node->safe_psql('copy', $shown), $was, 'the copy shows the same');
add_tokens($node, $sim->tokens);
$crawl = crawl('taken over');
is(crawl_column($node, $crawl, 'inserted, updated'), '0|0', 'taken over: nothing has to be written');

done_testing();
