# Hours of crawls of worlds that change, with a kill or a fault at least every 20
# seconds: "make test-soak".  By environment:
#
#   SOAK_SECONDS  7200; the world that is begun is crawled to its end
#   SOAK_FOLDER   where samples and events go, and the picture of them; build/soak
#   SEED          of worlds and faults, 1
#   REPOSITORIES  of each world, 100,000
#
# Lost must be none, nor stored twice; memory and descriptors flat; and for each two
# hours 5 million repositories inserted or updated.  GhcSoak.pm tells what is done,
# at the end a table tells how often.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/../t/lib";
use GhcSmallDisk data_mb => 384;
use GhcSoak;
use PostgreSQL::Test::Utils;
use Test::More;

my $soak = GhcSoak->new(
	folder => $ENV{SOAK_FOLDER} // PostgreSQL::Test::Utils::tempdir(),
	seconds => $ENV{SOAK_SECONDS} // 7200,
	seed => $ENV{SEED} // 1,
	repositories => $ENV{REPOSITORIES} // 100_000);

until ($soak->is_over)
{
	eval { $soak->world; 1 } or $soak->give_up_world($@);
}
$soak->judge;
done_testing();
