/*-------------------------------------------------------------------------
 *
 * estimate.h
 *	  What a crawl will cost: requests, points, time, bytes.
 *
 * A plan counts the parts of a selection as a crawl would cut them and adds
 * them up here; parts that it doesn't look into are taken to be filled evenly.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/estimate.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ESTIMATE_H
#define GHC_ESTIMATE_H

#include "github/reply.h"

/* what there is to do; fractions come from parts that nobody looked into */
typedef struct GhcWorkload
{
	double		ranges;			/* those that are cut included */
	double		pages;			/* of a hundred repositories */
	double		counts;			/* queries that count parts, or once more */
} GhcWorkload;

/* Adds the first range of a crawl, whose first page tells how much it holds. */
extern void ghc_estimate_add_root(GhcWorkload *load, int64_t count);

/* Adds a range that is cut into counted parts, which are added on their own. */
extern void ghc_estimate_add_cut(GhcWorkload *load);

/* Adds one more query that counts parts of such a range. */
extern void ghc_estimate_add_refinement(GhcWorkload *load);

/* Adds a range too large to be read in one order, that can't be cut. */
extern void ghc_estimate_add_solid(GhcWorkload *load);

/* Adds a last look at a range that is cut along what can change. */
extern void ghc_estimate_add_sweep(GhcWorkload *load);

/*
 * Adds a range of which no more than its count is known: it is read, or cut
 * into parts that hold equally much.
 */
extern void ghc_estimate_add_range(GhcWorkload *load, double count);

/*
 * Bytes that a repository takes in the data table and its index, if the given
 * fields are stored.
 */
extern int	ghc_estimate_row_bytes(const GhcRepository *repo,
								   GhcFieldSet fields);

/* what a crawl costs */
typedef struct GhcEstimate
{
	int64_t		repositories;
	int64_t		ranges;
	int64_t		requests;
	int64_t		points;
	int64_t		response_ms;	/* summed over all requests */
	int64_t		bytes;
	int64_t		rest_requests;	/* of a walk: to the REST API */
} GhcEstimate;

/* what a budget allows from now on; a limit of 0 is none */
typedef struct GhcAllowance
{
	int64_t		points_hour;
	int64_t		remaining;		/* of this hour's points; -1: unknown */
	int64_t		reset_ms;		/* until this hour ends; 0: unknown */
	int64_t		benched_ms;		/* until it may be used at all */
	int64_t		requests_minute;
	int64_t		response_ms_minute;

	/* the same of the REST API */
	int64_t		rest_hour;
	int64_t		rest_remaining;
	int64_t		rest_reset_ms;
	int64_t		rest_benched_ms;
} GhcAllowance;

/*
 * How many milliseconds a crawl takes with n budgets, each with one request
 * under way; -1 if they never suffice.
 */
extern int64_t ghc_estimate_duration_ms(const GhcEstimate *estimate,
										const GhcAllowance *budgets, int n);

#endif							/* GHC_ESTIMATE_H */
