# Steering crawls: pause, resume, cancel, wait, priorities, a number to stop at,
# the same crawl twice.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 20_000, users => 4, latency => 80);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	# many small requests, so that there is something to steer
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# What a statement prints and complains of.
sub talk
{
	my ($text) = @_;
	my (undef, $out, $err) = $node->psql('postgres', $text, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return ($out, $err);
}

# A statement is refused with a state, and with words that help.
sub is_refused
{
	my ($text, $state, $words, $name) = @_;
	my (undef, $err) = talk($text);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($err, qr/ERROR:  $state: .*$words/s, $name);
	return;
}

sub requests { return $sim->counters->{requests} }

# ---------------------------------------------------------------------------
# pause, resume, cancel
# ---------------------------------------------------------------------------

my $crawl = start_crawl($node, $selection, 'flat');
wait_for($node, "SELECT stored > 2000 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
is(sql("SELECT ghcrawl_pause($crawl)"), 'paused', 'pause says the state');
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
my $requests = requests();
is(sql('SELECT count(*) FROM ghcrawl.claim'), '0', 'a paused crawl has no claims');
cmp_ok(sql('SELECT count(*) FROM ghcrawl.queue'), '>', 0, 'but a queue');
is(sql("SELECT state, rate, eta, waiting_on FROM ghcrawl.progress WHERE crawl = $crawl"),
	'paused|||', 'the view says so');
is(sql("SELECT ghcrawl_pause($crawl)"), 'paused', 'pausing a paused crawl is no error');
is(sql('SELECT ghcrawl_ensure_workers()'), '0', 'a paused crawl wants no worker');
is(requests(), $requests, 'nothing is asked while it is paused');

is(sql("SELECT ghcrawl_resume($crawl)"), 'running', 'resume says the state');
my $stored = crawl_column($node, $crawl, 'stored');
wait_for($node, "SELECT stored > $stored FROM ghcrawl.crawls WHERE crawl = $crawl", 't');

is(sql("SELECT ghcrawl_cancel($crawl)"), 'cancelled', 'cancel says the state');
nothing_is_left($node, 'cancelled');
is(sql("SELECT ghcrawl_cancel($crawl)"), 'cancelled', 'cancelling twice is no error');
cmp_ok(sql('SELECT count(*) FROM github.repository'), '>', 2000, 'what was stored stays');
is(sql("SELECT count(*) FROM ghcrawl.partitions WHERE crawl = $crawl AND state IN ('ready', 'claimed')"),
	'0', 'no range is left open');
is_refused("SELECT ghcrawl_resume($crawl)", '55000', 'has ended.*HINT', 'an ended crawl is not resumed');
is_refused('SELECT ghcrawl_pause(4711)', '42704', 'does not exist.*HINT', 'nor is one that never was');
is(sql("CALL ghcrawl_wait($crawl)"), 'cancelled', 'waiting for an ended crawl ends at once');

# ---------------------------------------------------------------------------
# the same twice; waiting
# ---------------------------------------------------------------------------

my $next = start_crawl($node, $selection, 'flat');
isnt($next, $crawl, 'after its end it can be started anew');
my ($out, $err) = talk("SELECT ghcrawl_start('  fork:true   stars:>=0 ', 'flat')");
is($out, $next, 'the same selection in other words is the same crawl');
like($err, qr/NOTICE: .*crawl $next of the same selection and profile is under way/, 'and a notice says so');

($out, $err) = talk("CALL ghcrawl_wait($next, '1 ms')");
like($out, qr/^(planning|running)$/, 'waiting with a time-out returns the state');
like($err, qr/NOTICE: .*(?:running|planning): \[?[#.]+/, 'and tells the progress');
is_refused("BEGIN; CALL ghcrawl_wait($next)", '25001', 'inside a transaction block.*HINT',
	'waiting is refused inside a transaction block');
is_refused('CALL ghcrawl_wait(4711)', '42704', 'does not exist', 'waiting for what never was');
is_refused("SET statement_timeout = '300ms'; CALL ghcrawl_wait($next)", '57014', 'statement timeout',
	'waiting can be interrupted');

my ($waited, $notices) = ('', '');
my $start = time;
my $session = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "CALL ghcrawl_wait($next)" ],
	'<', \undef, '>', \$waited, '2>', \$notices);
wait_for($node, q{SELECT count(*) FROM pg_stat_activity WHERE query ~ '^CALL ghcrawl_wait' AND wait_event = 'Extension'}, '1');
is(sql(<<'SQL'), '0', 'in many samples it holds no snapshot while it waits');
SET client_min_messages = error;
CREATE TEMP TABLE sample (horizon xid);
DO $$
BEGIN
	FOR i IN 1..100 LOOP
		PERFORM pg_stat_clear_snapshot();
		INSERT INTO sample SELECT backend_xmin FROM pg_stat_activity
		WHERE query ~ '^CALL ghcrawl_wait' AND wait_event = 'Extension';
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT count(*) FROM sample WHERE horizon IS NOT NULL
SQL
$session->finish;
is($waited, "done\n", 'waiting ends when the crawl ends');
my @lines = $notices =~ /NOTICE: (.*)/g;
like($lines[-1], qr/done: .*100.*20000 of 20000/, 'the last notice says that all is there');
note($_) for @lines;
is(crawl_column($node, $next, 'state'), 'done', 'it has');
ids_are_exact($node, $sim, $selection, 'paused, cancelled, started anew');

# ---------------------------------------------------------------------------
# a number to stop at
# ---------------------------------------------------------------------------

for my $most (1, 150, 1234)
{
	sql('TRUNCATE github.repository');
	$crawl = sql("SELECT ghcrawl_start('stars:>=1', 'stars', max_repositories => $most)");
	crawl_ends($node, $crawl);
	is(sql("SELECT count(*), (SELECT stored FROM ghcrawl.crawls WHERE crawl = $crawl) FROM github.repository"),
		"$most|$most", "no more than $most repositories were asked for and stored");
	is(sql("SELECT expected, percent FROM ghcrawl.progress WHERE crawl = $crawl"),
		"$most|100.0", 'which is all that is expected');
	nothing_is_left($node, "stopped at $most");
}
is_refused("SELECT ghcrawl_start('stars:>=1', 'stars', max_repositories => 0)",
	'22023', 'greater than zero', 'none at all is refused');

# ---------------------------------------------------------------------------
# priorities
# ---------------------------------------------------------------------------

my $low = start_crawl($node, 'stars:0 fork:true', 'flat');
wait_for($node, "SELECT stored > 2000 FROM ghcrawl.crawls WHERE crawl = $low", 't');
my $high = sql("SELECT ghcrawl_start('stars:>=1', 'flat', 10)");
crawl_ends($node, $high);
is(crawl_column($node, $low, 'state'), 'running', 'the urgent crawl overtakes the other');
crawl_ends($node, $low);
is(sql("SELECT h.finished_at < l.finished_at FROM ghcrawl.crawls h, ghcrawl.crawls l WHERE h.crawl = $high AND l.crawl = $low"),
	't', 'which then ends, too');
is(sql("SELECT sum(stored) FROM ghcrawl.crawls WHERE crawl IN ($low, $high)"),
	$sim->count('stars:0 fork:true') + $sim->count('stars:>=1'), 'both are complete');
no_limit_violated($sim, 'all crawls');

done_testing();
