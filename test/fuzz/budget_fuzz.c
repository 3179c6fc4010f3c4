/*-------------------------------------------------------------------------
 *
 * budget_fuzz.c
 *	  What a budget allows (budget.c, period.c, underway.c, window.c, pace.c,
 *	  bench.c), in any order of events and with any headers.
 *
 * The input is read as limits, and then as events: time goes on or the clock
 * jumps, a request is asked for and sent, one under way is settled with some
 * headers and some verdict, the limits change, the budget is handed over to a
 * successor.  Whatever happens:
 *
 *	- no more requests are under way than may be, and as many as were sent and
 *	  not settled; a reservation is settled once;
 *	- an answer is "now", or a moment that is later;
 *	- nothing is left under way when all are settled;
 *	- a budget never shuts for ever: with nothing under way, and asked again
 *	  whenever it says, it opens within a year;
 *	- sums over a window are never less than what was added in it.
 *
 * No arithmetic overflows: UBSan watches.
 *
 * IDENTIFICATION
 *	  test/fuzz/budget_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "github/budget.h"

#define START_MS INT64_C(1704067200000)
#define HOUR_MS INT64_C(3600000)
#define YEAR_MS (INT64_C(366) * 24 * HOUR_MS)

/* questions in which a budget that is left alone must have opened */
#define PATIENCE 1000

#define MAX_EVENTS 400
#define MAX_ADDED 64

static GhcBudget budget;
static GhcLimits limits;
static GhcReservation sent[GHC_UNDERWAY_SLOTS];
static int	n_sent;
static int64_t now_ms;

/* up to "most", small ones as likely as large ones */
static int64_t
read_below(FuzzBytes *bytes, int64_t most)
{
	int64_t		number = fuzz_int64(bytes);

	return (int64_t) ((uint64_t) number % ((uint64_t) most + 1));
}

/* None, or a second and more: with less, one request would take months. */
static int
read_response_ms(FuzzBytes *bytes)
{
	int			limit_ms = (int) read_below(bytes, 1000000);

	return limit_ms > 0 && limit_ms < 1000 ? 1000 : limit_ms;
}

static void
read_limits(FuzzBytes *bytes)
{
	int64_t		window_ms = limits.window_ms;

	if (fuzz_byte(bytes) % 2 == 0)
	{
		limits = ghc_budget_github_limits;
		return;
	}
	memset(&limits, 0, sizeof(limits));
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		limits.of[i].points = read_below(bytes, 100000);
		limits.of[i].period_ms = 1000 + read_below(bytes, 24 * HOUR_MS);
		limits.of[i].requests = (int) read_below(bytes, 100000);
		limits.of[i].response_ms = read_response_ms(bytes);
	}
	limits.response_ms = read_response_ms(bytes);
	limits.concurrent = 1 + (int) read_below(bytes, GHC_UNDERWAY_SLOTS - 1);
	limits.window_ms = window_ms > 0 && fuzz_byte(bytes) % 2 ? window_ms :
		1000 + read_below(bytes, HOUR_MS);
	limits.reserve = (int) read_below(bytes, 90);
	limits.unpaced = fuzz_byte(bytes) % 2;
	limits.may_be_off = fuzz_byte(bytes) % 2;
}

static GhcOutlay
read_outlay(FuzzBytes *bytes)
{
	GhcOutlay	cost;

	cost.resource = (GhcResource) (fuzz_byte(bytes) % GHC_RESOURCE_COUNT);
	cost.points = 1 + (int) read_below(bytes, 20);
	cost.expected_ms = read_below(bytes, 60000);
	return cost;
}

/* Asks, and sends where it may. */
static void
ask(FuzzBytes *bytes)
{
	GhcOutlay	cost = read_outlay(bytes);
	int64_t		until_ms = 0;
	GhcWait		wait = ghc_budget_ready(&budget, &cost, now_ms, &until_ms);

	check(wait >= GHC_WAIT_NONE && wait <= GHC_WAIT_PACED);
	if (wait != GHC_WAIT_NONE)
	{
		check(until_ms > now_ms || (wait == GHC_WAIT_IN_FLIGHT && until_ms == 0));
		return;
	}
	check(n_sent < GHC_UNDERWAY_SLOTS);
	ghc_budget_send(&budget, &cost, now_ms, &sent[n_sent++]);
	check(budget.flight.n == n_sent);
}

/* Headers as the reader of headers lets them through. */
static void
read_headers(FuzzBytes *bytes, GhcHeaders *headers)
{
	static const char *const resources[] = {"", "graphql", "core", "search", "x"};
	uint8_t		which = fuzz_byte(bytes);
	int64_t		most = which & 0x80 ? INT64_C(999999999999999) : 10000;

	ghc_headers_init(headers);
	if (which & 1)
		headers->limit = read_below(bytes, most);
	if (which & 2)
		headers->remaining = read_below(bytes, most);
	if (which & 4)
		headers->reset_at = which & 0x80 ? read_below(bytes, most) :
			now_ms / 1000 + read_below(bytes, 7200) - 1800;
	if (which & 8)
		headers->used = read_below(bytes, most);
	if (which & 16)
		headers->date = which & 0x80 ? read_below(bytes, INT64_C(253402300799)) :
			now_ms / 1000 + read_below(bytes, 20) - 10;
	if (which & 32)
		headers->retry_after_s = (int) read_below(bytes, 86400);
	strcpy(headers->resource, resources[fuzz_byte(bytes) % 5]);
}

static void
settle(FuzzBytes *bytes)
{
	GhcHeaders	headers;
	GhcJudgement judgement = {0};
	int			which;
	int64_t		took_ms;

	if (n_sent == 0)
		return;
	which = fuzz_byte(bytes) % n_sent;
	took_ms = read_below(bytes, 120000);
	read_headers(bytes, &headers);
	judgement.verdict = (GhcVerdict) (fuzz_byte(bytes) % (GHC_VERDICT_NOT_FOUND + 1));
	judgement.wait_s = headers.retry_after_s;
	for (int again = 0; again < 2; again++)
		ghc_budget_settle(&budget, &sent[which],
						  judgement.verdict % 5 == 4 ? NULL : &headers,
						  judgement.verdict % 5 == 4 ? NULL : &judgement,
						  read_below(bytes, 30) - 1, took_ms, now_ms,
						  (uint32_t) fuzz_int64(bytes));
	sent[which] = sent[--n_sent];
	check(budget.flight.n == n_sent);
}

static void
hand_over(void)
{
	GhcBudgetState state;

	ghc_budget_state(&budget, now_ms, &state);
	state.released = n_sent == 0;
	n_sent = 0;
	ghc_budget_init(&budget, &limits);
	ghc_budget_restore(&budget, &state, now_ms);
}

/* Time goes on; now and then it jumps. */
static void
pass_time(FuzzBytes *bytes)
{
	uint8_t		how = fuzz_byte(bytes);

	if (how < 0xE0)
		now_ms += read_below(bytes, 10000);
	else if (how < 0xF0)
		now_ms += read_below(bytes, 100 * HOUR_MS);
	else if (now_ms > START_MS / 2)
		now_ms -= read_below(bytes, 100 * HOUR_MS);
}

static void
check_rate(void)
{
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
	{
		GhcRate		rate;

		ghc_budget_rate(&budget, (GhcResource) i, now_ms, &rate);
		check(rate.points_hour >= -1 && rate.requests >= 0);
		check(ghc_budget_benched_until_ms(&budget, (GhcResource) i, now_ms) >= 0);
	}
}

/* All is settled, and then the budget opens sooner or later. */
static void
check_end(FuzzBytes *bytes)
{
	GhcOutlay	cost = {read_outlay(bytes).resource, 1, 100};
	int64_t		start_ms;
	int64_t		until_ms = 0;
	GhcWait		wait = GHC_WAIT_NONE;

	while (n_sent > 0)
		ghc_budget_settle(&budget, &sent[--n_sent], NULL, NULL, -1, 100, now_ms, 0);
	check(budget.flight.n == 0);
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		check(budget.meters[i].points_in_flight == 0);
	start_ms = now_ms;
	for (int i = 0; i < PATIENCE; i++)
	{
		wait = ghc_budget_ready(&budget, &cost, now_ms, &until_ms);
		if (wait == GHC_WAIT_NONE)
			break;
		check(until_ms > now_ms);
		now_ms = until_ms;
	}
	check(wait == GHC_WAIT_NONE && now_ms - start_ms < YEAR_MS);
}

/* A window alone, against a list of what was added. */
static void
check_window(FuzzBytes *bytes)
{
	GhcWindow	window;
	int64_t		at_ms[MAX_ADDED];
	int64_t		amount[MAX_ADDED];
	int64_t		length_ms = 1 + read_below(bytes, HOUR_MS);
	int64_t		now = START_MS;
	int			n = 0;

	ghc_window_init(&window, length_ms, now);
	while (bytes->left > 0 && n < MAX_ADDED)
	{
		int64_t		since;
		int64_t		sum = 0;

		now += read_below(bytes, length_ms);
		ghc_window_roll(&window, now);
		at_ms[n] = now - read_below(bytes, length_ms);
		amount[n] = read_below(bytes, 100000);
		ghc_window_add(&window, GHC_SERIES_STARTED, at_ms[n], amount[n]);
		n++;
		/* any moment of the window, or one at which something was added */
		since = now - read_below(bytes, length_ms);
		if (fuzz_byte(bytes) % 2 && at_ms[since % n] >= now - length_ms)
			since = at_ms[since % n];
		for (int i = 0; i < n; i++)
			sum += at_ms[i] >= since ? amount[i] : 0;
		check(ghc_window_sum(&window, GHC_SERIES_STARTED, since) >= sum);
		sum = 0;
		for (int i = 0; i < n; i++)
			sum += at_ms[i] >= since - window.bucket_ms ? amount[i] : 0;
		check(ghc_window_sum(&window, GHC_SERIES_STARTED, since) <= sum);
		check(ghc_window_sum(&window, GHC_SERIES_ENDED, since) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzBytes	bytes = {data, size};

	if (fuzz_byte(&bytes) % 8 == 7)
	{
		check_window(&bytes);
		return 0;
	}
	memset(&limits, 0, sizeof(limits));
	read_limits(&bytes);
	ghc_budget_init(&budget, &limits);
	n_sent = 0;
	now_ms = START_MS;
	for (int event = 0; bytes.left > 0 && event < MAX_EVENTS; event++)
	{
		uint8_t		what = fuzz_byte(&bytes);

		if (what < 0x60)
			ask(&bytes);
		else if (what < 0xB0)
			settle(&bytes);
		else if (what < 0xF0)
			pass_time(&bytes);
		else if (what < 0xF8)
			check_rate();
		else if (what < 0xFC)
			hand_over();
		else
		{
			read_limits(&bytes);
			ghc_budget_set_limits(&budget, &limits);
			limits.window_ms = budget.limits.window_ms;
		}
	}
	check_end(&bytes);
	return 0;
}
