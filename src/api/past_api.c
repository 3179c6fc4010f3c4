/*-------------------------------------------------------------------------
 *
 * past_api.c
 *	  SQL-callable functions that tell how repositories were.
 *
 * They read the data tables in the caller's name, so that his rights, and row
 * security, are what they always are.
 *
 * IDENTIFICATION
 *	  src/api/past_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "api/api.h"
#include "base/compat.h"
#include "base/settings.h"
#include "github/item.h"
#include "store/data.h"
#include "store/db.h"
#include "store/names.h"
#include "store/past.h"
#include "store/star_history.h"

PG_FUNCTION_INFO_V1(ghcrawl_stars);
PG_FUNCTION_INFO_V1(ghcrawl_stars_by_id);
PG_FUNCTION_INFO_V1(ghcrawl_at);
PG_FUNCTION_INFO_V1(ghcrawl_star_changes);

static void
require_order(bool in_order)
{
	if (!in_order)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("since must not be after until")));
}

/* Runs a statement of past.h into the function's result. */
static void
fill(FunctionCallInfo fcinfo, const char *sql, const char *args, Datum *values,
	 const char *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	ghc_db_fill(sql, args, values, nulls, result->setResult, result->setDesc);
}

/* ---------------------------------------------------------------------------
 * stars of one repository
 * ---------------------------------------------------------------------------
 */

static void
refuse_unknown(const char *repository)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("repository \"%s\" is not stored", repository),
			 errhint("Crawl it first, by ghcrawl_add_repositories.")));
}

/* The repository that has a name or, if none has, had it; ghc_names_find's rows. */
static int64
find_name(const char *schema, const char *name)
{
	uint64		n = ghc_names_find(schema, name, NULL);
	bool		isnull;
	int64		id = n > 0 ? ghc_db_get_int8(0, 1) : 0;

	if (n == 0)
		refuse_unknown(name);
	for (uint64 i = 1; i < n && !DatumGetBool(ghc_db_get(0, 4, &isnull)); i++)
		if (ghc_db_get_int8(i, 1) != id)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
					 errmsg("\"%s\" has been the name of several", name),
					 errhint("Use one of the ids that ghcrawl_find tells.")));
	return id;
}

static int64
find_item(const char *schema, const char *text)
{
	GhcSlice	host = ghc_item_host(ghc_slice_of(ghc_api_url));
	GhcItem		item;

	if (!ghc_item_parse(ghc_slice_of(text), host, &item))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" names no repository", text),
				 errhint("Use owner/name, an address of the repository at %.*s, its id or its node id.",
						 (int) host.len, host.data)));
	if (item.id != 0)
		return item.id;
	return find_name(schema, psprintf("%.*s/%.*s", (int) item.name.owner.len, item.name.owner.data,
									  (int) item.name.name.len, item.name.name.data));
}

/* Tells that earlier days could be had. */
static void
hint_at_backfill(const char *schema, int64 id)
{
	Datum		values[] = {Int64GetDatum(id)};

	if (ghc_db_run_once(psprintf("SELECT FROM %s." GHC_STAR_HISTORY_TABLE " WHERE repo_id = $1",
								 quote_identifier(schema)), "b", values, NULL) == 0)
		ereport(NOTICE,
				(errmsg("of days before the first look nothing is stored"),
				 errhint("SELECT ghcrawl_backfill_stars('%lld') reads it from GitHub.", (long long) id)));
}

/* a date may be later than any moment */
#define LAST_DAY (TIMESTAMP_END_JULIAN - POSTGRES_EPOCH_JDATE - 1)

/* A day's midnight; infinite and null ones are no bounds. */
static Datum
midnight(FunctionCallInfo fcinfo, int i, char *null)
{
	*null = PG_ARGISNULL(i) || DATE_NOT_FINITE(PG_GETARG_DATEADT(i)) ? 'n' : ' ';
	return *null == 'n' ? (Datum) 0 :
		TimestampTzGetDatum(Min(PG_GETARG_DATEADT(i), LAST_DAY) * USECS_PER_DAY);
}

/* Did the days that are told begin later than those asked for?  Not if these are yet to come. */
static bool
begins_late(FunctionCallInfo fcinfo, bool has_since)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	TupleTableSlot *slot = MakeSingleTupleTableSlot(result->setDesc, &TTSOpsMinimalTuple);
	bool		isnull;
	bool		late = has_since &&
		PG_GETARG_DATEADT(1) <= GetCurrentTransactionStartTimestamp() / USECS_PER_DAY;

	if (tuplestore_gettupleslot(result->setResult, true, false, slot))
		late = has_since && DatumGetDateADT(slot_getattr(slot, 1, &isnull)) > PG_GETARG_DATEADT(1);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_rescan(result->setResult);
	return late;
}

static Datum
tell_stars(FunctionCallInfo fcinfo, const char *name, int64 id)
{
	char	   *schema = ghc_api_require_data();
	char		nulls[] = "   ";
	Datum		values[] = {
		(Datum) 0, midnight(fcinfo, 1, &nulls[1]), midnight(fcinfo, 2, &nulls[2])
	};
	GhcDbScope	scope;

	require_order(nulls[1] == 'n' || nulls[2] == 'n' ||
				  PG_GETARG_DATEADT(1) <= PG_GETARG_DATEADT(2));
	if (!ghc_data_has_table(schema, GHC_STAR_HISTORY_TABLE, ghc_data_owner(schema)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table \"" GHC_STAR_HISTORY_TABLE "\" in schema \"%s\"", schema),
				 errhint("SELECT ghcrawl_create_tables(%s) adds it.",
						 quote_literal_cstr(schema))));
	ghc_db_enter_as_caller(&scope);
	if (name != NULL)
		id = find_item(schema, name);
	values[0] = Int64GetDatum(id);
	if (ghc_db_run_once(psprintf("SELECT FROM %s.repository WHERE repo_id = $1",
								 quote_identifier(schema)), "b", values, NULL) == 0)
		refuse_unknown(name != NULL ? name : psprintf("%lld", (long long) id));
	fill(fcinfo, ghc_past_stars(quote_identifier(schema)), "bzz", values, nulls);
	if (begins_late(fcinfo, nulls[1] != 'n'))
		hint_at_backfill(schema, id);
	ghc_db_leave(&scope);
	return (Datum) 0;
}

/*
 * ghcrawl_stars(repository text | bigint, since date, until date)
 *		Stars of a repository by days.
 */
Datum
ghcrawl_stars(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("repository must not be null")));
	return tell_stars(fcinfo, text_to_cstring(PG_GETARG_TEXT_PP(0)), 0);
}

Datum
ghcrawl_stars_by_id(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("repository must not be null")));
	return tell_stars(fcinfo, NULL, PG_GETARG_INT64(0));
}

/* ---------------------------------------------------------------------------
 * all repositories
 * ---------------------------------------------------------------------------
 */

/*
 * ghcrawl_at(moment timestamptz)
 *		Repositories as they were.
 */
Datum
ghcrawl_at(PG_FUNCTION_ARGS)
{
	char	   *schema = ghc_api_require_data();
	Datum		values[] = {PG_GETARG_DATUM(0)};
	GhcDbScope	scope;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("moment must not be null")));
	ghc_db_enter_as_caller(&scope);
	ghc_past_require(schema, PG_GETARG_TIMESTAMPTZ(0));
	fill(fcinfo, ghc_past_at(quote_identifier(schema)), "z", values, NULL);
	ghc_db_leave(&scope);
	return (Datum) 0;
}

/*
 * ghcrawl_star_changes(since timestamptz, until timestamptz)
 *		Who gained and lost stars.
 */
Datum
ghcrawl_star_changes(PG_FUNCTION_ARGS)
{
	char	   *schema = ghc_api_require_data();
	bool		to_now = PG_ARGISNULL(1);
	Datum		values[] = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1)};
	GhcDbScope	scope;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("since must not be null")));
	require_order(to_now || PG_GETARG_TIMESTAMPTZ(0) <= PG_GETARG_TIMESTAMPTZ(1));
	ghc_db_enter_as_caller(&scope);
	fill(fcinfo, ghc_past_changes(quote_identifier(schema)), "zz", values, to_now ? " n" : NULL);
	ghc_db_leave(&scope);
	return (Datum) 0;
}
