/*-------------------------------------------------------------------------
 *
 * limits_api.c
 *	  The SQL-callable function that sets a budget's limits.
 *
 * IDENTIFICATION
 *	  src/api/limits_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "api/api.h"
#include "crawl/launch.h"
#include "store/db.h"
#include "store/tokens.h"

/* more would overflow what is reckoned from them */
#define MAX_POINTS INT64CONST(1000000000000)

/* more seconds of response time a minute than requests at once can use up */
#define MAX_RESPONSE_S (GHC_MAX_CONCURRENT * 60)

PG_FUNCTION_INFO_V1(ghcrawl_set_limits);

static void
check_range(const char *name, double value, double least, double most)
{
	if (!(value >= least && value <= most))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between %.0f and %.0f", name, least, most)));
}

/* An integer argument, -1 if it is null. */
static int
integer_or_unset(FunctionCallInfo fcinfo, int number, const char *name,
				 int least, int most)
{
	if (PG_ARGISNULL(number))
		return -1;
	check_range(name, PG_GETARG_INT32(number), least, most);
	return PG_GETARG_INT32(number);
}

static void
read_change(FunctionCallInfo fcinfo, GhcLimitsChange *change)
{
	change->points_hour = -1;
	if (!PG_ARGISNULL(1))
	{
		change->points_hour = PG_GETARG_INT64(1);
		check_range("points_hour", (double) change->points_hour, 0,
					(double) MAX_POINTS);
	}
	change->requests_minute = integer_or_unset(fcinfo, 2, "requests_minute",
											   0, PG_INT32_MAX);
	change->response_ms_minute = -1;
	if (!PG_ARGISNULL(3))
	{
		double		seconds = DatumGetFloat8(DirectFunctionCall1(numeric_float8,
																 PG_GETARG_DATUM(3)));

		check_range("response_seconds", seconds, 0, MAX_RESPONSE_S);
		/* 0 is no limit, so the shortest must not become it */
		change->response_ms_minute = seconds > 0 ? Max(1, (int) rint(seconds * 1000)) : 0;
	}
	change->concurrent = integer_or_unset(fcinfo, 4, "concurrent",
										  1, GHC_MAX_CONCURRENT);
	change->reserve = integer_or_unset(fcinfo, 5, "reserve",
									   0, GHC_MAX_RESERVE);
}

/*
 * ghcrawl_set_limits(token text, points_hour bigint, requests_minute int,
 *					  response_seconds numeric, concurrent int, reserve int)
 *		Sets limits of the budget that a token belongs to.
 */
Datum
ghcrawl_set_limits(PG_FUNCTION_ARGS)
{
	GhcLimitsChange change;
	GhcDbScope	scope;
	char	   *token;
	int			budget_id;

	ghc_api_require_writable();
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("token must not be null")));
	token = text_to_cstring(PG_GETARG_TEXT_PP(0));
	read_change(fcinfo, &change);
	ghc_db_enter(&scope);
	if (!ghc_tokens_find_budget(token, &budget_id))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("token \"%s\" does not exist", token),
				 errhint("SELECT name FROM ghcrawl.tokens.")));
	if (budget_id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("it is not known yet whose token \"%s\" is", token),
				 errdetail("Limits belong to GitHub's user, whom all of his tokens share."),
				 errhint("SELECT * FROM ghcrawl_verify_tokens() asks GitHub.")));
	ghc_budgets_set_limits(budget_id, &change);
	ghc_launch_wake();
	ghc_db_leave(&scope);
	PG_RETURN_VOID();
}
