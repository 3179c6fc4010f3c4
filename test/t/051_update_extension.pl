# ALTER EXTENSION UPDATE to a throw-away version, committed and rolled back,
# while a worker is busy, paused, waiting for points, or waiting for a server
# that says nothing.  The statement is quick, others are not held up, the crawl
# goes on without anybody's help and comes out exact.  Objects of a version that
# the library can't work with are left alone, and users are told.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcDatabases;
use GhcInstall;
use PostgreSQL::Test::Utils;
use Test::More;

use constant QUICK_S => 5;

my $path = private_installation(
	'ghcrawl.control' => <<'END',
default_version = '1.1'
module_pathname = '$libdir/ghcrawl'
relocatable = false
superuser = true
END
	# changes what workers read and write
	'ghcrawl--1.0--1.1.sql' => <<'END',
SELECT ghcrawl.begin_update();
ALTER TABLE ghcrawl.crawl ADD COLUMN note text;
ALTER TABLE ghcrawl.task ADD COLUMN note text;
ALTER TABLE ghcrawl.claim ADD COLUMN note text;
ALTER TABLE ghcrawl.queue ADD COLUMN note text;
ALTER TABLE ghcrawl.worker ADD COLUMN note text;
CREATE VIEW ghcrawl.note AS SELECT crawl_id, note FROM ghcrawl.crawl;
END
	'ghcrawl--1.1--2.0.sql' => "SELECT ghcrawl.begin_update();\n");

my @cases = map { my $end = $_; map { [ $_, $end ] } STATES } qw(ROLLBACK COMMIT);
my $node = new_node_at($path, 'main', 'max_worker_processes = 30',
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
	"ghcrawl.request_timeout = '5s'");
my $world = GhcDatabases->new($node, points => 2, version => '1.0');
$world->begin("d$_", $cases[$_][0]) for 0 .. $#cases;
$world->reach;

my $offset = -s $node->logfile;
for my $i (0 .. $#cases)
{
	my ($state, $end) = @{ $cases[$i] };
	my $name = "UPDATE, $end, $state";

	is(db_sql($node, "d$i", 'SELECT state FROM ghcrawl.crawls'),
		$state eq 'paused' ? 'paused' : 'running', "$name: in mid-crawl");
	my $seconds = held_open($node, "d$i", 'ALTER EXTENSION ghcrawl UPDATE', $end,
		sub {
			my $others = seconds_of(
				sub { db_sql($node, "d$i", 'SELECT count(*) FROM github.repositories; CREATE TABLE t (); DROP TABLE t') });
			cmp_ok($others, '<', QUICK_S, "$name: others get on meanwhile");
		});
	cmp_ok($seconds, '<', QUICK_S, "$name: quick");
	note(sprintf '%s: %.2f s', $name, $seconds);
	is(db_sql($node, "d$i", q{SELECT extversion FROM pg_extension WHERE extname = 'ghcrawl'}),
		$end eq 'COMMIT' ? '1.1' : '1.0', "$name: the version");
}
$world->release;
$world->goes_on("d$_", 'UPDATE, ' . join ', ', reverse @{ $cases[$_] }) for 0 .. $#cases;

# Each running worker of an updated extension was started anew, at most once:
# the one that the update brings may have taken its place before.
db_wait($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'}, '0');
my $log = slurp_file($node->logfile, $offset);
my $anew = () = $log =~ /ghcrawl worker starts anew: the extension was changed to version 1\.1/g;
my $ended_badly = () = $log =~ /ghcrawl worker.*exited with exit code [1-9]/g;
is($anew, 3, 'three workers noticed the update');
is($ended_badly, $anew, 'and were started anew, nobody else was');
unlike($log, qr/(?:WARNING|ERROR|FATAL|PANIC): /, 'no error in the log');

# a version that the library can't work with
$offset = -s $node->logfile;
my ($db) = map { "d$_" } grep { $cases[$_][0] eq 'busy' && $cases[$_][1] eq 'COMMIT' } 0 .. $#cases;
$world->{busy}->post('/_sim/settings', { latency => 500 });
db_sql($node, $db, q{SELECT ghcrawl_start('stars:>=0', 'stars')});
db_wait($node, $db, 'SELECT stored > 100 FROM ghcrawl.crawls ORDER BY crawl DESC LIMIT 1', 't');
cmp_ok(seconds_of(sub { db_sql($node, $db, q{ALTER EXTENSION ghcrawl UPDATE TO '2.0'}) }),
	'<', QUICK_S, 'UPDATE to a version that is too new: quick');
for my $call (q{ghcrawl_start('stars:1')}, 'ghcrawl_pause(2)', 'ghcrawl_ensure_workers()')
{
	my (undef, undef, $err) = $node->psql($db, "SELECT $call",
		extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	like($err, qr/ERROR:  55000: .*library is of version 1\.0, .* of version 2\.0.*HINT: .*UPDATE/s,
		"refused with a hint: $call");
}
wait_for_log($node, qr/ghcrawl worker ends: the library is of version 1\.0, the extension of version 2\.0/, $offset);
db_wait($node, 'postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = '$db'", '0');
is(db_sql($node, $db, 'SELECT count(*) FROM github.repository'), 3000, 'the data can be read');
is(db_sql($node, $db, 'SELECT state FROM ghcrawl.crawl ORDER BY crawl_id DESC LIMIT 1'),
	'running', 'the crawl waits for a fitting library');

# what is installed now makes the new version at once
db_sql($node, 'postgres', 'CREATE EXTENSION ghcrawl');
is(db_sql($node, 'postgres', q{SELECT extversion FROM pg_extension WHERE extname = 'ghcrawl'}),
	'1.1', 'CREATE EXTENSION passes through the update');

done_testing();
