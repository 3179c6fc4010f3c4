/*-------------------------------------------------------------------------
 *
 * cut.c
 *	  Cutting a range into parts, counting them, packing them into children.
 *
 * Parts are disjoint and cover their range exactly (github/range.c).  They are
 * counted, many in one query, because a count costs no request of its own;
 * neighbours that fit together become one child.  What comes out too large to
 * be read is cut on at once, as long as there is room for its parts: so what
 * lies around a crowded second joins its neighbours, and isn't a child after
 * each cut.
 *
 * If the parts add up to less than their range was promised to hold, one of the
 * counts was wrong, or something moved: they are counted once more, or several
 * times if much is missing, and the largest figures hold.
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

/* Parts that share one span of time are told apart by what can change. */
static bool
is_by_time(const GhcCut *cut)
{
	return cut->parts[0].dim[GHC_DIM_CREATED].hi !=
		cut->parts[cut->n - 1].dim[GHC_DIM_CREATED].hi;
}

/* Adds the parts of a range, at most "max", none if it can't be cut. */
static int
add_parts(GhcCut *cut, const GhcBounds *whole, int64_t count, int max)
{
	int			n = ghc_range_cut(whole, count, &cut->parts[cut->n], max);

	for (int i = 0; i < n; i++, cut->n++)
		cut->counts[cut->n] = cut->before[cut->n] = -1;
	return n;
}

bool
ghc_cut_init(GhcCut *cut, const GhcBounds *whole, int64_t count)
{
	cut->n = cut->rounds = cut->tries = 0;
	if (add_parts(cut, whole, count, GHC_MAX_PARTS) == 0)
		return false;
	cut->expected = count;
	cut->at_once = GHC_MAX_COUNTS;
	cut->by_time = is_by_time(cut);
	cut->together = cut->n / GHC_RANGE_ZOOM;
	return true;
}

bool
ghc_cut_begin(GhcTask *task)
{
	GhcBounds	whole = ghc_range_bounds(&task->range);
	GhcCut	   *cut = calloc(1, sizeof(GhcCut));

	if (cut == NULL)
		return false;
	if (!ghc_cut_init(cut, &whole, task->promised))
	{
		free(cut);
		return false;
	}
	task->cut = cut;
	return true;
}

bool
ghc_cut_compose(GhcCut *cut, const GhcRange *words, int n, GhcQuery *query)
{
	cut->n_asked = 0;
	n = n < cut->at_once ? n : cut->at_once;
	for (int i = 0; i < cut->n && cut->n_asked < n; i++)
	{
		GhcRange	part;

		if (cut->counts[i] >= 0)
			continue;
		part = ghc_range_narrow(words, &cut->parts[i]);
		if (ghc_query_add_count(query, &part) < 0)
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

bool
ghc_cut_take(GhcCut *cut, const GhcParts *parts, bool *all)
{
	const int64_t *counts = parts->reply->counts + parts->first_count;
	bool		gained = false;

	for (int i = 0; i < cut->n_asked; i++)
	{
		cut->counts[cut->asked[i]] = counts[i];
		gained |= counts[i] >= 0;
	}
	*all = true;
	for (int i = 0; i < cut->n; i++)
		*all &= cut->counts[i] >= 0;
	return gained;
}

/* The largest count there was of each part holds. */
static void
settle_counts(GhcCut *cut)
{
	for (int i = 0; i < cut->n; i++)
		cut->counts[i] = max64(cut->counts[i], cut->before[i]);
}

/* Is a child to be cut again, along time if its parent was, else not? */
static bool
is_too_large(const GhcCut *cut, const GhcChild *child)
{
	const GhcInterval *created = &child->bounds.dim[GHC_DIM_CREATED];

	return child->count > GHC_SEARCH_CAP &&
		cut->by_time == (created->lo < created->hi);
}

/* Are there children that are too large, and is there room for their parts? */
static bool
has_room(const GhcCut *cut)
{
	int			n = 0;
	int			n_large = 0;

	for (int i = 0; i < cut->n_children; i++)
	{
		bool		large = is_too_large(cut, &cut->children[i]);

		n_large += large;
		n += large ? ghc_range_wanted_parts(cut->children[i].count, GHC_MAX_PARTS) : 1;
	}
	return n_large > 0 && n <= GHC_MAX_PARTS;
}

bool
ghc_cut_refine(GhcCut *cut)
{
	bool		finer = false;

	settle_counts(cut);
	ghc_cut_pack(cut, GHC_RANGE_FILL);
	if (!has_room(cut))
		return false;
	cut->n = cut->rounds = cut->tries = 0;
	cut->expected = 0;
	cut->together = 0;
	for (int i = 0; i < cut->n_children; i++)
	{
		const GhcChild *child = &cut->children[i];

		cut->expected += child->count;
		if (is_too_large(cut, child) &&
			add_parts(cut, &child->bounds, child->count, GHC_MAX_PARTS) > 0)
		{
			finer = true;
			continue;
		}
		cut->parts[cut->n] = child->bounds;
		cut->counts[cut->n] = child->count;
		cut->before[cut->n++] = -1;
	}
	return finer;
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
count_created_in(const GhcTask *task, const GhcBounds *child)
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
		int64_t		mine = cut->by_time ? count_created_in(task, &child->bounds) : 0;

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

void
ghc_cut_pack(GhcCut *cut, int64_t fill)
{
	cut->n_children = ghc_range_pack(cut->parts, cut->counts, cut->n, fill,
									 cut->together, cut->children);
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

	settle_counts(cut);
	for (int i = 0; i < cut->n; i++)
		counted &= cut->counts[i] >= 0;
	if (counted)
		ghc_cut_pack(cut, fill);
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
	enough = sum >= cut->expected ? 1 :
		sum >= cut->expected - cut->expected / 10 ? 2 : MAX_ROUNDS;
	if (++cut->rounds < enough)
	{
		forget_counts(cut);
		return GHC_OUTCOME_MORE;
	}
	if (!task->narrowed && ghc_cut_refine(cut))
		return GHC_OUTCOME_MORE;
	return ghc_cut_end(task);
}

GhcOutcome
ghc_cut_absorb(GhcTask *task)
{
	GhcCut	   *cut = task->cut;
	bool		all;
	bool		gained = ghc_cut_take(cut, &task->parts, &all);

	if (all)
		return check_sum(task);
	if (gained)
		return GHC_OUTCOME_MORE;
	return ++cut->tries < MAX_COUNT_TRIES ? GHC_OUTCOME_RETRY : ghc_cut_end(task);
}
