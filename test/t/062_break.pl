# Each way to break a crawl that the other tests leave out, once: the launcher or
# another backend is killed, the server restarted, a standby promoted, while two
# workers crawl.  test/long/break.pl does all of them many times.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcCrash;
use Test::More;

my $bench = GhcCrash->new(repositories => 12_000, users => 4, latency => 40);

srand 62;
$bench->run($_, 0.1 + rand 0.6)
  for 'kill -9 of the launcher', 'kill -9 of a backend', 'restart, preloaded', 'promotion of a standby';

done_testing();
