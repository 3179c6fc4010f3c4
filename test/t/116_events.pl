# Events: looked for no more often than GitHub wants, by the token that has the ETag, pages
# until one is known; what they hint at is looked at earlier, and who isn't hinted at by
# his target all the same.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcCrawl;
use GhcTest;
use Test::More;

my $sim = start_simulator(
	repositories => 3_000,
	users => 2,
	latency => 1,
	poll_interval => 60,
	event_latency => 0,
	unstable_order => 0,
	unstable_ties => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, id => 0 + $_->{id} } } @_ ])) }
sub poll { return sql('SELECT ghcrawl_poll_events()') }
sub asked_events { return $sim->counters->{by_path}{'/events'} // 0 }
sub source { return sql("SELECT $_[0] FROM ghcrawl.event_source") }
sub in_order { return join ',', sort { $a <=> $b } @_ }

# Looks once more, as soon as that may be, and waits for the end of it.
sub look
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $polls = source('polls') || 0;

	wait_for($node, 'SELECT ghcrawl_poll_events()', 't');
	wait_for($node, 'SELECT polls FROM ghcrawl.event_source', $polls + 1);
	wait_for($node, "SELECT count(*) FROM ghcrawl.crawl WHERE query = '(events)' AND state = 'running'", '0');
	return;
}

crawl_ends($node, start_crawl($node, 'stars:>=0 fork:true', 'flat'));

# --- the first look ---------------------------------------------------------------------

is(poll(), 't', 'a look');
is(poll(), 'f', 'not another one at once');
wait_for($node, 'SELECT polls FROM ghcrawl.event_source', '1');
is(asked_events(), 1, 'one request');
is(source('poll_seconds, not_modified, torn, events, known, etag <> $$$$, token_id > 0'), '60|0|0|0|0|t|t', 'nothing happened; the ETag is kept, and whose it is');
my $crawl = source('crawl_id');
crawl_ends($node, $crawl);
is(sql("SELECT rest_requests, requests FROM ghcrawl.crawls WHERE crawl = $crawl"), '1|0', 'counted in its crawl');

$sim->post('/_sim/settings', { pollInterval => 1 });
sql('UPDATE ghcrawl.event_source SET poll_seconds = 1');

# --- nothing new; something new -----------------------------------------------------------

look();
is(source('not_modified, polls'), '1|2', 'nothing new');
is(sql('SELECT sum(not_modified) FROM ghcrawl.budget'), '1', 'counted by user');
is(sql('SELECT count(*), max(not_modified) FROM ghcrawl.tokens WHERE not_modified > 0'), '1|1', 'as users see');
is(sql("SELECT sum(rest_spent) FROM ghcrawl.budget"), '1', 'it costs nothing');
wait_for($node, "SELECT coalesce(sum(count), 0) FROM ghcrawl.requests WHERE kind = 'rest' AND status = '304'", '1');
my @popular = split /\n/, sql('SELECT repo_id FROM github.repositories WHERE stars >= 10 ORDER BY repo_id');
my @small = split /\n/, sql('SELECT repo_id FROM github.repositories WHERE stars = 0 ORDER BY repo_id LIMIT 50');
change({ op => 'set', id => $popular[0], pushedAt => '2030-01-01T00:00:00Z' }, { op => 'set', id => $small[0], stars => 40 },
	{ op => 'set', id => $small[1], pushedAt => '2030-01-01T00:00:00Z' });
look();
is(source('not_modified, polls, events, torn'), '1|3|42|0', 'events, all of them');
is(sql("SELECT string_agg(repo_id || ':' || events || ':' || stars, ' ' ORDER BY repo_id) FROM ghcrawl.hint"),
	join(' ', map { "$_->[0]:$_->[1]" } sort { $a->[0] <=> $b->[0] } [ $popular[0], '1:0' ], [ $small[0], '40:40' ]),
	'hints: not at a push to what has no stars');
change({ op => 'set', id => $small[0], stars => 41 });
look();
is(source('events, torn'), '43|0', 'only what is new counts');
change(map { { op => 'set', id => $_, stars => 45 } } @small[ 2 .. 7 ]);
my $before = asked_events();
look();
is(source('events, torn') . '|' . (asked_events() - $before), '313|0|3', 'three pages, until one is known');
change(map { { op => 'set', id => $_, stars => 55 } } @small[ 8 .. 20 ]);
look();
is(source('events, torn'), '613|1', 'more than GitHub keeps: some were missed, which is counted');

# --- whose token ------------------------------------------------------------------------------

my $second = sql('SELECT token_id FROM ghcrawl.token WHERE token_id <> ' . source('token_id'));
sql("UPDATE ghcrawl.event_source SET token_id = $second, etag = '\"none\"'");
look();
is(source('token_id'), $second, 'the token of the ETag asks, whoever else could');
my $holder = sql('SELECT name FROM ghcrawl.token WHERE token_id = ' . source('token_id'));
look();
is(source('not_modified'), '2', 'still by the token of the ETag');
sql("SELECT ghcrawl_remove_token('$holder')");
look();
is(source('not_modified, polls'), '2|9', 'it is gone: another one asks, without an ETag');
isnt(sql('SELECT name FROM ghcrawl.token WHERE token_id = ' . source('token_id')), $holder, 'and is remembered');
look();
is(source('not_modified'), '3', 'with its own, later');
is($sim->counters->{violations}{early_polls} // 0, 0, 'never too early');
is(source('crawl_id'), $crawl, 'all of it is one crawl');
is(sql("SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl"), '1', 'with one task');

# --- trouble --------------------------------------------------------------------------------------

is(sql("BEGIN; SELECT ghcrawl_poll_events(); SELECT ghcrawl_cancel($crawl); COMMIT"), "t\ncancelled", 'a look is cancelled');
look();
is(source('crawl_id'), $crawl, 'there is another all the same');
$node->restart;
change({ op => 'set', id => $small[0], stars => 99 });
look();
is(source('events'), 613 + 50, 'it goes on after a restart');

# --- hints and ghcrawl_refresh ------------------------------------------------------------------------

sub age
{
	sql(<<SQL);
UPDATE github.repository SET changed_at = changed_at - interval '$_[0]';
UPDATE github.repository_look SET looked_at = looked_at - extract(epoch FROM interval '$_[0]')::int;
UPDATE ghcrawl.refresh_block SET looked_at = looked_at - interval '$_[0]';
UPDATE ghcrawl.crawl SET created_at = created_at - interval '$_[0]';
SQL
	return;
}

sub asked
{
	return in_order(split /,/, sql("SELECT string_agg(substring(query FROM 'ids:([0-9,]+)'), ',') FROM ghcrawl.task WHERE crawl_id = $_[0]"));
}

sub hint
{
	my ($id, $events, $stars) = @_;
	return "INSERT INTO ghcrawl.hint VALUES ('github', $id, $events, $stars, now(), now());";
}

sub refresh { return sql('SELECT ghcrawl_refresh(' . ($_[0] // '') . ')') }

sub refreshed
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $refresh = refresh(@_);

	crawl_ends($node, $refresh) if $refresh;
	return $refresh;
}

sql('DELETE FROM ghcrawl.hint');
change(map { { op => 'set', id => $_, stars => 12 } } split /\n/, sql('SELECT repo_id FROM github.repositories WHERE stars = 1 ORDER BY repo_id LIMIT 120'));
sql('UPDATE ghcrawl.freshness_target SET max_age = NULL WHERE stars_from = 1000');
crawl_ends($node, start_crawl($node, 'stars:>=0 fork:true', 'flat'));
is(refresh(), '', 'nothing is due');
my @middle = split /\n/, sql('SELECT repo_id FROM github.repositories WHERE stars BETWEEN 10 AND 999 ORDER BY stars, repo_id');
my @none = split /\n/, sql('SELECT repo_id FROM github.repositories WHERE stars = 0 ORDER BY repo_id LIMIT 10');
age('10 days');
sql(hint($middle[-1], 1, 0) . hint($middle[0], 5, 5) . hint($none[0], 1, 0) . hint($none[1], 30, 30) . hint(999_999_999, 5, 5));
my $first = refreshed();
is(asked($first), in_order($middle[0], $none[1]), 'those that got stars are looked at, after a third and less of their target');
is(sql('SELECT string_agg(repo_id::text, $$,$$ ORDER BY repo_id) FROM ghcrawl.hint WHERE not_before > now()'), in_order($middle[-1], $none[0]),
	'others are put off; what is not stored is no hint');
is(sql("SELECT count(*) FROM ghcrawl.hint WHERE crawl_id = $first"), '2', 'those wait for the end of the crawl');
is(refresh(), '', 'then nothing is left');
is(sql("SELECT count(*) FROM ghcrawl.hint"), '2', 'and the hints are gone');
age('6 days');
sql("UPDATE ghcrawl.hint SET not_before = not_before - interval '6 days', last_at = now()");
is(asked(refreshed()), $middle[-1], 'half of the target is enough for any hint');
age('14.9 days');
sql(hint($middle[1], 1, 0));
my %all = map { $_ => 1 } @middle;
delete @all{ $middle[0], $middle[-1] };
is(asked(refreshed()), in_order(keys %all), 'who has no hint is looked at by his target');
is(refresh(), '', 'nothing is left');

# with room for few, those that hints are at come first
age('31 days');
sql(join '', map { hint($_, 3, 3) } @middle[ 40 .. 49 ]);
is(sql("BEGIN; DO 'BEGIN PERFORM ghcrawl_refresh(); END'; SELECT count(*) FROM github.repository_look; ROLLBACK"),
	sql('SELECT count(*) FROM github.repository_look'), 'what was learnt of who is due and has a hint, too, is kept');
my %due = map { $_ => 1 } split /,/, asked(refreshed("max_points => 1"));
is(scalar(grep { $due{$_} } @middle[ 40 .. 49 ]), 10, 'those due that a hint is at are among the first');
is(scalar(keys %due), 100, 'of a hundred');

# in blocks that are due as a whole nobody is asked for twice
age('200 days');
sql(hint($none[2], 3, 3) . hint($none[3], 1, 0));
my @twice = split /,/, asked(refreshed());
my %seen = map { $_ => 1 } @twice;
is(scalar(@twice), scalar(keys %seen), 'nobody is asked for twice');
ok($seen{ $none[2] } && $seen{ $none[3] } && $seen{ $none[4] }, 'with a hint or without');
is(sql('SELECT count(*) FROM ghcrawl.hint WHERE crawl_id IS NULL'), '0', 'no hint is left open');

# a look by another way, and one that a target is not about
refresh();
sql(hint($none[2], 3, 3) . hint($none[5], 1, 1) . hint($popular[-1], 3, 3));
sql("UPDATE ghcrawl.hint SET last_at = now() - interval '1 year'");
is(refresh(), '', 'looked at since');
is(sql('SELECT count(*) FROM ghcrawl.hint'), '0', 'so they are no hints');

nothing_is_left($node, 'in the end');
done_testing();
