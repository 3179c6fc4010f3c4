# ghcrawl.requests counts what the stand-in for GitHub counted: requests by
# kind, status and verdict, points, repositories; also after a worker was
# killed.  What is old is deleted.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $latency = 100;
my $sim = start_simulator(repositories => 8_000, users => 4, latency => $latency);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.pages_per_request = 1');

# A line of sums over the view, numbers divided by "|".
sub sum_of
{
	my ($columns, $condition) = @_;
	return $node->safe_psql('postgres',
		"SELECT $columns FROM ghcrawl.requests WHERE " . ($condition // 'true'));
}

# Workers write what is left before they end.
sub workers_end
{
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
	return;
}

install($node, $sim);
$node->safe_psql('postgres', <<'SQL');
INSERT INTO ghcrawl.traffic
SELECT s, now() - age, 1, 'https://old', 'page', '2xx', 'ok', 1, 1, 1, 1, 1, array_fill(0, '{96}')
FROM (VALUES (60, interval '61 minutes'), (3600, interval '25 hours 1 minute')) x(s, age)
SQL

# faults that take the place of an answer cost nothing and bring nothing
my @faults = qw(json502 html504 somethingWrong);
$sim->post('/_sim/script', [ map { { fault => $_ } } ((undef) x 6, map { ($_, undef) } @faults, @faults) ]);
crawl_ends($node, start_crawl($node, 'stars:>=0 fork:true', 'flat'));
workers_end();
my $counters = $sim->counters;
my $faults = $counters->{faults};

cmp_ok($counters->{requests}, '>', 18, 'there were requests');
is($faults->{$_}, 2, "and $_") for @faults;
is(sum_of('sum(count), sum(points)'),
	"$counters->{requests}|$counters->{graphql}{points}", 'requests and points are counted right');
is($node->safe_psql('postgres', 'SELECT sum(repositories) FROM ghcrawl.requests_by_hour'),
	$counters->{graphql}{repositories}, 'repositories, too');
is(sum_of('sum(count)', "status = '5xx'"), $faults->{json502} + $faults->{html504},
	'answers of gateways are 5xx');
is(sum_of('sum(count)', "verdict = 'too_slow' AND status = '2xx' OR verdict = 'partial'"),
	$faults->{somethingWrong}, 'a complaint with data in it is told by its verdict');
is(sum_of('sum(count), sum(points)', "kind = 'viewer' AND verdict = 'ok'"), '4|4',
	'each token was asked about');
is(sum_of('sum(count) > 0', "kind = 'count'"), 't', 'there were counts');
is(sum_of('count(*)', "kind NOT IN ('page', 'count', 'viewer')"), '0', 'and nothing else');

my ($p50, $p95) = split /\|/, sum_of('p50_ms, p95_ms', "kind = 'page' AND verdict = 'ok'");
cmp_ok($p50, '>=', 0.92 * $latency, 'the median is no less than the latency');
my @took = sort { $a <=> $b } map { $_->{ms} } grep { !$_->{fault} && $_->{query} =~ /p0:/ } @{ $sim->json('/_sim/requests?last=5000') };
cmp_ok($p50, '<=', 1.08 * $took[ $#took / 2 ] + 200, 'nor much more than the stand-in took');
cmp_ok($p95, '>=', $p50, 'nor more than the 95th percentile');
is($node->safe_psql('postgres', <<'SQL'), 't|t', 'failures count in the cost of repositories');
SELECT min(per_point) = max(per_point) AND max(per_point) = round(sum(repositories) / sum(points), 1),
	   min(per_s) = max(per_s) AND max(per_s) = round(1000 * sum(repositories) / sum(ms), 1)
FROM ghcrawl.requests_by_hour WHERE kind = 'page' AND hour = (SELECT max(hour) FROM ghcrawl.requests_by_hour)
SQL
is(sum_of('count(host)'), '0', 'the only host is not named');
is($node->safe_psql('postgres', <<'SQL'), '2', 'two are');
BEGIN;
INSERT INTO ghcrawl.traffic VALUES (60, now(), 1, 'https://other', 'page', '2xx', 'ok', 1, 1, 1, 1, 1, array_fill(1, '{96}'));
SELECT count(DISTINCT host) FROM ghcrawl.requests;
SQL
is($node->safe_psql('postgres', "SELECT count(*) FROM ghcrawl.traffic WHERE api_url = 'https://old'"),
	'0', 'what is old is deleted');

# an answer that breaks off was paid for
$sim->post('/_sim/script', [ { fault => 'resetBody' } ]);
my $crawl = start_crawl($node, 'stars:1..20', 'flat');
crawl_ends($node, $crawl);
workers_end();
$counters = $sim->counters;
is(sum_of('sum(count), sum(points)'), "$counters->{requests}|$counters->{graphql}{points}",
	'an answer that broke off counts like any other');
is(sum_of('sum(count)', "status = 'none' AND verdict = 'network'"), '1', 'but has no status');

# answers that come when there is nothing left to do count as well
$sim->post('/_sim/settings', { latency => 500 });
$crawl = start_crawl($node, 'stars:>=0 fork:true', 'stars');
wait_for($node, "SELECT in_flight FROM ghcrawl.workers", qr/^[1-9]/);
$node->safe_psql('postgres', "SELECT ghcrawl_pause($crawl)");
workers_end();
is(sum_of('sum(count)'), $sim->counters->{requests}, 'answers that were waited for before the end count');

# killed in mid-crawl, a worker takes with it what it had not written; nothing
# counts twice
my $before = sum_of('sum(count)');
$node->safe_psql('postgres', "SELECT ghcrawl_resume($crawl)");
wait_for($node, "SELECT sum(count) > $before + 5 FROM ghcrawl.requests", 't');
my $written = sum_of('sum(count)');
my $pid = worker_pid($node);
$node->safe_psql('postgres', "SELECT pg_terminate_backend($pid, 60000)");
my $asked = $sim->counters->{requests};
crawl_ends($node, $crawl);
workers_end();
my $lost = $sim->counters->{requests} - sum_of('sum(count)');
note("$lost of " . ($asked - $written) . ' requests not written were lost');
cmp_ok($lost, '>=', 0, 'no request counts twice');
cmp_ok($lost, '<=', $asked - $written, 'no request that was written is lost');

done_testing();
