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

/* each costs the planner, and a worker some memory */
#define MAX_PARTITIONS 256

PG_FUNCTION_INFO_V1(ghcrawl_create_tables);
PG_FUNCTION_INFO_V1(ghcrawl_batch);

Datum
ghcrawl_create_tables(PG_FUNCTION_ARGS)
{
	char	   *schema = pstrdup(NameStr(*PG_GETARG_NAME(0)));
	int			n_partitions = PG_GETARG_INT32(1);

	ghc_api_require_primary();
	if (n_partitions < 0 || n_partitions > MAX_PARTITIONS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("hash_partitions must be from 0 to %d", MAX_PARTITIONS)));
	ghc_data_create(schema, ghc_api_url, n_partitions);
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
