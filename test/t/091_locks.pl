# Users who lock, change and rebuild the data tables under a worker: a deadlock, in
# which the worker gives way; a lock it waits for; tables that are other files, or
# have other columns, when it goes on.  "make test-faults" tries all at all moments.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcFaultMatrix;
use Test::More;

my $matrix = GhcFaultMatrix->for_test;

$matrix->cell("deadlock with a user's UPDATE", 'sending');
$matrix->cell('LOCK TABLE of a user', 'storing');
$matrix->cell('VACUUM FULL', 'stored, not committed');
$matrix->cell('ALTER TABLE ADD COLUMN with a default', 'committed');

done_testing();
