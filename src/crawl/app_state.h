/*-------------------------------------------------------------------------
 *
 * app_state.h
 *	  Apps and their installations in memory.
 *
 * The inside of app.c, app_ask.c and app_news.c.
 *
 * IDENTIFICATION
 *	  src/crawl/app_state.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_APP_STATE_H
#define GHC_APP_STATE_H

#include "crawl/errand.h"
#include "crawl/state.h"

/* how often is asked where an App is installed */
#define GHC_APP_LIST_MS (60 * 60 * INT64CONST(1000))

/* back-off of what failed */
#define GHC_APP_RETRY_BASE_MS 1000
#define GHC_APP_RETRY_CAP_MS (5 * 60 * 1000)

/* an installation, and its secret if this worker needs one */
typedef struct GhcPlace
{
	int			token_id;
	int			budget_id;		/* 0: it was refused and is to be checked */
	int64		id;
	char	   *name;
	bool		check;
	char	   *secret;			/* NULL: none yet */
	int64		made_ms;		/* these by our clock */
	int64		renew_ms;
	int64		expires_ms;
	int64		not_before_ms;	/* not to be asked for again */
	int			disowned;		/* young ones that were refused in a row */
	bool		present;
} GhcPlace;

/* what an App has for the database */
typedef enum GhcNews
{
	GHC_NEWS_NONE,
	GHC_NEWS_LIST,				/* where it is installed */
	GHC_NEWS_FAILED,			/* a request failed; see the judgement */
	GHC_NEWS_LIMITED,			/* somebody asks of it while it may not ask */
	GHC_NEWS_KEY,				/* its key can't be used */
} GhcNews;

typedef struct GhcApp
{
	GhcAppRow	row;
	List	   *installations;	/* GhcPlace */
	bool		lists;			/* we hold its lock: it is us who ask where it
								 * is installed */
	int64		list_ms;		/* when to, next; 0: now */
	int64		not_before_ms;	/* no request of any kind */
	bool		limited;		/* it is GitHub who wants that */
	bool		list_failed;	/* when it was asked for last */
	int			check_begun;	/* the newest question about it */
	int			failures;		/* requests in a row */
	int64		ahead_s;		/* GitHub's clock of ours */
	bool		claimed_again;	/* its claims were refused once */
	char	   *key_problem;	/* as it was last written; NULL: none */

	/* the request under way, or just answered */
	GhcErrand	errand;
	int			asked_for;		/* token_id of an installation; 0: the list */
	int			page;			/* of a list being read; 0: none */
	GhcInstallation *list;
	int			n_listed;
	bool		list_whole;
	GhcNews		news;			/* to be written */
	char	   *problem;		/* of its key */
	bool		present;
} GhcApp;

/* The installation of an id in ghcrawl.token, or NULL. */
extern GhcPlace *ghc_app_find_place(const GhcApp *app, int token_id);

/* Is the installation's budget, or token, in this worker's hands? */
extern bool ghc_app_holds(const GhcWorker *worker, const GhcPlace *installation);

/* Overwrites and frees a text, which may be a secret or NULL. */
extern void ghc_app_forget_text(char **text);

/* How long to wait after the nth failure in a row. */
extern int64 ghc_app_backoff_ms(int attempt, int64 base_ms);

#endif							/* GHC_APP_STATE_H */
