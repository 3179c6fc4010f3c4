/*-------------------------------------------------------------------------
 *
 * names_api.c
 *	  The SQL-callable function that finds repositories by their names.
 *
 * IDENTIFICATION
 *	  src/api/names_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "api/api.h"
#include "base/compat.h"
#include "base/settings.h"
#include "store/data.h"
#include "store/names.h"

PG_FUNCTION_INFO_V1(ghcrawl_find);

/* What is read in the owner's name must be the caller's to read. */
static void
require_select(const char *schema, const char *table)
{
	Oid			relid = get_relname_relid(table, get_namespace_oid(schema, false));

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table \"%s\" in schema \"%s\"", table, schema)));
	if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK ||
		check_enable_rls(relid, GetUserId(), true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for table %s", table),
				 errdetail("ghcrawl_find needs to read all of \"%s.%s\".", schema, table)));
}

/*
 * ghcrawl_find(name text, at timestamptz)
 *		The repositories that have or had a name.
 */
Datum
ghcrawl_find(PG_FUNCTION_ARGS)
{
	static const char *const tables[] = {
		"repository", "repository_history", "repository_absence"
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *schema = ghc_api_require_data();
	Datum		at = PG_GETARG_DATUM(1);
	GhcDbScope	outer;
	GhcDbScope	scope;
	uint64		n;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	for (size_t i = 0; i < lengthof(tables); i++)
		require_select(schema, tables[i]);
	ghc_db_enter(&outer);
	ghc_db_become(ghc_data_owner(schema), &scope);
	n = ghc_names_find(schema, text_to_cstring(PG_GETARG_TEXT_PP(0)),
					   PG_ARGISNULL(1) ? NULL : &at);
	for (uint64 i = 0; i < n; i++)
	{
		Datum		values[GHC_NAMES_COLUMNS];
		bool		isnull[GHC_NAMES_COLUMNS];

		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, values, isnull);
		tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
	}
	ghc_db_restore_user(&scope);
	ghc_db_leave(&outer);
	return (Datum) 0;
}
