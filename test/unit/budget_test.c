/*-------------------------------------------------------------------------
 *
 * budget_test.c
 *	  What a budget allows, by a clock of our own.
 *
 * One odd case at a time; budget_day_test.c has the long run.
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

/* buckets make moments of the window come out so much later at most */
#define BUCKET 60

static GhcLimits usual;
static GhcLimits unlimited;

static GhcBudget budget;
static GhcHeaders headers;
static GhcJudgement judgement;
static GhcReservation sent[GHC_UNDERWAY_SLOTS + 1];
static int64_t until_ms;

static GhcPeriods *
periods(void)
{
	return &budget.meters[GHC_RESOURCE_GRAPHQL].periods;
}

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

static GhcOutlay
cost_of(int points, int64_t expected_ms)
{
	return (GhcOutlay) {GHC_RESOURCE_GRAPHQL, points, expected_ms};
}

static void
send(int n, int points, int64_t expected_ms, int64_t now_ms)
{
	GhcOutlay		cost = cost_of(points, expected_ms);

	ghc_budget_send(&budget, &cost, now_ms, &sent[n]);
}

static void
settle(int n, int64_t cost, int64_t took_ms, int64_t now_ms)
{
	ghc_budget_settle(&budget, &sent[n], &headers, &judgement, cost, took_ms,
					  now_ms, 0);
}

static void
answer(GhcVerdict verdict, int64_t wait_s, int64_t now_ms, uint32_t random)
{
	judgement.verdict = verdict;
	judgement.wait_s = wait_s;
	send(0, 1, 1, now_ms);
	ghc_budget_settle(&budget, &sent[0], &headers, &judgement, 1, 0, now_ms,
					  random);
}

/* Is it its turn, too? */
static GhcWait
ready_paced(int points, int64_t expected_ms, int64_t now_ms)
{
	GhcOutlay		cost = cost_of(points, expected_ms);

	return ghc_budget_ready(&budget, &cost, now_ms, &until_ms);
}

/* Do limits allow it, whosever turn it is? */
static GhcWait
ready(int points, int64_t now_ms)
{
	static GhcBudget unpaced;
	GhcOutlay		cost = cost_of(points, 1);

	ready_paced(points, 1, now_ms);
	unpaced = budget;
	unpaced.response_pace.next_ms = 0;
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		unpaced.meters[i].points_pace.next_ms = 0;
		unpaced.meters[i].requests_pace.next_ms = 0;
		unpaced.meters[i].response_pace.next_ms = 0;
	}
	return ghc_budget_ready(&unpaced, &cost, now_ms, &until_ms);
}

static void
test_flight(void)
{
	begin(&usual);
	is_int(ready_paced(1, 100, START), GHC_WAIT_NONE, "a new budget is ready");
	is_int(periods()->limit, -1, "and knows nothing");
	send(0, 3, 100, START);
	is_int(periods()->first.remaining, 4997, "what is in flight is reserved");
	send(1, 3, 100, START);
	is_int(periods()->first.remaining, 4994, "each of them");
	settle(0, 1, 100, START + 100);
	is_int(periods()->first.remaining, 4996, "it cost less");
	settle(0, 1, 100, START + 100);
	is_int(periods()->first.remaining, 4996, "it is settled once");
	settle(1, -1, 100, START + 200);
	is_int(periods()->first.remaining, 4996, "an unknown cost stays reserved");
	send(0, 3, 100, START + 200);
	settle(0, 5, 100, START + 300);
	is_int(periods()->first.remaining, 4991, "it cost more");
	send(0, 3, 100, START + 400);
	ghc_budget_settle(&budget, &sent[0], NULL, NULL, -1, 50, START + 450, 0);
	is_int(budget.flight.n, 0, "one may be given up");
	is_int(ready(1, START + 450), GHC_WAIT_NONE, "without harm");
}

static void
test_concurrency(void)
{
	GhcLimits	limits = unlimited;

	limits.concurrent = 3;
	begin(&limits);
	for (int i = 0; i < 3; i++)
	{
		is_int(ready(1, START), GHC_WAIT_NONE, "there is room");
		send(i, 1, 100, START);
	}
	is_int(ready(1, START), GHC_WAIT_IN_FLIGHT, "three at once");
	is_int(until_ms, 0, "until no moment that is known");
	settle(1, 1, 100, START + 100);
	is_int(ready(1, START + 100), GHC_WAIT_NONE, "one has ended");

	begin(&unlimited);
	for (int i = 0; i < GHC_UNDERWAY_SLOTS; i++)
		send(i, 1, 100, START);
	is_int(ready(1, START), GHC_WAIT_IN_FLIGHT, "without limit there is one");
	for (int i = 0; i < GHC_UNDERWAY_SLOTS; i++)
		settle(i, 1, 100, START + 100);
	is_int(budget.flight.n, 0, "all of them end");
}

static void
test_own_count(void)
{
	GhcLimits	limits = unlimited;

	limits.of[GHC_RESOURCE_GRAPHQL].points = 5;
	begin(&limits);
	for (int i = 0; i < 5; i++)
		answer(GHC_VERDICT_OK, -1, START + i, 0);
	is_int(ready(1, START + 10), GHC_WAIT_POINTS, "points are used up");
	is_int(until_ms, START + HOUR, "an hour from the first");
	is_int(ready(1, START + HOUR - 1), GHC_WAIT_POINTS, "for all of it");
	is_int(ready(9, START + HOUR), GHC_WAIT_NONE, "then a new hour begins");
	answer(GHC_VERDICT_OK, -1, START + HOUR + 7, 0);
	is_int(periods()->first.reset_ms, START + 2 * HOUR + 7, "with its first request");
	is_int(periods()->first.remaining, 4, "and all its points");

	begin(&unlimited);
	for (int i = 0; i < 10000; i++)
		answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(ready_paced(1000, 1, START), GHC_WAIT_NONE, "no limits, no headers");

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
	is_int(periods()->limit, 12500, "the first header counts: limit");
	is_int(periods()->first.remaining, 12000,
		   "remaining, even above what was believed");
	is_int(periods()->first.reset_ms, START + 3000000, "reset");

	tell(12500, 12400, reset_at, START / 1000 + 1);
	answer(GHC_VERDICT_OK, -1, START + 1000, 0);
	is_int(periods()->first.remaining, 11999, "a late header does not raise it");
	tell(12500, 500, reset_at, START / 1000 + 2);
	answer(GHC_VERDICT_OK, -1, START + 2000, 0);
	is_int(periods()->first.remaining, 500, "others of the same user lower it");

	strcpy(headers.resource, "code_search");
	tell(60, 0, reset_at, START / 1000 + 3);
	answer(GHC_VERDICT_OK, -1, START + 3000, 0);
	is_int(periods()->first.remaining, 499, "unknown resources do not count");
	strcpy(headers.resource, "graphql");
	tell(12500, 0, START / 1000 - 5, START / 1000 + 4);
	answer(GHC_VERDICT_OK, -1, START + 4000, 0);
	is_int(periods()->first.remaining, 498, "nor does a period that is over");
	tell(12500, -1, reset_at, START / 1000 + 5);
	answer(GHC_VERDICT_OK, -1, START + 5000, 0);
	tell(12500, 7, -1, START / 1000 + 5);
	answer(GHC_VERDICT_OK, -1, START + 5000, 0);
	is_int(periods()->first.remaining, 496, "nor do half headers");
	tell(12500, 400, reset_at, START / 1000 + 6);
	headers.used = 12501;
	answer(GHC_VERDICT_OK, -1, START + 6000, 0);
	is_int(periods()->first.remaining, 400, "those of GraphQL do");

	is_int(ready(1, periods()->first.reset_ms), GHC_WAIT_NONE, "at the reset");
	is_int(periods()->first.reset_ms, 0, "the period is over");
	tell(-1, -1, -1, -1);
	answer(GHC_VERDICT_OK, -1, START + 3001000, 0);
	is_int(periods()->first.remaining, 12499, "the limit is back");

}

static void
test_headers_in_flight(void)
{
	begin(&usual);
	send(0, 1, 100, START);
	send(1, 7, 100, START);
	tell(12500, 12000, START / 1000 + 3000, START / 1000);
	settle(0, 1, 100, START + 100);
	is_int(periods()->first.remaining, 11993,
		   "what is under way may not be counted yet");
}

/* Each resource has its points; the headers say whose they are. */
static void
test_resources(void)
{
	GhcOutlay		core = {GHC_RESOURCE_CORE, 1, 50};
	GhcOutlay		search = {GHC_RESOURCE_SEARCH, 1, 50};
	int64_t		now_s = START / 1000;

	begin(&usual);
	ghc_budget_send(&budget, &core, START, &sent[0]);
	strcpy(headers.resource, "core");
	tell(5000, 0, now_s + 600, now_s);
	settle(0, -1, 50, START + 50);
	is_int(ghc_budget_ready(&budget, &core, START + 60, &until_ms),
		   GHC_WAIT_POINTS, "REST is used up");
	is_int(ready(1, START + 60), GHC_WAIT_NONE, "GraphQL isn't");
	strcpy(headers.resource, "search");
	tell(30, 0, now_s + 60, now_s);
	answer(GHC_VERDICT_OK, -1, START + 100, 0);
	is_int(ghc_budget_ready(&budget, &search, START + 200, &until_ms),
		   GHC_WAIT_POINTS, "what another's headers say counts there");
	is_int(until_ms, START + 100 + MINUTE, "for a minute");

	strcpy(headers.resource, "graphql");
	answer(GHC_VERDICT_EXHAUSTED, 600, START + 300, 0);
	is_int(ready(1, START + 400), GHC_WAIT_BENCHED, "GraphQL is exhausted");
	is_int(ghc_budget_benched_until_ms(&budget, GHC_RESOURCE_SEARCH, START + 400),
		   0, "search waits for no such thing");
	answer(GHC_VERDICT_SECONDARY, -1, START + 500, 0);
	is_int(ghc_budget_benched_until_ms(&budget, GHC_RESOURCE_SEARCH, START + 600),
		   START + 500 + MINUTE, "a secondary limit is everybody's");
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
	is_int(periods()->first.remaining, 0,
		   "without a Date a past reset says nothing");
}

static void
test_clock_jumps(void)
{
	GhcLimits	limits = usual;
	int64_t		then = START - 5 * HOUR;

	limits.of[GHC_RESOURCE_GRAPHQL].points = 5;
	limits.of[GHC_RESOURCE_GRAPHQL].requests = 3;
	begin(&limits);
	for (int i = 0; i < 3; i++)
		answer(GHC_VERDICT_OK, -1, START + i, 0);
	is_int(ready(1, then), GHC_WAIT_MINUTE,
		   "after a jump back the window still counts");
	ok(until_ms > then + MINUTE - 10 && until_ms <= then + MINUTE + BUCKET,
	   "for as long as without");
	is_int(ready(1, until_ms), GHC_WAIT_NONE, "and passes");
	answer(GHC_VERDICT_OK, -1, until_ms, 0);
	answer(GHC_VERDICT_OK, -1, until_ms, 0);
	is_int(ready(1, until_ms + 2 * MINUTE), GHC_WAIT_POINTS, "points too");
	is_int(until_ms, then + HOUR - 2, "for what was left of the hour");

	begin(&usual);
	answer(GHC_VERDICT_SECONDARY, 86400, START, 0);
	ready(1, START - 100 * HOUR);
	is_int(until_ms, START - 76 * HOUR, "a bench moves along");
	ready(1, START - 100 * HOUR - 5);
	is_int(until_ms, START - 76 * HOUR, "but not if the caller was hasty");

	begin(&limits);
	for (int i = 0; i < 3; i++)
		answer(GHC_VERDICT_OK, -1, START + i, 0);
	send(1, 1, 500, START + MINUTE + 100);
	settle(1, 1, 600, START + MINUTE + 700 + HOUR);
	is_int(budget.now_ms, START + MINUTE + 700 + HOUR, "a jump ahead");
	is_int(periods()->first.reset_ms, START + 2 * HOUR + 100 - 100,
		   "is told by a request that didn't take so long");
	send(1, 1, 500, START + MINUTE + 800 + HOUR);
	settle(1, 1, 40000, START + MINUTE + 40800 + HOUR);
	is_int(periods()->first.reset_ms, START + 2 * HOUR, "from one that did");
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
	is_int(periods()->first.remaining, 99,
		   "a later reset does not raise what is left");
	tell(5000, 4980, now_s + 3000, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(periods()->first.remaining, 98, "nor does it when told again");
	is_int(periods()->other.remaining, 4980, "but it is known");
	tell(5000, 90, now_s + 600, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(periods()->first.remaining, 90, "each is lowered by its own headers");
	tell(5000, 1, now_s + 2000, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(periods()->first.remaining, 89, "a third is too many");

	ready(1, START + 600 * 1000);
	is_int(periods()->first.remaining, 4978, "when one is over the other is left");
	is_int(periods()->first.reset_ms, START + 3000 * 1000, "with its reset");

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

/* How many of so many go out in a row, each when it may, in so long a time. */
static int
run(int points, int64_t took_ms, int64_t from_ms, int64_t duration_ms)
{
	int64_t		now_ms = from_ms;
	int			n = 0;

	while (now_ms < from_ms + duration_ms)
	{
		if (ready_paced(points, took_ms, now_ms) != GHC_WAIT_NONE)
		{
			now_ms = until_ms;
			continue;
		}
		send(0, points, took_ms, now_ms);
		now_ms += took_ms;
		settle(0, points, took_ms, now_ms);
		n++;
	}
	return n;
}

static void
test_pace(void)
{
	int			n;

	begin(&usual);
	n = run(1, 10, START, HOUR / 4);
	ok(n >= 1250 && n <= 1262, "a quarter of an hour, a quarter of points: %d", n);
	n = run(1, 10, START + HOUR / 4, HOUR * 3 / 4 - 1);
	is_int(periods()->first.remaining, 0, "at the end none is left");
	is_int(ready(1, START + HOUR - 1), GHC_WAIT_POINTS, "for it was up before");
	n = run(1, 10, START + HOUR, HOUR / 4);
	ok(n >= 1250 && n <= 1262, "the next hour is paced, too: %d", n);

	begin(&usual);
	send(0, 1, 10, START);
	settle(0, 1, 10, START + 10);
	is_int(ready_paced(1, 10, START + 20), GHC_WAIT_PACED, "not at once");
	is_int(until_ms, START + 715, "but when its turn is");
	is_int(ready_paced(1, 10, until_ms - 1), GHC_WAIT_PACED, "not before");
	is_int(ready_paced(1, 10, until_ms), GHC_WAIT_NONE, "but then");
	for (n = 0; ready_paced(1, 10, START + 5 * MINUTE) == GHC_WAIT_NONE; n++)
	{
		send(0, 1, 10, START + 5 * MINUTE);
		settle(0, 1, 10, START + 5 * MINUTE);
	}
	is_int(n, 2, "who is late catches up by one");
	ok(run(1, 10, START + 5 * MINUTE, HOUR - 5 * MINUTE) > 4990,
	   "and over the rest of the hour");

	begin(&usual);
	ready_paced(1, 1000, START);
	send(0, 1, 1000, START);
	settle(0, 1, 3000, START + 3000);
	is_int(ready_paced(1, 1000, START + 3000), GHC_WAIT_PACED,
		   "one that took longer is paid for");
	ok(until_ms > START + 3000 && until_ms <= START + 3100, "in time");

	begin(&usual);
	tell(1000000, 900000, START / 1000 + 3600, START / 1000);
	n = run(1, 5, START, 2 * MINUTE);
	ok(n > 3940 && n <= 4000, "requests a minute are paced: %d", n);
}

static void
test_window_requests(void)
{
	GhcLimits	limits = unlimited;

	limits.of[GHC_RESOURCE_GRAPHQL].requests = 3;
	begin(&limits);
	send(0, 1, 10, START);
	send(1, 1, 10, START);
	settle(0, 1, 1000, START + 1000);
	is_int(ready(1, START + 1000), GHC_WAIT_NONE, "one under way, one ended");
	send(2, 1, 10, START + 1000);
	is_int(ready(1, START + 1000), GHC_WAIT_MINUTE, "three in the window");
	ok(until_ms > START + 1000 + MINUTE - 1 &&
	   until_ms <= START + 1000 + MINUTE + BUCKET, "until the first has left");
	settle(1, 1, 2000, START + 2000);
	settle(2, 1, 2000, START + 3000);
	is_int(ready(1, START + 3000), GHC_WAIT_MINUTE, "ended or not");
	is_int(ready(1, until_ms - 1), GHC_WAIT_MINUTE, "not before");
	is_int(ready(1, until_ms), GHC_WAIT_NONE, "but then");

	limits.window_ms = 500;
	begin(&limits);
	for (int i = 0; i < 3; i++)
		answer(GHC_VERDICT_OK, -1, START + i, 0);
	is_int(ready(1, START + 3), GHC_WAIT_MINUTE, "a short window");
	is_int(until_ms, START + 501, "to the millisecond");
}

/* A budget that knows how long requests take, with so much in its window. */
static void
begin_with(int64_t in_window_ms)
{
	begin(&usual);
	ready_paced(1, 1, START);
	budget.flight.deviation = 0;
	for (int i = 0; i < 10; i++)
		ghc_underway_book(&budget.flight, GHC_KIND_GRAPHQL, START,
						0, in_window_ms / 10);
}

/* Two minutes of response time a minute. */
static void
allow_two(void)
{
	budget.limits.of[GHC_RESOURCE_GRAPHQL].response_ms = 2 * MINUTE;
	budget.limits.response_ms = 3 * MINUTE;
}

static void
test_window_response(void)
{
	begin_with(59000);
	is_int(ready_paced(1, 900, START + 5), GHC_WAIT_NONE, "there is room");
	is_int(ready_paced(1, 2000, START + 5), GHC_WAIT_MINUTE, "but not for long ones");
	ok(until_ms > START + MINUTE - 2000 && until_ms <= START + MINUTE + BUCKET,
	   "until the first has left");
	is_int(ready_paced(1, 2000, until_ms - 1), GHC_WAIT_MINUTE, "not before");
	is_int(ready_paced(1, 2000, until_ms), GHC_WAIT_NONE, "but then");

	/* a minute a minute is one request after the other */
	begin_with(50000);
	send(0, 1, 5000, START + 10);
	is_int(ready(1, START + 20), GHC_WAIT_IN_FLIGHT, "one at once");

	begin_with(110000);
	allow_two();
	send(0, 1, 5000, START + 10);
	is_int(ready(1, START + 20), GHC_WAIT_NONE, "one under way counts");
	is_int(ready_paced(1, 5000, START + 20), GHC_WAIT_PACED, "it isn't its turn");
	budget.response_pace.next_ms = 0;
	budget.meters[GHC_RESOURCE_GRAPHQL].response_pace.next_ms = 0;
	budget.meters[GHC_RESOURCE_GRAPHQL].points_pace.next_ms = 0;
	budget.meters[GHC_RESOURCE_GRAPHQL].requests_pace.next_ms = 0;
	is_int(ready_paced(1, 4900, START + 20), GHC_WAIT_NONE, "as is expected");
	is_int(ready_paced(1, 5100, START + 20), GHC_WAIT_MINUTE, "and no less");
	is_int(ready_paced(1, 4900, START + 8010), GHC_WAIT_MINUTE,
		   "or as long as it has taken");
	settle(0, 1, 9000, START + 9010);
	is_int(ready_paced(1, 1, START + 9010), GHC_WAIT_NONE, "119 s are ended");
	is_int(ready(1, START + 9010 + MINUTE), GHC_WAIT_NONE, "all passes");

	begin_with(0);
	allow_two();
	is_int(ready_paced(1, 200000, START), GHC_WAIT_NONE,
		   "a request longer than the window may go alone");
	send(0, 1, 200000, START);
	is_int(ready(1, START), GHC_WAIT_MINUTE, "but nothing beside it");
	settle(0, 1, INT64_MAX / 4, START + 100000);
	is_int(ready(1, START + 100000), GHC_WAIT_MINUTE, "absurd times do no harm");
	send(0, 1, 1, START + 300000);
	settle(0, 1, -5, START + 300000);
	is_int(ready(1, START + 300000), GHC_WAIT_NONE, "nor do negative ones");
}

/* Of a time-out it is learnt that there are such. */
static void
test_time_out(void)
{
	GhcUnderway  *flight = &budget.flight;
	unsigned	kinds = GHC_KIND_BIT(GHC_KIND_GRAPHQL);

	begin_with(55000);
	is_int(ghc_underway_until_ms(flight, kinds, 60000, 1000, START + 5),
		   START + 5, "nobody reckons with it");
	begin_with(45000);
	send(0, 1, 1000, START);
	settle(0, 1, 10000, START + 10000);
	budget.flight.deviation = 0;
	ok(ghc_underway_until_ms(flight, kinds, 60000, 1000, START + 10000) >
	   START + 40000, "there was one: there may be another");

	/* whatever a request was expected to take, GitHub gives up after ten seconds */
	begin_with(30000);
	send(0, 1, 10, START);
	settle(0, 1, 1000, START + 1000);
	budget.flight.deviation = 0;
	is_int(ghc_underway_until_ms(flight, kinds, 60000, 6000, START + 1000),
		   START + 1000, "a short one that took long says little of long ones");

	/* many were, as if the server had become slow at once */
	begin_with(30000);
	budget.flight.deviation = 2.5;
	is_int(ghc_underway_until_ms(flight, kinds, 60000, 5000, START),
		   START, "nor do many");
	ok(ghc_underway_until_ms(flight, kinds, 60000, 20000, START) > START + 40000,
	   "but who takes longer than GitHub ever does may take much longer");
	allow_two();
	send(0, 1, 5000, START);
	is_int(ghc_underway_until_ms(flight, kinds, 60000, 5000, START + 10),
		   START + 10, "nor does what is under way take longer");
}

/* GraphQL has 60 of the 90 seconds, REST whatever is left. */
static void
test_shared_time(void)
{
	GhcOutlay		core = {GHC_RESOURCE_CORE, 1, 1000};

	begin_with(59990);
	budget.response_pace.next_ms = 0;
	is_int(ready(100, START + 1), GHC_WAIT_NONE, "GraphQL has used 60 s");
	is_int(ready_paced(1, 1000, START + 1), GHC_WAIT_MINUTE, "and has to wait");
	is_int(ghc_budget_ready(&budget, &core, START + 1, &until_ms), GHC_WAIT_NONE,
		   "REST doesn't");
	ghc_underway_book(&budget.flight, GHC_KIND_REST, START, 0, 29500);
	budget.known.until_ms = 0;
	is_int(ghc_budget_ready(&budget, &core, START + 1, &until_ms),
		   GHC_WAIT_MINUTE, "until it is 90 s together");
}

static void
test_reserve(void)
{
	GhcLimits	limits = usual;
	int64_t		now_s = START / 1000;

	limits.reserve = 20;
	limits.of[GHC_RESOURCE_GRAPHQL].requests = 10;
	begin(&limits);
	tell(5000, 4999, now_s + 3600, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(ready(3999, START), GHC_WAIT_NONE, "four fifths are ours");
	is_int(ready(4000, START), GHC_WAIT_POINTS, "no more");
	tell(5000, 4499, now_s + 3600, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(ready(3998, START), GHC_WAIT_NONE, "others used theirs");
	tell(5000, 3000, now_s + 3600, now_s);
	answer(GHC_VERDICT_OK, -1, START, 0);
	is_int(ready(3000, START), GHC_WAIT_NONE, "and more");
	is_int(ready(3001, START), GHC_WAIT_POINTS, "what is gone is gone");
	for (int i = 3; i < 8; i++)
		answer(GHC_VERDICT_OK, -1, START + i, 0);
	is_int(ready(1, START + 10), GHC_WAIT_MINUTE, "eight of ten requests");
}

static void
test_unmetered(void)
{
	GhcLimits	limits = usual;

	limits.may_be_off = true;
	limits.concurrent = 2;
	begin(&limits);
	for (int i = 0; i < 3; i++)
	{
		ok(!budget.meters[GHC_RESOURCE_GRAPHQL].unmetered, "limits are believed");
		send(0, 1, 1000, START + i);
		settle(0, -1, 1000, START + i);
	}
	ok(budget.meters[GHC_RESOURCE_GRAPHQL].unmetered, "until nobody tells any");
	ok(!budget.meters[GHC_RESOURCE_CORE].unmetered, "of this resource");
	for (int i = 0; i < 6000; i++)
	{
		send(0, 1, 1000, START + 10);
		settle(0, -1, 1000, START + 10);
	}
	is_int(ready_paced(9999, 1000, START + 10), GHC_WAIT_NONE, "all is allowed");
	send(0, 1, 1000, START + 10);
	send(1, 1, 1000, START + 10);
	is_int(ready_paced(1, 1000, START + 10), GHC_WAIT_IN_FLIGHT,
		   "but no more at once");
	settle(0, -1, 1000, START + 20);
	tell(5000, 0, START / 1000 + 60, START / 1000);
	settle(1, -1, 1000, START + 20);
	is_int(ready_paced(1, 1000, START + 20), GHC_WAIT_POINTS, "till a header tells");

	begin(&limits);
	for (int i = 0; i < 9; i++)
	{
		judgement.verdict = i % 3 == 2 ? GHC_VERDICT_OK : GHC_VERDICT_NETWORK;
		send(0, 1, 10, START);
		settle(0, i % 3 == 2 ? 1 : -1, 10, START);
	}
	ok(!budget.meters[GHC_RESOURCE_GRAPHQL].unmetered,
	   "failures tell nothing, a price that there are points");

	limits.may_be_off = false;
	begin(&limits);
	for (int i = 0; i < 9; i++)
	{
		send(0, 1, 10, START);
		settle(0, -1, 10, START);
	}
	ok(!budget.meters[GHC_RESOURCE_GRAPHQL].unmetered, "GitHub's own are never off");
}

static void
test_debt(void)
{
	begin(&usual);
	answer(GHC_VERDICT_TOO_SLOW, -1, START, 0);
	answer(GHC_VERDICT_TOO_SLOW, -1, START, 0);
	is_int(periods()->first.remaining, 4998, "time-outs cost nothing now");
	answer(GHC_VERDICT_OK, -1, START + HOUR, 0);
	is_int(periods()->first.remaining, 4979, "but in the next hour");
	answer(GHC_VERDICT_OK, -1, START + 2 * HOUR, 0);
	is_int(periods()->first.remaining, 4999, "once");
}

/* A budget with something of everything in it. */
static void
make_state(GhcBudgetState *state)
{
	begin(&usual);
	tell(5000, 4000, START / 1000 + 1800, START / 1000);
	send(0, 1, 1000, START);
	settle(0, 1, 10000, START + 10000);
	send(0, 3, 5000, START + 10000);
	ghc_budget_state(&budget, START + 11000, state);
}

static void
test_state(void)
{
	GhcBudgetState state;
	GhcMeterState *graphql = &state.of[GHC_RESOURCE_GRAPHQL];

	make_state(&state);
	is_int(graphql->limit, 5000, "state: limit");
	is_int(graphql->remaining, 3997, "remaining, less what is under way");
	is_int(graphql->reset_ms, START + 10000 + 1800000, "reset");
	is_int(graphql->spent, 4, "spent by us");
	is_int(graphql->requests, 2, "requests");
	is_int(graphql->response_ms, 15000, "response time, with what is expected");
	is_int(state.of[GHC_RESOURCE_CORE].remaining, -1, "REST is unknown");
	is_int(state.released, false, "it is for the caller to release it");

	begin(&usual);
	state.released = true;
	ghc_budget_restore(&budget, &state, START + 12000);
	is_int(periods()->first.remaining, 3997, "restored: remaining");
	is_int(budget.meters[GHC_RESOURCE_GRAPHQL].points_pace.next_ms,
		   graphql->next_ms, "its turn");
	ghc_budget_state(&budget, START + 12000, &state);
	is_int(graphql->requests, 2, "requests");
	is_int(graphql->response_ms, 15000, "response time, no more");
	ghc_budget_state(&budget, START + 11000 + MINUTE + BUCKET, &state);
	is_int(graphql->requests + graphql->response_ms, 0, "which passes");
}

static void
test_crashed(void)
{
	GhcBudgetState state;
	GhcMeterState *graphql = &state.of[GHC_RESOURCE_GRAPHQL];

	make_state(&state);
	begin(&usual);
	ghc_budget_restore(&budget, &state, START + 17000);
	ghc_budget_state(&budget, START + 17000, &state);
	is_int(graphql->requests, 202, "six seconds unheard of: a tenth of requests");
	is_int(graphql->response_ms, 21000, "and of response time");
	is_int(graphql->remaining, 3983, "and what points it could have used");

	make_state(&state);
	begin(&usual);
	ghc_budget_restore(&budget, &state, START + HOUR / 4);
	is_int(ready(1, START + HOUR / 4), GHC_WAIT_MINUTE, "long ago: all is used");
	ghc_budget_state(&budget, START + HOUR / 4, &state);
	is_int(graphql->response_ms, 60000, "of the last minute");
	is_int(state.of[GHC_RESOURCE_CORE].response_ms, 30000, "and all of REST's");
	is_int(ready(1, START + HOUR / 4 + MINUTE + BUCKET), GHC_WAIT_NONE,
		   "no longer");

	make_state(&state);
	begin(&usual);
	ghc_budget_restore(&budget, &state, START - HOUR);
	is_int(ready(1, START - HOUR), GHC_WAIT_MINUTE,
		   "written in the future: likewise");

	memset(&state, 0, sizeof(state));
	begin(&usual);
	ghc_budget_restore(&budget, &state, START);
	is_int(ready(1, START), GHC_WAIT_NONE, "nobody had it before");

	make_state(&state);
	state.released = true;
	state.benched_until_ms = START + 13000;
	begin(&usual);
	ghc_budget_restore(&budget, &state, START + 12000);
	is_int(ready(1, START + 12000), GHC_WAIT_BENCHED, "a bench is kept");
	is_int(until_ms, START + 13000, "until its end");
}

static void
test_rate(void)
{
	GhcRate		rate;

	begin(&usual);
	ghc_budget_rate(&budget, GHC_RESOURCE_GRAPHQL, START, &rate);
	is_int(rate.bound, GHC_BOUND_NONE, "nothing is known yet");
	send(0, 1, 400, START);
	settle(0, 1, 400, START + 400);
	ghc_budget_rate(&budget, GHC_RESOURCE_GRAPHQL, START + 400, &rate);
	is_int(rate.bound, GHC_BOUND_POINTS, "points bind");
	ok(rate.points_hour > 5000 && rate.points_hour < 5100, "all in an hour");
	is_int(rate.requests, 1, "one request in the window");
	is_int(rate.response_ms, 400, "with its time");
	send(0, 1, 3000, START + 1000);
	for (int i = 0; i < 100; i++)
	{
		send(1, 1, 3000, START + 1000);
		settle(1, 1, 3000, START + 4000);
	}
	ghc_budget_rate(&budget, GHC_RESOURCE_GRAPHQL, START + 4000, &rate);
	is_int(rate.bound, GHC_BOUND_RESPONSE, "time binds");
	ok(rate.points_hour > 1150 && rate.points_hour < 1250, "3 s each");
}

static void
test_set_limits(void)
{
	GhcLimits	limits = usual;

	begin(&usual);
	answer(GHC_VERDICT_OK, -1, START, 0);
	limits.of[GHC_RESOURCE_GRAPHQL].requests = 1;
	ghc_budget_set_limits(&budget, &limits);
	is_int(ready(1, START + 1), GHC_WAIT_MINUTE, "a lower limit counts at once");
	limits.window_ms = 1000;
	send(0, 1, 10, START + 2);
	ghc_budget_set_limits(&budget, &limits);
	is_int(budget.limits.window_ms, MINUTE, "the window stays what it is");
	settle(0, 1, 10, START + 12);
	ghc_budget_set_limits(&budget, &limits);
	is_int(ready(1, START + 13), GHC_WAIT_NONE, "till nothing is under way");
}

/* How long the nth answer of a kind in a row benches. */
static int64_t
bench_of(GhcVerdict verdict, int64_t wait_s, int n, uint32_t random)
{
	int64_t		now_ms = START;
	int64_t		benched_ms;

	begin(&usual);
	while (n-- > 1)
	{
		answer(verdict, wait_s, now_ms, random);
		now_ms += 48 * HOUR;
	}
	answer(verdict, wait_s, now_ms, random);
	benched_ms = ghc_budget_benched_until_ms(&budget, GHC_RESOURCE_GRAPHQL,
											 now_ms);
	return benched_ms > 0 ? benched_ms - now_ms : 0;
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

static int64_t
benched_until_ms(int64_t now_ms)
{
	return ghc_budget_benched_until_ms(&budget, GHC_RESOURCE_GRAPHQL, now_ms);
}

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
	is_int(benched_until_ms(START), START + 100000,
		   "exhausted without a wait: until the reset that is known");
	answer(GHC_VERDICT_SECONDARY, 5, START, 0);
	is_int(benched_until_ms(START), START + 100000, "a bench never shrinks");

	begin(&usual);
	for (int i = 0; i < 6; i++)
		answer(GHC_VERDICT_NETWORK, -1, START, MIDDLE);
	answer(GHC_VERDICT_SECONDARY, -1, START + HOUR, 0);
	is_int(benched_until_ms(START + HOUR), START + HOUR + MINUTE,
		   "failures before do not double a secondary limit");
	answer(GHC_VERDICT_OK, -1, START + 2 * HOUR, 0);
	is_int(budget.bench.refusals, 0, "success forgets");
	answer(GHC_VERDICT_SECONDARY, -1, START + 3 * HOUR, 0);
	is_int(benched_until_ms(START + 3 * HOUR), START + 3 * HOUR + MINUTE,
		   "all of it");
}

/* Ten requests are under way when the first of them is refused. */
static void
test_benched_together(void)
{
	begin(&usual);
	for (int i = 0; i < 10; i++)
		send(i, 1, 100, START);
	judgement.verdict = GHC_VERDICT_SECONDARY;
	for (int i = 0; i < 8; i++)
		settle(i, -1, 100, START + 100 + i);
	is_int(benched_until_ms(START), START + 107 + MINUTE,
		   "eight refusals are one, counted from the last");
	judgement.verdict = GHC_VERDICT_OK;
	settle(8, 1, 100, START + 110);
	is_int(budget.bench.secondaries, 1, "success of one sent before proves nothing");
	judgement.verdict = GHC_VERDICT_SECONDARY;
	judgement.wait_s = 300;
	settle(9, -1, 100, START + 120);
	is_int(benched_until_ms(START), START + 120 + 5 * MINUTE,
		   "what GitHub asks for counts, whoever was asked");
	judgement.wait_s = -1;
	send(0, 1, 100, START + HOUR);
	settle(0, -1, 100, START + HOUR);
	is_int(benched_until_ms(START + HOUR), START + HOUR + 2 * MINUTE,
		   "one sent after it is the second in a row");

	begin(&usual);
	for (int i = 0; i < 10; i++)
		send(i, 1, 100, START);
	judgement.verdict = GHC_VERDICT_NETWORK;
	for (int i = 0; i < 10; i++)
		ghc_budget_settle(&budget, &sent[i], &headers, &judgement, -1, 100,
						  START + 100, MIDDLE);
	is_int(benched_until_ms(START), START + 1100, "ten failures are one");
	for (int i = 1; i <= 5; i++)
	{
		answer(GHC_VERDICT_OK, -1, START + i * MINUTE, 0);
		answer(GHC_VERDICT_NETWORK, -1, START + i * MINUTE, MIDDLE);
	}
	is_int(benched_until_ms(START), START + 5 * MINUTE + 1000,
		   "failures among successes don't add up");
}

/* Questions without anything happening between are answered at once. */
static void
test_many_questions(void)
{
	int			refused = 0;

	begin_with(59990);
	for (int i = 0; i < 3000000; i++)
		refused += ready_paced(1, 8000, START + i / 1000) != GHC_WAIT_NONE;
	is_int(refused, 3000000, "three million questions");
	ok(sizeof(GhcBudget) < 40000, "a budget has %zu bytes", sizeof(GhcBudget));
}

int
main(void)
{
	usual = unlimited = ghc_budget_github_limits;
	memset(unlimited.of, 0, sizeof(unlimited.of));
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		unlimited.of[i].period_ms = HOUR;
	unlimited.response_ms = unlimited.concurrent = 0;

	test_flight();
	test_concurrency();
	test_own_count();
	test_headers();
	test_headers_in_flight();
	test_resources();
	test_skew();
	test_clock_jumps();
	test_two_periods();
	test_pace();
	test_window_requests();
	test_window_response();
	test_time_out();
	test_shared_time();
	test_reserve();
	test_unmetered();
	test_debt();
	test_state();
	test_crashed();
	test_rate();
	test_set_limits();
	test_benches();
	test_benched_together();
	test_many_questions();
	return done_testing();
}
