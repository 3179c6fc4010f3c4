/*-------------------------------------------------------------------------
 *
 * price.h
 *	  What GitHub charges for a query, known before it is composed.
 *
 * The rules are github-api.md 2.1 and 2.2.  What one repository of a shape
 * adds is read off the text of its selection once (GhcPrice); from then on the
 * price of any number of pages or ids is arithmetic.  Everything that needs a
 * price takes it from here: composing, plans, pacing, the choice of sizes.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/price.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PRICE_H
#define GHC_PRICE_H

#include "base/slice.h"

/* GitHub refuses a query that could reach more nodes */
#define GHC_PRICE_MAX_NODES INT64_C(500000)

/* what one repository of a shape adds; zeroed, it costs nothing */
typedef struct GhcPrice
{
	int64_t		requests_each;
	int64_t		nodes_each;
} GhcPrice;

/* what a query, or a part of one, comes to */
typedef struct GhcCost
{
	int64_t		requests;		/* GitHub's sum, before the division by 100 */
	int64_t		nodes;			/* against GHC_PRICE_MAX_NODES */
} GhcCost;

/*
 * Adds what a GraphQL selection of a repository asks for.  The text is taken
 * as valid: it is read without a schema, so every field with a number for
 * "first" or "last" is a connection.  One that is asked twice under the same
 * name, which GitHub would merge, counts twice.
 */
extern void ghc_price_add(GhcPrice *price, const char *selection);

/* The cost of so many pages of a search, each of so many repositories. */
extern GhcCost ghc_price_pages(const GhcPrice *price, int pages, int rows);

/* The cost of looking up so many repositories by id, in whatever lists. */
extern GhcCost ghc_price_list(const GhcPrice *price, int ids);

/* The points of a query whose parts come to so many requests; at least 1. */
extern int	ghc_price_points(int64_t requests);

#endif							/* GHC_PRICE_H */
