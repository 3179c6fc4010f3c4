/*-------------------------------------------------------------------------
 *
 * bench.h
 *	  Waiting by order of GitHub, or after failures.
 *
 * Requests that were under way when a wait began tell nothing new by being
 * refused as well: refusals are counted once for each wait.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/bench.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BENCH_H
#define GHC_BENCH_H

#include "github/classify.h"

/* no wait that GitHub asks for is longer; see headers.c */
#define GHC_BENCH_MAX_MS (INT64_C(24) * 60 * 60 * 1000)

typedef struct GhcBench
{
	int64_t		until_ms;
	uint32_t	serial;			/* requests from this one on are news */
	int			refusals;		/* in a row, of any kind */
	int			secondaries;	/* in a row, of these the secondary limits */
} GhcBench;

/* what is settled */
typedef struct GhcBenchCase
{
	const GhcJudgement *judgement;
	uint32_t	serial;			/* the request's number, ascending */
	uint32_t	next_serial;	/* of the next request to be sent */
	int64_t		reset_ms;		/* when points are back, 0 unknown */
	uint32_t	random;			/* jitter, which never shortens what GitHub asked */
} GhcBenchCase;

/* Takes in how a request was judged. */
extern void ghc_bench_settle(GhcBench *bench, const GhcBenchCase *what,
							 int64_t now_ms);

#endif							/* GHC_BENCH_H */
