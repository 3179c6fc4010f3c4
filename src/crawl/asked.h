/*-------------------------------------------------------------------------
 *
 * asked.h
 *	  What a worker writes for those who ask: answers to their questions.
 *
 * Everything here runs within the transaction of a turn; see answers.h.
 *
 * IDENTIFICATION
 *	  src/crawl/asked.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ASKED_H
#define GHC_ASKED_H

#include "crawl/state.h"

/* Writes what came of a question's task, and sets lane->work_over. */
extern void ghc_asked_write(GhcLane *lane);

/*
 * If a request failed that questions on the lane's host depend on, they learn
 * of it.
 */
extern void ghc_asked_note_failure(GhcWorker *worker, GhcLane *lane);

/* The token that the lane's answer is about; NULL if it was removed. */
extern GhcToken *ghc_asked_token(const GhcLane *lane);

/* If the token was to be checked, writes what became of that. */
extern void ghc_asked_write_check(GhcWorker *worker, GhcLane *lane,
								  const GhcToken *token);

/* A token that is to be checked can't be read. */
extern void ghc_asked_write_unreadable(const GhcToken *token,
									   const char *problem);

/* Removes the questions that nobody waits for any more. */
extern void ghc_asked_tidy(GhcWorker *worker);

#endif							/* GHC_ASKED_H */
