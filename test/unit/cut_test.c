/*-------------------------------------------------------------------------
 *
 * cut_test.c
 *	  Cutting, counting, refining: what becomes of a range that is too large.
 *
 * A world is a function that counts what was created up to a second; a second
 * can hold any number, spread over sizes of up to 1,023.
 *
 * IDENTIFICATION
 *	  test/unit/cut_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "crawl/cut.h"
#include "tap.h"

#define SECONDS 86400
#define SPIKE 54321

static int64_t even;			/* spread over all seconds */
static int64_t spike;			/* in one of them */
static GhcTask task;
static int	queries;
static int	most_asked;

static int64_t
count_until(int64_t second)
{
	return even * second / SECONDS + (second > SPIKE ? spike : 0);
}

static int64_t
count_range(const GhcBounds *range)
{
	const GhcInterval *created = &range->dim[GHC_DIM_CREATED];
	const GhcInterval *size = &range->dim[GHC_DIM_SIZE];
	int64_t		n = count_until(created->hi + 1) - count_until(created->lo);
	int64_t		lo = size->lo < 0 ? 0 : size->lo;
	int64_t		hi = size->hi > 1023 ? 1023 : size->hi;

	return lo > hi ? 0 : n * (hi + 1) / 1024 - n * lo / 1024;
}

static void
begin(int64_t lo, int64_t hi)
{
	GhcBounds	whole;

	memset(&task, 0, sizeof(task));
	ghc_range_init(&task.range);
	task.range.dim[GHC_DIM_CREATED] = (GhcInterval) {lo, hi};
	whole = ghc_range_bounds(&task.range);
	task.promised = count_range(&whole);
	task.share = 1;
	queries = most_asked = 0;
	if (!ghc_cut_begin(&task))
		abort();
}

/* Answers all queries; the "poor"th of them counts 5 too few. */
static GhcOutcome
count_all(int poor)
{
	static GhcReply reply;
	static GhcQuery query;
	GhcShape	shape = {GHC_FIELD_BIT(GHC_FIELD_REPO_ID), NULL};
	GhcOutcome	outcome;

	do
	{
		ghc_query_begin(&query, &shape, false);
		if (!ghc_cut_compose(task.cut, &task.range, GHC_MAX_COUNTS, &query))
			abort();
		for (int i = 0; i < task.cut->n_asked; i++)
			reply.counts[i] = count_range(&task.cut->parts[task.cut->asked[i]]);
		if (++queries == poor)
			reply.counts[0] -= 5;
		if (most_asked < task.cut->n_asked)
			most_asked = task.cut->n_asked;
		task.parts.reply = &reply;
		outcome = ghc_cut_absorb(&task);
	} while (outcome == GHC_OUTCOME_MORE && queries < 100);
	return outcome;
}

/* Do the children cover the range in order, with counts that are right? */
static bool
is_covered(GhcDim dim)
{
	const GhcCut *cut = task.cut;

	for (int i = 0; i < cut->n_children; i++)
		if (cut->children[i].count != count_range(&cut->children[i].bounds) ||
			(i > 0 && cut->children[i].bounds.dim[dim].lo !=
			 cut->children[i - 1].bounds.dim[dim].hi + 1))
			return false;
	return cut->children[0].bounds.dim[dim].lo == task.range.dim[dim].lo &&
		cut->children[cut->n_children - 1].bounds.dim[dim].hi == task.range.dim[dim].hi;
}

/* How many children count at least so many? */
static int
count_children(int64_t least)
{
	int			n = 0;

	for (int i = 0; i < task.cut->n_children; i++)
		n += task.cut->children[i].count >= least;
	return n;
}

static void
test_even(void)
{
	even = 14000;
	spike = 0;
	begin(0, SECONDS - 1);
	is_int(count_all(0), GHC_OUTCOME_SPLIT, "an even range is cut");
	is_int(queries, 1, "with one query");
	ok(is_covered(GHC_DIM_CREATED), "into children that cover it");
	is_int(count_children(GHC_RANGE_FILL + 1), 0, "none too large");
	is_int(count_children(GHC_RANGE_FILL / 2), task.cut->n_children,
	   "all at least half full");
	ghc_task_release(&task);

	/* too many for one query: parts are cut on, several of them together */
	even = 60000;
	begin(0, SECONDS - 1);
	is_int(count_all(0), GHC_OUTCOME_SPLIT, "a larger one is cut");
	is_int(queries, 1, "with one query, too");
	ok(is_covered(GHC_DIM_CREATED), "into children that cover it");
	is_int(task.cut->n_children, 8, "of eight parts each");
	is_int(count_children(7000), 8, "to be cut again");
	ghc_task_release(&task);
}

static void
test_spike(void)
{
	even = 3000;
	spike = 900;
	begin(0, SECONDS - 1);
	(void) count_all(0);
	ok(is_covered(GHC_DIM_CREATED), "a spike: children cover the range");
	is_int(count_children(GHC_SEARCH_CAP + 1), 0, "none is too large");
	ok(queries > 1 && queries <= 4, "it was looked into at once: %d queries", queries);
	ghc_task_release(&task);

	/* a second that is too full is cut on its own, because it leaks */
	spike = 3000;
	begin(0, SECONDS - 1);
	(void) count_all(0);
	ok(is_covered(GHC_DIM_CREATED), "a full second: children cover the range");
	ok(task.cut->by_time, "cut by time alone");
	is_int(count_children(GHC_SEARCH_CAP + 1), 1, "one is too large");
	is_int(count_children(3000), 1, "that second, with hardly more");
	ok(count_children(GHC_RANGE_FILL / 2) >= task.cut->n_children - 2,
	   "one rest before it and one behind it, from however many cuts");
	ghc_task_release(&task);

	begin(SPIKE, SPIKE);
	(void) count_all(0);
	ok(!task.cut->by_time, "it is cut by what can change");
	ok(is_covered(GHC_DIM_SIZE), "and covered");
	is_int(count_children(GHC_SEARCH_CAP + 1), 0, "by children that can be read");
	ghc_task_release(&task);
}

static void
test_doubt(void)
{
	even = 5000;
	spike = 0;
	begin(0, SECONDS - 1);
	(void) count_all(1);
	is_int(queries, 2, "counts that lack some are asked once more");
	ok(is_covered(GHC_DIM_CREATED), "and the larger ones hold");
	ghc_task_release(&task);

	even = 3000;
	spike = 900;
	begin(0, SECONDS - 1);
	(void) count_all(2);
	is_int(queries, 3, "the same where parts are cut finer");
	ok(is_covered(GHC_DIM_CREATED), "and the larger ones hold");
	ghc_task_release(&task);
}

int
main(void)
{
	test_even();
	test_spike();
	test_doubt();
	return done_testing();
}
