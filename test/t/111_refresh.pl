# Rows are kept as fresh as targets ask: who is overdue is looked at again, the most
# overdue and important first; who is fresher isn't asked for.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(
	repositories => 3_000,
	users => 1,
	latency => 5,
	unstable_order => 0,
	unstable_ties => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'restart_after_crash = on');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }
sub refresh { return sql('SELECT ghcrawl_refresh(' . ($_[0] // '') . ')') }

# The ids that a crawl asks for, first ones first.
sub asked
{
	my ($crawl) = @_;
	return split /,/, sql(<<SQL);
SELECT string_agg(substring(query FROM 'ids:([0-9,]+)'), ',' ORDER BY task_id) FROM ghcrawl.task WHERE crawl_id = $crawl
SQL
}

# As if all that is known were older; crawls that end later don't hide it.
sub age
{
	my ($interval) = @_;

	sql(<<SQL);
UPDATE github.repository SET changed_at = changed_at - interval '$interval';
UPDATE github.repository_look SET looked_at = looked_at - extract(epoch FROM interval '$interval')::int;
UPDATE ghcrawl.refresh_block SET looked_at = looked_at - interval '$interval', then_at = then_at - interval '$interval';
UPDATE ghcrawl.crawl SET created_at = created_at - interval '$interval';
SQL
	return;
}

sub refreshed
{
	my ($crawl, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($crawl, qr/^\d+$/, "$name: there is a crawl") or return;
	crawl_ends($node, $crawl);
	wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
	return;
}

sub in_order { return join ',', sort { $a <=> $b } @_ }
sub of_stars { return split /,/, sql("SELECT string_agg(repo_id::text, ',') FROM github.repository WHERE stars $_[0]") }

# --- targets ------------------------------------------------------------------

is(sql('SELECT stars_from, max_age, builtin FROM ghcrawl.freshness_target ORDER BY 1'),
	"0|180 days|t\n10|30 days|t\n1000|1 day|t", 'targets there are from the beginning');
is(sql(<<'SQL'), "50|2 days|f\n1000|12:00:00|f", 'and may be edited');
BEGIN;
SET LOCAL ROLE ghcrawl_admin;
UPDATE ghcrawl.freshness_target SET max_age = '12 hours' WHERE stars_from = 1000;
INSERT INTO ghcrawl.freshness_target VALUES (50, '2 days');
SELECT stars_from, max_age, builtin FROM ghcrawl.freshness_target WHERE NOT builtin ORDER BY 1;
ROLLBACK;
SQL
like(error_of($node, q{INSERT INTO ghcrawl.freshness_target VALUES (-1, '1 day')}), qr/check constraint/, 'a target of negative stars');
like(error_of($node, q{INSERT INTO ghcrawl.freshness_target VALUES (5, '-1 day')}), qr/check constraint/, 'a negative age');
like(error_of($node, q{INSERT INTO ghcrawl.freshness_target VALUES (5, '290000 years')}), qr/check constraint/, 'one that goes back before all time');
like(error_of($node, q{SELECT ghcrawl_refresh('0')}), qr/"every" must be/, 'a run that is never over');
sql(q{INSERT INTO ghcrawl.profile (name, columns) VALUES ('starless', '{repo_id,name_with_owner,forks}')});
like(error_of($node, q{SELECT ghcrawl_refresh(profile => 'starless')}), qr/does not ask for stars/, 'a profile that tells of no stars');
like(error_of($node, q{SELECT ghcrawl_refresh(max_points => 0)}), qr/max_points must be/, 'without points');
like(error_of($node, q{SET ROLE pg_read_all_data; SELECT ghcrawl_refresh()}), qr/permission denied/, 'not for everybody');

# --- a crawl of everything makes everything fresh --------------------------------

my $all = 'stars:>=0 fork:true';
my @ids = $sim->truth($all);
change((map { { op => 'set', id => $ids[ $_ * 10 ], stars => 1_000 + 100 * $_ } } 1 .. 20),
	(map { { op => 'set', id => $ids[ $_ * 4 + 1 ], stars => 20 + $_ } } 1 .. 200));
crawl_ends($node, start_crawl($node, $all, 'flat'));
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
is(refresh(), '', 'after a crawl: nothing is due');
my @high = of_stars('>= 1000');
my @middle = of_stars('BETWEEN 10 AND 999');
my @low = of_stars('< 10');
cmp_ok(scalar @high, '>', 5, 'there are some of the highest band');
is(sql('SELECT count(*) FROM github.repository_look'), @high + @middle, 'those with stars have a row of their own');
is(sql('SELECT sum(repositories) FROM ghcrawl.refresh_block'), scalar @low, 'the others are in blocks');
is(sql(<<'SQL'), "0..9|${\ scalar @low}|100.0|t\n10..999|${\ scalar @middle}|100.0|t\n>=1000|${\ scalar @high}|100.0|t", 'and the view says so');
SELECT stars, repositories, in_time, can_be_met FROM ghcrawl.freshness ORDER BY target DESC
SQL

# --- a day later the highest band is due -------------------------------------------

age('23 hours 30 minutes');
change({ op => 'set', id => $high[0], stars => 4321 });
my $requests = $sim->counters->{requests};
my $crawl = refresh();
refreshed($crawl, 'a day later');
is(in_order(asked($crawl)), in_order(@high), 'a day later: just the highest band, before it is too old');
cmp_ok($sim->counters->{requests} - $requests, '<=', @high / 100 + 3, 'a day later: a hundred to a request');
is(sql("SELECT stars FROM github.repository WHERE repo_id = $high[0]"), '4321', 'a day later: changes are stored');
is(sql("SELECT count(*) FROM github.repository_history WHERE repo_id = $high[0]"), '1', 'a day later: with their history');
is(sql(<<SQL), "t|t", 'a day later: who changed does so more often than who did not');
SELECT (SELECT log_rate FROM github.repository_look WHERE repo_id = $high[0]) > max(log_rate), max(doubt) < 1500
FROM github.repository_look WHERE stars >= 1000 AND repo_id <> $high[0]
SQL
is(refresh(), '', 'a day later, again: nothing is asked for twice');
is($sim->counters->{requests} - $requests, sql("SELECT requests FROM ghcrawl.crawls WHERE crawl = $crawl"), 'nor are requests made');

# --- whom GitHub knows and doesn't show isn't asked for in each run --------------------

age('1 day');
$sim->post('/_sim/faults', { forbiddenNodes => 1 });
$crawl = refresh();
crawl_ends($node, $crawl, 'done_with_gaps');
my $hidden = sql("SELECT count(*) FROM github.repository_look WHERE stars >= 1000 AND looked_at < extract(epoch FROM now() - interval '1 hour') - 946684800");
$sim->post('/_sim/faults', { forbiddenNodes => 0 });
is($hidden, '0', 'hidden: who is not shown has been looked at');
is(refresh(), '', 'hidden: and is not asked for again at once');

# --- what a crawl found changed lately isn't due -------------------------------------

age('1 day');
change({ op => 'set', id => $high[1], stars => 7000 });
crawl_ends($node, start_crawl($node, 'stars:7000 fork:true', 'flat'));
$crawl = refresh();
refreshed($crawl, 'seen elsewhere');
is(in_order(asked($crawl)), in_order(@high[ 0, 2 .. $#high ]), 'seen elsewhere: it is not asked for');

# --- the most overdue and important first, as far as points go --------------------------

age('29 days 23 hours 30 minutes');
sql('UPDATE github.repository_look SET log_rate = -3000, doubt = 500');
my @first = split /,/, sql(<<'SQL');
SELECT string_agg(repo_id::text, ',') FROM (SELECT repo_id FROM github.repository_look ORDER BY (stars + 1.0) * CASE WHEN stars >= 1000 THEN 30 ELSE 1 END DESC LIMIT 100) r
SQL
$crawl = refresh('max_points => 1');
refreshed($crawl, 'few points');
is(in_order(asked($crawl)), in_order(@first), 'few points: those with most stars, a hundred of them');
is(sql('SELECT looks, left_out FROM ghcrawl.refresh'), '100|' . (@high + @middle - 100), 'few points: the rest is counted');
my %done = map { $_ => 1 } @first;
$crawl = refresh();
refreshed($crawl, 'more points');
is(in_order(asked($crawl)), in_order(grep { !$done{$_} } @high, @middle), 'more points: the rest of both bands');

# --- blocks ---------------------------------------------------------------------------

age('150 days');
my $gone = $low[7];
change({ op => 'delete', id => $gone }, { op => 'set', id => $low[8], stars => 12 });
$crawl = refresh();
my %asked = map { $_ => 1 } asked($crawl);
is(scalar(grep { !$asked{$_} } @low), 0, 'half a year: all that is left');
refreshed($crawl, 'half a year');
is(sql('SELECT string_agg(repo_id::text, \',\') FROM github.repository_absence'), $gone, 'half a year: who is gone is absent');
is(sql("SELECT count(*) FROM github.repository_look WHERE repo_id IN ($low[8], $low[9])"), '1',
	'half a year: a row of its own for the one that has stars now, for no other');
is(refresh(), '', 'half a year, again: nothing');
is(sql('SELECT count(*) FROM ghcrawl.refresh_block WHERE looked_at < now() - interval \'1 hour\''), '0', 'blocks are fresh');

# --- the row is gone, and so is the repository -----------------------------------------

age('31 days');
sql("DELETE FROM github.repository WHERE repo_id = $middle[0]");
change({ op => 'delete', id => $middle[1] });
$crawl = refresh();
refreshed($crawl, 'removed');
%asked = map { $_ => 1 } asked($crawl);
ok(!$asked{ $middle[0] }, 'removed: whose row was removed is not asked for');
is(sql("SELECT count(*) FROM github.repository_look WHERE repo_id = $middle[0]"), '0', 'removed: and forgotten');
is(sql("SELECT count(*) FROM github.repository_absence WHERE repo_id = $middle[1]"), '1', 'removed: who is gone is absent');
is(refresh(), '', 'removed: and not asked for again at once');

# --- targets that were edited, and one that isn't there -----------------------------------

sql("UPDATE ghcrawl.freshness_target SET max_age = NULL WHERE stars_from = 10; UPDATE ghcrawl.freshness_target SET max_age = '1 hour' WHERE stars_from = 1000");
age('40 days');
$crawl = refresh("'10 minutes'");
refreshed($crawl, 'edited');
is(in_order(asked($crawl)), in_order(@high), 'edited: no target, no look');
is(sql('SELECT stars, target, needed = ceil(repositories * 86400.0 / extract(epoch FROM target)), in_time IS NULL, left_for_it IS NULL FROM ghcrawl.freshness'),
	">=1000|01:00:00|t|f|f\n10..999|||t|t\n0..9|180 days|t|f|f", 'edited: the view shows it');

# --- old refreshes ----------------------------------------------------------------------------

my $kept = sql("SELECT count(*) FROM ghcrawl.crawl WHERE selection <> 'refresh'");
sql("UPDATE ghcrawl.crawl SET finished_at = finished_at - interval '8 days'");
is(refresh(), '', 'old refreshes: nothing is due');
is(sql('SELECT count(*), count(DISTINCT t.crawl_id) FROM ghcrawl.crawl c LEFT JOIN ghcrawl.task t USING (crawl_id)') =~ s/.*\|//r . '|'
	. sql("SELECT count(*) FROM ghcrawl.crawl"), "$kept|$kept", 'old refreshes: are forgotten with their tasks, other crawls are not');
like(sql("BEGIN; SELECT ghcrawl_start('refresh', 'flat', max_repositories => 1); ROLLBACK"), qr/^\d+$/, 'one may search for the word');

# --- while one is under way ------------------------------------------------------------------

age('2 hours');
$sim->post('/_sim/settings', { latency => 3000 });
$crawl = refresh();
like(error_of($node, 'SELECT ghcrawl_refresh()'), qr/NOTICE:.*crawl $crawl is refreshing already/, 'under way: it is said');
is(refresh(), $crawl, 'under way: it is the same one');
my $offset = -s $node->logfile;
wait_for($node, "SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl AND state = 'claimed'", '1');
kill 'KILL', worker_pid($node);
wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
$sim->post('/_sim/settings', { latency => 5 });
refreshed($crawl, 'kill -9');
is(refresh(), '', 'kill -9: nothing is due after it');
nothing_is_left($node, 'kill -9');
no_limit_violated($sim, 'all of it');
done_testing();
