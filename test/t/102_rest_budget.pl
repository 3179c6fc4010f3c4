# GitHub counts requests to the REST API apart from GraphQL's points: where they
# are used up, what needs none goes on, users are told what is waited for, and a
# successor of the worker knows.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use HTTP::Tiny;
use Test::More;

my $limit = 300;
my $sim = start_simulator(
	repositories => 3_000,
	users => 1,
	latency => 5,
	limits => 'wide',
	time_scale => 60,
	rest_requests => $limit,
	rest_minute_points => 1_000_000);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'restart_after_crash = on');
install($node, $sim);
sub sql { return $node->safe_psql('postgres', $_[0]) }

# --- somebody else uses them up ---------------------------------------------------

my $client = HTTP::Tiny->new(agent => 'somebody', default_headers => { authorization => 'Bearer ' . ($sim->tokens)[0] });
$client->get($sim->http . '/repositories?since=0&per_page=1') for 1 .. $limit;
my $walk = start_crawl($node, 'all', 'stars');
wait_for($node, "SELECT waiting_on FROM ghcrawl.progress WHERE crawl = $walk", qr/^REST requests until/);
is(sql('SELECT state FROM ghcrawl.tokens'), 'ready', 'the token is not benched for GraphQL');
is(sql('SELECT rest_remaining FROM ghcrawl.tokens'), '0', 'it has no REST requests left');
my $search = start_crawl($node, 'stars:>=5', 'flat');
crawl_ends($node, $search);
is(crawl_column($node, $walk, 'state'), 'running', 'meanwhile GraphQL went on');
my $asked = sql('SELECT sum(count) FROM ghcrawl.requests WHERE kind = \'rest\'');

# --- a successor waits, too ----------------------------------------------------------

# a minute is a second here, after which nobody minds what a dead worker may have used
sql('UPDATE ghcrawl.budget SET window_ms = 1000');
my $offset = -s $node->logfile;
kill 'KILL', worker_pid($node);
wait_for_log($node, qr/all server processes terminated; reinitializing/, $offset);
wait_for($node, "SELECT waiting_on FROM ghcrawl.progress WHERE crawl = $walk", qr/^REST requests until/);
cmp_ok($sim->counters->{violations}{primary_after_exhausted}, '<=', 1, 'nothing was asked in vain but the first request');

# --- the hour ends, which is a minute here ----------------------------------------------

crawl_ends($node, $walk);
ids_are_exact($node, $sim, 'fork:true', 'the next hour');
cmp_ok(sql('SELECT rest_used FROM ghcrawl.tokens'), '<=', $limit, 'no more than there are');
is(sql("SELECT rest_limit FROM ghcrawl.tokens"), $limit, 'as many as GitHub says');

done_testing();
