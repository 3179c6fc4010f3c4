/*-------------------------------------------------------------------------
 *
 * launcher.c
 *	  The launcher: after a start of the server, workers for all databases.
 *
 * It runs only if the library is preloaded.  Dynamic workers are forgotten
 * when the server stops, so it starts one worker in each database, which
 * ends at once if there is nothing to do.  The launcher itself is connected
 * to no database, so it hinders nobody from dropping or copying one.  It looks
 * again when the configuration is reloaded.
 *
 * IDENTIFICATION
 *	  src/crawl/launcher.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/varlena.h"

#include "base/compat.h"
#include "base/settings.h"
#include "crawl/launch.h"

/* how long until a database that found no free slot is tried again */
#define RETRY_MS 5000

/* datconnlimit of a database whose DROP was interrupted */
#define LIMIT_INVALID (-2)

PGDLLEXPORT void ghcrawl_launcher_main(Datum arg);

/* Is the launcher to look after a database of that name? */
static bool
is_chosen(const char *name)
{
	char	   *copy = pstrdup(ghc_databases);
	List	   *names;
	ListCell   *cell;

	if (copy[0] == '\0')
		return true;
	if (!SplitIdentifierString(copy, ',', &names))
		return true;			/* better too many than none */
	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

/* Databases to look into; allocated in the given context. */
static List *
list_databases(MemoryContext context)
{
	List	   *databases = NIL;
	Relation	rel;
	TableScanDesc scan;
	HeapTuple	tuple;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	rel = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(rel, 0, NULL);
	while ((tuple = heap_getnext(scan, ForwardScanDirection)) != NULL)
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);
		MemoryContext before;

		if (form->datistemplate || !form->datallowconn ||
			form->datconnlimit == LIMIT_INVALID ||
			!is_chosen(NameStr(form->datname)))
			continue;
		before = MemoryContextSwitchTo(context);
		databases = lappend_oid(databases, form->oid);
		MemoryContextSwitchTo(before);
	}
	table_endscan(scan);
	table_close(rel, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	return databases;
}

/* Starts a worker in each database; returns those that found no slot. */
static List *
launch(List *databases)
{
	static bool warned = false;
	List	   *left = NIL;
	ListCell   *cell;

	foreach(cell, databases)
		if (!ghc_launch_worker(lfirst_oid(cell), InvalidFullTransactionId))
			left = lappend_oid(left, lfirst_oid(cell));
	if (left != NIL && !warned)
		ereport(LOG,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("ghcrawl launcher found no free background worker slot, and goes on trying"),
				 errhint("You might need to increase \"%s\".", "max_worker_processes")));
	warned = left != NIL;
	list_free(databases);
	return left;
}

void
ghcrawl_launcher_main(Datum arg)
{
	MemoryContext context;
	List	   *left = NIL;
	bool		look = true;

	(void) arg;
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	context = AllocSetContextCreate(TopMemoryContext, "ghcrawl launcher",
									ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);

	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			look = true;
		}
		if (look)
		{
			MemoryContextReset(context);
			left = list_databases(context);
			look = false;
		}
		left = launch(left);
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_EXIT_ON_PM_DEATH |
						 (left != NIL ? WL_TIMEOUT : 0),
						 RETRY_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}
