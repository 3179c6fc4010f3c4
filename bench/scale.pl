# What a repository costs when many are stored already: one, ten, fifty million; in
# the order of creation, and in a random order of ids.  "make bench-scale"; half an
# hour and 15 GB of disk for fifty million.
#
#   BENCH_ROWS          millions stored: 1,10,50
#   REPOSITORIES        of each crawl (180,000)
#   BENCH_PARTITIONS    hash partitions (0: none)
#
# The table is filled by SQL with copies of what a first crawl stored, whatever columns
# it has, under other ids.  In the order of creation those are all larger than what is
# crawled then, so what is crawled lies side by side in index and table, as when
# ranges of "created" are read one after the other.  At random they are spread
# evenly between, and what is crawled again is scattered over the table: each
# repository has pages of its own.
#
# Costs are those of the worker and of the whole cluster (with the checkpoint that
# writes it out), in microseconds of processor time for each repository.  fsync is
# off, which makes filling bearable and takes no processor time.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench;
use GhcMeter;
use GhcPeers;
use GhcTest;
use List::Util qw(max);
use PostgreSQL::Test::Utils;
use Test::More;

# repositories of a cluster of the page server; its largest id
use constant { CLUSTER => 892, LAST_ID => 1_100_000_000 };

# from so many million on filling takes long: new ones at random aren't measured
use constant LONG_FILL => 50;

# steps through all rows once, being prime
use constant STEP => 7_368_787;

my @millions = split /,/, $ENV{BENCH_ROWS} // '1,10,50';
my $clusters = max(1, int(($ENV{REPOSITORIES} // 180_000) / CLUSTER));
my $crawled = $clusters * CLUSTER;

my $server = page_server(clusters => $clusters, generations => 2);
my $node = new_node('scale', 'shared_buffers = 2GB', 'max_wal_size = 16GB', 'maintenance_work_mem = 1GB', 'jit = off',
	'fsync = off', 'wal_keep_size = 8GB', 'autovacuum_naptime = 1min', 'checkpoint_timeout = 1h',
	"ghcrawl.api_url = '$server->{https}'", "ghcrawl.ca_file = '$server->{ca}'", 'ghcrawl.page_size = 100');
my $meter = GhcMeter->new($node);

sub sql { return $node->safe_psql('postgres', $_[0]) }

sql('CREATE EXTENSION ghcrawl');
sql('SELECT ghcrawl_create_tables(hash_partitions => ' . ($ENV{BENCH_PARTITIONS} // 0) . ')');
sql(q{SELECT ghcrawl_add_token('user', 'ghp_bench0001')});
sql('SELECT ghcrawl_verify_tokens()');
sql(q{SELECT ghcrawl_set_limits('user', points_hour => 0, requests_minute => 0, response_seconds => 0, concurrent => 16)});
wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'}, '0');

sub start
{
	my $script = $node->basedir . '/crawl.sql';
	open my $file, '>', $script or die "$script: $!";
	print $file "SELECT ghcrawl_start('stars:>=0 fork:true', 'full') AS crawl \\gset\n", "CALL ghcrawl_wait(:crawl);\n";
	close $file or die "$script: $!";
	return start_program($node->basedir . '/crawl.log', {}, 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
		'-d', $node->connstr('postgres'), '-f', $script);
}

my @results;

# Crawls once and keeps what it cost.
sub measure
{
	my ($stored, $order, $kind, $generation) = @_;

	$server->set(latency_ms => 0, generation => $generation);
	my $from = $meter->lsn;
	my $cost = $meter->measure(\&start, watch => qr/ghcrawl worker/);
	my $wal = $meter->wal_of('postgres', $from, $meter->lsn);
	my ($state, $seen, $new, $changed) = split /\|/,
	  sql('SELECT state, stored, inserted, updated FROM ghcrawl.crawls ORDER BY crawl DESC LIMIT 1');
	is("$state $seen", "done $crawled", "$stored million, $order, $kind: everything is crawled, $new new, $changed changed");
	my ($bare, $all) = (0, 0);
	for my $name (grep { /^github/ } keys %$wal)
	{
		$bare += $wal->{$name}[0];
		$all += $wal->{$name}[1];
	}
	push @results, [ $stored, $order, $kind, map({ sprintf '%.1f', 1e6 * $_ / $crawled } @$cost{qw(watched cluster)}),
		map({ sprintf '%.0f', $_ / $crawled } $bare, $all), sprintf '%.0f', $crawled / $cost->{wall} ];
	note("@{ $results[-1] }");
	return;
}

# Fills the table with so many million, beside the crawled ones if these are to be
# among them.
sub fill
{
	my ($stored, $order, $with_crawled) = @_;
	my $copies = int($stored * 1e6 / $crawled);
	my $n = $copies * $crawled;
	my $columns = sql(q{SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute}
		  . q{ WHERE attrelid = 'github.repository'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> 'repo_id'});
	my $j = "(g.g * $crawled + s.place)";
	my $id = $order eq 'created' ? LAST_ID . " + 1000000 + $j" : "1000 + $j * " . STEP . " % $n * (" . LAST_ID . " / $n)";
	my $own = $with_crawled ? "g.g = s.place * 7919 % $copies" : 'false';
	my $free = $order eq 'created' ? 'true' : "$own OR NOT EXISTS (SELECT FROM sample o WHERE o.repo_id = i.id)";
	my $key = sql(q{SELECT conname FROM pg_constraint WHERE conrelid = 'github.repository'::regclass AND contype = 'p'});

	sql(<<"SQL");
BEGIN;
TRUNCATE github.repository;
ALTER TABLE github.repository DROP CONSTRAINT $key;
INSERT INTO github.repository (repo_id, $columns)
SELECT i.id, $columns
FROM generate_series(0, $copies - 1::bigint) g (g), LATERAL (SELECT s.*, g.g AS copy FROM sample s OFFSET 0) s,
	LATERAL (SELECT CASE WHEN $own THEN s.repo_id ELSE $id END AS id) i
WHERE $free;
ALTER TABLE github.repository ADD CONSTRAINT $key PRIMARY KEY (repo_id);
COMMIT;
VACUUM ANALYZE github.repository;
SQL
	note(sql(q{SELECT 'rows ' || reltuples || ', table ' || pg_size_pretty(pg_table_size(oid)) || ', key '
		|| pg_size_pretty(pg_indexes_size(oid)) FROM pg_class WHERE oid = 'github.repository'::regclass}));
	return;
}

measure(0, 'created', 'new', 0);
measure(0, 'created', 'unchanged', 0) for 1 .. 2;
sql('CREATE TABLE sample AS SELECT row_number() OVER (ORDER BY repo_id) - 1 AS place, * FROM github.repository');
for my $stored (@millions)
{
	fill($stored, 'created', 0);
	measure($stored, 'created', 'new', 0);
	measure($stored, 'created', 'unchanged', 0) for 1 .. 2;
	measure($stored, 'created', '5 % changed', $_) for 1, 0;
	if ($stored < LONG_FILL)
	{
		fill($stored, 'random', 0);
		measure($stored, 'random', 'new', 0);
	}
	fill($stored, 'random', 1);
	measure($stored, 'random', 'unchanged', 0) for 1 .. 2;
	measure($stored, 'random', '5 % changed', $_) for 1, 0;
}
print_table("a repository's costs by how many million are stored; each row a crawl of $crawled",
	[ 'millions', 'order', 'what', 'worker, us', 'cluster, us', 'WAL of github, B', 'with page images', 'a second' ], @results);
done_testing();
