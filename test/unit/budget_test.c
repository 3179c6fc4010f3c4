/*-------------------------------------------------------------------------
 *
 * budget_test.c
 *	  What a budget allows, by a clock of our own.
 *
 * A GitHub of few lines answers: it counts points by the hour, in one or two
 * places, tells the time by its own clock, and has late headers.
 *
 * IDENTIFICATION
 *	  test/unit/budget_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "github/budget.h"
#include "tap.h"

#define START INT64_C(1658205399000)
#define HOUR INT64_C(3600000)
#define MINUTE INT64_C(60000)
#define MIDDLE (UINT32_C(1) << 31)

static const GhcLimits usual = {5000, 2000, 60000};
static const GhcLimits unlimited = {0, 0, 0};

static GhcBudget budget;
static GhcHeaders headers;
static GhcJudgement judgement;
static int64_t until_ms;

/* A new budget, no headers, a good answer. */
static void
begin(const GhcLimits *limits)
{
	ghc_budget_init(&budget, limits);
	ghc_headers_init(&headers);
	memset(&judgement, 0, sizeof(judgement));
	judgement.wait_s = -1;
}

static void
tell(int64_t limit, int64_t remaining, int64_t reset_at, int64_t date)
{
	headers.limit = limit;
	headers.remaining = remaining;
	headers.reset_at = reset_at;
	headers.date = date;
}

static void
answer(GhcVerdict verdict, int64_t wait_s, int64_t now_ms, uint32_t random)
{
	judgement.verdict = verdict;
	judgement.wait_s = wait_s;
	ghc_budget_send(&budget, 1, now_ms);
	ghc_budget_settle(&budget, &headers, &judgement, 1, 0, now_ms, random);
}

static GhcWait
ready(int points, int64_t now_ms)
{
	return ghc_budget_ready(&budget, points, now_ms, &until_ms);
}

static void
test_flight(void)
{
	begin(&usual);
	is_int(ready(1, START), GHC_WAIT_NONE, "a new budget is ready");
	is_int(budget.remaining, -1, "and knows nothing");
	ghc_budget_send(&budget, 3, START);
	is_int(budget.remaining, 4997, "what is in flight is reserved");
	is_int(ready(1, START + 1), GHC_WAIT_IN_FLIGHT, "one at a time");
	is_int(until_ms, 0, "without a moment");
	ghc_budget_settle(&budget, &headers, &judgement, 1, 100, START + 100, 0);
	is_int(budget.remaining, 4999, "it cost less");
	is_int(ready(1, START + 100), GHC_WAIT_NONE, "the next may go");
	ghc_budget_send(&budget, 3, START + 100);
	ghc_budget_settle(&budget, &headers, &judgement, -1, 100, START + 200, 0);
	is_int(budget.remaining, 4996, "an unknown cost stays reserved");
	ghc_budget_send(&budget, 3, START + 200);
	ghc_budget_settle(&budget, &headers, &judgement, 5, 100, START + 300, 0);
	is_int(budget.remaining, 4991, "it cost more");
}

static void
test_own_count(void)
{
	GhcLimits	limits = {5, 0, 0};

	begin(&limits);
	for (int i = 0; i < 5; i++)
		answer(GHC_VERDICT_OK, -1, START + i, 0);
	is_int(ready(1, START + 10), GHC_WAIT_POINTS, "points are used up");
	is_int(until_ms, START + HOUR, "an hour from the first");
	is_int(ready(1, START + HOUR - 1), GHC_WAIT_POINTS, "for all of it");
	is_int(ready(9, START + HOUR), GHC_WAIT_NONE, "then a new hour begins");
	answer(GHC_VERDICT_OK, -1, START + HOUR + 7, 0);
	is_int(budget.reset_ms, START + 2 * HOUR + 7, "with its first request");
	is_int(budget.remaining, 4, "and all its points");

	begin(&unlimited);
	for (int i = 0; i < 10000; i++)
		answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(ready(1000, START), GHC_WAIT_NONE, "no limits, no headers");

	tell(100, 3, START / 1000 + 50, -1);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(ready(4, START), GHC_WAIT_POINTS, "headers limit all the same");
	is_int(until_ms, START + 50000 - START % 1000, "until their reset");
}

static void
test_headers(void)
{
	int64_t		reset_at = START / 1000 + 3000;

	begin(&usual);
	tell(12500, 12000, reset_at, START / 1000);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(budget.limit, 12500, "the first header counts: limit");
	is_int(budget.remaining, 12000, "remaining, even above what was believed");
	is_int(budget.reset_ms, START + 3000000, "reset");

	tell(12500, 12400, reset_at, START / 1000 + 1);
	answer(GHC_VERDICT_OK, -1, START + 1000, 0);
	is_int(budget.remaining, 11999, "a late header does not raise it");
	tell(12500, 500, reset_at, START / 1000 + 2);
	answer(GHC_VERDICT_OK, -1, START + 2000, 0);
	is_int(budget.remaining, 500, "others of the same user lower it");

	strcpy(headers.resource, "core");
	tell(60, 0, reset_at, START / 1000 + 3);
	answer(GHC_VERDICT_OK, -1, START + 3000, 0);
	is_int(budget.remaining, 499, "other resources do not count");
	strcpy(headers.resource, "graphql");
	tell(12500, 0, START / 1000 - 5, START / 1000 + 4);
	answer(GHC_VERDICT_OK, -1, START + 4000, 0);
	is_int(budget.remaining, 498, "nor does a period that is over");
	tell(12500, -1, reset_at, START / 1000 + 5);
	answer(GHC_VERDICT_OK, -1, START + 5000, 0);
	tell(12500, 7, -1, START / 1000 + 5);
	answer(GHC_VERDICT_OK, -1, START + 5000, 0);
	is_int(budget.remaining, 496, "nor do half headers");
	tell(12500, 400, reset_at, START / 1000 + 6);
	answer(GHC_VERDICT_OK, -1, START + 6000, 0);
	is_int(budget.remaining, 400, "those of GraphQL do");

	is_int(ready(1, budget.reset_ms), GHC_WAIT_NONE, "at the reset");
	is_int(budget.remaining, 12500, "the limit is back");
}

/* Our clock is off by hours; GitHub's Date tells how far the reset is. */
static void
test_skew(void)
{
	static const int64_t skews[] = {-7200, -30, 30, 7200, 864000};

	for (size_t i = 0; i < sizeof(skews) / sizeof(skews[0]); i++)
	{
		int64_t		date = START / 1000 + skews[i];

		begin(&usual);
		tell(5000, 0, date + 600, date);
		answer(GHC_VERDICT_OK, -1, START, 0);
		is_int(ready(1, START), GHC_WAIT_POINTS, "points are used up");
		is_int(until_ms, START + 600000, "until ten minutes from now");
	}

	begin(&usual);
	tell(5000, 0, START / 1000 + 7200, -1);
	answer(GHC_VERDICT_OK, -1, START, 0);
	ready(1, START);
	is_int(until_ms, START + HOUR, "without a Date an hour at most");
	tell(5000, 7, START / 1000 - 7200, -1);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(budget.remaining, 0, "without a Date a past reset says nothing");
}

static void
test_clock_jumps(void)
{
	GhcLimits	limits = {5, 3, 0};

	begin(&limits);
	for (int i = 0; i < 3; i++)
		answer(GHC_VERDICT_OK, -1, START + i, 0);
	is_int(ready(1, START - 5 * HOUR), GHC_WAIT_MINUTE,
		   "after a jump back the last minute still counts");
	is_int(until_ms, START - 5 * HOUR - START % 1000 + 61000, "once");
	is_int(ready(1, until_ms), GHC_WAIT_NONE, "and passes");
	answer(GHC_VERDICT_OK, -1, until_ms, 0);
	answer(GHC_VERDICT_OK, -1, until_ms, 0);
	is_int(ready(1, until_ms + 2 * MINUTE), GHC_WAIT_POINTS, "points too");
	ok(until_ms <= START - 4 * HOUR, "for an hour at most");

	begin(&usual);
	answer(GHC_VERDICT_SECONDARY, 86400, START, 0);
	ready(1, START - 100 * HOUR);
	is_int(until_ms, START - 76 * HOUR, "a bench is a day at most");
}

static void
test_two_periods(void)
{
	int64_t		now_s = START / 1000;

	begin(&usual);
	tell(5000, 100, now_s + 600, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	tell(5000, 4990, now_s + 3000, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(budget.remaining, 99, "a later reset does not raise what is left");
	tell(5000, 4980, now_s + 3000, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(budget.remaining, 98, "nor does it when told again");
	is_int(budget.other.remaining, 4980, "but it is known");
	tell(5000, 90, now_s + 600, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(budget.remaining, 90, "each is lowered by its own headers");
	tell(5000, 1, now_s + 2000, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(budget.remaining, 89, "a third is too many");

	ready(1, START + 600 * 1000);
	is_int(budget.remaining, 4978, "when one is over the other is left");
	is_int(budget.reset_ms, START + 3000 * 1000, "with its reset");

	tell(5000, 40, now_s + 600 + 900, now_s + 600);
	answer(GHC_VERDICT_OK, -1, START + 600 * 1000, 0);
	is_int(ready(50, START + 600 * 1000), GHC_WAIT_POINTS,
		   "one that has too little holds up");
	is_int(until_ms, START + 1500 * 1000, "until it is over");
	tell(5000, 45, now_s + 3000, now_s + 600);
	answer(GHC_VERDICT_OK, -1, START + 600 * 1000, 0);
	is_int(ready(50, START + 600 * 1000), GHC_WAIT_POINTS, "both have too little");
	is_int(until_ms, START + 3000 * 1000, "until the later one is over");
}

/* A counter of GitHub: an hour that starts with its first request. */
typedef struct Counter
{
	int64_t		reset_at;
	int64_t		used;
} Counter;

/* One answer of a counter at a moment of GitHub's clock. */
static void
count(Counter *counter, int points, int64_t date, int lateness)
{
	if (date >= counter->reset_at)
	{
		counter->reset_at = date + 3600;
		counter->used = 0;
	}
	counter->used += points;
	judgement.verdict = counter->used > 5000 ? GHC_VERDICT_EXHAUSTED :
		GHC_VERDICT_OK;
	judgement.wait_s = counter->used > 5000 ?
		counter->reset_at - date + 1 : -1;
	tell(5000, counter->used > 5000 ? 0 : 5000 - counter->used + lateness,
		 counter->reset_at, date);
}

typedef struct Outcome
{
	int64_t		sent;
	int64_t		refused;
	int			most_requests;	/* in any 60 seconds */
	int			longest_refusals;	/* in a row */
} Outcome;

/* So many requests of the last 60 s, of which the newest is the last. */
static int
count_minute(const int64_t *sent_ms, int64_t n)
{
	int			count = 0;

	while (count < n && sent_ms[n - 1 - count] > sent_ms[n - 1] - MINUTE)
		count++;
	return count;
}

/* Asks as often as the budget allows for some hours. */
static Outcome
run_hours(int n_counters, int hours, int64_t skew_s, int took_ms, int points,
		  int lateness)
{
	Counter		counters[2] = {{0}};
	int64_t    *sent_ms = calloc((size_t) hours * 100000, sizeof(int64_t));
	Outcome		outcome = {0};
	int64_t		now_ms = START;
	int			in_a_row = 0;

	begin(&usual);
	srandom(1);
	while (now_ms < START + hours * HOUR)
	{
		if (ready(points, now_ms) != GHC_WAIT_NONE)
		{
			now_ms = until_ms > now_ms ? until_ms : now_ms + 1;
			continue;
		}
		ghc_budget_send(&budget, points, now_ms);
		sent_ms[outcome.sent++] = now_ms;
		count(&counters[random() % n_counters], points,
			  now_ms / 1000 + skew_s, random() % (lateness + 1));
		now_ms += took_ms;
		ghc_budget_settle(&budget, &headers, &judgement, points, took_ms,
						  now_ms, (uint32_t) random());

		if (judgement.verdict != GHC_VERDICT_OK)
			outcome.refused++;
		in_a_row = judgement.verdict != GHC_VERDICT_OK ? in_a_row + 1 : 0;
		if (in_a_row > outcome.longest_refusals)
			outcome.longest_refusals = in_a_row;
		if (count_minute(sent_ms, outcome.sent) > outcome.most_requests)
			outcome.most_requests = count_minute(sent_ms, outcome.sent);
	}
	free(sent_ms);
	return outcome;
}

static void
test_hours(void)
{
	Outcome		outcome = run_hours(1, 5, 0, 5, 1, 0);

	is_int(outcome.sent, 5 * 5000, "every point of five hours is used");
	is_int(outcome.refused, 0, "and none more");
	is_int(outcome.most_requests, 2000, "2,000 requests a minute, not more");

	outcome = run_hours(1, 5, -5000, 200, 2, 0);
	is_int(outcome.refused, 0, "with a clock that is off: no refusal");
	ok(outcome.sent > 4 * 2500, "and hardly a point left: %" PRId64,
	   outcome.sent);

	outcome = run_hours(1, 5, 3, 200, 1, 300);
	is_int(outcome.refused, 0, "with late headers: no refusal");
	ok(outcome.sent > 4 * 5000 - 100, "nor fewer requests: %" PRId64,
	   outcome.sent);

	outcome = run_hours(2, 5, 0, 100, 1, 0);
	ok(outcome.refused == 0 && outcome.longest_refusals == 0,
	   "counted in two places: no refusal");
	ok(outcome.sent >= 4 * 5000, "nor fewer requests than of one: %" PRId64,
	   outcome.sent);
}

static void
test_minute(void)
{
	begin(&usual);
	ghc_budget_send(&budget, 1, START);
	ghc_budget_settle(&budget, &headers, &judgement, 1, 59999, START + 59999, 0);
	is_int(ready(1, START + 59999), GHC_WAIT_NONE, "59,999 ms of answers");
	ghc_budget_send(&budget, 1, START + 59999);
	ghc_budget_settle(&budget, &headers, &judgement, 1, 1, START + 60000, 0);
	is_int(ready(1, START + 60000), GHC_WAIT_MINUTE, "60,000 ms of answers");
	is_int(until_ms, START + 120000, "until a minute after the first, at least");
	is_int(ready(1, until_ms - 1), GHC_WAIT_MINUTE, "not before");
	is_int(ready(1, until_ms), GHC_WAIT_NONE, "but then");

	begin(&usual);
	ghc_budget_send(&budget, 1, START);
	ghc_budget_settle(&budget, &headers, &judgement, 1, INT64_MAX / 4, START, 0);
	ghc_budget_send(&budget, 1, START);
	ghc_budget_settle(&budget, &headers, &judgement, 1, -5, START, 0);
	is_int(ready(1, START), GHC_WAIT_MINUTE, "absurd times do no harm");
}

static void
test_restored(void)
{
	begin(&usual);
	budget.limit = 5000;
	budget.remaining = 2;
	budget.reset_ms = START + MINUTE * 10;
	budget.bucket_second[0] = START / 1000 - 10;
	budget.bucket_requests[0] = 1999;
	is_int(ready(1, START), GHC_WAIT_NONE, "what was put in allows one more");
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(ready(1, START), GHC_WAIT_MINUTE, "but not two");
	is_int(until_ms, START - START % 1000 + 51000, "until the bucket is over");
	answer(GHC_VERDICT_OK, -1, until_ms, 0);
	is_int(ready(1, until_ms), GHC_WAIT_POINTS, "nor more than there were points");
	is_int(until_ms, START + MINUTE * 10, "until the period is over");

	begin(&usual);
	budget.benched_until_ms = START + 5;
	is_int(ready(1, START), GHC_WAIT_BENCHED, "a bench is kept");
	is_int(until_ms, START + 5, "until its end");

	/* every second of a minute has a bucket, wherever the first one is */
	begin(&usual);
	budget.limits.requests_minute = 61;
	budget.bucket_second[7] = START / 1000;
	budget.bucket_requests[7] = 1;
	for (int i = 1; i <= 60; i++)
		answer(GHC_VERDICT_OK, -1, START + i * 1000, 0);
	is_int(ready(1, START + 60 * 1000), GHC_WAIT_MINUTE, "61 seconds are kept");
	is_int(ready(1, START + 61 * 1000), GHC_WAIT_NONE, "not 62");
}

/* How long the nth answer of a kind in a row benches. */
static int64_t
bench_of(GhcVerdict verdict, int64_t wait_s, int n, uint32_t random)
{
	int64_t		now_ms = START;

	begin(&usual);
	while (n-- > 1)
	{
		answer(verdict, wait_s, now_ms, random);
		now_ms += 48 * HOUR;
	}
	answer(verdict, wait_s, now_ms, random);
	return budget.benched_until_ms > now_ms ?
		budget.benched_until_ms - now_ms : 0;
}

typedef struct Bench
{
	GhcVerdict	verdict;
	int64_t		wait_s;
	int			n;
	uint32_t	random;
	int64_t		want_ms;
} Bench;

static const Bench benches[] = {
	{GHC_VERDICT_OK, -1, 1, MIDDLE, 0},
	{GHC_VERDICT_PARTIAL, -1, 3, MIDDLE, 0},
	{GHC_VERDICT_TOO_SLOW, -1, 1, MIDDLE, 0},
	{GHC_VERDICT_TOO_SLOW, -1, 2, MIDDLE, 1000},
	{GHC_VERDICT_TOO_SLOW, -1, 3, MIDDLE, 2000},
	{GHC_VERDICT_TOO_MUCH, -1, 1, MIDDLE, 0},
	{GHC_VERDICT_TOO_MUCH, -1, 3, MIDDLE, 2000},
	{GHC_VERDICT_BAD_QUERY, -1, 3, MIDDLE, 0},
	{GHC_VERDICT_TOO_SLOW, 9, 3, MIDDLE, 9000},
	{GHC_VERDICT_SECONDARY, -1, 1, 0, 60000},
	{GHC_VERDICT_SECONDARY, -1, 1, UINT32_MAX, 75000},
	{GHC_VERDICT_SECONDARY, -1, 2, 0, 120000},
	{GHC_VERDICT_SECONDARY, -1, 4, 0, 480000},
	{GHC_VERDICT_SECONDARY, -1, 5, 0, 900000},
	{GHC_VERDICT_SECONDARY, -1, 50, UINT32_MAX, 1125000},
	{GHC_VERDICT_SECONDARY, 0, 1, 0, 60000},
	{GHC_VERDICT_SECONDARY, 7, 1, 0, 7000},
	{GHC_VERDICT_SECONDARY, 7, 3, 0, 28000},
	{GHC_VERDICT_SECONDARY, 3600, 1, 0, 3600000},
	{GHC_VERDICT_SECONDARY, 3600, 9, 0, 3600000},
	{GHC_VERDICT_EXHAUSTED, 1234, 1, 0, 1234000},
	{GHC_VERDICT_EXHAUSTED, 1234, 9, UINT32_MAX, 1234000},
	{GHC_VERDICT_EXHAUSTED, -1, 1, 0, 60000},
	{GHC_VERDICT_EXHAUSTED, 1, 1, 0, 1000},
	{GHC_VERDICT_EXHAUSTED, 1, 4, MIDDLE, 8000},
	{GHC_VERDICT_EXHAUSTED, 1, 40, MIDDLE, 60000},
	{GHC_VERDICT_NETWORK, -1, 1, MIDDLE, 1000},
	{GHC_VERDICT_NETWORK, -1, 3, MIDDLE, 4000},
	{GHC_VERDICT_NETWORK, -1, 99, MIDDLE, 60000},
	{GHC_VERDICT_SERVER, 30, 1, 0, 30000},
	{GHC_VERDICT_SERVER, -1, 2, MIDDLE, 2000},
	{GHC_VERDICT_GARBAGE, -1, 2, 0, 1500},
	{GHC_VERDICT_FORBIDDEN, -1, 2, MIDDLE, 2000},
	{GHC_VERDICT_NOT_FOUND, -1, 2, MIDDLE, 2000},
	{GHC_VERDICT_BAD_TOKEN, -1, 1, MIDDLE, 1000},
};

static void
test_benches(void)
{
	for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
	{
		const Bench *row = &benches[i];
		int64_t		got_ms = bench_of(row->verdict, row->wait_s, row->n,
									  row->random);

		ok(got_ms == row->want_ms, "%s in a row: %d, asked %" PRId64
		   " s: %" PRId64 " ms, want %" PRId64, ghc_verdict_name(row->verdict),
		   row->n, row->wait_s, got_ms, row->want_ms);
	}

	begin(&usual);
	tell(5000, 4000, START / 1000 + 100, START / 1000);
	answer(GHC_VERDICT_EXHAUSTED, -1, START, 0);
	is_int(budget.benched_until_ms, START + 100000,
		   "exhausted without a wait: until the reset that is known");
	answer(GHC_VERDICT_SECONDARY, 5, START, 0);
	is_int(budget.benched_until_ms, START + 100000, "a bench never shrinks");

	begin(&usual);
	for (int i = 0; i < 6; i++)
		answer(GHC_VERDICT_NETWORK, -1, START, MIDDLE);
	answer(GHC_VERDICT_SECONDARY, -1, START + HOUR, 0);
	is_int(budget.benched_until_ms, START + HOUR + MINUTE,
		   "failures before do not double a secondary limit");
	answer(GHC_VERDICT_OK, -1, START + 2 * HOUR, 0);
	is_int(budget.refusals, 0, "success forgets");
	answer(GHC_VERDICT_SECONDARY, -1, START + 3 * HOUR, 0);
	is_int(budget.benched_until_ms, START + 3 * HOUR + MINUTE, "all of it");
}

int
main(void)
{
	test_flight();
	test_own_count();
	test_headers();
	test_skew();
	test_clock_jumps();
	test_two_periods();
	test_hours();
	test_minute();
	test_restored();
	test_benches();
	return done_testing();
}
