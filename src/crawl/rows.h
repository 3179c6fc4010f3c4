/*-------------------------------------------------------------------------
 *
 * rows.h
 *	  Stores the repositories that flights brought.
 *
 * Runs in the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/rows.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ROWS_H
#define GHC_ROWS_H

#include "crawl/state.h"

/*
 * Stores the pages of all flights that are answered and not given up; notes rows
 * that the database refused with their works, and ends crawls whose tables are gone.
 */
extern void ghc_rows_store(GhcWorker *worker);

#endif							/* GHC_ROWS_H */
