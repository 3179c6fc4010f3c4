/*-------------------------------------------------------------------------
 *
 * task.h
 *	  A piece of work in a worker's hand, and what a kind of work is.
 *
 * A kind of task is three functions: wants says what sort of question comes
 * next, compose asks it, absorb takes in the answer.  All are pure: no SPI, no
 * curl, no clock, no palloc.  A new kind of work is a new file with these.
 *
 * Several tasks share a request, and one may ask several things in it; how
 * many is the caller's to say (GhcRoom).  Failure is per part: what a request
 * that fails as a whole means for a task that was not alone in it, nobody
 * knows, so the task isn't told.
 *
 * IDENTIFICATION
 *	  src/crawl/task.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TASK_H
#define GHC_TASK_H

#include "base/idset.h"
#include "github/block.h"
#include "github/classify.h"
#include "github/cursor.h"
#include "github/members.h"
#include "github/query.h"
#include "github/range.h"
#include "github/reply.h"
#include "github/tally.h"

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

/* what a question asks for; those of one sort share a request */
typedef enum GhcWant
{
	GHC_WANT_PAGES,				/* of searches */
	GHC_WANT_COUNTS,			/* of searches */
	GHC_WANT_LIST,				/* repositories by id */
	GHC_WANT_REST,				/* a GET of the REST API; has a request of its own */
	GHC_WANT_NOTHING,			/* something has to be read first, by the worker */
} GhcWant;

/* those of GraphQL, which are the first */
#define GHC_WANT_COUNT (GHC_WANT_LIST + 1)

/* how much of a repository a task asks for; see github/split.h */
typedef enum GhcPiece
{
	GHC_PIECE_WHOLE,			/* all that the profile does */
	GHC_PIECE_FLAT,				/* the rest is asked for later, by id */
	GHC_PIECE_REST,				/* that rest */
} GhcPiece;

/* how much a task may ask in one request, at least 1 each */
typedef struct GhcRoom
{
	int			parts;			/* pages, counts or lists */
	int			rows;			/* of a page, or ids of a list */
	bool		ahead;			/* pages by cursors of our making */

	/* what requests for pages should come to, for plans */
	int			parts_soon;
	int			rows_soon;
	int64_t		ms_soon;		/* what such a request takes */
} GhcRoom;

/* which parts of a request are a task's, and the reply to it */
typedef struct GhcParts
{
	const GhcReply *reply;
	int			first_page;
	int			n_pages;
	int			first_count;
	int			n_counts;
	int			first_list;
	int			n_lists;
	int			n_ids;			/* of the lists */
	const GhcGot *got;			/* what a GET brought; NULL: it wasn't one */
} GhcParts;

/* pages whose repositories are to be stored */
typedef struct GhcHarvest
{
	int			n;
	const GhcPage *pages[GHC_MAX_PAGES];
} GhcHarvest;

/* the parts a range is cut into, while they are being counted */
typedef struct GhcCut
{
	int			n;
	GhcBounds	parts[GHC_MAX_PARTS];
	int64_t		counts[GHC_MAX_PARTS];	/* -1: not counted yet */
	int64_t		before[GHC_MAX_PARTS];	/* the largest of earlier rounds, or -1 */
	int64_t		expected;		/* what they should add up to at least, or -1 */
	int			rounds;			/* all parts were counted so often */
	int			asked[GHC_MAX_PARTS];	/* which parts the query counts */
	int			n_asked;
	int			at_once;		/* how many counts go into a query */
	int			tries;
	bool		by_time;		/* and not by what can change */
	int			together;		/* most parts of a child that is to be cut again */
	int			n_children;
	GhcChild	children[GHC_MAX_PARTS];
	GhcHeritage heritage[GHC_MAX_PARTS];	/* of each child */
} GhcCut;

/* why repositories are looked up by id; see nodes.c */
typedef enum GhcLookup
{
	GHC_LOOKUP_SUSPECTS,		/* an earlier crawl saw them */
	GHC_LOOKUP_DETAILS,			/* pages left something of them out */
	GHC_LOOKUP_FILL,			/* they are what the crawl is about */
} GhcLookup;

/* what became of a repository that is looked up */
typedef enum GhcFate
{
	GHC_FATE_OPEN,
	GHC_FATE_DOUBTED,			/* not found by the new form of id */
	GHC_FATE_FOUND,
	GHC_FATE_GONE,
	GHC_FATE_FORBIDDEN,			/* given up, GitHub refuses to show it */
	GHC_FATE_UNKNOWN,			/* given up for another reason */
} GhcFate;

/* repositories that are looked up */
typedef struct GhcNodes
{
	GhcLookup	why;
	bool		by_name;
	int			n;
	int64_t		ids[GHC_MAX_MEMBERS];	/* by name: of those found */
	GhcName		names[GHC_MAX_MEMBERS]; /* in text */
	GhcFate		fates[GHC_MAX_MEMBERS];
	bool		forbidden[GHC_MAX_MEMBERS]; /* by the last reply */
	bool		legacy;			/* the query asks by the legacy form */
	int			asked[GHC_MAX_MEMBERS]; /* which of them the query asks for */
	int			n_asked;
	int			at_once;		/* how many go into a query */
	int			n_given_up;		/* times some were given up */
	int			n_settled;		/* by an answer, in all */
	int			n_gone;			/* of these, not found */
	int64_t		seen_before;	/* of a fill: by earlier tries of the task */

	/* what the last reply brought */
	int			n_answered;
	int			n_missed;
	int64_t		missed[GHC_MAX_MEMBERS];	/* not found by either form */

	char		text[];			/* what the task is stored as */
} GhcNodes;

/* what the REST API says of a repository that GraphQL doesn't know */
typedef enum GhcAbsentFate
{
	GHC_ABSENT_UNCLEAR,			/* neither */
	GHC_ABSENT_GONE,			/* the block's reason says why */
	GHC_ABSENT_SHOWN,			/* it is there */
} GhcAbsentFate;

/* repositories that aren't there; see absent.c */
typedef struct GhcAbsent
{
	int			n;
	int64_t		ids[GHC_MAX_MEMBERS];
	int			next;			/* asked for next */

	/* what the last reply brought */
	int64_t		answered;		/* of which of them; 0: of none */
	GhcAbsentFate fate;
	GhcBlock	block;
} GhcAbsent;

/* a look at the latest events; see events.c */
typedef struct GhcEvents
{
	char		etag[128];		/* of the first page when it was looked at last; empty: none */
	int64_t		known;			/* the greatest id that was seen by then; 0: none was */
	int			page;			/* asked for next */

	/* what came */
	bool		answered;
	bool		not_modified;
	bool		torn;			/* none of what came was known: some was missed */
	char		new_etag[128];
	int			token_id;		/* that it is good for */
	int64_t		newest;			/* the greatest id */
	int64_t		poll_s;			/* not to be asked again before; -1: not told */
	GhcTally	tally;			/* of those that are new */
} GhcEvents;

typedef struct GhcTaskKind GhcTaskKind;

/* whose cursors a request carries; ours, if there are any */
typedef enum GhcCursors
{
	GHC_CURSORS_NONE,
	GHC_CURSORS_THEIRS,			/* GitHub's */
	GHC_CURSORS_OURS,
} GhcCursors;

typedef struct GhcTask
{
	const GhcTaskKind *kind;
	int64_t		crawl_id;
	int64_t		task_id;
	int64_t		position;		/* its place in the queue */
	GhcRange	range;
	GhcPiece	piece;			/* of the request under way */
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
	GhcParts	parts;			/* of the request under way */
	int			company;		/* most parts of a request it may be in; 0: any */
	int64_t		took_ms;		/* what the last reply took */
	int			strangers;		/* repositories of it that weren't asked for */

	/* progress of the crawl, which never goes back */
	int64_t		counted;		/* repositories that it counts for this task */
	double		share;			/* of the whole crawl */
	double		part;			/* of share, so far */

	/* reading */
	GhcIdSet	ids;
	GhcBuffer	created;		/* int64_t each: when those were created */
	GhcOrder	order;
	int			row_limit;		/* of a page, or 0 */
	int			rows;			/* of the pages asked for */
	int			asked[GHC_MAX_PAGES];	/* results before each of them */
	int			hidden;			/* null members in this reading */
	int			damaged;		/* members without id or name, likewise */
	int64_t		least;			/* GitHub's smallest count in this reading */
	int			forbidden;		/* of these, by a rule of their owner */
	int			offset;			/* results behind the cursor */
	char		cursor[GHC_CURSOR_BYTES];
	bool		overlaps;		/* the first page begins with last_id, if nothing moved */
	GhcCursors	cursors;		/* of the request under way */
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
	/* walking through ids; see walk.h; likewise */
	struct GhcWalk *walk;
	/* planning that; see survey.c */
	struct GhcSurvey *survey;
	/* the same for those that weren't found */
	GhcAbsent  *absent;
	/* reading star histories; see stars.h */
	struct GhcStars *stars;
	/* events; likewise */
	GhcEvents  *events;
	int			token_id;		/* whose ETag the next GET has; 0: it has none */
	bool		explained;		/* the reply's errors are but what was asked about */

	/* how it ended */
	int64_t		missing;
	const char *why;			/* static text */
} GhcTask;

struct GhcTaskKind
{
	const char *name;

	/* Readies the task for its next question; of what sort is it? */
	GhcWant		(*wants) (GhcTask *task);

	/*
	 * Appends the question to a query; false if memory ran out.  A GET is written
	 * to query->get, which is empty.
	 */
	bool		(*compose) (GhcTask *task, const GhcRoom *room,
							GhcQuery *query);

	/*
	 * Takes in the reply, in task->parts; adds to the pages to be stored.  What a
	 * GET brought is in task->parts.got.
	 */
	GhcOutcome	(*absorb) (GhcTask *task, const GhcJudgement *judgement,
						   GhcHarvest *stored);

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
 * Appends the task's question to a query that has room for it, and notes which
 * parts those are; false if memory ran out.
 */
extern bool ghc_task_compose(GhcTask *task, const GhcRoom *room,
							 GhcQuery *query);

/*
 * Takes in the reply to a query that had so many parts in all; *stored is set.
 * A task is told of a failure only if it alone can be to blame: after one that
 * it shared, it keeps smaller company until all is well.
 */
extern GhcOutcome ghc_task_absorb(GhcTask *task, int n_parts,
								  const GhcReply *reply,
								  const GhcJudgement *judgement,
								  GhcHarvest *stored);

/*
 * Counts a reply that brought nothing; true if there were so many in a row
 * that it must be what was asked for, and then counts anew.  While nobody else
 * gets an answer either, it may well be GitHub.
 */
extern bool ghc_task_fails(GhcTask *task);

/* How many repositories a page may have: as there is room, up to a limit or 0. */
extern int	ghc_task_rows(int row_limit, const GhcRoom *room);

/* How many repositories to ask for: half of what was too much, if not too few. */
extern int	ghc_task_fewer(int rows);

/* Brings "counted" and "part" up to what was seen; neither goes back. */
extern void ghc_task_advance(GhcTask *task);

/* Reads what a task, whose kind is set, is stored as; false if it can't be. */
extern bool ghc_task_read(GhcTask *task, const char *text);

/* Writes what a look-up would be stored as that asks for some of it only. */
extern void ghc_nodes_format(const GhcTask *task,
							 const bool asked[GHC_MAX_MEMBERS], GhcBuffer *out);

/* Writes what a look at events is stored as that comes after what is known. */
extern bool ghc_events_format(int64_t known, int token_id, const char *etag,
							  GhcBuffer *out);

/* Was it given up? */
extern bool ghc_nodes_gave_up(const GhcNodes *nodes, int i);

/* Frees what a task holds; the structure stays the caller's. */
extern void ghc_task_release(GhcTask *task);

extern const GhcTaskKind ghc_search_kind;
extern const GhcTaskKind ghc_plan_kind;
extern const GhcTaskKind ghc_nodes_kind;
extern const GhcTaskKind ghc_details_kind;
extern const GhcTaskKind ghc_fill_kind;
extern const GhcTaskKind ghc_names_kind;
extern const GhcTaskKind ghc_absent_kind;
extern const GhcTaskKind ghc_sweep_kind;
extern const GhcTaskKind ghc_span_kind;
extern const GhcTaskKind ghc_walk_kind;
extern const GhcTaskKind ghc_known_kind;
extern const GhcTaskKind ghc_survey_kind;
extern const GhcTaskKind ghc_stars_kind;
extern const GhcTaskKind ghc_events_kind;

#endif							/* GHC_TASK_H */
