/*-------------------------------------------------------------------------
 *
 * query.h
 *	  Composes GraphQL queries, and adds up what they cost.
 *
 * A query is built up: begin, any number of pages, counts and lists, end.  The text
 * is a complete request body ({"query":"…"}); searches stand in it as
 * literals, so one body is one document, ready to be shown and repeated.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/query.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_QUERY_H
#define GHC_QUERY_H

#include "github/fields.h"
#include "github/get.h"
#include "github/item.h"
#include "github/price.h"
#include "github/range.h"
#include "github/reply.h"

/* repositories of a page, and how many of these the page before showed */
#define GHC_PAGE_SIZE 100
#define GHC_PAGE_OVERLAP 1

typedef enum GhcOrder
{
	GHC_ORDER_UPDATED_ASC,
	GHC_ORDER_UPDATED_DESC,
	GHC_ORDER_STARS_DESC,
	GHC_ORDER_FORKS_ASC,
	GHC_ORDER_COUNT,
} GhcOrder;

/* what a profile asks for */
typedef struct GhcShape
{
	GhcFieldSet fields;
	const char *extra;			/* GraphQL selection the user added, or NULL */
} GhcShape;

typedef struct GhcQuery
{
	GhcBuffer	body;			/* the caller frees it */
	const GhcShape *shape;
	int			n_pages;
	int			n_counts;
	int			n_lists;
	int			n_ids;			/* and names, of all lists */
	GhcGet		get;			/* asked in place of all this, if it has a path */
	GhcPrice	price;			/* of one repository of the shape */
	int64_t		requests;		/* of all parts, as in GhcCost */
	int64_t		nodes;
} GhcQuery;

/*
 * What one repository of a shape costs, so that a request can be priced
 * (price.h) without being composed.
 */
extern GhcPrice ghc_query_price(const GhcShape *shape);

/*
 * Starts a query; with_viewer also asks whose token it is.  The query is
 * zeroed, or was used before; its memory is used again.
 */
extern void ghc_query_begin(GhcQuery *query, const GhcShape *shape,
							bool with_viewer);

/*
 * Adds a page of a search: "first" (1 to 100) repositories after "cursor"
 * (empty: from the start).  Returns the part's number, or -1 if full.
 */
extern int	ghc_query_add_page(GhcQuery *query, const GhcRange *range,
							   GhcOrder order, int first, GhcSlice cursor);

/* Adds a count of a search.  Returns the part's number, or -1 if full. */
extern int	ghc_query_add_count(GhcQuery *query, const GhcRange *range);

/*
 * Adds a look-up of n (1 to GHC_MAX_MEMBERS) repositories by id, in the new or
 * the legacy form.  Returns the part's number, or -1 if full.
 */
extern int	ghc_query_add_list(GhcQuery *query, const int64_t *ids, int n,
							   bool legacy);

/*
 * The same by name, which must be one that ghc_item_parse let through; GitHub
 * follows renames.  In the reply it is a list like the others.
 */
extern int	ghc_query_add_names(GhcQuery *query, const GhcName *names, int n);

/* Ends the query; false if memory ran out. */
extern bool ghc_query_end(GhcQuery *query);

/*
 * What the query costs by GitHub's published rule, at least 1.  Known as soon
 * as the last part was added.
 */
extern int	ghc_query_points(const GhcQuery *query);

#endif							/* GHC_QUERY_H */
