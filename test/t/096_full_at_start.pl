# The disk of the control tables is full before a worker ever ran: it waits for room,
# with growing pauses, and is none that the postmaster starts again and again.  Skipped
# where a user may not make mount namespaces.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcSmallDisk;
use GhcCrawl;
use GhcFault;
use GhcFaultTable;
use GhcSession;
use GhcTest;
use PostgreSQL::Test::Utils;
use Test::More;

plan(skip_all => 'this user may not make mount namespaces') if !$ENV{GHC_SMALL_DATA};

my $sim = start_simulator(repositories => 2000, latency => 20, limits => 'wide');
my $node = new_node('main', "ghcrawl.api_url = '" . $sim->http . "'");
install($node, $sim);
my $folder = "$ENV{GHC_SMALL_DATA}/control";
mkdir $folder or die "$folder: $!";
$node->safe_psql('postgres', "CREATE TABLESPACE small LOCATION '$folder'");
$node->safe_psql('postgres', join ';', split /\n/, $node->safe_psql('postgres', <<'SQL'));
SELECT format('ALTER %s %s SET TABLESPACE small', CASE relkind WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, oid::regclass)
FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = 'ghcrawl'::regnamespace
SQL

# the worker waits for the transaction that started it
my $user = GhcSession->new($node);
$user->run('BEGIN');
my $crawl = $user->run(sprintf q{SELECT ghcrawl_start('%s', 'flat')}, EVERYTHING);
wait_for($node, 'SELECT count(*) ' . WORKERS, '1');
GhcFaultTable::fill_up($ENV{GHC_SMALL_DATA});
my $pid = worker_pid($node);
$user->run('COMMIT');
wait_for_log($node, qr/could not write, and will try again: .*No space left.*\n.*failed 4 times in a row/);
is(worker_pid($node), $pid, 'the worker waits for room');

GhcFaultTable::empty($ENV{GHC_SMALL_DATA});
crawl_ends($node, $crawl);
ids_are_exact($node, $sim, EVERYTHING, 'once there is room');
nothing_is_left($node, 'after it');
my $log = slurp_file($node->logfile);
unlike($log, qr/worker" \(PID \d+\) exited with exit code/, 'no worker ended before its time');
my $lines = () = $log =~ /ghcrawl worker (?:LOG|ERROR|FATAL):/g;
cmp_ok($lines, '<=', 6, 'the same failure is not logged again and again');
is($node->safe_psql('postgres', 'SELECT count(*), count(*) FILTER (WHERE message LIKE \'%No space left%\') FROM ghcrawl.errors WHERE class = \'database\''),
	'1|1', 'it is recorded, once');

done_testing();
