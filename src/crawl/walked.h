/*-------------------------------------------------------------------------
 *
 * walked.h
 *	  What workers read and write of the database for those who walk through ids.
 *
 * Everything here runs in the transaction of a turn, unless it says otherwise.
 *
 * IDENTIFICATION
 *	  src/crawl/walked.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CRAWL_WALKED_H
#define GHC_CRAWL_WALKED_H

#include "crawl/state.h"
#include "crawl/walk.h"

/* Does a work wait for what the database has?  No transaction needed. */
extern bool ghc_walked_is_due(const GhcWorker *worker);

/*
 * Reads what works wait for, into work->fed; ends tasks of which the table has
 * nothing.
 */
extern void ghc_walked_feed(GhcWorker *worker);

/* After the commit: the work has what was read. */
extern void ghc_walked_settle(GhcWork *work);

/* What the work's task is to be stored as; palloc'd. */
extern char *ghc_walked_text(const GhcWork *work);

/*
 * Queues what a task is cut into; returns how many that are.  How many repositories
 * these are expected to have goes to work->handed_on.
 */
extern int	ghc_walked_add_children(GhcWorker *worker, GhcWork *work, const GhcRun *run);

/* Writes what an answer says of those that aren't shown. */
extern void ghc_walked_write_missed(GhcWorker *worker, const GhcWork *work,
									const GhcFlight *flight, GhcRun *run);

#endif							/* GHC_CRAWL_WALKED_H */
