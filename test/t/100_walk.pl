# The whole world: ids are found by the REST API and filled by GraphQL, whatever
# gaps there are between them; the end is followed by later runs, and what was
# walked isn't walked again.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $world = 6_000;
my $sim = start_simulator(
	repositories => $world,
	users => 2,
	latency => 5,
	limits => 'wide',
	rest_requests => 1_000_000,
	rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }
sub change { return json_of($sim->post('/_sim/world', [@_])) }

# Requests by path since the last time: REST lists, GraphQL.
sub requests
{
	my $paths = $sim->counters->{by_path};
	my @n = map { $paths->{$_} // 0 } '/repositories', '/graphql';
	$sim->post('/_sim/counters/reset');
	return @n;
}

# Crawls all; returns REST and GraphQL requests.
sub walk
{
	my ($selection, $profile) = @_;
	requests();
	my $crawl = start_crawl($node, $selection, $profile // 'flat');
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	crawl_ends($node, $crawl);
	note(sql("SELECT stored, expected, tasks, requests, rest_requests, points FROM ghcrawl.crawls WHERE crawl = $crawl"));
	return ($crawl, requests());
}

my @ids = $sim->truth('fork:true');
my ($crawl, $rest, $graphql) = walk('all');
ids_are_exact($node, $sim, 'fork:true', 'all');
is(sql("SELECT stored || ' ' || expected || ' ' || gaps || ' ' || part FROM ghcrawl.crawls WHERE crawl = $crawl"),
	@ids . ' ' . @ids . ' 0 1', 'all: what was counted');
note("least @{[@ids / 100]}: $rest $graphql");
done_testing();
