/*-------------------------------------------------------------------------
 *
 * app_ask.h
 *	  What Apps ask GitHub, and what it answers.
 *
 * Nothing here touches the database.
 *
 * IDENTIFICATION
 *	  src/crawl/app_ask.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_APP_ASK_H
#define GHC_APP_ASK_H

#include "crawl/state.h"

/* Sends what Apps have to ask now. */
extern void ghc_app_ask_all(GhcWorker *worker);

/* Takes in a finished transfer, if it is an App's; false if it isn't. */
extern bool ghc_app_ask_take_in(GhcWorker *worker, GhcTransfer *transfer);

#endif							/* GHC_APP_ASK_H */
