# The history lies in partitions by months: made ahead by the worker, dropped as
# wholes when they are old, never in the way of storing.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 2000, users => 2, latency => 5, limits => 'wide');
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

my $seed = 0;

# Changes some stars and crawls; returns how many changed.
sub change_and_crawl
{
	my ($name) = @_;
	my $changed = json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.1, seed => ++$seed }))->{changed};
	my $before = sql('SELECT count(*) FROM github.repository_history');
	my $crawl = start_crawl($node, $selection, 'flat');

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	nothing_is_left($node, $name);
	is(sql("SELECT count(*) - $before FROM github.repository_history"), $changed, "$name: each change is in the history");
	return $changed;
}

sub partitions
{
	return sql(q{SELECT string_agg(substr(c.relname, 20), ' ' ORDER BY c.relname) FROM pg_inherits i
		JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'github.repository_history'::regclass});
}

my ($this, @next) = split / /, sql(q{SELECT string_agg(to_char(date_trunc('month', now() AT TIME ZONE 'UTC')
	+ make_interval(months => m), 'YYYY_MM'), ' ' ORDER BY m) FROM generate_series(0, 2) m});
my $all = join ' ', $this, @next, 'default';

crawl_ends($node, start_crawl($node, $selection, 'flat'));
is(partitions(), $all, 'this month and the next two have partitions');
change_and_crawl('at first');
is(sql("SELECT count(*) = (SELECT count(*) FROM github.repository_history) FROM github.repository_history_$this"),
	't', 'changes are in that of this month');

# what was dropped by hand is made again
sql("DROP TABLE github.repository_history_$this, github.repository_history_$next[1]");
change_and_crawl('dropped');
is(partitions(), $all, 'dropped partitions are made again');
is(sql('SELECT count(*) FROM github.repository_history_default'), '0', 'in time: nothing strayed');

# somebody reads for long, while one is missing: storing goes on, in the default one
sql("DROP TABLE github.repository_history_$this");
my $reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM github.repository_history');
my $strays = change_and_crawl('with a reader');
is(sql('SELECT count(*) FROM github.repository_history_default'), $strays, 'with a reader: they are in the default one');
is(partitions(), join(' ', @next, 'default'), 'with a reader: no lock was waited for');
$reader->query_safe('COMMIT');
$reader->quit;
change_and_crawl('with strays');
is(partitions(), join(' ', @next, 'default'), 'with strays: the month stays in the default one');

# old ones go, and only those of ours
sql(<<'SQL');
CREATE TABLE github.repository_history_2020_01 PARTITION OF github.repository_history
	FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z');
CREATE TABLE github.repository_history_2019 PARTITION OF github.repository_history
	FOR VALUES FROM ('2019-01-01Z') TO ('2020-01-01Z');
CREATE TABLE github.repository_history_2018_12 (i int);
INSERT INTO github.repository_history (repo_id, changed_at, stars) VALUES (1, '2020-01-05Z', 1), (1, '2019-01-05Z', 1);
SQL
my $with_old = partitions();
change_and_crawl('for ever');
is(partitions(), $with_old, 'for ever: all stay');
# whatever a backslash means there
$node->append_conf('postgresql.conf', "ghcrawl.history_retention = '30d'\nstandard_conforming_strings = off");
$node->reload;
$reader = $node->background_psql('postgres');
$reader->query_safe('BEGIN; SELECT count(*) FROM github.repository_history');
change_and_crawl('retention, with a reader');
is(partitions(), $with_old, 'retention: who reads is not disturbed');
$reader->query_safe('COMMIT');
$reader->quit;
my $crawl = start_crawl($node, $selection, 'flat');
crawl_ends($node, $crawl);
is(partitions(), join(' ', '2019', @next, 'default'), 'retention: the old month is dropped');
is(sql(q{SELECT to_regclass('github.repository_history_2018_12') IS NOT NULL}), 't', 'and nothing that only looks like one');
nothing_is_left($node, 'retention');

# the view shows flags one by one
my $archived = sql('SELECT min(repo_id) FROM github.repositories WHERE NOT is_archived');
$sim->post('/_sim/world', { op => 'archive', id => 0 + $archived });
crawl_ends($node, start_crawl($node, $selection, 'flat'));
is(sql("SELECT is_archived, is_disabled IS NULL, stars IS NULL FROM github.history WHERE repo_id = $archived ORDER BY changed_at DESC LIMIT 1"),
	'f|t|t', 'a flag that changed is shown alone');
is(sql("SELECT is_archived FROM github.repositories WHERE repo_id = $archived"), 't', 'and is another now');

# one plain table will do, too: nobody has to part it
sql(<<'SQL');
DROP VIEW github.history;
DROP TABLE github.repository_history CASCADE;
CREATE TABLE github.repository_history (repo_id bigint NOT NULL, changed_at timestamptz NOT NULL, owner_id bigint,
	stars int, forks int, flags int, name_with_owner text, license text);
SQL
change_and_crawl('one table');
done_testing();
