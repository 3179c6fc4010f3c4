/*-------------------------------------------------------------------------
 *
 * forget_api.c
 *	  SQL-callable functions that forget repositories and owners.
 *
 * IDENTIFICATION
 *	  src/api/forget_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "api/api.h"
#include "base/compat.h"
#include "store/forget.h"
#include "store/locks.h"

PG_FUNCTION_INFO_V1(ghcrawl_forget);
PG_FUNCTION_INFO_V1(ghcrawl_forget_by_id);
PG_FUNCTION_INFO_V1(ghcrawl_forget_owner);
PG_FUNCTION_INFO_V1(ghcrawl_forget_owner_by_id);

static Datum
forget(FunctionCallInfo fcinfo, GhcForget *what)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell   *cell;

	ghc_api_require_writable();
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	what->reason = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));
	/* two at once would wait for each other's rows and locks */
	ghc_locks_wait_for_data();
	foreach(cell, ghc_forget(ghc_api_require_data(), what))
	{
		const GhcErased *erased = lfirst(cell);
		Datum		values[] = {
			CStringGetTextDatum(erased->table), Int64GetDatum((int64) erased->n)
		};
		bool		isnull[] = {false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	return (Datum) 0;
}

static void
require_argument(FunctionCallInfo fcinfo, const char *name)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
}

static Datum
forget_by_name(FunctionCallInfo fcinfo, const char *argument, bool is_owner)
{
	GhcForget	what = {.is_owner = is_owner};

	require_argument(fcinfo, argument);
	what.name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if ((strchr(what.name, '/') == NULL) != is_owner)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be %s", argument, is_owner ? "a login" : "owner/name"),
				 is_owner ? errhint("ghcrawl_forget forgets a repository.") :
				 errhint("Or GitHub's number of it, without quotes. ghcrawl_forget_owner forgets all repositories of an owner.")));
	return forget(fcinfo, &what);
}

static Datum
forget_by_id(FunctionCallInfo fcinfo, const char *argument, bool is_owner)
{
	GhcForget	what = {.is_owner = is_owner};

	require_argument(fcinfo, argument);
	what.id = PG_GETARG_INT64(0);
	if (what.id <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be GitHub's number of it, above 0", argument)));
	return forget(fcinfo, &what);
}

/*
 * ghcrawl_forget(repository text | bigint, reason text)
 *		Erases a repository for good.
 */
Datum
ghcrawl_forget(PG_FUNCTION_ARGS)
{
	return forget_by_name(fcinfo, "repository", false);
}

Datum
ghcrawl_forget_by_id(PG_FUNCTION_ARGS)
{
	return forget_by_id(fcinfo, "repository", false);
}

/*
 * ghcrawl_forget_owner(owner text | bigint, reason text)
 *		Erases an owner's repositories for good.
 */
Datum
ghcrawl_forget_owner(PG_FUNCTION_ARGS)
{
	return forget_by_name(fcinfo, "owner", true);
}

Datum
ghcrawl_forget_owner_by_id(PG_FUNCTION_ARGS)
{
	return forget_by_id(fcinfo, "owner", true);
}
