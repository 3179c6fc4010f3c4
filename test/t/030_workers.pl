# Two workers share a crawl: its ranges, and the budgets, of which each is held
# by one of them.  The result is exact, and nobody stands in another's way.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $selection = 'stars:>=0 fork:true';
# results that move make reading again necessary by themselves: switched off
my $sim = start_simulator(
	repositories => 40_000,
	users => 8,
	latency => 60,
	unstable_order => 0,
	unstable_ties => 0);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	'ghcrawl.workers = 2', "deadlock_timeout = '20ms'",
	# many small requests, for workers to meet each other
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Each of the two asked for a fair part of the crawl, and both got on well.
sub both_worked
{
	my ($crawl, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sql("SELECT count(*) FROM ghcrawl.crawl_counter WHERE crawl_id = $crawl AND seen > 2000"),
		'2', "$name: both did their part");
	got_on_well($crawl, $name);
	return;
}

sub got_on_well
{
	my ($crawl, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	note(sql("SELECT worker_no, requests, seen FROM ghcrawl.crawl_counter WHERE crawl_id = $crawl"));
	is(sql("SELECT count(*) FROM ghcrawl.partitions WHERE crawl = $crawl AND state = 'done' AND pages > greatest(1, 1 + ceil((seen - 100) / 99.0))"),
		'0', "$name: no range is read twice");
	is(sql(q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'}), '0', "$name: no deadlock");
	unlike(slurp_file($node->logfile), qr/deadlock detected|could not write/, "$name: no transaction failed");
	no_limit_violated($sim, $name);
	nothing_is_left($node, $name);
	return;
}

# a budget is shared out once it is known whose it is: that takes a first crawl
my $crawl = start_crawl($node, 'stars:>=50', 'flat');
crawl_ends($node, $crawl);
nothing_is_left($node, 'at first');

# Whoever comes first may take all budgets and keep them as long as he is busy
# (see below); so this is tried until both came at once.
my $shared = "SELECT count(*), sum(budgets), min(budgets) FROM ghcrawl.workers WHERE state <> 'gone'";
for my $try (1 .. 10)
{
	$crawl = start_crawl($node, $selection, 'flat');
	my $deadline = time + 3;
	my $are_two = 0;

	while (!$are_two && time < $deadline)
	{
		$are_two = sql($shared) eq '2|8|4';
	}
	last if $are_two;
	note("try $try: not shared");
	sql("SELECT ghcrawl_cancel($crawl)");
	$node->poll_query_until('postgres', 'SELECT count(*) = 0 ' . WORKERS);
	sql('TRUNCATE github.repository');
}
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'two workers');
values_are_true($node, $sim, $selection, 'flat', 'two workers');
both_worked($crawl, 'two workers');
is(crawl_column($node, $crawl, 'stored'), 40_000, 'two workers: counted right');

# the stars of many changed: both update rows, in the order of their ids
my $changed = json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.5 }))->{changed};
$crawl = start_crawl($node, $selection, 'flat');
crawl_ends($node, $crawl);
got_on_well($crawl, 'updating');
is(crawl_column($node, $crawl, 'updated'), $changed, 'updating: each change once');
is(sql('SELECT count(*) FROM github.repository_history'), $changed, 'updating: one line of history each');
values_are_true($node, $sim, $selection, 'flat', 'updating');

# two crawls at once that meet in the same repositories
$changed = json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.3, seed => 2 }))->{changed};
my $other = start_crawl($node, 'stars:>=1', 'stars');
$crawl = start_crawl($node, $selection, 'flat');
crawl_ends($node, $_) for $other, $crawl;
is(sql("SELECT sum(updated) FROM ghcrawl.crawls WHERE crawl IN ($crawl, $other)"),
	$changed, 'two crawls at once: each change once');
values_are_true($node, $sim, $selection, 'flat', 'two crawls at once');

# a second worker comes later: the first gives it half of what it holds
sql('TRUNCATE github.repository');
nothing_is_left($node, 'before the second comes');
$node->append_conf('postgresql.conf', 'ghcrawl.workers = 1');
$node->reload;
$crawl = start_crawl($node, $selection, 'flat');
wait_for($node, $shared, '1|8|8');
# hardly anything is done until the second is there
$sim->post('/_sim/settings', { latency => 2000 });
$node->append_conf('postgresql.conf', 'ghcrawl.workers = 2');
$node->reload;
wait_for($node, $shared, '2|8|4');
$sim->post('/_sim/settings', { latency => 60 });
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'the second came later');
is(sql("SELECT count(*) FROM ghcrawl.crawl_counter WHERE crawl_id = $crawl AND seen > 2000"),
	'2', 'the second came later: it got its share');
got_on_well($crawl, 'the second came later');

# one of them goes in mid-crawl: the other, and its successor, go on
sql('TRUNCATE github.repository');
$crawl = start_crawl($node, $selection, 'flat');
wait_for($node, "SELECT stored > 8000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
sql('SELECT pg_terminate_backend(pid) ' . WORKERS . ' LIMIT 1');
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'one was ended');
nothing_is_left($node, 'one was ended');
is(crawl_column($node, $crawl, 'stored'), 40_000, 'one was ended: counted right');

# a range that one of them has begun, and then all its budgets are used up for an
# hour: the other has budgets and reads it
my ($few) = sort { $a <=> $b } split ' ',
  sql('SELECT string_agg(stars::text, $$ $$) FROM (SELECT stars FROM github.repository ORDER BY stars DESC LIMIT 500) r');
$sim->post('/_sim/script', [ map { { fault => $_ } } (undef) x 2, ('rateLimit') x 4 ]);
$crawl = start_crawl($node, "stars:>=$few fork:true", 'flat');
crawl_ends($node, $crawl);
is(crawl_column($node, $crawl, 'stored'), $sim->count("stars:>=$few fork:true"), 'used up: the other went on');
is(sql('SELECT count(*) FROM ghcrawl.budget WHERE benched_until > now()'), '4', 'used up: all of one worker');

done_testing();
