# Logical replication of the data tables: a subscriber that was away in mid-crawl has the
# same rows and the same history in the end.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcFaultMatrix;
use Test::More;

my $matrix = GhcFaultMatrix->for_test;

$matrix->cell('logical replication, subscriber stopped', 'storing');

done_testing();
