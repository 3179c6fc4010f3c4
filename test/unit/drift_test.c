/*-------------------------------------------------------------------------
 *
 * drift_test.c
 *	  The task kind "search" against a GitHub in memory that changes and lies.
 *
 * Many small crawls with random numbers from a seed.  Between two replies
 * repositories are touched (which moves them in an order), change the values
 * that ranges are cut by, vanish, appear, and appear again; replies fail, lack
 * some, lack all, or come from a copy of the index that lacks some.  Whatever
 * matched the selection throughout must have been shown, or lie in a gap that
 * has room for it.
 *
 *	  build/unit/plain/drift_test [CRAWLS [SEED [SCENARIO]]]
 *
 * IDENTIFICATION
 *	  test/unit/drift_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "crawl/task.h"
#include "tap.h"

#define MAX_REPOS 4000
#define MAX_OPEN 4096
#define MAX_GAPS 512
#define MAX_REPLIES 20000
#define FIRST_SECOND INT64_C(1577836800)	/* 2020-01-01 */

typedef struct Repo
{
	int64_t		value[GHC_DIM_COUNT];
	int64_t		born[GHC_DIM_COUNT];	/* the same at the start */
	int64_t		updated;
	bool		fork;
	bool		archived;
	bool		hidden;			/* private, deleted or not there yet */
	bool		always;			/* matched the selection throughout */
	bool		closed;			/* shown as null, for good */
	bool		shown;			/* the crawl stored it */
} Repo;

/* chances, by reply or between two replies */
typedef struct Scenario
{
	const char *name;
	int			repos;
	int64_t		seconds;		/* that they were created in */
	int64_t		most_stars;		/* of the selection; 0: all */
	double		touch;
	double		stars;
	double		size;
	double		vanish;
	double		appear;
	double		failure;
	double		slow;
	double		empty;
	double		dropped;
	double		nulls;
	double		damaged;
	double		flapping;		/* share of ranges */
	double		jitter;			/* of counts */
	double		closed;			/* share of repositories */
} Scenario;

/*
 * "all" is what a crawl of 200,000 with a third of all requests struck meets;
 * the others are each worse than GitHub ever was.
 */
static const Scenario scenarios[] = {
	{.name = "nothing", .repos = 3000, .seconds = 100000},
	{.name = "touched", .repos = 3000, .seconds = 100000, .touch = 0.8},
	{.name = "vanishing", .repos = 3000, .seconds = 100000, .vanish = 0.5},
	{.name = "leaving and coming", .repos = 3000, .seconds = 100000, .vanish = 0.3, .appear = 0.3, .touch = 0.5},
	{.name = "stars in and out", .repos = 3000, .seconds = 100000, .most_stars = 10, .stars = 0.8},
	{.name = "one second", .repos = 3000, .seconds = 1},
	{.name = "one second, sizes", .repos = 3000, .seconds = 1, .size = 0.3},
	{.name = "one second, all moves", .repos = 3000, .seconds = 1, .size = 0.2, .stars = 0.2, .vanish = 0.05, .appear = 0.05},
	{.name = "failures", .repos = 3000, .seconds = 100000, .failure = 0.3, .slow = 0.1},
	{.name = "empty", .repos = 3000, .seconds = 100000, .empty = 0.2},
	{.name = "dropped", .repos = 3000, .seconds = 100000, .dropped = 0.2},
	{.name = "nulls", .repos = 3000, .seconds = 100000, .nulls = 0.2},
	{.name = "flapping", .repos = 3000, .seconds = 100000, .flapping = 0.03},
	{.name = "jitter", .repos = 3000, .seconds = 100000, .jitter = 0.02},
	{.name = "closed", .repos = 3000, .seconds = 100000, .closed = 0.01},
	{.name = "small, empty", .repos = 300, .seconds = 100000, .empty = 0.05},
	{.name = "small, dropped", .repos = 90, .seconds = 100000, .dropped = 0.02},
	{.name = "all", .repos = 3000, .seconds = 100000, .touch = 0.05, .stars = 0.05, .size = 0.05, .vanish = 0.01,
		.appear = 0.01, .failure = 0.2, .slow = 0.05, .empty = 0.01, .dropped = 0.01, .nulls = 0.02},
	{.name = "busy", .repos = 3000, .seconds = 100000, .touch = 0.3, .vanish = 0.2, .appear = 0.2, .failure = 0.1,
		.dropped = 0.05, .nulls = 0.05, .damaged = 0.05},
	{.name = "all, in one second", .repos = 3000, .seconds = 1, .touch = 0.05, .stars = 0.02, .size = 0.02, .vanish = 0.01,
		.appear = 0.01, .failure = 0.2, .slow = 0.05, .empty = 0.01, .dropped = 0.01, .nulls = 0.02},
};

typedef struct Gap
{
	GhcRange	range;
	int64_t		room;			/* promised and not seen */
} Gap;

/* sums over all crawls of a scenario */
typedef struct Sums
{
	int64_t		always;
	int64_t		lost;			/* shown nowhere, in no gap */
	int64_t		overfull;		/* more in a gap than it says */
	int64_t		gaps;
	int64_t		missing;		/* by the gaps' word */
	int64_t		replies;
	int			bad_crawls;		/* in which anything was lost */
	int			endless;
	uint64_t	first_bad;		/* the seed of the first */
} Sums;

typedef struct Answer
{
	GhcReply	reply;
	GhcRepository repos[GHC_MAX_PAGES][100];
	GhcJudgement judgement;
	char		cursor[GHC_MAX_PAGES][2 * GHC_CURSOR_BYTES];
	int			n_parts;
} Answer;

static const Scenario *now;
static GhcRange root;
static Repo world[MAX_REPOS];
static int	n_world;
static int64_t moment;
static int	found[MAX_REPOS];
static GhcOrder order_now;
static GhcChild queue[MAX_OPEN];
static int	n_open;
static GhcChild leaky[MAX_OPEN];
static int	n_leaky;
static uint64_t crawl_seed;
static Gap	gaps[MAX_GAPS];
static int	n_gaps;
static Answer answer;
static GhcRoom room;			/* what a task may ask at once */
static uint64_t state;

/* ---------------------------------------------------------------------------
 * chance
 * ---------------------------------------------------------------------------
 */

/* splitmix64 */
static uint64_t
next_random(void)
{
	uint64_t	z = (state += UINT64_C(0x9E3779B97F4A7C15));

	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

static int64_t
random_below(int64_t bound)
{
	return (int64_t) (next_random() % (uint64_t) bound);
}

static bool
chance(double probability)
{
	return probability > 0 &&
		(double) (next_random() >> 11) / 9007199254740992.0 < probability;
}

/* ---------------------------------------------------------------------------
 * the world
 * ---------------------------------------------------------------------------
 */

static bool
matches_values(const GhcRange *range, const Repo *repo, const int64_t *value)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (value[dim] < range->dim[dim].lo || value[dim] > range->dim[dim].hi)
			return false;
	if (range->forks != GHC_FORKS_IN &&
		repo->fork != (range->forks == GHC_FORKS_ONLY))
		return false;
	return range->archived == GHC_TRI_ANY ||
		repo->archived == (range->archived == GHC_TRI_TRUE);
}

static bool
matches(const GhcRange *range, const Repo *repo)
{
	return !repo->hidden && matches_values(range, repo, repo->value);
}

static void
make_world(void)
{
	ghc_range_init(&root);
	root.dim[GHC_DIM_CREATED].lo = FIRST_SECOND;
	root.dim[GHC_DIM_CREATED].hi = FIRST_SECOND + now->seconds - 1;
	root.forks = GHC_FORKS_IN;
	if (now->most_stars > 0)
	{
		root.dim[GHC_DIM_STARS].lo = 0;
		root.dim[GHC_DIM_STARS].hi = now->most_stars;
	}
	memset(world, 0, sizeof(world));
	n_world = now->repos;
	moment = 1000000;
	for (int i = 0; i < n_world; i++)
	{
		Repo	   *repo = &world[i];

		repo->value[GHC_DIM_CREATED] = FIRST_SECOND + random_below(now->seconds);
		repo->value[GHC_DIM_SIZE] = random_below(1000);
		repo->value[GHC_DIM_STARS] = random_below(14);
		repo->value[GHC_DIM_FORKS] = random_below(10);
		repo->updated = random_below(moment);
		repo->fork = chance(0.2);
		repo->archived = chance(0.05);
		/* some are there to appear */
		repo->hidden = now->appear > 0 && chance(0.05);
		repo->closed = chance(now->closed);
		memcpy(repo->born, repo->value, sizeof(repo->born));
		repo->always = matches(&root, repo);
	}
}

/* A repository that is hidden, or one that isn't; NULL if none was met. */
static Repo *
any_repo(bool hidden)
{
	for (int tries = 0; tries < 1000; tries++)
	{
		Repo	   *repo = &world[random_below(n_world)];

		if (repo->hidden == hidden)
			return repo;
	}
	return NULL;
}

/* What happens between two replies. */
static void
drift(void)
{
	Repo	   *repo;

	moment++;
	if (chance(now->touch) && (repo = any_repo(false)) != NULL)
		repo->updated = moment;
	if (chance(now->stars) && (repo = any_repo(false)) != NULL)
	{
		repo->value[GHC_DIM_STARS] = random_below(14);
		repo->updated = moment;
		repo->always &= matches(&root, repo);
	}
	if (chance(now->size) && (repo = any_repo(false)) != NULL)
	{
		repo->value[GHC_DIM_SIZE] = random_below(1000);
		repo->updated = moment;
	}
	if (chance(now->vanish) && (repo = any_repo(false)) != NULL)
	{
		repo->hidden = true;
		repo->always = false;
	}
	if (chance(now->appear) && (repo = any_repo(true)) != NULL)
	{
		repo->hidden = false;
		repo->updated = moment;
	}
}

/* ---------------------------------------------------------------------------
 * GitHub
 * ---------------------------------------------------------------------------
 */

static int
compare_found(const void *a, const void *b)
{
	int			i = *(const int *) a;
	int			k = *(const int *) b;
	const Repo *left = &world[i];
	const Repo *right = &world[k];
	int64_t		diff = 0;

	switch (order_now)
	{
		case GHC_ORDER_UPDATED_ASC:
			diff = left->updated - right->updated;
			break;
		case GHC_ORDER_UPDATED_DESC:
			diff = right->updated - left->updated;
			break;
		case GHC_ORDER_STARS_DESC:
			diff = right->value[GHC_DIM_STARS] - left->value[GHC_DIM_STARS];
			break;
		default:
			diff = left->value[GHC_DIM_FORKS] - right->value[GHC_DIM_FORKS];
	}
	if (diff == 0)
		diff = i - k;
	return diff < 0 ? -1 : diff > 0;
}

/* Does a copy of the index that lacks some answer for this range? */
static bool
is_poor_copy(const GhcRange *range)
{
	uint64_t	hash = crawl_seed * UINT64_C(0x9E3779B97F4A7C15);

	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		hash = (hash ^ (uint64_t) range->dim[dim].lo ^
				(uint64_t) range->dim[dim].hi * 31) * UINT64_C(0x100000001B3);
	return (double) (hash >> 11 & 0xffff) / 65536 < now->flapping && chance(0.5);
}

/* Finds what a range shows in this reply; returns how many. */
static int
find_range(const GhcRange *range, double lacking)
{
	bool		poor = is_poor_copy(range);
	int			n = 0;

	for (int i = 0; i < n_world; i++)
		if (matches(range, &world[i]) && !(poor && i % 33 == 0) &&
			!chance(lacking))
			found[n++] = i;
	return n;
}

static int64_t
wobble(int64_t count)
{
	int64_t		width = (int64_t) ((double) count * now->jitter);

	return width > 0 && count > 1000 ?
		count - width + random_below(2 * width + 1) : count;
}

static void
answer_counts(const GhcTask *task, bool empty, double lacking)
{
	const GhcCut *cut = task->cut;

	for (int i = 0; i < cut->n_asked; i++)
	{
		GhcRange	part = ghc_range_narrow(&task->range, &cut->parts[cut->asked[i]]);

		answer.reply.counts[i] = empty ? 0 : wobble(find_range(&part, lacking));
	}
}

static void
answer_page(const GhcTask *task, int i, bool empty, double lacking)
{
	GhcPage    *page = &answer.reply.pages[i];
	int			n = empty ? 0 : find_range(&task->range, lacking);
	int			reach = n < GHC_SEARCH_CAP ? n : GHC_SEARCH_CAP;
	int			at = task->asked[i];
	int			end = at + task->rows < reach ? at + task->rows : reach;
	bool		holes = chance(now->nulls);
	bool		damage = chance(now->damaged);

	order_now = task->order;
	qsort(found, (size_t) n, sizeof(found[0]), compare_found);
	page->present = page->complete = true;
	page->count = wobble(n);
	page->repos = answer.repos[i];
	for (int k = at; k < end; k++)
	{
		GhcRepository *repo = &page->repos[page->n];

		if (world[found[k]].closed || (holes && chance(0.1)))
		{
			page->nulls++;
			continue;
		}
		repo->repo_id = found[k] + 1;
		repo->set = GHC_FIELD_BIT(GHC_FIELD_REPO_ID);
		if (!damage || !chance(0.1))
			repo->set |= GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER);
		page->n++;
	}
	page->has_next = end < reach;
	if (end > at)
		ghc_cursor_format(end, answer.cursor[i]);
	page->end_cursor = ghc_slice_of(answer.cursor[i]);
	if (page->nulls > 0)
		answer.judgement.verdict = GHC_VERDICT_PARTIAL;
}

static void
answer_task(GhcTask *task)
{
	GhcQuery	query = {0};
	GhcShape	shape = {GHC_FIELD_BIT(GHC_FIELD_REPO_ID), NULL};
	bool		empty = chance(now->empty);
	double		lacking = chance(now->dropped) ? 0.1 : 0;
	GhcRoom		mine = room;

	memset(&answer, 0, sizeof(answer));
	for (int i = 0; i < GHC_MAX_COUNTS; i++)
		answer.reply.counts[i] = -1;
	ghc_query_begin(&query, &shape, false);
	if (task->kind->wants(task) == GHC_WANT_COUNTS)
		mine.parts = GHC_MAX_COUNTS;
	if (!ghc_task_compose(task, &mine, &query) || !ghc_query_end(&query))
		abort();
	answer.n_parts = query.n_pages + query.n_counts;
	ghc_buffer_free(&query.body);

	if (chance(now->failure))
		answer.judgement.verdict = GHC_VERDICT_SERVER;
	else if (chance(now->slow))
		answer.judgement.verdict = GHC_VERDICT_TOO_SLOW;
	else if (task->cut != NULL)
		answer_counts(task, empty, lacking);
	else if (task->confirming)
		answer.reply.counts[0] = empty ? 0 :
			wobble(find_range(&task->range, lacking));
	else
		for (int i = 0; i < task->parts.n_pages; i++)
		{
			/* the parts of a request are answered one after the other */
			if (i > 0 && chance(0.2))
				drift();
			answer_page(task, i, empty, lacking);
		}
}

/* ---------------------------------------------------------------------------
 * a crawl
 * ---------------------------------------------------------------------------
 */

static void
end_task(const GhcTask *task, GhcOutcome outcome)
{
	/* what is cut out of a leaky range is swept with it */
	if (outcome == GHC_OUTCOME_SPLIT && !task->cut->by_time &&
		memcmp(&task->range.dim[GHC_DIM_CREATED + 1], &root.dim[GHC_DIM_CREATED + 1],
			   sizeof(GhcInterval) * (GHC_DIM_COUNT - 1)) == 0 &&
		task->range.forks == root.forks && task->range.archived == root.archived &&
		n_leaky < MAX_OPEN)
		leaky[n_leaky++] = (GhcChild)
	{
		ghc_range_bounds(&task->range), -1
	};
	if (outcome == GHC_OUTCOME_SPLIT)
		for (int i = 0; i < task->cut->n_children && n_open < MAX_OPEN; i++)
			queue[n_open++] = task->cut->children[i];
	else if (outcome == GHC_OUTCOME_GAP && n_gaps < MAX_GAPS)
		gaps[n_gaps++] = (Gap)
	{
		task->range, task->missing
	};
}

static void
show(const GhcPage *page)
{
	for (int i = 0; i < page->n; i++)
		world[page->repos[i].repo_id - 1].shown |=
			ghc_repository_is_whole(&page->repos[i]);
}

/* Reads a range to its end, while the world goes on; returns the replies. */
static int
run_task(const char *kind, const GhcChild *child, int most)
{
	GhcTask		task = {.kind = ghc_task_kind(kind)};
	GhcOutcome	outcome;
	int			replies = 0;

	task.range = ghc_range_narrow(&root, &child->bounds);
	task.promised = child->count;
	do
	{
		GhcHarvest	stored;

		answer_task(&task);
		outcome = ghc_task_absorb(&task, answer.n_parts, &answer.reply,
								  &answer.judgement, &stored);
		for (int i = 0; i < stored.n; i++)
			show(stored.pages[i]);
		drift();
	} while ((outcome == GHC_OUTCOME_MORE || outcome == GHC_OUTCOME_RETRY) &&
			 ++replies < most);
	end_task(&task, outcome);
	ghc_task_release(&task);
	return replies + 1;
}

/* Assigns what wasn't shown to gaps; the rest is lost. */
static void
judge_crawl(Sums *sums, uint64_t seed)
{
	int64_t		before = sums->lost + sums->overfull;

	for (int k = 0; k < n_gaps; k++)
		sums->missing += gaps[k].room;
	sums->gaps += n_gaps;
	for (int i = 0; i < n_world; i++)
	{
		const Repo *repo = &world[i];
		int			k = 0;

		sums->always += repo->always;
		if (!repo->always || repo->shown)
			continue;
		while (k < n_gaps &&
			   !matches_values(&gaps[k].range, repo, repo->value) &&
			   !matches_values(&gaps[k].range, repo, repo->born))
			k++;
		if (k == n_gaps)
			sums->lost++;
		else if (gaps[k].room-- <= 0)
			sums->overfull++;
	}
	if (sums->lost + sums->overfull == before)
		return;
	if (sums->bad_crawls++ == 0)
		sums->first_bad = seed;
}

static void
run_crawl(Sums *sums, uint64_t seed)
{
	int			replies = 0;

	state = crawl_seed = seed;
	make_world();
	n_gaps = n_leaky = 0;
	n_open = 1;
	queue[0] = (GhcChild)
	{
		ghc_range_bounds(&root), -1
	};
	while (n_open > 0 && replies < MAX_REPLIES)
	{
		/* lanes take up ranges in an order of their own */
		int			at = (int) random_below(n_open);
		GhcChild	child = queue[at];

		queue[at] = queue[--n_open];
		replies += run_task("search", &child, MAX_REPLIES - replies);
	}
	for (int i = 0; i < n_leaky && replies < MAX_REPLIES; i++)
		replies += run_task("sweep", &leaky[i], MAX_REPLIES - replies);
	sums->endless += n_open > 0 || replies >= MAX_REPLIES;
	sums->replies += replies;
	judge_crawl(sums, seed);
}

static void
run_scenario(const Scenario *scenario, int crawls, uint64_t seed)
{
	Sums		sums = {0};

	now = scenario;
	for (int i = 0; i < crawls; i++)
		run_crawl(&sums, seed + (uint64_t) i);
	printf("# %s, %d parts: %d crawls, %" PRId64 " replies; lost %" PRId64 " of %" PRId64
		   " in %d crawls (first: seed %" PRIu64 "), %" PRId64 " gaps of %" PRId64
		   ", overfull %" PRId64 "\n",
		   now->name, room.parts, crawls, sums.replies, sums.lost, sums.always,
		   sums.bad_crawls, sums.first_bad, sums.gaps, sums.missing,
		   sums.overfull);
	is_int(sums.endless, 0, "every crawl ends");
	is_int(sums.lost, 0, "nothing is lost");
	is_int(sums.overfull, 0, "no gap lacks more than it says");
	if (now->closed == 0)
		ok(sums.missing * 1000 <= sums.always, "gaps are at most 0.1 %%");
}

int
main(int argc, char **argv)
{
	static const GhcRoom rooms[] = {
		{1, 100, false, 0, 0, 0}, {GHC_MAX_PAGES, 100, true, 0, 0, 0}
	};
	int			crawls = argc > 1 ? atoi(argv[1]) : 20;
	uint64_t	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	size_t		n = sizeof(scenarios) / sizeof(scenarios[0]);

	for (size_t r = 0; r < sizeof(rooms) / sizeof(rooms[0]); r++)
	{
		room = rooms[r];
		for (size_t i = 0; i < n; i++)
			if (argc <= 3 || strcmp(argv[3], scenarios[i].name) == 0)
				run_scenario(&scenarios[i], crawls, seed);
	}
	return done_testing();
}
