/*-------------------------------------------------------------------------
 *
 * meter.h
 *	  Meters of budgets, handed from one worker to the next.
 *
 * All run in the transaction of a turn.
 *
 * IDENTIFICATION
 *	  src/crawl/meter.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_METER_H
#define GHC_METER_H

#include "crawl/state.h"

/* The limits of a stored budget. */
extern GhcLimits ghc_meter_limits(const GhcBudgetRow *row);

/*
 * Puts what a former holder wrote down into the meter of a new lane.  That the
 * budget is in use is to be written by the turn that succeeds.
 */
extern void ghc_meter_take_over(GhcLane *lane, const GhcBudgetRow *row);

/*
 * Writes down what was used of a budget; "released": nothing is under way, and
 * nothing more will be sent by us.
 */
extern void ghc_meter_save(GhcLane *lane, bool released);

/* The same of a lane that asks whose its token is: how long it has to wait. */
extern void ghc_meter_take_over_bench(GhcLane *lane, const GhcToken *token);
extern void ghc_meter_save_bench(GhcLane *lane);

#endif							/* GHC_METER_H */
