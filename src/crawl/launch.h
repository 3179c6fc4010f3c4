/*-------------------------------------------------------------------------
 *
 * launch.h
 *	  Starting and waking workers.
 *
 * IDENTIFICATION
 *	  src/crawl/launch.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LAUNCH_H
#define GHC_LAUNCH_H

#include "access/transam.h"
#include "postmaster/bgworker.h"

/* what a worker is told at its start, in bgw_extra */
typedef struct GhcWorkerStart
{
	Oid			database;
	FullTransactionId xid;		/* to be waited for; invalid: none */
} GhcWorkerStart;

/*
 * Registers a worker for a database, which first waits for the given
 * transaction (invalid: for none).  False if no slot is free.
 */
extern bool ghc_launch_worker(Oid database, FullTransactionId xid);

/*
 * For SQL-callable functions, between ghc_db_enter and ghc_db_leave: starts
 * the workers that are missing in this database up to ghcrawl.workers, so
 * that they see what the current transaction commits, and returns how many.
 * *missing says for how many no slot was free, *running how many there are
 * then.  At the transaction's end those that are alive are woken.
 */
extern int	ghc_launch_missing(int *missing, int *running);

/*
 * Likewise: wakes the live workers once the current transaction has
 * committed, and keeps them from ending before.
 */
extern void ghc_launch_wake(void);

/*
 * For a worker, between ghc_db_begin and ghc_db_commit: starts those that are
 * missing up to ghcrawl.workers, if it is the one with the lowest number
 * among the living.  Returns for how many no slot was free.
 */
extern int	ghc_launch_fellows(void);

/*
 * Starts an asker (ask.h), to which the handle of a dynamic shared memory
 * segment is given.  False if no slot is free.
 */
extern bool ghc_launch_asker(uint32 segment, BackgroundWorkerHandle **handle);

/* Registers the launcher; for _PG_init while libraries are preloaded. */
extern void ghc_launch_register_launcher(void);

#endif							/* GHC_LAUNCH_H */
