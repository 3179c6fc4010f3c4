# A whole world of ids, two thirds of them not public: is what is stored the truth,
# how many requests does that take beyond the fewest possible, and how busy is the
# budget that binds, which is that of the REST API?  "make bench-walk"; ten minutes.
#
#   BENCH_REPOSITORIES  public ones (1000000: three million ids)
#   BENCH_USERS         budgets (3)
#   BENCH_SCALE         how many times faster time passes (5)
#   BENCH_PROFILE       of the crawl (flat)
#
# The fewest requests are one for each hundred repositories, on either budget; a
# GraphQL request may look up several hundreds.  Busy is what was sent of what a
# budget lets go in that time, which is used evenly: from the first to the last
# request to the REST API.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
BEGIN { $ENV{BENCH_SCALE} //= 5 }
use GhcBench;
use GhcCrawl;
use GhcTest;
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(sleep time);

use constant { MOST_REQUESTS => 1.1, LEAST_BUSY => 90 };

my $world = $ENV{BENCH_REPOSITORIES} // 1_000_000;
my $users = $ENV{BENCH_USERS} // 3;
my $profile = $ENV{BENCH_PROFILE} // 'flat';
my $sim = stand_in(repositories => $world, users => $users, world => 'github');
set_latency($sim, base => 200, node => 2, alias => 10);
my $node = server('walk', $sim);

know_budgets($node, $sim, $users);
$sim->post('/_sim/counters/reset');
my ($cpu, $cpu_text);
my ($from, $to, $n_first, $n_last);
my $start = time;
my $crawl = start_crawl($node, 'all', $profile);
while (crawl_column($node, $crawl, 'state') eq 'running')
{
	my $n = $sim->counters->{by_path}{'/repositories'} // 0;

	$cpu //= cpu_start($node, $sim) if $n > 50;
	# the search for the end is one request after the other
	($from, $n_first) = (time, $n) if !$from && $n > 50;
	($to, $n_last) = (time, $n) if $from && $n > ($n_last // 0);
	# at its end the worker is gone
	$cpu_text = cpu_text($cpu) if $cpu && -e "/proc/$cpu->{worker}[0]";
	sleep 1;
}
my $seconds = time - $start;
my $usage = $sim->json('/_sim/usage');
my ($stored, $points, $requests) = split /\|/,
  $node->safe_psql('postgres', "SELECT stored, points, requests FROM ghcrawl.crawls WHERE crawl = $crawl");
my $rest = $sim->counters->{by_path}{'/repositories'};
my $truth = $sim->count('fork:true');
my $least = $truth / 100;
my $busy = percent($n_last - $n_first, ($to - $from) * SCALE * $users * 5000 / 3600);

print_table("a walk through @{[3 * $world]} ids, $profile, $users budgets",
	[ 'stored', 'of', 'REST requests', 'of the fewest', 'GraphQL requests', 'of one for each hundred', 'points',
		'response s a minute and budget', 'REST budget busy %', 's of GitHub\'s', 's' ],
	[ $stored, $truth, $rest, sprintf('%.3f', $rest / $least), $requests, sprintf('%.3f', $requests / $least), $points,
		sprintf('%.1f', 60 * response_s($usage) / $seconds / SCALE / $users), $busy,
		sprintf('%.0f', $seconds * SCALE), sprintf('%.0f', $seconds) ]);
diag($cpu_text) if $cpu_text;

cmp_ok($rest / $least, '<=', MOST_REQUESTS, 'REST requests of the fewest possible');
cmp_ok($requests / $least, '<=', MOST_REQUESTS, 'GraphQL requests of one for each hundred');
cmp_ok($busy, '>=', LEAST_BUSY, 'percent of the binding budget that was used');
is(crawl_column($node, $crawl, 'gaps'), '0', 'no gap');
ids_are_exact($node, $sim, 'fork:true', 'the result');
is(ever_violated($usage), '', 'no limit is overstepped');

done_testing();
