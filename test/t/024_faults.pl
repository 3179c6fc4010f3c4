# Replies that go wrong in every way GitHub is known for: gateways that answer
# in JSON or HTML, connections and bodies that break, results that are cut
# short or spoiled.  Each costs an attempt and a line in ghcrawl.errors with
# its count, never a repository.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use List::Util qw(sum0);
use Test::More;
use Time::HiRes qw(time);

my $selection = 'stars:>=0 fork:true';
# many small requests, for the faults to strike
my $node = new_node('main', 'ghcrawl.pages_per_request = 1');

# Crawls a world of its own under faults with some rates, or a list of faults
# of single requests.
sub crawl_under_faults
{
	my ($name, %rate) = @_;
	my $script = delete $rate{script};
	my $sim = start_simulator(repositories => 20_000, users => 8, latency => 20);

	$node->append_conf('postgresql.conf', "ghcrawl.api_url = '" . $sim->http . "'");
	$node->reload;
	$node->safe_psql('postgres', 'SET client_min_messages = warning;'
		. ' DROP EXTENSION IF EXISTS ghcrawl; DROP SCHEMA IF EXISTS github CASCADE');
	install($node, $sim);
	$sim->post('/_sim/faults', \%rate);
	$sim->post('/_sim/script', [ map { { fault => $_ } } @$script ]) if $script;
	my $start = time;
	my $crawl = start_crawl($node, $selection, 'flat');
	wait_for($node, "SELECT state FROM ghcrawl.crawls WHERE crawl = $crawl", qr/^done/);
	my $seconds = time - $start;
	my $counters = $sim->counters;

	$sim->post('/_sim/faults', { map { $_ => 0 } keys %rate });
	nothing_is_left($node, $name);
	no_limit_violated($sim, $name);
	for my $fault (grep { $_ ne 'resourceLimits' } sort keys %rate)
	{
		cmp_ok($counters->{faults}{$fault} // 0, '>', 0, "$name: there was $fault");
	}
	diag(sprintf '%s: %d faults in %d requests, %.1f s', $name,
		sum0(values %{ $counters->{faults} }), $counters->{requests}, $seconds);
	note($node->safe_psql('postgres',
			'SELECT class, count, message, sample FROM ghcrawl.errors ORDER BY class, count'));
	return ($sim, $crawl, $counters->{faults});
}

# How often errors of some classes came, and in how many rows.
sub errors_of
{
	return split /\|/, $node->safe_psql('postgres',
		"SELECT coalesce(sum(count), 0), count(*) FROM ghcrawl.errors WHERE class IN ('"
		. join("', '", @_) . "')");
}

# Everything is there, with its values, and the view says so.
sub is_exact
{
	my ($sim, $crawl, $name) = @_;

	ids_are_exact($node, $sim, $selection, $name);
	values_are_true($node, $sim, $selection, 'flat', $name);
	is($node->safe_psql('postgres',
			"SELECT state, stored, gaps, missing FROM ghcrawl.crawls WHERE crawl = $crawl"),
		'done|20000|0|0', "$name: the view counts right");
	return;
}

# no answer of the API, or none that can be read
my ($sim, $crawl, $faults) = crawl_under_faults('no answers',
	map { $_ => 0.012 } qw(json502 html502 json504 html504 timeout200 serverError
	  html200 reset resetBody truncatedGzip brokenJson wrongLength));
is_exact($sim, $crawl, 'no answers');

# what was sent on a kept-alive connection that is reset, libcurl sends again
my ($count, $rows) = errors_of(qw(server too_slow network garbage));
my $sent = sum0(values %$faults);
cmp_ok($count, '<=', $sent, 'no answers: no error without a fault');
cmp_ok($count, '>=', $sent - $faults->{reset}, 'no answers: every fault is counted as an error');
cmp_ok($rows, '<=', 20, 'no answers: alike errors share a row');
is($node->safe_psql('postgres', <<'SQL'), '0', 'no answers: each row says what, where and when');
SELECT count(*) FROM ghcrawl.errors
WHERE sample IS NULL OR last_seen < first_seen OR message = '' OR count < 1
SQL
$sim->stop;

# answers that lack something, and say so
# (a rate of resource limits is one of queries, of which none may be struck)
($sim, $crawl, $faults) = crawl_under_faults('holes',
	script => [ (undef) x 20, 'resourceLimits' ],
	resourceLimits => 0.03, map { $_ => 0.02 } qw(nullNodes forbiddenNodes somethingWrong));
is_exact($sim, $crawl, 'holes');
($count) = errors_of('too_much');
cmp_ok($count, '>', 0, 'holes: there were resource limits');
$sim->stop;

# values of the wrong type, or null where that can't be: nothing else is lost,
# and the next crawl mends them
($sim, $crawl, $faults) = crawl_under_faults('wrong values', nullFields => 0.03, wrongTypes => 0.03);
ids_are_exact($node, $sim, $selection, 'wrong values');
($count) = errors_of('value');
cmp_ok($count, '>', 0, 'wrong values: they are recorded');
$crawl = start_crawl($node, $selection, 'flat');
crawl_ends($node, $crawl);
is_exact($sim, $crawl, 'the crawl after wrong values');
$sim->stop;

# answers that lack something and look complete: an index that timed out shows
# fewer, or none, and counts only those
sub look_complete
{
	my ($name, %faults) = @_;

	($sim, $crawl) = crawl_under_faults($name, %faults);
	is(crawl_column($node, $crawl, 'stored'), 20_000, "$name: nothing is missing");
	$sim->stop;
	return;
}

look_complete('pages that lack some', droppedItems => 0.3);
look_complete('pages that are empty', script => [ (undef) x 40, ('emptyResults') x 8 ]);

done_testing();
