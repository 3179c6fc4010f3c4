# A crawl stores exactly what GitHub shows: the same repositories, both ways,
# and the same values in every column; within every limit, and for few points.
# Profile flat in the open, profile full over TLS and HTTP/2.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;
use Time::HiRes qw(time);

my %world = (repositories => 200_000, users => 8, latency => 20);

# Crawls into empty tables and compares; says what it cost.
sub crawl_and_compare
{
	my ($node, $sim, $selection, $profile, $most_points, $asked) = @_;
	my $name = "$profile, $selection";

	$sim->post('/_sim/counters/reset');
	my $start = time;
	my $crawl = start_crawl($node, $selection, $profile);
	crawl_ends($node, $crawl);
	my $seconds = time - $start;
	my $counters = $sim->counters;

	ids_are_exact($node, $sim, $selection, $name);
	values_are_true($node, $sim, $selection, $profile, $name);
	no_limit_violated($sim, $name);
	nothing_is_left($node, $name);

	my $stored = $node->safe_psql('postgres', 'SELECT count(*) FROM github.repository');
	is(crawl_column($node, $crawl, 'stored'), $stored, "$name: the view says how many");
	is(crawl_column($node, $crawl, 'inserted'), $stored, "$name: all of them are new");
	is($node->safe_psql('postgres', "SELECT percent FROM ghcrawl.progress WHERE crawl = $crawl"),
		'100.0', "$name: progress is complete");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM github.repository_history'),
		'0', "$name: nothing new has a history");

	my $points = 100 * $counters->{points} / $stored;
	cmp_ok($points, '<=', $most_points, "$name: points per 100 repositories");
	# an answer can be lost with its connection, and is asked for again: over
	# HTTP/2 a server may end one while requests are on their way
	my $ours = crawl_column($node, $crawl, 'points') + $asked;
	cmp_ok($ours, '<=', $counters->{points}, "$name: we count no points that GitHub doesn't");
	cmp_ok($ours, '>=', 0.995 * $counters->{points},
		"$name: nor miss any, but for answers that were lost");
	diag(sprintf '%s: %d repositories in %.1f s, %d requests, %.3f points per 100, %.0f bytes each',
		$name, $stored, $seconds, $counters->{requests}, $points,
		$counters->{bytes}{sent} / $stored);
	return;
}

my $sim = start_simulator(%world);
my $node = new_node('flat', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);
crawl_and_compare($node, $sim, 'stars:>=0 fork:true', 'flat', 1.6, scalar $sim->tokens);

# whose they are: the truth gives logins, a sample of ids comes by REST
is( $node->safe_psql('postgres', <<'SQL'), 't', 'each owner has one id and each id one owner');
SELECT count(DISTINCT owner_id) = count(DISTINCT split_part(name_with_owner, '/', 1))
	AND count(DISTINCT owner_id) = count(DISTINCT (owner_id, split_part(name_with_owner, '/', 1)))
FROM github.repository WHERE owner_id IS NOT NULL
SQL
my ($token) = $sim->tokens;
for my $row (split /\n/, $node->safe_psql('postgres',
		'SELECT repo_id, owner_id FROM github.repository WHERE repo_id % 50000 < 20 ORDER BY 1 LIMIT 10'))
{
	my ($id, $owner) = split /\|/, $row;
	my $reply = $sim->{http_client}->get($sim->http . "/repositories/$id",
		{ headers => { authorization => "Bearer $token", 'user-agent' => 'test' } });
	is(json_of($reply->{content})->{owner}{id}, $owner, "owner of repository $id");
}

$node->safe_psql('postgres', 'TRUNCATE github.repository, github.repository_history');
crawl_and_compare($node, $sim, 'stars:0..10', 'flat', 1.6, 0);
$sim->stop;
$node->stop;

$sim = start_simulator(%world, tls => 1);
$node = new_node('full', "ghcrawl.api_url = '" . $sim->https . "'",
	"ghcrawl.ca_file = '" . $sim->ca . "'");
install($node, $sim);
crawl_and_compare($node, $sim, 'stars:>=0 fork:true', 'full', 2.6, scalar $sim->tokens);

done_testing();
