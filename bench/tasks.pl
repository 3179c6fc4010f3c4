# A million tasks in one crawl: what claiming, reading, finishing and cutting take,
# and the views; what dead rows do that somebody's old transaction keeps; how
# tables grow while a million are worked off.  "make bench-tasks"; some 10 minutes.
#
#   BENCH_TASKS    how many (1000000)
#   BENCH_DEAD     ranges worked off while a transaction is open (120000: an hour at 33 a second)
#
# Tasks are made by SQL.  What is measured are the statements of src/store, taken
# from there, under the settings of a worker; no worker runs.
use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin, "$FindBin::RealBin/../test/t/lib";
use GhcBench;
use GhcTest;
use GhcTasks;
use Test::More;

use constant TASKS => $ENV{BENCH_TASKS} // 1_000_000;
use constant DEAD => $ENV{BENCH_DEAD} // 120_000;

use constant REPEATS => 100;

# a view, and anything that is done per turn, in milliseconds
use constant VIEW_BOUND => 20;

my $node = new_node('tasks', 'ghcrawl.workers = 0', 'shared_buffers = 512MB', 'max_wal_size = 8GB');
$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');

# ---------------------------------------------------------------------------
# each statement by the number of tasks
# ---------------------------------------------------------------------------

my %calls = (
	claim => "EXECUTE claim(@{[CRAWL]}, 1, 10, -9223372036854775808, 0)",
	progress => 'EXECUTE progress($crawl, $task, 1, 900, 100, 1, 0, NULL, 100, 1, 0)',
	end => q{EXECUTE "end"($crawl, $task, 1, 900, 900, 9, 0, NULL, 900, 0, 0, 'done', 0, false)},
	children => q{EXECUTE children($crawl, $task, 'search', array_fill($query, ARRAY[10]),}
	  . q{ array_fill($position, ARRAY[10]), array_fill(90::bigint, ARRAY[10]),}
	  . q{ array_fill(0::bigint, ARRAY[10]), array_fill(0.1::double precision, ARRAY[10]), 1, 0)},
	requeue => 'EXECUTE requeue($crawl, $task, 1)');
my @steps = qw(claim progress end children requeue);
my @table = [ 'tasks', map { ("$_, ms", 'blocks') } 'claim of 10', 'progress', 'end', '10 children', 'give back' ];

for my $n (grep { $_ <= TASKS } 1_000, 100_000, 1_000_000)
{
	make_tasks($node, $n);
	my @row = $n;
	for my $step (@steps)
	{
		push @row, measure($node, $step, $calls{$step}, $n < 10_000 ? 10 : REPEATS);
	}
	push @table, \@row;
}
print_table('a statement: median of ' . REPEATS . ', milliseconds and blocks touched', @table);
cmp_ok($table[-1][1], '<', 5 * $table[1][1] + 1, 'claiming takes as long with many tasks as with few');

# ---------------------------------------------------------------------------
# views
# ---------------------------------------------------------------------------

my @views = (
	'progress', 'progress WHERE crawl = $crawl', 'crawls', 'crawls WHERE crawl = $crawl',
	'crawls ORDER BY crawl DESC LIMIT 20',
	'partitions LIMIT 20', 'partitions WHERE crawl = $crawl LIMIT 20',
	'partitions WHERE crawl = $crawl ORDER BY task LIMIT 20',
	'partitions WHERE crawl = $crawl ORDER BY task DESC LIMIT 20',
	'partitions WHERE crawl = $crawl AND task = $some',
	map({ "partitions WHERE crawl = \$crawl AND state = '$_'" } qw(claimed gap narrowed)),
	"partitions WHERE crawl = \$crawl AND state = 'ready' LIMIT 20",
	"partitions WHERE crawl = \$crawl AND state = 'done' LIMIT 20",
	'partitions WHERE crawl = 7',
	'coverage LIMIT 20', 'coverage WHERE crawl = $crawl AND task IS NULL',
	'coverage WHERE crawl = $crawl AND gaps > 0',
	'coverage WHERE crawl = $crawl AND (task IS NULL OR gaps > 0)',
	'coverage WHERE crawl = $crawl AND missing > 0 ORDER BY missing DESC LIMIT 20',
	"coverage WHERE crawl = \$crawl AND state = 'gap'",
	'workers', 'tokens', 'errors', 'errors WHERE crawl = $crawl', 'errors ORDER BY last_seen DESC LIMIT 20',
	'requests', 'requests_by_hour');

# what goes through all ranges of the crawl
my @all = (
	'count(*) FROM partitions WHERE crawl = $crawl',
	'state, count(*) FROM partitions WHERE crawl = $crawl GROUP BY state',
	'* FROM partitions WHERE crawl = $crawl ORDER BY finished_at DESC LIMIT 20',
	'* FROM coverage WHERE crawl = $crawl AND read_again > 0 LIMIT 20');

sub view_rows
{
	my ($bound, $repeats, @queries) = @_;
	my @rows;
	for my $query (@queries)
	{
		my @ms = map { time_query($node, expand($query, TASKS), $repeats, $_) } 0, 1;
		push @rows, [ "`SELECT $query`" =~ s/\$crawl/1/gr =~ s/\$some/7/r, @ms ];
		next unless $bound;
		cmp_ok($_, '<', $bound, "milliseconds of SELECT $query") for @ms;
	}
	return @rows;
}

make_tasks($node, TASKS);
make_company($node);
my @rows = view_rows(VIEW_BOUND, REPEATS, map { "* FROM $_" } @views);
my @long = view_rows(0, 5, @all);
print_table('views: median milliseconds with ' . TASKS . ' tasks and 1,000 crawls, before and after ANALYZE',
	[ 'query', 'no statistics', 'statistics' ], @rows, @long);

# ---------------------------------------------------------------------------
# an old transaction
# ---------------------------------------------------------------------------

my @dead = [ 'ranges worked off', 'claim at the head, ms', 'blocks', 'claim where the last one ended, ms', 'blocks',
	'end, ms', 'release of strangers, ms', 'counters, ms', 'progress, ms' ];
my $at_place = expand("EXECUTE claim(@{[CRAWL]}, 1, 10, \$place)", TASKS);

make_tasks($node, TASKS);
for my $held (0, 1)
{
	my $holder;
	$holder = $node->background_psql('postgres') if $held;
	$holder->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1') if $held;
	for my $i (1 .. 3)
	{
		work_off($node, DEAD / 3);
		my @at_head = measure($node, 'claim', $calls{claim}, 21);
		my $place = place_of($node);
		push @dead, [ DEAD / 3 * $i . ($held ? ', a transaction open' : ''), @at_head,
			measure($node, 'claim', $at_place =~ s/\$place/$place/r, 21),
			(measure($node, 'end', $calls{end}, 21))[0],
			(measure($node, 'release', "EXECUTE release(ARRAY[@{[CRAWL]}]::bigint[], 9, '{}')", 21))[0],
			(measure($node, 'counters', counters_call(), 21))[0],
			time_query($node, '* FROM progress WHERE crawl = ' . CRAWL, 21) ];
	}
	$holder->quit if $held;
}
print_table('dead rows: ranges worked off in turns of 50', @dead);
cmp_ok($dead[-1][3], '<', 2, 'claiming where the last one ended, with an hour of dead rows');

# ---------------------------------------------------------------------------
# a whole crawl
# ---------------------------------------------------------------------------

make_tasks($node, TASKS, 'none done');
my @sizes = [ 'worked off', 'task', 'its indexes', 'queue', 'its index', 'claim', 'crawl_counter', 'worker', 'budget',
	'HOT of task', 'vacuums' ];
push @sizes, [ 0, sizes($node) ];
for my $quarter (1 .. 4)
{
	my $us = work_off($node, TASKS / 4);
	push @sizes, [ TASKS / 4 * $quarter, sizes($node) ];
	note("$us microseconds of the clock for each range");
}
print_table('sizes in kB while ' . TASKS . ' ranges are worked off, autovacuum as it comes', @sizes);
done_testing();
