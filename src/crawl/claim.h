/*-------------------------------------------------------------------------
 *
 * claim.h
 *	  Claiming tasks: as many as lanes can ask for soon.
 *
 * IDENTIFICATION
 *	  src/crawl/claim.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CLAIM_H
#define GHC_CLAIM_H

#include "crawl/state.h"

/*
 * Claims tasks for lanes that can send soon; a list of GhcTaskRow.  Within the
 * transaction of a turn that shares the crawls' locks.
 */
extern List *ghc_claim_tasks(GhcWorker *worker);

/* Would claiming bring anything? */
extern bool ghc_claim_is_due(GhcWorker *worker);

/*
 * This worker put tasks of a run (NULL: one that is over) into the queue, none of
 * them before a position: claims begin there again.
 */
extern void ghc_claim_expect(GhcRun *run, int64 position);

/* After the commit: a claimed task as a work, in memory of the worker. */
extern GhcWork *ghc_claim_take_up(GhcWorker *worker, const GhcTaskRow *row);

#endif							/* GHC_CLAIM_H */
