# Repositories that GraphQL didn't find and the REST API shows all the same: they were
# back in between, and are looked up once more by the crawl, whatever it is about.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(
	repositories => 1_000,
	users => 1,
	latency => 5,
	limits => 'wide',
	rest_requests => 1_000_000,
	rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.absence_stars = 0');
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [ map { { %$_, id => 0 + $_->{id} } } @_ ])) }

my $all = 'stars:>=0 fork:true';
my @ids = $sim->truth($all);
my @gone = @ids[ map { 20 * $_ } 1 .. 40 ];
my $list = join ',', @gone;
my $round = 0;

# Starts a crawl that misses them all; they are back before each was asked for by REST.
sub is_back
{
	my ($start, $name) = @_;
	my $stars = ++$round + 70;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	sql('TRUNCATE github.repository_absence');
	change(map { { op => 'delete', id => $_ } } @gone);
	my $crawl = sql($start);
	wait_for($node, 'SELECT count(*) FROM github.repository_absence', scalar @gone);
	# those who are asked for now are held up until all are back
	$sim->post('/_sim/settings', { latency => 500 });
	change(map { { op => 'restore', id => $_ }, { op => 'set', id => $_, stars => $stars } } @gone);
	$sim->post('/_sim/settings', { latency => 5 });
	crawl_ends($node, $crawl);
	my $back = sql("SELECT count(*) FROM github.repository WHERE repo_id IN ($list) AND stars = $stars");
	cmp_ok($back, '>=', 20, "$name: $back are stored as they are now");
	is(sql('SELECT count(*) FROM github.repository_absence'), @gone - $back, "$name: and absent no more");
	is(sql("SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl AND parent_id IS NOT NULL AND kind = 'fill' AND state = 'done'"),
		sql("SELECT count(*) FROM ghcrawl.task WHERE crawl_id = $crawl AND parent_id IS NOT NULL AND kind = 'fill'"), "$name: by tasks that are done");
	is(sql("SELECT tasks - tasks_ended, round(part::numeric, 9) = 1, expected >= stored FROM ghcrawl.crawls WHERE crawl = $crawl"), '0|t|t', "$name: all is counted");
	nothing_is_left($node, $name);
	return ($crawl, $back);
}

crawl_ends($node, start_crawl($node, $all, 'flat'));
is_back("SELECT ghcrawl_start('$all', 'flat')", 'search');
# those that GitHub doesn't list are asked for only where the table is what is walked
crawl_ends($node, start_crawl($node, 'all', 'flat'));
is_back("SELECT ghcrawl_start('all', 'flat')", 'walk');
my @listed = @ids[ map { 20 * $_ } 0 .. 49 ];
my ($crawl, $back) = is_back("SELECT ghcrawl_add_repositories('" . join("','", @listed) . "')", 'list');
is(sql("SELECT count(*), count(DISTINCT repository), count(DISTINCT repo_id) FROM ghcrawl.wanted WHERE crawl = $crawl"), '50|50|50',
	'list: each is told of once');
is(sql("SELECT string_agg(state || ' ' || n, ', ' ORDER BY state) FROM (SELECT state, count(*) AS n FROM ghcrawl.wanted WHERE crawl = $crawl GROUP BY state) s"),
	'found ' . (10 + $back) . ($back < @gone ? ', not_found ' . (@gone - $back) : ''), 'list: those that are back are found');
no_limit_violated($sim, 'all of it');
done_testing();
