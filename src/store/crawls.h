/*-------------------------------------------------------------------------
 *
 * crawls.h
 *	  Crawls: their rows, states and counters.
 *
 * Unless said otherwise everything here runs between ghc_db_enter and
 * ghc_db_leave or ghc_db_begin and ghc_db_commit, throws on errors of the
 * database, and returns memory of the current context.
 *
 * IDENTIFICATION
 *	  src/store/crawls.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CRAWLS_H
#define GHC_CRAWLS_H

#include "nodes/pg_list.h"

#include "github/query.h"

/* how the queries of crawls begin that read star histories; no selection's does */
#define GHC_CRAWLS_STARS "(star history)"

/* what a worker knows of a running crawl */
typedef struct GhcCrawl
{
	int64		crawl_id;
	int			priority;
	int64		max_repositories;	/* -1: all */
	int64		seen;			/* by all workers, when it was loaded */
	char	   *api_url;
	char	   *data_schema;
	bool		is_list;		/* of repositories that somebody named */
	bool		looks_up;		/* a list, or a refresh: it doesn't search */
	GhcShape	shape;			/* what its profile asks */
	bool		walks;			/* through ids, by the REST API */
	bool		gets_only;		/* asks the REST API, and GraphQL nothing */
} GhcCrawl;

/* what is added to a crawl's counters */
typedef struct GhcCounts
{
	int64		requests;
	int64		rest_requests;
	int64		points;
	int64		wire_bytes;
	int64		expected;
	int64		seen;
	int64		inserted;
	int64		updated;
	int64		tasks;
	int64		tasks_ended;
	int64		gaps;
	int64		missing;
	int64		read_again;
	int64		narrowed;
	double		part;			/* of the whole */
	int64		suspects;
	int64		gone;
	float		rate;			/* not added: the present one */
} GhcCounts;

/* a new crawl, as ghcrawl_start was asked for it */
typedef struct GhcNewCrawl
{
	const char *selection;
	const char *query;			/* normalised */
	const char *root;			/* query of the root task; NULL: ghc_tasks_add_roots
								 * gives the crawl its tasks */
	int64		position;		/* of the root task */
	const char *kind;			/* of the root task; NULL: none */
	const char *profile;
	int			priority;
	int64		max_repositories;	/* -1: all */
	const char *owner;
	const char *api_url;
	const char *data_schema;
	const char *source;			/* of a list; NULL: it is none */
} GhcNewCrawl;

/* what tells a user how a crawl is */
typedef struct GhcCrawlStatus
{
	char	   *state;			/* as ghcrawl.progress shows it */
	char	   *owner;
	char	   *line;			/* progress in one line */
	bool		ended;
} GhcCrawlStatus;

/* Id of a running or paused crawl of the same query, profile and host; 0 if none. */
extern int64 ghc_crawls_find_same(const char *query, const char *profile,
								  const char *api_url);

/* The same for the selection, profile and host of an ended crawl. */
extern int64 ghc_crawls_find_same_as(int64 crawl_id);

/*
 * Makes a crawl with its root task, if it has one; returns its id, 0 if one like
 * it is under way.
 */
extern int64 ghc_crawls_insert(const GhcNewCrawl *crawl);

/*
 * True if the profile exists; *unknown is then the first of its columns that
 * no table has, or NULL.
 */
extern bool ghc_crawls_profile_exists(const char *profile, char **unknown);

/* Profiles there are, for a hint: "flat, full, stars". */
extern char *ghc_crawls_profile_names(void);

/* Fills *status; false if there is no such crawl. */
extern bool ghc_crawls_status(int64 crawl_id, GhcCrawlStatus *status);

/*
 * Locks a crawl and returns its stored state and owner; NULL if there is none.
 */
extern char *ghc_crawls_lock(int64 crawl_id, char **owner);

/* Sets the state; ended states get their time, and open tasks are dropped. */
extern void ghc_crawls_set_state(int64 crawl_id, const char *state,
								 const char *reason);

/*
 * Opens the gaps of a crawl again, which the caller has locked; returns how
 * many there are.
 */
extern int64 ghc_crawls_open_gaps(int64 crawl_id);

/* How many crawls are running, questions included. */
extern int	ghc_crawls_count_running(void);

/*
 * Worker: the running crawls (GhcCrawl), most urgent first.  Questions are
 * among them, as crawls of negative ids without data tables.
 */
extern List *ghc_crawls_load(void);

/* Worker: adds to the counters it keeps for a crawl. */
extern void ghc_crawls_count(int64 crawl_id, int worker_no,
							 const GhcCounts *counts);

/*
 * Worker: ends a running crawl in the given state, or if no task of it is left
 * in "done" or "done_with_gaps".  False if it isn't running, has tasks, or is
 * just being steered by somebody else, whom waiting for could be a deadlock.
 * A crawl without tasks may first be compared with earlier ones, which is
 * done in steps and may give it new tasks: true then says that there was a
 * step, and that the crawl is to be looked at again.
 */
extern bool ghc_crawls_end(int64 crawl_id, const char *state,
						   const char *reason);
extern bool ghc_crawls_end_if_done(int64 crawl_id);

#endif							/* GHC_CRAWLS_H */
