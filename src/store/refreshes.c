/*-------------------------------------------------------------------------
 *
 * refreshes.c
 *	  Crawls that look again at what is overdue; see refreshes.h.
 *
 * IDENTIFICATION
 *	  src/store/refreshes.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "base/idlist.h"
#include "github/members.h"
#include "store/ages.h"
#include "store/db.h"
#include "store/hints.h"
#include "store/refreshes.h"
#include "store/roster.h"
#include "store/tasks.h"
#include "store/values.h"

/* no run is made of more; each takes some bytes of memory */
#define MOST_LOOKS 1000000

/* what is taken of a budget that is not known yet */
#define UNKNOWN_POINTS 5000

/* tasks that are added at once */
#define ADD_TASKS 200

static void
name_value(Datum *value, NameData *name, const char *text)
{
	namestrcpy(name, text);
	*value = NameGetDatum(name);
}

int64
ghc_refreshes_lock(const char *schema)
{
	static GhcStatement make = {
		"INSERT INTO ghcrawl.refresh (data_schema) VALUES ($1) ON CONFLICT DO NOTHING",
		"n", NULL
	};
	static GhcStatement lock = {
		"SELECT FROM ghcrawl.refresh WHERE data_schema = $1 FOR UPDATE", "n", NULL
	};
	static GhcStatement running = {
		"SELECT c.crawl_id FROM ghcrawl.refresh r JOIN ghcrawl.crawl c USING (crawl_id)"
		" WHERE r.data_schema = $1 AND c.state = ANY ('{running,paused}')", "n", NULL
	};
	NameData	name;
	Datum		values[1];

	name_value(values, &name, schema);
	ghc_db_run(&make, values, NULL);
	ghc_db_run(&lock, values, NULL);
	return ghc_db_run(&running, values, NULL) > 0 ? ghc_db_get_int8(0, 1) : 0;
}

int64
ghc_refreshes_allowance(const char *api_url, int64 microseconds)
{
	static GhcStatement allowance = {
		"SELECT coalesce(sum(LEAST("
		" CASE WHEN NOT b.unmetered AND b.points_hour > 0"
		" THEN b.points_hour * (1 - b.reserve / 100.0) * $2 / 3600e6"
		"  * GREATEST(100, s.per_point) END,"
		" CASE WHEN NOT b.unmetered AND b.response_ms_minute > 0"
		" THEN b.response_ms_minute * (1 - b.reserve / 100.0) * $2 / 60e6 / s.ms END,"
		" $3))::float8,"
		" LEAST($3, (SELECT count(*) FROM ghcrawl.token WHERE api_url = $1)"
		" * $4::float8 * 100 * $2 / 3600e6))"
		" FROM ghcrawl.budget b"
		" LEFT JOIN (SELECT nullif(sum(ms::float8), 0) / nullif(sum(repositories::float8), 0) AS ms,"
		"  sum(repositories::float8) / nullif(sum(points), 0) AS per_point"
		" FROM ghcrawl.traffic WHERE api_url = $1 AND seconds = 60 AND kind = 'list'"
		" AND repositories > 0) s ON true"
		" WHERE b.api_url = $1", "tddi", NULL
	};
	Datum		values[] = {
		CStringGetTextDatum(api_url), Float8GetDatum((double) microseconds),
		Float8GetDatum(MOST_LOOKS), Int32GetDatum(UNKNOWN_POINTS)
	};

	ghc_db_run(&allowance, values, NULL);
	return (int64) Max(1, Min(MOST_LOOKS, ghc_db_get_float8(0, 1)));
}

static void
forget_old(const char *schema)
{
	static GhcStatement forget = {
		"WITH old AS (DELETE FROM ghcrawl.crawl WHERE data_schema = $1"
		" AND query = '" GHC_REFRESHES_QUERY "' AND finished_at < now() - interval '7 days'"
		" RETURNING crawl_id),"
		" k AS (DELETE FROM ghcrawl.crawl_counter k USING old WHERE k.crawl_id = old.crawl_id)"
		" DELETE FROM ghcrawl.task t USING old WHERE t.crawl_id = old.crawl_id", "n", NULL
	};
	NameData	name;
	Datum		values[1];

	name_value(values, &name, schema);
	ghc_db_run(&forget, values, NULL);
}

void
ghc_refreshes_choose(GhcOverdue *overdue)
{
	overdue->targets = ghc_targets_load(overdue->schema);
	ghc_blocks_settle(overdue->schema);
	ghc_hints_settle(overdue->schema);
	forget_old(overdue->schema);
	ghc_roster_extend(overdue->schema, overdue->owner, overdue->targets);
	ghc_blocks_take_walks(overdue->schema);
	ghc_ages_measure(overdue->schema, overdue->owner, overdue->targets, overdue->now);
	ghc_overdue_choose(overdue);
}

/* The text of a task for n ids, palloc'd; sorts them. */
static char *
compose_task(int64 *ids, int n)
{
	GhcMembers *members = palloc0(sizeof(GhcMembers));
	GhcBuffer	text = {0};

	ghc_idlist_sort(ids, n);
	ghc_range_init(&members->range);
	memcpy(members->ids, ids, n * sizeof(int64));
	members->n = n;
	ghc_members_format(members, &text);
	pfree(members);
	return ghc_values_take(&text);
}

/* Adds tasks for the ids from one on; returns where the rest begins. */
static int64
add_some(const GhcOverdue *overdue, int64 crawl_id, int64 from)
{
	GhcChildRows rows = {
		0, "fill", palloc(ADD_TASKS * sizeof(char *)),
		palloc(ADD_TASKS * sizeof(int64)), palloc(ADD_TASKS * sizeof(int64)),
		NULL, palloc(ADD_TASKS * sizeof(double))
	};

	for (; rows.n < ADD_TASKS && from < overdue->n; from += GHC_MAX_MEMBERS)
	{
		int			n = (int) Min(GHC_MAX_MEMBERS, overdue->n - from);
		int			i = rows.n++;

		rows.queries[i] = compose_task(overdue->ids + from, n);
		/* the first ones are claimed first */
		rows.positions[i] = from;
		rows.promised[i] = n;
		rows.weights[i] = (double) n / overdue->n;
	}
	ghc_tasks_add_roots(crawl_id, &rows);
	return from;
}

static void
note_run(const GhcOverdue *overdue, int64 crawl_id)
{
	static GhcStatement note = {
		"UPDATE ghcrawl.refresh SET crawl_id = coalesce(nullif($2, 0), crawl_id),"
		" every = make_interval(secs => $3), looks = $4, left_out = $5, ran_at = now()"
		" WHERE data_schema = $1", "nbdbb", NULL
	};
	NameData	name;
	Datum		values[5] = {
		(Datum) 0, Int64GetDatum(crawl_id),
		Float8GetDatum((double) overdue->soon / USECS_PER_SEC),
		Int64GetDatum(overdue->n), Int64GetDatum(overdue->left_out)
	};

	name_value(values, &name, overdue->schema);
	ghc_db_run(&note, values, NULL);
}

void
ghc_refreshes_begin(const GhcOverdue *overdue, int64 crawl_id)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "ghcrawl refresh",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);

	for (int64 from = 0; from < overdue->n;)
	{
		int64		next = add_some(overdue, crawl_id, from);

		CHECK_FOR_INTERRUPTS();
		ghc_hints_begin(overdue->schema, overdue->ids + from, (int) (next - from), crawl_id);
		from = next;
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
	ghc_blocks_begin(overdue->schema, overdue->blocks, overdue->n_blocks, crawl_id);
	note_run(overdue, crawl_id);
}
