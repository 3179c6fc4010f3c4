/*-------------------------------------------------------------------------
 *
 * absences.h
 *	  What look-ups say of repositories that aren't there, written down.
 *
 * Within the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/absences.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CRAWL_ABSENCES_H
#define GHC_CRAWL_ABSENCES_H

#include "crawl/state.h"

/*
 * Writes what an answer to a work, whose claim is ours, says beside the rows that
 * were stored: who isn't found is absent, and the REST API is to be asked why; who
 * is shown there is looked up again.
 */
extern void ghc_absences_write(GhcWorker *worker, const GhcWork *work,
							   const GhcFlight *flight, GhcRun *run);

/* The same of n repositories that a work of any kind asked for by id in vain. */
extern void ghc_absences_write_missed(const GhcWork *work,
									  const GhcFlight *flight, GhcRun *run,
									  const int64 *ids, int n);

#endif							/* GHC_CRAWL_ABSENCES_H */
