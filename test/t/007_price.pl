# What the composer says a query costs is what the simulator charges: 500
# queries made at random (test/unit/price_test.c).
use strict;
use warnings;

use FindBin;
use Test::More;

use constant QUERIES => 500;

my $program = "$FindBin::RealBin/../../build/unit/plain/price_test";
die "$program is missing: make build-unit\n" unless -x $program;

open my $queries, '-|', $program, '--print', QUERIES or die "$program: $!";
my (@ours, @bodies);
while (my $line = <$queries>)
{
	chomp $line;
	my ($price, $body) = $line =~ /^(\d+ \d+ \d+) (\{.*)$/
	  or die "no query: $line";
	push @ours, $price;
	push @bodies, $body;
}
ok(close $queries, 'the generator ends well');
is(scalar @bodies, QUERIES, 'queries were made');

# all of them are written before an answer is read: by way of a file
my $file = "$ENV{TESTDIR}/price-queries";
open my $out, '>', $file or die "$file: $!";
print $out map { "$_\n" } @bodies;
close $out or die "$file: $!";
open my $in, '-|', "node '$FindBin::RealBin/../sim/tools/price.js' < '$file'"
  or die "node: $!";
chomp(my @theirs = <$in>);
ok(close $in, 'the simulator prices them');

my @differ = grep { $ours[$_] ne ($theirs[$_] // 'nothing') } 0 .. $#ours;
diag("$ours[$_] is $theirs[$_] for $bodies[$_]") for @differ[ 0 .. ($#differ < 4 ? $#differ : 4) ];
is(scalar(@ours) - scalar(@differ), QUERIES,
	'points, requests and nodes are the same for all');

# the queries are as varied as they are meant to be
my %seen = map { (split / /)[0] => 1 } @ours;
cmp_ok(scalar keys %seen, '>=', 50, 'many prices');
cmp_ok(scalar(grep { (split / /)[0] == 1 } @ours), '>=', 100, 'many of one point');

done_testing();
