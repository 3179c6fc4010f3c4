# Walks that meet trouble: repositories that GitHub lists and doesn't show, ids
# above 32 bits, faults of both APIs, and a worker that is killed in the middle.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $world = 2_500;
my $first = 4_294_960_000;
my $sim = start_simulator(
	repositories => $world,
	first_id => $first,
	users => 2,
	latency => 20,
	limits => 'wide',
	rest_requests => 1_000_000,
	rest_minute_points => 1_000_000,
	closed => 0.05);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	"ghcrawl.walk_interval = 0", 'restart_after_crash = on');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

my %closed = map { $_ => 1 } split ' ', $sim->get('/_sim/truth?closed=1&q=fork:true');
my @shown = grep { !$closed{$_} } $sim->truth('fork:true');

sub is_exact
{
	my ($crawl, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sql("SELECT stored || ' ' || gaps FROM ghcrawl.crawls WHERE crawl = $crawl"), @shown . ' 0', "$name: what was counted");
	is(sql('SELECT string_agg(repo_id::text, \',\' ORDER BY repo_id) FROM github.repository'),
		join(',', sort { $a <=> $b } @shown), "$name: all that is shown is stored");
	return;
}

# --- ids above 2^32, some of them hidden ------------------------------------------

cmp_ok($shown[-1], '>', 2**32, 'ids go beyond 32 bits');
cmp_ok(scalar(keys %closed), '>', 30, 'some are hidden');
my $crawl = start_crawl($node, "ids:$first..*", 'flat');
crawl_ends($node, $crawl);
is_exact($crawl, 'hidden ones');
is(sql("SELECT sum(count) FROM ghcrawl.errors WHERE crawl = $crawl AND class = 'hidden'"), scalar(keys %closed), 'hidden ones: counted');
# numbers beyond 31 bits are refused by GraphQL's Int, one by one
is(sql("SELECT count(*) FROM ghcrawl.errors WHERE crawl = $crawl AND class NOT IN ('hidden', 'value', 'partial')"),
	'0', 'hidden ones: no other failure');
my $requests = $sim->counters->{by_path}{'/graphql'};
cmp_ok($requests, '<=', $world / 100 + 16 * 3, 'hidden ones: they cost no request each');

# --- faults -------------------------------------------------------------------------

# whoever is forbidden by both forms of id is hidden, so that is no fault that passes
$sim->post('/_sim/faults', { json502 => 0.05, reset => 0.05, brokenJson => 0.05, truncatedGzip => 0.03, nullNodes => 0.05,
		serverError => 0.05, somethingWrong => 0.03 });
sql('TRUNCATE github.repository');
$crawl = start_crawl($node, "ids:$first..*", 'stars');
crawl_ends($node, $crawl);
is_exact($crawl, 'faults');
$sim->post('/_sim/faults', { map { $_ => 0 } qw(json502 reset brokenJson truncatedGzip nullNodes serverError somethingWrong) });

# --- a worker is killed ----------------------------------------------------------------

sql('TRUNCATE github.repository');
$sim->post('/_sim/counters/reset');
$crawl = start_crawl($node, "ids:$first..*", 'flat');
wait_for($node, "SELECT stored > 600 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
my $offset = -s $node->logfile;
kill 'KILL', worker_pid($node);
wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
crawl_ends($node, $crawl);
is_exact($crawl, 'killed');
my $rest = $sim->counters->{by_path}{'/repositories'};
cmp_ok($rest, '<=', $world / 100 + 16 * 2 + 20, 'killed: a page of each range is listed again at most');

# --- a page that can't be had ------------------------------------------------------------

sql('TRUNCATE github.repository');
$crawl = start_crawl($node, "ids:$first..*", 'flat');
wait_for($node, "SELECT stored > 300 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
$sim->post('/_sim/faults', { nullNodes => 1 });
wait_for($node, "SELECT gaps > 0 OR state = 'done' FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
$sim->post('/_sim/faults', { nullNodes => 0 });
crawl_ends($node, $crawl, 'done_with_gaps');
cmp_ok(sql("SELECT missing FROM ghcrawl.crawls WHERE crawl = $crawl"), '>', 0, 'a gap: what is missing is counted');
sql("SELECT ghcrawl_retry_gaps($crawl)");
crawl_ends($node, $crawl);
is_exact($crawl, 'a gap that was tried again');

done_testing();
