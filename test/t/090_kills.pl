# Processes that die, or are told to, while a worker stands at an exact place of its
# code: the moments at which most is at stake.  "make test-faults" tries all.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcFaultMatrix;
use Test::More;

my $matrix = GhcFaultMatrix->for_test;

# rows are written, nothing is committed; the children of a range, and not its end
$matrix->cell('kill -9 of the worker', 'stored, not committed');
$matrix->cell('kill -9 of the worker', 'splitting');
# the crawl is marked as done, and that isn't committed
$matrix->cell('kill -9 of the postmaster', 'finishing');
# in a transaction, and outside of any
$matrix->cell('pg_cancel_backend', 'stored, not committed');
$matrix->cell('pg_cancel_backend', 'sending');

done_testing();
