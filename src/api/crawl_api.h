/*-------------------------------------------------------------------------
 *
 * crawl_api.h
 *	  What functions that start crawls share.
 *
 * IDENTIFICATION
 *	  src/api/crawl_api.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CRAWL_API_H
#define GHC_CRAWL_API_H

#include "store/crawls.h"

/*
 * Fills in for whom, from where and to where a new crawl is, making the data
 * tables in the caller's name if need be; throws if its profile isn't there or
 * nothing can be asked for.  Outside of ghc_db_enter.
 */
extern void ghc_crawl_api_prepare(GhcNewCrawl *crawl);

/*
 * Inserts the crawl, or finds one like it that is under way, and tells the user;
 * *is_new says which.  Here and below between ghc_db_enter and ghc_db_leave.
 */
extern int64 ghc_crawl_api_insert(GhcNewCrawl *crawl, bool *is_new);

/* Starts what workers are missing; throws if none runs and none can. */
extern int	ghc_crawl_api_start_workers(void);

#endif							/* GHC_CRAWL_API_H */
