# What the ways to the same repositories cost of GitHub's budgets: searched for,
# named by id or by name, walked through by id; each into empty tables, and those
# that can be, again with nothing changed.  "make bench-ways"; some ten minutes.
#
#   BENCH_REPOSITORIES  public ones (60000)
#   BENCH_SCALE         how many times faster time passes (5)
#   BENCH_LATENCY       of a request and of each repository in it, ms (300,8)
#
# Given is what a thousand repositories take: docs/ways.md reckons larger numbers from
# that.  Response time is by the simulator's books.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
BEGIN { $ENV{BENCH_SCALE} //= 5 }
use GhcBench;
use GhcCrawl;
use GhcTest;
use Test::More;

use constant { USERS => 4, PATIENCE_S => 3600 };

my $world = $ENV{BENCH_REPOSITORIES} // 60_000;
my ($base, $row) = map { 0 + $_ } split /,/, $ENV{BENCH_LATENCY} // '300,8';
my $everything = 'stars:>=0 fork:true';

my $sim = stand_in(repositories => $world, users => USERS, world => 'github');
set_latency($sim, base => $base, node => $row, alias => 10);
my $node = new_node('ways', "ghcrawl.api_url = '" . $sim->http . "'", 'ghcrawl.absence_stars = -1');
my $ids = join ',', $sim->truth($everything);
my @rows;

sub sql { return $node->safe_psql('postgres', $_[0]) }

# As if nothing had ever been crawled.
sub begin
{
	sql('DROP EXTENSION IF EXISTS ghcrawl CASCADE; DROP SCHEMA IF EXISTS github CASCADE; CREATE EXTENSION ghcrawl');
	know_budgets($node, $sim, USERS);
	return;
}

# Lets a crawl that the statement starts end; a line of the table.
sub measure
{
	my ($profile, $way, $statement) = @_;
	my $before = response_s($sim->json('/_sim/usage'));
	my $crawl = sql($statement);

	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", 'done', PATIENCE_S);
	my $thousands = sql('SELECT count(*) / 1000.0 FROM github.repository');
	my $response = response_s($sim->json('/_sim/usage')) - $before;
	my ($stored, @used) = split /\|/,
	  sql("SELECT stored, requests, points, rest_requests, wire_bytes / 1000.0 FROM ghcrawl.crawls WHERE crawl = $crawl");

	is($stored, 1000 * $thousands, "$profile, $way: all were seen");
	push @rows, [ $profile, $way, map { sprintf '%.1f', $_ / $thousands } @used[ 0 .. 2 ], $response, $used[3] ];
	return;
}

for my $profile (qw(flat full))
{
	my $search = "SELECT ghcrawl_start('$everything', '$profile')";
	my $walk = "SELECT ghcrawl_start('all', '$profile')";
	my $list = "SELECT ghcrawl_add_repositories('{%s}'::text[], profile => '$profile')";

	begin();
	measure($profile, 'search', $search);
	measure($profile, 'searched again', $search);
	my $names = sql(q{SELECT string_agg('"' || name_with_owner || '"', ',') FROM github.repositories});
	begin();
	measure($profile, 'list of ids', sprintf $list, $ids);
	measure($profile, 'again, or ghcrawl_refresh', sprintf $list, $ids);
	begin();
	measure($profile, 'list of names', sprintf $list, $names);
	begin();
	measure($profile, 'walk', $walk);
	measure($profile, 'walk again', $walk);
}
print_table("a thousand of $world repositories: $base ms a request, $row ms a repository, " . USERS . ' budgets, x' . SCALE,
	[ 'profile', 'way', 'GraphQL requests', 'points', 'REST requests', 'response s', 'kB received' ], @rows);

done_testing();
