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

/* Writes what came of a question's task, and sets work->over. */
extern void ghc_asked_write(const GhcFlight *flight, GhcWork *work);

/*
 * If a request failed that questions on the lane's host depend on, they learn
 * of it.
 */
extern void ghc_asked_note_failure(GhcWorker *worker,
								   const GhcFlight *flight);

/* The token that the answer is about; NULL if it was removed. */
extern GhcToken *ghc_asked_token(const GhcFlight *flight);

/* If the token was to be checked, writes what became of that. */
extern void ghc_asked_write_check(GhcWorker *worker, const GhcFlight *flight,
								  const GhcToken *token);

/* A token that is to be checked can't be read. */
extern void ghc_asked_write_unreadable(const GhcToken *token,
									   const char *problem);

/* Removes the questions that nobody waits for any more. */
extern void ghc_asked_tidy(GhcWorker *worker);

#endif							/* GHC_ASKED_H */
