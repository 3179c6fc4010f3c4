# Stored rows are looked for by ids that stand close together, and by ids that are
# far apart: all are found, and few others are read for it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcCrawl;
use GhcFault;
use GhcTest;
use Test::More;

# entries of the index that may be read for a row: to go on to the next over others is
# right up to 16 of them, and it is tried now and then where there are more
use constant MOST_ENTRIES => 12;

my $sim = start_simulator(repositories => 12_000, latency => 0, limits => 'wide', unstable_order => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'autovacuum = off');
install($node, $sim);

crawl_ends($node, start_crawl($node, EVERYTHING, 'flat'));
nothing_is_left($node, 'everything');
my %name_of = relations_of($node);

# How many entries of the index by id were read.
sub entries { return $node->safe_psql('postgres', <<'SQL') }
SELECT idx_tup_read FROM pg_stat_user_indexes WHERE schemaname = 'github' AND indexrelname = 'repository_pkey'
SQL

sub place { return $node->safe_psql('postgres', 'SELECT pg_current_wal_insert_lsn()') }

for my $case ([ EVERYTHING, 'all of them' ], [ 'stars:>=1 fork:true', 'one of twelve' ], [ 'stars:>=2 fork:true', 'one of thirty' ],
	[ 'stars:>=20 fork:true', 'one of two hundred' ])
{
	my ($selection, $name) = @$case;
	my ($entries, $from) = (entries(), place());
	my $crawl = start_crawl($node, $selection, 'flat');

	crawl_ends($node, $crawl);
	nothing_is_left($node, $name);
	my $stored = $sim->count($selection);
	is(crawl_column($node, $crawl, 'stored, inserted, updated, gaps'), "$stored|0|0|0", "$name: all are known");
	is(join(' ', sort keys %{ wal_of($node, $from, place(), %name_of)->{repository} // {} }), '', "$name: no row is touched");
	$entries = entries() - $entries;
	note(sprintf '%s: %d entries for %d rows', $name, $entries, $stored);
	cmp_ok($entries, '>=', $stored, "$name: each is found by the index");
	cmp_ok($entries, '<', $stored * MOST_ENTRIES + 200, "$name: and few others are read");
}

done_testing();
