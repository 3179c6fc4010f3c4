/*-------------------------------------------------------------------------
 *
 * way.h
 *	  How to ask for fields that cost points: with the pages, or later.
 *
 * Connections in a page are paid for every repository of it.  They can be left
 * out of the pages and asked for afterwards, by id: that takes a second
 * request, but another kind of it, and only for the repositories that need
 * it.  Shorter pages, which round down to fewer points, are no way of their own:
 * the sizer of the pages finds them.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/way.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_WAY_H
#define GHC_WAY_H

#include "github/sizer.h"

typedef enum GhcWay
{
	GHC_WAY_NESTED,				/* everything with the pages */
	GHC_WAY_LATER,				/* flat pages, then lists of ids */
} GhcWay;

/* one kind of request: what is known of it, and its price */
typedef struct GhcWayPart
{
	const GhcSizer *sizer;
	GhcPrice	price;
} GhcWayPart;

/* what one repository takes */
typedef struct GhcWayCost
{
	double		points;
	double		response_ms;
	double		budget_ms;		/* by what binds */
} GhcWayCost;

/*
 * Chooses the way that takes less of the budget.  "nested" and "flat" are
 * pages, "ids" are lists that ask for what flat pages leave out; "share" is
 * the part of the repositories that have to be asked for it (1: all of them).
 * Writes what each way takes to costs, by GhcWay.
 */
extern GhcWay ghc_way_choose(const GhcWayPart *nested, const GhcWayPart *flat,
							 const GhcWayPart *ids, double share,
							 const GhcFlow *pace, GhcWayCost costs[2]);

#endif							/* GHC_WAY_H */
