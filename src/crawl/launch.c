/*-------------------------------------------------------------------------
 *
 * launch.c
 *	  Starting and waking workers.
 *
 * A worker is started in its caller's transaction and waits for it, so that
 * a crawl that is rolled back leaves nothing behind, and "no slot is free" is
 * an error of the statement that asked for it.  Between looking who is alive
 * and committing, a live worker could find nothing to do and end; the gate
 * (locks.h) keeps it until our transaction is over.
 *
 * IDENTIFICATION
 *	  src/crawl/launch.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/procarray.h"

#include "base/compat.h"
#include "base/settings.h"
#include "crawl/launch.h"
#include "store/locks.h"
#include "store/workers.h"

#define MAX_WORKERS 64

/* seconds after which the postmaster starts a worker that died again */
#define RESTART_SECONDS 5

static int	to_wake[MAX_WORKERS];
static int	n_to_wake;

/* registered in this transaction, and waiting for it */
static int	n_registered;

static void
fill_worker(BackgroundWorker *worker, const char *type, const char *function)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS |
		BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = RESTART_SECONDS;
	strlcpy(worker->bgw_library_name, "ghcrawl", sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, function, sizeof(worker->bgw_function_name));
	strlcpy(worker->bgw_name, type, sizeof(worker->bgw_name));
	strlcpy(worker->bgw_type, type, sizeof(worker->bgw_type));
}

bool
ghc_launch_worker(Oid database, FullTransactionId xid)
{
	BackgroundWorker worker;
	GhcWorkerStart start = {database, xid};

	StaticAssertStmt(sizeof(start) <= BGW_EXTRALEN, "start does not fit");
	fill_worker(&worker, "ghcrawl worker", "ghcrawl_worker_main");
	memcpy(worker.bgw_extra, &start, sizeof(start));
	return RegisterDynamicBackgroundWorker(&worker, NULL);
}

bool
ghc_launch_asker(uint32 segment, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker;

	fill_worker(&worker, "ghcrawl asker", "ghcrawl_asker_main");
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = UInt32GetDatum(segment);
	worker.bgw_notify_pid = MyProcPid;
	return RegisterDynamicBackgroundWorker(&worker, handle);
}

void
ghc_launch_register_launcher(void)
{
	BackgroundWorker worker;

	fill_worker(&worker, "ghcrawl launcher", "ghcrawl_launcher_main");
	RegisterBackgroundWorker(&worker);
}

static void
wake_at_commit(XactEvent event, void *arg)
{
	(void) arg;
	if (event == XACT_EVENT_COMMIT)
	{
		for (int i = 0; i < n_to_wake; i++)
		{
			PGPROC	   *proc = BackendPidGetProc(to_wake[i]);

			if (proc != NULL)
				SetLatch(&proc->procLatch);
		}
	}
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		n_to_wake = n_registered = 0;
}

void
ghc_launch_wake(void)
{
	static bool registered = false;

	if (!registered)
	{
		RegisterXactCallback(wake_at_commit, NULL);
		registered = true;
	}
	ghc_locks_close_gate();
	n_to_wake = ghc_workers_pids(to_wake, MAX_WORKERS);
}

int
ghc_launch_fellows(void)
{
	int			pids[MAX_WORKERS];
	int			running = ghc_workers_pids(pids, MAX_WORKERS);

	if (running == 0 || pids[0] != MyProcPid)
		return 0;
	while (running < ghc_workers &&
		   ghc_launch_worker(MyDatabaseId, InvalidFullTransactionId))
		running++;
	return Max(0, ghc_workers - running);
}

int
ghc_launch_missing(int *missing, int *running)
{
	int			started = 0;

	ghc_launch_wake();
	while (n_to_wake + n_registered < ghc_workers &&
		   ghc_launch_worker(MyDatabaseId, GetTopFullTransactionId()))
	{
		started++;
		n_registered++;
	}
	*running = n_to_wake + n_registered;
	*missing = Max(0, ghc_workers - *running);
	return started;
}
