# A server, or something in between, that breaks off, lies about lengths and
# encodings, never ends, or sends what is no JSON, or that of another request.
# Each costs an attempt and a count in ghcrawl.errors, and nothing else.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcFault;
use List::Util qw(sum0);
use Test::More;

# many small requests, for the faults to strike
my $sim = start_simulator(repositories => 5000, users => 8, latency => 10, limits => 'wide');
my $node = new_node('main',
	"ghcrawl.api_url = '" . $sim->http . "'",
	'ghcrawl.pages_per_request = 1',
	'ghcrawl.max_response_size = 4MB',
	"ghcrawl.request_timeout = '3s'");
install($node, $sim);

# texts that can't be stored as they are: the world has some
my %mended = ('^value: description' => 1);

# Crawls into empty tables past each of these faults a few times.
sub crawl_past
{
	my ($name, $times, $faults, $errors) = @_;
	my @script = map { ref $_ ? $_ : { fault => $_ } } (@$faults) x $times;

	$node->safe_psql('postgres', 'TRUNCATE github.repository, github.repository_history')
	  if $node->safe_psql('postgres', q{SELECT to_regclass('github.repository') IS NOT NULL}) eq 't';
	$sim->post('/_sim/counters/reset');
	# between them good answers, so that no range fails more often than it may
	$sim->post('/_sim/script', [ map { ({ fault => undef }, $_) } @script ]);
	my $crawl = start_crawl($node, EVERYTHING, 'flat');
	my $watched = watch($node, $crawl);
	my $counters = $sim->counters;
	is(sum0(values %{ $counters->{faults} }), scalar @script, "$name: each fault struck");
	invariants($node, $sim, $crawl, $watched, name => $name, errors => { %mended, %$errors });
	no_limit_violated($sim, $name);
	note("$name: ", scalar @script, " faults in $counters->{requests} requests");
	return;
}

crawl_past('broken connections', 2,
	[ qw(reset resetHeaders resetBody goaway closing http09 shortLength twoLengths negativeLength wrongLength brokenChunks) ],
	{
		# libcurl's words for it, which differ between versions; a short answer
		# isn't packed, and half of it is half a text
		'^(?:network|garbage: HTTP 200: body is not JSON): ' => 16,
	});

crawl_past('wrong encodings', 3,
	[ qw(truncatedGzip claimedGzip unclaimedGzip wrongContentType utf16 bom emptyBody) ],
	{
		'^network: the gzip body is damaged or cut short' => 1,
		'^garbage: HTTP 200: body is not JSON: expected an object' => 1,
	});

crawl_past('texts that are no answer', 3,
	[ qw(html200 brokenJson deepNesting hugeExponent unaskedKeys), map { { fault => 'duplicateKeys', place => $_ } } qw(data nodes repository) ],
	{
		'^garbage: HTTP 200: body is not JSON: expected an object' => 1,
		'^garbage: HTTP 200: body is not JSON: nested too deep' => 1,
		'^garbage: HTTP 200: body is not JSON: a key came twice' => 1,
		# where the text ends says what is missing
		'^garbage: HTTP 200: body is not JSON: (?!expected an object|nested|a key)' => 9,
		'^value: repo_id' => 1,
	});

crawl_past('answers to something else', 8,
	[ qw(otherAnswer foreignNodes) ],
	{ '^stranger: GitHub shows repositories in a search that is not for them' => 1 });

crawl_past('answers without end', 1,
	[ qw(endlessHeaders endlessHeader endlessBody endlessGzip gzipBomb gzipBombLying hugeString informationFlood hugeNumber trickle stall) ],
	{
		'^garbage: the response is too large' => 1,
		# one endless line is refused by libcurl itself
		'^network: ' => 3,
	});

done_testing();
