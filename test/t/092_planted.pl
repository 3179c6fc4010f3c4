# Settings of PostgreSQL that ALTER ROLE, ALTER DATABASE or ALTER SYSTEM may have
# set, as far as they could harm a worker.  "make test-faults" tries forty.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcFaultMatrix;
use Test::More;

my $matrix = GhcFaultMatrix->for_test;

$matrix->cell('default_transaction_isolation = serializable, of the role', 'from the start');
$matrix->cell('session_replication_role = replica, of the role', 'from the start');
$matrix->cell('search_path = evil, pg_catalog, of the database', 'from the start');
$matrix->cell('work_mem = 64kB and temp_file_limit = 0, large turns', 'from the start');
$matrix->cell('settings of the server by ALTER SYSTEM', 'storing');

done_testing();
