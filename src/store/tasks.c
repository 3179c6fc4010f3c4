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

#define SHARED_VALUES 11

/* The parameters that progress and end share: $1 to $11. */
static void
fill_values(const GhcTaskRow *task, int worker_no, Datum *values, char *nulls)
{
	values[0] = Int64GetDatum(task->crawl_id);
	values[1] = Int64GetDatum(task->task_id);
	values[2] = Int32GetDatum(worker_no);
	values[3] = Int64GetDatum(task->promised);
	values[4] = Int64GetDatum(task->seen);
	values[5] = Int32GetDatum(task->pages);
	values[6] = Int32GetDatum(task->attempts);
	values[7] = task->error ? CStringGetTextDatum(task->error) : (Datum) 0;
	values[8] = Int64GetDatum(task->counted);
	values[9] = Int32GetDatum(task->readings);
	values[10] = Float8GetDatum(task->part);
	memset(nulls, ' ', SHARED_VALUES);
	if (task->promised < 0)
		nulls[3] = 'n';
	if (task->error == NULL)
		nulls[7] = 'n';
}

bool
ghc_tasks_progress(const GhcTaskRow *task, int worker_no)
{
	static GhcStatement progress = {
		"UPDATE ghcrawl.task t SET promised = coalesce($4, t.promised),"
		" seen = greatest(t.seen, $5), pages = t.pages + $6, attempts = $7,"
		" error = coalesce($8, t.error), counted = $9,"
		" readings = t.readings + $10, part = $11,"
		" started_at = coalesce(t.started_at, now())"
		" WHERE t.crawl_id = $1 AND t.task_id = $2 AND EXISTS"
		" (SELECT FROM ghcrawl.claim c WHERE c.crawl_id = $1"
		" AND c.task_id = $2 AND c.worker_no = $3) RETURNING 1", "bbibbiitbid", NULL
	};
	Datum		values[SHARED_VALUES];
	char		nulls[SHARED_VALUES];

	fill_values(task, worker_no, values, nulls);
	return ghc_db_run(&progress, values, nulls) > 0;
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
		" started_at = coalesce(t.started_at, now()), finished_at = now()"
		" WHERE t.crawl_id = $1 AND t.task_id = $2 AND EXISTS (SELECT FROM mine)"
		" RETURNING 1", "bbibbiitbidtbl", NULL
	};
	Datum		values[SHARED_VALUES + 3];
	char		nulls[SHARED_VALUES + 3];

	fill_values(task, worker_no, values, nulls);
	values[SHARED_VALUES] = CStringGetTextDatum(state);
	values[SHARED_VALUES + 1] = Int64GetDatum(task->missing);
	values[SHARED_VALUES + 2] = BoolGetDatum(task->leaky);
	memset(nulls + SHARED_VALUES, ' ', 3);
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

static Datum
text_array(char **texts, int n)
{
	Datum	   *items = palloc(n * sizeof(Datum));

	for (int i = 0; i < n; i++)
		items[i] = CStringGetTextDatum(texts[i]);
	return PointerGetDatum(construct_array(items, n, TEXTOID, -1, false,
										   TYPALIGN_INT));
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
		text_array(children->queries, children->n),
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
