# What a repository costs on disk and in the WAL, and what a change of one does, by
# a real crawl of the stand-in's world.  "make bench-storage"; some minutes.
#
#   BENCH_REPOSITORIES  of the world (200000; the figures of docs/tables.md: 1000000)
#   BENCH_PROFILES      stars,full
#   BENCH_PARTITIONS    hash partitions (none)
#
# Page images are switched off, so that the WAL doesn't depend on when a
# checkpoint was.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcCrawl;
use GhcTest;
use Test::More;

use constant WORLD => 'stars:>=0 fork:true';

my $repositories = $ENV{BENCH_REPOSITORIES} // 200_000;
my $partitions = $ENV{BENCH_PARTITIONS};

# what is to be reached: bytes a repository with its key, bytes a change
my %bound = (full => 330, stars => 130);
use constant HISTORY_BOUND => 60;
use constant WAL_BOUND => 520;

my $sim = start_simulator(repositories => $repositories, users => 4, latency => 5, limits => 'wide');
my $node = new_node('storage', "ghcrawl.api_url = '" . $sim->http . "'", 'full_page_writes = off',
	'shared_buffers = 512MB', 'max_wal_size = 4GB', 'checkpoint_timeout = 1h', 'autovacuum = off');

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Bytes of the WAL since the last call.
my $lsn = '0/0';

sub wal
{
	my ($now, $bytes) = split /\|/, sql("SELECT l, l - '$lsn' FROM pg_current_wal_insert_lsn() l");
	$lsn = $now;
	return $bytes;
}

# Crawls; returns rows that were stored, and bytes of WAL.
sub crawl
{
	my ($profile) = @_;
	wal();
	my $crawl = start_crawl($node, WORLD, $profile);
	sql("CALL ghcrawl_wait($crawl)");
	crawl_ends($node, $crawl);
	return (crawl_column($node, $crawl, 'inserted + updated'), wal());
}

# Bytes of all relations of the schema, each for one of n rows.
sub show_sizes
{
	my ($n, $title) = @_;
	diag($title);
	my %sum;
	for (split /\n/, sql(<<'SQL'))
SELECT coalesce(parent.relname, c.relname), c.relname, pg_table_size(c.oid)
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid LEFT JOIN pg_class parent ON parent.oid = i.inhparent
WHERE c.relnamespace = 'github'::regnamespace AND c.relkind IN ('r', 'i', 'm') ORDER BY 1, 2
SQL
	{
		my ($root, $name, $bytes) = split /\|/;
		$sum{$root} += $bytes;
	}
	diag(sprintf '  %-40s %8.1f bytes', $_, $sum{$_} / $n) for sort keys %sum;
	return \%sum;
}

install($node, $sim);
for my $profile (split /,/, $ENV{BENCH_PROFILES} // 'stars,full')
{
	sql('DROP SCHEMA IF EXISTS github CASCADE');
	sql('SELECT ghcrawl_create_tables(' . ($partitions ? "hash_partitions => $partitions" : '') . ')');
	my ($n, $wal) = crawl($profile);
	my $sum = show_sizes($n, "$profile, $n repositories");
	my $bytes = ($sum->{repository} + $sum->{repository_pkey}) / $n;
	cmp_ok($bytes, '<=', $bound{$profile}, "$profile: bytes a repository with its key");
	cmp_ok($wal / $n, '<=', WAL_BOUND, "$profile: bytes of WAL a new repository");

	my (undef, $idle) = crawl($profile);
	diag(sprintf '  %.1f bytes of WAL a repository unchanged', $idle / $n);
	json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.05 }));
	my ($changed, $more) = crawl($profile);
	$sum = show_sizes($changed, "$profile, $changed changes");
	diag(sprintf '  %.1f bytes of WAL a change', $more / $changed);
	my $history = 0;
	$history += $sum->{$_} for grep { /history/ } keys %$sum;
	cmp_ok($history / $changed, '<=', HISTORY_BOUND, "$profile: bytes of history a change");
}
done_testing();
