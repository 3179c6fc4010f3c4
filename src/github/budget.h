/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  What one GitHub user may still ask, and when.
 *
 * GitHub counts per user or installation: points an hour of each resource,
 * requests a minute, response time a minute, requests at once (github-api.md 3
 * and 4).  The meter reserves what a request is expected to take when it is
 * sent and settles it when its answer is there; whichever limit binds is used
 * evenly.  Points are in period.h, the last minute in window.h, what is under
 * way in underway.h, evenness in pace.h, refusals in bench.h.
 *
 * Pure: no SPI, no curl, no clock; "now" is the caller's, in milliseconds since
 * 1970.  All moments move along with a clock that jumps.
 *
 * IDENTIFICATION
 *	  src/github/budget.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BUDGET_H
#define GHC_BUDGET_H

#include "github/bench.h"
#include "github/underway.h"
#include "github/pace.h"
#include "github/period.h"

typedef enum GhcResource
{
	GHC_RESOURCE_GRAPHQL,
	GHC_RESOURCE_CORE,			/* REST */
	GHC_RESOURCE_SEARCH,		/* REST, too */
} GhcResource;

#define GHC_RESOURCE_COUNT (GHC_RESOURCE_SEARCH + 1)

/* a limit of 0 is none */
typedef struct GhcResourceLimits
{
	int64_t		points;			/* a period, believed until headers tell */
	int64_t		period_ms;
	int			requests;		/* a window */
	int			response_ms;	/* a window */
} GhcResourceLimits;

typedef struct GhcLimits
{
	GhcResourceLimits of[GHC_RESOURCE_COUNT];
	int			response_ms;	/* a window, of all resources together */
	int			concurrent;		/* at most GHC_UNDERWAY_SLOTS */
	int64_t		window_ms;		/* above 0 */
	int			reserve;		/* percent of all but concurrency left to
								 * others, 0 to 90 */
	bool		unpaced;		/* limits are kept, but not used evenly */
	bool		may_be_off;		/* the host may have no limits: it isn't
								 * GitHub's own */
} GhcLimits;

/* GitHub's published values for a user. */
extern const GhcLimits ghc_budget_github_limits;

/* what a request will take */
typedef struct GhcOutlay
{
	GhcResource resource;
	int			points;			/* REST: requests */
	int64_t		expected_ms;	/* response time */
} GhcOutlay;

/* one resource of a budget */
typedef struct GhcMeter
{
	GhcPeriods	periods;
	GhcPace		points_pace;
	GhcPace		requests_pace;
	GhcPace		response_pace;
	GhcBench	bench;			/* while its points are exhausted */
	int64_t		points_in_flight;
	int			silent;			/* good replies in a row that told no limit */
	bool		unmetered;		/* limits are off, it seems */
	double		mean_points;	/* of a request, 0: none yet */
	double		mean_ms;
} GhcMeter;

/* the answer to a question that is asked again and again */
typedef struct GhcKnownWait
{
	GhcOutlay		cost;
	int64_t		until_ms;		/* 0: nothing is known */
} GhcKnownWait;

typedef struct GhcBudget
{
	GhcLimits	limits;
	int64_t		now_ms;			/* as last told, 0 never */
	GhcMeter	meters[GHC_RESOURCE_COUNT];
	GhcUnderway	flight;
	GhcPace		response_pace;	/* of all resources together */
	GhcBench	bench;
	GhcKnownWait known;			/* of the window */
} GhcBudget;

/* why a budget can't be used now */
typedef enum GhcWait
{
	GHC_WAIT_NONE,
	GHC_WAIT_IN_FLIGHT,			/* too many requests are under way */
	GHC_WAIT_BENCHED,			/* GitHub asked to wait */
	GHC_WAIT_POINTS,			/* the period's points are used up */
	GHC_WAIT_MINUTE,			/* requests or response time of the window */
	GHC_WAIT_PACED,				/* its turn comes soon */
} GhcWait;

/* A budget that knows nothing yet. */
extern void ghc_budget_init(GhcBudget *budget, const GhcLimits *limits);

/*
 * Other limits from now on; what is known stays.  Another length of the window
 * empties it, and counts only if nothing is under way.
 */
extern void ghc_budget_set_limits(GhcBudget *budget,
								  const GhcLimits *limits);

/*
 * May a request go out now?  GHC_WAIT_NONE: yes.  Otherwise *until_ms is when
 * to ask again (GHC_WAIT_IN_FLIGHT: at the latest, if not 0, or when something
 * was settled).
 */
extern GhcWait ghc_budget_ready(GhcBudget *budget, const GhcOutlay *cost,
								int64_t now_ms, int64_t *until_ms);

/* Reserves for a request that is being sent; ready said that it may. */
extern void ghc_budget_send(GhcBudget *budget, const GhcOutlay *cost,
							int64_t now_ms, GhcReservation *out);

/*
 * Settles a request: headers, judgement, what it cost (-1: not told), response
 * time; benches the budget where GitHub asked for a wait or is owed one.
 * Without headers and judgement (NULL): it was given up.  A reservation is
 * settled once, later calls do nothing.  "random" feeds the jitter, which
 * never shortens what GitHub asked for.
 */
extern void ghc_budget_settle(GhcBudget *budget,
							  const GhcReservation *reservation,
							  const GhcHeaders *headers,
							  const GhcJudgement *judgement, int64_t cost,
							  int64_t took_ms, int64_t now_ms,
							  uint32_t random);

/* Until when GitHub lets a resource wait; 0: it doesn't. */
extern int64_t ghc_budget_benched_until_ms(const GhcBudget *budget,
										   GhcResource resource,
										   int64_t now_ms);

/* which limit sets the pace */
typedef enum GhcLimitKind
{
	GHC_BOUND_NONE,
	GHC_BOUND_POINTS,
	GHC_BOUND_REQUESTS,
	GHC_BOUND_RESPONSE,
} GhcLimitKind;

/* for views */
typedef struct GhcRate
{
	double		points_hour;	/* at the present pace, -1: no limit */
	GhcLimitKind bound;
	int64_t		requests;		/* of the window, like the next */
	int64_t		response_ms;
} GhcRate;

/*
 * The pace of a resource, for requests like the ones it had lately, and what
 * is in the window.
 */
extern void ghc_budget_rate(GhcBudget *budget, GhcResource resource,
							int64_t now_ms, GhcRate *out);

/* what is stored of one resource */
typedef struct GhcMeterState
{
	int64_t		limit;			/* -1 unknown, like the next */
	int64_t		remaining;
	int64_t		reset_ms;		/* 0: no period runs */
	int64_t		spent;			/* of the period, by us */
	int64_t		debt;
	int64_t		requests;		/* of the window, like the next */
	int64_t		response_ms;
	int64_t		next_ms;		/* its turn */
	int64_t		exhausted_until_ms;
	bool		unmetered;
} GhcMeterState;

/* what is stored of a budget, for whoever holds it next */
typedef struct GhcBudgetState
{
	GhcMeterState of[GHC_RESOURCE_COUNT];
	int64_t		benched_until_ms;
	int64_t		written_ms;		/* 0: nothing is known of a former holder */
	bool		released;		/* its holder has stopped using it */
} GhcBudgetState;

/*
 * What a successor has to know.  "released" is left false: it is for the
 * caller to say.
 */
extern void ghc_budget_state(GhcBudget *budget, int64_t now_ms,
							 GhcBudgetState *out);

/*
 * Puts what a former holder knew into a new budget.  What one that didn't
 * release it may have used since counts as used.
 */
extern void ghc_budget_restore(GhcBudget *budget, const GhcBudgetState *state,
							   int64_t now_ms);

#endif							/* GHC_BUDGET_H */
