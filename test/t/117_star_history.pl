# Star histories: read exactly, page by page; once more only what is new; by names
# of now and before; who is gone, blocked or forgotten; a worker that is killed in
# the middle; rows that the database refuses.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use HTTP::Tiny;
use JSON::PP;
use Test::More;

my $path = '/repositories/:id/stargazers/history';
my $sim = start_simulator(
	repositories => 400,
	users => 2,
	latency => 5,
	limits => 'wide',
	rest_requests => 1_000_000,
	rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'restart_after_crash = on');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, id => 0 + $_->{id} } } @_ ])) }

# What the stand-in says of a repository, as [week, days...], ascending; and in how many pages.
sub truth
{
	my ($id) = @_;
	my ($page, $more, @weeks) = (0, 1);
	while ($more)
	{
		$page++;
		my $reply = HTTP::Tiny->new->get($sim->http . "/repositories/$id/stargazers/history?per_page=30&page=$page",
			{ headers => { authorization => 'Bearer ' . ($sim->tokens)[1] } });
		die "$id: $reply->{status}" unless $reply->{success};
		push @weeks, map { [ $_->{week}, @{ $_->{days} } ] } @{ decode_json($reply->{content}) };
		$more = ($reply->{headers}{link} // '') =~ /rel="next"/;
	}
	return ([ reverse @weeks ], $page);
}

sub stored
{
	my ($id) = @_;
	return [ map { [ map { 0 + $_ } split /,/ ] } split /\n/,
		sql("SELECT extract(epoch FROM week)::bigint || ',' || array_to_string(days, ',') FROM github.star_weeks WHERE repo_id = $id ORDER BY week") ];
}

sub requests
{
	my $n = $sim->counters->{by_path}{$path} // 0;
	$sim->post('/_sim/counters/reset');
	return $n;
}

# Reads histories of ids; returns the crawl and how many requests that took.
sub backfill
{
	my ($ids, $options, $state) = @_;
	requests();
	my $crawl = sql("SELECT ghcrawl_backfill_stars('{" . join(',', @$ids) . "}'::bigint[]" . ($options ? ", $options" : '') . ')');
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl, $state);
	return ($crawl, requests());
}

crawl_ends($node, start_crawl($node, 'stars:>=0 fork:true', 'flat'));
my @ids = split /\n/, sql('SELECT repo_id FROM github.repository ORDER BY stars DESC, repo_id LIMIT 36');
my (%truth, %pages);
($truth{$_}, $pages{$_}) = truth($_) for @ids;
my $n_pages = 0;
$n_pages += $_ for values %pages;
cmp_ok((sort { $a <=> $b } values %pages)[-1], '>=', 10, "the oldest has many pages, all of them $n_pages");

# --- read for the first time -------------------------------------------------------------

my @first = @ids[ 0 .. 15 ];
my ($crawl, $n) = backfill(\@first);
my $expected = 0;
$expected += $pages{$_} for @first;
is($n, $expected, 'first: a request for each page');
is_deeply(stored($_), $truth{$_}, "first: repository $_ is exact, $pages{$_} pages") for @first;
is(sql('SELECT count(*) FROM github.repository_star_history'), 16, 'first: no others');
is(sql("SELECT selection, state, stored, expected, gaps, gone, tasks - tasks_ended, part, requests, rest_requests FROM ghcrawl.crawls WHERE crawl = $crawl"),
	"star history of 16 repositories|done|16|16|0|0|0|1|0|$n", 'first: what the crawl tells');
is(sql('SELECT count(*) FROM ghcrawl.seen WHERE crawl_id = ' . $crawl), '0', 'first: they are members of no range');
is(sql(<<'SQL'), '16|16', 'first: the weeks add up to the stars');
SELECT count(*), count(*) FILTER (WHERE r.stars = (SELECT sum(d) FROM unnest(h.days) d))
FROM github.repository_star_history h JOIN github.repository r USING (repo_id)
SQL
is(sql('SELECT count(*) FROM github.star_weeks WHERE NOT is_over'), 16, 'first: the last week of each is not over');

# --- once more -----------------------------------------------------------------------------

($crawl, $n) = backfill(\@first);
is($n, 16, 'again: a request for each repository');
is_deeply([ map { stored($_) } @first ], [ @truth{@first} ], 'again: nothing changed');
# as if it had been read some weeks ago: now in the middle of a week, now at a border
sql(<<'SQL');
UPDATE github.repository_star_history SET
	read_at = first_week + interval '168 hours' * (cardinality(days) / 7 - 5)
		+ CASE WHEN repo_id % 2 = 0 THEN interval '3 days' ELSE interval '8 days' END,
	days = days[1:cardinality(days) - 28]
SQL
sql("UPDATE github.repository_star_history SET days[cardinality(days)] = 999, days[1] = 77 WHERE repo_id % 2 = 0");
($crawl, $n) = backfill(\@first);
is($n, 16, 'new weeks: they stand on the first page');
for my $id (@first)
{
	my $want = [ map { [@$_] } @{ $truth{$id} } ];
	# what is known and over isn't asked for again
	$want->[0][1] = 77 if $id % 2 == 0;
	is_deeply(stored($id), $want, "new weeks: repository $id");
}
# read when a week had just begun: the one before wasn't over for a day
sql(<<'SQL');
UPDATE github.repository_star_history SET days = days[1:cardinality(days) - 28],
	read_at = first_week + interval '168 hours' * (cardinality(days) / 7 - 5) + interval '23 hours'
SQL
sql('UPDATE github.repository_star_history SET days[1] = 77, days[cardinality(days) - 7] = 999');
backfill(\@first);
for my $id (grep { @{ $truth{$_} } > 6 } @first)
{
	my $want = [ map { [@$_] } @{ $truth{$id} } ];
	$want->[0][1] = 77;
	is_deeply(stored($id), $want, "a week that was over for some hours is read again: repository $id");
}
($crawl, $n) = backfill(\@first, 'again => true');
is($n, $expected, 'all of it again: as many requests as at first');
is_deeply([ map { stored($_) } @first ], [ @truth{@first} ], 'all of it again: old weeks are mended');
like(sql("SELECT selection FROM ghcrawl.crawls WHERE crawl = $crawl"), qr/ 16 repositories, all of it again$/, 'all of it again: as it is called');

# --- stars that were withdrawn, and given ------------------------------------------------------

change({ op => 'set', id => $ids[0], stars => 50 }, { op => 'set', id => $ids[1], stars => 90_000 });
my $before = stored($ids[0]);
backfill([ @ids[ 0, 1 ] ]);
# the last one isn't over, and the one before maybe not for a day
is_deeply([ @{ stored($ids[0]) }[ 0 .. $#$before - 2 ] ], [ @$before[ 0 .. $#$before - 2 ] ], 'withdrawn: known weeks stay');
backfill([ @ids[ 0, 1 ] ], 'again => true');
is_deeply(stored($_), (truth($_))[0], 'withdrawn: they are lowered if all is read again') for @ids[ 0, 1 ];

# --- by names, of now and before ----------------------------------------------------------------

my ($name, $other) = split /\n/, sql("SELECT name_with_owner FROM github.repository WHERE repo_id IN ($ids[16], $ids[17]) ORDER BY repo_id = $ids[17]");
change({ op => 'rename', id => $ids[16], name => 'other-name' });
crawl_ends($node, start_crawl($node, 'stars:>=0 fork:true', 'flat'));
$crawl = sql("SELECT ghcrawl_backfill_stars(upper('$name'), '" . $sim->http . "/$other', '$ids[18]', '$ids[18]')");
crawl_ends($node, $crawl);
is(sql("SELECT stored FROM ghcrawl.crawls WHERE crawl = $crawl"), '3', 'names: three, one of them twice');
is_deeply(stored($_), $truth{$_}, "names: $_ is exact") for @ids[ 16 .. 18 ];
sub error { return ($node->psql('postgres', $_[0], extra_params => [ '-v', 'VERBOSITY=verbose' ]))[2] }
like(error("SELECT ghcrawl_backfill_stars('no/body', '$name', '987654321')"),
	qr/42704: 2 repositories are not stored.*Such as no\/body, 987654321\..*ghcrawl_add_repositories/s, 'names: what is not stored is named');
like(error("SELECT ghcrawl_backfill_stars('{no/body}'::text[], skip_unknown => true)"), qr/there are no repositories/, 'names: or left out');
like(error("SELECT ghcrawl_backfill_stars('no body')"), qr/22023: "no body" names no repository/, 'names: what is none');
like(error(q{SELECT ghcrawl_backfill_stars('x' || repeat(chr(233), 60))}), qr/22023: "x(\xc3\xa9){49}" names/, 'names: cut between characters');
is(sql('SELECT ghcrawl_backfill_stars(array_agg(repo_id)) FROM github.repository WHERE false'), '', 'names: none at all');
is(sql("SELECT count(*) FROM ghcrawl.crawls WHERE state = 'running'"), '0', 'names: nothing was started');

# --- gone, blocked, forgotten ----------------------------------------------------------------------

change({ op => 'delete', id => $ids[19] }, { op => 'set', id => $ids[20], dmca => \1 }, { op => 'set', id => $ids[21], tos => \1 });
$sim->post('/_sim/settings', { latency => 400 });
requests();
$crawl = sql("SELECT ghcrawl_backfill_stars('{" . join(',', @ids[ 19 .. 23 ]) . "}'::bigint[])");
wait_for($node, "SELECT count(*) > 0 FROM ghcrawl.claim WHERE crawl_id = $crawl", 't');
sql("SELECT ghcrawl_forget($ids[22])");
$sim->post('/_sim/settings', { latency => 5 });
crawl_ends($node, $crawl);
is(sql("SELECT string_agg(repo_id::text, ',') FROM github.repository_star_history WHERE repo_id IN (" . join(',', @ids[ 19 .. 23 ]) . ')'),
	$ids[23], 'gone, blocked, forgotten: the other one is stored');
is_deeply(stored($ids[23]), $truth{ $ids[23] }, 'gone, blocked, forgotten: exactly');
is(sql("SELECT gone, gaps, missing FROM ghcrawl.crawls WHERE crawl = $crawl"), '3|0|0', 'gone, blocked, forgotten: three are not there');
is(sql("SELECT n FROM ghcrawl_forget($ids[23]) WHERE erased_from = 'repository_star_history'"), '1', 'forgotten later: erased');
is(sql("SELECT count(*) FROM github.star_weeks WHERE repo_id = $ids[23]"), '0', 'forgotten later: nothing is left');

# --- a worker that is killed in the middle --------------------------------------------------------------

sql('TRUNCATE github.repository_star_history');
my @some = grep { !/^(?:$ids[19]|$ids[20]|$ids[21]|$ids[22]|$ids[23])$/ } @ids;
my @theirs = map { scalar((truth($_))[0]) } @some;
$expected = 0;
$expected += (truth($_))[1] for @some;
$sim->post('/_sim/settings', { latency => 40 });
requests();
$crawl = sql("SELECT ghcrawl_backfill_stars('{" . join(',', @some) . "}'::bigint[])");
wait_for($node, "SELECT stored BETWEEN 4 AND 25 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
my $offset = -s $node->logfile;
kill 'KILL', worker_pid($node);
wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
crawl_ends($node, $crawl);
$n = requests();
is_deeply([ map { stored($_) } @some ], \@theirs, 'killed: all are exact');
is(sql("SELECT stored, expected, gaps FROM ghcrawl.crawls WHERE crawl = $crawl"), @some . '|' . @some . '|0', 'killed: each counts once');
# those in hand are read from their first page again
cmp_ok($n, '<', 1.9 * $expected, "killed: $n requests for $expected pages, not all is read again");
$sim->post('/_sim/settings', { latency => 5 });

# --- faults, and what can't be had -----------------------------------------------------------------------

sql('TRUNCATE github.repository_star_history');
$sim->post('/_sim/faults', { json502 => 0.05, reset => 0.05, brokenJson => 0.05, serverError => 0.05 });
$crawl = (backfill([ @some[ 0 .. 9 ] ]))[0];
is_deeply([ map { stored($_) } @some[ 0 .. 9 ] ], [ @theirs[ 0 .. 9 ] ], "faults: all are exact");
$sim->post('/_sim/faults', { map { $_ => 0 } qw(json502 reset brokenJson serverError) });

sql('TRUNCATE github.repository_star_history');
sql(<<"SQL");
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION 'not this one'; END \$\$;
CREATE TRIGGER refuse BEFORE INSERT ON github.repository_star_history FOR EACH ROW WHEN (NEW.repo_id = $some[3]) EXECUTE FUNCTION refuse();
SQL
($crawl) = backfill([ @some[ 0 .. 9 ] ], undef, 'done_with_gaps');
is(sql("SELECT count(*), count(*) FILTER (WHERE repo_id = $some[3]) FROM github.repository_star_history"), '9|0', 'refused: the others are stored');
is(sql("SELECT gaps, missing FROM ghcrawl.crawls WHERE crawl = $crawl"), '1|1', 'refused: it is a gap');
is(sql("SELECT sample FROM ghcrawl.errors WHERE crawl = $crawl AND class = 'repository'"), "repository $some[3]", 'refused: which one');
sql('DROP TRIGGER refuse ON github.repository_star_history');
sql("SELECT ghcrawl_retry_gaps($crawl)");
crawl_ends($node, $crawl);
is_deeply(stored($some[3]), $theirs[3], 'refused: read again later');

# --- tables of an earlier version ---------------------------------------------------------------------------

sql('DROP TABLE github.repository_star_history CASCADE');
($crawl) = backfill([ $some[0] ]);
is_deeply(stored($some[0]), $theirs[0], 'tables that lack it get it');

done_testing();
