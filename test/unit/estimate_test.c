/*-------------------------------------------------------------------------
 *
 * estimate_test.c
 *	  What a crawl will cost, and the task kind "plan" that finds it out.
 *
 * The plan is tested against a model in which repositories are spread over
 * time in a known way, and compared with a crawl that is reckoned through
 * range by range.
 *
 * IDENTIFICATION
 *	  test/unit/estimate_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <stdlib.h>

#include "crawl/cut.h"
#include "crawl/plan.h"
#include "github/selection.h"
#include "tap.h"

#define FIRST_SECOND INT64_C(1577836800)	/* 2020-01-01 */
#define SECONDS INT64_C(100000000)

#define HOUR_MS INT64_C(3600000)

/* a user of github.com who has asked nothing yet */
static const GhcAllowance user = {
	.points_hour = 5000,.remaining = -1,.requests_minute = 2000,
	.response_ms_minute = 60000,.rest_hour = 5000,.rest_remaining = -1
};

/* ---------------------------------------------------------------------------
 * workload
 * ---------------------------------------------------------------------------
 */

static void
test_workload(void)
{
	GhcWorkload load = {0};

	ghc_estimate_add_root(&load, 0);
	ok(load.pages == GHC_ORDER_COUNT && load.ranges == 1 && load.counts == 0,
	   "an empty selection is asked for in each order");

	load = (GhcWorkload) {0};
	ghc_estimate_add_root(&load, 101);
	ok(load.pages == 2 && load.ranges == 1, "101 repositories are two pages");

	load = (GhcWorkload) {0};
	ghc_estimate_add_root(&load, 1001);
	ok(load.pages == 1 && load.ranges == 0, "a large root is one page to begin with");

	load = (GhcWorkload) {0};
	ghc_estimate_add_range(&load, 0);
	ok(load.pages == 2 && load.ranges == 1, "an empty part is asked for twice");

	load = (GhcWorkload) {0};
	ghc_estimate_add_range(&load, 1200);
	ok(load.ranges == 4 && load.counts == 1 && load.pages == 13,
	   "1,200 in five parts make two children of 480 and one of 240");

	load = (GhcWorkload) {0};
	ghc_estimate_add_range(&load, 1e8);
	ok(load.pages > 1e6 && load.pages < 1.2e6, "pages of a hundred million");
	ok(load.ranges > 1e8 / GHC_SEARCH_CAP && load.ranges < 4e8 / GHC_SEARCH_CAP,
	   "ranges of a hundred million");
	ok(load.counts < load.ranges / 10, "few of them are cut");

	load = (GhcWorkload) {0};
	ghc_estimate_add_solid(&load);
	ok(load.pages >= 10 * GHC_ORDER_COUNT, "what can't be cut is read in each order");
}

/* ---------------------------------------------------------------------------
 * duration
 * ---------------------------------------------------------------------------
 */

static int64_t
duration_s(const GhcEstimate *estimate, const GhcAllowance *budgets, int n)
{
	int64_t		ms = ghc_estimate_duration_ms(estimate, budgets, n);

	return ms < 0 ? -1 : (ms + 500) / 1000;
}

static void
test_what_binds(void)
{
	GhcEstimate work = {.requests = 1000,.points = 1000,.response_ms = 1000000};
	GhcAllowance two[2] = {user, user};
	GhcAllowance one;

	is_int(duration_s(&work, two, 1), 1000, "response time binds");
	is_int(duration_s(&work, two, 2), 500, "two budgets halve it");
	one = user;
	one.response_ms_minute = 30000;
	is_int(duration_s(&work, &one, 1), 2000, "half a minute a minute doubles it");
	one = user;
	one.requests_minute = 30;
	is_int(duration_s(&work, &one, 1), 2000, "requests a minute bind");
	one = user;
	one.benched_ms = 60000;
	is_int(duration_s(&work, &one, 1), 1060, "a bench is waited for");
	work.points = 12000;
	work.response_ms = 100000;
	is_int(duration_s(&work, two, 1), 7217, "points bind: two whole hours and some");
	work.points = 0;
	is_int(duration_s(&work, two, 1), 0, "nothing to do takes no time");
	work.rest_requests = 12000;
	is_int(duration_s(&work, two, 2), 3667, "REST requests bind: an hour, and 900 a minute");
	two[0].rest_remaining = two[1].rest_remaining = 0;
	two[0].rest_reset_ms = two[1].rest_reset_ms = 600000;
	is_int(duration_s(&work, two, 2), 4267, "those of this hour are used up");
}

static void
test_hours(void)
{
	GhcEstimate work = {.requests = 6000,.points = 6000,.response_ms = 60000};
	GhcAllowance one = user;

	one.remaining = 100;
	one.reset_ms = 600000;
	is_int(duration_s(&work, &one, 1), 600 + 3600 + 27,
		   "what remains of this hour, a whole hour, the rest");
	one.remaining = 0;
	one.benched_ms = 700000;
	is_int(duration_s(&work, &one, 1), 700 + 3600 + 30,
		   "an hour that is over before the bench doesn't count");
	one = user;
	one.points_hour = 0;
	one.requests_minute = 0;
	one.response_ms_minute = 0;
	is_int(duration_s(&work, &one, 1), 60, "without limits one request after the other");
	is_int(duration_s(&work, &one, 0), -1, "without a budget it never ends");
}

/* ---------------------------------------------------------------------------
 * bytes
 * ---------------------------------------------------------------------------
 */

static void
test_bytes(void)
{
	GhcFieldSet all = (GHC_FIELD_BIT(GHC_FIELD_COUNT) - 1);
	GhcSlice	names[] = {GHC_SLICE("c"), GHC_SLICE("rust")};
	int64_t		numbers[] = {1, 2};
	GhcArray	texts = {2, names, NULL};
	GhcArray	bytes = {2, NULL, numbers};
	GhcRepository repo = {.repo_id = 1,.set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER)};
	int			small;
	int			more;

	repo.value[GHC_FIELD_NAME_WITH_OWNER].text = GHC_SLICE("owner/name");
	small = ghc_estimate_row_bytes(&repo, all);
	ok(small > 64 + 20 && small < 64 + 50, "a name alone: %d bytes", small);
	repo.set |= GHC_FIELD_BIT(GHC_FIELD_DESCRIPTION);
	repo.value[GHC_FIELD_DESCRIPTION].text = (GhcSlice) {NULL, 1000};
	more = ghc_estimate_row_bytes(&repo, all) - small;
	ok(more > 1000 && more < 1200, "a text of 1,000 adds %d bytes", more);
	is_int(ghc_estimate_row_bytes(&repo, GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER)),
		   small, "what isn't stored takes no bytes");
	repo.set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER) |
		GHC_FIELD_BIT(GHC_FIELD_LANGUAGES) |
		GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES);
	repo.value[GHC_FIELD_LANGUAGES].array = &texts;
	repo.value[GHC_FIELD_LANGUAGE_BYTES].array = &bytes;
	more = ghc_estimate_row_bytes(&repo, all) - small;
	ok(more >= 8 && more < 40, "two languages add %d bytes", more);
	repo.set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER) |
		GHC_FIELD_BIT(GHC_FIELD_IS_FORK) | GHC_FIELD_BIT(GHC_FIELD_HAS_WIKI) |
		GHC_FIELD_BIT(GHC_FIELD_LANGUAGE) | GHC_FIELD_BIT(GHC_FIELD_LICENSE);
	more = ghc_estimate_row_bytes(&repo, all) - small;
	ok(more >= 8 && more <= 10, "flags, language and licence add %d bytes", more);
}

/* ---------------------------------------------------------------------------
 * plans
 * ---------------------------------------------------------------------------
 */

/* repositories created from the start up to a moment, and one dense second */
typedef struct World
{
	double		n;				/* spread over all seconds */
	double		bend;			/* 1: evenly; 3: more and more of them */
	int64_t		dense;			/* in second FIRST_SECOND + SECONDS / 3 */
	int			bad;			/* replies that fail first */
} World;

static int64_t
count_until(const World *world, int64_t moment)
{
	double		x = (double) (moment - FIRST_SECOND) / SECONDS;
	int64_t		n;

	x = x < 0 ? 0 : x > 1 ? 1 : x;
	n = llround(world->n * pow(x, world->bend));
	return n + (moment > FIRST_SECOND + SECONDS / 3 ? world->dense : 0);
}

static int64_t
count_in(const World *world, const GhcBounds *range)
{
	const GhcInterval *created = &range->dim[GHC_DIM_CREATED];
	const GhcInterval *size = &range->dim[GHC_DIM_SIZE];
	int64_t		n = count_until(world, created->hi + 1) -
		count_until(world, created->lo);

	/* the dense second is spread over sizes of up to 1,024 */
	if (size->lo == GHC_OPEN_LOW && size->hi == GHC_OPEN_HIGH)
		return n;
	return (int64_t) (n * fmin(1, fmax(0, ((size->hi > 1023 ? 1024.0 : size->hi + 1) -
										   (size->lo < 0 ? 0 : size->lo)) / 1024)));
}

/* Cuts a range as a crawl does it, and adds up what that takes. */
static void
cut_range(const World *world, const GhcBounds *range, GhcCut *cut, GhcWorkload *load)
{
	(void) ghc_cut_init(cut, range, count_in(world, range));
	ghc_estimate_add_cut(load);
	for (;;)
	{
		for (int i = 0; i < cut->n; i++)
			if (cut->counts[i] < 0)
				cut->counts[i] = count_in(world, &cut->parts[i]);
		if (!ghc_cut_refine(cut))
			break;
		ghc_estimate_add_refinement(load);
	}
	ghc_cut_pack(cut, GHC_RANGE_FILL);
}

/* Adds up what reading a range takes, as a crawl does it. */
static void
crawl(const World *world, const GhcBounds *range, bool root, GhcWorkload *load)
{
	int64_t		count = count_in(world, range);
	GhcCut	   *cut;

	if (root)
		ghc_estimate_add_root(load, count);
	if (count <= GHC_SEARCH_CAP)
	{
		if (!root)
			ghc_estimate_add_range(load, (double) count);
		return;
	}
	/* a second that is cut for the first time is looked at once more */
	if (range->dim[GHC_DIM_CREATED].lo == range->dim[GHC_DIM_CREATED].hi &&
		range->dim[GHC_DIM_SIZE].lo == GHC_OPEN_LOW &&
		range->dim[GHC_DIM_SIZE].hi == GHC_OPEN_HIGH)
		ghc_estimate_add_sweep(load);
	cut = calloc(1, sizeof(GhcCut));
	cut_range(world, range, cut, load);
	for (int i = 0; i < cut->n_children; i++)
		crawl(world, &cut->children[i].bounds, false, load);
	free(cut);
}

/* The count that the query's text asks for as number i. */
static int64_t
count_asked(const World *world, const GhcQuery *query, int i)
{
	char		start[40];
	char	   *text;
	GhcRange	range;
	GhcBounds	bounds;
	GhcProblem	problem;

	snprintf(start, sizeof(start), " c%d:search(query:\\\"", i);
	text = strstr(query->body.data, start);
	if (text == NULL)
		return -1;
	text += strlen(start);
	if (!ghc_selection_parse((GhcSlice) {text, strcspn(text, "\\")}, &range, &problem))
		return -1;
	bounds = ghc_range_bounds(&range);
	return count_in(world, &bounds);
}

static void
answer(World *world, const GhcQuery *query, GhcReply *reply,
	   GhcJudgement *judgement, GhcRepository *repo)
{
	memset(reply, 0, sizeof(*reply));
	*judgement = (GhcJudgement) {.verdict = GHC_VERDICT_OK};
	if (world->bad > 0)
	{
		world->bad--;
		judgement->verdict = GHC_VERDICT_TOO_SLOW;
		return;
	}
	for (int i = 0; i < query->n_counts; i++)
		reply->counts[i] = count_asked(world, query, i);
	if (query->n_pages == 0)
		return;
	reply->pages[0].present = reply->pages[0].complete = true;
	reply->pages[0].n = count_until(world, INT64_MAX / 2) > 0;
	reply->pages[0].repos = repo;
}

/* Plans a world; returns how many requests that took. */
static int
plan(World world, GhcEstimate *estimate, GhcOutcome *outcome)
{
	static GhcReply reply;
	static const GhcRoom room = {GHC_MAX_COUNTS, 100, true, 1, 100, 100};
	GhcRepository repo = {.repo_id = 1,.set = GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER)};
	GhcShape	shape = {GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER) |
		GHC_FIELD_BIT(GHC_FIELD_TOPICS) | GHC_FIELD_BIT(GHC_FIELD_LANGUAGES), NULL};
	GhcTask		task = {.kind = &ghc_plan_kind,.promised = -1,.took_ms = 100};
	GhcQuery	query = {0};
	GhcJudgement judgement;
	GhcHarvest	stored;
	int			n = 0;

	repo.value[GHC_FIELD_NAME_WITH_OWNER].text = GHC_SLICE("owner/name");
	ghc_range_init(&task.range);
	task.range.dim[GHC_DIM_CREATED] =
		(GhcInterval) {FIRST_SECOND, FIRST_SECOND + SECONDS - 1};
	do
	{
		ghc_query_begin(&query, &shape, false);
		(void) task.kind->wants(&task);
		(void) ghc_task_compose(&task, &room, &query);
		(void) ghc_query_end(&query);
		answer(&world, &query, &reply, &judgement, &repo);
		*outcome = ghc_task_absorb(&task, query.n_pages + query.n_counts, &reply,
								   &judgement, &stored);
		n++;
	} while ((*outcome == GHC_OUTCOME_MORE || *outcome == GHC_OUTCOME_RETRY) &&
			 n < 100);
	*estimate = *ghc_plan_estimate(&task);
	ghc_buffer_free(&query.body);
	ghc_task_release(&task);
	return n;
}

/* Compares a plan with the crawl, reckoned through. */
static void
compare(World world, double tolerance, const char *name)
{
	GhcWorkload load = {0};
	GhcRange	range;
	GhcBounds	root;
	GhcEstimate estimate;
	GhcOutcome	outcome;
	int			n = plan(world, &estimate, &outcome);
	double		requests;

	ghc_range_init(&range);
	root = ghc_range_bounds(&range);
	root.dim[GHC_DIM_CREATED] =
		(GhcInterval) {FIRST_SECOND, FIRST_SECOND + SECONDS - 1};
	crawl(&world, &root, true, &load);
	requests = load.pages + load.counts;
	ok(outcome == GHC_OUTCOME_DONE && n <= 21, "%s: planned with %d requests", name, n);
	is_int(estimate.repositories, count_in(&world, &root), "repositories");
	ok(fabs(estimate.requests - requests) <= tolerance * requests,
	   "%s: %d requests, %.0f in truth", name, (int) estimate.requests, requests);
	ok(fabs(estimate.ranges - load.ranges) <= 4 * tolerance * load.ranges,
	   "%s: %d ranges, %.0f in truth", name, (int) estimate.ranges, load.ranges);
	ok(llabs(estimate.points - llround(load.pages * 2 + load.counts)) <=
	   tolerance * estimate.points, "%s: points", name);
}

static void
test_plans(void)
{
	World		slow = {20000, 1, 0, 3};
	World		dead = {20000, 1, 0, 99};
	GhcEstimate estimate;
	GhcOutcome	outcome;

	compare((World) {0, 1, 0, 0}, 0, "nothing");
	compare((World) {1, 1, 0, 0}, 0, "one");
	compare((World) {999, 2, 0, 0}, 0, "just under the cap");
	compare((World) {1001, 3, 0, 0}, 0, "just over the cap");
	compare((World) {20000, 1, 0, 0}, 0, "evenly");
	compare((World) {20000, 3, 0, 0}, 0, "growing");
	compare((World) {60000, 2, 2500, 0}, 0.05, "with a dense second");
	compare((World) {3, 1, 2500, 0}, 0.1, "nothing but a dense second");
	compare((World) {2e6, 3, 0, 0}, 0.05, "two million");
	(void) plan(slow, &estimate, &outcome);
	ok(outcome == GHC_OUTCOME_DONE, "time-outs are survived");
	(void) plan(dead, &estimate, &outcome);
	ok(outcome == GHC_OUTCOME_GAP, "but not for ever");
}

int
main(void)
{
	test_workload();
	test_what_binds();
	test_hours();
	test_bytes();
	test_plans();
	return done_testing();
}
