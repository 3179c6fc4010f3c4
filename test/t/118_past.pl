# How repositories were: ghcrawl_at, ghcrawl_stars, ghcrawl_star_changes, views rising
# and falling, held against copies that are kept of the tables after each of several crawls of
# a world that changes.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(repositories => 600, users => 2, latency => 2, limits => 'wide',
	rest_requests => 1_000_000, rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, exists $_->{id} ? (id => 0 + $_->{id}) : () } } @_ ])) }
sub error { return ($node->psql('postgres', $_[0], extra_params => [ '-v', 'VERBOSITY=verbose' ]))[2] }

my $columns = 'repo_id, name_with_owner, owner_id, stars, forks, license, is_archived, is_disabled, created_at, missed_at';
my $all = 'stars:>=0 fork:true';

# how many days ago each crawl is to have been
my @days = (35, 20, 10, 5, 0);

sub crawl_and_copy
{
	my ($round) = @_;
	crawl_ends($node, start_crawl($node, $all, 'flat'));
	sql("CREATE TABLE copy_$round AS SELECT clock_timestamp() AS moment, $columns FROM github.repositories");
	return;
}

crawl_and_copy(0);
my @ids = split /\n/, sql('SELECT repo_id FROM github.repository ORDER BY repo_id');
my $gone = $ids[7];
my @young;
for my $round (1 .. $#days)
{
	# some change each time, some now and then, some never
	change((map { { op => 'set', id => $ids[$_], stars => ($_ % 7 == 0 ? 3000 - 500 * $round : 40 * $round + $_), forks => $round } }
			grep { $_ != 7 && ($_ + $round) % 3 } 0 .. 149),
		{ op => 'rename', id => $ids[ 150 + $round ], name => "name-$round" }, { op => 'rename', id => $ids[160], name => "name-of-$round" },
		{ op => 'transfer', id => $ids[161], owner => "owner-$round" },
		{ op => 'set', id => $ids[162], isArchived => $round % 2 ? \1 : \0 }, { op => 'set', id => $ids[163], isDisabled => $round % 2 ? \1 : \0 },
		{ op => 'set', id => $ids[164], pushedAt => '2026-11-0' . $round . 'T00:00:00Z' },
		{ op => 'set', id => $ids[165], stars => $round == 2 ? 1000 : 500 },
		$round == 2 ? { op => 'delete', id => $gone } : ());
	push @young, @{ change({ op => 'add', owner => 'newcomer', name => "born-$round", stars => 700 + $round })->{ids} };
	crawl_and_copy($round);
}
wait_for($node, "SELECT count(*) FROM github.repository_absence WHERE repo_id = $gone", '1');
values_are_true($node, $sim, $all, 'flat', 'the last crawl');
crawl_ends($node, sql("SELECT ghcrawl_backfill_stars(array_agg(repo_id)) FROM github.repository WHERE repo_id IN ($ids[0], $ids[3], $ids[300])"));

# Rows that differ between a copy and what is told of its moment.
sub differences
{
	my ($round) = @_;
	my ($moment, $known) = ("(SELECT max(moment) FROM copy_$round)", "SELECT $columns FROM copy_$round");
	return sql("SELECT * FROM (($known EXCEPT SELECT * FROM ghcrawl_at($moment)) UNION ALL (SELECT * FROM ghcrawl_at($moment) EXCEPT $known)) d ORDER BY 1");
}

cmp_ok(sql("SELECT count(*) FROM (TABLE copy_0 EXCEPT TABLE copy_$#days) d"), '>', 100, 'at: much changed in between');
is(sql("SELECT missed_at IS NOT NULL FROM ghcrawl_at(now()) WHERE repo_id = $gone"), 't', 'at: who is gone is marked');

# --- weeks pass -------------------------------------------------------------------------------

for my $back (1, 2)
{
	my ($from, $to) = map { sql("SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') - interval '$_ months')::date") } $back, $back - 1;
	my $part = 'github.repository_history_' . substr($from, 0, 7) =~ tr/-/_/r;
	sql("CREATE TABLE $part PARTITION OF github.repository_history FOR VALUES FROM ('$from 00:00Z') TO ('$to 00:00Z')");
}
my $ago = "CASE " . join(' ', map { "WHEN \$1 <= (SELECT max(moment) FROM copy_$_) THEN interval '$days[$_] days'" } 0 .. $#days) . " ELSE interval '0' END";
sql("CREATE FUNCTION ago(timestamptz) RETURNS interval STABLE LANGUAGE sql AS \$\$ SELECT $ago \$\$");
sql('SET timezone = UTC; UPDATE github.repository_history SET changed_at = changed_at - ago(changed_at);'
	. 'UPDATE github.repository SET changed_at = changed_at - ago(changed_at);'
	. "UPDATE github.repository_absence SET missed_at = missed_at - ago(missed_at);"
	. "UPDATE github.ghcrawl_schema SET created_at = created_at - interval '35 days'");
sql("UPDATE github.repository SET created_at = created_at - 86400 * coalesce(('{"
	  . join(',', map { "\"$young[$_]\": $days[ $_ + 1 ]" } 0 .. $#young) . "}'::json ->> repo_id::text)::int, 35)");
sql("UPDATE copy_$_ c SET moment = moment - interval '$days[$_] days',"
	  . " created_at = (SELECT created_at FROM github.repositories r WHERE r.repo_id = c.repo_id), missed_at = missed_at - ago(missed_at)") for reverse 0 .. $#days;
is(differences($_), '', "at: as it was after crawl $_") for 0 .. $#days;
my @moments = map { sql("SELECT max(moment) FROM copy_$_") } 0 .. $#days;

# --- rising and falling ---------------------------------------------------------------------------

# What a copy has, or 0 of who is younger.
sub trend
{
	my ($sign) = @_;
	return sql(<<"SQL");
SELECT string_agg(repo_id || ' ' || week || ' ' || month, ',' ORDER BY week DESC, repo_id)
FROM (SELECT now.repo_id, $sign (now.stars - coalesce(week.stars, 0)) AS week, $sign (now.stars - coalesce(month.stars, 0)) AS month
	FROM copy_4 now LEFT JOIN copy_2 week USING (repo_id) LEFT JOIN copy_0 month USING (repo_id)) d
WHERE week > 0
SQL
}
is(sql("SELECT string_agg(repo_id || ' ' || gained_7_days || ' ' || gained_30_days, ',') FROM github.rising"), trend('+'), 'rising: who gained how much, in order');
is(sql("SELECT string_agg(repo_id || ' ' || lost_7_days || ' ' || lost_30_days, ',') FROM github.falling"), trend('-'), 'falling: who lost how much, in order');
cmp_ok(sql('SELECT count(*) FROM github.falling'), '>=', 10, 'falling: some did');
is(sql("SELECT count(*) FROM github.rising WHERE repo_id IN ($young[2], $young[3])"), 2, 'rising: new ones are among them');
is(sql("SELECT percent_7_days IS NULL, gained_30_days = stars FROM github.rising WHERE repo_id = $young[3]"), 't|t', 'rising: from nothing');
is(sql(<<"SQL"), '0', 'rising: percents are of what it had');
SELECT count(*) FROM github.rising r JOIN copy_2 c USING (repo_id)
WHERE percent_7_days IS DISTINCT FROM round(100.0 * (r.stars - c.stars) / nullif(c.stars, 0), 1)
SQL
for my $pair ([ 0, 4 ], [ 1, 3 ], [ 2, 3 ])
{
	my ($from, $to) = @$pair;
	my $known = <<"SQL";
SELECT a.repo_id, coalesce(b.stars, 0), a.stars, a.stars - coalesce(b.stars, 0)
FROM copy_$to a LEFT JOIN copy_$from b USING (repo_id) WHERE a.stars <> coalesce(b.stars, 0)
SQL
	my $told = "SELECT repo_id, stars_before, stars, gained FROM ghcrawl_star_changes('$moments[$from]', '$moments[$to]')";
	is(sql("SELECT count(*) FROM (($known EXCEPT $told) UNION ALL ($told EXCEPT $known)) d"), 0, "changes from crawl $from to $to");
}
is(sql("SELECT count(*) FROM ghcrawl_star_changes('$moments[1]')"), sql("SELECT count(*) FROM ghcrawl_star_changes('$moments[1]', '$moments[4]')"), 'changes until now');

# --- stars by days ---------------------------------------------------------------------------------

my $today = sql("SELECT (now() AT TIME ZONE 'UTC')::date");
for my $id ($ids[0], $ids[1], $ids[165], $ids[200])
{
	my $known = join "\n", map {
		my ($from, $to) = ($days[$_], $_ < $#days ? $days[ $_ + 1 ] + 1 : 0);
		my $stars = sql("SELECT stars FROM copy_$_ WHERE repo_id = $id");
		map { sql("SELECT date '$today' - $_") . "|$stars" } reverse $to .. $from
	} grep { $id != $ids[0] || 1 } 0 .. $#days;
	my $first = sql("SELECT min((h.changed_at AT TIME ZONE 'UTC')::date) FROM (SELECT changed_at FROM github.repository WHERE repo_id = $id"
		. " UNION ALL SELECT changed_at FROM github.repository_history WHERE repo_id = $id) h");
	$known = join "\n", grep { $_ ge $first } split /\n/, $known;
	is(sql("SELECT day, stars FROM ghcrawl_stars($id) WHERE source = 'observed'"), $known, "stars: repository $id as crawls saw it from $first on");
}
is(sql("SELECT count(*) FROM ghcrawl_stars($ids[1]) WHERE gained IS DISTINCT FROM stars - (SELECT s.stars FROM ghcrawl_stars($ids[1]) s WHERE s.day = ghcrawl_stars.day - 1)"),
	0, 'stars: what is gained is the difference');
# before the first look: back from what it was, by what GitHub says
for my $id ($ids[0], $ids[3], $ids[300])
{
	my ($first, $stars) = split /\|/, sql("SELECT day, stars FROM ghcrawl_stars($id) WHERE source = 'observed' ORDER BY day LIMIT 1");
	my $given = <<"SQL";
SELECT (week + (i - 1) * interval '1 day')::date AS day, n::int FROM github.star_weeks, unnest(days) WITH ORDINALITY d (n, i) WHERE repo_id = $id
SQL
	my $at_first = sql("SELECT stars FROM copy_" . ($id == $ids[300] ? 0 : 1) . " WHERE repo_id = $id");
	my $known = sql("SET timezone = UTC; WITH g AS ($given) SELECT day, greatest(0, $at_first - (SELECT coalesce(sum(n), 0) FROM g l WHERE l.day > g.day AND l.day <= '$first')), n"
		. " FROM g WHERE day < '$first' AND day >= (SELECT created_at::date FROM github.repositories WHERE repo_id = $id) ORDER BY day");
	cmp_ok(length $known, '>', 1000, "stars: there is a history of $id");
	is(sql("SELECT day, stars, gained FROM ghcrawl_stars($id) WHERE source = 'history'"), $known, "stars: before, $id as GitHub says");
	is(sql("SELECT count(*), bool_and(stars >= before) FROM (SELECT day, stars, lag(stars) OVER (ORDER BY day) AS before FROM ghcrawl_stars($id) WHERE source = 'history') s WHERE before IS NOT NULL"),
		(() = $known =~ /\n/g) . '|t', 'stars: a day each, and none less than before');
}
my $name = sql("SELECT name_with_owner FROM copy_0 WHERE repo_id = $ids[160]");
is(sql("SELECT count(*) FROM ghcrawl_stars('$name', '$today')"), 1, 'stars: by a former name');
is(sql("SELECT day FROM ghcrawl_stars('$ids[300]', '$today'::date - 3, '$today'::date - 2)"), sql("SELECT date '$today' - 3") . "\n" . sql("SELECT date '$today' - 2"), 'stars: of some days');
is(sql("SELECT count(*) FROM ghcrawl_stars($ids[300], until => '$_')"), sql("SELECT count(*) FROM ghcrawl_stars($ids[300])"), "stars: until a day as late as $_")
  for '294277-01-01', '300000-01-01', '586540-01-01', '5874897-12-31';
is(sql("SELECT count(*) FROM ghcrawl_stars($ids[300], since => '586540-01-01')"), 0, 'stars: none since then');
sql("UPDATE github.repository SET stars = NULL WHERE repo_id = $ids[300]");
is(sql("SELECT count(*) > 100, count(stars) FROM ghcrawl_stars($ids[300])"), 't|0', 'stars: where they are unknown, nobody knows how many there were');

# --- what can't be told ---------------------------------------------------------------------------------

like(error("SELECT * FROM ghcrawl_stars('no/body')"), qr/42704: repository "no\/body" is not stored.*ghcrawl_add_repositories/s, 'unknown name');
like(error("SELECT * FROM ghcrawl_stars(987654321)"), qr/42704: repository "987654321" is not stored/, 'unknown id');
like(error("SELECT * FROM ghcrawl_stars('no body')"), qr/22023: "no body" names no repository/, 'no name');
like(error("SELECT * FROM ghcrawl_stars($ids[0], '2026-01-02', '2026-01-01')"), qr/22023: since must not be after until/, 'days in the wrong order');
like(error("SELECT * FROM ghcrawl_stars($ids[1], '2020-01-01')"), qr/NOTICE:.*nothing is stored.*ghcrawl_backfill_stars\('$ids[1]'\)/s, 'days that nothing is stored of');
is(error("SELECT * FROM ghcrawl_stars($ids[1])"), '', 'unless none are asked for');
is(error("SELECT * FROM ghcrawl_stars($ids[1], '2200-01-01')"), '', 'or only such as are to come');
is(error("SELECT * FROM ghcrawl_stars($ids[0], '2020-01-01')"), '', 'or GitHub was asked');
like(error("SELECT * FROM ghcrawl_at('2020-01-01')"), qr/22023: nothing was stored before/, 'a moment before the first crawl');
like(error("SELECT * FROM ghcrawl_star_changes(now(), now() - interval '1 day')"), qr/22023: since must not be after until/, 'moments in the wrong order');
like(error('SELECT * FROM ghcrawl_at(NULL)'), qr/22004/, 'no moment');
sql(q{UPDATE github.ghcrawl_schema SET created_at = created_at - interval '1 year'});
like(error(q{SELECT * FROM ghcrawl_at(now() - interval '100 days')}), qr/22023: the history begins at/, 'a month that was dropped');
like(error(q{SET standard_conforming_strings = off; SELECT * FROM ghcrawl_at(now() - interval '100 days')}), qr/22023: the history begins at/, 'whatever a backslash means');

# --- who may ---------------------------------------------------------------------------------------------

sql('CREATE ROLE reader LOGIN; GRANT ghcrawl_reader TO reader; CREATE ROLE nobody LOGIN');
is(sql("SET ROLE reader; SELECT count(*) > 0 FROM $_"), 't', "a reader may: $_")
  for "ghcrawl_stars($ids[0])", 'ghcrawl_at(now())', "ghcrawl_star_changes(now() - interval '40 days')", 'github.rising', 'github.falling', 'github.star_weeks';
like(error("SET ROLE nobody; SELECT * FROM ghcrawl_at(now())"), qr/42501/, 'nobody else may');
sql('REVOKE SELECT ON github.repository_history FROM ghcrawl_reader');
like(error("SET ROLE reader; SELECT * FROM $_"), qr/42501: permission denied for table repository_history/, "without the history he may not: $_")
  for "ghcrawl_stars($ids[0])", 'ghcrawl_at(now())', "ghcrawl_star_changes(now() - interval '40 days')";

done_testing();
