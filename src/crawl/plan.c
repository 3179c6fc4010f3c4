/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  The task kind "plan": finds out what crawling a selection would cost.
 *
 * It begins as a crawl of the selection would: counts it, cuts it into parts
 * if it is too large, counts those, cuts the largest of them, and so on.  It
 * stops after a few such cuts, takes what it hasn't looked into to be filled
 * evenly, and reads a few pages to see how long they take and how large rows
 * are.  Nothing is stored.  It takes some twenty requests at most.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/plan.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/cut.h"
#include "crawl/plan.h"

#include <math.h>
#include <stdlib.h>

/*
 * Ranges that are cut and counted, one query each.  A chain of them leads to
 * a second that is too full; where many ranges are large, each means little.
 */
#define MAX_CUTS 16
#define MAX_CUTS_OF_MANY 4
#define MANY 32

/* each cut leaves this many parts that are too large at most */
#define MAX_LARGE (GHC_MAX_PARTS * (MAX_CUTS + 1))

/* pages that are read, of ranges of at least so many repositories */
#define MAX_SAMPLES 3
#define SAMPLE_COUNT 50

typedef enum Stage
{
	STAGE_COUNT,
	STAGE_CUT,
	STAGE_SAMPLE,
} Stage;

/* what all queries of one kind took */
typedef struct Timing
{
	int64_t		ms;
	int			n;
} Timing;

struct GhcPlan
{
	Stage		stage;
	GhcWorkload load;
	GhcChild	large[MAX_LARGE];	/* too large to be read */
	int			n_large;
	GhcCut		cut;
	int			n_cuts;
	GhcRange	samples[MAX_SAMPLES];
	int			n_samples;
	int			sample;			/* to be read next */
	int			row_limit;		/* of a page, or 0 */
	GhcFieldSet fields;
	GhcRoom		room;			/* as of the last page */
	int			points;			/* of a request of the size to come */
	Timing		counting;
	int64_t		row_bytes;		/* of all rows read */
	int			n_rows;
	GhcEstimate estimate;
};

static GhcWant plan_wants(GhcTask *task);
static bool plan_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome plan_absorb(GhcTask *task, const GhcJudgement *judgement,
							  GhcHarvest *stored);

const GhcTaskKind ghc_plan_kind = {
	"plan", plan_wants, plan_compose, plan_absorb, NULL
};

const GhcEstimate *
ghc_plan_estimate(const GhcTask *task)
{
	return &task->plan->estimate;
}

static bool
compose_sample(struct GhcPlan *plan, const GhcRoom *room, GhcQuery *query)
{
	int			rows = ghc_task_rows(plan->row_limit, room);
	GhcCost		cost = ghc_price_pages(&query->price, room->parts_soon,
									   room->rows_soon);

	plan->fields = query->shape->fields;
	plan->room = *room;
	plan->room.rows = rows;
	plan->points = ghc_price_points(cost.requests);
	return ghc_query_add_page(query, &plan->samples[plan->sample],
							  GHC_ORDER_UPDATED_ASC, rows, GHC_SLICE("")) >= 0;
}

static GhcWant
plan_wants(GhcTask *task)
{
	return task->plan != NULL && task->plan->stage == STAGE_SAMPLE ?
		GHC_WANT_PAGES : GHC_WANT_COUNTS;
}

static bool
plan_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	struct GhcPlan *plan = task->plan;

	if (plan == NULL)
	{
		plan = task->plan = calloc(1, sizeof(*plan));
		if (plan == NULL)
			return false;
	}
	switch (plan->stage)
	{
		case STAGE_COUNT:
			return ghc_query_add_count(query, &task->range) >= 0;
		case STAGE_CUT:
			return ghc_cut_compose(&plan->cut, &task->range, room->parts, query);
		case STAGE_SAMPLE:
			return compose_sample(plan, room, query);
	}
	return false;
}

static GhcOutcome
failed(GhcTask *task)
{
	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	task->why = "GitHub fails each time";
	return GHC_OUTCOME_GAP;
}

/* GitHub couldn't do it in time. */
static GhcOutcome
ask_less(GhcTask *task)
{
	struct GhcPlan *plan = task->plan;

	if (plan->stage == STAGE_CUT)
		ghc_cut_ask_less(&plan->cut);
	if (plan->stage == STAGE_SAMPLE)
		plan->row_limit = ghc_task_fewer(plan->room.rows);
	return failed(task);
}

/* Takes the largest range there is. */
static GhcChild
take_largest(struct GhcPlan *plan)
{
	int			at = 0;
	GhcChild	large;

	for (int i = 1; i < plan->n_large; i++)
		if (plan->large[i].count > plan->large[at].count)
			at = i;
	large = plan->large[at];
	plan->large[at] = plan->large[--plan->n_large];
	return large;
}

/* Nothing more is cut: what is large still is reckoned with as it is. */
static GhcOutcome
begin_samples(GhcTask *task)
{
	struct GhcPlan *plan = task->plan;

	for (int i = 0; i < plan->n_large; i++)
		ghc_estimate_add_range(&plan->load, (double) plan->large[i].count);
	if (plan->n_samples == 0)
		plan->samples[plan->n_samples++] = task->range;
	plan->stage = STAGE_SAMPLE;
	return GHC_OUTCOME_MORE;
}

/*
 * Is a range cut along what can change, and was not cut so before?  Then it is
 * looked at once more in the end (sweep.c).
 */
static bool
is_leaky(const GhcRange *root, const GhcBounds *range, const GhcCut *cut)
{
	return !cut->by_time &&
		memcmp(range->dim + 1, root->dim + 1,
			   (GHC_DIM_COUNT - 1) * sizeof(GhcInterval)) == 0 &&
		range->forks == root->forks && range->archived == root->archived;
}

static bool
may_cut(const struct GhcPlan *plan)
{
	return plan->n_cuts < (plan->n_large > MANY ? MAX_CUTS_OF_MANY : MAX_CUTS);
}

/* Cuts the largest range there is, or goes on to reading samples. */
static GhcOutcome
go_on(GhcTask *task)
{
	struct GhcPlan *plan = task->plan;
	GhcCut	   *cut = &plan->cut;

	while (plan->n_large > 0 && may_cut(plan))
	{
		GhcChild	large = take_largest(plan);

		if (!ghc_cut_init(cut, &large.bounds, large.count))
		{
			ghc_estimate_add_solid(&plan->load);
			continue;
		}
		ghc_estimate_add_cut(&plan->load);
		if (is_leaky(&task->range, &large.bounds, cut))
			ghc_estimate_add_sweep(&plan->load);
		plan->n_cuts++;
		plan->stage = STAGE_CUT;
		return GHC_OUTCOME_MORE;
	}
	return begin_samples(task);
}

static GhcOutcome
absorb_count(GhcTask *task, int64_t count)
{
	struct GhcPlan *plan = task->plan;

	if (count < 0)
		return failed(task);
	task->promised = plan->estimate.repositories = count;
	plan->counting.ms += task->took_ms;
	plan->counting.n++;
	ghc_estimate_add_root(&plan->load, count);
	if (count > GHC_SEARCH_CAP)
		plan->large[plan->n_large++] =
			(GhcChild) {ghc_range_bounds(&task->range), count};
	return go_on(task);
}

/* Of the ranges that would be read, every so-manieth is a good sample. */
static void
choose_samples(const GhcTask *task)
{
	struct GhcPlan *plan = task->plan;
	const GhcCut *cut = &plan->cut;
	int			step = cut->n_children / MAX_SAMPLES + 1;

	for (int i = step / 2; i < cut->n_children; i += step)
	{
		const GhcChild *child = &cut->children[i];

		if (plan->n_samples < MAX_SAMPLES && child->count >= SAMPLE_COUNT &&
			child->count <= GHC_SEARCH_CAP)
			plan->samples[plan->n_samples++] =
				ghc_range_narrow(&task->range, &child->bounds);
	}
}

/* All parts are counted: reckons with the children they make. */
static GhcOutcome
end_cut(GhcTask *task)
{
	struct GhcPlan *plan = task->plan;
	GhcCut	   *cut = &plan->cut;

	if (may_cut(plan) && ghc_cut_refine(cut))
	{
		ghc_estimate_add_refinement(&plan->load);
		plan->n_cuts++;
		return GHC_OUTCOME_MORE;
	}
	ghc_cut_pack(cut, GHC_RANGE_FILL);
	for (int i = 0; i < cut->n_children; i++)
	{
		const GhcChild *child = &cut->children[i];

		if (child->count > GHC_SEARCH_CAP)
			plan->large[plan->n_large++] = *child;
		else
			ghc_estimate_add_range(&plan->load, (double) child->count);
	}
	choose_samples(task);
	return go_on(task);
}

static GhcOutcome
absorb_counts(GhcTask *task)
{
	struct GhcPlan *plan = task->plan;
	bool		all;

	if (!ghc_cut_take(&plan->cut, &task->parts, &all))
		return failed(task);
	task->attempts = 0;
	plan->counting.ms += task->took_ms;
	plan->counting.n++;
	return all ? end_cut(task) : GHC_OUTCOME_MORE;
}

static double
mean_of(Timing timing)
{
	return timing.n > 0 ? (double) timing.ms / timing.n : 0;
}

/*
 * Pages of a crawl are asked for as many at once as turns out to bring most,
 * of one range or several; counts have queries of their own.
 */
static GhcOutcome
finish(struct GhcPlan *plan)
{
	GhcEstimate *estimate = &plan->estimate;
	int			rows = plan->room.rows_soon > 1 ? plan->room.rows_soon : 2;
	double		pages = plan->load.pages * (GHC_PAGE_SIZE - GHC_PAGE_OVERLAP) /
		(rows - GHC_PAGE_OVERLAP);
	double		requests = ceil(pages / plan->room.parts_soon);
	double		counts = plan->load.counts;

	estimate->ranges = llround(plan->load.ranges);
	estimate->requests = llround(requests + counts);
	estimate->points = llround(requests * plan->points + counts);
	estimate->response_ms = llround(requests * (double) plan->room.ms_soon +
									counts * mean_of(plan->counting));
	if (plan->n_rows > 0)
		estimate->bytes = llround((double) plan->row_bytes / plan->n_rows *
								  estimate->repositories);
	return GHC_OUTCOME_DONE;
}

static GhcOutcome
absorb_sample(GhcTask *task, const GhcPage *page)
{
	struct GhcPlan *plan = task->plan;

	if (!page->present || !page->complete)
		return failed(task);
	task->attempts = 0;
	for (int i = 0; i < page->n; i++)
		plan->row_bytes += ghc_estimate_row_bytes(&page->repos[i], plan->fields);
	plan->n_rows += page->n;
	return ++plan->sample < plan->n_samples ? GHC_OUTCOME_MORE : finish(plan);
}

static GhcOutcome
plan_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	const GhcParts *part = &task->parts;

	(void) stored;
	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
			return ask_less(task);
		case GHC_RECEPTION_FAILURE:
			return failed(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	switch (task->plan->stage)
	{
		case STAGE_COUNT:
			return absorb_count(task, part->reply->counts[part->first_count]);
		case STAGE_CUT:
			return absorb_counts(task);
		case STAGE_SAMPLE:
			return absorb_sample(task, &part->reply->pages[part->first_page]);
	}
	return GHC_OUTCOME_RETRY;
}
