/*-------------------------------------------------------------------------
 *
 * wait_api.c
 *	  CALL ghcrawl_wait: waits for a crawl and tells its progress.
 *
 * A procedure, because only that may end its transaction each time it has
 * looked: a session that waits for hours must hold no snapshot.
 *
 * IDENTIFICATION
 *	  src/api/wait_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "store/crawls.h"
#include "store/db.h"

PG_FUNCTION_INFO_V1(ghcrawl_wait);

/* how often it looks, and how often it says something */
#define LOOK_MS 250
#define NOTICE_MS 5000

/*
 * Looks once, in a transaction of its own; throws if there is no such crawl.
 * The texts of the look before are freed.
 */
static void
look(int64 crawl_id, GhcCrawlStatus *status, MemoryContext context)
{
	GhcDbScope	scope;
	GhcCrawlStatus found;

	ghc_db_enter(&scope);
	if (!ghc_crawls_status(crawl_id, &found))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("crawl %lld does not exist", (long long) crawl_id),
				 errhint("SELECT * FROM ghcrawl.crawls.")));
	if (status->state != NULL)
	{
		/* a wait may last for days */
		pfree(status->state);
		pfree(status->line);
	}
	status->state = MemoryContextStrdup(context, found.state);
	status->line = MemoryContextStrdup(context, found.line);
	status->ended = found.ended;
	ghc_db_leave(&scope);
}

/* The moment until which to wait. */
static TimestampTz
deadline_of(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(1))
		return DT_NOEND;
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(GetCurrentTimestamp()),
												   PG_GETARG_DATUM(1)));
}

static void
end_transaction(void)
{
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	SPI_commit();
	SPI_finish();
}

static void
pause_a_little(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 LOOK_MS, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

/* The procedure's one output column. */
static Datum
make_result(FunctionCallInfo fcinfo, const char *state)
{
	TupleDesc	desc;
	Datum		value = CStringGetTextDatum(state);
	bool		isnull = false;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), &value, &isnull));
}

Datum
ghcrawl_wait(PG_FUNCTION_ARGS)
{
	bool		atomic = !fcinfo->context || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic;
	MemoryContext context = fcinfo->flinfo->fn_mcxt;
	TimestampTz said_at = 0;
	TimestampTz deadline;
	GhcCrawlStatus status = {0};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("crawl must not be null")));
	if (atomic)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("ghcrawl_wait can't run inside a transaction block"),
				 errdetail("It would hold the transaction, and what vacuum can't remove for it, until the crawl ends."),
				 errhint("Call it by itself: CALL ghcrawl_wait(%lld).",
						 (long long) PG_GETARG_INT64(0))));
	deadline = deadline_of(fcinfo);
	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();

		look(PG_GETARG_INT64(0), &status, context);
		if (status.ended || now >= deadline ||
			TimestampDifferenceExceeds(said_at, now, NOTICE_MS))
		{
			ereport(NOTICE, (errmsg("%s: %s", status.state, status.line)));
			said_at = now;
		}
		if (status.ended || now >= deadline)
			break;
		end_transaction();
		pause_a_little();
	}
	PG_RETURN_DATUM(make_result(fcinfo, status.state));
}
