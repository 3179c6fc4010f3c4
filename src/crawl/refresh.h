/*-------------------------------------------------------------------------
 *
 * refresh.h
 *	  What a worker knows of crawls, tokens and budgets, read anew.
 *
 * Runs in the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/refresh.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_REFRESH_H
#define GHC_REFRESH_H

#include "crawl/state.h"

/* Reads crawls, tokens and budgets anew, takes and gives back budgets. */
extern void ghc_refresh(GhcWorker *worker);

/*
 * After a refresh, once the crawls' locks are shared: gives back the claims of
 * the dead in running crawls, and ends those that have nothing left.
 */
extern void ghc_refresh_tidy(GhcWorker *worker);

#endif							/* GHC_REFRESH_H */
