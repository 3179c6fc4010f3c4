# A walk through ids has looked at what it walked through: nothing of that is asked
# for again before its time, whether GitHub listed it or the data table had it.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $block = 4096;
my $sim = start_simulator(
	repositories => 6_000,
	users => 1,
	latency => 5,
	limits => 'wide',
	rest_requests => 1_000_000,
	rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }
sub in_order { return join ',', sort { $a <=> $b } @_ }

sub set_interval
{
	my ($minutes) = @_;
	$node->append_conf('postgresql.conf', "ghcrawl.walk_interval = $minutes");
	$node->reload;
	return;
}

sub walked
{
	my ($selection, $profile) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $crawl = start_crawl($node, $selection, $profile // 'flat');
	crawl_ends($node, $crawl);
	return $crawl;
}

# The ids that a refresh would ask for, and how many blocks it finds old.
sub asked
{
	my ($old, $ids) = split /\|/, sql(<<'SQL'), -1;
BEGIN;
SELECT FROM ghcrawl_refresh();
SELECT (SELECT count(*) FROM ghcrawl.refresh_block WHERE looked_at < now() - interval '1 hour'),
	(SELECT string_agg(substring(query FROM 'ids:([0-9,]+)'), ',') FROM ghcrawl.task WHERE kind = 'fill');
ROLLBACK;
SQL
	return ($old, split /,/, $ids);
}

# As if all that is known were older.
sub age
{
	my ($interval, $walked) = @_;

	$walked //= $interval;
	sql(<<SQL);
UPDATE github.repository SET changed_at = changed_at - interval '$interval';
UPDATE github.repository_look SET looked_at = looked_at - extract(epoch FROM interval '$interval')::int;
UPDATE ghcrawl.refresh_block SET looked_at = looked_at - interval '$interval';
UPDATE ghcrawl.crawl SET created_at = created_at - interval '$interval';
UPDATE ghcrawl.walked SET walked_at = walked_at - interval '$walked';
SQL
	return;
}

sub asks { my (undef, @ids) = asked(); return @ids }

sub is_fresh
{
	my ($name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my ($old, @asked) = asked();
	is(in_order(@asked), '', "$name: nothing is asked for");
	is($old, '0', "$name: blocks are fresh");
	return;
}

my @ids = $sim->truth('fork:true');
change((map { { op => 'set', id => $ids[ $_ * 50 ], stars => 1_000 + $_ } } 1 .. 20),
	(map { { op => 'set', id => $ids[ $_ * 17 + 1 ], stars => 20 + $_ } } 1 .. 200));
cmp_ok($ids[-1], '>', 3 * $block, 'there are some blocks');

# --- all ------------------------------------------------------------------------

walked('all');
my $stars = sql('SELECT count(*) FROM github.repository WHERE stars >= 10');
cmp_ok($stars, '>', 200, 'some have stars');
is(sql('SELECT count(*), min(stars) >= 10 FROM github.repository_look'), "$stars|t", 'all: those with stars have a row, no other');
is_fresh('all');

# as if the table had all along been there: what it says of changes is old
age('200 days', '0 days');
my $crawl = walked('all');
is(sql("SELECT string_agg(DISTINCT kind, ',') FROM ghcrawl.task WHERE crawl_id = $crawl AND kind = 'known'"), 'known', 'again: the table has them');
is(sql("SELECT count(*) FROM github.repository_look WHERE looked_at < extract(epoch FROM now() - interval '1 hour') - 946684800"), '0',
	'again: those with stars were looked at');
# not because the crawl was one of all
sql("UPDATE ghcrawl.crawl SET state = 'done_with_gaps' WHERE crawl_id = $crawl");
is_fresh('again');

# --- a part -----------------------------------------------------------------------

set_interval(0);
age('200 days');
my ($lo, $hi) = ($block + 100, 3 * $block + 50);
walked("ids:$lo..$hi");
sub is_old
{
	my ($id, $stars) = @_;
	return $stars >= 10 ? $id < $lo || $id > $hi : $id < 2 * $block || $id >= 3 * $block;
}
my %stars = map { split /\|/ } split /\n/, sql('SELECT repo_id, stars FROM github.repository');
is(in_order(asks()), in_order(grep { is_old($_, $stars{$_}) } keys %stars), 'a part: the rest is asked for, by whole blocks');

# --- of a profile without stars nothing is known ------------------------------------

sql("INSERT INTO ghcrawl.profile (name, columns) VALUES ('bare', '{repo_id,name_with_owner,created_at}')");
age('200 days');
walked('all', 'bare');
is(in_order(asks()), in_order(keys %stars), 'without stars: all are asked for');

# --- a crawl of all is one of all stars -----------------------------------------------

walked('all');
sql("UPDATE ghcrawl.walked SET blocks = '{}'; UPDATE github.repository_look SET looked_at = 0;"
	  . "UPDATE ghcrawl.refresh_block SET looked_at = looked_at - interval '200 days'");
is(in_order(asks()), '', 'all: what is not listed any more counts as seen, too');

# --- a walk that is cancelled ------------------------------------------------------------

age('200 days');
$sim->post('/_sim/settings', { latency => 100 });
$crawl = start_crawl($node, 'all', 'flat');
wait_for($node, "SELECT count(*) >= 2 FROM ghcrawl.task WHERE crawl_id = $crawl AND kind = 'walk' AND state = 'done'", 't');
sql("SELECT ghcrawl_cancel($crawl)");
$sim->post('/_sim/settings', { latency => 5 });
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
my @done = map { [ split /,/ ] } split /\n/, sql(<<SQL);
SELECT lower(r) || ',' || coalesce(upper(r), 1000000) FROM unnest((SELECT range_agg(int8range(substring(query FROM '^ids:(\\d+)')::bigint,
	substring(query FROM '^ids:\\d+[.][.](\\d+)')::bigint, '[]')) FROM ghcrawl.task WHERE crawl_id = $crawl AND kind = 'walk' AND state = 'done')) r
SQL
sub is_walked { my ($from, $to) = @_; return grep { $_->[0] <= $from && $_->[1] > $to } @done }
my @old = grep { my $b = int($_ / $block); $stars{$_} < 10 && !is_walked($b * $block || 1, ($b + 1) * $block - 1) } keys %stars;
my %asked = map { $_ => 1 } asks();
is(in_order(grep { $stars{$_} < 10 } keys %asked), in_order(@old), 'cancelled: blocks that were walked whole are not asked for');
is(in_order(grep { $asked{$_} && is_walked($_, $_) } grep { $stars{$_} >= 10 } keys %stars), '', 'cancelled: nor those with stars that were');

no_limit_violated($sim, 'walks and looks');
done_testing();
