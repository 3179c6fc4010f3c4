/*-------------------------------------------------------------------------
 *
 * task.h
 *	  A piece of work in a worker's hand, and what a kind of work is.
 *
 * A kind of task is two functions: compose asks, absorb takes in the answer.
 * Both are pure: no SPI, no curl, no clock, no palloc.  A new kind of work is
 * a new file with such a pair.
 *
 * IDENTIFICATION
 *	  src/crawl/task.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TASK_H
#define GHC_TASK_H

#include "base/idset.h"
#include "github/classify.h"
#include "github/cursor.h"
#include "github/members.h"
#include "github/query.h"
#include "github/range.h"
#include "github/reply.h"

typedef enum GhcOutcome
{
	GHC_OUTCOME_MORE,			/* not finished: compose again */
	GHC_OUTCOME_RETRY,			/* nothing gained: compose again, but later */
	GHC_OUTCOME_DONE,			/* everything promised was seen */
	GHC_OUTCOME_SPLIT,			/* replaced by its children */
	GHC_OUTCOME_GAP,			/* given up; "missing" and "why" say what */
} GhcOutcome;

/* what a child takes over of its parent's progress; see cut.c */
typedef struct GhcHeritage
{
	int64_t		counted;
	double		weight;			/* of the parent's share and part */
} GhcHeritage;

/* the parts a range is cut into, while they are being counted */
typedef struct GhcCut
{
	int			n;
	GhcRange	parts[GHC_MAX_PARTS];
	int64_t		counts[GHC_MAX_PARTS];	/* -1: not counted yet */
	int64_t		before[GHC_MAX_PARTS];	/* the largest of earlier rounds, or -1 */
	int			rounds;			/* all parts were counted so often */
	int			asked[GHC_MAX_PARTS];	/* which parts the query counts */
	int			n_asked;
	int			at_once;		/* how many counts go into a query */
	int			tries;
	bool		by_time;		/* and not by what can change */
	int			n_children;
	GhcChild	children[GHC_MAX_PARTS];
	GhcHeritage heritage[GHC_MAX_PARTS];	/* of each child */
} GhcCut;

/* repositories that are looked up by id */
typedef struct GhcNodes
{
	int			n;
	int64_t		ids[GHC_MAX_MEMBERS];
	bool		settled[GHC_MAX_MEMBERS];	/* answered, or given up */
	bool		doubted[GHC_MAX_MEMBERS];	/* not found by the new form of id */
	bool		legacy;			/* the query asks by the legacy form */
	GhcMembers	unknown;		/* those given up */
	int			asked[GHC_MAX_MEMBERS]; /* which of them the query asks for */
	int			n_asked;
	int			at_once;		/* how many go into a query */
	int			n_given_up;		/* times some were given up */

	/* what the last reply brought */
	int			n_answered;
	int			n_gone;
	int64_t		gone[GHC_MAX_MEMBERS];
} GhcNodes;

typedef struct GhcTaskKind GhcTaskKind;

typedef struct GhcTask
{
	const GhcTaskKind *kind;
	int64_t		crawl_id;
	int64_t		task_id;
	int64_t		position;		/* its place in the queue */
	GhcRange	range;
	int64_t		promised;		/* most that GitHub counted; -1: unknown */
	bool		foretold;		/* it was known before the first page */
	int64_t		count;			/* GitHub's largest in this reading */
	int64_t		count_before;	/* and in the reading before */
	int			agreed;			/* readings in a row with this count */
	int64_t		seen;			/* distinct repositories in all readings */
	int64_t		refused;		/* of these, refused by the database */
	int			pages;			/* read since it was claimed */
	int			readings;		/* begun since it was claimed */
	int			attempts;		/* replies in a row that brought nothing */
	bool		alone;			/* and nobody else got an answer meanwhile */
	int64_t		took_ms;		/* what the last reply took */

	/* progress of the crawl, which never goes back */
	int64_t		counted;		/* repositories that it counts for this task */
	double		share;			/* of the whole crawl */
	double		part;			/* of share, so far */

	/* reading */
	GhcIdSet	ids;
	GhcBuffer	created;		/* int64_t each: when those were created */
	GhcOrder	order;
	int			page_size;
	int			page_limit;		/* what page_size may grow back to */
	int			good_pages;		/* in a row, of the present size */
	bool		grown;			/* page_size grew back once */
	int			hidden;			/* null members in this reading */
	int			damaged;		/* members without id or name, likewise */
	int64_t		least;			/* GitHub's smallest count in this reading */
	int			forbidden;		/* of these, by a rule of their owner */
	int			offset;			/* results behind the cursor */
	char		cursor[GHC_CURSOR_BYTES];
	bool		in_own_words;	/* the cursor that was sent is of our making */
	bool		keeps_cursors;	/* no others than GitHub's own are sent */
	int64_t		last_id;		/* at the end of the page before, or 0 */
	int			repairs;		/* in this reading, of pages that moved */
	bool		torn;			/* they moved more than could be repaired */
	bool		confirming;		/* asking once more how many there are */

	/* splitting; NULL while reading */
	GhcCut	   *cut;
	bool		narrowed;		/* cut because it couldn't be read as it is */

	/* planning only; see plan.c */
	struct GhcPlan *plan;
	/* looking up; NULL for other kinds */
	GhcNodes   *nodes;
	bool		explained;		/* the reply's errors are but what was asked about */

	/* how it ended */
	int64_t		missing;
	const char *why;			/* static text */
} GhcTask;

struct GhcTaskKind
{
	const char *name;

	/* Appends the task's part to a query; false if memory ran out. */
	bool		(*compose) (GhcTask *task, GhcQuery *query);

	/*
	 * Takes in a reply to what compose asked.  *store is set to the page
	 * whose repositories are to be stored, or NULL.
	 */
	GhcOutcome	(*absorb) (GhcTask *task, const GhcReply *reply,
						   const GhcJudgement *judgement,
						   const GhcPage **store);

	/*
	 * Reads what the task is stored as into *task, whatever it allocates
	 * being for ghc_task_release; NULL: a search, read into task->range.
	 */
	bool		(*read) (GhcTask *task, GhcSlice text);
};

/* The kind of that name, or NULL. */
extern const GhcTaskKind *ghc_task_kind(const char *name);

/* What a reply means for the task whose reply it is. */
typedef enum GhcReception
{
	GHC_RECEPTION_ANSWER,
	GHC_RECEPTION_TOO_MUCH,		/* GitHub couldn't do it: ask for less */
	GHC_RECEPTION_FAILURE,		/* it may be what was asked for */
	GHC_RECEPTION_ELSEWHERE,	/* a limit, a token, the network: ask again */
} GhcReception;

/* Tells the one from the others. */
extern GhcReception ghc_task_receives(const GhcJudgement *judgement);

/*
 * Counts a reply that brought nothing; true if there were so many in a row
 * that it must be what was asked for, and then counts anew.  While nobody else
 * gets an answer either, it may well be GitHub.
 */
extern bool ghc_task_fails(GhcTask *task);

/* Brings "counted" and "part" up to what was seen; neither goes back. */
extern void ghc_task_advance(GhcTask *task);

/* Reads what a task, whose kind is set, is stored as; false if it can't be. */
extern bool ghc_task_read(GhcTask *task, const char *text);

/* Frees what a task holds; the structure stays the caller's. */
extern void ghc_task_release(GhcTask *task);

extern const GhcTaskKind ghc_search_kind;
extern const GhcTaskKind ghc_plan_kind;
extern const GhcTaskKind ghc_nodes_kind;
extern const GhcTaskKind ghc_sweep_kind;

#endif							/* GHC_TASK_H */
