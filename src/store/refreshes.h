/*-------------------------------------------------------------------------
 *
 * refreshes.h
 *	  Crawls that look again at what is overdue.
 *
 * Everything here runs as the extension's owner, between ghc_db_enter and
 * ghc_db_leave, and throws on errors of the database.
 *
 * IDENTIFICATION
 *	  src/store/refreshes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_REFRESHES_H
#define GHC_REFRESHES_H

#include "store/overdue.h"

/* the query of these crawls */
#define GHC_REFRESHES_QUERY "(refresh)"

/*
 * Waits for others who are choosing for the same data schema, and keeps them
 * waiting until the transaction's end; returns the refresh that is under way, or 0.
 */
extern int64 ghc_refreshes_lock(const char *schema);

/*
 * Looks that the budgets of a host allow in a time, by points and by response time: as
 * far as is known of late, else a hundred a point.
 */
extern int64 ghc_refreshes_allowance(const char *api_url, int64 microseconds);

/*
 * Takes in what came since the last run, measures ages, chooses whom to look at.
 * Refreshes that ended a week ago are forgotten: there may be one each hour.
 */
extern void ghc_refreshes_choose(GhcOverdue *overdue);

/* Gives a crawl its tasks, and notes what it is about (0: nothing was due). */
extern void ghc_refreshes_begin(const GhcOverdue *overdue, int64 crawl_id);

#endif							/* GHC_REFRESHES_H */
