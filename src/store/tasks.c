/*-------------------------------------------------------------------------
 *
 * tasks.c
 *	  Tasks: claiming, progress, children, ends; see tasks.h.
 *
 * The queue is narrow and only inserted into and deleted from, so that
 * claiming stays cheap with a million tasks; what changes often is in the
 * task's own row, in columns that no index looks at.
 *
 * What was claimed leaves dead rows at the head of the queue, which stay as long
 * as anybody's transaction might see them.  So claiming doesn't begin at the
 * head but where the worker knows of something to claim (GhcTaskPlace).
 *
 * IDENTIFICATION
 *	  src/store/tasks.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/db.h"
#include "store/tasks.h"
#include "store/values.h"

List *
ghc_tasks_claim(int64 crawl_id, int worker_no, const GhcTaskPlace *after,
				int limit)
{
	/* rows are found by their ctid, whatever the planner thinks of the tables */
	static GhcStatement claim = {
		"WITH next AS (SELECT q.ctid, q.position, q.task_id FROM ghcrawl.queue q"
		" WHERE q.crawl_id = $1 AND (q.position, q.task_id) > ($4, $5)"
		" AND q.ready_at <= now()"
		" ORDER BY q.position, q.task_id LIMIT $3 FOR UPDATE SKIP LOCKED),"
		" taken AS (DELETE FROM ghcrawl.queue"
		" WHERE ctid = ANY (ARRAY(SELECT n.ctid FROM next n))),"
		" mark AS (INSERT INTO ghcrawl.claim (crawl_id, task_id, position, worker_no)"
		" SELECT $1, task_id, position, $2 FROM next),"
		" t AS (UPDATE ghcrawl.task SET state = 'claimed'"
		" WHERE ctid = ANY (ARRAY(SELECT (SELECT t.ctid FROM ghcrawl.task t"
		" WHERE t.crawl_id = $1 AND t.task_id = n.task_id) FROM next n))"
		" RETURNING *)"
		" SELECT task_id, n.position, t.kind, t.query,"
		" coalesce(t.promised, -1), t.seen, t.attempts, t.counted,"
		" t.share, t.part FROM t JOIN next n USING (task_id)"
		" ORDER BY n.position, task_id", "biibb", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), Int32GetDatum(worker_no), Int32GetDatum(limit),
		Int64GetDatum(after->position), Int64GetDatum(after->task_id)
	};
	uint64		n = ghc_db_run(&claim, values, NULL);
	List	   *tasks = NIL;

	for (uint64 row = 0; row < n; row++)
	{
		GhcTaskRow *task = palloc0(sizeof(GhcTaskRow));

		task->crawl_id = crawl_id;
		task->task_id = ghc_db_get_int8(row, 1);
		task->position = ghc_db_get_int8(row, 2);
		task->kind = ghc_db_get_text(row, 3);
		task->query = ghc_db_get_text(row, 4);
		task->promised = ghc_db_get_int8(row, 5);
		task->seen = ghc_db_get_int8(row, 6);
		task->attempts = ghc_db_get_int4(row, 7);
		task->counted = ghc_db_get_int8(row, 8);
		task->share = ghc_db_get_float8(row, 9);
		task->part = ghc_db_get_float8(row, 10);
		tasks = lappend(tasks, task);
	}
	return tasks;
}

/* what a task's progress is, by columns */
typedef struct ProgressRows
{
	int64	   *numbers[8];
	char	  **errors;
	char	  **queries;
	double	   *parts;
} ProgressRows;

static void
fill_progress(ProgressRows *rows, GhcTaskRow *const *tasks, int n)
{
	for (size_t k = 0; k < lengthof(rows->numbers); k++)
		rows->numbers[k] = palloc(n * sizeof(int64));
	rows->errors = palloc(n * sizeof(char *));
	rows->queries = palloc(n * sizeof(char *));
	rows->parts = palloc(n * sizeof(double));
	for (int i = 0; i < n; i++)
	{
		const GhcTaskRow *task = tasks[i];

		rows->numbers[0][i] = task->crawl_id;
		rows->numbers[1][i] = task->task_id;
		rows->numbers[2][i] = task->promised;
		rows->numbers[3][i] = task->seen;
		rows->numbers[4][i] = task->pages;
		rows->numbers[5][i] = task->attempts;
		rows->numbers[6][i] = task->counted;
		rows->numbers[7][i] = task->readings;
		rows->errors[i] = unconstify(char *, task->error);
		rows->queries[i] = unconstify(char *, task->new_query);
		rows->parts[i] = task->part;
	}
}

void
ghc_tasks_progress(GhcTaskRow *const *tasks, int n, int worker_no, bool *held)
{
	static GhcStatement progress = {
		"UPDATE ghcrawl.task t SET"
		" promised = coalesce(nullif(u.promised, -1), t.promised),"
		" seen = greatest(t.seen, u.seen), pages = t.pages + u.pages,"
		" attempts = u.attempts, error = coalesce(u.error, t.error),"
		" counted = u.counted, readings = t.readings + u.readings, part = u.part,"
		" query = coalesce(u.query, t.query),"
		" started_at = coalesce(t.started_at, now())"
		" FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
		" AS u(crawl_id, task_id, promised, seen, pages, attempts, counted,"
		" readings, error, part, query)"
		" JOIN ghcrawl.claim c ON c.crawl_id = u.crawl_id"
		" AND c.task_id = u.task_id AND c.worker_no = $1"
		" WHERE t.crawl_id = u.crawl_id AND t.task_id = u.task_id"
		" RETURNING t.task_id", "iBBBBBBBBTDT", NULL
	};
	ProgressRows rows;
	Datum		values[12] = {Int32GetDatum(worker_no)};
	uint64		n_held;

	fill_progress(&rows, tasks, n);
	for (size_t k = 0; k < lengthof(rows.numbers); k++)
		values[1 + k] = ghc_values_int8_array(rows.numbers[k], n);
	values[9] = ghc_values_text_array(rows.errors, n);
	values[10] = ghc_values_float8_array(rows.parts, n);
	values[11] = ghc_values_text_array(rows.queries, n);
	n_held = ghc_db_run(&progress, values, NULL);
	memset(held, false, n * sizeof(bool));
	for (uint64 row = 0; row < n_held; row++)
		for (int i = 0; i < n; i++)
			held[i] |= tasks[i]->task_id == ghc_db_get_int8(row, 1);
}

bool
ghc_tasks_end(const GhcTaskRow *task, int worker_no, const char *state)
{
	static GhcStatement end = {
		"WITH mine AS (DELETE FROM ghcrawl.claim c WHERE c.crawl_id = $1"
		" AND c.task_id = $2 AND c.worker_no = $3 RETURNING 1)"
		" UPDATE ghcrawl.task t SET promised = coalesce($4, t.promised),"
		" seen = greatest(t.seen, $5), pages = t.pages + $6, attempts = $7,"
		" error = $8, counted = $9, readings = t.readings + $10, part = $11,"
		" state = $12, missing = $13, leaky = $14,"
		" query = coalesce($15, t.query),"
		" started_at = coalesce(t.started_at, now()), finished_at = now()"
		" WHERE t.crawl_id = $1 AND t.task_id = $2 AND EXISTS (SELECT FROM mine)"
		" RETURNING 1", "bbibbiitbidtblt", NULL
	};
	Datum		values[] = {
		Int64GetDatum(task->crawl_id), Int64GetDatum(task->task_id),
		Int32GetDatum(worker_no), Int64GetDatum(task->promised),
		Int64GetDatum(task->seen), Int32GetDatum(task->pages),
		Int32GetDatum(task->attempts),
		task->error ? CStringGetTextDatum(task->error) : (Datum) 0,
		Int64GetDatum(task->counted), Int32GetDatum(task->readings),
		Float8GetDatum(task->part), CStringGetTextDatum(state),
		Int64GetDatum(task->missing), BoolGetDatum(task->leaky),
		task->new_query ? CStringGetTextDatum(task->new_query) : (Datum) 0
	};
	char		nulls[lengthof(values)];

	memset(nulls, ' ', sizeof(nulls));
	if (task->promised < 0)
		nulls[3] = 'n';
	if (task->error == NULL)
		nulls[7] = 'n';
	if (task->new_query == NULL)
		nulls[14] = 'n';
	return ghc_db_run(&end, values, nulls) > 0;
}

void
ghc_tasks_replace_query(const GhcTaskRow *task, const char *query)
{
	static GhcStatement replace = {
		"UPDATE ghcrawl.task SET query = $3 WHERE crawl_id = $1 AND task_id = $2",
		"bbt", NULL
	};
	Datum		values[] = {
		Int64GetDatum(task->crawl_id), Int64GetDatum(task->task_id),
		CStringGetTextDatum(query)
	};

	ghc_db_run(&replace, values, NULL);
}

void
ghc_tasks_add_roots(int64 crawl_id, const GhcChildRows *roots)
{
	static GhcStatement add = {
		"WITH r AS (SELECT nextval('ghcrawl.task_id_seq') AS task_id,"
		" u.query, u.position, nullif(u.promised, -1) AS promised, u.share"
		" FROM unnest($3, $4, $5, $6) AS u(query, position, promised, share)),"
		" t AS (INSERT INTO ghcrawl.task (crawl_id, task_id, kind, query,"
		" promised, share) SELECT $1, task_id, $2, query, promised, share FROM r),"
		" q AS (INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT $1, position, task_id FROM r)"
		" INSERT INTO ghcrawl.crawl_counter AS k (crawl_id, worker_no, tasks, expected)"
		" SELECT $1, 0, count(*), coalesce(sum(promised), 0) FROM r"
		" ON CONFLICT (crawl_id, worker_no) DO UPDATE SET"
		" tasks = k.tasks + excluded.tasks, expected = k.expected + excluded.expected",
		"btTBBD", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), CStringGetTextDatum(roots->kind),
		ghc_values_text_array(roots->queries, roots->n),
		ghc_values_int8_array(roots->positions, roots->n),
		ghc_values_int8_array(roots->promised, roots->n),
		ghc_values_float8_array(roots->weights, roots->n)
	};

	ghc_db_run(&add, values, NULL);
}

void
ghc_tasks_add_children(const GhcTaskRow *parent, const GhcChildRows *children)
{
	static GhcStatement add = {
		"WITH c AS (SELECT nextval('ghcrawl.task_id_seq') AS task_id,"
		" u.query, u.position, nullif(u.promised, -1) AS promised,"
		" u.counted, u.weight"
		" FROM unnest($4, $5, $6, $7, $8)"
		" AS u(query, position, promised, counted, weight)),"
		" t AS (INSERT INTO ghcrawl.task (crawl_id, task_id, parent_id, kind,"
		" query, promised, counted, share, part)"
		" SELECT $1, task_id, $2, $3, query, promised, counted, $9 * weight,"
		" $10 * weight FROM c)"
		" INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT $1, position, task_id FROM c", "bbtTBBBDdd", NULL
	};
	Datum		values[] = {
		Int64GetDatum(parent->crawl_id), Int64GetDatum(parent->task_id),
		CStringGetTextDatum(children->kind),
		ghc_values_text_array(children->queries, children->n),
		ghc_values_int8_array(children->positions, children->n),
		ghc_values_int8_array(children->promised, children->n),
		ghc_values_int8_array(children->counted, children->n),
		ghc_values_float8_array(children->weights, children->n),
		Float8GetDatum(parent->share), Float8GetDatum(parent->part)
	};

	ghc_db_run(&add, values, NULL);
}

/*
 * A limited crawl doesn't promise all.  A leaky range below another leaky one
 * is covered by that.
 */
int64
ghc_tasks_add_sweeps(int64 crawl_id)
{
	static GhcStatement add = {
		"WITH leaky AS (UPDATE ghcrawl.task SET leaky = false"
		" WHERE crawl_id = $1 AND leaky RETURNING task_id, parent_id, query),"
		" s AS (INSERT INTO ghcrawl.task (crawl_id, parent_id, kind, query, share)"
		" SELECT $1, l.task_id, 'sweep', l.query, 0 FROM leaky l"
		" JOIN ghcrawl.crawl c ON c.crawl_id = $1 AND c.max_repositories IS NULL"
		" WHERE NOT EXISTS (SELECT FROM leaky p WHERE p.task_id = l.parent_id)"
		" RETURNING task_id),"
		" q AS (INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT $1, 0, task_id FROM s),"
		" k AS (INSERT INTO ghcrawl.crawl_counter AS k (crawl_id, worker_no, tasks)"
		" SELECT $1, 0, count(*) FROM s HAVING count(*) > 0"
		" ON CONFLICT (crawl_id, worker_no) DO UPDATE SET"
		" tasks = k.tasks + excluded.tasks)"
		" SELECT count(*) FROM s", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	ghc_db_run(&add, values, NULL);
	return ghc_db_get_int8(0, 1);
}

void
ghc_tasks_requeue(const GhcTaskRow *task, int worker_no)
{
	static GhcStatement requeue = {
		"WITH mine AS (DELETE FROM ghcrawl.claim c WHERE c.crawl_id = $1"
		" AND c.task_id = $2 AND c.worker_no = $3 RETURNING position),"
		" t AS (UPDATE ghcrawl.task SET state = 'ready' WHERE crawl_id = $1"
		" AND task_id = $2 AND EXISTS (SELECT FROM mine))"
		" INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT $1, position, $2 FROM mine", "bbi", NULL
	};
	Datum		values[] = {
		Int64GetDatum(task->crawl_id), Int64GetDatum(task->task_id),
		Int32GetDatum(worker_no)
	};

	ghc_db_run(&requeue, values, NULL);
}

int
ghc_tasks_release(const int64 *crawls, int n_crawls, int worker_no,
				  const int64 *kept, int n_kept)
{
	static GhcStatement release = {
		"WITH gone AS (DELETE FROM ghcrawl.claim WHERE crawl_id = ANY ($1)"
		" AND worker_no = $2 AND task_id <> ALL ($3)"
		" RETURNING crawl_id, position, task_id),"
		" t AS (UPDATE ghcrawl.task SET state = 'ready'"
		" WHERE ctid = ANY (ARRAY(SELECT (SELECT t.ctid FROM ghcrawl.task t"
		" WHERE t.crawl_id = g.crawl_id AND t.task_id = g.task_id) FROM gone g)))"
		" INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT crawl_id, position, task_id FROM gone RETURNING 1", "BiB", NULL
	};
	Datum		values[] = {
		ghc_values_int8_array(crawls, n_crawls), Int32GetDatum(worker_no),
		ghc_values_int8_array(kept, n_kept)
	};

	return (int) ghc_db_run(&release, values, NULL);
}

int
ghc_tasks_release_dead(const int64 *crawls, int n_crawls)
{
	/* locks are read after the statement's snapshot was taken */
	static GhcStatement release = {
		"WITH gone AS (DELETE FROM ghcrawl.claim c"
		" WHERE crawl_id = ANY ($1) AND NOT EXISTS"
		" (SELECT FROM ghcrawl.live_worker l WHERE l.worker_no = c.worker_no)"
		" RETURNING crawl_id, position, task_id),"
		" t AS (UPDATE ghcrawl.task SET state = 'ready'"
		" WHERE ctid = ANY (ARRAY(SELECT (SELECT t.ctid FROM ghcrawl.task t"
		" WHERE t.crawl_id = g.crawl_id AND t.task_id = g.task_id) FROM gone g)))"
		" INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT crawl_id, position, task_id FROM gone RETURNING 1", "B", NULL
	};
	Datum		values[] = {ghc_values_int8_array(crawls, n_crawls)};

	return (int) ghc_db_run(&release, values, NULL);
}
