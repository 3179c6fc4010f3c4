/*-------------------------------------------------------------------------
 *
 * state.h
 *	  What the parts of a worker share: its state, hosts, lanes, flights, works.
 *
 * A worker turns in a circle: what came from the network is taken in, pure
 * and in memory (flight.c); all of it is written in one transaction (answers.c),
 * which also claims what is to be asked next (turn.c); requests go out; it
 * waits, with no transaction open (worker.c).  What it knows of crawls, tokens and
 * budgets is read anew now and then, or when somebody wakes it (refresh.c).
 *
 * A lane is a budget in this worker's hands: its tokens and its meter.  A
 * flight is a request under way on a lane.  A work is a task in the worker's
 * hands, carried by a flight or waiting for one; a flight carries as many works
 * of one crawl as pays (host.c).
 *
 * IDENTIFICATION
 *	  src/crawl/state.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STATE_H
#define GHC_STATE_H

#include "crawl/task.h"
#include "crawl/traffic.h"
#include "github/budget.h"
#include "github/explore.h"
#include "github/sizer.h"
#include "github/split.h"
#include "net/loop.h"
#include "store/basis.h"
#include "store/crawls.h"
#include "store/tasks.h"
#include "store/tokens.h"

/* budgets of so many flows are served without choosing anew */
#define GHC_MAX_CHOICES 4

/* a size that was chosen for budgets of a flow, as long as nothing is learnt */
typedef struct GhcChoice
{
	int64		version;		/* of the lore it was chosen by */
	GhcFlow		flow;
	GhcSize		size;			/* no parts: nothing was chosen */
	GhcSize		proven;			/* the best that is known to work */
} GhcChoice;

/* what was learnt of asking a host for one shape of repositories */
typedef struct GhcLore
{
	GhcFieldSet fields;
	char	   *extra;			/* or NULL */
	GhcPrice	price;
	GhcSizer	sizers[GHC_WANT_COUNT];
	int64		version;		/* changes with what is learnt */
	GhcChoice	choices[GHC_WANT_COUNT][GHC_MAX_CHOICES];
	int			next_choice;	/* to be replaced */
	int			probes[GHC_WANT_COUNT]; /* requests under way whose size isn't proven */
	int64		failures;		/* of these, what was too much */

	/* private to host.c: what is written down of it */
	bool		recalled[GHC_WANT_COUNT];
	int64		kept;
	int64		kept_failures;
	int64		kept_ms;
} GhcLore;

/* a GitHub, and what was learnt of it; lives as long as the worker */
typedef struct GhcHost
{
	char	   *api_url;
	List	   *lores;			/* GhcLore */
	bool		cursors_known;	/* have the form that we can make ourselves */
	bool		cursors_refused;	/* those we made were not taken */
	double		pass;			/* of the run that was served last; share.h */
	double		get_ms;			/* what a GET takes, smoothed; 0: none was answered */
} GhcHost;

/* what the database has for a task that walks through ids; see walked.h */
typedef struct GhcFed
{
	int64		greatest;		/* id of all */
	int			n;
	int64	   *ids;
} GhcFed;

/* a task in this worker's hands, with what the database knows of it */
typedef struct GhcWork
{
	GhcTask		task;
	GhcTaskRow	row;			/* strings are not kept */
	GhcIdSet	refused;		/* ids that the database refused */
	GhcIdSet	lacking;		/* ids to be asked for the rest; details.h */
	bool		in_flight;		/* a flight carries it */
	GhcFed	   *fed;			/* of the turn; NULL: nothing was read */
	int64		handed_on;		/* repositories that parts of a span may have */

	/* what the crawl's counters have of it */
	int64		counted;
	double		part;
	int64		contributed;	/* to expected */
	int			pages_reported;
	int			readings_reported;
	int64		answers_before; /* the worker's, when its attempts began */

	/* its answer, from taking it in until it is written */
	GhcOutcome	outcome;
	GhcHarvest	stored;			/* pages to be stored */
	List	   *refused_now;	/* int64 *: ids that the database refused */
	bool		unwritten;		/* nothing of it was worth writing */
	bool		over;			/* no longer ours; to be freed after the commit */
	bool		held_up;		/* a session is just ending its crawl */
} GhcWork;

/* a running crawl, and what this worker did for it since the last report */
typedef struct GhcRun
{
	GhcCrawl	crawl;
	GhcCounts	counts;			/* to be added */
	GhcSplit	split;			/* of the crawl's shape */
	GhcBasis	basis;
	GhcExplorer explorer;
	GhcPiece	piece;			/* that pages ask for just now */
	int64		seen_here;		/* since crawl.seen was read */
	float		rate;			/* repositories a second, smoothed */
	int64		rated_ms;		/* when rate was last worked out */
	int64		rated_for_ms;	/* how much time it was worked out from */
	double		pass;			/* how far it is in sharing budgets; share.h */
	double		supply;			/* parts that a task asks for at once, smoothed */
	int			demand;			/* parts that lanes could ask for; private to claim.c */
	int			waiting;		/* parts that works in hand wait for; likewise */
	GhcRoom		room;			/* of a request for its pages; likewise */
	bool		gets;			/* some of its tasks ask the REST API */
	bool		exhausted;		/* nothing to claim when last tried */
	GhcTaskPlace after;			/* where to claim; claim.c */
	bool		rewinds;		/* may look at the queue's head again; likewise */
	bool		held_up;		/* a session is just ending it */
	const char *ends;			/* in this state, after the turn; or NULL */
	const char *reason;			/* why, or NULL */
	bool		present;		/* private to refresh */
} GhcRun;

typedef struct GhcLane
{
	int			budget_id;		/* 0: whose token it is isn't known yet */
	int			token_id;		/* of the token, if that is so */
	char	   *api_url;
	GhcHost    *host;
	List	   *tokens;			/* GhcToken, secrets read */
	GhcBudget	meter;
	GhcOutlay	next[GHC_RESOURCE_COUNT];	/* the requests it would send next */
	int			n_flights;
	GhcVerdict	benched_by[GHC_RESOURCE_COUNT]; /* the last judgement that wasn't good */
	char		benched_for[192];	/* of GraphQL */

	/* not yet written */
	int64		points_used;
	int64		requests;
	int64		gets;
	int64		not_modified;	/* of these, answered by nothing new */
	bool		meter_changed;
	bool		present;		/* private to refresh */
} GhcLane;

/*
 * What an answer says, with the memory that takes.  Few flights are answered at
 * once, and much is needed for each: so it isn't theirs, but lent to them.
 */
typedef struct GhcReading
{
	GhcReply	reply;
	GhcGot		got;
	GhcArena	arena;
} GhcReading;

/* a request under way, or just answered */
typedef struct GhcFlight
{
	GhcLane    *lane;
	int			token_id;		/* of the token in use */
	GhcTransfer *transfer;
	bool		asking;			/* whose token it is; for no crawl */
	int64		crawl_id;
	GhcWant		want;
	GhcPiece	piece;
	List	   *works;			/* GhcWork, in the order of their parts */
	GhcQuery	query;
	GhcShape	shape;			/* of the query */
	int			n_parts;
	GhcOutlay	outlay;			/* expected */
	GhcReservation reservation;
	bool		probes;			/* nobody knows whether its size works */
	int64		sent_ms;

	/* its answer, from taking it in until it is written */
	bool		answered;
	bool		given_up;		/* a session is just ending its crawl */
	bool		is_stored;		/* private to rows.c */
	int64		points_used;
	GhcReading *reading;		/* NULL before */
	GhcJudgement judgement;
	GhcHeaders	headers;
} GhcFlight;

typedef struct GhcWorker
{
	int			no;				/* its number, from 1 */
	GhcNetLoop *net;
	List	   *hosts;			/* GhcHost */
	List	   *lanes;			/* GhcLane */
	List	   *apps;			/* private to app.c */
	List	   *runs;			/* GhcRun, most urgent first */
	List	   *works;			/* GhcWork, in the order they were claimed in */
	List	   *flights;		/* GhcFlight */
	List	   *idle_flights;	/* with buffers to be used again */
	List	   *idle_readings;	/* likewise */
	List	   *unreadable;		/* ids of tokens whose file can't be read */
	MemoryContext context;		/* lives as long as the worker */
	MemoryContext tokens;		/* of all lanes, replaced at each refresh */
	MemoryContext turn;			/* reset each turn */
	int			careful;		/* turns to store row by row where that fails */
	int64		answers;		/* good ones, of all lanes */
	GhcTraffic	traffic;		/* not yet written */
	int64		storing;		/* crawl whose rows are being stored, or 0 */
	bool		is_alone;		/* no other worker lives, as of late */
	bool		others_ready;	/* another's budget could be used now, likewise */
	int			failures;		/* transactions in a row that failed */
	int64		retry_ms;		/* not to write again before; 0: at once */
	char		trouble[200];	/* what the database said last */
	int64		troubled;		/* the crawl whose rows it was about, or 0 */
	int64		refreshed_ms;
	int64		forgot_ms;		/* when old things were last deleted */
	bool		refresh;		/* read crawls and tokens anew */
	int64		fellows_ms;		/* when to look for missing workers */
	bool		listed;			/* the worker's row is its own */
	int64		reported_ms;	/* when that was written */
	char		waiting_on[200];	/* empty: working */
	int64		waiting_until_ms;	/* 0: not known */
	char		reported[200];	/* waiting_on as last written */
} GhcWorker;

/* Is it no crawl, but a question that a session waits for an answer to? */
static inline bool
ghc_state_is_question(const GhcRun *run)
{
	return run->crawl.crawl_id < 0;
}

/* The run of a crawl; NULL if it isn't running any more. */
static inline GhcRun *
ghc_state_find_run(const GhcWorker *worker, int64 crawl_id)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		if (run->crawl.crawl_id == crawl_id)
			return run;
	}
	return NULL;
}

/* What a work's next request takes of a budget; none: it can't be asked yet. */
static inline bool
ghc_state_takes(GhcWork *work, GhcResource *resource)
{
	GhcWant		want = work->task.kind->wants(&work->task);

	*resource = want == GHC_WANT_REST ? GHC_RESOURCE_CORE : GHC_RESOURCE_GRAPHQL;
	return want != GHC_WANT_NOTHING;
}

/* Is any running crawl about this host? */
static inline bool
ghc_state_is_wanted(const GhcWorker *worker, const char *api_url)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
		if (strcmp(((const GhcRun *) lfirst(cell))->crawl.api_url, api_url) == 0)
			return true;
	return false;
}

/* Whose cursors are in what a flight asks for? */
static inline GhcCursors
ghc_state_cursors(const GhcFlight *flight)
{
	GhcCursors	cursors = GHC_CURSORS_NONE;
	ListCell   *cell;

	foreach(cell, flight->works)
		cursors = Max(cursors, ((const GhcWork *) lfirst(cell))->task.cursors);
	return cursors;
}

#endif							/* GHC_STATE_H */
