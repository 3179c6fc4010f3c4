/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  Writes how tasks stand after an answer.
 *
 * Runs in the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/progress.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PROGRESS_H
#define GHC_PROGRESS_H

#include "crawl/state.h"

/* What a task stands for in its crawl's expected number, after an outcome. */
extern int64 ghc_progress_contribution(const GhcWork *work, GhcOutcome outcome);

/*
 * Writes how a task stands that ends with an answer; one that goes on is put on the
 * list, and counted already.
 */
extern void ghc_progress_note(GhcWorker *worker, GhcWork *work,
							  const GhcFlight *flight, GhcRun *run,
							  List **progress);

/* Writes the tasks of that list; marks those as over that aren't ours any more. */
extern void ghc_progress_write(GhcWorker *worker, List *progress);

#endif							/* GHC_PROGRESS_H */
