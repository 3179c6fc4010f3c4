/*-------------------------------------------------------------------------
 *
 * heard.h
 *	  What a look at events found, written down.
 *
 * Within the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/heard.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_HEARD_H
#define GHC_HEARD_H

#include "crawl/state.h"

/* Writes hints, and where the next look goes on, when a look has ended. */
extern void ghc_heard_write(GhcWorker *worker, const GhcWork *work,
							const GhcFlight *flight, const GhcRun *run);

#endif							/* GHC_HEARD_H */
