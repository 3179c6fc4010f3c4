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

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "api/api.h"
#include "base/compat.h"
#include "base/settings.h"
#include "store/batch.h"
#include "store/data.h"
#include "store/indexes.h"

/* each costs the planner, and a worker some memory */
#define MAX_PARTITIONS 256

PG_FUNCTION_INFO_V1(ghcrawl_create_tables);
PG_FUNCTION_INFO_V1(ghcrawl_batch);
PG_FUNCTION_INFO_V1(ghcrawl_index_statements);

char *
ghc_api_require_data(void)
{
	char	   *schema = ghc_data_find(ghc_api_url);

	if (schema == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there are no data tables of \"%s\" yet", ghc_api_url),
				 errhint("The first crawl makes them, or ghcrawl_create_tables().")));
	return schema;
}

Datum
ghcrawl_create_tables(PG_FUNCTION_ARGS)
{
	char	   *schema = pstrdup(NameStr(*PG_GETARG_NAME(0)));
	int			n_partitions = PG_GETARG_INT32(1);

	ghc_api_require_writable();
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

/*
 * ghcrawl_index_statements(wanted text[]) returns setof text
 *		What to run to have indexes on the data tables, for psql's \gexec.
 */
Datum
ghcrawl_index_statements(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ArrayType  *wanted = PG_GETARG_ARRAYTYPE_P(0);
	char	   *schema = ghc_api_require_data();
	Datum	   *names;
	bool	   *isnull;
	int			n;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	deconstruct_array(wanted, TEXTOID, -1, false, TYPALIGN_INT, &names, &isnull, &n);
	for (int i = 0; i < n; i++)
	{
		ListCell   *cell;

		if (isnull[i])
			continue;
		foreach(cell, ghc_indexes_statements(schema, TextDatumGetCString(names[i])))
		{
			Datum		value = CStringGetTextDatum(lfirst(cell));
			bool		no = false;

			tuplestore_putvalues(result->setResult, result->setDesc, &value, &no);
		}
	}
	return (Datum) 0;
}
