# DROP EXTENSION, and DROP and CREATE in one transaction, committed and rolled
# back, while a worker is busy, paused, waiting for points, or waiting for a
# server that says nothing.  The statement is quick, others are not held up,
# after a rollback the crawl comes out exact, after a commit no worker is left
# and the data stays.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use GhcTest;
use GhcDatabases;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use constant QUICK_S => 5;
# the worker looks every second
use constant GONE_S => 4;

my $drop = 'DROP EXTENSION ghcrawl';
my $anew = 'DROP EXTENSION ghcrawl; CREATE EXTENSION ghcrawl';
my @cases;
for my $end (qw(ROLLBACK COMMIT))
{
	push @cases, map { [ $_, $drop, $end ] } STATES;
	push @cases, map { [ $_, $anew, $end ] } qw(busy stall);
}

my $node = new_node('main', 'max_worker_processes = 30',
	# many small requests, so that there is a mid-crawl
	'ghcrawl.pages_per_request = 1', 'ghcrawl.page_size = 100',
	"ghcrawl.request_timeout = '5s'");
my $world = GhcDatabases->new($node, points => 2);
$world->begin("d$_", $cases[$_][0]) for 0 .. $#cases;
$world->reach;

# Others get on while the transaction is open.
sub others_get_on
{
	my ($database, $name) = @_;
	my $seconds = seconds_of(
		sub {
			db_sql($node, $database,
				'SELECT count(*) FROM github.repositories; CREATE TABLE t (); DROP TABLE t');
			db_sql($node, 'postgres', 'SELECT * FROM pg_stat_activity; CREATE TABLE t (); DROP TABLE t');
		});
	cmp_ok($seconds, '<', QUICK_S, "$name: others get on meanwhile");
	return;
}

# After the commit.
sub has_gone
{
	my ($database, $rows, $statements, $name) = @_;
	my $seconds = seconds_of(sub { sleep 0.05 while worker_count($node, $database) > 0 });

	cmp_ok($seconds, '<', GONE_S, "$name: the worker ended");
	diag(sprintf '%s: the worker ended after %.1f s', $name, $seconds) if $seconds > 0.3;
	cmp_ok(db_sql($node, $database, 'SELECT count(*) FROM github.repository'),
		'>=', $rows, "$name: the data stays");
	is(db_sql($node, $database, q{SELECT count(*) FROM pg_extension WHERE extname = 'ghcrawl'}),
		$statements eq $anew ? '1' : '0', "$name: the extension is gone, or new");
	return;
}

my $offset = -s $node->logfile;
for my $i (0 .. $#cases)
{
	my ($state, $statements, $end) = @{ $cases[$i] };
	my $name = "$statements, $end, $state";
	my ($rows, $before) = split /\|/,
	  db_sql($node, "d$i", 'SELECT count(*), (SELECT state FROM ghcrawl.crawls) FROM github.repository');

	is($before, $state eq 'paused' ? 'paused' : 'running', "$name: in mid-crawl");
	my $seconds = held_open($node, "d$i", $statements, $end, sub { others_get_on("d$i", $name) });
	cmp_ok($seconds, '<', QUICK_S, "$name: quick");
	note(sprintf '%s: %.2f s', $name, $seconds);
	has_gone("d$i", $rows, $statements, $name) if $end eq 'COMMIT';
}
$world->release;
for my $i (grep { $cases[$_][2] eq 'ROLLBACK' } 0 .. $#cases)
{
	$world->goes_on("d$i", join ', ', @{ $cases[$i] });
}

# what was made anew is empty and works; the data is found again
my ($again) = grep { $cases[$_][1] eq $anew && $cases[$_][2] eq 'COMMIT' } 0 .. $#cases;
is(db_sql($node, "d$again", 'SELECT count(*) FROM ghcrawl.crawls'), '0', 'a new extension knows no crawl');
my ($token) = $world->tokens_of("d$again");
db_sql($node, "d$again", "SELECT ghcrawl_add_token('a', '$token');"
	. " SELECT ghcrawl_start('stars:>=0 fork:true', 'stars')");
$world->goes_on("d$again", 'after a new extension was made');

# workers of an extension that was made anew are started anew, once, the others
# end in peace; nothing is tried again and again
db_wait($node, 'postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'ghcrawl worker'}, '0');
my $log = slurp_file($node->logfile, $offset);
my $ended_badly = () = $log =~ /ghcrawl worker.*exited with exit code [1-9]/g;
my $started_anew = () = $log =~ /ghcrawl worker starts anew: the extension was changed/g;
is($started_anew, 2, 'two workers found their extension made anew');
is($ended_badly, 2, 'and no other ended with an error');
unlike($log, qr/(?:ERROR|FATAL|PANIC): /, 'no error in the log');

done_testing();
