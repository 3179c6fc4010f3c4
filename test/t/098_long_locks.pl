# A user who locks the data tables for longer than a request may take: what GitHub
# answers meanwhile is read late, but neither given up nor taken for slow.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcCrawl;
use GhcFault;
use GhcSession;
use GhcTest;
use List::Util qw(sum);
use Test::More;

use constant TIMEOUT_S => 2;
use constant LOCK_S => 2 * TIMEOUT_S;

# GitHub's own limits, but for points
my $sim = start_simulator(repositories => 6000, latency => 300);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'",
	'ghcrawl.request_timeout = ' . 1000 * TIMEOUT_S);
install($node, $sim);
$node->safe_psql('postgres', 'SELECT ghcrawl_create_tables()');
my $user = GhcSession->new($node);
my $crawl = start_crawl($node, EVERYTHING, 'flat');
wait_for($node, "SELECT stored > 0 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');

# Locks when the worker has an answer to store, and GitHub has been asked for more.
my $asked = 0;
for (1 .. 10)
{
	$user->run('BEGIN; LOCK TABLE github.repository');
	wait_for($node, 'SELECT wait_event ' . WORKERS, 'relation');
	$asked = $sim->counters->{requests} - $node->safe_psql('postgres',
		"SELECT requests FROM ghcrawl.crawls WHERE crawl = $crawl") - 1;
	last if $asked >= 2;
	$user->run('COMMIT');
}
cmp_ok($asked, '>=', 2, 'an answer comes during a lock');
wait_for($node, "SELECT waitstart < now() - interval '@{[LOCK_S]} s' FROM pg_locks WHERE NOT granted", 't');
$user->run('COMMIT');
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, EVERYTHING, 'after it');

is($node->safe_psql('postgres', "SELECT class, message FROM ghcrawl.errors WHERE crawl = $crawl AND class <> 'value'"),
	'', 'no answer was given up for being late');
my $truth = sum map { $_->{ms} } @{ $sim->json('/_sim/requests?last=5000') };
my $noted = $node->safe_psql('postgres', "SELECT sum(ms) FROM ghcrawl.traffic WHERE seconds = 60");
note("response time: $noted ms, by GitHub's count $truth ms");
cmp_ok($noted, '<', $truth + 1000 * LOCK_S / 2, "nor was the lock taken for GitHub's slowness");
cmp_ok($noted, '>', $truth * 0.9, 'nor an answer for faster than it was');
no_limit_violated($sim, 'a long lock');

done_testing();
