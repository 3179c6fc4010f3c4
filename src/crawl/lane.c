/*-------------------------------------------------------------------------
 *
 * lane.c
 *	  Lanes: budgets in this worker's hands; see lane.h.
 *
 * IDENTIFICATION
 *	  src/crawl/lane.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/lane.h"
#include "store/locks.h"

/* tasks are claimed for lanes that may send within this time */
#define SOON_MS 500

GhcToken *
ghc_lane_token(const GhcLane *lane)
{
	ListCell   *cell;

	foreach(cell, lane->tokens)
		if (((GhcToken *) lfirst(cell))->check)
			return lfirst(cell);
	return lane->tokens != NIL ? linitial(lane->tokens) : NULL;
}

bool
ghc_lane_is_to_ask(const GhcLane *lane)
{
	const GhcToken *token = ghc_lane_token(lane);

	return token != NULL && (lane->budget_id == 0 || token->check);
}

GhcWait
ghc_lane_ready(GhcLane *lane, GhcResource resource, int64 now_ms,
			   int64 *until_ms)
{
	return ghc_budget_ready(&lane->meter, &lane->next[resource], now_ms, until_ms);
}

GhcFlow
ghc_lane_flow(const GhcLane *lane)
{
	const GhcMeter *meter = &lane->meter.meters[GHC_RESOURCE_GRAPHQL];
	const GhcResourceLimits *limits = &lane->meter.limits.of[GHC_RESOURCE_GRAPHQL];
	int64		points = meter->periods.limit >= 0 ?
		meter->periods.limit : limits->points;
	GhcFlow		flow = {0};

	if (meter->unmetered)
		return flow;
	if (limits->points > 0)
		flow.points_per_s = points * 1000.0 / limits->period_ms;
	flow.response_per_ms = (double) limits->response_ms / lane->meter.limits.window_ms;
	flow.minute_ms = lane->meter.limits.window_ms;
	return flow;
}

int
ghc_lane_slots(GhcLane *lane, GhcResource resource, int64 now_ms)
{
	int64		until_ms;
	GhcWait		wait;

	if (lane->budget_id == 0 || lane->tokens == NIL)
		return 0;
	if (lane->meter.meters[resource].unmetered)
		return lane->meter.limits.concurrent - lane->n_flights;

	/* what follows a request that is under way is there before it is needed */
	wait = ghc_lane_ready(lane, resource, now_ms, &until_ms);
	return wait == GHC_WAIT_NONE || wait == GHC_WAIT_IN_FLIGHT ||
		until_ms < now_ms + SOON_MS;
}

void
ghc_lane_drop_token(GhcLane *lane, int token_id)
{
	ListCell   *cell;

	foreach(cell, lane->tokens)
		if (((GhcToken *) lfirst(cell))->token_id == token_id)
			lane->tokens = foreach_delete_current(lane->tokens, cell);
}

void
ghc_lane_end(GhcWorker *worker, GhcLane *lane)
{
	Assert(lane->n_flights == 0);
	if (lane->budget_id != 0)
		ghc_locks_release(GHC_LOCK_BUDGET, lane->budget_id);
	else
		ghc_locks_release(GHC_LOCK_TOKEN, lane->token_id);
	worker->lanes = list_delete_ptr(worker->lanes, lane);
	pfree(lane->api_url);
	pfree(lane);
}
