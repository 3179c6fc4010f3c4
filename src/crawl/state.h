/*-------------------------------------------------------------------------
 *
 * state.h
 *	  What the parts of a worker share: its state, its lanes, its tasks.
 *
 * A worker turns in a circle: what came from the network is taken in, pure
 * and in memory (lane.c); all of it is written in one transaction (answers.c),
 * which also claims what is to be asked next (turn.c); requests go out; it
 * waits, with no transaction open (worker.c).  What it knows of crawls, tokens and
 * budgets is read anew now and then, or when somebody wakes it (refresh.c).
 *
 * A lane is a budget in this worker's hands: its tokens, its meter, and the
 * one request that it may have under way.
 *
 * IDENTIFICATION
 *	  src/crawl/state.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STATE_H
#define GHC_STATE_H

#include "crawl/task.h"
#include "github/budget.h"
#include "net/loop.h"
#include "store/crawls.h"
#include "store/tasks.h"
#include "store/tokens.h"

/* a task in this worker's hands, with what the database knows of it */
typedef struct GhcWork
{
	GhcTask		task;
	GhcTaskRow	row;			/* strings are not kept */
	GhcIdSet	refused;		/* ids that the database refused */

	/* what the crawl's counters have of it */
	int64		counted;
	double		part;
	int64		contributed;	/* to expected */
	int			pages_reported;
	int			readings_reported;
	int64		answers_before; /* the worker's, when its attempts began */
	bool		over;			/* given back; to be freed after the commit */
	bool		held_up;		/* a session is just ending its crawl */
} GhcWork;

/* a running crawl, and what this worker did for it since the last report */
typedef struct GhcRun
{
	GhcCrawl	crawl;
	GhcCounts	counts;			/* to be added */
	int64		seen_here;		/* since crawl.seen was read */
	float		rate;			/* repositories a second, smoothed */
	int64		rated_ms;		/* when rate was last worked out */
	int64		rated_for_ms;	/* how much time it was worked out from */
	bool		exhausted;		/* nothing to claim when last tried */
	bool		held_up;		/* a session is just ending it */
	const char *ends;			/* in this state, after the turn; or NULL */
	const char *reason;			/* why, or NULL */
	bool		present;		/* private to refresh */
} GhcRun;

typedef struct GhcLane
{
	int			budget_id;		/* 0: whose token it is isn't known yet */
	int			token_id;		/* of the token in use */
	char	   *api_url;
	List	   *tokens;			/* GhcToken, secrets read */
	GhcBudget	meter;
	GhcWork    *work;			/* NULL: free, or asking whose token it is */

	/* the request under way, or just answered */
	GhcTransfer *transfer;
	bool		asking;			/* whose token it is; not for the task in hand */
	GhcQuery	query;
	GhcShape	shape;			/* of the query */
	int			points;			/* expected */
	int64		sent_ms;

	/* its answer, from taking it in until it is written */
	bool		answered;
	bool		held_up;		/* to be given up; private to turn.c */
	GhcReply	reply;
	GhcArena	arena;
	GhcJudgement judgement;
	GhcHeaders	headers;
	GhcOutcome	outcome;
	const GhcPage *store;		/* repositories to be stored, or NULL */
	bool		stored;			/* private to turn.c */
	bool		work_over;		/* the task is no longer ours */
	List	   *refused;		/* int64 *: ids that the database refused */

	/* not yet written */
	int64		points_used;
	int64		requests;
	bool		meter_changed;
	bool		present;		/* private to refresh */
} GhcLane;

typedef struct GhcWorker
{
	int			no;				/* its number, from 1 */
	GhcNetLoop *net;
	List	   *lanes;			/* GhcLane */
	List	   *runs;			/* GhcRun, most urgent first */
	List	   *orphans;		/* GhcWork whose lane has to wait */
	List	   *unreadable;		/* ids of tokens whose file can't be read */
	MemoryContext context;		/* lives as long as the worker */
	MemoryContext tokens;		/* of all lanes, replaced at each refresh */
	MemoryContext turn;			/* reset each turn */
	int			careful;		/* turns to store row by row where that fails */
	int64		answers;		/* good ones, of all lanes */
	int64		storing;		/* crawl whose rows are being stored, or 0 */
	int			failures;		/* transactions in a row that failed */
	int64		retry_ms;		/* not to write again before; 0: at once */
	char		trouble[200];	/* what the database said */
	int64		refreshed_ms;
	int64		forgot_ms;		/* when old things were last deleted */
	bool		refresh;		/* read crawls and tokens anew */
	int64		fellows_ms;		/* when to look for missing workers */
	int64		reported_ms;	/* when the worker's row was written */
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

#endif							/* GHC_STATE_H */
