# A list is a crawl like others: it is paused, waited for, dumped in the middle
# and restored elsewhere, goes on through faults, and ends with exactly what GitHub
# shows, for few requests.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use JSON::PP;
use PostgreSQL::Test::Utils;
use Test::More;

my $sim = start_simulator(
	repositories => 4_000,
	users => 1,
	latency => 5,
	limits => 'wide');
my @settings = ("ghcrawl.api_url = '" . $sim->http . "'");
my $node = new_node('main', @settings);
my $other = new_node('other', @settings);
install($node, $sim);

sub sql { return $node->safe_psql('postgres', $_[0]) }

my @truth = map { decode_json($_) } split /\n/,
  $sim->get('/_sim/truth?format=json&fields=nameWithOwner&q=stars:%3E=0%20fork:true');
my @named = @truth[ 0 .. 1_499 ];
my @numbered = @truth[ 1_500 .. 2_999 ];
my @gone = @truth[ 3_000 .. 3_099 ];
$sim->post('/_sim/world', [ map { { op => 'delete', id => $_->{id} } } @gone ]);
sql('CREATE TABLE mine (item text); INSERT INTO mine VALUES ' . join ', ',
	map { "('$_')" } (map { $_->{nameWithOwner} } @named, @gone[ 0 .. 49 ]), (map { $_->{id} } @numbered, @gone[ 50 .. 99 ]));

# Everything that is there is stored, and each item told of.
sub is_exact
{
	my ($database, $crawl, $name) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($database->safe_psql('postgres', "SELECT stored, expected, gone, gaps, missing FROM ghcrawl.crawls WHERE crawl = $crawl"),
		'3000|3000|100|0|0', "$name: what the crawl says");
	is($database->safe_psql('postgres', 'SELECT string_agg(repo_id::text, \',\' ORDER BY repo_id) FROM github.repository'),
		join(',', sort { $a <=> $b } map { $_->{id} } @named, @numbered), "$name: just these are stored");
	is($database->safe_psql('postgres', "SELECT state, count(*), count(DISTINCT repository) FROM ghcrawl.wanted WHERE crawl = $crawl GROUP BY state ORDER BY state"),
		"found|3000|3000\nnot_found|100|100", "$name: what became of each");
	return;
}

# --- undisturbed -----------------------------------------------------------------------

my $crawl = sql("SELECT ghcrawl_add_repositories(array_agg(item), 'flat') FROM mine");
sql("CALL ghcrawl_wait($crawl)");
crawl_ends($node, $crawl);
is_exact($node, $crawl, 'undisturbed');
my $requests = crawl_column($node, $crawl, 'requests');
my $points = crawl_column($node, $crawl, 'points');
note("$requests requests, $points points");
cmp_ok($points, '<=', 35, 'undisturbed: no more points than lists of a hundred');
cmp_ok($requests, '<=', 35, 'undisturbed: nor requests');

# --- paused, dumped, restored -------------------------------------------------------------

sql('TRUNCATE github.repository, github.repository_history');
$sim->post('/_sim/settings', { latency => 500 });
$crawl = sql("SELECT ghcrawl_add_repositories(array_agg(item), 'flat', source => 'dumped') FROM mine");
wait_for($node, "SELECT stored > 0 FROM ghcrawl.crawls WHERE crawl = $crawl", 't');
is(sql("SELECT ghcrawl_pause($crawl)"), 'paused', 'it is paused');
wait_for($node, 'SELECT count(*) ' . WORKERS, '0');
is(sql("SELECT count(*) FROM ghcrawl.wanted WHERE crawl = $crawl"), '3100', 'paused: each item is found or waits');
my $waiting = sql("SELECT count(*) FROM ghcrawl.wanted WHERE crawl = $crawl AND state = 'waiting'");
cmp_ok($waiting, '>', 0, "paused: $waiting wait");

my $file = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $file, '-d', $node->connstr('postgres') ], 'dumped');
$other->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $other->connstr('postgres') ], 'restored');
$sim->post('/_sim/settings', { latency => 5 });
add_tokens($other, $sim->tokens);
is($other->safe_psql('postgres', "SELECT state, source FROM ghcrawl.crawl WHERE crawl_id = $crawl"), 'paused|dumped', 'restored: as it was');
is($other->safe_psql('postgres', "SELECT count(*) FROM ghcrawl.wanted WHERE crawl = $crawl AND state = 'waiting'"), $waiting, 'restored: as many wait');
for my $database ($node, $other)
{
	$database->safe_psql('postgres', "SELECT ghcrawl_resume($crawl)");
	crawl_ends($database, $crawl);
	is_exact($database, $crawl, $database->name);
	nothing_is_left($database, $database->name);
}
$sim->post('/_sim/settings', { latency => 5 });
my $again = $other->safe_psql('postgres', "SELECT ghcrawl_add_repositories('$named[0]{nameWithOwner}')");
crawl_ends($other, $again);
is($other->safe_psql('postgres', "SELECT stored FROM ghcrawl.crawls WHERE crawl = $again"), '1', 'restored: a new list goes on from there');
$other->stop;

# --- faults ----------------------------------------------------------------------------------

sql('TRUNCATE github.repository, github.repository_history');
$sim->post('/_sim/faults', { map { $_ => 0.05 } qw(nullNodes forbiddenNodes json502 html502 timeout200 resourceLimits) });
$crawl = sql("SELECT ghcrawl_add_repositories(array_agg(item), 'flat', source => 'faults') FROM mine");
wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", qr/^done/);
$sim->post('/_sim/faults', { map { $_ => 0 } qw(nullNodes forbiddenNodes json502 html502 timeout200 resourceLimits) });
if (sql("SELECT ghcrawl_retry_gaps($crawl)") > 0)
{
	crawl_ends($node, $crawl);
}
is_exact($node, $crawl, 'faults');
nothing_is_left($node, 'faults');

no_limit_violated($sim, 'lists');
done_testing();
