/*-------------------------------------------------------------------------
 *
 * starred.h
 *	  Writes the star histories that works have read.
 *
 * Within the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/starred.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CRAWL_STARRED_H
#define GHC_CRAWL_STARRED_H

#include "crawl/state.h"

/*
 * Stores the history that an answer made complete, if it did, and counts who isn't
 * there any more; of works of other kinds nothing.  A row that the database refuses is noted in
 * work->refused_now while the worker is careful; else it throws.
 */
extern void ghc_starred_store(GhcWorker *worker, GhcWork *work,
							  const GhcFlight *flight, GhcRun *run);

/* What the rest of the work's task is to be stored as, palloc'd; NULL: none is left. */
extern char *ghc_starred_text(const GhcWork *work);

#endif							/* GHC_CRAWL_STARRED_H */
