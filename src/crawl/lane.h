/*-------------------------------------------------------------------------
 *
 * lane.h
 *	  Lanes: asking with a budget's tokens, taking in the answers.
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

/* Sends whatever lanes may send now. */
extern void ghc_lane_send_all(GhcWorker *worker);

/* Takes in a finished transfer; nothing is written yet. */
extern void ghc_lane_take_in(GhcWorker *worker, GhcTransfer *transfer);

/* After its answer was written: makes the lane ready for the next. */
extern void ghc_lane_settle(GhcWorker *worker, GhcLane *lane);

/* True if the lane has nothing in hand and may send now. */
extern bool ghc_lane_is_free(GhcLane *lane, int64 now_ms);

/* Frees a task in hand. */
extern void ghc_lane_drop_work(GhcWork *work);

/* Frees a lane whose transfer is not under way; gives its locks back. */
extern void ghc_lane_end(GhcWorker *worker, GhcLane *lane);

#endif							/* GHC_LANE_H */
