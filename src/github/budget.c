/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  What one GitHub user may still ask, and when; see budget.h.
 *
 * Headers are advisory (github-api.md 3.4): GitHub keeps its counters in
 * more than one place, so that answers to one user may tell of two periods by
 * turns, and some are late.  Within a period our count only falls, whatever a
 * header says, and all periods that are running must have points left.
 *
 * A clock may jump.  Whatever seems to lie further ahead than it can is drawn
 * near, so that a jump back forgets nothing and delays no more than GitHub may.
 *
 * Response time is charged when the answer is there.  With one request in
 * flight the answers of a minute can't take longer than that minute, but for
 * the one that began before it.
 *
 * IDENTIFICATION
 *	  src/github/budget.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/budget.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

/*
 * Resets this close are one period: the same moment comes out differently by
 * the time an answer takes, and GitHub's counters start seconds apart.
 */
#define SAME_PERIOD_MS MINUTE_MS

/* no wait that GitHub asks for is longer; see headers.c */
#define MAX_BENCH_MS (24 * HOUR_MS)

/* back-off of a secondary limit, and of everything that just failed */
#define SECONDARY_BASE_MS MINUTE_MS
#define SECONDARY_CAP_MS (15 * MINUTE_MS)
#define FAILURE_BASE_MS SECOND_MS
#define FAILURE_CAP_MS MINUTE_MS

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

void
ghc_budget_init(GhcBudget *budget, const GhcLimits *limits)
{
	memset(budget, 0, sizeof(*budget));
	budget->limits = *limits;
	budget->limit = -1;
	budget->remaining = -1;
}

/* ---------------------------------------------------------------------------
 * the last minute
 * ---------------------------------------------------------------------------
 */

/* Adds to the bucket of a second; there is one free for every second. */
static void
book(GhcBudget *budget, int64_t second, int requests, int64_t response_ms)
{
	int			free_bucket = 0;
	int			i;

	for (i = 0; i < GHC_MINUTE_BUCKETS; i++)
	{
		if (budget->bucket_second[i] == second)
			break;
		if (budget->bucket_second[i] == 0)
			free_bucket = i;
	}
	if (i == GHC_MINUTE_BUCKETS)
	{
		i = free_bucket;
		budget->bucket_second[i] = second;
	}
	budget->bucket_requests[i] += requests;
	budget->bucket_response_ms[i] = (int)
		min_of(budget->bucket_response_ms[i] + response_ms, INT32_MAX / 2);
}

/*
 * Frees the buckets whose seconds are over.  A request of the second 60
 * before may have been up to 60 s ago, so that second still counts.  Seconds
 * ahead of the clock, which must have jumped back, count as now.
 */
static void
roll_minute(GhcBudget *budget, int64_t second)
{
	int			requests = 0;
	int64_t		response_ms = 0;

	for (int i = 0; i < GHC_MINUTE_BUCKETS; i++)
	{
		bool		ahead = budget->bucket_second[i] > second;

		if (!ahead && budget->bucket_second[i] >= second - 60)
			continue;
		if (ahead)
		{
			requests += budget->bucket_requests[i];
			response_ms += budget->bucket_response_ms[i];
		}
		budget->bucket_second[i] = 0;
		budget->bucket_requests[i] = 0;
		budget->bucket_response_ms[i] = 0;
	}
	if (requests > 0 || response_ms > 0)
		book(budget, second, requests, response_ms);
}

/* True if buckets from the second on leave room for one more request. */
static bool
has_room(const GhcBudget *budget, int64_t from_second)
{
	const GhcLimits *limits = &budget->limits;
	int64_t		requests = 0;
	int64_t		response_ms = 0;

	for (int i = 0; i < GHC_MINUTE_BUCKETS; i++)
	{
		if (budget->bucket_second[i] < from_second)
			continue;
		requests += budget->bucket_requests[i];
		response_ms += budget->bucket_response_ms[i];
	}
	return (limits->requests_minute <= 0 ||
			requests < limits->requests_minute) &&
		(limits->response_ms_minute <= 0 ||
		 response_ms < limits->response_ms_minute);
}

/* When enough of the last minute will be over for one more request. */
static int64_t
minute_until_ms(const GhcBudget *budget, int64_t second)
{
	int64_t		from = second - 60;

	while (from <= second && !has_room(budget, from))
		from++;
	return (from + 60) * SECOND_MS;
}

/* ---------------------------------------------------------------------------
 * the hour
 * ---------------------------------------------------------------------------
 */

/* True if the period runs; draws its end near if the clock jumped back. */
static bool
is_running(GhcPeriod *period, int64_t now_ms)
{
	period->reset_ms = min_of(period->reset_ms, now_ms + HOUR_MS);
	return period->reset_ms > now_ms;
}

/* Drops periods that are over, and puts the tighter one first. */
static void
roll_periods(GhcBudget *budget, int64_t now_ms)
{
	GhcPeriod	none = {-1, 0};
	GhcPeriod	first = {budget->remaining, budget->reset_ms};
	GhcPeriod	other = budget->other;

	if (!is_running(&first, now_ms))
	{
		first = none;
		first.remaining = budget->limit;
	}
	if (!is_running(&other, now_ms))
		other = none;

	if (other.reset_ms > 0 &&
		(first.reset_ms == 0 || other.remaining < first.remaining))
	{
		GhcPeriod	swap = first;

		first = other;
		other = swap;
	}
	budget->remaining = first.remaining;
	budget->reset_ms = first.reset_ms;
	budget->guessed = budget->guessed && first.reset_ms > 0;
	budget->other = other;
}

/* Takes points off every period, or gives some back if negative. */
static void
spend(GhcBudget *budget, int64_t points)
{
	if (budget->reset_ms > 0)
		budget->remaining = max_of(budget->remaining - points, 0);
	if (budget->other.reset_ms > 0)
		budget->other.remaining = max_of(budget->other.remaining - points, 0);
}

/*
 * A period starts with its first request.  Until a header tells of it, or if
 * none ever does, we keep the count ourselves.
 */
static void
open_period(GhcBudget *budget, int64_t now_ms)
{
	if (budget->reset_ms > 0 || budget->limits.points_hour <= 0)
		return;
	budget->remaining = budget->limit >= 0 ? budget->limit :
		budget->limits.points_hour;
	budget->reset_ms = now_ms + HOUR_MS;
	budget->guessed = true;
}

/* Tightens a period by what a header says, if it tells of the same one. */
static bool
tighten(int64_t *remaining, int64_t *reset_ms, GhcPeriod told)
{
	if (*reset_ms <= 0 || told.reset_ms > *reset_ms + SAME_PERIOD_MS ||
		told.reset_ms < *reset_ms - SAME_PERIOD_MS)
		return false;
	*remaining = min_of(*remaining, told.remaining);
	*reset_ms = max_of(*reset_ms, told.reset_ms);
	return true;
}

/*
 * Takes in what headers tell of a period.  Its end is reckoned by GitHub's
 * clock where they tell the time, and is never more than an hour away; a
 * header of a period that is over is late and says nothing.
 */
static void
take_headers(GhcBudget *budget, const GhcHeaders *headers, int64_t now_ms)
{
	int64_t		now_s = headers->date > 0 ? headers->date : now_ms / SECOND_MS;
	int64_t		ahead_ms = (headers->reset_at - now_s) * SECOND_MS;
	GhcPeriod	told = {headers->remaining, now_ms + min_of(ahead_ms, HOUR_MS)};
	GhcPeriod  *other = &budget->other;

	if (headers->resource[0] != '\0' &&
		strcmp(headers->resource, "graphql") != 0)
		return;
	if (headers->remaining < 0 || headers->reset_at <= 0 || ahead_ms <= 0)
		return;
	if (headers->limit >= 0)
		budget->limit = headers->limit;

	if (budget->guessed || budget->reset_ms <= 0)
	{
		budget->remaining = told.remaining;
		budget->reset_ms = told.reset_ms;
		budget->guessed = false;
	}
	else if (!tighten(&budget->remaining, &budget->reset_ms, told) &&
			 !tighten(&other->remaining, &other->reset_ms, told) &&
			 other->reset_ms <= 0)
		*other = told;
}

/* ---------------------------------------------------------------------------
 * waiting by order of GitHub
 * ---------------------------------------------------------------------------
 */

/* The wait of the nth secondary limit in a row. */
static int64_t
secondary_wait_ms(int64_t asked_ms, int n, uint32_t random)
{
	int64_t		base_ms = asked_ms > 0 ? asked_ms : SECONDARY_BASE_MS;
	int64_t		wait_ms = base_ms;

	for (int i = 1; i < n && wait_ms < SECONDARY_CAP_MS; i++)
		wait_ms *= 2;
	wait_ms = max_of(min_of(wait_ms, SECONDARY_CAP_MS), base_ms);
	return wait_ms + (int64_t) ((double) wait_ms / 4 * random / UINT32_MAX);
}

/* The wait that a judgement costs; 0 if none. */
static int64_t
bench_ms(GhcBudget *budget, const GhcJudgement *judgement, int64_t now_ms,
		 uint32_t random)
{
	int64_t		asked_ms = max_of(judgement->wait_s, 0) * SECOND_MS;
	int64_t		wait_ms = asked_ms;

	switch (judgement->verdict)
	{
		case GHC_VERDICT_OK:
		case GHC_VERDICT_PARTIAL:
			budget->refusals = 0;
			budget->secondaries = 0;
			return asked_ms;
		case GHC_VERDICT_BAD_QUERY:
			return asked_ms;	/* not this user's, but the query's fault */
		case GHC_VERDICT_TOO_SLOW:
		case GHC_VERDICT_TOO_MUCH:
			/* likewise, but several in a row look like GitHub's trouble */
			if (budget->refusals++ == 0)
				return asked_ms;
			return max_of(wait_ms, ghc_backoff_ms(budget->refusals - 1,
												  FAILURE_BASE_MS,
												  FAILURE_CAP_MS, random));
		case GHC_VERDICT_SECONDARY:
			budget->refusals++;
			budget->secondaries++;
			return secondary_wait_ms(asked_ms, budget->secondaries, random);
		case GHC_VERDICT_EXHAUSTED:
			if (judgement->wait_s < 0)
				wait_ms = budget->guessed || budget->reset_ms <= now_ms ?
					MINUTE_MS : budget->reset_ms - now_ms;
			break;
		default:
			break;
	}

	/* headers that are late again and again must not make us ask at once */
	budget->refusals++;
	return max_of(wait_ms, ghc_backoff_ms(budget->refusals, FAILURE_BASE_MS,
										  FAILURE_CAP_MS, random));
}

/* ---------------------------------------------------------------------------
 * what others call
 * ---------------------------------------------------------------------------
 */

static void
roll(GhcBudget *budget, int64_t now_ms)
{
	roll_minute(budget, now_ms / SECOND_MS);
	roll_periods(budget, now_ms);
	budget->benched_until_ms = min_of(budget->benched_until_ms,
									  now_ms + MAX_BENCH_MS);
}

GhcWait
ghc_budget_ready(GhcBudget *budget, int points, int64_t now_ms,
				 int64_t *until_ms)
{
	int64_t		second = now_ms / SECOND_MS;

	roll(budget, now_ms);
	*until_ms = 0;
	if (budget->in_flight > 0)
		return GHC_WAIT_IN_FLIGHT;

	*until_ms = budget->benched_until_ms;
	if (budget->benched_until_ms > now_ms)
		return GHC_WAIT_BENCHED;

	*until_ms = budget->reset_ms;
	if (budget->other.reset_ms > 0 && budget->other.remaining < points)
		*until_ms = max_of(*until_ms, budget->other.reset_ms);
	if (budget->reset_ms > 0 && budget->remaining < points)
		return GHC_WAIT_POINTS;

	*until_ms = minute_until_ms(budget, second);
	if (!has_room(budget, second - 60))
		return GHC_WAIT_MINUTE;

	*until_ms = now_ms;
	return GHC_WAIT_NONE;
}

void
ghc_budget_send(GhcBudget *budget, int points, int64_t now_ms)
{
	roll(budget, now_ms);
	open_period(budget, now_ms);
	spend(budget, points);
	book(budget, now_ms / SECOND_MS, 1, 0);
	budget->in_flight++;
	budget->reserved_points += points;
}

void
ghc_budget_settle(GhcBudget *budget, const GhcHeaders *headers,
				  const GhcJudgement *judgement, int64_t cost,
				  int64_t took_ms, int64_t now_ms, uint32_t random)
{
	int64_t		wait_ms;

	roll(budget, now_ms);

	/* what it cost is not known: it may have cost more than was reserved */
	if (cost >= 0)
		spend(budget, cost - budget->reserved_points);
	budget->reserved_points = 0;
	if (budget->in_flight > 0)
		budget->in_flight--;
	book(budget, now_ms / SECOND_MS, 0, max_of(took_ms, 0));

	take_headers(budget, headers, now_ms);
	wait_ms = bench_ms(budget, judgement, now_ms, random);
	if (wait_ms > 0)
		budget->benched_until_ms = max_of(budget->benched_until_ms,
										  now_ms + wait_ms);
}
