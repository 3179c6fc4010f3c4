# ghcrawl_set_limits: a worker takes over what is set while it crawls, and
# ghcrawl.tokens shows what the limits are about.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $sim = start_simulator(repositories => 6_000, users => 2, tokens_per_user => 2, latency => 60);
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");

sub sql { return $node->safe_psql('postgres', $_[0]) }

install($node, $sim);
my (undef, undef, $err) = $node->psql('postgres', "SELECT ghcrawl_set_limits('user0', reserve => 10)");
like($err, qr/it is not known yet whose token "user0" is.*HINT:.*ghcrawl_verify_tokens/s,
	'limits need an account');
is(sql('SELECT count(*) FROM ghcrawl_verify_tokens()'), '4', 'which verifying makes known');

# tokens are listed user by user
sql("SELECT ghcrawl_set_limits('user1', requests_minute => 6), ghcrawl_set_limits('user3', requests_minute => 6)");
is(sql(q{SELECT string_agg(requests_minute::text, ' ') FROM ghcrawl.budget}), '6 6', 'by any of its tokens');
my $crawl = start_crawl($node, 'stars:>=0 fork:true', 'flat');
wait_for($node, "SELECT state, waiting_on FROM ghcrawl.progress WHERE crawl = $crawl",
	qr/^waiting\|(?:the minute's limit|its turn, as budgets are used evenly) until/);
cmp_ok($sim->counters->{requests}, '<=', 4 + 2 * 6, 'no more is asked than was allowed');
sql('SELECT ghcrawl_set_limits(name, requests_minute => 2000) FROM ghcrawl.tokens');
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, 'stars:>=0 fork:true', 'after the limits were raised');

is(sql(<<'SQL'), "1 2 user\n3 4 user", 'tokens of one user have one budget');
SELECT string_agg(substr(name, 5)::int + 1 || '', ' ' ORDER BY name) || ' ' || min(kind)
FROM ghcrawl.tokens GROUP BY budget ORDER BY min(name)
SQL
is(sql('SELECT bool_and(used > 0 AND used <= points_used AND used <= "limit" - remaining) FROM ghcrawl.tokens'),
	't', 'what was used of the hour');
is(sql(q{SELECT bool_and(pace > 0 AND paced_by IN ('points', 'requests', 'response')) FROM ghcrawl.tokens}),
	't', 'the pace, and what sets it');
is(sql('SELECT DISTINCT host FROM ghcrawl.tokens'), $sim->http =~ s{.*://}{}r, 'of one host');
is(sql(<<'SQL'), 't', 'response time of the last minute is of what all requests took');
SELECT bool_and(response_s > 0) AND
	sum(response_s) / 2 < (SELECT sum(ms) / 1000.0 + 1 FROM ghcrawl.requests_by_hour)
FROM ghcrawl.tokens
SQL

done_testing();
