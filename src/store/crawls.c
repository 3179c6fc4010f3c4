/*-------------------------------------------------------------------------
 *
 * crawls.c
 *	  Crawls: their rows, states and counters; see crawls.h.
 *
 * IDENTIFICATION
 *	  src/store/crawls.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/crawls.h"
#include "store/db.h"
#include "store/locks.h"
#include "store/refreshes.h"
#include "store/seen.h"
#include "store/sources.h"
#include "store/tasks.h"
#include "store/walked.h"

int64
ghc_crawls_find_same(const char *query, const char *profile,
					 const char *api_url)
{
	static GhcStatement find = {
		"SELECT crawl_id FROM ghcrawl.crawl"
		" WHERE api_url = $1 AND query = $2 AND profile = $3"
		" AND state = ANY ('{running,paused}')", "ttt", NULL
	};
	Datum		values[] = {
		CStringGetTextDatum(api_url), CStringGetTextDatum(query),
		CStringGetTextDatum(profile)
	};

	return ghc_db_run(&find, values, NULL) ? ghc_db_get_int8(0, 1) : 0;
}

int64
ghc_crawls_find_same_as(int64 crawl_id)
{
	static GhcStatement find = {
		"SELECT s.crawl_id FROM ghcrawl.crawl c JOIN ghcrawl.crawl s"
		" ON s.api_url = c.api_url AND s.query = c.query"
		" AND s.profile = c.profile AND s.state = ANY ('{running,paused}')"
		" WHERE c.crawl_id = $1", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	return ghc_db_run(&find, values, NULL) ? ghc_db_get_int8(0, 1) : 0;
}

int64
ghc_crawls_insert(const GhcNewCrawl *crawl)
{
	static GhcStatement insert = {
		"WITH c AS (INSERT INTO ghcrawl.crawl (selection, query, profile,"
		" priority, max_repositories, state, owner, api_url, data_schema, source)"
		" VALUES ($1, $2, $3, $4, $5, 'running', $6, $7, $8, $11)"
		" ON CONFLICT DO NOTHING RETURNING crawl_id),"
		" t AS (INSERT INTO ghcrawl.task (crawl_id, kind, query)"
		" SELECT crawl_id, $12, $9 FROM c WHERE $9 IS NOT NULL"
		" RETURNING crawl_id, task_id),"
		" q AS (INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT crawl_id, $10, task_id FROM t),"
		/* ghcrawl.crawls counts a root */
		" k AS (INSERT INTO ghcrawl.crawl_counter (crawl_id, worker_no, tasks)"
		" SELECT crawl_id, 0, -1 FROM c WHERE $9 IS NULL)"
		" SELECT crawl_id FROM c", "tttibntntbtt", NULL
	};
	char		nulls[] = "            ";
	NameData	owner;
	NameData	schema;
	Datum		values[] = {
		CStringGetTextDatum(crawl->selection),
		CStringGetTextDatum(crawl->query),
		CStringGetTextDatum(crawl->profile),
		Int32GetDatum(crawl->priority),
		Int64GetDatum(crawl->max_repositories),
		NameGetDatum(&owner),
		CStringGetTextDatum(crawl->api_url),
		NameGetDatum(&schema),
		crawl->root ? CStringGetTextDatum(crawl->root) : (Datum) 0,
		Int64GetDatum(crawl->position),
		crawl->source ? CStringGetTextDatum(crawl->source) : (Datum) 0,
		CStringGetTextDatum(crawl->kind ? crawl->kind : "search")
	};

	namestrcpy(&owner, crawl->owner);
	namestrcpy(&schema, crawl->data_schema);
	if (crawl->max_repositories < 0)
		nulls[4] = 'n';
	if (crawl->root == NULL)
		nulls[8] = 'n';
	if (crawl->source == NULL)
		nulls[10] = 'n';
	if (ghc_db_run(&insert, values, nulls) == 0)
		return 0;
	return ghc_db_get_int8(0, 1);
}

bool
ghc_crawls_profile_exists(const char *profile, char **unknown)
{
	static GhcStatement find = {
		"SELECT c FROM ghcrawl.profile LEFT JOIN LATERAL unnest(columns) c ON true"
		" WHERE name = $1", "t", NULL
	};
	Datum		values[] = {CStringGetTextDatum(profile)};
	uint64		n = ghc_db_run(&find, values, NULL);

	*unknown = NULL;
	for (uint64 row = 0; row < n && *unknown == NULL; row++)
	{
		char	   *column = ghc_db_get_text(row, 1);

		if (column != NULL && ghc_field_find(ghc_slice_of(column)) < 0)
			*unknown = column;
	}
	return n > 0;
}

char *
ghc_crawls_profile_names(void)
{
	static GhcStatement names = {
		"SELECT string_agg(quote_literal(name), ', ' ORDER BY name)"
		" FROM ghcrawl.profile", "", NULL
	};

	ghc_db_run(&names, NULL, NULL);
	return ghc_db_get_text(0, 1);
}

bool
ghc_crawls_status(int64 crawl_id, GhcCrawlStatus *status)
{
	static GhcStatement read = {
		"SELECT p.state, c.owner::text,"
		" format('%s %s%%, %s of %s stored%s%s', p.bar, p.percent, p.stored,"
		" coalesce(p.expected::text, '?'),"
		" ', ' || p.rate || ' a second',"
		" coalesce(', waiting for ' || p.waiting_on, ': ' || c.reason)),"
		" c.state = ANY ('{cancelled,done,done_with_gaps,failed}')"
		" FROM ghcrawl.progress p JOIN ghcrawl.crawl c ON c.crawl_id = p.crawl"
		" WHERE p.crawl = $1", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};
	bool		isnull;

	if (ghc_db_run(&read, values, NULL) == 0)
		return false;
	status->state = ghc_db_get_text(0, 1);
	status->owner = ghc_db_get_text(0, 2);
	status->line = ghc_db_get_text(0, 3);
	status->ended = DatumGetBool(ghc_db_get(0, 4, &isnull));
	return true;
}

char *
ghc_crawls_lock(int64 crawl_id, char **owner)
{
	static GhcStatement lock = {
		"SELECT state, owner::text FROM ghcrawl.crawl WHERE crawl_id = $1"
		" FOR NO KEY UPDATE", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	if (ghc_db_run(&lock, values, NULL) == 0)
		return NULL;
	*owner = ghc_db_get_text(0, 2);
	return ghc_db_get_text(0, 1);
}

static void
write_state(int64 crawl_id, const char *state, const char *reason)
{
	static GhcStatement set = {
		"UPDATE ghcrawl.crawl SET state = $2, reason = $3,"
		" finished_at = CASE WHEN $2 <> ALL ('{running,paused}') THEN now() END"
		" WHERE crawl_id = $1", "btt", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), CStringGetTextDatum(state),
		reason ? CStringGetTextDatum(reason) : (Datum) 0
	};

	ghc_db_run(&set, values, reason ? NULL : "  n");
}

void
ghc_crawls_set_state(int64 crawl_id, const char *state, const char *reason)
{
	static GhcStatement drop = {
		"DELETE FROM ghcrawl.queue WHERE crawl_id = $1;"
		" DELETE FROM ghcrawl.claim WHERE crawl_id = $1;"
		" UPDATE ghcrawl.task SET state = 'cancelled', finished_at = now()"
		" WHERE crawl_id = $1 AND state = ANY ('{ready,claimed}')", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	write_state(crawl_id, state, reason);
	if (strcmp(state, "running") == 0 || strcmp(state, "paused") == 0)
		return;
	/* what workers are writing now is waited for, and dropped as well */
	ghc_locks_own_crawl(crawl_id);
	ghc_db_run(&drop, values, NULL);
	ghc_seen_tidy(crawl_id);
	ghc_walked_note(crawl_id);
}

/*
 * What was promised is asked anew; what was seen stays counted.  Progress
 * goes back by the share of the gaps.
 */
int64
ghc_crawls_open_gaps(int64 crawl_id)
{
	static GhcStatement reopen = {
		"WITH gap AS (SELECT task_id, share, promised, seen, counted, missing"
		" FROM ghcrawl.task WHERE crawl_id = $1 AND state = 'gap' FOR UPDATE),"
		" t AS (UPDATE ghcrawl.task t SET state = 'ready', error = NULL,"
		" promised = NULL, missing = 0, part = 0, attempts = 0,"
		" finished_at = NULL"
		" FROM gap g WHERE t.crawl_id = $1 AND t.task_id = g.task_id),"
		" q AS (INSERT INTO ghcrawl.queue (crawl_id, position, task_id)"
		" SELECT $1, 0, task_id FROM gap),"
		" k AS (INSERT INTO ghcrawl.crawl_counter AS k (crawl_id, worker_no,"
		" expected, tasks_ended, gaps, missing, part)"
		" SELECT $1, 0, -coalesce(sum(promised), 0), -count(*), -count(*),"
		" -sum(missing), -sum(share) FROM gap HAVING count(*) > 0"
		" ON CONFLICT (crawl_id, worker_no) DO UPDATE SET"
		" expected = k.expected + excluded.expected,"
		" tasks_ended = k.tasks_ended + excluded.tasks_ended,"
		" gaps = k.gaps + excluded.gaps, missing = k.missing + excluded.missing,"
		" part = k.part + excluded.part, updated_at = now())"
		" SELECT count(*) FROM gap", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	ghc_db_run(&reopen, values, NULL);
	return ghc_db_get_int8(0, 1);
}

int
ghc_crawls_count_running(void)
{
	static GhcStatement count = {
		"SELECT (SELECT count(*)::int FROM ghcrawl.crawl WHERE state = 'running')"
		" + (SELECT count(*)::int FROM ghcrawl.question)", "", NULL
	};

	ghc_db_run(&count, NULL, NULL);
	return ghc_db_get_int4(0, 1);
}

/* Turns a profile's columns into a set of fields; unknown names are skipped. */
static GhcFieldSet
read_columns(Datum columns)
{
	Datum	   *names;
	bool	   *nulls;
	int			n;
	GhcFieldSet set = GHC_FIELD_BIT(GHC_FIELD_REPO_ID) |
		GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER);

	deconstruct_array(DatumGetArrayTypeP(columns), TEXTOID, -1, false,
					  TYPALIGN_INT, &names, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		int			field = nulls[i] ? -1 :
			ghc_field_find(ghc_slice_of(TextDatumGetCString(names[i])));

		if (field >= 0)
			set |= GHC_FIELD_BIT(field);
	}
	if (set & GHC_FIELD_BIT(GHC_FIELD_LANGUAGES))
		set |= GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES);
	return set;
}

List *
ghc_crawls_load(void)
{
	static GhcStatement load = {
		"SELECT c.crawl_id, c.priority, coalesce(c.max_repositories, -1),"
		" (SELECT coalesce(sum(k.seen), 0)::bigint FROM ghcrawl.crawl_counter k"
		" WHERE k.crawl_id = c.crawl_id),"
		" c.api_url, c.data_schema, p.extra, p.columns, c.is_list, c.looks_up, c.walks, c.gets_only"
		" FROM (SELECT crawl_id, priority, max_repositories, api_url,"
		" data_schema, profile, source IS NOT NULL AS is_list,"
		" source IS NOT NULL OR query = '" GHC_REFRESHES_QUERY "' AS looks_up,"
		" query LIKE 'ids:%' AS walks, query LIKE '" GHC_CRAWLS_STARS "%'"
		" OR query = '" GHC_SOURCES_QUERY "' AS gets_only"
		" FROM ghcrawl.crawl WHERE state = 'running'"
		" UNION ALL SELECT -question_id, 2147483647, NULL, api_url, '', profile,"
		" false, false, false, false"
		" FROM ghcrawl.question) c LEFT JOIN ghcrawl.profile p ON p.name = c.profile"
		" ORDER BY c.priority DESC, c.crawl_id", "", NULL
	};
	uint64		n = ghc_db_run(&load, NULL, NULL);
	List	   *crawls = NIL;

	for (uint64 row = 0; row < n; row++)
	{
		GhcCrawl   *crawl = palloc0(sizeof(GhcCrawl));
		bool		isnull;
		Datum		columns = ghc_db_get(row, 8, &isnull);

		crawl->crawl_id = ghc_db_get_int8(row, 1);
		crawl->priority = ghc_db_get_int4(row, 2);
		crawl->max_repositories = ghc_db_get_int8(row, 3);
		crawl->seen = ghc_db_get_int8(row, 4);
		crawl->api_url = ghc_db_get_text(row, 5);
		crawl->data_schema = ghc_db_get_text(row, 6);
		crawl->shape.extra = ghc_db_get_text(row, 7);
		if (!isnull)
			crawl->shape.fields = read_columns(columns);
		crawl->is_list = DatumGetBool(ghc_db_get(row, 9, &isnull));
		crawl->looks_up = DatumGetBool(ghc_db_get(row, 10, &isnull));
		crawl->walks = DatumGetBool(ghc_db_get(row, 11, &isnull));
		crawl->gets_only = DatumGetBool(ghc_db_get(row, 12, &isnull));
		if (crawl->shape.extra)
			crawl->shape.fields |= GHC_FIELD_BIT(GHC_FIELD_EXTRA);
		crawls = lappend(crawls, crawl);
	}
	return crawls;
}

void
ghc_crawls_count(int64 crawl_id, int worker_no, const GhcCounts *counts)
{
	static GhcStatement add = {
		"INSERT INTO ghcrawl.crawl_counter AS k (crawl_id, worker_no, requests,"
		" points, wire_bytes, expected, seen, inserted, updated, tasks,"
		" tasks_ended, gaps, missing, read_again, narrowed, part, rate,"
		" suspects, gone, rest_requests)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,"
		" $15, $16, $17, $18, $19, $20)"
		" ON CONFLICT (crawl_id, worker_no) DO UPDATE SET"
		" requests = k.requests + excluded.requests,"
		" points = k.points + excluded.points,"
		" wire_bytes = k.wire_bytes + excluded.wire_bytes,"
		" expected = k.expected + excluded.expected,"
		" seen = k.seen + excluded.seen,"
		" inserted = k.inserted + excluded.inserted,"
		" updated = k.updated + excluded.updated,"
		" tasks = k.tasks + excluded.tasks,"
		" tasks_ended = k.tasks_ended + excluded.tasks_ended,"
		" gaps = k.gaps + excluded.gaps,"
		" missing = k.missing + excluded.missing,"
		" read_again = k.read_again + excluded.read_again,"
		" narrowed = k.narrowed + excluded.narrowed,"
		" part = k.part + excluded.part,"
		" suspects = k.suspects + excluded.suspects, gone = k.gone + excluded.gone,"
		" rest_requests = k.rest_requests + excluded.rest_requests,"
		" rate = excluded.rate, updated_at = now()", "bibbbbbbbbbbbbbdrbbb", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), Int32GetDatum(worker_no),
		Int64GetDatum(counts->requests), Int64GetDatum(counts->points),
		Int64GetDatum(counts->wire_bytes), Int64GetDatum(counts->expected),
		Int64GetDatum(counts->seen), Int64GetDatum(counts->inserted),
		Int64GetDatum(counts->updated), Int64GetDatum(counts->tasks),
		Int64GetDatum(counts->tasks_ended), Int64GetDatum(counts->gaps),
		Int64GetDatum(counts->missing), Int64GetDatum(counts->read_again),
		Int64GetDatum(counts->narrowed), Float8GetDatum(counts->part),
		Float4GetDatum(counts->rate), Int64GetDatum(counts->suspects),
		Int64GetDatum(counts->gone), Int64GetDatum(counts->rest_requests)
	};

	ghc_db_run(&add, values, NULL);
}

bool
ghc_crawls_end(int64 crawl_id, const char *state, const char *reason)
{
	static GhcStatement lock = {
		"SELECT FROM ghcrawl.crawl WHERE crawl_id = $1 AND state = 'running'"
		" FOR NO KEY UPDATE SKIP LOCKED", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	if (ghc_db_run(&lock, values, NULL) == 0)
		return false;
	ghc_crawls_set_state(crawl_id, state, reason);
	return true;
}

/*
 * Have all ranges ended?  An empty queue alone doesn't say so while a dump is
 * being restored: tables come one after the other.
 */
static bool
no_task_is_open(int64 crawl_id)
{
	static GhcStatement check = {
		"SELECT WHERE EXISTS (SELECT FROM ghcrawl.task WHERE crawl_id = $1)"
		" AND NOT EXISTS (SELECT FROM ghcrawl.task WHERE crawl_id = $1"
		" AND state = ANY ('{ready,claimed}'))", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};

	return ghc_db_run(&check, values, NULL) > 0;
}

bool
ghc_crawls_end_if_done(int64 crawl_id)
{
	static GhcStatement ended = {
		"SELECT CASE WHEN (SELECT sum(k.gaps) FROM ghcrawl.crawl_counter k"
		" WHERE k.crawl_id = $1) > 0"
		" THEN 'done_with_gaps' ELSE 'done' END"
		" FROM ghcrawl.crawl c WHERE crawl_id = $1 AND state = 'running'"
		" AND NOT EXISTS (SELECT FROM ghcrawl.queue q WHERE q.crawl_id = $1)"
		" AND NOT EXISTS (SELECT FROM ghcrawl.claim m WHERE m.crawl_id = $1)"
		" FOR NO KEY UPDATE SKIP LOCKED", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};
	char	   *state;

	/*
	 * Twice: the first statement looked before it had the lock, so tasks may
	 * have been added meanwhile; whoever adds any to a crawl without tasks
	 * locks its row.
	 */
	if (ghc_db_run(&ended, values, NULL) == 0 ||
		ghc_db_run(&ended, values, NULL) == 0)
		return false;
	state = ghc_db_get_text(0, 1);
	if (!no_task_is_open(crawl_id))
		return false;
	if (ghc_tasks_add_sweeps(crawl_id) > 0 || ghc_seen_compare(crawl_id))
		return true;
	write_state(crawl_id, state, NULL);
	ghc_seen_tidy(crawl_id);
	ghc_walked_note(crawl_id);
	return true;
}
