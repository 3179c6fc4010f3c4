# Values that can't be: the wrong type in each field, null where that can't be,
# numbers that leave their type, dates of the year 300000, names of a megabyte.
# What can't be meant isn't stored, and the next crawl mends what was left out.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrawl;
use GhcFault;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('main', 'ghcrawl.pages_per_request = 1', "ghcrawl.request_timeout = '10s'");

# Crawls a world of its own past spoiled values until each field was spoiled so
# often; then past none.
sub crawl_past
{
	my ($fault, $times, $errors) = @_;
	my $sim = start_simulator(repositories => 3000, users => 8, latency => 10, limits => 'wide');
	my ($n, $crawl, $watched, %spoiled, @few) = (0);

	$node->append_conf('postgresql.conf', "ghcrawl.api_url = '" . $sim->http . "'");
	$node->reload;
	$node->safe_psql('postgres', 'SET client_min_messages = warning;'
		. ' DROP EXTENSION IF EXISTS ghcrawl; DROP SCHEMA IF EXISTS github CASCADE');
	install($node, $sim);
	do
	{
		set_faults($sim, $fault => 0.5);
		$crawl = start_crawl($node, EVERYTHING, 'full');
		$watched = watch($node, $crawl);
		set_faults($sim);
		%spoiled = %{ $sim->counters->{spoiled}{$fault} };
		# whose a token is was asked only once
		delete @spoiled{qw(login)};
		@few = grep { $spoiled{$_} < $times } sort keys %spoiled;
	} while (@few && ++$n < 4);

	is("@few", '', "$fault: each of " . keys(%spoiled) . " fields was spoiled $times times or more");
	note(join ', ', map { "$_ $spoiled{$_}" } sort keys %spoiled);
	# what stays unbelievable in all readings may be left out of a crawl
	like($watched->{state}, qr/^done/, "$fault: the crawl ends");
	unlike(slurp_file($node->logfile), qr/could not write/, "$fault: nothing is too large for where it is kept");
	invariants($node, $sim, $crawl, $watched, name => $fault, ids => 0, values => 0, errors => $errors);
	recrawl($node, $sim, name => "$fault, the next crawl", profile => 'full');
	no_limit_violated($sim, $fault);
	$sim->stop;
	return %spoiled;
}

# one row for each column, and those of members and pages as a whole
my %rows = ('^value: (\w+): not as the column can hold it' => 31);

my %spoiled = crawl_past('wrongTypes', 1,
	{ %rows, '^(?:member|partial|stranger|hidden): ' => 4 });
cmp_ok(scalar keys %spoiled, '>=', 30, 'every field is spoiled: ' . keys %spoiled);
crawl_past('nullFields', 1, { %rows, '^(?:member|partial|stranger|hidden): ' => 4 });
# a cursor is GitHub's affair: one that it gave may be one that it refuses
crawl_past('absurdValues', 2, { %rows, '^(?:member|partial|stranger|hidden): ' => 4, '^bad_query: .* valid cursor' => undef });

done_testing();
