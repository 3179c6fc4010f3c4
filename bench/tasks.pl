# A million tasks in one crawl: what claiming, reading, finishing and cutting take,
# the views, and ending it; what dead rows do that somebody's old transaction keeps; how
# tables grow while a million are worked off.  "make bench-tasks"; some 10 minutes.
#
#   BENCH_TASKS    how many (1000000)
#   BENCH_PARTS    which of statements,views,cancel,dead,whole (all)
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
use Time::HiRes qw(time);

use constant TASKS => $ENV{BENCH_TASKS} // 1_000_000;
use constant DEAD => $ENV{BENCH_DEAD} // 120_000;

use constant REPEATS => 100;

# a view, and anything that is done per turn, in milliseconds
use constant VIEW_BOUND => 20;

my @parts = split /,/, $ENV{BENCH_PARTS} // 'statements,views,cancel,dead,whole';

my $node = new_node('tasks', 'ghcrawl.workers = 0', 'shared_buffers = 512MB', 'max_wal_size = 8GB');
$node->safe_psql('postgres', 'CREATE EXTENSION ghcrawl');

sub load
{
	open my $file, '<', '/proc/loadavg' or die "loadavg: $!";
	return (split ' ', readline $file)[0];
}

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

sub bench_statements
{
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
	return;
}

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

# Adds to each query's row its median and least milliseconds.
sub time_views
{
	my ($rows, $repeats, $bound, @queries) = @_;
	for my $query (@queries)
	{
		my ($median, $least) = time_query($node, expand($query, TASKS), $repeats);
		push @{ $rows->{$query} }, "$median ($least)";
		cmp_ok($median, '<', VIEW_BOUND, "milliseconds of SELECT $query") if $bound;
	}
	return;
}

sub bench_views
{
	my (%rows, @loads);
	my @quick = map { "* FROM $_" } @views;

	make_tasks($node, TASKS);
	make_company($node);
	for my $analyzed (0, 1)
	{
		$node->safe_psql('postgres', 'VACUUM ANALYZE') if $analyzed;
		push @loads, load();
		time_views(\%rows, REPEATS, 1, @quick);
		time_views(\%rows, 5, 0, @all);
		push @loads, load();
	}
	print_table('views: median (and least) milliseconds with ' . TASKS . " tasks and 1,000 crawls, load @loads",
		[ 'query', 'no statistics', 'after ANALYZE' ],
		map { [ "`SELECT $_`" =~ s/\$crawl/1/gr =~ s/\$some/7/r, @{ $rows{$_} } ] } @quick, @all);
	return;
}

# ---------------------------------------------------------------------------
# a cancel, with half of the ranges open
# ---------------------------------------------------------------------------

sub bench_cancel
{
	my @table = [ 'open', 's', 'WAL, MB', 'load' ];

	for my $n (grep { $_ <= TASKS } 10_000, 100_000, 1_000_000)
	{
		make_tasks($node, $n);
		$node->safe_psql('postgres', 'CHECKPOINT');
		my ($open, $lsn) = split /\|/, $node->safe_psql('postgres',
			'SELECT count(*), pg_current_wal_insert_lsn() FROM ghcrawl.queue');
		my $start = time;
		$node->safe_psql('postgres', "SELECT ghcrawl_cancel(@{[CRAWL]})");
		my $seconds = time - $start;
		push @table, [ $open, sprintf('%.2f', $seconds),
			$node->safe_psql('postgres', "SELECT round((pg_current_wal_insert_lsn() - '$lsn') / 1000000)"), load() ];
	}
	print_table('cancelling a crawl', @table);
	return;
}

# ---------------------------------------------------------------------------
# an old transaction
# ---------------------------------------------------------------------------

sub bench_dead
{
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
				(time_query($node, '* FROM progress WHERE crawl = ' . CRAWL, 21))[0] ];
		}
		$holder->quit if $held;
	}
	print_table('dead rows: ranges worked off in turns of 50', @dead);
	cmp_ok($dead[-1][3], '<', 2, 'claiming where the last one ended, with an hour of dead rows');
	return;
}

# ---------------------------------------------------------------------------
# a whole crawl
# ---------------------------------------------------------------------------

sub bench_whole
{
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
	return;
}

my %bench = (
	statements => \&bench_statements,
	views => \&bench_views,
	cancel => \&bench_cancel,
	dead => \&bench_dead,
	whole => \&bench_whole);

for my $part (@parts)
{
	$bench{$part} or die "no part $part";
	$bench{$part}->();
}
pass(join ', ', @parts);
done_testing();
