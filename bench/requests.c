/*-------------------------------------------------------------------------
 *
 * requests.c
 *	  Counts the requests of complete crawls of a million repositories (or as
 *	  many as are named).
 *
 * The crawl's own code (src/crawl: search, cut, sweep) reads worlds that stand
 * still in memory.  GitHub is played by reading the searches back from the
 * text of the queries, so nothing here knows how a query was made up.  What a
 * crawl of ranges costs besides one page for each hundred repositories is due
 * to how ranges are cut: pages that overlap or aren't full, and counts.
 *
 * Several parts may ride in one request.  "requests" are therefore pages,
 * each for itself, and queries that ask for nothing but counts.
 *
 *	  make bench-requests
 *	  build/bench/requests 3000000
 *
 * Fails if a repository is missed, or if a world takes more than MOST_RATIO
 * requests for each hundred repositories.
 *
 * IDENTIFICATION
 *	  bench/requests.c
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "crawl/task.h"
#include "github/selection.h"

#define MAX_REPOS 10000000
#define MOST_RATIO 1.25
#define PAGE 100

/* 18 years, as GitHub's */
#define FIRST_SECOND INT64_C(1199145600)
#define SECONDS INT64_C(568000000)

/* by how much more is created at the end than at the beginning */
#define GROWTH 400.0

#define MAX_OPEN 100000
#define MAX_LEAKY 1000

typedef struct Repo
{
	int64_t		value[GHC_DIM_COUNT];
	bool		fork;
	bool		archived;
	bool		shown;
} Repo;

/* what a crawl took */
typedef struct Tally
{
	int64_t		queries;
	int64_t		points;
	int64_t		pages;
	int64_t		poor_pages;		/* less than half full */
	int64_t		counts;			/* searches that are only counted */
	int64_t		count_queries;	/* that ask for nothing else */
	int64_t		ranges;			/* that were read */
	int64_t		poor_ranges;	/* less than half of what one could hold */
	int64_t		sweep_pages;
	int64_t		gaps;
} Tally;

static Repo world[MAX_REPOS];
static int	n_world;
static int	n_wanted = 1000000;
static GhcRange root;
static GhcChild open_ranges[MAX_OPEN];
static int	n_open;
static GhcBounds leaky[MAX_LEAKY];
static int	n_leaky;
static Tally tally;

/* a reply and what it points at */
static GhcReply reply;
static GhcRepository repos[GHC_MAX_PAGES][PAGE];
static char cursors[GHC_MAX_PAGES][GHC_CURSOR_BYTES];

/* ---------------------------------------------------------------------------
 * worlds
 * ---------------------------------------------------------------------------
 */

/* The same numbers in every run: splitmix64. */
static double
next_random(void)
{
	static uint64_t state = 1;
	uint64_t	z = (state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return (double) ((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

/* Small numbers are common, large ones rare: 0 to 2^bits - 1. */
static int64_t
next_thinning(double bits)
{
	return (int64_t) exp2(next_random() * bits) - 1;
}

static void
add_repo(int64_t created)
{
	Repo	   *repo = &world[n_world++];

	repo->value[GHC_DIM_CREATED] = created;
	repo->value[GHC_DIM_SIZE] = next_thinning(16);
	repo->value[GHC_DIM_FORKS] = next_thinning(2);
	repo->value[GHC_DIM_STARS] = next_thinning(3);
	repo->fork = next_random() < 0.3;
	repo->archived = next_random() < 0.05;
	repo->shown = false;
}

/* Adds repositories that were created within some seconds. */
static void
add_burst(int n, int64_t seconds)
{
	int64_t		start = FIRST_SECOND + (int64_t) (next_random() * (SECONDS - 86400));

	start -= start % seconds;
	for (int i = 0; i < n && n_world < n_wanted; i++)
		add_repo(start + (int64_t) (next_random() * seconds));
}

static void
add_uniform(void)
{
	while (n_world < n_wanted)
		add_repo(FIRST_SECOND + (int64_t) (next_random() * SECONDS));
}

/* Exponential growth. */
static void
add_skewed(void)
{
	while (n_world < n_wanted)
		add_repo(FIRST_SECOND + (int64_t)
				 (log1p(next_random() * (GROWTH - 1)) / log(GROWTH) * SECONDS));
}

/* The same with machines at work: 37 % of all. */
static void
add_bursty(void)
{
	for (int i = 0; i < 12; i++)
		add_burst(250 * (i + 1), 1);
	for (int i = 0; i < 10; i++)
		add_burst(10000, 60);
	for (int i = 0; i < 5; i++)
		add_burst(50000, 86400);
	add_skewed();
}

static int
compare_created(const void *a, const void *b)
{
	const Repo *left = a;
	const Repo *right = b;
	int64_t		diff = left->value[GHC_DIM_CREATED] - right->value[GHC_DIM_CREATED];

	return diff < 0 ? -1 : diff > 0;
}

/* ---------------------------------------------------------------------------
 * GitHub
 * ---------------------------------------------------------------------------
 */

/* How many repositories were created before a moment. */
static int
count_before(int64_t moment)
{
	int			lo = 0;
	int			hi = n_world;

	while (lo < hi)
	{
		int			middle = (lo + hi) / 2;

		if (world[middle].value[GHC_DIM_CREATED] < moment)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo;
}

static bool
matches(const GhcRange *range, const Repo *repo)
{
	for (int dim = GHC_DIM_CREATED + 1; dim < GHC_DIM_COUNT; dim++)
		if (repo->value[dim] < range->dim[dim].lo ||
			repo->value[dim] > range->dim[dim].hi)
			return false;
	if (range->forks != GHC_FORKS_IN &&
		repo->fork != (range->forks == GHC_FORKS_ONLY))
		return false;
	return range->archived == GHC_TRI_ANY ||
		repo->archived == (range->archived == GHC_TRI_TRUE);
}

/*
 * Counts a range, and finds what can be reached of it: what is created first
 * is updated first, which is as good as any order where nothing changes.
 */
static int64_t
find_range(const GhcRange *range, bool backwards, int *found)
{
	int			lo = count_before(range->dim[GHC_DIM_CREATED].lo);
	int			hi = count_before(range->dim[GHC_DIM_CREATED].hi + 1);
	bool		all = memcmp(range->dim + 1, root.dim + 1,
							 (GHC_DIM_COUNT - 1) * sizeof(GhcInterval)) == 0 &&
		range->forks == root.forks && range->archived == root.archived;
	int64_t		n = 0;

	for (int i = 0; i < hi - lo && (n < GHC_SEARCH_CAP || !all); i++)
	{
		int			at = backwards ? hi - 1 - i : lo + i;

		if (!all && !matches(range, &world[at]))
			continue;
		if (n < GHC_SEARCH_CAP)
			found[n] = at;
		n++;
	}
	return all ? hi - lo : n;
}

/* Reads the search of an alias back from the query; false if there is none. */
static bool
read_search(const char *body, char kind, int number, GhcRange *range,
			bool *backwards, const char **rest)
{
	static const char sort[] = " sort:";
	char		start[40];
	const char *text;
	const char *order;
	size_t		len;
	GhcProblem	problem;

	snprintf(start, sizeof(start), " %c%d:search(query:\\\"", kind, number);
	text = strstr(body, start);
	if (text == NULL)
		return false;
	text += strlen(start);
	len = strcspn(text, "\\");
	*rest = text + len;
	order = strstr(text, sort);
	if (order != NULL && order < *rest)
		len = (size_t) (order - text);
	else
		order = "";
	*backwards = strncmp(order, " sort:updated-desc", 18) == 0;
	if (!ghc_selection_parse((GhcSlice) {text, len}, range, &problem))
		abort();
	return true;
}

/* Reads "first" and the place where a page begins. */
static void
read_place(const char *rest, int *first, int *at)
{
	static const char after[] = ",after:\\\"";
	const char *arguments = strstr(rest, ",first:");
	const char *cursor;

	*first = atoi(arguments + 7);
	*at = 0;
	cursor = arguments + 7 + strspn(arguments + 7, "0123456789");
	if (strncmp(cursor, after, sizeof(after) - 1) != 0)
		return;
	cursor += sizeof(after) - 1;
	*at = ghc_cursor_parse((GhcSlice) {cursor, strcspn(cursor, "\\")});
}

static void
answer_page(int number, const GhcRange *range, bool backwards, const char *rest)
{
	static int	found[GHC_SEARCH_CAP];
	GhcPage    *page = &reply.pages[number];
	int64_t		count = find_range(range, backwards, found);
	int			reach = count < GHC_SEARCH_CAP ? (int) count : GHC_SEARCH_CAP;
	int			first;
	int			at;

	read_place(rest, &first, &at);
	*page = (GhcPage) {.present = true,.complete = true,.count = count,
		.repos = repos[number]};
	for (; at < reach && page->n < first; at++)
	{
		GhcRepository *repo = &page->repos[page->n++];

		repo->repo_id = found[at] + 1;
		repo->set = GHC_FIELD_BIT(GHC_FIELD_REPO_ID) |
			GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER) |
			GHC_FIELD_BIT(GHC_FIELD_CREATED_AT);
		repo->value[GHC_FIELD_CREATED_AT].number =
			world[found[at]].value[GHC_DIM_CREATED];
		world[found[at]].shown = true;
	}
	page->has_next = at < reach;
	if (page->n > 0)
	{
		ghc_cursor_format(at, cursors[number]);
		page->end_cursor = ghc_slice_of(cursors[number]);
	}
	tally.pages++;
	tally.poor_pages += page->n < PAGE / 2;
}

static void
answer(const GhcQuery *query)
{
	GhcRange	range;
	bool		backwards;
	const char *rest;

	memset(&reply, 0, sizeof(reply));
	memset(reply.counts, -1, sizeof(reply.counts));
	for (int i = 0; i < query->n_pages &&
		 read_search(query->body.data, 'p', i, &range, &backwards, &rest); i++)
		answer_page(i, &range, backwards, rest);
	for (int i = 0; i < query->n_counts &&
		 read_search(query->body.data, 'c', i, &range, &backwards, &rest); i++)
	{
		static int	found[GHC_SEARCH_CAP];

		reply.counts[i] = find_range(&range, false, found);
		tally.counts++;
	}
	tally.queries++;
	tally.count_queries += query->n_pages == 0;
	tally.points += ghc_query_points(query);
}

/* ---------------------------------------------------------------------------
 * a crawl
 * ---------------------------------------------------------------------------
 */

/* Takes over what became of a range. */
static void
end_task(const GhcTask *task, GhcOutcome outcome)
{
	const GhcCut *cut = task->cut;

	tally.gaps += outcome == GHC_OUTCOME_GAP;
	if (outcome != GHC_OUTCOME_SPLIT)
	{
		tally.ranges++;
		tally.poor_ranges += task->promised < GHC_RANGE_FILL / 2;
		return;
	}
	/* what is cut out of a leaky range is swept with it */
	if (!cut->by_time && memcmp(task->range.dim + 1, root.dim + 1,
								(GHC_DIM_COUNT - 1) * sizeof(GhcInterval)) == 0 &&
		task->range.forks == root.forks && n_leaky < MAX_LEAKY)
		leaky[n_leaky++] = ghc_range_bounds(&task->range);
	for (int i = cut->n_children - 1; i >= 0 && n_open < MAX_OPEN; i--)
		open_ranges[n_open++] = cut->children[i];
}

static void
run_task(const char *kind, const GhcChild *child)
{
	static GhcQuery query;
	GhcShape	shape = {GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER), NULL};
	GhcJudgement judgement = {.verdict = GHC_VERDICT_OK};
	GhcTask		task = {.kind = ghc_task_kind(kind)};
	GhcOutcome	outcome;

	task.range = ghc_range_narrow(&root, &child->bounds);
	task.promised = child->count;
	do
	{
		GhcRoom		room = {.parts = 1,.rows = PAGE};
		GhcHarvest	stored;

		if (task.kind->wants(&task) == GHC_WANT_COUNTS)
			room.parts = GHC_MAX_COUNTS;
		ghc_query_begin(&query, &shape, false);
		if (!ghc_task_compose(&task, &room, &query) || !ghc_query_end(&query))
			abort();
		answer(&query);
		outcome = ghc_task_absorb(&task, query.n_pages + query.n_counts, &reply,
								  &judgement, &stored);
	} while (outcome == GHC_OUTCOME_MORE || outcome == GHC_OUTCOME_RETRY);
	if (strcmp(kind, "search") == 0)
		end_task(&task, outcome);
	ghc_task_release(&task);
}

/* Crawls the world; returns how many repositories were never shown. */
static int
run_crawl(void)
{
	int64_t		pages;
	int			missed = 0;

	tally = (Tally) {0};
	n_leaky = 0;
	n_open = 1;
	open_ranges[0] = (GhcChild) {ghc_range_bounds(&root), -1};
	while (n_open > 0)
	{
		GhcChild	child = open_ranges[--n_open];

		run_task("search", &child);
	}
	pages = tally.pages;
	for (int i = 0; i < n_leaky; i++)
		run_task("sweep", &(GhcChild) {leaky[i], -1});
	tally.sweep_pages = tally.pages - pages;
	for (int i = 0; i < n_world; i++)
		missed += !world[i].shown;
	return missed;
}

/* Makes a world, crawls it, prints a line; false if that isn't good enough. */
static bool
bench_world(const char *name, void (*add) (void))
{
	double		ideal = n_wanted / (double) PAGE;
	int64_t		requests;
	int			missed;

	n_world = 0;
	add();
	qsort(world, (size_t) n_world, sizeof(world[0]), compare_created);
	missed = run_crawl();
	requests = tally.pages + tally.count_queries;
	printf("| %s | %" PRId64 " | **%.3f** | %" PRId64 " | %.3f | %" PRId64
		   " | %" PRId64 " | %" PRId64 " | %" PRId64 " | %.1f %% | %.1f %% | %" PRId64 " |\n",
		   name, requests, (double) requests / ideal, tally.pages,
		   (double) tally.pages / ideal, tally.sweep_pages, tally.count_queries,
		   tally.counts, tally.ranges,
		   100.0 * (double) tally.poor_ranges / (double) tally.ranges,
		   100.0 * (double) tally.poor_pages / (double) tally.pages,
		   tally.points);
	if (missed > 0 || tally.gaps > 0)
		printf("%s: %d repositories were missed, %" PRId64 " gaps\n", name, missed,
			   tally.gaps);
	return missed == 0 && tally.gaps == 0 && (double) requests <= MOST_RATIO * ideal;
}

int
main(int argc, char **argv)
{
	bool		good = true;

	if (argc > 1)
		n_wanted = atoi(argv[1]);
	if (n_wanted < 1 || n_wanted > MAX_REPOS)
		return 2;

	ghc_range_init(&root);
	root.dim[GHC_DIM_CREATED] = (GhcInterval) {FIRST_SECOND, FIRST_SECOND + SECONDS - 1};
	root.forks = GHC_FORKS_IN;
	printf("| world | requests | to ideal | pages | to ideal | of these swept | count queries"
		   " | counts in them | ranges read | below half | pages below half | points |\n"
		   "|---|---|---|---|---|---|---|---|---|---|---|---|\n");
	good &= bench_world("uniform", add_uniform);
	good &= bench_world("skewed", add_skewed);
	good &= bench_world("bursty", add_bursty);
	return good ? 0 : 1;
}
