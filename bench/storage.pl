# What a repository costs on disk and in the WAL, what a change of one does, and what
# indexes would cost on top.  "make bench-storage"; some minutes.
#
#   BENCH_REPOSITORIES  of the world (200000; docs/tables.md: 1000000)
#   BENCH_PROFILES      stars,full
#   BENCH_PARTITIONS    hash partitions (0: none)
#   BENCH_CRAWLS        0: no crawls, only rows of GitHub's shape (1)
#
# The stand-in's world is crawled; its names are a dozen characters longer than
# GitHub's, its topics fewer.  So the same table is also filled with rows of GitHub's
# shape: names of 22 characters, descriptions of 68, three topics and two and a
# half languages, in random order.
#
# Page images are switched off, so that the WAL doesn't depend on when a
# checkpoint was.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench qw(print_table);
use GhcCrawl;
use GhcTest;
use Test::More;
use Time::HiRes qw(time);

use constant WORLD => 'stars:>=0 fork:true';

# what is to be reached: bytes a repository with its key, a change, of WAL
my %bound = (full => 330, stars => 130);
use constant HISTORY_BOUND => 60;
use constant WAL_BOUND => 520;

# of stars, between crawls
use constant CHANGES => 40_000;

my $repositories = $ENV{BENCH_REPOSITORIES} // 200_000;
my $partitions = $ENV{BENCH_PARTITIONS} // 0;
my $crawls = $ENV{BENCH_CRAWLS} // 1;
my $sim = start_simulator(repositories => $crawls ? $repositories : 1, users => 4, latency => 5, limits => 'wide');
my $node = new_node('storage', "ghcrawl.api_url = '" . $sim->http . "'", 'full_page_writes = off',
	'shared_buffers = 1GB', 'max_wal_size = 8GB', 'checkpoint_timeout = 1h', 'autovacuum = off');

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub rounded { return map { sprintf '%.1f', $_ } @_ }

# Bytes of the WAL since the last call.
my $lsn = '0/0';

sub wal
{
	my ($now, $bytes) = split /\|/, sql("SELECT l, l - '$lsn' FROM pg_current_wal_insert_lsn() l");
	$lsn = $now;
	return $bytes;
}

# Bytes of a table, its partitions included: heap and TOAST, indexes.
sub size_of
{
	my ($table) = @_;
	return split /\|/, sql(<<SQL);
SELECT sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid)) FROM pg_class c
WHERE c.oid = '$table'::regclass OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = '$table'::regclass)
SQL
}

sub crawl
{
	my ($profile) = @_;
	wal();
	my $crawl = start_crawl($node, WORLD, $profile);
	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", 'done', 3600);
	return (crawl_column($node, $crawl, 'inserted + updated'), wal());
}

# Fills the table with rows of GitHub's shape.
sub fill
{
	my ($profile) = @_;
	my $rest = $profile eq 'full';
	my $values = $rest ? <<'SQL' : 'NULL::bigint, NULL::bigint, NULL::int, NULL::int, NULL::int, NULL::int, NULL::int, NULL::smallint, NULL::smallint,'
		(h & 134217727)::bigint, CASE WHEN i % 5 = 0 THEN h & 134217727 END, 800000000 - i, CASE WHEN i % 25 = 0 THEN i END, i % 7,
		i % 9999, 16773120 + i % 4096, CASE WHEN i % 4 > 0 THEN 1 + i % 300 END, CASE WHEN i % 2 = 0 THEN 1 + i % 30 END,
SQL
	  . ' NULL, NULL, NULL, NULL, NULL, NULL';
	$values .= <<'SQL' if $rest;
		CASE WHEN i % 12 > 0 THEN left(repeat(md5(i::text), 5), 10 + (i % 129)::int) END,
		CASE i % 7 WHEN 0 THEN 'https://' || left(md5(i::text), 19) WHEN 1 THEN '' WHEN 2 THEN '' END, (ARRAY['main', 'master'])[1 + i % 2],
		array_to_string(ARRAY(SELECT left(md5((i + t)::text), 6 + (i % 9)::int) FROM generate_series(1, (i % 7)::int) t), ','),
		array_to_string(ARRAY(SELECT (ARRAY['JavaScript','Python','Java','C','C++','TypeScript','Go','HTML','Jupyter Notebook'])[1 + (i + l) % 9]
			FROM generate_series(1, (i % 6)::int) l), ','),
		array_to_string(ARRAY(SELECT (h & 65535) * l FROM generate_series(1, (i % 6)::int) l), ',')
SQL
	sql(<<SQL);
INSERT INTO github.repository (repo_id, changed_at, name_with_owner, stars, created_at, pushed_at, owner_id, parent_id, updated_at,
	archived_at, forks, disk_kb, flags, language_id, license_id, description, homepage, default_branch, topics, languages, language_bytes)
SELECT h & 1073741823, now(), left(md5(i::text), 18 + (i % 9)::int), i % 9, 500000000 + i, 700000000 - i, $values
FROM (SELECT i, abs(hashint8extended(i, 0)) AS h FROM generate_series(1, ${repositories}::bigint) i) x ON CONFLICT DO NOTHING
SQL
	return sql('SELECT count(*) FROM github.repository');
}

sub make_tables
{
	sql('DROP SCHEMA IF EXISTS github CASCADE');
	sql("SELECT ghcrawl_create_tables(hash_partitions => $partitions)");
	return;
}

# A line of the table of sizes.
my @sizes = ([ 'rows', 'profile', 'heap', 'key', 'sum', 'key after REINDEX', 'WAL' ]);

sub note_size
{
	my ($what, $profile, $n, $wal) = @_;
	my ($heap, $key) = size_of('github.repository');
	sql('REINDEX TABLE github.repository');
	my (undef, $dense) = size_of('github.repository');
	push @sizes, [ $what, $profile, rounded($heap / $n, $key / $n, ($heap + $key) / $n, $dense / $n), defined $wal ? rounded($wal / $n) : '' ];
	return ($heap + $key) / $n;
}

my @changes = ([ 'profile', 'history', 'its index', 'WAL', 'WAL of one unchanged', 'HOT, %' ]);
install($node, $sim);
for my $profile (split /,/, $ENV{BENCH_PROFILES} // 'stars,full')
{
	make_tables();
	wal();
	my $n = fill($profile);
	cmp_ok(note_size("GitHub's shape", $profile, $n), '<=', $bound{$profile}, "$profile: bytes a repository with its key");
	next if !$crawls;
	make_tables();
	($n, my $wal) = crawl($profile);
	note_size('stand-in', $profile, $n, $wal);
	cmp_ok($wal / $n, '<=', WAL_BOUND, "$profile: bytes of WAL a new repository");

	my (undef, $idle) = crawl($profile);
	$sim->post('/_sim/world', { op => 'change_stars', share => CHANGES / $repositories });
	sql('SELECT pg_stat_force_next_flush(); SELECT pg_stat_reset()');
	my ($changed, $more) = crawl($profile);
	my ($heap, $index) = size_of('github.repository_history');
	my $hot = sql(q{SELECT pg_stat_force_next_flush(); SELECT round(100.0 * sum(n_tup_hot_upd) / sum(n_tup_upd), 1)
		FROM pg_stat_user_tables WHERE schemaname = 'github' AND relname ~ '^repository(_\d+)?$'});
	push @changes, [ $profile, rounded($heap / $changed, $index / $changed, $more / $changed, $idle / $n), $hot =~ /([\d.]+)$/ ];
	cmp_ok(($heap + $index) / $changed, '<=', HISTORY_BOUND, "$profile: bytes of history a change");
}
print_table("bytes a row ($repositories)", @sizes);
print_table('bytes a change (of stars)', @changes) if $crawls;

# Milliseconds of a query, the median of some.
sub ms_of
{
	my ($query) = @_;
	my @ms = sort { $a <=> $b } map { sql("EXPLAIN (ANALYZE, TIMING OFF) $query") =~ /Execution Time: ([\d.]+)/ } 1 .. 9;
	return $ms[4];
}

sql('ANALYZE');
my $top = 'ORDER BY stars DESC LIMIT 100';
print_table('the hundred with most stars, ms',
	[ 'view', 'name and stars', 'all columns' ],
	map { [ $_, ms_of("SELECT name_with_owner, stars FROM github.$_ $top"), ms_of("SELECT * FROM github.$_ $top") ] } qw(popular repositories));

# Microseconds a row and bytes, of inserting all rows in random order into a table that
# has the index; and what a change of stars costs then.
sub try_index
{
	my ($statement) = @_;
	my $n = 200_000;

	sql('DROP TABLE IF EXISTS tried; CREATE TABLE tried (LIKE github.repository INCLUDING INDEXES) WITH (fillfactor = 90, autovacuum_enabled = off)');
	if ($statement)
	{
		$statement =~ s/CONCURRENTLY \S+ ON \S+/ON tried/;
		sql($statement);
	}
	my (undef, $empty) = size_of('tried');
	my ($insert) = sql("EXPLAIN (ANALYZE, TIMING OFF) INSERT INTO tried SELECT * FROM github.repository ORDER BY hashint8(repo_id) LIMIT $n")
	  =~ /Execution Time: ([\d.]+)/;
	my (undef, $bytes) = size_of('tried');
	sql('CHECKPOINT; SELECT pg_stat_reset()');
	wal();
	my ($update) = sql('EXPLAIN (ANALYZE, TIMING OFF) UPDATE tried SET stars = stars + 1 WHERE repo_id % 20 = 0') =~ /Execution Time: ([\d.]+)/;
	my $wal = wal();
	my ($hot) = sql(q{SELECT pg_stat_force_next_flush(); SELECT 100 * n_tup_hot_upd / n_tup_upd, n_tup_upd FROM pg_stat_user_tables WHERE relname = 'tried'})
	  =~ /(\d+\|\d+)$/;
	my ($share, $updated) = split /\|/, $hot;
	return ($bytes / $n, 1000 * $insert / $n, $wal / $updated, $share);
}

if (!$partitions)
{
	my @without = try_index();
	my @rows = ([ 'index', 'bytes a row', 'µs a new row', 'WAL of a change of stars, bytes', 'HOT, %' ], [ 'key alone', rounded(@without) ]);

	for my $name (qw(stars forks language license owner_id parent_id name_with_owner created_at pushed_at topics languages))
	{
		my @with = try_index(sql("SELECT ghcrawl_index_statements('{$name}')"));
		push @rows, [ $name, rounded($with[0] - $without[0], $with[1] - $without[1], $with[2], $with[3]) ];
	}
	print_table('indexes', @rows);
}
done_testing();
