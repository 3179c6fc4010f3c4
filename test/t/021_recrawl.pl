# Crawling again: an unchanged world leaves no trace in schema github, shown by
# the WAL; a world where 5 % of the stars changed leaves just those rows, each
# with one line of history that holds what was before.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 50_000, users => 8, latency => 20);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	'autovacuum = off', "wal_keep_size = '512MB'");
install($node, $sim);

# Crawls once more; returns the crawl, and what the WAL says of schema github.
sub recrawl
{
	my ($profile) = @_;
	my %name_of = relations_of($node);

	# hint bits and the visibility map are not the crawler's doing
	$node->safe_psql('postgres', 'VACUUM (ANALYZE) github.repository, github.repository_history');
	$node->safe_psql('postgres', 'CHECKPOINT');
	my $from = $node->lsn('insert');
	my $crawl = start_crawl($node, $selection, $profile);
	crawl_ends($node, $crawl);
	my $to = $node->lsn('insert');
	$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
	return ($crawl, wal_of($node, $from, $to, %name_of));
}

sub in_words
{
	my ($wal) = @_;
	return join ', ', map {
		my $name = $_;
		map { "$name $_ $wal->{$name}{$_}" } sort keys %{ $wal->{$name} }
	} sort keys %$wal;
}

# Rows and their places: equal before and after only if nothing was written.
sub rows_as_they_lie
{
	return $node->safe_psql('postgres', <<'SQL');
SELECT count(*), sum(hashtextextended(r::text || ctid || xmin, 0)),
	(SELECT count(*) FROM github.repository_history) FROM github.repository r
SQL
}

# Crawls the unchanged world and finds that nothing was written.
sub leaves_no_trace
{
	my ($profile, $name) = @_;
	my $before = rows_as_they_lie();
	my ($crawl, $wal) = recrawl($profile);

	is(in_words($wal), '', "$name: no record in the WAL about schema github");
	is(rows_as_they_lie(), $before, "$name: all rows are the same versions");
	is($node->safe_psql('postgres',
			"SELECT stored, inserted, updated FROM ghcrawl.crawls WHERE crawl = $crawl"),
		$sim->count($selection) . '|0|0', "$name: all were seen, none written");
	return;
}

my $crawl = start_crawl($node, $selection, 'full');
crawl_ends($node, $crawl);

my %names = relations_of($node);
cmp_ok(scalar(keys %names), '>=', 6, 'tables, keys and TOAST are looked at: '
	. join ', ', sort values %names);
leaves_no_trace('full', 'second crawl');
leaves_no_trace('flat', 'with a smaller profile');

# 5 % of the stars change
$node->safe_psql('postgres',
	'CREATE TABLE before AS SELECT repo_id, stars, ctid AS place FROM github.repository');
my $changed = json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.05 }));
my $n = $changed->{changed};
my $moment = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
$node->safe_psql('postgres', 'CREATE TABLE drifted (repo_id bigint PRIMARY KEY); '
	. 'INSERT INTO drifted VALUES (' . join('), (', @{ $changed->{ids} }) . ')');
cmp_ok($n, '>', 2000, "the stars of $n repositories changed");

my $wal;
($crawl, $wal) = recrawl('full');
is($node->safe_psql('postgres', <<SQL), "$n|$n|$n", 'just those rows are new versions');
SELECT count(*), count(*) FILTER (WHERE changed_at > '$moment'), count(d.repo_id)
FROM github.repository r JOIN before b USING (repo_id) LEFT JOIN drifted d USING (repo_id)
WHERE r.ctid <> b.place OR r.changed_at > '$moment'
SQL
is($node->safe_psql('postgres', <<SQL), "$n|$n|$n", 'each has one line of history with the stars before');
SELECT (SELECT count(*) FROM github.repository_history), count(DISTINCT h.repo_id), count(*)
FROM github.repository_history h JOIN drifted USING (repo_id) JOIN before b USING (repo_id)
JOIN github.repository r USING (repo_id)
WHERE h.stars = b.stars AND h.stars <> r.stars AND h.changed_at = r.changed_at
SQL
is($node->safe_psql('postgres', <<'SQL'), '0', 'and nothing else in that line');
SELECT count(*) FROM github.repository_history h,
	jsonb_each(to_jsonb(h) - '{repo_id,changed_at,stars}'::text[]) e WHERE e.value <> 'null'
SQL
is(crawl_column($node, $crawl, 'updated'), $n, 'the view says so');

my $updates = ($wal->{repository}{'Heap/UPDATE'} // 0) + ($wal->{repository}{'Heap/HOT_UPDATE'} // 0);
is($updates, $n, 'the WAL has one update for each row');
is($wal->{repository}{'Heap/INSERT'} // 0, 0, 'the WAL has no new row');
is($wal->{repository_history}{'Heap/INSERT'} // 0, $n, 'the WAL has one line of history for each row');
diag("WAL of $n changes: " . in_words($wal));
values_are_true($node, $sim, $selection, 'full', 'after the change');

leaves_no_trace('full', 'crawl after the change');

# a profile that asks for more: what wasn't asked before didn't change
$node->safe_psql('postgres', 'TRUNCATE github.repository, github.repository_history');
($crawl) = recrawl('stars');
($crawl) = recrawl('flat');
is(crawl_column($node, $crawl, 'updated'), $sim->count($selection), 'a larger profile fills all rows');
is($node->safe_psql('postgres', 'SELECT count(*) FROM github.repository_history'),
	'0', 'but that is no history');
note($node->safe_psql('postgres', 'SELECT * FROM github.repository_history LIMIT 3'));
done_testing();
