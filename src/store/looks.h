/*-------------------------------------------------------------------------
 *
 * looks.h
 *	  A small table of when repositories were looked at one by one, and of how
 *	  often they are found changed.
 *
 * When a range was read says when everything in it was looked at, and no row is written.
 * What is asked for by its id has a row here, if it has as many stars
 * as the lowest target but the last asks for; see targets.h.
 *
 * Data tables that were made before table repository_look was thought of do
 * without it.
 *
 * IDENTIFICATION
 *	  src/store/looks.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LOOKS_H
#define GHC_LOOKS_H

#include "github/freshness.h"
#include "lib/stringinfo.h"
#include "store/storing.h"

/* rows of the table, in arrays: as SQL takes them */
typedef struct GhcLooks
{
	int			n;
	int64	   *repo_id;
	int64	   *looked_at;		/* seconds since 2000 */
	int64	   *stars;
	int64	   *log_rate;
	int64	   *doubt;
	int64	   *is_fork;
} GhcLooks;

/* Adds the statements that make the table, in a quoted schema. */
extern void ghc_looks_compose(StringInfo sql, const char *schema);

/* Arrays for so many rows, palloc'd, and one row more in them. */
extern void ghc_looks_init(GhcLooks *looks, int n);
extern void ghc_looks_add(GhcLooks *looks, int64 repo_id, TimestampTz looked_at,
						  int32 stars, GhcChangeRate rate, bool is_fork);

/* Days from one moment to another. */
extern double ghc_looks_days(TimestampTz from, TimestampTz to);

/*
 * The fewest stars with which a repository has a row, by the targets there are;
 * as the extension's owner, or a worker before it becomes anybody else.
 */
extern int32 ghc_looks_least_stars(void);

/*
 * Writes down which of the rows in hand were looked at alone, and whether their stars had
 * changed; after they were stored, as the owner of the tables.
 */
extern void ghc_looks_learn(GhcStore *store, int32 least_stars);

/* Writes rows that aren't older than those that are there; as the owner. */
extern void ghc_looks_write(const char *schema, const GhcLooks *looks);

/*
 * Says of n rows when their repositories were looked at, if they don't know of
 * a later look; takes n rows out.  As the owner.
 */
extern void ghc_looks_note(const char *schema, const int64 *ids,
						   const TimestampTz *looked_at, int n);
extern void ghc_looks_forget(const char *schema, const int64 *ids, int n);

/*
 * Notes that n repositories were asked for at a moment, and not found, so that
 * they aren't asked for again at once.  In a transaction of a worker.
 */
extern void ghc_looks_missed(const char *schema, const int64 *ids, int n,
							 TimestampTz asked_at);

#endif							/* GHC_LOOKS_H */
