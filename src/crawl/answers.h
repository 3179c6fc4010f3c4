/*-------------------------------------------------------------------------
 *
 * answers.h
 *	  Writes what flights brought.
 *
 * Runs in the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/answers.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ANSWERS_H
#define GHC_ANSWERS_H

#include "crawl/state.h"

/* Writes all that flights were answered; marks the works that are over. */
extern void ghc_answers_write(GhcWorker *worker);

/* Text from outside, cut to a length in bytes, valid in the database; palloc'd. */
extern char *ghc_clean_text(const char *text, size_t max);

/* How many more repositories a crawl may store. */
extern int64 ghc_answers_allowance(const GhcRun *run);

#endif							/* GHC_ANSWERS_H */
