/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  What one GitHub user may still ask, and when; see budget.h.
 *
 * A clock may jump.  All moments are by the caller's clock, so they move along
 * with it: a jump back forgets nothing and delays nothing.  A jump ahead can't
 * be told from a caller that slept, unless requests were under way that took
 * less than the time that seems to have passed.
 *
 * IDENTIFICATION
 *	  src/github/budget.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/budget.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

/* a clock that is so little late is the caller's, who asked it twice */
#define CLOCK_SLACK_MS SECOND_MS

/*
 * Requests are paced a little below their limit, so that there is no harm in
 * a clock that jumped ahead and made the window seem empty.
 */
#define PACED_SHARE 0.99

/* a caller that is so late, as a share of the window, may catch up */
#define PACE_SLACK 600

/* a time-out costs points of the next period, GitHub doesn't say how many */
#define TIMEOUT_DEBT 10

/* so many good replies that tell no limit, and there is none */
#define SILENT_REPLIES 3

/* how quickly the usual cost of a request follows */
#define MEAN_GAIN (1.0 / 16)

#define ALL_KINDS (GHC_KIND_BIT(GHC_KIND_GRAPHQL) | GHC_KIND_BIT(GHC_KIND_REST))

const GhcLimits ghc_budget_github_limits = {
	.of = {
		[GHC_RESOURCE_GRAPHQL] = {5000, HOUR_MS, 2000, 60000},
		[GHC_RESOURCE_CORE] = {5000, HOUR_MS, 900, 0},
		[GHC_RESOURCE_SEARCH] = {30, MINUTE_MS, 0, 0},
	},
	.response_ms = 90000,
	.concurrent = 100,
	.window_ms = MINUTE_MS,
};

static const char *const resource_names[GHC_RESOURCE_COUNT] = {
	"graphql", "core", "search"
};

static int64_t
max_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
min_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* What is left of a limit of the window when others' share is taken off. */
static int64_t
our_share(const GhcBudget *budget, int64_t limit)
{
	return max_of(limit * (100 - budget->limits.reserve) / 100, limit > 0);
}

static GhcKind
kind_of(GhcResource resource)
{
	return resource == GHC_RESOURCE_GRAPHQL ? GHC_KIND_GRAPHQL : GHC_KIND_REST;
}

static void
take_limits(GhcBudget *budget)
{
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		GhcPeriods *periods = &budget->meters[i].periods;

		periods->points = budget->limits.of[i].points;
		periods->length_ms = budget->limits.of[i].period_ms;
		periods->reserve = budget->limits.reserve;
	}
	budget->known.until_ms = 0;
}

void
ghc_budget_init(GhcBudget *budget, const GhcLimits *limits)
{
	memset(budget, 0, sizeof(*budget));
	budget->limits = *limits;
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		ghc_period_init(&budget->meters[i].periods);
	ghc_underway_init(&budget->flight, limits->window_ms, 0);
	take_limits(budget);
}

void
ghc_budget_set_limits(GhcBudget *budget, const GhcLimits *limits)
{
	int64_t		window_ms = budget->limits.window_ms;

	budget->limits = *limits;
	if (window_ms == limits->window_ms)
		;
	else if (budget->flight.n == 0)
		ghc_underway_init(&budget->flight, limits->window_ms, budget->now_ms);
	else
		budget->limits.window_ms = window_ms;
	take_limits(budget);
}

/* ---------------------------------------------------------------------------
 * time goes on
 * ---------------------------------------------------------------------------
 */

static void
shift(GhcBudget *budget, int64_t by_ms)
{
	budget->bench.until_ms += by_ms;
	budget->response_pace.next_ms += (double) by_ms;
	budget->known.until_ms = 0;
	ghc_underway_shift(&budget->flight, by_ms);
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		GhcMeter   *meter = &budget->meters[i];

		ghc_period_shift(&meter->periods, by_ms);
		meter->bench.until_ms += by_ms;
		meter->points_pace.next_ms += (double) by_ms;
		meter->requests_pace.next_ms += (double) by_ms;
		meter->response_pace.next_ms += (double) by_ms;
	}
}

/*
 * Brings all up to now.  "took" is what has surely passed since the clock was
 * told last.  Returns now, which never goes back a little.
 */
static int64_t
roll(GhcBudget *budget, int64_t now_ms, int64_t took_ms)
{
	int64_t		passed_ms = now_ms - budget->now_ms;
	int64_t		lull_ms = max_of(budget->limits.window_ms / 4, SECOND_MS);

	if (budget->now_ms != 0 && passed_ms < -CLOCK_SLACK_MS)
		shift(budget, passed_ms);
	else if (passed_ms < 0)
		now_ms = budget->now_ms;
	else if (budget->flight.n > 0 && passed_ms - took_ms > lull_ms)
		shift(budget, passed_ms - took_ms);
	budget->now_ms = now_ms;

	ghc_underway_roll(&budget->flight, now_ms);
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		GhcMeter   *meter = &budget->meters[i];

		/* what is due was reckoned by what was left of the period */
		if (ghc_period_roll(&meter->periods, now_ms))
			meter->points_pace.next_ms = fmin(meter->points_pace.next_ms,
											  (double) now_ms);
	}
	return now_ms;
}

/* ---------------------------------------------------------------------------
 * ready?
 * ---------------------------------------------------------------------------
 */

int64_t
ghc_budget_benched_until_ms(const GhcBudget *budget, GhcResource resource,
							int64_t now_ms)
{
	int64_t		until_ms = max_of(budget->bench.until_ms,
								  budget->meters[resource].bench.until_ms);

	return until_ms > now_ms ? until_ms : 0;
}

static int64_t
turn_ms(const GhcBudget *budget, const GhcMeter *meter)
{
	double		turn = fmax(fmax(meter->points_pace.next_ms,
								 meter->requests_pace.next_ms),
							fmax(meter->response_pace.next_ms,
								 budget->response_pace.next_ms));

	return (int64_t) ceil(turn);
}

/* When the limits of the window let a request go. */
static int64_t
window_until_ms(const GhcBudget *budget, const GhcOutlay *cost, int64_t now_ms)
{
	const GhcResourceLimits *limits = &budget->limits.of[cost->resource];
	GhcKind		kind = kind_of(cost->resource);
	int64_t		expected_ms = max_of(cost->expected_ms, 1);
	int64_t		until_ms = now_ms;

	if (limits->requests > 0)
		until_ms = ghc_underway_requests_until_ms(&budget->flight, kind,
												our_share(budget, limits->requests),
												now_ms);
	if (limits->response_ms > 0)
		until_ms = max_of(until_ms,
						  ghc_underway_until_ms(&budget->flight, GHC_KIND_BIT(kind),
											  our_share(budget, limits->response_ms),
											  expected_ms, now_ms));
	if (budget->limits.response_ms > 0)
		until_ms = max_of(until_ms,
						  ghc_underway_until_ms(&budget->flight, ALL_KINDS,
											  our_share(budget, budget->limits.response_ms),
											  expected_ms, now_ms));
	return until_ms;
}

/* The same, known from the last time if nothing has changed since. */
static int64_t
known_until_ms(GhcBudget *budget, const GhcOutlay *cost, int64_t now_ms)
{
	GhcKnownWait *known = &budget->known;

	if (known->until_ms > now_ms &&
		known->cost.resource == cost->resource &&
		known->cost.expected_ms == cost->expected_ms)
		return known->until_ms;
	known->cost = *cost;
	known->until_ms = window_until_ms(budget, cost, now_ms);
	return known->until_ms;
}

/*
 * When one more request may join those under way; "now": at once, 0: when one of
 * them has ended.  A minute of response time a minute is one request after the
 * other, which is what GitHub asks for, and tells of a refusal before the next is
 * sent; so a second one goes out only if its turn is long over.
 */
static int64_t
joins_at_ms(const GhcBudget *budget, GhcResource resource, int64_t now_ms)
{
	const GhcResourceLimits *limits = &budget->limits.of[resource];
	const GhcMeter *meter = &budget->meters[resource];
	int			concurrent = budget->limits.concurrent;
	int64_t		window_ms = budget->limits.window_ms;
	int64_t		in_a_row;
	int			n = budget->flight.sums[kind_of(resource)].n;

	if (budget->flight.n >= GHC_UNDERWAY_SLOTS ||
		(concurrent > 0 && budget->flight.n >= concurrent))
		return 0;
	if (meter->unmetered || limits->response_ms <= 0)
		return now_ms;
	in_a_row = (limits->response_ms + window_ms - 1) / window_ms;
	if (n < in_a_row)
		return now_ms;
	if (n > in_a_row || budget->limits.unpaced || meter->mean_ms <= 0)
		return 0;
	return max_of(turn_ms(budget, meter) + (int64_t) (meter->mean_ms / 2), now_ms);
}

GhcWait
ghc_budget_ready(GhcBudget *budget, const GhcOutlay *cost, int64_t now_ms,
				 int64_t *until_ms)
{
	GhcMeter   *meter = &budget->meters[cost->resource];

	now_ms = roll(budget, now_ms, 0);
	*until_ms = joins_at_ms(budget, cost->resource, now_ms);
	if (*until_ms != now_ms)
		return GHC_WAIT_IN_FLIGHT;

	*until_ms = ghc_budget_benched_until_ms(budget, cost->resource, now_ms);
	if (*until_ms > 0)
		return GHC_WAIT_BENCHED;

	*until_ms = now_ms;
	if (meter->unmetered)
		return GHC_WAIT_NONE;

	*until_ms = ghc_period_until_ms(&meter->periods, cost->points);
	if (*until_ms > now_ms)
		return GHC_WAIT_POINTS;

	*until_ms = turn_ms(budget, meter);
	if (*until_ms > now_ms && !budget->limits.unpaced)
		return GHC_WAIT_PACED;

	*until_ms = known_until_ms(budget, cost, now_ms);
	return *until_ms > now_ms ? GHC_WAIT_MINUTE : GHC_WAIT_NONE;
}

/* ---------------------------------------------------------------------------
 * sent and settled
 * ---------------------------------------------------------------------------
 */

/* Milliseconds of the window that a share of a limit is worth. */
static double
worth_ms(const GhcBudget *budget, int64_t amount, int64_t limit)
{
	if (limit <= 0)
		return 0;
	return (double) (amount * budget->limits.window_ms) /
		(double) our_share(budget, limit);
}

static void
take_turn(GhcBudget *budget, const GhcOutlay *cost, int64_t now_ms)
{
	const GhcResourceLimits *limits = &budget->limits.of[cost->resource];
	GhcMeter   *meter = &budget->meters[cost->resource];
	double		slack_ms = (double) budget->limits.window_ms / PACE_SLACK;
	double		point_ms = ghc_period_interval_ms(&meter->periods, now_ms);
	int64_t		expected_ms = max_of(cost->expected_ms, 1);
	int64_t		spread_ms = ghc_underway_spread_ms(&budget->flight, expected_ms);

	expected_ms += expected_ms * spread_ms / budget->limits.window_ms;
	ghc_pace_take(&meter->points_pace, point_ms * cost->points, slack_ms,
				  now_ms);
	ghc_pace_take(&meter->requests_pace,
				  worth_ms(budget, 1, limits->requests) / PACED_SHARE, slack_ms,
				  now_ms);
	ghc_pace_take(&meter->response_pace,
				  worth_ms(budget, expected_ms, limits->response_ms),
				  slack_ms, now_ms);
	ghc_pace_take(&budget->response_pace,
				  worth_ms(budget, expected_ms, budget->limits.response_ms),
				  slack_ms, now_ms);
}

void
ghc_budget_send(GhcBudget *budget, const GhcOutlay *cost, int64_t now_ms,
				GhcReservation *out)
{
	GhcMeter   *meter = &budget->meters[cost->resource];
	GhcUnderwaySlot request = {
		.resource = cost->resource,
		.points = cost->points,
		.expected_ms = max_of(cost->expected_ms, 1)
	};

	now_ms = roll(budget, now_ms, 0);
	request.sent_ms = now_ms;
	ghc_underway_send(&budget->flight, &request, out);
	meter->points_in_flight += cost->points;
	budget->known.until_ms = 0;
	if (meter->unmetered)
		return;
	ghc_period_send(&meter->periods, cost->points, now_ms);
	if (!budget->limits.unpaced)
		take_turn(budget, cost, now_ms);
}

/* The meter that headers tell of; NULL: none that is known. */
static GhcMeter *
meter_of(GhcBudget *budget, const GhcHeaders *headers, int resource)
{
	if (headers->resource[0] == '\0')
		return &budget->meters[resource];
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		if (strcmp(headers->resource, resource_names[i]) == 0)
			return &budget->meters[i];
	return NULL;
}

/* Are there limits at all? */
static void
listen_for_limits(GhcBudget *budget, GhcMeter *meter,
				  const GhcHeaders *headers, const GhcJudgement *judgement,
				  int64_t cost)
{
	if (headers->limit >= 0 || headers->remaining >= 0 || cost >= 0 ||
		judgement->verdict == GHC_VERDICT_SECONDARY ||
		judgement->verdict == GHC_VERDICT_EXHAUSTED)
		meter->silent = 0;
	else if (judgement->verdict == GHC_VERDICT_OK ||
			 judgement->verdict == GHC_VERDICT_PARTIAL)
		meter->silent = (int) min_of(meter->silent + 1, SILENT_REPLIES);
	else
		return;
	meter->unmetered = budget->limits.may_be_off &&
		meter->silent >= SILENT_REPLIES;
}

/* Puts right what was reserved. */
static void
correct(GhcBudget *budget, const GhcUnderwaySlot *request, int64_t cost,
		int64_t took_ms, int64_t now_ms)
{
	const GhcResourceLimits *limits = &budget->limits.of[request->resource];
	GhcMeter   *meter = &budget->meters[request->resource];
	int64_t		more_ms = took_ms - request->expected_ms;

	meter->response_pace.next_ms += worth_ms(budget, more_ms, limits->response_ms);
	budget->response_pace.next_ms += worth_ms(budget, more_ms,
											  budget->limits.response_ms);
	/* where it isn't known it may have cost more than was reserved */
	if (cost >= 0)
	{
		double		point_ms = ghc_period_interval_ms(&meter->periods, now_ms);

		ghc_period_correct(&meter->periods, cost - request->points);
		meter->points_pace.next_ms += point_ms * (double) (cost - request->points);
	}
}

static void
learn(GhcMeter *meter, double points, double took_ms)
{
	if (meter->mean_ms <= 0)
	{
		meter->mean_points = points;
		meter->mean_ms = fmax(took_ms, 1);
	}
	meter->mean_points += (points - meter->mean_points) * MEAN_GAIN;
	meter->mean_ms += (fmax(took_ms, 1) - meter->mean_ms) * MEAN_GAIN;
}

/* Whom a judgement concerns waits: all, or the resource that is exhausted. */
static void
bench(GhcBudget *budget, const GhcUnderwaySlot *request,
	  const GhcJudgement *judgement, int64_t now_ms, uint32_t random)
{
	GhcMeter   *meter = &budget->meters[request->resource];
	GhcBenchCase what = {
		.judgement = judgement,
		.serial = request->serial,
		.next_serial = budget->flight.next_serial,
		.reset_ms = meter->periods.guessed ? 0 : meter->periods.first.reset_ms,
		.random = random
	};

	if (judgement->verdict == GHC_VERDICT_TOO_SLOW)
		meter->periods.debt += TIMEOUT_DEBT;
	if (judgement->verdict != GHC_VERDICT_EXHAUSTED)
		ghc_bench_settle(&budget->bench, &what, now_ms);
	if (judgement->verdict == GHC_VERDICT_EXHAUSTED ||
		judgement->verdict == GHC_VERDICT_OK ||
		judgement->verdict == GHC_VERDICT_PARTIAL)
		ghc_bench_settle(&meter->bench, &what, now_ms);
}

static void
take_headers(GhcMeter *meter, const GhcHeaders *headers, int64_t now_ms)
{
	bool		guessed = meter->periods.guessed;
	double		due_ms;

	ghc_period_tell(&meter->periods, headers, meter->points_in_flight, now_ms);
	if (!guessed || meter->periods.guessed)
		return;
	/* what is due was reckoned by a guess of the period */
	due_ms = now_ms + fmax(meter->mean_points, 1) *
		ghc_period_interval_ms(&meter->periods, now_ms);
	meter->points_pace.next_ms = fmin(meter->points_pace.next_ms, due_ms);
}

void
ghc_budget_settle(GhcBudget *budget, const GhcReservation *reservation,
				  const GhcHeaders *headers, const GhcJudgement *judgement,
				  int64_t cost, int64_t took_ms, int64_t now_ms,
				  uint32_t random)
{
	GhcUnderwaySlot request;
	GhcMeter   *told;
	GhcMeter   *meter;

	took_ms = min_of(max_of(took_ms, 0), HOUR_MS);
	now_ms = roll(budget, now_ms, took_ms);
	if (!ghc_underway_settle(&budget->flight, reservation, took_ms, now_ms,
						   &request))
		return;
	meter = &budget->meters[request.resource];
	meter->points_in_flight -= request.points;
	budget->known.until_ms = 0;
	if (!meter->unmetered)
		correct(budget, &request, cost, took_ms, now_ms);
	if (judgement == NULL)
		return;

	learn(meter, cost >= 0 ? (double) cost : request.points, (double) took_ms);
	listen_for_limits(budget, meter, headers, judgement, cost);
	told = meter_of(budget, headers, request.resource);
	if (told != NULL)
		take_headers(told, headers, now_ms);
	bench(budget, &request, judgement, now_ms, random);
}

/* ---------------------------------------------------------------------------
 * for views
 * ---------------------------------------------------------------------------
 */

/* Has a limit set the pace if it is the slowest so far. */
static void
bind_rate(GhcRate *rate, GhcLimitKind bound, double points_hour)
{
	if (rate->points_hour >= 0 && rate->points_hour <= points_hour)
		return;
	rate->points_hour = points_hour;
	rate->bound = bound;
}

void
ghc_budget_rate(GhcBudget *budget, GhcResource resource, int64_t now_ms,
				GhcRate *out)
{
	const GhcMeter *meter = &budget->meters[resource];
	const GhcResourceLimits *limits = &budget->limits.of[resource];
	double		points = meter->mean_points * HOUR_MS;
	double		point_ms;
	double		request_ms = worth_ms(budget, 1, limits->requests);
	double		response_ms = fmax(worth_ms(budget, 1, limits->response_ms),
								   worth_ms(budget, 1, budget->limits.response_ms));

	now_ms = roll(budget, now_ms, 0);
	*out = (GhcRate) {-1, GHC_BOUND_NONE, 0, 0};
	ghc_underway_count(&budget->flight, GHC_KIND_BIT(kind_of(resource)), now_ms,
					 &out->requests, &out->response_ms);
	if (meter->unmetered)
		return;
	point_ms = ghc_period_interval_ms(&meter->periods, now_ms);
	if (point_ms > 0)
		bind_rate(out, GHC_BOUND_POINTS, HOUR_MS / point_ms);
	if (request_ms > 0 && points > 0)
		bind_rate(out, GHC_BOUND_REQUESTS, points / request_ms);
	if (response_ms > 0 && points > 0)
		bind_rate(out, GHC_BOUND_RESPONSE,
				  points / (response_ms * meter->mean_ms));
}

/* ---------------------------------------------------------------------------
 * from one holder to the next
 * ---------------------------------------------------------------------------
 */

void
ghc_budget_state(GhcBudget *budget, int64_t now_ms, GhcBudgetState *out)
{
	memset(out, 0, sizeof(*out));
	now_ms = roll(budget, now_ms, 0);
	out->written_ms = now_ms;
	out->benched_until_ms = budget->bench.until_ms > now_ms ?
		budget->bench.until_ms : 0;
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		const GhcMeter *meter = &budget->meters[i];
		const GhcPeriods *periods = &meter->periods;
		GhcMeterState *state = &out->of[i];
		bool		runs = periods->first.reset_ms > 0;

		state->limit = periods->limit;
		state->remaining = runs ? periods->first.remaining : periods->limit;
		state->reset_ms = periods->first.reset_ms;
		state->spent = periods->first.spent;
		state->debt = periods->debt;
		state->next_ms = turn_ms(budget, meter);
		state->exhausted_until_ms = meter->bench.until_ms > now_ms ?
			meter->bench.until_ms : 0;
		state->unmetered = meter->unmetered;
	}
	ghc_underway_count(&budget->flight, GHC_KIND_BIT(GHC_KIND_GRAPHQL), now_ms,
					 &out->of[GHC_RESOURCE_GRAPHQL].requests,
					 &out->of[GHC_RESOURCE_GRAPHQL].response_ms);
	ghc_underway_count(&budget->flight, GHC_KIND_BIT(GHC_KIND_REST), now_ms,
					 &out->of[GHC_RESOURCE_CORE].requests,
					 &out->of[GHC_RESOURCE_CORE].response_ms);
}

/* What a holder of whom nothing more was heard may have used of a limit. */
static int64_t
unheard(int64_t limit, int64_t silent_ms, int64_t window_ms)
{
	if (limit <= 0 || silent_ms <= 0)
		return 0;
	return (limit * silent_ms + window_ms - 1) / window_ms;
}

static void
restore_window(GhcBudget *budget, GhcResource resource,
			   const GhcMeterState *state, int64_t written_ms,
			   int64_t silent_ms, int64_t now_ms)
{
	const GhcLimits *limits = &budget->limits;
	const GhcResourceLimits *own = &limits->of[resource];
	GhcKind		kind = kind_of(resource);
	int64_t		response_ms = own->response_ms;

	/* REST has what GraphQL can't use, once for all its resources */
	if (resource == GHC_RESOURCE_CORE && response_ms <= 0 &&
		limits->response_ms > 0)
		response_ms = limits->response_ms -
			limits->of[GHC_RESOURCE_GRAPHQL].response_ms;
	ghc_underway_book(&budget->flight, kind, written_ms, state->requests,
					state->response_ms);
	ghc_underway_book(&budget->flight, kind, now_ms,
					unheard(own->requests, silent_ms, limits->window_ms),
					unheard(response_ms, silent_ms, limits->window_ms));
}

static void
restore_meter(GhcBudget *budget, GhcResource resource,
			  const GhcMeterState *state, int64_t written_ms,
			  int64_t silent_ms, int64_t now_ms)
{
	GhcMeter   *meter = &budget->meters[resource];
	GhcPeriods *periods = &meter->periods;
	GhcPeriod  *period = &periods->first;
	int64_t		window_ms = budget->limits.window_ms;

	periods->limit = state->limit;
	periods->debt = state->debt;
	if (state->remaining >= 0 && state->reset_ms > now_ms)
	{
		int64_t		gone = unheard(state->remaining, silent_ms,
								   state->reset_ms - written_ms);

		period->remaining = state->remaining - gone;
		period->spent = state->spent + gone;
		period->reset_ms = min_of(state->reset_ms, now_ms + periods->length_ms);
	}
	meter->unmetered = state->unmetered && budget->limits.may_be_off;
	meter->silent = meter->unmetered ? SILENT_REPLIES : 0;
	meter->bench.until_ms = min_of(state->exhausted_until_ms,
								   now_ms + GHC_BENCH_MAX_MS);
	meter->points_pace.next_ms = (double) min_of(state->next_ms,
												 now_ms + periods->length_ms);
	meter->requests_pace.next_ms = (double) min_of(state->next_ms,
												   now_ms + window_ms);
	meter->response_pace.next_ms = meter->requests_pace.next_ms;
}

void
ghc_budget_restore(GhcBudget *budget, const GhcBudgetState *state,
				   int64_t now_ms)
{
	int64_t		window_ms = budget->limits.window_ms;
	int64_t		written_ms = min_of(state->written_ms, now_ms);
	int64_t		silent_ms = min_of(now_ms - written_ms, window_ms);

	if (state->written_ms == 0)
		return;
	if (state->released)
		silent_ms = 0;
	else if (state->written_ms > now_ms)
		silent_ms = window_ms;	/* the clock went back, who knows how far */
	now_ms = roll(budget, now_ms, 0);
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		restore_meter(budget, i, &state->of[i], written_ms, silent_ms, now_ms);
		restore_window(budget, i, &state->of[i], written_ms, silent_ms, now_ms);
	}
	budget->bench.until_ms = min_of(state->benched_until_ms,
									now_ms + GHC_BENCH_MAX_MS);
}
