/*-------------------------------------------------------------------------
 *
 * app_news.h
 *	  What Apps were told, for the database.
 *
 * See app.h for what Apps ask.
 *
 * IDENTIFICATION
 *	  src/crawl/app_news.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_APP_NEWS_H
#define GHC_APP_NEWS_H

#include "crawl/state.h"

/* Has any App something to be written? */
extern bool ghc_app_news_is_due(const GhcWorker *worker);

/* Writes it, within the turn's transaction; may run again for the same. */
extern void ghc_app_news_write(GhcWorker *worker);

/* After that was committed. */
extern void ghc_app_news_settle(GhcWorker *worker);

#endif							/* GHC_APP_NEWS_H */
