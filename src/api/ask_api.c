/*-------------------------------------------------------------------------
 *
 * ask_api.c
 *	  SQL-callable functions that wait for what GitHub says.
 *
 * They write nothing in the caller's transaction; see crawl/ask.h.
 *
 * IDENTIFICATION
 *	  src/api/ask_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "api/api.h"
#include "api/selection_args.h"
#include "base/compat.h"
#include "base/settings.h"
#include "crawl/ask.h"
#include "store/data.h"
#include "store/db.h"
#include "store/questions.h"
#include "store/values.h"
#include "store/walked.h"

PG_FUNCTION_INFO_V1(ghcrawl_plan);
PG_FUNCTION_INFO_V1(ghcrawl_verify_tokens);

/* where rows go */
typedef struct AnswerRows
{
	ReturnSetInfo *info;
	AttInMetadata *types;
} AnswerRows;

static void
add_row(void *state, char **values)
{
	AnswerRows	   *result = state;

	tuplestore_puttuple(result->info->setResult,
						BuildTupleFromCStrings(result->types, values));
}

/* Asks; the rows become those of the function. */
static Datum
return_answer(FunctionCallInfo fcinfo, const GhcAsk *ask,
			  void (*row) (void *state, char **values))
{
	AnswerRows		result;

	InitMaterializedSRF(fcinfo, 0);
	result.info = (ReturnSetInfo *) fcinfo->resultinfo;
	result.types = TupleDescGetAttInMetadata(result.info->setDesc);
	ghc_ask(ask, row, &result);
	return (Datum) 0;
}

/* How many ids of a span were walked not long ago; the user is told. */
static int64
count_walked(const char *query)
{
	GhcSlice	text = ghc_slice_of(query);
	char	   *schema = ghc_data_find(ghc_api_url);
	int64		walked = 0;
	GhcSpan		span;
	GhcSpan    *parts;
	int			n;

	if (schema == NULL || ghc_walk_interval_min <= 0 || !ghc_span_take(&text, &span) ||
		ghc_walked_greatest(schema) == 0)
		return 0;
	n = ghc_walked_load(schema, &span, ghc_walk_interval_min, &parts);
	for (int i = 0; i < n; i++)
		walked += parts[i].hi - parts[i].lo + 1;
	if (walked > 0)
		ereport(NOTICE,
				(errmsg("%lld of the ids were walked within \"%s\"",
						(long long) walked, "ghcrawl.walk_interval"),
				 errdetail("Of these the REST API is not asked; those that the data table has are looked up.")));
	return walked;
}

Datum
ghcrawl_plan(PG_FUNCTION_ARGS)
{
	GhcAsk		ask = {GHC_ASK_PLAN,.schema = ""};
	GhcRoot		root;
	GhcDbScope	scope;
	int64		walked = 0;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("selection and profile must not be null")));
	ghc_api_require_primary();
	ask.profile = text_to_cstring(PG_GETARG_TEXT_PP(1));
	ask.api_url = ghc_api_url;
	ghc_selection_args_root(text_to_cstring(PG_GETARG_TEXT_PP(0)), &root);
	ask.root = root.text;
	ask.position = root.position;
	ghc_db_enter(&scope);
	ghc_selection_args_check(ask.profile);
	if (strcmp(root.kind, "span") == 0)
		walked = count_walked(root.query);
	ghc_db_leave(&scope);
	if (walked > 0)
		ask.root = psprintf("%s walked:%lld", root.query, (long long) walked);
	return return_answer(fcinfo, &ask, add_row);
}

/* A row of ghcrawl_verify_tokens; the column behind the last is no value. */
static void
add_check(void *state, char **values)
{
	const char *login = values[1];
	const char *names = values[GHC_CHECK_COLUMNS - 1];

	add_row(state, values);
	if (names != NULL)
		ereport(NOTICE,
				(errmsg("tokens %s share one budget, that of \"%s\"",
						names, login),
				 errhint("Several tokens of one account bring more reliability, not more quota.")));
}

Datum
ghcrawl_verify_tokens(PG_FUNCTION_ARGS)
{
	GhcAsk		ask = {GHC_ASK_VERIFY, "", "", "",.schema = ""};

	ghc_api_require_primary();
	return return_answer(fcinfo, &ask, add_check);
}
