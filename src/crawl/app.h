/*-------------------------------------------------------------------------
 *
 * app.h
 *	  GitHub Apps and their installations, as this worker knows them.
 *
 * An App asks in its own name where it is installed, at most once an hour,
 * and for tokens of the installations whose budgets this worker holds, which
 * live an hour and are kept here only.  It has one request under way at a
 * time.
 *
 * IDENTIFICATION
 *	  src/crawl/app.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_APP_H
#define GHC_APP_H

#include "crawl/state.h"

/*
 * Within a refresh: reads Apps anew, and gives those of the tokens (GhcToken)
 * that are installations the secrets there are, in the current context.
 */
extern void ghc_app_refresh(GhcWorker *worker, List *tokens);

/* Is a token of ghcrawl.token an installation, whose secrets are made here? */
extern bool ghc_app_makes(const GhcWorker *worker, int token_id);

/*
 * GitHub refused the secret of an installation to a request sent at that time:
 * a new one is made.  Other tokens are none of our business.
 */
extern void ghc_app_disown(GhcWorker *worker, int token_id, int64 sent_ms);

#endif							/* GHC_APP_H */
