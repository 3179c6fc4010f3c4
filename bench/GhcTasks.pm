package GhcTasks;

# Tasks by the million, made by SQL, and the product's own statements on them:
# their text is taken from src/store, and they run under the settings that workers
# have.
#
#   make_tasks($node, 1_000_000);       # a crawl under way
#   make_company($node);                # crawls, tokens, errors, traffic beside it
#   my ($ms, $blocks) = measure($node, 'end', 'EXECUTE "end"($crawl, $task, …)', 100);
#   work_off($node, 10_000);            # as a worker would, in turns of 50
#
# In what is executed $crawl, $task, $query, $position stand for a task in hand.

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use List::Util qw(min);
use PostgreSQL::Test::Utils;
use Time::HiRes qw(time);

our @EXPORT = qw(CRAWL make_tasks make_company measure time_query work_off place_of
  counters_call expand sizes);

use constant CRAWL => 500;

# tasks that a turn writes to
use constant TURN => 50;

# what a worker sets for itself, see src/store/db.c
my $SETTINGS = join '', map { "SET $_;\n" } 'plan_cache_mode = force_generic_plan', 'enable_seqscan = off',
  'enable_hashjoin = off', 'enable_mergejoin = off', 'jit = off', 'search_path = pg_catalog, pg_temp';

my %TYPE = (i => 'int', b => 'bigint', t => 'text', n => 'name', z => 'timestamptz', v => 'interval',
	l => 'bool', r => 'real', d => 'double precision', y => 'bytea', I => 'int[]', B => 'bigint[]',
	D => 'double precision[]', T => 'text[]');

# name: the file and the function that has it
my %SOURCE = (
	claim => [ 'tasks.c', 'ghc_tasks_claim' ],
	progress => [ 'tasks.c', 'ghc_tasks_progress' ],
	end => [ 'tasks.c', 'ghc_tasks_end' ],
	children => [ 'tasks.c', 'ghc_tasks_add_children' ],
	requeue => [ 'tasks.c', 'ghc_tasks_requeue' ],
	release => [ 'tasks.c', 'ghc_tasks_release' ],
	counters => [ 'crawls.c', 'ghc_crawls_count' ],
	report => [ 'workers.c', 'ghc_workers_report' ]);

# PREPAREs a statement of the product.
sub prepare
{
	my ($name) = @_;
	my ($file, $function) = @{ $SOURCE{$name} };
	my $code = slurp_file("$FindBin::RealBin/../src/store/$file");
	my ($text, $args) = $code =~ /^\Q$function\E\(.*?GhcStatement\s+\w+\s*=\s*\{((?:\s*"(?:[^"\\]|\\.)*")+),\s*"(\w*)"/ms
	  or die "$file: no statement in $function";
	my $sql = join '', $text =~ /"((?:[^"\\]|\\.)*)"/g;

	$sql =~ s/\\(.)/$1/g;
	return qq{PREPARE "$name"(} . join(', ', map { $TYPE{$_} } split //, $args) . ") AS $sql;\n";
}

sub expand
{
	my ($query, $tasks) = @_;
	my ($crawl, $some) = (CRAWL, int($tasks * 0.77));
	return $query =~ s/\$crawl/$crawl/gr =~ s/\$some/$some/gr;
}

# A crawl of so many ranges: every tenth was cut; of the others half have been
# read, of which a few are gaps, and a hundred are claimed.
sub make_tasks
{
	my ($node, $n, $none_done) = @_;
	my $half = $none_done ? 0 : int($n / 2);
	my $split = $none_done ? 0 : int($n / 10);
	my $claimed = $none_done ? 0 : 100;
	my $crawl = CRAWL;

	$node->safe_psql('postgres', <<"SQL");
DROP EXTENSION ghcrawl CASCADE;
CREATE EXTENSION ghcrawl;
INSERT INTO ghcrawl.crawl (crawl_id, selection, query, profile, priority, state, owner, api_url, data_schema)
VALUES ($crawl, 'stars:>=0', 'stars:>=0', 'flat', 0, 'running', 'postgres', 'https://api.github.com', 'github');
INSERT INTO ghcrawl.crawl_counter (crawl_id, worker_no, expected, seen, tasks, tasks_ended)
VALUES ($crawl, 1, $n * 900::bigint, $half * 900::bigint, $n - 1, $half);
INSERT INTO ghcrawl.worker (worker_no) VALUES (1);
INSERT INTO ghcrawl.task (crawl_id, task_id, parent_id, kind, query, state, promised, seen, counted, missing,
	readings, share, started_at, finished_at, error)
SELECT $crawl, i, nullif(i / 10, 0), 'search', format('stars:>=0 created:%s..%s',
		to_char(t, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), to_char(t + interval '499 s', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')),
	state, 900, CASE WHEN ended THEN 900 ELSE 0 END, CASE WHEN ended THEN 900 ELSE 0 END,
	CASE state WHEN 'gap' THEN 3 ELSE 0 END, ended::int, 1.0 / $n,
	CASE WHEN ended THEN now() END, CASE WHEN ended THEN now() END,
	CASE state WHEN 'gap' THEN 'fewer repositories shown than counted' END
FROM generate_series(1, $n) i,
	LATERAL (SELECT timestamptz '2008-01-01' + i * interval '500 s' AS t, i <= $half AS ended,
		CASE WHEN i <= $split THEN 'split' WHEN i > $half + $claimed THEN 'ready' WHEN i > $half THEN 'claimed'
			WHEN i % 1000 = 7 THEN 'gap' WHEN i % 1000 = 8 THEN 'narrowed' ELSE 'done' END AS state) s;
INSERT INTO ghcrawl.queue (crawl_id, position, task_id)
SELECT $crawl, extract(epoch FROM timestamptz '2008-01-01' + i * interval '500 s'), i
FROM generate_series($half + $claimed + 1, $n) i;
INSERT INTO ghcrawl.claim (crawl_id, position, task_id, worker_no)
SELECT $crawl, extract(epoch FROM timestamptz '2008-01-01' + i * interval '500 s'), i, 1
FROM generate_series($half + 1, $half + $claimed) i;
SELECT setval('ghcrawl.task_id_seq', $n);
SQL
	return;
}

# What else a database that has crawled for long has in its control tables.
sub make_company
{
	my ($node) = @_;

	$node->safe_psql('postgres', <<'SQL');
INSERT INTO ghcrawl.crawl (crawl_id, selection, query, profile, priority, state, owner, api_url, data_schema, finished_at)
SELECT i, 'stars:>=0', 'stars:>=0', 'flat', 0, 'done', 'postgres', 'https://api.github.com', 'github', now()
FROM generate_series(1, 1000) i WHERE i <> 500;
INSERT INTO ghcrawl.crawl_counter (crawl_id, worker_no, expected, seen, tasks, tasks_ended)
SELECT i, w, 1000, 1000, 25, 25 FROM generate_series(1, 1000) i, generate_series(2, 3) w ORDER BY 1, 2;
INSERT INTO ghcrawl.task (crawl_id, kind, query, state, promised, seen, counted, readings, started_at, finished_at)
SELECT c, 'search', 'stars:>=0', 'done', 900, 900, 900, 1, now(), now()
FROM generate_series(1, 1000) c, generate_series(1, 50) WHERE c <> 500;
INSERT INTO ghcrawl.worker (worker_no) VALUES (2), (3);
INSERT INTO ghcrawl.budget (budget_id, api_url, account_id, login)
SELECT i, 'https://api.github.com', i, 'user' || i FROM generate_series(1, 100) i;
INSERT INTO ghcrawl.token (name, api_url, secret, fingerprint, budget_id, added_by)
SELECT 'token' || i, 'https://api.github.com', 'none', 'none', i, 'postgres' FROM generate_series(1, 100) i;
INSERT INTO ghcrawl.error (crawl_id, class, message, sample)
SELECT i, 'server', 'HTTP 502: bad gateway', repeat('sample ', 20) FROM generate_series(1, 1000) i;
INSERT INTO ghcrawl.traffic (seconds, slot, worker_no, api_url, kind, status, verdict, count, ms, points, bytes,
	repositories, histogram)
SELECT s, date_trunc('minute', now()) - i * make_interval(secs => s), w, 'https://api.github.com', k, '2xx', v,
	60, 60000, 60, 1000000, 6000, array_fill(1, ARRAY[96])
FROM unnest('{60,3600}'::int[]) s, generate_series(0, CASE s WHEN 60 THEN 59 ELSE 23 END) i, generate_series(1, 3) w,
	unnest('{page,count,list}'::text[]) k, unnest('{ok,partial,server}'::text[]) v;
SQL
	return;
}

sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return sprintf '%.2f', $sorted[ $#sorted / 2 ];
}

sub blocks
{
	my ($node) = @_;
	return $node->safe_psql('postgres', <<'SQL');
SELECT sum(heap_blks_read + heap_blks_hit + coalesce(idx_blks_read + idx_blks_hit, 0))
FROM pg_statio_user_tables WHERE schemaname = 'ghcrawl'
SQL
}

# Takes tasks into hand; their ids, queries and positions.
sub take
{
	my ($node, $n) = @_;
	my $place = place_of($node);
	my $rows = $node->safe_psql('postgres', $SETTINGS . prepare('claim')
		. "EXECUTE claim(@{[CRAWL]}, 1, $n, $place)");
	return map { my @row = split /\|/; [ @row[ 0, 3, 1 ] ] } split /\n/, $rows;
}

# Executes something so many times, each with a task in hand if it names one:
# median milliseconds, blocks of control tables that one touches.
sub measure
{
	my ($node, $name, $call, $n) = @_;
	my @tasks = $call =~ /\$task/ ? take($node, $n) : ();
	my $sql = $SETTINGS . prepare($name);
	my $before = blocks($node);

	for my $i (0 .. $n - 1)
	{
		my ($task, $query, $position) = @{ $tasks[$i] // [] };
		my $text = expand($call, 0);
		$text =~ s/\$task/$task/g;
		$text =~ s/\$query/'$query'::text/g;
		$text =~ s/\$position/$position\::bigint/g;
		$sql .= "EXPLAIN (ANALYZE, TIMING OFF) $text;\n";
	}
	my @ms = $node->safe_psql('postgres', "$sql SELECT pg_stat_force_next_flush();") =~ /^Execution Time: ([\d.]+)/mg;
	return (median(@ms), sprintf '%.0f', (blocks($node) - $before) / $n);
}

# Milliseconds that a query of views takes, as a client sees it: the median, and
# the least, which is what other work on the machine does least to.
sub time_query
{
	my ($node, $query, $n) = @_;
	my $text = 'SELECT ' . ($query =~ s/FROM /FROM ghcrawl./r) . ";\n";
	my $out = $node->safe_psql('postgres', "\\timing on\n\\o /dev/null\n" . $text x $n);
	my @ms = $out =~ /^Time: ([\d.]+) ms/mg;

	return (median(@ms), sprintf '%.2f', min(@ms));
}

sub place_of
{
	my ($node) = @_;
	my $crawl = CRAWL;
	return $node->safe_psql('postgres', "SELECT coalesce(max(position), 0), coalesce(max(task_id), 0) FROM ghcrawl.claim"
		. " WHERE crawl_id = $crawl") =~ s/\|/, /r =~ s/^0, 0$/-9223372036854775808, 0/r;
}

sub counters_call { return 'EXECUTE counters(' . CRAWL . ', 1, 5, 5, 100000, 0, 500, 500, 0, 0, 1, 0, 0, 0, 0, 0, 100, 0, 0)' }

# Claims, reads and ends tasks in turns of 50; returns microseconds each took.
sub work_off
{
	my ($node, $n) = @_;
	my ($turns, $turn, $crawl) = (int($n / TURN), TURN, CRAWL);
	my $counters = counters_call();
	my $start = time;

	$node->safe_psql('postgres', $SETTINGS . join('', map { prepare($_) } qw(claim progress end counters report))
		. 'CREATE TEMP TABLE hand (task_id bigint, position bigint);' . <<"SQL");
CREATE PROCEDURE pg_temp.work_off(turns int) LANGUAGE plpgsql AS \$\$
DECLARE
	place bigint := -9223372036854775808;
	task bigint := 0;
	r record;
BEGIN
	FOR i IN 1 .. turns LOOP
		FOR r IN EXECUTE format('EXECUTE claim($crawl, 1, $turn, %s, %s)', place, task) LOOP
			place := r.position;
			task := r.task_id;
			INSERT INTO pg_temp.hand VALUES (task, place);
		END LOOP;
		COMMIT;
		FOR r IN SELECT * FROM pg_temp.hand LOOP
			EXECUTE format('EXECUTE progress($crawl, %s, 1, 900, 100, 1, 0, NULL, 100, 1, 0)', r.task_id);
		END LOOP;
		EXECUTE '$counters';
		COMMIT;
		FOR r IN SELECT * FROM pg_temp.hand LOOP
			EXECUTE format('EXECUTE "end"($crawl, %s, 1, 900, 900, 8, 0, NULL, 900, 0, 0, ''done'', 0, false)', r.task_id);
		END LOOP;
		TRUNCATE pg_temp.hand;
		EXECUTE '$counters';
		EXECUTE 'EXECUTE report(1, 1, 1, NULL, NULL)';
		COMMIT;
	END LOOP;
END \$\$;
CALL pg_temp.work_off($turns);
SQL
	return sprintf '%.0f', 1e6 * (time - $start) / $n;
}

# Kilobytes of tables and indexes, HOT share and vacuums, as in the heads of the bench.
sub sizes
{
	my ($node) = @_;
	return split /\|/, $node->safe_psql('postgres', <<'SQL');
SELECT pg_table_size('ghcrawl.task') / 1024, pg_indexes_size('ghcrawl.task') / 1024,
	pg_table_size('ghcrawl.queue') / 1024, pg_indexes_size('ghcrawl.queue') / 1024,
	pg_total_relation_size('ghcrawl.claim') / 1024, pg_total_relation_size('ghcrawl.crawl_counter') / 1024,
	pg_total_relation_size('ghcrawl.worker') / 1024, pg_total_relation_size('ghcrawl.budget') / 1024,
	(SELECT round(100.0 * n_tup_hot_upd / nullif(n_tup_upd, 0)) || ' %' FROM pg_stat_user_tables WHERE relid = 'ghcrawl.task'::regclass),
	(SELECT string_agg(relname || ' ' || autovacuum_count, ', ' ORDER BY relname) FROM pg_stat_user_tables
	 WHERE schemaname = 'ghcrawl' AND autovacuum_count > 0)
SQL
}

1;
