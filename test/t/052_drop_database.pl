# DROP DATABASE under a worker that is busy, waits for points, or waits for a
# server that says nothing.  Without FORCE it is refused, as for any session,
# and so it is WITH (FORCE) if a prepared transaction is in the way; the crawl
# then comes out exact.  WITH (FORCE) it is quick, and the worker is forgotten.  A
# paused crawl is in nobody's way, and workers elsewhere hold nothing up.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcDatabases;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant QUICK_S => 5;
# PostgreSQL itself waits for 5 s until others are gone
use constant REFUSED_S => 12;

my $node = new_node('main', 'max_worker_processes = 30',
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
	"ghcrawl.request_timeout = '6s'",
	'max_prepared_transactions = 5');
my $world = GhcDatabases->new($node, points => 2);
my @live = grep { $_ ne 'paused' } STATES;
$world->begin("kept_$_", $_) for @live;
$world->begin("gone_$_", $_) for STATES;
$world->begin('kept_prepared', 'busy');
$world->reach;

sub admin { return db_sql($node, 'postgres', $_[0]) }

# others come and go
for my $name (qw(other_a other_b))
{
	my $seconds = seconds_of(sub { admin("CREATE DATABASE $name"); admin("DROP DATABASE $name") });
	cmp_ok($seconds, '<', QUICK_S, "CREATE and DROP of $name: quick");
}
my (undef, undef, $err) = $node->psql('postgres', 'BEGIN; DROP DATABASE gone_busy');
like($err, qr/cannot run inside a transaction block/, 'DROP DATABASE is never in a transaction block');

# refused, all at once since each takes 5 s
my %refused;
for my $state (@live)
{
	my $run = $refused{$state} = { start => time };
	$run->{session} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "DROP DATABASE kept_$state" ],
		'<', \undef, '>', \$run->{out}, '2>', \$run->{err});
}

# refused even by force
db_sql($node, 'kept_prepared', q{CREATE TABLE t (); BEGIN; DROP TABLE t; PREPARE TRANSACTION 'p'});
(undef, undef, $err) = $node->psql('postgres', 'DROP DATABASE kept_prepared WITH (FORCE)');
like($err, qr/is being used by prepared transactions|is being accessed by other users/, 'prepared transaction: refused even by force');
db_sql($node, 'kept_prepared', q{ROLLBACK PREPARED 'p'});

# dropped: nobody works for a paused crawl, the others' workers have to go
my $offset = -s $node->logfile;
for my $state (STATES)
{
	my $force = $state eq 'paused' ? '' : 'WITH (FORCE)';
	is(worker_count($node, "gone_$state"), $state eq 'paused' ? '0' : '1', "$state: its worker");
	my $seconds = seconds_of(sub { admin("DROP DATABASE gone_$state $force") });
	cmp_ok($seconds, '<', QUICK_S, "DROP DATABASE $force, $state: quick");
	note(sprintf 'DROP DATABASE %s, %s: %.2f s', $force, $state, $seconds);
	is(worker_count($node, "gone_$state"), '0', "$state: no worker is left");
}

for my $state (@live)
{
	my $run = $refused{$state};
	$run->{session}->finish;
	cmp_ok(time - $run->{start}, '<', REFUSED_S, "DROP DATABASE, $state: an answer soon");
	like($run->{err}, qr/is being accessed by other users.*1 other session/s, "DROP DATABASE, $state: refused");
}
$world->release;
$world->goes_on("kept_$_", "DROP DATABASE refused, $_") for @live;
$world->goes_on('kept_prepared', 'DROP DATABASE by force refused');

# each worker whose database is gone is started once more, says so, and is forgotten
my $end = wait_for_log($node, qr/(?:FATAL:  database \d+ does not exist.*){3}/s, $offset);
db_wait($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'}, '0');
my $log = slurp_file($node->logfile, $offset);
my $tried = () = $log =~ /FATAL:  database \d+ does not exist/g;
is($tried, 3, 'each of the three is tried once more');
unlike(substr($log, $end - $offset), qr/FATAL|ERROR|ghcrawl worker.*exited with exit code [1-9]/, 'and not again');

done_testing();
