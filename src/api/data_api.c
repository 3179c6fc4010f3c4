/*-------------------------------------------------------------------------
 *
 * data_api.c
 *	  SQL-callable functions about the data tables.
 *
 * IDENTIFICATION
 *	  src/api/data_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "api/api.h"
#include "base/compat.h"
#include "base/settings.h"
#include "store/batch.h"
#include "store/data.h"

PG_FUNCTION_INFO_V1(ghcrawl_create_tables);
PG_FUNCTION_INFO_V1(ghcrawl_batch);

Datum
ghcrawl_create_tables(PG_FUNCTION_ARGS)
{
	char	   *schema = pstrdup(NameStr(*PG_GETARG_NAME(0)));

	ghc_api_require_primary();
	ghc_data_create(schema, ghc_api_url);
	PG_RETURN_TEXT_P(cstring_to_text(schema));
}

/*
 * ghcrawl.batch() returns setof record
 *		The rows that this process is about to store; see store/batch.h.
 */
Datum
ghcrawl_batch(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	ghc_batch_emit(result->setResult, result->setDesc);
	return (Datum) 0;
}
