# What it costs to have a million repositories fresh again, of which one in twenty
# changed: by the same search, and by looking at those that are due one by one.
# "make bench-refresh"; some minutes, against the simulator.
#
#   REPOSITORIES        1000000
#   CHANGED             0.05, share of them whose stars change before each run
#
# Times are those of this machine and of the simulator, which shares it: they say
# what GitHub's would not, and are given for comparison with each other.  Tuples are
# PostgreSQL's counts of rows inserted, updated, deleted; WAL is of the
# two schemas, without page images and with them.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcCrawl;
use GhcMeter;
use GhcTest;
use Test::More;
use Time::HiRes qw(time);

# a crawl of all
use constant PATIENCE_S => 7200;

my $repositories = $ENV{REPOSITORIES} // 1_000_000;
my $changed = $ENV{CHANGED} // 0.05;
my $everything = 'stars:>=0 fork:true';

my $sim = start_simulator(repositories => $repositories, users => 1, latency => 1, limits => 'wide',
	points => 1_000_000_000, unstable_order => 0, unstable_ties => 0, gzip_level => 1);
my $node = new_node('refresh', "ghcrawl.api_url = '" . $sim->http . "'", 'shared_buffers = 512MB',
	'max_wal_size = 8GB', 'wal_keep_size = 8GB', 'checkpoint_timeout = 1h', 'autovacuum_naptime = 1h', 'jit = off');

my $meter = GhcMeter->new($node);

sub sql { return $node->safe_psql('postgres', $_[0]) }

install($node, $sim);
sql(q{SELECT ghcrawl_verify_tokens(); SELECT ghcrawl_set_limits('user0', points_hour => 0, requests_minute => 0, response_seconds => 0, concurrent => 16)});

# Changes the stars of a share of all, other ones each time.
sub change_some
{
	my ($seed) = @_;
	my @ids = grep { ($_ * 2_654_435_761 + $seed * 40_503) % 4_294_967_296 < $changed * 4_294_967_296 } $sim->truth($everything);

	while (my @some = splice @ids, 0, 5_000)
	{
		$sim->post('/_sim/world', [ map { { op => 'set', id => 0 + $_, stars => ($_ * 7 + $seed * 13) % 40 } } @some ]);
	}
	return;
}

sub tuples
{
	my ($schema) = @_;
	return map { $_ // 0 } split /\|/, sql(<<SQL);
SELECT sum(n_tup_ins), sum(n_tup_upd), sum(n_tup_hot_upd), sum(n_tup_del) FROM pg_stat_all_tables WHERE schemaname = '$schema'
SQL
}

# Megabytes that a schema wrote since then, without page images and with them.
sub wal
{
	my ($schema, $from) = @_;
	my $of = $meter->wal_of('postgres', $from, $meter->lsn);
	my @sum = (0, 0);

	for my $name (grep { /^$schema\./ } keys %$of) { $sum[$_] += $of->{$name}[$_] / 1e6 for 0, 1 }
	return sprintf '%.1f (%.1f)', @sum;
}

# Runs what gives a crawl's id; prints a line of the table.
sub measure
{
	my ($name, $statement) = @_;

	sql('CHECKPOINT');
	sleep 1;    # counts of the crawl before come late
	my $from = $meter->lsn;
	my %before = map { $_ => [ tuples($_) ] } qw(github ghcrawl);
	my $began = time;
	my $crawl = sql($statement);
	my $chosen = time;

	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", 'done', PATIENCE_S) if $crawl ne '';
	my $ended = time;
	wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
	sleep 2;
	my %after = map { $_ => [ tuples($_) ] } qw(github ghcrawl);
	my @row = split /\|/, $crawl eq '' ? '0|0|0|0|0' : sql("SELECT stored, inserted, updated, requests, points FROM ghcrawl.crawls WHERE crawl = $crawl");
	my @delta = map { my $s = $_; join '/', map { $after{$s}[$_] - $before{$s}[$_] } 0 .. 3 } qw(github ghcrawl);

	diag(sprintf "| %s | %s | %s | %.1f + %.1f | %s | %s |", $name, join(' | ', @row),
		join(' | ', @delta), $chosen - $began, $ended - $chosen,
		wal('github', $from), wal('ghcrawl', $from));
	return $crawl;
}

# As if all that is known were older.
sub age
{
	my ($interval) = @_;

	sql(<<SQL);
UPDATE github.repository SET changed_at = changed_at - interval '$interval';
UPDATE github.repository_look SET looked_at = looked_at - extract(epoch FROM interval '$interval')::int;
UPDATE ghcrawl.refresh_block SET looked_at = looked_at - interval '$interval', then_at = then_at - interval '$interval';
UPDATE ghcrawl.crawl SET created_at = created_at - interval '$interval';
SQL
	sql('VACUUM ANALYZE');
	return;
}

diag('| what | seen | new | changed | requests | points | rows of github ins/upd/hot/del | of ghcrawl | seconds: choosing, looking | WAL MB of github | of ghcrawl |');
diag('|---|---|---|---|---|---|---|---|---|---|---|');
measure('first crawl', "SELECT ghcrawl_start('$everything', 'flat')");
sql('VACUUM ANALYZE');
change_some(1);
measure('searched again, 5 % changed', "SELECT ghcrawl_start('$everything', 'flat')");
measure('searched again, none changed', "SELECT ghcrawl_start('$everything', 'flat')");
measure('refresh, nothing is due', 'SELECT ghcrawl_refresh()');
age('200 days');
change_some(2);
measure('refresh of all, in blocks below 10 stars, 5 % changed', 'SELECT ghcrawl_refresh()');
measure('refresh of what is left', 'SELECT ghcrawl_refresh()');
age('31 days');
change_some(3);
measure('refresh of those with 10 stars, 5 % changed', 'SELECT ghcrawl_refresh()');
sql("UPDATE ghcrawl.freshness_target SET stars_from = 1 WHERE stars_from = 10");
measure('a row for each that has stars', 'SELECT ghcrawl_refresh()');
age('31 days');
change_some(4);
measure('refresh of those with stars, 5 % changed', 'SELECT ghcrawl_refresh()');
measure('refresh, nothing is due', 'SELECT ghcrawl_refresh()');
diag('bytes a row: ' . sql(<<'SQL'));
SELECT format('%s rows of repository_look, %s bytes in the table, %s in the key; %s blocks of %s bytes',
	count(*), round(pg_table_size('github.repository_look')::numeric / count(*), 1),
	round(pg_relation_size('github.repository_look_pkey')::numeric / count(*), 1),
	(SELECT count(*) FROM ghcrawl.refresh_block),
	(SELECT pg_total_relation_size('ghcrawl.refresh_block') / greatest(count(*), 1) FROM ghcrawl.refresh_block)) FROM github.repository_look
SQL
done_testing();
