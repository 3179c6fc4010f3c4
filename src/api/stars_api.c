/*-------------------------------------------------------------------------
 *
 * stars_api.c
 *	  SQL-callable functions that read star histories.
 *
 * Which weeks are to be read is decided here, in the caller's transaction: they
 * stand in the tasks, which any worker takes up after the commit.
 *
 * IDENTIFICATION
 *	  src/api/stars_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "api/crawl_api.h"
#include "base/settings.h"
#include "crawl/stars.h"
#include "github/item.h"
#include "store/data.h"
#include "store/db.h"
#include "store/star_history.h"
#include "store/tasks.h"
#include "store/values.h"

PG_FUNCTION_INFO_V1(ghcrawl_backfill_stars);
PG_FUNCTION_INFO_V1(ghcrawl_backfill_stars_by_id);
PG_FUNCTION_INFO_V1(ghcrawl_backfill_stars_variadic);

/* as people see it */
#define NOUN "star history"

/* no crawl asks GraphQL here: any profile will do, and this one says it */
#define PROFILE "stars"

/*
 * Repositories of a task, which reads one after the other: so few that some tasks can be
 * under way at once, and so many that a task isn't most of the work.
 */
#define IDS_PER_TASK 10
#define TASKS_WANTED 16

/* tasks that are inserted at once */
#define TASKS_AT_ONCE 1000

/* items that an error shows, and how much of one that can't be read */
#define MAX_SHOWN 3
#define MAX_SHOWN_BYTES 100

/* what a user asked for */
typedef struct Request
{
	const char *schema;
	bool		again;
	bool		skip_unknown;
	int			priority;

	int64	   *ids;			/* as they were given, or found by name */
	int			n_ids;
	char	  **names;			/* in lower case */
	int			n_names;

	GhcStarWish *wishes;		/* of those that are stored, ascending, each once */
	int			n;
	int			n_unknown;
	StringInfoData shown;		/* some that aren't */
} Request;

static void
note_unknown(Request *request, const char *item)
{
	if (++request->n_unknown <= MAX_SHOWN)
		appendStringInfo(&request->shown, "%s%s", request->n_unknown > 1 ? ", " : "", item);
}

/* ---------------------------------------------------------------------------
 * which repositories
 * ---------------------------------------------------------------------------
 */

static void
take_item(Request *request, GhcSlice text, GhcSlice host)
{
	GhcItem		item;

	if (!ghc_item_parse(text, host, &item))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%.*s\" names no repository",
						pg_mbcliplen(text.data, text.len, MAX_SHOWN_BYTES), text.data),
				 errhint("An item is owner/name, an address of the repository at %.*s, its id or its node id.",
						 (int) host.len, host.data)));
	if (item.id != 0)
		request->ids[request->n_ids++] = item.id;
	else
		request->names[request->n_names++] =
			asc_tolower(psprintf("%.*s/%.*s", (int) item.name.owner.len, item.name.owner.data,
								 (int) item.name.name.len, item.name.name.data),
						item.name.owner.len + 1 + item.name.name.len);
}

static void
read_items(Request *request, ArrayType *array)
{
	GhcSlice	host = ghc_item_host(ghc_slice_of(ghc_api_url));
	bool		by_id = ARR_ELEMTYPE(array) == INT8OID;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *items;
	bool	   *nulls;
	int			n;

	get_typlenbyvalalign(ARR_ELEMTYPE(array), &typlen, &typbyval, &typalign);
	deconstruct_array(array, ARR_ELEMTYPE(array), typlen, typbyval, typalign,
					  &items, &nulls, &n);
	request->ids = palloc_extended(Max(n, 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	request->names = palloc_extended(Max(n, 1) * sizeof(char *), MCXT_ALLOC_HUGE);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a repository must not be null")));
		if (by_id)
			request->ids[request->n_ids++] = DatumGetInt64(items[i]);
		else
		{
			text	   *value = DatumGetTextPP(items[i]);

			take_item(request, (GhcSlice) {
				VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)
			}, host);
		}
	}
}

/* Finds the ids behind names. */
static void
find_names(Request *request)
{
	uint64		n;

	if (request->n_names == 0)
		return;
	n = ghc_star_history_named(request->schema,
							   ghc_values_text_array(request->names, request->n_names));
	for (uint64 i = 0; i < n; i++)
	{
		int64		id = ghc_db_get_int8(i, 2);

		if (id == 0)
			note_unknown(request, ghc_db_get_text(i, 1));
		else
			request->ids[request->n_ids++] = id;
	}
}

static void
choose(Request *request)
{
	uint64		n;

	initStringInfo(&request->shown);
	find_names(request);
	n = ghc_star_history_known(request->schema,
							   ghc_values_int8_array(request->ids, request->n_ids),
							   request->again);
	request->wishes = palloc_extended(Max(n, 1) * sizeof(GhcStarWish), MCXT_ALLOC_HUGE);
	for (uint64 i = 0; i < n; i++)
	{
		bool		isnull;
		bool		is_stored = DatumGetBool(ghc_db_get(i, 2, &isnull));
		Datum		known = ghc_db_get(i, 3, &isnull);

		if (!is_stored)
		{
			note_unknown(request, ghc_db_get_text(i, 1));
			continue;
		}
		request->wishes[request->n++] = (GhcStarWish) {
			ghc_db_get_int8(i, 1),
			isnull ? 0 : DatumGetTimestampTz(known) / USECS_PER_SEC +
			(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY
		};
	}
	if (request->n_unknown > 0)
		ereport(request->skip_unknown ? NOTICE : ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg_plural("%d repository is not stored", "%d repositories are not stored",
							   request->n_unknown, request->n_unknown),
				 errdetail("Such as %s.", request->shown.data),
				 request->skip_unknown ? 0 :
				 errhint("Crawl them first, by ghcrawl_add_repositories. \"skip_unknown => true\" leaves them out.")));
}

/* ---------------------------------------------------------------------------
 * starting the crawl
 * ---------------------------------------------------------------------------
 */

static void
add_tasks(int64 crawl_id, const Request *request)
{
	int			per_task = Max(1, Min(IDS_PER_TASK, request->n / TASKS_WANTED));
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ghcrawl stars",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);

	for (int from = 0; from < request->n;)
	{
		GhcChildRows rows = {
			.kind = "stars",.queries = palloc(TASKS_AT_ONCE * sizeof(char *)),
			.positions = palloc(TASKS_AT_ONCE * sizeof(int64)),
			.promised = palloc(TASKS_AT_ONCE * sizeof(int64)),
			.weights = palloc(TASKS_AT_ONCE * sizeof(double))
		};

		for (; rows.n < TASKS_AT_ONCE && from < request->n; rows.n++)
		{
			int			n = Min(per_task, request->n - from);
			GhcBuffer	text = {0};

			ghc_stars_format(request->wishes + from, n, &text);
			rows.queries[rows.n] = ghc_values_take(&text);
			rows.positions[rows.n] = from;
			rows.promised[rows.n] = n;
			rows.weights[rows.n] = (double) n / request->n;
			from += n;
		}
		ghc_tasks_add_roots(crawl_id, &rows);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}

/* What tells the crawl from others: the same ids, read in the same way. */
static char *
name_query(const Request *request)
{
	int64	   *ids = palloc_extended((request->n + 1) * sizeof(int64), MCXT_ALLOC_HUGE);
	Datum		values[1];

	for (int i = 0; i < request->n; i++)
		ids[i] = request->wishes[i].repo_id;
	ids[request->n] = request->again;
	values[0] = ghc_values_int8_array(ids, request->n + 1);
	ghc_db_run_once("SELECT left(encode(sha256(array_send($1)), 'hex'), 32)", "B", values, NULL);
	return psprintf(GHC_CRAWLS_STARS " %s", ghc_db_get_text(0, 1));
}

/* The data tables, which get what they lack from earlier versions. */
static char *
require_tables(void)
{
	char	   *schema = ghc_api_require_data();

	if (!ghc_data_has_table(schema, GHC_STAR_HISTORY_TABLE, ghc_data_owner(schema)))
		ghc_data_create(schema, ghc_api_url, 0);
	return schema;
}

/* Starts reading histories; 0 if there are none to read. */
static int64
start(Request *request, ArrayType *array)
{
	GhcNewCrawl crawl = {
		.profile = PROFILE,.priority = request->priority,.max_repositories = -1
	};
	GhcDbScope	scope;
	bool		is_new;
	int64		id = 0;

	ghc_api_require_writable();
	request->schema = require_tables();
	read_items(request, array);
	ghc_crawl_api_prepare(&crawl);

	ghc_db_enter(&scope);
	choose(request);
	if (request->n > 0)
	{
		crawl.selection = psprintf(NOUN " of %d %s%s", request->n,
								   request->n == 1 ? "repository" : "repositories",
								   request->again ? ", all of it again" : "");
		crawl.query = name_query(request);
		id = ghc_crawl_api_insert(&crawl, &is_new);
		if (is_new)
			add_tasks(id, request);
		ghc_crawl_api_start_workers();
	}
	else
		ereport(NOTICE, (errmsg("there are no repositories to read the " NOUN " of")));
	ghc_db_leave(&scope);
	return id;
}

static Datum
start_with_options(FunctionCallInfo fcinfo, Oid type)
{
	Request		request = {0};
	int64		id;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("again, priority and skip_unknown must not be null")));
	request.again = PG_GETARG_BOOL(1);
	request.priority = PG_GETARG_INT32(2);
	request.skip_unknown = PG_GETARG_BOOL(3);
	/* array_agg of no rows is null */
	id = start(&request, PG_ARGISNULL(0) ? construct_empty_array(type) :
			   PG_GETARG_ARRAYTYPE_P(0));
	if (id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}

/*
 * ghcrawl_backfill_stars(repositories text[] | bigint[], again, priority, skip_unknown)
 *		Starts reading when stars were given to repositories that are stored.
 */
Datum
ghcrawl_backfill_stars(PG_FUNCTION_ARGS)
{
	return start_with_options(fcinfo, TEXTOID);
}

Datum
ghcrawl_backfill_stars_by_id(PG_FUNCTION_ARGS)
{
	return start_with_options(fcinfo, INT8OID);
}

Datum
ghcrawl_backfill_stars_variadic(PG_FUNCTION_ARGS)
{
	Request		request = {0};
	int64		id = start(&request, PG_ARGISNULL(0) ? construct_empty_array(TEXTOID) :
						   PG_GETARG_ARRAYTYPE_P(0));

	if (id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}
