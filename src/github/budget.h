/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  What one GitHub user may still ask, and when.
 *
 * GitHub counts per user or installation: points an hour, requests a minute,
 * response time a minute, requests at once (github-api.md 3 and 4).  The
 * meter keeps the last minute in buckets of a second and believes headers
 * only as far as they agree with its own count.  In this version one GraphQL
 * request is in flight per budget.
 *
 * Pure: no SPI, no curl, no clock; "now" is the caller's, in milliseconds since
 * 1970.
 *
 * IDENTIFICATION
 *	  src/github/budget.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BUDGET_H
#define GHC_BUDGET_H

#include "github/classify.h"

#define GHC_MINUTE_BUCKETS 61

typedef struct GhcLimits
{
	int64_t		points_hour;	/* believed until headers say it; 0:
								 * unlimited, as on Enterprise Server */
	int			requests_minute;	/* 0: unlimited, like the next */
	int			response_ms_minute;
} GhcLimits;

/* an hour in which points are counted */
typedef struct GhcPeriod
{
	int64_t		remaining;
	int64_t		reset_ms;		/* its end by our clock, 0: there is none */
} GhcPeriod;

typedef struct GhcBudget
{
	GhcLimits	limits;

	/* the period of an hour */
	int64_t		limit;			/* as last seen, -1 unknown */
	int64_t		remaining;		/* ditto, less what is in flight */
	int64_t		reset_ms;		/* end of the period, 0 unknown */
	bool		guessed;		/* we opened it, no header has told yet */
	GhcPeriod	other;			/* GitHub may count in two places at once */

	/* the last minute; seconds in any order, those that are over are free */
	int64_t		bucket_second[GHC_MINUTE_BUCKETS];
	int			bucket_requests[GHC_MINUTE_BUCKETS];
	int			bucket_response_ms[GHC_MINUTE_BUCKETS];

	/* waiting by order of GitHub */
	int64_t		benched_until_ms;
	int			refusals;		/* in a row, of any kind */
	int			secondaries;	/* in a row, of these the secondary limits */

	int			in_flight;
	int			reserved_points;
} GhcBudget;

/* why a budget can't be used now */
typedef enum GhcWait
{
	GHC_WAIT_NONE,
	GHC_WAIT_IN_FLIGHT,			/* its request is under way */
	GHC_WAIT_BENCHED,			/* GitHub asked to wait */
	GHC_WAIT_POINTS,			/* the hour's points are used up */
	GHC_WAIT_MINUTE,			/* requests or response time of the minute */
} GhcWait;

/*
 * A budget that knows nothing yet.  What a former holder knew may be put in
 * afterwards: limit, remaining, reset_ms, benched_until_ms, and buckets.
 */
extern void ghc_budget_init(GhcBudget *budget, const GhcLimits *limits);

/*
 * May a query of so many points go out now?  GHC_WAIT_NONE: yes.  Otherwise
 * *until_ms is when to ask again (0 for GHC_WAIT_IN_FLIGHT).
 */
extern GhcWait ghc_budget_ready(GhcBudget *budget, int points,
								int64_t now_ms, int64_t *until_ms);

/* Reserves for a request that is being sent. */
extern void ghc_budget_send(GhcBudget *budget, int points, int64_t now_ms);

/*
 * Settles a request: response time, headers, what it cost (-1 unknown), and
 * the judgement; benches the budget where GitHub asked for a wait or is owed
 * one.  "random" feeds the jitter, which never shortens what GitHub asked for.
 */
extern void ghc_budget_settle(GhcBudget *budget, const GhcHeaders *headers,
							  const GhcJudgement *judgement, int64_t cost,
							  int64_t took_ms, int64_t now_ms, uint32_t random);

#endif							/* GHC_BUDGET_H */
