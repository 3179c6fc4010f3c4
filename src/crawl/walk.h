/*-------------------------------------------------------------------------
 *
 * walk.h
 *	  Walking through ids: what a task of kind "span", "walk" or "known" holds.
 *
 * See walk.c.  What has to be read from or written to the database for them is
 * in walked.c.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/walk.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_WALK_H
#define GHC_WALK_H

#include "crawl/task.h"
#include "github/span.h"

/* ids in hand at most: a page of REST, or a lot of the table */
#define GHC_WALK_IDS 1000

/* ids that are put off, and of those that are given up, at most */
#define GHC_WALK_AGAIN (2 * GHC_MAX_MEMBERS)
#define GHC_WALK_LEFT GHC_MAX_MEMBERS

/* where ids come from */
typedef enum GhcWalkSource
{
	GHC_WALK_END,				/* none: the end is looked for, and the span is cut */
	GHC_WALK_REST,				/* GitHub lists them */
	GHC_WALK_TABLE,				/* the data table has them */
} GhcWalkSource;

typedef struct GhcWalk
{
	GhcWalkSource source;
	GhcSpan		span;
	bool		hungry;			/* the database has to be read first; walked.c */
	int64_t		next;			/* ids from here on aren't in hand yet */
	bool		listed;			/* there are no more */
	bool		closing;		/* what follows is for another task */
	int			n_empty;		/* answers in a row that nothing is there */

	/* to be asked for, ascending */
	int			n;
	int			n_old;			/* the first so many were left by an earlier try */
	int			first;			/* the first that isn't settled */
	int64_t		ids[GHC_WALK_IDS];
	bool		settled[GHC_WALK_IDS];

	/* not found or hidden by the new form of id (then negative) */
	int			n_again;
	int64_t		again[GHC_WALK_AGAIN];

	/* given up */
	int			n_left;
	int64_t		left[GHC_WALK_LEFT];

	/* the question under way */
	bool		legacy;			/* about those put off */
	int			asked[GHC_MAX_MEMBERS];
	int			n_asked;
	int			at_once;		/* ids of a question at most */

	/* looking for the end: something is above "low" - 1, nothing above "high" */
	int64_t		low;
	int64_t		high;			/* 0: not known */
	int64_t		step;
	int64_t		probe;			/* what is asked: is there anything above it? */
	int			n_probes;
	int64_t		spread;			/* ids between the first and last of pages, in all */
	int64_t		listed_there;	/* repositories there */

	/* what the last reply brought */
	int			n_missed;
	int64_t		missed[GHC_MAX_MEMBERS];	/* not found by either form */
	int			n_hidden;		/* likewise, by a rule of their owner */
} GhcWalk;

/*
 * Appends what the task is to be stored as, as far as it got; whom the database
 * refused is asked for again by whoever takes it up.
 */
extern void ghc_walk_format(const GhcTask *task, const GhcIdSet *refused,
							GhcBuffer *out);

/*
 * The same for a task of its own with what a walk leaves that hands the rest on;
 * false if that is nothing.
 */
extern bool ghc_walk_format_left(const GhcTask *task, const GhcIdSet *refused,
								 GhcBuffer *out);

/* After an answer: is the task still where it was, but for what it has in hand? */
extern bool ghc_walk_is_in_place(const GhcTask *task);

/* What the database has: ids for a "known", ascending, "more" if there are. */
extern void ghc_walk_feed(GhcTask *task, const int64_t *ids, int n, bool more);

/* The same for a "span": the greatest id that is known, or 0. */
extern void ghc_walk_feed_end(GhcTask *task, int64_t greatest);

/* Was a span cut?  Otherwise it is a walk that leaves what follows to another. */
static inline bool
ghc_walk_is_cut(const GhcWalk *walk)
{
	return walk->source == GHC_WALK_END;
}

/* Public repositories for each id, as far as it is known. */
extern double ghc_walk_density(const GhcWalk *walk);

/* Into how many pieces of about the same length ids are to be cut. */
extern int	ghc_walk_pieces(const GhcWalk *walk, const GhcSpan *span);

/* Asks GitHub to list what is above an id; false if memory ran out. */
extern bool ghc_walk_put_page(int64_t since, GhcQuery *query);

/*
 * Reads such a page: GHC_WALK_IDS ids at most, *last being the greatest, or 0 if
 * nothing is there.  Returns how many, -1 if it makes no sense.
 */
extern int	ghc_walk_read_page(const GhcGot *got, int64_t since, int64_t *ids,
							   int64_t *last);

/*
 * Takes in such a page for the end that is looked for, to that part of the span;
 * false if it is known well enough.
 */
extern bool ghc_walk_take_probe(GhcWalk *walk, const int64_t *ids, int n,
								int64_t last, int part);

/* Piece i of n. */
extern GhcSpan ghc_walk_piece(const GhcSpan *span, int i, int n);

#endif							/* GHC_WALK_H */
