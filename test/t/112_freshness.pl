# What counts as looked at: crawls of ranges as well as single looks; what looks
# tell of change rates; what view freshness says; dumps; tables made before.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(
	repositories => 3_000,
	users => 1,
	latency => 5,
	unstable_order => 0,
	unstable_ties => 0,
	first_id => 4_294_960_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }
sub refresh { return sql('SELECT ghcrawl_refresh(' . ($_[0] // '') . ')') }
sub in_order { return join ',', sort { $a <=> $b } @_ }
sub of_stars { return split /,/, sql("SELECT string_agg(repo_id::text, ',') FROM github.repositories WHERE stars $_[0]") }

sub ended
{
	my ($crawl) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
	return $crawl;
}

sub asked
{
	my ($crawl) = @_;
	return $crawl eq '' ? () : split /,/, sql(<<SQL);
SELECT string_agg(substring(query FROM 'ids:([0-9,]+)'), ',') FROM ghcrawl.task WHERE crawl_id = $crawl
SQL
}

# As if all that is known were older.
sub age
{
	my ($interval) = @_;

	sql(<<SQL);
UPDATE github.repository SET changed_at = changed_at - interval '$interval';
UPDATE github.repository_look SET looked_at = looked_at - extract(epoch FROM interval '$interval')::int;
UPDATE ghcrawl.refresh_block SET looked_at = looked_at - interval '$interval';
UPDATE ghcrawl.crawl SET created_at = created_at - interval '$interval';
SQL
	return;
}

# --- tables made before there was such a thing ------------------------------------

my $all = 'stars:>=0 fork:true';
my @ids = $sim->truth($all);
change((map { { op => 'set', id => $ids[ $_ * 10 ], stars => 2_000 } } 1 .. 10),
	(map { { op => 'set', id => $ids[ $_ * 4 + 1 ], stars => 10 + $_ % 20 } } 1 .. 200));
is(sql('SELECT stars, repositories, can_be_met FROM ghcrawl.freshness'), '', 'nothing is stored, nothing is said');
sql('SELECT ghcrawl_create_tables(); DROP TABLE github.repository_look');
is(sql('SELECT stars, target, repositories, needed, can_be_met FROM ghcrawl.freshness'),
	">=1000|1 day|||\n10..999|30 days|||\n0..9|180 days|||", 'targets, and that nothing is known yet');
my $select = 'stars:5..3000';
ended(start_crawl($node, $select, 'flat'));
my ($left, $gone) = (of_stars('BETWEEN 10 AND 30'))[ 3, 4 ];
change({ op => 'set', id => $left, stars => 2 }, { op => 'delete', id => $gone });
ended(start_crawl($node, $select, 'flat'));
is(sql('SELECT count(*) FROM github.repository_absence'), '1', 'single looks work without the table');
is(refresh(), '', 'nothing is due');
is(sql("SELECT count(*) FROM github.repository_look"), sql('SELECT count(*) FROM github.repository WHERE stars >= 10'),
	'the table is made');

# --- single looks of ordinary crawls --------------------------------------------------

change({ op => 'set', id => $left, stars => 17 });
my ($other) = of_stars('BETWEEN 20 AND 30');
age('3 days');
change({ op => 'set', id => $other, stars => 4000 });
ended(start_crawl($node, $select, 'flat'));
is(sql("SELECT stars, looked_at > extract(epoch FROM now()) - 946684800 - 600 FROM github.repository_look WHERE repo_id = $other"),
	'4000|t', 'a suspect was looked at by its id');

# --- crawls of ranges --------------------------------------------------------------------

ended(start_crawl($node, $all, 'flat'));
is(refresh(), '', 'a crawl of all: nothing is due');
my @forks = of_stars('BETWEEN 10 AND 999 AND is_fork');
my @others = of_stars('BETWEEN 10 AND 999 AND NOT is_fork');
my @high = of_stars('>= 1000');
cmp_ok(scalar @forks, '>', 0, 'there are forks with stars');
age('31 days');
ended(start_crawl($node, 'stars:10..99', 'flat'));
my $crawl = ended(refresh());
my %stars = map { split /\|/ } split /\n/, sql('SELECT repo_id, stars FROM github.repository WHERE stars >= 10');
is(in_order(asked($crawl)), in_order(@high, @forks, grep { $stars{$_} > 99 } @others),
	'a search leaves forks out, and what has more stars');
is(refresh(), '', 'and then nothing is left');
age('29 days');
ended(start_crawl($node, 'stars:5..3000 fork:true archived:false', 'flat'));
age('1 day 1 hour');
my %asked = map { $_ => 1 } asked(ended(refresh()));
is(scalar(grep { !$asked{$_} } @high), 0, 'a crawl of some says nothing of all');

# --- blocks that a crawl has read ----------------------------------------------------------

age('200 days');
ended(start_crawl($node, 'stars:<10 fork:true', 'flat'));
%asked = map { $_ => 1 } asked(ended(refresh()));
is(scalar(grep { $stars{$_} // 0 } keys %asked) . '|' . scalar(keys %asked), scalar(keys %stars) . '|' . scalar(keys %stars),
	'what a crawl has read is not read again by blocks');
is(sql("SELECT count(*) FROM ghcrawl.refresh_block WHERE looked_at < now() - interval '1 day'"), '0', 'and they are as fresh');

# --- rates -------------------------------------------------------------------------------------

my ($busy, $quiet) = @high;
sql('UPDATE github.repository_look SET log_rate = -3000, doubt = 2000');
for my $round (1 .. 3)
{
	age('1 day');
	change({ op => 'set', id => $busy, stars => 2_000 + $round });
	ended(refresh());
}
is(sql(<<SQL), 't|t|t', 'what changes each time changes more often than what never does');
SELECT b.log_rate > -1500, q.log_rate < -3000, b.doubt < 1500
FROM github.repository_look b, github.repository_look q WHERE b.repo_id = $busy AND q.repo_id = $quiet
SQL
my $rate = sql("SELECT log_rate FROM github.repository_look WHERE repo_id = $quiet");
age('1 day');
change({ op => 'set', id => $quiet, forks => 99 });
ended(refresh());
cmp_ok(sql("SELECT log_rate FROM github.repository_look WHERE repo_id = $quiet"), '<', $rate, 'it is stars that are meant');

# --- what budgets allow ----------------------------------------------------------------------------

is(sql('SELECT bool_and(can_be_met), max(left_for_it) > 100000 FROM ghcrawl.freshness'), 't|t', 'budgets suffice');
sql('UPDATE ghcrawl.budget SET points_hour = 0, response_ms_minute = 0');
is(sql('SELECT count(left_for_it), bool_or(needed > 0) FROM ghcrawl.freshness'), '0|t', 'without limits there is no figure');
sql('UPDATE ghcrawl.budget SET points_hour = 1, response_ms_minute = 60000');
is(sql('SELECT stars, can_be_met FROM ghcrawl.freshness'), ">=1000|t\n10..999|t\n0..9|t", 'even with one point an hour');
sql("UPDATE ghcrawl.freshness_target SET max_age = '1 hour' WHERE stars_from = 10");
is(sql('SELECT stars, can_be_met, left_for_it < 2400 FROM ghcrawl.freshness'), ">=1000|t|f\n10..999|f|t\n0..9|f|t",
	'who changes often can not be met, nor what comes after it');
age('1 day');
is(scalar(asked(ended(refresh()))), 100, 'a run takes what an hour allows');
is(sql("BEGIN; UPDATE ghcrawl.traffic SET ms = 0; SELECT max(left_for_it) > 0 FROM ghcrawl.freshness; SELECT ghcrawl_refresh() > 0; ROLLBACK"), "t\nt", 'who answers at once has time for all');

# --- dumps ---------------------------------------------------------------------------------------------

sql(<<'SQL');
UPDATE ghcrawl.freshness_target SET max_age = NULL WHERE stars_from = 0;
INSERT INTO ghcrawl.freshness_target VALUES (500, '3 days');
CREATE DATABASE restored TEMPLATE template0;
SQL
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump';
my $tables = join ' UNION ALL ', map { "SELECT '$_' || r::text AS line FROM ghcrawl.$_ r" } qw(freshness_target refresh refresh_block refresh_age);
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'a dump');
$node->command_ok([ 'pg_restore', '-j2', '-d', $node->connstr('restored'), $dump ], 'is restored');
is($node->safe_psql('restored', "$tables ORDER BY 1"), sql("$tables ORDER BY 1"), 'with targets as they were, and what is known');
no_limit_violated($sim, 'all of it');
done_testing();
