/*-------------------------------------------------------------------------
 *
 * turn.h
 *	  The transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/turn.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TURN_H
#define GHC_TURN_H

#include "crawl/state.h"

/*
 * Writes all that was taken in and claims new tasks, in one transaction;
 * does nothing where there is nothing to do.  Returns false if the extension
 * is gone.  Database errors are kept in the worker and tried again later.
 */
extern bool ghc_turn(GhcWorker *worker);

#endif							/* GHC_TURN_H */
