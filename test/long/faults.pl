# Faults of the server and the database x moments of a crawl: "make test-faults".
#
#   FAULTS        a pattern: only faults whose name matches
#   MOMENTS       likewise
#   REPOSITORIES  of the world, 3,000
#
# Ends with the table of what was seen.  Needs gdb, and for its faults libfaketime
# and a user who may make mount namespaces; what is missing is said and left out.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use GhcSmallDisk;
use GhcFaultMatrix;
use Test::More;

my ($faults, $moments) = map { qr/(?:$_)/ } $ENV{FAULTS} // '', $ENV{MOMENTS} // '';
my $matrix = GhcFaultMatrix->for_test(repositories => $ENV{REPOSITORIES} // 3000);

for my $fault (GhcFaultMatrix::faults())
{
	next if $fault !~ $faults;
	for my $moment (GhcFaultMatrix::moments_of($fault))
	{
		next if $moment !~ $moments;
		$matrix->cell($fault, $moment);
	}
}

diag($_) for $matrix->table;
done_testing();
