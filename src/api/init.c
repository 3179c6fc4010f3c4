/*-------------------------------------------------------------------------
 *
 * init.c
 *	  Loading of the library.
 *
 * libcurl isn't touched here: in the postmaster its state and descriptors
 * would be inherited by every process.
 *
 * IDENTIFICATION
 *	  src/api/init.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "fmgr.h"
#include "miscadmin.h"

#include "api/api.h"
#include "base/settings.h"
#include "crawl/launch.h"

PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	ghc_settings_define();
	/* pg_upgrade must not meet workers that write */
	if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade)
		ghc_launch_register_launcher();
}

void
ghc_api_require_primary(void)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("recovery is in progress"),
				 errhint("Crawls are controlled on the primary server.")));
}

void
ghc_api_require_writable(void)
{
	ghc_api_require_primary();
	if (XactReadOnly)
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("nothing can be changed in a read-only transaction"),
				 errhint("Use BEGIN READ WRITE, or SET default_transaction_read_only = off.")));
}
