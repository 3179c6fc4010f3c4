/*-------------------------------------------------------------------------
 *
 * meter.c
 *	  Meters of budgets, handed from one worker to the next; see meter.h.
 *
 * What is under way when a worker dies is written down nowhere.  So a budget
 * that wasn't released has used up whatever its holder may have used of it
 * since it was last written.
 *
 * IDENTIFICATION
 *	  src/crawl/meter.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/settings.h"
#include "crawl/answers.h"
#include "crawl/meter.h"
#include "store/clock.h"

GhcLimits
ghc_meter_limits(const GhcBudgetRow *row)
{
	GhcLimits	limits = ghc_budget_github_limits;
	GhcResourceLimits *graphql = &limits.of[GHC_RESOURCE_GRAPHQL];

	graphql->points = row->points_hour;
	graphql->requests = row->requests_minute;
	graphql->response_ms = row->response_ms_minute;
	limits.of[GHC_RESOURCE_CORE].points = row->rest_hour;
	limits.response_ms = row->total_ms_minute;

	/* an hour is sixty minutes, however long those are */
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		limits.of[i].period_ms = limits.of[i].period_ms * row->window_ms / limits.window_ms;
	limits.window_ms = row->window_ms;
	limits.concurrent = row->concurrent;
	limits.reserve = row->reserve;
	limits.may_be_off = ghc_settings_may_be_unlimited(row->api_url);
	return limits;
}

/* What is known of a budget of which little is known. */
static void
begin_state(GhcBudgetState *state)
{
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		state->of[i].limit = state->of[i].remaining = -1;
}

void
ghc_meter_take_over(GhcLane *lane, const GhcBudgetRow *row)
{
	GhcBudgetState state = {
		.benched_until_ms = ghc_clock_ms(row->benched_until),
		.written_ms = ghc_clock_ms(row->updated_at),
		.released = row->released
	};

	begin_state(&state);
	state.of[GHC_RESOURCE_GRAPHQL] = (GhcMeterState) {
		.limit = row->limit,
		.remaining = row->remaining,
		.reset_ms = ghc_clock_ms(row->reset_at),
		.requests = row->minute_requests,
		.response_ms = row->minute_response_ms,
		.spent = row->spent,
		.unmetered = row->unmetered
	};
	state.of[GHC_RESOURCE_CORE] = (GhcMeterState) {
		.limit = row->rest_limit,
		.remaining = row->rest_remaining,
		.reset_ms = ghc_clock_ms(row->rest_reset_at),
		.requests = row->rest_minute_requests,
		.response_ms = row->rest_minute_ms,
		.spent = row->rest_spent,
		.exhausted_until_ms = ghc_clock_ms(row->rest_benched_until)
	};
	ghc_budget_restore(&lane->meter, &state, ghc_clock_now_ms());
	if (row->benched_for != NULL)
		strlcpy(lane->benched_for, row->benched_for, sizeof(lane->benched_for));
	/* nothing else makes one of its two resources wait */
	if (row->rest_benched_until != 0)
		lane->benched_by[GHC_RESOURCE_CORE] = GHC_VERDICT_EXHAUSTED;
	lane->meter_changed = true;
}

void
ghc_meter_save(GhcLane *lane, bool released)
{
	static const char *const bounds[] = {
		[GHC_BOUND_NONE] = NULL,
		[GHC_BOUND_POINTS] = "points",
		[GHC_BOUND_REQUESTS] = "requests",
		[GHC_BOUND_RESPONSE] = "response",
	};
	int64		now_ms = ghc_clock_now_ms();
	int64		benched_ms = ghc_budget_benched_until_ms(&lane->meter,
														 GHC_RESOURCE_GRAPHQL, now_ms);
	GhcBudgetState state;
	const GhcMeterState *graphql = &state.of[GHC_RESOURCE_GRAPHQL];
	const GhcMeterState *rest = &state.of[GHC_RESOURCE_CORE];
	GhcRate		rate;
	GhcBudgetRow row;

	ghc_budget_rate(&lane->meter, GHC_RESOURCE_GRAPHQL, now_ms, &rate);
	ghc_budget_state(&lane->meter, now_ms, &state);
	row = (GhcBudgetRow) {
		.budget_id = lane->budget_id,
		.limit = graphql->limit,
		.remaining = graphql->remaining,
		.reset_at = ghc_clock_timestamp(graphql->reset_ms),
		.minute_requests = (int) graphql->requests,
		.minute_response_ms = (int) graphql->response_ms,
		.benched_until = ghc_clock_timestamp(benched_ms),
		.benched_for = benched_ms != 0 ? ghc_clean_text(lane->benched_for, 190) : NULL,
		.spent = graphql->spent,
		.pace = rate.points_hour,
		.paced_by = bounds[rate.bound],
		.released = released,
		.unmetered = graphql->unmetered,
		.points_used = lane->points_used,
		.requests = lane->requests,
		.rest_limit = rest->limit,
		.rest_remaining = rest->remaining,
		.rest_reset_at = ghc_clock_timestamp(rest->reset_ms),
		.rest_spent = rest->spent,
		.rest_minute_requests = (int) rest->requests,
		.rest_minute_ms = (int) rest->response_ms,
		.rest_benched_until = ghc_clock_timestamp(rest->exhausted_until_ms),
		.rest_requests = lane->gets,
		.not_modified = lane->not_modified
	};
	ghc_budgets_save(&row);
}

void
ghc_meter_take_over_bench(GhcLane *lane, const GhcToken *token)
{
	GhcBudgetState state = {
		.benched_until_ms = ghc_clock_ms(token->benched_until),
		.written_ms = ghc_clock_now_ms(),
		.released = true
	};

	begin_state(&state);
	ghc_budget_restore(&lane->meter, &state, state.written_ms);
	if (token->benched_for != NULL)
		strlcpy(lane->benched_for, token->benched_for, sizeof(lane->benched_for));
}

void
ghc_meter_save_bench(GhcLane *lane)
{
	int64		until_ms = ghc_budget_benched_until_ms(&lane->meter,
													   GHC_RESOURCE_GRAPHQL,
													   ghc_clock_now_ms());

	if (until_ms != 0)
		ghc_tokens_bench(lane->token_id, ghc_clock_timestamp(until_ms),
						 ghc_clean_text(lane->benched_for, 190));
}
