/*-------------------------------------------------------------------------
 *
 * cut.c
 *	  Cutting a range into parts, counting them, packing them into children.
 *
 * Parts are disjoint and cover their range exactly (github/range.c).  They are
 * counted, many in one query, because a count costs no request of its own;
 * neighbours that fit together become one child.  If the parts add up to less
 * than their range was promised to hold, one of the counts was wrong, or
 * something moved: they are counted once more, or several times if much is
 * missing, and the largest figures hold.
 *
 * A child takes over of its parent's progress what lies in it.  What the
 * crawl's user was shown never goes back, though a range that is narrowed is
 * read anew in its parts; and no repository counts twice: a child counts for
 * the crawl only what it sees beyond its heritage.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/cut.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/cut.h"

#include <stdlib.h>

/* queries for counts that may bring nothing */
#define MAX_COUNT_TRIES 4

/* how often parts are counted that add up to much too little */
#define MAX_ROUNDS 4

static inline int64_t
max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static inline int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Keeps the largest counts, and forgets them, to count once more. */
static void
forget_counts(GhcCut *cut)
{
	for (int i = 0; i < cut->n; i++)
	{
		cut->before[i] = max64(cut->before[i], cut->counts[i]);
		cut->counts[i] = -1;
	}
}

bool
ghc_cut_begin(GhcTask *task)
{
	GhcCut	   *cut = calloc(1, sizeof(GhcCut));

	if (cut == NULL)
		return false;
	cut->n = ghc_range_cut(&task->range, task->promised, cut->parts,
						   GHC_MAX_PARTS);
	if (cut->n == 0)
	{
		free(cut);
		return false;
	}
	for (int i = 0; i < cut->n; i++)
		cut->counts[i] = cut->before[i] = -1;
	cut->at_once = GHC_MAX_COUNTS;
	cut->by_time = cut->parts[0].dim[GHC_DIM_CREATED].hi !=
		cut->parts[cut->n - 1].dim[GHC_DIM_CREATED].hi;
	task->cut = cut;
	return true;
}

bool
ghc_cut_compose(GhcCut *cut, int n, GhcQuery *query)
{
	cut->n_asked = 0;
	n = n < cut->at_once ? n : cut->at_once;
	for (int i = 0; i < cut->n && cut->n_asked < n; i++)
	{
		if (cut->counts[i] >= 0)
			continue;
		if (ghc_query_add_count(query, &cut->parts[i]) < 0)
			return false;
		cut->asked[cut->n_asked++] = i;
	}
	return true;
}

void
ghc_cut_ask_less(GhcCut *cut)
{
	cut->at_once = cut->n_asked > 1 ? cut->n_asked / 2 : 1;
}

/* What each part weighs beside the others; uncounted ones as the average. */
static double
weigh(const GhcTask *task, int i)
{
	const GhcCut *cut = task->cut;

	if (cut->children[i].count >= 0)
		return (double) max64(1, cut->children[i].count);
	return (double) max64(1, task->promised / cut->n_children);
}

/* How many of the repositories seen were created in a child's span of time. */
static int64_t
count_created_in(const GhcTask *task, const GhcRange *child)
{
	const int64_t *created = (const int64_t *) task->created.data;
	size_t		n = task->created.len / sizeof(int64_t);
	const GhcInterval *span = &child->dim[GHC_DIM_CREATED];
	int64_t		sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += created[i] >= span->lo && created[i] <= span->hi;
	return sum;
}

/*
 * Shares out what the crawl counted for the parent: to whom it belongs as far
 * as time of creation tells, whatever GitHub counts there now, and then to
 * whoever has room.  What is left, if repositories went away meanwhile, stays
 * the parent's.
 */
static void
share_out(GhcTask *task)
{
	GhcCut	   *cut = task->cut;
	int64_t		left = task->counted;
	double		sum = 0;

	for (int i = 0; i < cut->n_children; i++)
		sum += weigh(task, i);
	for (int i = 0; i < cut->n_children; i++)
	{
		GhcChild   *child = &cut->children[i];
		int64_t		mine = cut->by_time ? count_created_in(task, &child->range) : 0;

		mine = min64(left, mine);
		left -= mine;
		cut->heritage[i] = (GhcHeritage) {mine, weigh(task, i) / sum};
	}
	for (int i = 0; i < cut->n_children && left > 0; i++)
	{
		GhcHeritage *heritage = &cut->heritage[i];
		int64_t		room = cut->children[i].count - heritage->counted;
		int64_t		more = min64(left, max64(0, room));

		heritage->counted += more;
		left -= more;
	}
}

/*
 * The parts of a range that was too large are packed into as few children as
 * hold them; a range that fits and can't be read must come out in smaller
 * pieces, and what wasn't counted can't be packed.
 */
GhcOutcome
ghc_cut_end(GhcTask *task)
{
	GhcCut	   *cut = task->cut;
	int64_t		fill = task->narrowed ? max64(1, task->promised / 4) : GHC_RANGE_FILL;
	bool		counted = true;

	for (int i = 0; i < cut->n; i++)
	{
		cut->counts[i] = max64(cut->counts[i], cut->before[i]);
		counted &= cut->counts[i] >= 0;
	}
	if (counted)
		cut->n_children = ghc_range_pack(cut->parts, cut->counts, cut->n,
										 fill, cut->children);
	if (!counted || cut->n_children == 1)
	{
		for (int i = 0; i < cut->n; i++)
			cut->children[i] = (GhcChild) {cut->parts[i], cut->counts[i]};
		cut->n_children = cut->n;
	}
	share_out(task);
	return GHC_OUTCOME_SPLIT;
}

/* All parts are counted: is that all there was promised to be? */
static GhcOutcome
check_sum(GhcTask *task)
{
	GhcCut	   *cut = task->cut;
	int64_t		sum = 0;
	int			enough;

	for (int i = 0; i < cut->n; i++)
		sum += max64(cut->counts[i], cut->before[i]);
	enough = sum >= task->promised ? 1 :
		sum >= task->promised - task->promised / 10 ? 2 : MAX_ROUNDS;
	if (++cut->rounds >= enough)
		return ghc_cut_end(task);
	forget_counts(cut);
	return GHC_OUTCOME_MORE;
}

GhcOutcome
ghc_cut_absorb(GhcTask *task)
{
	GhcCut	   *cut = task->cut;
	const int64_t *counts = task->parts.reply->counts + task->parts.first_count;
	bool		all = true;
	bool		gained = false;

	for (int i = 0; i < cut->n_asked; i++)
	{
		cut->counts[cut->asked[i]] = counts[i];
		gained |= counts[i] >= 0;
	}
	for (int i = 0; i < cut->n; i++)
		all &= cut->counts[i] >= 0;
	if (all)
		return check_sum(task);
	if (gained)
		return GHC_OUTCOME_MORE;
	return ++cut->tries < MAX_COUNT_TRIES ? GHC_OUTCOME_RETRY : ghc_cut_end(task);
}
