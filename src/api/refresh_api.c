/*-------------------------------------------------------------------------
 *
 * refresh_api.c
 *	  The SQL-callable function that looks again at what is overdue, and the
 *	  trigger of its targets.
 *
 * Choosing takes seconds where many repositories are stored, and is
 * done here, in the caller's transaction: what is chosen are tasks, which any
 * worker takes up after the commit.
 *
 * IDENTIFICATION
 *	  src/api/refresh_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "api/api.h"
#include "api/crawl_api.h"
#include "base/settings.h"
#include "store/data.h"
#include "store/db.h"
#include "store/refreshes.h"

PG_FUNCTION_INFO_V1(ghcrawl_refresh);
PG_FUNCTION_INFO_V1(ghcrawl_replace_target);

/* as people see it; the query is one that no selection can have */
#define SELECTION "refresh"

/* An interval in microseconds, a month being 30 days. */
static int64
microseconds_of(const Interval *interval)
{
	double		sum = interval->time +
		(interval->day + 30.0 * interval->month) * USECS_PER_DAY;

	if (!(sum > 0 && sum <= 366.0 * USECS_PER_DAY))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"every\" must be more than nothing and no more than a year")));
	return (int64) sum;
}

static void
read_arguments(FunctionCallInfo fcinfo, GhcNewCrawl *crawl, GhcOverdue *overdue)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("every, profile and priority must not be null")));
	overdue->soon = microseconds_of(PG_GETARG_INTERVAL_P(0));
	if (!PG_ARGISNULL(1))
	{
		if (PG_GETARG_INT64(1) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("max_points must be greater than zero")));
		overdue->most = Min(PG_GETARG_INT64(1), PG_INT32_MAX) * GHC_MAX_MEMBERS;
	}
	crawl->selection = SELECTION;
	crawl->query = GHC_REFRESHES_QUERY;
	crawl->max_repositories = -1;
	crawl->profile = text_to_cstring(PG_GETARG_TEXT_PP(2));
	crawl->priority = PG_GETARG_INT32(3);
}

/* The owner of the data tables, which get what they lack from earlier versions. */
static Oid
require_tables(const char *schema)
{
	Oid			owner = ghc_data_owner(schema);

	if (!OidIsValid(owner) || !ghc_data_has_table(schema, "repository_look", owner))
	{
		ghc_data_create(schema, ghc_api_url, 0);
		owner = ghc_data_owner(schema);
	}
	return owner;
}

/* Stars say who is looked at and how often: a look that doesn't bring them is none. */
static void
require_stars(const char *profile)
{
	Datum		values[] = {CStringGetTextDatum(profile)};

	if (ghc_db_run_once("SELECT FROM ghcrawl.profile WHERE name = $1 AND columns @> '{stars}'",
						"t", values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("profile \"%s\" does not ask for stars", profile),
				 errdetail("Who is looked at, and how often, goes by stars."),
				 errhint("Use 'flat', or a profile that has them among its columns.")));
}

/* Chooses and starts a crawl; 0 if nothing is due. */
static int64
start_refresh(GhcNewCrawl *crawl, GhcOverdue *overdue)
{
	int64		allowed = ghc_refreshes_allowance(crawl->api_url, overdue->soon);
	int64		id = 0;
	bool		is_new = true;

	overdue->most = overdue->most > 0 ? Min(overdue->most, allowed) : allowed;
	overdue->now = GetCurrentTimestamp();
	ghc_refreshes_choose(overdue);
	if (overdue->n > 0)
		id = ghc_crawl_api_insert(crawl, &is_new);
	else
		ereport(NOTICE,
				(errmsg("nothing is older than asked for"),
				 errhint("SELECT * FROM ghcrawl.freshness.")));
	if (is_new)
		ghc_refreshes_begin(overdue, id);
	return id;
}

Datum
ghcrawl_refresh(PG_FUNCTION_ARGS)
{
	GhcNewCrawl crawl = {0};
	GhcOverdue	overdue = {0};
	GhcDbScope	scope;
	int64		id;

	ghc_api_require_writable();
	read_arguments(fcinfo, &crawl, &overdue);
	ghc_crawl_api_prepare(&crawl);
	overdue.schema = crawl.data_schema;
	overdue.owner = require_tables(overdue.schema);

	ghc_db_enter(&scope);
	require_stars(crawl.profile);
	id = ghc_refreshes_lock(overdue.schema);
	if (id != 0)
		ereport(NOTICE,
				(errmsg("crawl %lld is refreshing already", (long long) id),
				 errhint("If it is paused, use ghcrawl_resume(%lld).", (long long) id)));
	else
		id = start_refresh(&crawl, &overdue);
	if (id != 0)
		ghc_crawl_api_start_workers();
	ghc_db_leave(&scope);
	if (id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}

/*
 * Before a row of ghcrawl.freshness_target is added, the one that came with the
 * extension for as many stars goes.  A dump has only those that were edited.
 */
Datum
ghcrawl_replace_target(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	bool		isnull;
	Datum		stars_from;
	GhcDbScope	scope;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		!TRIGGER_FIRED_BEFORE(trigger->tg_event) || !TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function was not called by its trigger")));
	stars_from = heap_getattr(trigger->tg_trigtuple, 1,
							  RelationGetDescr(trigger->tg_relation), &isnull);
	if (!isnull)
	{
		static GhcStatement replace = {
			"DELETE FROM ghcrawl.freshness_target WHERE stars_from = $1 AND builtin",
			"i", NULL
		};

		ghc_db_enter(&scope);
		ghc_db_run(&replace, &stars_from, NULL);
		ghc_db_leave(&scope);
	}
	return PointerGetDatum(trigger->tg_trigtuple);
}
