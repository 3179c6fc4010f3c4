/*-------------------------------------------------------------------------
 *
 * lane.h
 *	  Lanes: budgets in this worker's hands.
 *
 * Nothing here touches the database.
 *
 * IDENTIFICATION
 *	  src/crawl/lane.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LANE_H
#define GHC_LANE_H

#include "crawl/state.h"

/* The token to ask with, one that is to be checked first; NULL: there is none. */
extern GhcToken *ghc_lane_token(const GhcLane *lane);

/* Is it to be asked whose token it is, or whether that is still so? */
extern bool ghc_lane_is_to_ask(const GhcLane *lane);

/*
 * Why it can't send its next request of a resource, and until when; 0 if that
 * isn't known.
 */
extern GhcWait ghc_lane_ready(GhcLane *lane, GhcResource resource, int64 now_ms,
							  int64 *until_ms);

/* What the budget gives. */
extern GhcFlow ghc_lane_flow(const GhcLane *lane);

/* How many requests of a resource it may send for crawls now or very soon. */
extern int	ghc_lane_slots(GhcLane *lane, GhcResource resource, int64 now_ms);

/* Drops a token that is of no more use until the next refresh. */
extern void ghc_lane_drop_token(GhcLane *lane, int token_id);

/* Frees a lane that has no flights; gives its locks back. */
extern void ghc_lane_end(GhcWorker *worker, GhcLane *lane);

#endif							/* GHC_LANE_H */
