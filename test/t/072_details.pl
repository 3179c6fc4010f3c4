# Fields that cost points, asked for later: where nested pages are slow, ranges
# are read flat and topics and languages are asked for by id; where points bind,
# they stay in the pages.  A crawl of what was crawled before asks again only
# for what changed.  The result is exact each time, whatever dies.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use Test::More;

my $selection = 'stars:>=0 fork:true';
my ($sim, $node);

sub begin
{
	my ($name, %options) = @_;

	# the newest repository is a month old, so that its languages are settled
	$sim = start_simulator(
		until => '2026-01-01T00:00:00Z',
		unstable_order => 0,
		unstable_ties => 0,
		latency_count => 0,
		latency_jitter => 0,
		%options);
	$node = new_node($name, "ghcrawl.api_url = '" . $sim->http . "'", 'restart_after_crash = on');
	install($node, $sim);
	return;
}

sub set_details
{
	my ($way) = @_;

	$node->append_conf('postgresql.conf', "ghcrawl.details = $way");
	$node->reload;
	return;
}

sub is_exact
{
	my ($name) = @_;

	ids_are_exact($node, $sim, $selection, $name);
	values_are_true($node, $sim, $selection, 'full', $name);
	return;
}

sub crawl
{
	my ($name) = @_;
	my $crawl = start_crawl($node, $selection, 'full');

	crawl_ends($node, $crawl);
	is_exact($name);
	is($node->safe_psql('postgres',
			"SELECT stored, expected, percent FROM ghcrawl.progress WHERE crawl = $crawl"),
		join('|', ($sim->count($selection)) x 2, '100.0'), "$name: counted right");
	return $crawl;
}

# How many repositories a crawl asked for later.
sub asked_later
{
	my ($crawl) = @_;
	return 0 + $node->safe_psql('postgres',
		q{SELECT coalesce(sum(cardinality(string_to_array(split_part(query, ' ', 1), ','))), 0)}
		. " FROM ghcrawl.partitions WHERE crawl = $crawl AND kind = 'details'");
}

# Rows and their places: equal before and after only if nothing was written.
sub rows_as_they_lie
{
	return $node->safe_psql('postgres', <<'SQL');
SELECT count(*), sum(hashtextextended(r::text || ctid || xmin, 0)),
	(SELECT count(*) FROM github.repository_history) FROM github.repository r
SQL
}

# where points bind, two requests for what one brings are no gain
begin('points', repositories => 7000, users => 6, points => 12_000, latency_base => 5,
	latency_node => 0, latency_connection => 0);
my $crawl = crawl('points bind');
cmp_ok(asked_later($crawl), '<=', 3500, 'most topics come with the pages: later for '
	. asked_later($crawl));
my $before = rows_as_they_lie();
my $again = crawl('points bind, again');
is(rows_as_they_lie(), $before, 'the second crawl wrote nothing');
is(asked_later($again), 0, 'nor asked anything by id');
cmp_ok(5 * crawl_column($node, $again, 'points'), '<=', crawl_column($node, $crawl, 'points'),
	'it cost a fifth at most: ' . crawl_column($node, $again, 'points') . ' of '
	. crawl_column($node, $crawl, 'points'));
$node->stop;
$sim->stop;

# where connections in searches are slow, and less so by id
my $repositories = 10_000;
begin('time', repositories => $repositories, users => 8, latency_base => 20,
	latency_node => 0.2, latency_connection => 3, latency_by_id => 0.05);
$crawl = crawl('time binds');
cmp_ok(asked_later($crawl), '>=', $repositories / 2,
	'most topics are asked for later: ' . asked_later($crawl));
is(crawl_column($node, $crawl, 'inserted, updated'), "$repositories|0",
	'what comes later counts once');
is($node->safe_psql('postgres', 'SELECT count(*) FROM github.repository_history'), '0',
	'and is no history');

$before = rows_as_they_lie();
$again = crawl('time binds, again');
is(rows_as_they_lie(), $before, 'the second crawl wrote nothing');
cmp_ok(5 * crawl_column($node, $again, 'points'), '<=', crawl_column($node, $crawl, 'points'),
	'it cost a fifth at most: ' . crawl_column($node, $again, 'points') . ' of '
	. crawl_column($node, $crawl, 'points'));

# topics of some change, languages of others, stars of others still; which way is better is
# found out by trying both, so it is said here
set_details('later');
my $details = json_of($sim->post('/_sim/world', { op => 'change_details', share => 0.05 }));
my $stars = json_of($sim->post('/_sim/world', { op => 'change_stars', share => 0.03, seed => 7 }));
my %changed = map { $_ => 1 } @{ $details->{ids} }, @{ $stars->{ids} };
$crawl = crawl('after changes');
my $asked = asked_later($crawl);
cmp_ok($asked, '>=', $details->{changed}, "those that changed are asked for: $asked");
cmp_ok($asked, '<=', $details->{changed} * 1.5, 'and hardly any other');
is(crawl_column($node, $crawl, 'updated'), scalar(keys %changed), 'each counts once');
is($node->safe_psql('postgres', 'SELECT count(*), count(stars) FROM github.repository_history'),
	"$stars->{changed}|$stars->{changed}", 'the history is of stars only');

# a worker dies while some is read and some is still to be asked for
$node->safe_psql('postgres', 'TRUNCATE github.repository, github.repository_history');
$crawl = start_crawl($node, $selection, 'full');
wait_for($node, "SELECT stored > 3000 AND EXISTS (SELECT FROM ghcrawl.partitions p"
	. " WHERE p.crawl = c.crawl AND kind = 'details' AND p.state = 'done')"
	. " FROM ghcrawl.crawls c WHERE crawl = $crawl", 't');
kill 'KILL', worker_pid($node);
crawl_ends($node, $crawl);
is_exact('after a crash');
nothing_is_left($node, 'after a crash');

# what goes while it is still to be asked for: a repository, and another's row
$node->safe_psql('postgres', 'TRUNCATE github.repository, github.repository_history');
$crawl = start_crawl($node, $selection, 'full');
wait_for($node, "SELECT count(*) > 4 FROM ghcrawl.partitions"
	. " WHERE crawl = $crawl AND kind = 'details'", 't');
$node->safe_psql('postgres', "SELECT ghcrawl_pause($crawl)");
wait_for($node, 'SELECT count(*) FROM ghcrawl.claim', '0');
my ($deleted, $unwanted) = split /,/, $node->safe_psql('postgres', <<SQL);
SELECT substr(split_part(query, ' ', 1), 5) FROM ghcrawl.partitions
WHERE crawl = $crawl AND kind = 'details' AND state = 'ready' ORDER BY started_at NULLS FIRST LIMIT 1
SQL
$sim->post('/_sim/world', { op => 'delete', id => 0 + $deleted });
$node->safe_psql('postgres', "DELETE FROM github.repository WHERE repo_id = $unwanted");
$node->safe_psql('postgres', "SELECT ghcrawl_resume($crawl)");
crawl_ends($node, $crawl);
is($node->safe_psql('postgres', <<SQL), "$deleted|", 'one is left as it was, the other stays away');
SELECT repo_id, topics FROM github.repository WHERE repo_id IN ($deleted, $unwanted)
SQL
is($node->safe_psql('postgres',
		"SELECT count(*) FROM github.repository WHERE topics IS NULL OR languages IS NULL"),
	'1', 'of all others all is known');
done_testing();
