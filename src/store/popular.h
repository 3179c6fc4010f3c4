/*-------------------------------------------------------------------------
 *
 * popular.h
 *	  A small table of the repositories with most stars.
 *
 * IDENTIFICATION
 *	  src/store/popular.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_POPULAR_H
#define GHC_POPULAR_H

#include "lib/stringinfo.h"
#include "store/sql.h"

/* with fewer stars a repository isn't in it */
#define GHC_POPULAR_STARS 100

/* Adds the statements that make the table and fill it, in a quoted schema. */
extern void ghc_popular_compose(StringInfo sql, const char *schema);

/* Stars of a repository that were stored, and what they were (0: nothing). */
typedef struct GhcPopular
{
	int64		repo_id;
	int32		was;
	int32		is;
} GhcPopular;

/* Must the table be told?  Hardly ever. */
static inline bool
ghc_popular_is_news(const GhcPopular *stars)
{
	return stars->was != stars->is &&
		(stars->was >= GHC_POPULAR_STARS || stars->is >= GHC_POPULAR_STARS);
}

/* Tells it, as its owner; by ascending id, n > 0. */
extern void ghc_popular_write(GhcStoreSql *sql, Oid owner,
							  const GhcPopular *news, int n);

#endif							/* GHC_POPULAR_H */
