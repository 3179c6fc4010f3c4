/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  The background worker: its birth, its loop, its end.
 *
 * Cases that must come out right:
 *
 * - The crawl it was started for is rolled back, in a savepoint or whole, or
 *	 its transaction is prepared: the worker waits for that transaction, finds
 *	 no work, ends with 0.
 * - A transaction was prepared before the server stopped and is committed after
 *	 its start: the worker that the launcher starts waits for it.
 * - It is killed: the postmaster starts it again, after a crash of the server
 *	 as well; its claims are void with its lock.
 * - Its database is dropped or closed to connections: connecting fails, which
 *	 must not be tried for ever, so it ends with 0.
 * - Its extension is dropped: it notices within a second, also while it waits,
 *	 and ends with 0.  Updated or made anew: it ends with 1, so that the
 *	 postmaster starts it anew, with the library as it is then.
 * - More are started than wanted: the surplus finds no number and ends.
 * - Fewer are there than wanted, because the setting was raised or no slot was
 *	 free: the one with the lowest number starts the others.
 * - A crawl is started just when it wants to end: the gate (locks.h).
 *
 * It has no transaction open while it waits.
 *
 * IDENTIFICATION
 *	  src/crawl/worker.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "access/transam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "tcop/tcopprot.h"
#include "utils/elog.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "base/settings.h"
#include "crawl/app_ask.h"
#include "crawl/flight.h"
#include "crawl/host.h"
#include "crawl/lane.h"
#include "crawl/launch.h"
#include "crawl/meter.h"
#include "crawl/outward.h"
#include "crawl/state.h"
#include "crawl/turn.h"
#include "store/clock.h"
#include "store/db.h"
#include "store/locks.h"

/*
 * It looks at least this often whether its extension is still there, and for
 * what others may have left or given back.
 */
#define POLL_MS 1000

/* the lowest number looks this often for missing workers; sooner at first */
#define FELLOWS_MS 10000
#define FIRST_FELLOWS_MS 2000

/*
 * A turn takes in no more answers once it has so many repositories: a commit is
 * cheap for each of them by then, and they all fit into the processor's cache.
 */
#define TURN_ROWS 800

/* a turn waits so long for more of them, if so many requests are under way */
#define GATHER_MS 6
#define GATHER_REQUESTS 8

/*
 * What is larger is given back to the system when it is freed; and so is the end of
 * the heap, once that much of it is free.  What turns need again and again is
 * smaller, or kept.
 */
#define MMAP_BYTES (512 * 1024)
#define TRIM_BYTES (1024 * 1024)

/* requests that are further apart are worth a word */
#define LONG_PACE_MS 5000

PGDLLEXPORT void ghcrawl_worker_main(Datum arg);

/* Set while connecting: what the last error was. */
static int	connect_sqlerrcode;
static emit_log_hook_type previous_log_hook;

static void
note_error(ErrorData *error)
{
	if (error->elevel >= ERROR)
		connect_sqlerrcode = error->sqlerrcode;
	if (previous_log_hook)
		previous_log_hook(error);
}

/*
 * A worker whose database is gone, or allows no connections, ends with 0, so
 * that the postmaster forgets it; the error that says so is FATAL and would end
 * it with 1.
 */
static void
end_if_database_is_closed(int code, Datum arg)
{
	(void) arg;
	if (code != 0 &&
		(connect_sqlerrcode == ERRCODE_UNDEFINED_DATABASE ||
		 connect_sqlerrcode == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE))
		proc_exit(0);
}

static void
connect_to(Oid database)
{
	previous_log_hook = emit_log_hook;
	emit_log_hook = note_error;
	on_proc_exit(end_if_database_is_closed, (Datum) 0);
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	emit_log_hook = previous_log_hook;
	connect_sqlerrcode = 0;
}

/*
 * Waits for the transaction that started us.  An id from before a restart of
 * the server may be old; one that is far behind has ended.
 */
static void
wait_for_transaction(FullTransactionId xid)
{
	if (!FullTransactionIdIsValid(xid))
		return;
	StartTransactionCommand();
	if (U64FromFullTransactionId(ReadNextFullTransactionId()) -
		U64FromFullTransactionId(xid) < (UINT64CONST(1) << 30))
		XactLockTableWait(XidFromFullTransactionId(xid), NULL, NULL, XLTW_None);
	CommitTransactionCommand();
}

/* Takes the first free number; 0 if there are workers enough. */
static int
take_number(void)
{
	for (int no = 1; no <= ghc_workers; no++)
		if (ghc_locks_take(GHC_LOCK_WORKER, no))
			return no;
	return 0;
}

/*
 * The first transaction: is there work, and a number for us?  It writes nothing, which
 * may fail, and then is tried again in the first turn; that gives back what a worker
 * of that number left, too.  False if there is nothing to do here.
 */
static bool
look_for_work(GhcWorker *worker)
{
	bool		found;

	if (!ghc_db_begin("ghcrawl: looking for work"))
		return false;
	found = ghc_crawls_count_running() > 0;
	if (found)
	{
		worker->no = take_number();
		if (worker->no == 0)
			proc_exit(0);		/* surplus */
	}
	ghc_db_commit();
	return found;
}

/*
 * The same at birth.  Transactions that brought work to come count on whoever
 * is alive, but a restart ends all workers and leaves what is prepared.
 */
static bool
look_for_first_work(GhcWorker *worker)
{
	if (look_for_work(worker))
		return true;
	StartTransactionCommand();
	ghc_locks_wait_for_gate();
	CommitTransactionCommand();
	return look_for_work(worker);
}

/* Whoever takes the budgets next needn't assume that we used more of them. */
static void
release_budgets(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->budget_id != 0)
			ghc_meter_save(lane, true);
	}
}

/*
 * May we end?  Not while a transaction that counts on us is open, and not if
 * it has committed work since we looked.  The gate goes with the process; our
 * number goes before, so that who comes through the gate doesn't count us.
 * Beginning may wait for one who updates the extension, and who may come to the
 * gate, too; so it comes first.
 */
static bool
may_end(GhcWorker *worker)
{
	bool		ends = false;

	if (worker->runs != NIL || ghc_net_in_flight(worker->net) > 0)
		return false;
	if (!ghc_db_begin("ghcrawl: looking for work"))
		return true;
	if (ghc_locks_take(GHC_LOCK_GATE, 0))
	{
		ends = ghc_crawls_count_running() == 0;
		if (!ends)
		{
			ghc_locks_release(GHC_LOCK_GATE, 0);
			worker->refresh = true;
		}
		else
		{
			release_budgets(worker);
			ghc_host_keep(worker, ghc_clock_now_ms(), true);
		}
	}
	ghc_db_commit();
	if (ends)
		ghc_locks_release(GHC_LOCK_WORKER, worker->no);
	return ends;
}

/* Why a lane waits, in few words. */
static const char *
name_wait(GhcWait wait, const GhcLane *lane, GhcResource resource)
{
	const char *points = resource == GHC_RESOURCE_GRAPHQL ? "points" :
		"REST requests";
	GhcVerdict	verdict = lane->benched_by[resource];

	switch (wait)
	{
		case GHC_WAIT_POINTS:
			return points;
		case GHC_WAIT_MINUTE:
			return "the minute's limit";
		case GHC_WAIT_PACED:
			return "its turn, as budgets are used evenly";
		case GHC_WAIT_BENCHED:
			return verdict == GHC_VERDICT_EXHAUSTED ? points :
				verdict == GHC_VERDICT_SECONDARY ? "a secondary limit" :
				verdict == GHC_VERDICT_NETWORK ? "the network" :
				"GitHub";
		default:
			return "";
	}
}

/* What the worker waits for, as far as it is known. */
typedef struct Waiting
{
	int64		now_ms;
	int64		first_ms;		/* to look again */
	int64		earliest_ms;	/* when a lane can go on; 0: not known */
	const char *why;
	bool		idle;			/* a request is under way, or could be sent */
} Waiting;

/* A lane that something of a resource could be asked by. */
static void
look_at_lane(Waiting *waiting, GhcLane *lane, GhcResource resource)
{
	int64		until_ms;
	GhcWait		wait = ghc_lane_ready(lane, resource, waiting->now_ms, &until_ms);

	if (wait == GHC_WAIT_NONE || wait == GHC_WAIT_IN_FLIGHT ||
		(wait == GHC_WAIT_PACED && until_ms < waiting->now_ms + LONG_PACE_MS))
	{
		waiting->idle = true;
		if (until_ms > waiting->now_ms)
			waiting->first_ms = Min(waiting->first_ms, until_ms);
	}
	else if (waiting->earliest_ms == 0 || until_ms < waiting->earliest_ms)
	{
		waiting->earliest_ms = until_ms;
		waiting->why = name_wait(wait, lane, resource);
	}
}

/* What the works that wait would take; GraphQL if there are none. */
static void
find_wanted(GhcWorker *worker, bool wanted[GHC_RESOURCE_COUNT])
{
	bool		any = false;
	GhcResource resource;
	ListCell   *cell;

	memset(wanted, 0, GHC_RESOURCE_COUNT * sizeof(bool));
	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);

		if (!work->in_flight && ghc_state_takes(work, &resource))
			any = wanted[resource] = true;
	}
	wanted[GHC_RESOURCE_GRAPHQL] |= !any;
}

/*
 * Works out how long to wait, and what on: nothing as long as a request is
 * under way or could be sent.
 */
static long
figure_wait(GhcWorker *worker)
{
	int64		now_ms = ghc_clock_now_ms();
	Waiting		waiting = {now_ms, now_ms + POLL_MS, 0, worker->runs ? "a token" : "", false};
	bool		wanted[GHC_RESOURCE_COUNT];
	ListCell   *cell;

	find_wanted(worker, wanted);
	foreach(cell, worker->lanes)
		for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
			if (wanted[i] && ((GhcLane *) lfirst(cell))->tokens != NIL)
				look_at_lane(&waiting, lfirst(cell), i);
	if (worker->retry_ms != 0)
	{
		waiting.earliest_ms = worker->retry_ms;
		waiting.why = worker->trouble;
	}
	else if (waiting.idle || ghc_net_in_flight(worker->net) > 0)
		waiting.why = "";
	strlcpy(worker->waiting_on, waiting.why, sizeof(worker->waiting_on));
	worker->waiting_until_ms = waiting.why[0] ? waiting.earliest_ms : 0;
	if (waiting.earliest_ms != 0)
		waiting.first_ms = Min(waiting.first_ms, waiting.earliest_ms);
	/* what it waits for is told before it waits */
	if (worker->retry_ms == 0 &&
		(worker->refresh || strcmp(worker->waiting_on, worker->reported) != 0))
		waiting.first_ms = now_ms;
	return (long) Max(0, waiting.first_ms - now_ms);
}

/*
 * Sees to it that there are as many workers as wanted; says once if there are
 * no slots for them, and goes on trying.  False if the worker has to end.
 */
static bool
look_for_fellows(GhcWorker *worker)
{
	static bool warned = false;
	int			missing;

	worker->fellows_ms = ghc_clock_now_ms() + FELLOWS_MS;
	if (ghc_workers == 1)
		return true;
	if (!ghc_db_begin("ghcrawl: looking for other workers"))
		return false;
	missing = ghc_launch_fellows();
	ghc_db_commit();
	if (missing > 0 && !warned)
		ereport(LOG,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("ghcrawl worker %d found no free background worker slot for %d others, and goes on trying",
						worker->no, missing),
				 errhint("You might need to increase \"%s\".",
						 "max_worker_processes")));
	warned = missing > 0;
	return true;
}

/* A clock that jumped back makes it due as well. */
static bool
fellows_are_due(GhcWorker *worker)
{
	int64		left_ms = worker->fellows_ms - ghc_clock_now_ms();

	return left_ms <= 0 || left_ms > FELLOWS_MS;
}

static void
reload(GhcWorker *worker)
{
	GhcNetConfig config;

	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	ghc_outward_config(&config);
	ghc_net_configure(worker->net, &config);
	worker->fellows_ms = 0;
}

/*
 * Takes in answers that came, as many as are best stored in one transaction;
 * the others wait as they came, packed, until the next turn.  Returns how many
 * rows there are to be stored by now.
 */
static int
take_in(GhcWorker *worker, int rows)
{
	GhcTransfer *transfer;

	while (rows < TURN_ROWS &&
		   (transfer = ghc_net_next_done(worker->net)) != NULL)
		if (!ghc_app_ask_take_in(worker, transfer))
			rows += ghc_flight_take_in(worker, transfer);
	return rows;
}

/*
 * With many requests under way the next answer is near, and two cost little
 * more to write than one: waits a moment for it.
 */
static void
gather(GhcWorker *worker, int rows)
{
	int64		until_ms = ghc_clock_now_ms() + GATHER_MS;
	int64		left_ms = GATHER_MS;

	while (rows > 0 && rows < TURN_ROWS && left_ms > 0 && left_ms <= GATHER_MS &&
		   ghc_net_in_flight(worker->net) >= GATHER_REQUESTS)
	{
		if (ghc_net_wait(worker->net, left_ms, PG_WAIT_EXTENSION))
		{
			worker->refresh = true;
			return;
		}
		rows = take_in(worker, rows);
		left_ms = until_ms - ghc_clock_now_ms();
	}
}

/* One turn of the loop; false if the worker has to end. */
static bool
run_turn(GhcWorker *worker)
{
	long		timeout_ms;
	int			rows;

	ghc_db_check_interrupts();
	if (ConfigReloadPending)
		reload(worker);

	/* fewer are wanted now; what we claimed is void with our number */
	if (worker->no > ghc_workers)
		return false;
	if (fellows_are_due(worker) && !look_for_fellows(worker))
		return false;

	rows = take_in(worker, 0);
	/* nobody waits for a transaction if there is something to send */
	ghc_flight_send_all(worker);
	gather(worker, rows);
	if (!ghc_turn(worker))
		return false;
	ghc_app_ask_all(worker);
	ghc_flight_send_all(worker);
	if (worker->runs == NIL && may_end(worker))
		return false;
	timeout_ms = figure_wait(worker);
	MemoryContextReset(worker->turn);

	Assert(!IsTransactionState());
	if (ghc_net_wait(worker->net, timeout_ms, PG_WAIT_EXTENSION))
		worker->refresh = true;
	return true;
}

/*
 * A process is ours alone, and lives for days.  Left to itself, glibc raises both
 * bounds to what was once freed: one large statement, and the heap's end stays
 * megabytes larger than what is in use.
 */
static void
limit_heap(void)
{
#ifdef __GLIBC__
	(void) mallopt(M_MMAP_THRESHOLD, MMAP_BYTES);
	(void) mallopt(M_TRIM_THRESHOLD, TRIM_BYTES);
#endif
}

static void
set_up(GhcWorker *worker)
{
	GhcNetConfig config;

	limit_heap();
	worker->context = AllocSetContextCreate(TopMemoryContext, "ghcrawl worker",
											ALLOCSET_DEFAULT_SIZES);
	worker->turn = AllocSetContextCreate(worker->context, "ghcrawl turn",
										 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(worker->turn);
	ghc_outward_config(&config);
	worker->net = ghc_net_create(&config);
	worker->refresh = true;
	worker->fellows_ms = ghc_clock_now_ms() + FIRST_FELLOWS_MS;
}

void
ghcrawl_worker_main(Datum arg)
{
	static GhcWorker worker;
	GhcWorkerStart start;

	(void) arg;
	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();

	memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof(start));
	connect_to(start.database);
	ghc_db_pin_settings();
	wait_for_transaction(start.xid);
	if (!look_for_first_work(&worker))
		proc_exit(ghc_db_is_changed() ? 1 : 0);

	pgstat_report_appname("ghcrawl worker");
	set_up(&worker);
	while (run_turn(&worker))
		;
	proc_exit(ghc_db_is_changed() ? 1 : 0);
}
