/*-------------------------------------------------------------------------
 *
 * bench.c
 *	  Waiting by order of GitHub, or after failures; see bench.h.
 *
 * IDENTIFICATION
 *	  src/github/bench.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/bench.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)

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

/* The wait of a request that was under way when the present wait began. */
static int64_t
echo_ms(const GhcJudgement *judgement, int64_t asked_ms)
{
	if (judgement->verdict == GHC_VERDICT_SECONDARY && asked_ms == 0)
		return SECONDARY_BASE_MS;
	return asked_ms;
}

/* The wait of a request that tells news; 0 if none. */
static int64_t
wait_ms(GhcBench *bench, const GhcBenchCase *what, int64_t asked_ms,
		int64_t now_ms)
{
	switch (what->judgement->verdict)
	{
		case GHC_VERDICT_BAD_QUERY:
			return asked_ms;	/* not this user's, but the query's fault */
		case GHC_VERDICT_TOO_SLOW:
		case GHC_VERDICT_TOO_MUCH:
			/* likewise, but several in a row look like GitHub's trouble */
			if (bench->refusals++ == 0)
				return asked_ms;
			return max_of(asked_ms, ghc_backoff_ms(bench->refusals - 1,
												   FAILURE_BASE_MS,
												   FAILURE_CAP_MS,
												   what->random));
		case GHC_VERDICT_SECONDARY:
			bench->refusals++;
			bench->secondaries++;
			return secondary_wait_ms(asked_ms, bench->secondaries,
									 what->random);
		case GHC_VERDICT_EXHAUSTED:
			if (what->judgement->wait_s < 0)
				asked_ms = what->reset_ms > now_ms ?
					what->reset_ms - now_ms : MINUTE_MS;
			break;
		default:
			break;
	}

	/* headers that are late again and again must not make us ask at once */
	bench->refusals++;
	return max_of(asked_ms, ghc_backoff_ms(bench->refusals, FAILURE_BASE_MS,
										   FAILURE_CAP_MS, what->random));
}

void
ghc_bench_settle(GhcBench *bench, const GhcBenchCase *what, int64_t now_ms)
{
	GhcVerdict	verdict = what->judgement->verdict;
	int64_t		asked_ms = max_of(what->judgement->wait_s, 0) * SECOND_MS;
	bool		is_news = (int32_t) (what->serial - bench->serial) >= 0;
	int64_t		wait;

	if (verdict == GHC_VERDICT_OK || verdict == GHC_VERDICT_PARTIAL)
	{
		/* while others succeed a failure is no more than that one's */
		bench->refusals = 0;
		if (is_news)
			bench->secondaries = 0;
		wait = asked_ms;
	}
	else if (!is_news)
		wait = echo_ms(what->judgement, asked_ms);
	else
	{
		wait = wait_ms(bench, what, asked_ms, now_ms);
		if (wait > 0)
			bench->serial = what->next_serial;
	}
	if (wait > 0)
		bench->until_ms = max_of(bench->until_ms, now_ms + wait);
}
