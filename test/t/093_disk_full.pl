# Disks that are full in mid-crawl: that of the data tables, which a worker waits
# for; that of the WAL, which ends the server.  Skipped where a user may not make mount
# namespaces.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcSmallDisk;
use GhcFaultMatrix;
use Test::More;

my $matrix = GhcFaultMatrix->for_test;

$matrix->cell('disk full: data tables', 'storing');
$matrix->cell('disk full: WAL', 'stored, not committed');

done_testing();
