# What was promised and what was seen: coverage, gaps that are tried again,
# progress that never goes back, and what is forgotten in the end.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

my $selection = 'stars:>=0 fork:true';
my $sim = start_simulator(repositories => 12_000, users => 4, latency => 10);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

# Watches a crawl until it ends; what it showed, line by line.
sub watch
{
	my ($crawl) = @_;
	my $deadline = time + GhcTest::PATIENCE_S;
	my @shown;

	do
	{
		push @shown, [ split /\|/, sql("SELECT percent, stored, state FROM ghcrawl.progress WHERE crawl = $crawl") ];
		sleep 0.1;
	} while ($shown[-1][2] !~ /done|failed/ && time < $deadline);
	return @shown;
}

sub never_goes_back
{
	my ($name, @shown) = @_;
	my @back = grep { $shown[$_][0] < $shown[ $_ - 1 ][0] || $shown[$_][1] < $shown[ $_ - 1 ][1] } 1 .. $#shown;
	my @early = grep { $_->[0] >= 100 && $_->[2] !~ /done/ } @shown;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	cmp_ok(scalar(@shown), '>', 2, "$name: was looked at " . @shown . ' times');
	is(scalar(@back), 0, "$name: neither percent nor stored goes back")
	  or diag("@{ $shown[ $back[0] - 1 ] } then @{ $shown[ $back[0] ] }");
	is(scalar(@early), 0, "$name: no 100 % before the end");
	return;
}

# Sums over the ranges of a crawl are what its own row says.
sub coverage_adds_up
{
	my ($crawl, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is( sql("SELECT sum(seen), sum(missing), sum(gaps), count(*) FILTER (WHERE gaps > 0 AND reason IS NULL)"
			  . " FROM ghcrawl.coverage WHERE crawl = $crawl AND state IN ('done', 'gap')"
			  . ' AND task IS NOT NULL'),
		sql("SELECT seen, missing, gaps, 0 FROM ghcrawl.coverage WHERE crawl = $crawl AND task IS NULL"),
		"$name: the ranges add up to the crawl, and each gap has its reason");
	return;
}

# ---------------------------------------------------------------------------
# nothing special
# ---------------------------------------------------------------------------

my $crawl = start_crawl($node, $selection, 'flat');
never_goes_back('a crawl', watch($crawl));
crawl_ends($node, $crawl);
is(sql("SELECT percent, stored = expected FROM ghcrawl.progress WHERE crawl = $crawl"),
	'100.0|t', 'at the end all that was expected is stored');
is( sql('SELECT state, promised, seen, missing, read_again, narrowed, gaps, reason'
		  . " FROM ghcrawl.coverage WHERE crawl = $crawl AND task IS NULL"),
	'done|' . join('|', ($sim->count($selection)) x 2) . '|0|0|0|0|',
	'promised and seen are what GitHub has');
coverage_adds_up($crawl, 'a crawl');
is(sql("SELECT ghcrawl_retry_gaps($crawl)"), '0', 'there are no gaps to try again');
is(crawl_column($node, $crawl, 'state'), 'done', 'and nothing is changed');

# ---------------------------------------------------------------------------
# faults that make it read again and narrow
# ---------------------------------------------------------------------------

$sim->post('/_sim/faults', { nullNodes => 0.25, droppedItems => 0.2, emptyResults => 0.05, json502 => 0.1 });
$crawl = start_crawl($node, $selection, 'stars');
never_goes_back('with faults', watch($crawl));
$sim->post('/_sim/faults', { map { $_ => 0 } qw(nullNodes droppedItems emptyResults json502) });
wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", qr/^done/);
cmp_ok(crawl_column($node, $crawl, 'read_again'), '>', 0, 'ranges were read again');
coverage_adds_up($crawl, 'with faults');
cmp_ok(crawl_column($node, $crawl, 'missing'), '<=', 12, 'at most a thousandth is missing');

# an answer of 502 that comes at once says nothing about the size of the request
cmp_ok(crawl_column($node, $crawl, 'requests'), '<', 1500, 'pages stay long when requests fail at once');

# ---------------------------------------------------------------------------
# gaps: all that GitHub doesn't show, and what the database refuses
# ---------------------------------------------------------------------------

# the stand-in forbids the first member of each page: here that is the only one
my ($single) = grep { $sim->count("$_ fork:true") == 1 } map { "stars:$_" } 20 .. 999;
$single .= ' fork:true';
$sim->post('/_sim/faults', { forbiddenNodes => 1 });
$crawl = start_crawl($node, $single, 'stars');
crawl_ends($node, $crawl, 'done_with_gaps');
$sim->post('/_sim/faults', { forbiddenNodes => 0 });
coverage_adds_up($crawl, 'forbidden');
like(sql("SELECT DISTINCT reason FROM ghcrawl.coverage WHERE crawl = $crawl AND task IS NOT NULL AND gaps > 0"),
	qr/^GitHub counts repositories whose owners forbid to show them$/, 'the reason is told');
cmp_ok(sql("SELECT percent FROM ghcrawl.progress WHERE crawl = $crawl"), '<', 100,
	'with gaps it is never 100 %');
my $gaps = crawl_column($node, $crawl, 'gaps');
cmp_ok($gaps, '>', 0, "$gaps gaps");
is(sql("SELECT ghcrawl_retry_gaps($crawl)"), $gaps, 'as many are tried again');
crawl_ends($node, $crawl);
is(crawl_column($node, $crawl, 'gaps, missing, expected = stored, tasks = tasks_ended'), '0|0|t|t',
	'nothing is missing any more');
is(crawl_column($node, $crawl, 'stored'), $sim->count($single), 'and all is there');
coverage_adds_up($crawl, 'tried again');
nothing_is_left($node, 'tried again');

sql('DELETE FROM github.repository WHERE repo_id % 50 = 0');
sql('ALTER TABLE github.repository ADD CHECK (repo_id % 100 <> 0)');
$crawl = start_crawl($node, $selection, 'flat');
never_goes_back('with rows refused', watch($crawl));
my $refused = grep { $_ % 100 == 0 } $sim->truth($selection);
is(crawl_column($node, $crawl, 'state, missing, expected - stored'),
	"done_with_gaps|$refused|$refused", "the $refused rows that the table refuses are missing");
like(sql("SELECT DISTINCT reason FROM ghcrawl.coverage WHERE crawl = $crawl AND task IS NOT NULL AND gaps > 0"),
	qr/^the database refused rows$/, 'and the reason is told');
coverage_adds_up($crawl, 'refused');
sql('ALTER TABLE github.repository DROP CONSTRAINT repository_repo_id_check');
sql("SELECT ghcrawl_retry_gaps($crawl)");
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, $selection, 'refused no more');

# ---------------------------------------------------------------------------
# a range that a later version left behind
# ---------------------------------------------------------------------------

my $later = sql("BEGIN; SELECT ghcrawl_start('stars:3', 'flat'); UPDATE ghcrawl.task SET kind = 'later'"
		. " WHERE crawl_id = (SELECT max(crawl_id) FROM ghcrawl.crawl); COMMIT");
crawl_ends($node, $later, 'done_with_gaps');
is(crawl_column($node, $later, 'gaps, tasks - tasks_ended, requests'), '1|0|0', 'a range that can not be read is a gap');

# ---------------------------------------------------------------------------
# who may, and when
# ---------------------------------------------------------------------------

sub refused
{
	my ($text, $words, $name) = @_;
	my (undef, undef, $err) = $node->psql('postgres', $text);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	like($err, $words, $name);
	return;
}

refused('SELECT ghcrawl_retry_gaps(99999)', qr/crawl 99999 does not exist/, 'a crawl that does not exist');
sql('CREATE ROLE reader LOGIN; GRANT ghcrawl_reader TO reader');
refused("SET ROLE reader; SELECT ghcrawl_retry_gaps($crawl)", qr/permission denied/, 'readers may not');
$sim->post('/_sim/faults', { stall => 1 });
my $other = start_crawl($node, $selection, 'flat');
sql("UPDATE ghcrawl.task SET state = 'gap', missing = 1 WHERE crawl_id = $crawl AND task_id ="
	  . " (SELECT min(task_id) FROM ghcrawl.task WHERE crawl_id = $crawl AND state = 'done')");
refused("SELECT ghcrawl_retry_gaps($crawl)", qr/crawl $other of the same selection and profile is under way/,
	'while another crawl reads the same');
is(sql("SELECT count(*) FROM ghcrawl.queue WHERE crawl_id = $crawl"), '0', 'then nothing is changed');
sql("SELECT ghcrawl_cancel($other)");
refused("SELECT ghcrawl_retry_gaps($other)", qr/was not read to its end/, 'a cancelled crawl');
$sim->post('/_sim/faults', { stall => 0 });

# ---------------------------------------------------------------------------
# what is forgotten
# ---------------------------------------------------------------------------

wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
sql("INSERT INTO ghcrawl.error (crawl_id, class, message, last_seen) VALUES (0, 'old', 'x', now() - interval '91 days'),"
	  . " (0, 'young', 'x', now() - interval '89 days')");
sql("UPDATE ghcrawl.crawl SET finished_at = now() - interval '91 days' WHERE crawl_id = $crawl");
my $kept = sql("SELECT c FROM ghcrawl.crawls c WHERE crawl = $crawl");
crawl_ends($node, start_crawl($node, 'stars:>100', 'stars'));
is(sql("SELECT string_agg(class, ',') FROM ghcrawl.error WHERE class IN ('old', 'young')"), 'young',
	'errors last seen long ago are gone');
is(sql("SELECT string_agg(DISTINCT state, ',') FROM ghcrawl.task WHERE crawl_id = $crawl"), 'gap',
	'of a crawl that ended long ago the gaps remain');
is(sql("SELECT c FROM ghcrawl.crawls c WHERE crawl = $crawl"), $kept, 'and its sums');
cmp_ok(sql("SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $other"), '>', 0, 'younger ones are kept');

done_testing();
