/*-------------------------------------------------------------------------
 *
 * errand.h
 *	  One request of a GitHub App in its own name.
 *
 * Nothing here touches the database.
 *
 * IDENTIFICATION
 *	  src/crawl/errand.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ERRAND_H
#define GHC_ERRAND_H

#include "github/classify.h"
#include "net/loop.h"
#include "store/apps.h"

typedef struct GhcErrand
{
	GhcTransfer *transfer;		/* under way, or just answered */
	GhcHeaders	headers;		/* of the answer */
	GhcJudgement judgement;		/* OK: a body that should be what was asked */
} GhcErrand;

/*
 * Sends a request for a path: a GET, or a POST of nothing.  now_s is GitHub's
 * clock in seconds since 1970.  NULL, or why the App's key can't be used.
 */
extern const char *ghc_errand_send(GhcErrand *errand, GhcNetLoop *net,
								   const GhcAppRow *app, const char *path,
								   bool post, int64 now_s);

/* Reads headers and judges what came, at a time of our clock. */
extern void ghc_errand_judge(GhcErrand *errand, int64 now_s);

/* Gives the transfer back; what it brought is overwritten. */
extern void ghc_errand_end(GhcErrand *errand, GhcNetLoop *net);

#endif							/* GHC_ERRAND_H */
