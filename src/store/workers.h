/*-------------------------------------------------------------------------
 *
 * workers.h
 *	  What each worker says of itself.
 *
 * IDENTIFICATION
 *	  src/store/workers.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_WORKERS_H
#define GHC_WORKERS_H

#include "utils/timestamp.h"

/* Writes a worker's row anew, at its start.  Between begin and commit. */
extern void ghc_workers_begin(int worker_no);

/*
 * Writes what a worker is doing; waiting_on is NULL while it works, and until
 * is 0 where that isn't known.  Between begin and commit.
 */
extern void ghc_workers_report(int worker_no, int in_flight, int budgets,
							   const char *waiting_on, TimestampTz until);

/*
 * Pids of the live workers of this database, into an array of max; returns
 * how many.  Between enter and leave, or begin and commit.
 */
extern int	ghc_workers_pids(int *pids, int max);

/* Does a live worker wait for a lock of the process?  Likewise. */
extern bool ghc_workers_blocked_by(int pid);

#endif							/* GHC_WORKERS_H */
