/*-------------------------------------------------------------------------
 *
 * seen.h
 *	  What was seen in each range, and what an earlier crawl saw besides.
 *
 * Everything here runs between ghc_db_begin and ghc_db_commit, or ghc_db_enter
 * and ghc_db_leave, and throws on errors of the database.
 *
 * IDENTIFICATION
 *	  src/store/seen.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SEEN_H
#define GHC_SEEN_H

#include "base/idset.h"
#include "github/range.h"

/* members of a range, as a task saw them */
typedef struct GhcSeenIds
{
	const GhcIdSet *ids;
	const int64 *asked;			/* the task asked for no others than these */
	int			n_asked;		/* 0: it asked for all */
} GhcSeenIds;

/*
 * Keeps the members of a range that ended, in place of what was kept before
 * of those asked for.
 */
extern void ghc_seen_write(int64 crawl_id, int64 task_id,
						   const GhcInterval *created, const GhcSeenIds *seen);

/*
 * Compares a crawl all of whose ranges ended, and which the caller has locked,
 * with earlier crawls of the same query, a step at a time; suspects become
 * tasks of it.  False if there is nothing (more) to be compared and there are
 * no such tasks: the crawl is at its end.
 */
extern bool ghc_seen_compare(int64 crawl_id);

/*
 * A crawl has ended.  If it is complete, the members of those it was compared
 * with are of no more use; otherwise its own.
 */
extern void ghc_seen_tidy(int64 crawl_id);

#endif							/* GHC_SEEN_H */
