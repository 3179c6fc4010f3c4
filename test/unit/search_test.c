/*-------------------------------------------------------------------------
 *
 * search_test.c
 *	  The task kind "search" against a small GitHub in memory.
 *
 * The model knows repositories by what a range can ask of them.  It counts,
 * shows pages in four orders, and reaches no further than a thousand results;
 * a fault is a function that spoils an answer before the task sees it.  A
 * crawl is driven as the worker does it, without a server.
 *
 * IDENTIFICATION
 *	  test/unit/search_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "crawl/task.h"
#include "tap.h"

#define MAX_REPOS 60000
#define MAX_OPEN 4096

/* a crawl that needs more replies than this runs in circles */
#define MAX_REPLIES 50000

#define FIRST_SECOND INT64_C(1577836800)	/* 2020-01-01 */

typedef struct Repo
{
	int64_t		id;
	int64_t		value[GHC_DIM_COUNT];
	int64_t		updated;
	bool		fork;
	bool		archived;
	bool		hidden;			/* counted, and shown as null */
} Repo;

typedef struct Answer
{
	GhcReply	reply;
	GhcRepository repos[GHC_MAX_PAGES][100];
	GhcJudgement judgement;
	char		cursor[GHC_MAX_PAGES][2 * GHC_CURSOR_BYTES];
	int			n_parts;
} Answer;

typedef struct Leaf
{
	GhcRange	range;
	GhcOutcome	outcome;
	int64_t		promised;
	int64_t		seen;
	int64_t		missing;
	const char *why;
} Leaf;

/* a range to be read, with its share of the crawl's progress */
typedef struct Open
{
	GhcChild	child;
	int64_t		counted;
	double		share;
	double		part;
} Open;

/* a crawl, and what came of it */
typedef struct Crawl
{
	void		(*fault) (struct Crawl *crawl, const GhcTask *task, Answer *answer);
	int			replies;		/* in all */
	int			task_replies;	/* of the task in hand */
	int			pages;
	int			counts;
	int			n_leaves;
	int			n_splits;
	int			narrowed;
	int			stored;			/* repositories handed over for storing */
	int			open;
	Leaf		leaves[MAX_OPEN];
	Open		queue[MAX_OPEN];
	int64_t		counted;		/* what a user is shown */
	double		part;
	bool		goes_back;		/* one of these did, or was over too soon */
	bool		shown[MAX_REPOS];
} Crawl;

static Repo world[MAX_REPOS];
static int	n_world;
static const Repo *found[MAX_REPOS];
static GhcOrder order_now;
static Crawl crawl;
static Answer answer;

/* what a task may ask at once */
static GhcRoom room;

/* ---------------------------------------------------------------------------
 * the model
 * ---------------------------------------------------------------------------
 */

/* The same numbers in every run: xorshift, seeded. */
static uint64_t
next_random(void)
{
	static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int64_t
random_below(int64_t bound)
{
	return (int64_t) (next_random() % (uint64_t) bound);
}

static Repo *
add_repo(int64_t created, int64_t size)
{
	Repo	   *repo = &world[n_world];

	*repo = (Repo)
	{
		.id = ++n_world
	};
	repo->value[GHC_DIM_CREATED] = created;
	repo->value[GHC_DIM_SIZE] = size;
	repo->value[GHC_DIM_STARS] = random_below(10);
	repo->value[GHC_DIM_FORKS] = random_below(10);
	repo->updated = random_below(1000000);
	return repo;
}

/* So many repositories, spread over some seconds. */
static void
make_world(int n, int64_t seconds)
{
	n_world = 0;
	for (int i = 0; i < n; i++)
		add_repo(FIRST_SECOND + random_below(seconds), random_below(100000));
}

/* Repositories of the first second that no qualifier tells apart. */
static void
add_alike(int n)
{
	for (int i = 0; i < n; i++)
	{
		Repo	   *repo = add_repo(FIRST_SECOND, 0);

		repo->value[GHC_DIM_FORKS] = repo->value[GHC_DIM_STARS] = 0;
		repo->updated = i;
	}
}

static bool
matches(const GhcRange *range, const Repo *repo)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (repo->value[dim] < range->dim[dim].lo ||
			repo->value[dim] > range->dim[dim].hi)
			return false;
	if (range->forks != GHC_FORKS_IN &&
		repo->fork != (range->forks == GHC_FORKS_ONLY))
		return false;
	return range->archived == GHC_TRI_ANY ||
		repo->archived == (range->archived == GHC_TRI_TRUE);
}

static int64_t
count_range(const GhcRange *range)
{
	int64_t		n = 0;

	for (int i = 0; i < n_world; i++)
		n += matches(range, &world[i]);
	return n;
}

static int
compare_found(const void *a, const void *b)
{
	const Repo *left = *(const Repo *const *) a;
	const Repo *right = *(const Repo *const *) b;
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
		diff = left->id - right->id;
	return diff < 0 ? -1 : diff > 0;
}

/* Finds what a range selects, in an order; returns how many. */
static int
find_range(const GhcRange *range, GhcOrder order)
{
	int			n = 0;

	for (int i = 0; i < n_world; i++)
		if (matches(range, &world[i]))
			found[n++] = &world[i];
	order_now = order;
	qsort(found, (size_t) n, sizeof(found[0]), compare_found);
	return n;
}

static void
answer_counts(const GhcTask *task)
{
	const GhcCut *cut = task->cut;

	for (int i = 0; i < cut->n_asked; i++)
	{
		GhcRange	part = ghc_range_narrow(&task->range, &cut->parts[cut->asked[i]]);

		answer.reply.counts[i] = count_range(&part);
	}
	crawl.counts++;
}

/* a cursor that nobody gave out */
#define SPOILED "spoiled"

/* Where the first page begins; a longer form of cursor has zeros before it. */
static int
begin_page(const GhcTask *task)
{
	const char *cursor = task->cursor + strspn(task->cursor, "0");

	if (task->overlaps)
		return task->offset - 1;
	return strcmp(cursor, SPOILED) == 0 || cursor[0] == '\0' ? 0 :
		ghc_cursor_parse(ghc_slice_of(cursor));
}

static void
answer_page(const GhcTask *task, int i)
{
	GhcPage    *page = &answer.reply.pages[i];
	int			n = find_range(&task->range, task->order);
	int			reach = n < GHC_SEARCH_CAP ? n : GHC_SEARCH_CAP;
	int			at = i == 0 ? begin_page(task) : task->asked[i];
	int			end = at + task->rows < reach ? at + task->rows : reach;

	page->present = page->complete = true;
	page->count = n;
	page->repos = answer.repos[i];
	for (int k = at; k < end; k++)
	{
		GhcRepository *repo = &page->repos[page->n];

		if (found[k]->hidden)
		{
			page->nulls++;
			continue;
		}
		repo->repo_id = found[k]->id;
		repo->set = GHC_FIELD_BIT(GHC_FIELD_REPO_ID) |
			GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER);
		page->n++;
	}
	page->has_next = end < reach;
	if (end > at)
		ghc_cursor_format(end, answer.cursor[i]);
	page->end_cursor = ghc_slice_of(answer.cursor[i]);
	crawl.pages++;
}

static void
answer_task(GhcTask *task)
{
	GhcQuery	query = {0};
	GhcShape	shape = {GHC_FIELD_BIT(GHC_FIELD_REPO_ID), NULL};
	GhcWant		want = task->kind->wants(task);
	GhcRoom		mine = room;

	if (want == GHC_WANT_COUNTS)
		mine.parts = GHC_MAX_COUNTS;
	memset(&answer, 0, sizeof(answer));
	for (int i = 0; i < GHC_MAX_COUNTS; i++)
		answer.reply.counts[i] = -1;
	/* asking twice, as if nothing had come of it, changes nothing */
	for (int i = 0; i < 2; i++)
	{
		ghc_query_begin(&query, &shape, false);
		if (task->kind->wants(task) != want ||
			!ghc_task_compose(task, &mine, &query) || !ghc_query_end(&query))
			abort();
	}
	answer.n_parts = query.n_pages + query.n_counts;
	if (answer.n_parts == 0 || answer.n_parts > mine.parts ||
		(want == GHC_WANT_PAGES) != (query.n_pages > 0))
		abort();
	ghc_buffer_free(&query.body);

	if (task->cut != NULL)
		answer_counts(task);
	else if (task->confirming)
		answer.reply.counts[0] = count_range(&task->range);
	else
		for (int i = 0; i < task->parts.n_pages; i++)
			answer_page(task, i);
	if (crawl.fault != NULL)
		crawl.fault(&crawl, task, &answer);
}

static GhcOutcome
absorb_answer(GhcTask *task, GhcHarvest *stored)
{
	return ghc_task_absorb(task, answer.n_parts, &answer.reply,
						   &answer.judgement, stored);
}

/* ---------------------------------------------------------------------------
 * a crawl
 * ---------------------------------------------------------------------------
 */

static void
take_page(const GhcPage *page)
{
	for (int i = 0; i < page->n; i++)
		crawl.shown[page->repos[i].repo_id - 1] = true;
	crawl.stored += page->n;
}

/* What the crawl's user is shown follows the task. */
static void
advance(const GhcTask *task, Open *open, GhcOutcome outcome)
{
	double		part = outcome == GHC_OUTCOME_DONE ||
		outcome == GHC_OUTCOME_GAP ? task->share : task->part;

	crawl.goes_back |= task->counted < open->counted || part < open->part ||
		(outcome != GHC_OUTCOME_DONE && outcome != GHC_OUTCOME_GAP &&
		 crawl.part > 1 + 1e-9);
	crawl.counted += task->counted - open->counted;
	crawl.part += part - open->part;
	open->counted = task->counted;
	open->part = part;
}

static void
add_heirs(const GhcTask *task)
{
	const GhcCut *cut = task->cut;

	crawl.n_splits++;
	crawl.narrowed += task->narrowed;
	for (int i = 0; i < cut->n_children && crawl.open < MAX_OPEN; i++)
		crawl.queue[crawl.open++] = (Open)
	{
		cut->children[i], cut->heritage[i].counted,
			task->share * cut->heritage[i].weight,
			task->part * cut->heritage[i].weight
	};
}

static void
end_task(const GhcTask *task, GhcOutcome outcome)
{
	if (outcome == GHC_OUTCOME_SPLIT)
		add_heirs(task);
	else if (crawl.n_leaves < MAX_OPEN)
		crawl.leaves[crawl.n_leaves++] = (Leaf)
	{
		task->range, outcome, task->promised, task->seen, task->missing,
			task->why
	};
}

/* Reads one range to its end, as a lane of the worker does. */
static void
run_task(Open open)
{
	GhcTask		task = {.kind = ghc_task_kind("search")};
	GhcOutcome	outcome;

	ghc_range_init(&task.range);
	task.range = ghc_range_narrow(&task.range, &open.child.bounds);
	task.promised = open.child.count;
	task.counted = open.counted;
	task.share = open.share;
	task.part = open.part;
	crawl.task_replies = 0;
	do
	{
		GhcHarvest	stored;

		answer_task(&task);
		crawl.replies++;
		crawl.task_replies++;
		outcome = absorb_answer(&task, &stored);
		advance(&task, &open, outcome);
		for (int i = 0; i < stored.n; i++)
			take_page(stored.pages[i]);
	} while ((outcome == GHC_OUTCOME_MORE || outcome == GHC_OUTCOME_RETRY) &&
			 crawl.replies < MAX_REPLIES);
	end_task(&task, outcome);
	ghc_task_release(&task);
}

/* Crawls the world from a root whose count isn't known. */
static void
run_crawl(const GhcRange *root,
		  void (*fault) (Crawl *, const GhcTask *, Answer *))
{
	memset(&crawl, 0, sizeof(crawl));
	crawl.fault = fault;
	crawl.queue[crawl.open++] = (Open)
	{
		{ghc_range_bounds(root), -1}, 0, 1, 0
	};
	while (crawl.open > 0 && crawl.replies < MAX_REPLIES)
		run_task(crawl.queue[--crawl.open]);
	ok(!crawl.goes_back, "progress never goes back");
	ok(crawl.part > 1 - 1e-9 && crawl.part < 1 + 1e-9,
	   "and is whole at the end: %.12f", crawl.part);
}

/* Everything created in so many seconds from the first. */
static GhcRange
root_range(int64_t seconds)
{
	GhcRange	range;

	ghc_range_init(&range);
	range.dim[GHC_DIM_CREATED].lo = FIRST_SECOND;
	range.dim[GHC_DIM_CREATED].hi = FIRST_SECOND + seconds - 1;
	range.forks = GHC_FORKS_IN;
	return range;
}

/* The same, of repositories that are alike: only time can be cut. */
static GhcRange
single_range(int64_t seconds)
{
	GhcRange	range = root_range(seconds);

	for (int dim = GHC_DIM_CREATED + 1; dim < GHC_DIM_COUNT; dim++)
		range.dim[dim].lo = range.dim[dim].hi = 0;
	range.forks = GHC_FORKS_OUT;
	range.archived = GHC_TRI_FALSE;
	return range;
}

/* Repositories of the root that lie in no leaf, or in more than one. */
static int
count_misplaced(const GhcRange *root)
{
	int			n = 0;

	for (int i = 0; i < n_world; i++)
	{
		int			leaves = 0;

		if (!matches(root, &world[i]))
			continue;
		for (int k = 0; k < crawl.n_leaves; k++)
			leaves += matches(&crawl.leaves[k].range, &world[i]);
		n += leaves != 1;
	}
	return n;
}

static int
count_unseen(const GhcRange *root)
{
	int			n = 0;

	for (int i = 0; i < n_world; i++)
		n += matches(root, &world[i]) && !crawl.shown[i];
	return n;
}

static int
count_leaves(GhcOutcome outcome)
{
	int			n = 0;

	for (int k = 0; k < crawl.n_leaves; k++)
		n += crawl.leaves[k].outcome == outcome;
	return n;
}

static int64_t
sum_seen(void)
{
	int64_t		sum = 0;

	for (int k = 0; k < crawl.n_leaves; k++)
		sum += crawl.leaves[k].seen;
	return sum;
}

/* The only gap there is; fails if there is another number of them. */
static const Leaf *
only_gap(void)
{
	static const Leaf none;

	is_int(count_leaves(GHC_OUTCOME_GAP), 1, "one gap");
	for (int k = 0; k < crawl.n_leaves; k++)
		if (crawl.leaves[k].outcome == GHC_OUTCOME_GAP)
			return &crawl.leaves[k];
	return &none;
}

/* What must be true of every crawl that ended well. */
static void
is_exact(const GhcRange *root, const char *name)
{
	int64_t		expected = count_range(root);

	ok(crawl.replies < MAX_REPLIES, "%s: comes to an end", name);
	is_int(count_misplaced(root), 0, "every repository is in one leaf");
	is_int(count_unseen(root), 0, "every repository was shown");
	is_int(count_leaves(GHC_OUTCOME_DONE), crawl.n_leaves, "all leaves are done");
	is_int(sum_seen(), expected, "seen is what there is");
	is_int(crawl.counted, expected, "and so is what the user is shown");
}

/* ---------------------------------------------------------------------------
 * tests without faults
 * ---------------------------------------------------------------------------
 */

static void
test_one_range(void)
{
	static const int sizes[] = {0, 1, 99, 100, 101, 200, 999, 1000};
	GhcRange	root = root_range(1000);

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		/* pages after the first, which overlap by one */
		int			more = sizes[i] <= room.rows ? 0 :
			(sizes[i] - room.rows + room.rows - 2) / (room.rows - 1);
		int			at_once = room.ahead ? room.parts : 1;

		make_world(sizes[i], 1000);
		run_crawl(&root, NULL);
		is_exact(&root, "one range");
		is_int(crawl.n_leaves, 1, "is not cut");
		/* that there is nothing is believed when each order says so */
		is_int(crawl.replies, sizes[i] == 0 ? GHC_ORDER_COUNT :
			   2 + (more + at_once - 1) / at_once,
			   "a page, the others, and a second count");
	}
}

static void
test_tree(void)
{
	static const struct
	{
		int			n;
		int64_t		seconds;
	}			cases[] = {
		{1001, 1000}, {1001, 2}, {5000, 86400}, {20000, 40}, {20000, 31536000},
		{MAX_REPOS, 7 * 86400}
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		GhcRange	root = root_range(cases[i].seconds);

		make_world(cases[i].n, cases[i].seconds);
		run_crawl(&root, NULL);
		is_exact(&root, "a tree");
		ok(crawl.n_splits > 0, "was cut %d times", crawl.n_splits);
		ok(crawl.pages <= cases[i].n / (room.rows - 1) + 2 * crawl.n_leaves + 1,
		   "%d pages for %d in %d leaves", crawl.pages, cases[i].n,
		   crawl.n_leaves);
	}
}

/* Half of all are of one day: spread as unevenly as the world is. */
static void
test_uneven(void)
{
	GhcRange	root = root_range(365 * 86400);

	make_world(10000, 365 * 86400);
	for (int i = 0; i < 10000; i++)
		add_repo(FIRST_SECOND + 100 * 86400 + random_below(3600),
				 random_below(500));
	run_crawl(&root, NULL);
	is_exact(&root, "an uneven world");
}

/* One second holds too many: other qualifiers cut it. */
static void
test_one_second(void)
{
	GhcRange	root = root_range(60);

	make_world(500, 60);
	for (int i = 0; i < 5000; i++)
		add_repo(FIRST_SECOND + 30, random_below(1 << 20));
	run_crawl(&root, NULL);
	is_exact(&root, "cut by size");

	make_world(500, 60);
	for (int i = 0; i < 5000; i++)
	{
		Repo	   *repo = add_repo(FIRST_SECOND + 30, 0);

		repo->value[GHC_DIM_FORKS] = i % 8;
		repo->value[GHC_DIM_STARS] = i % 3;
		repo->fork = i % 7 == 0;
		repo->archived = i % 5 == 0;
	}
	run_crawl(&root, NULL);
	is_exact(&root, "cut by forks and stars");
}

/* Nothing tells them apart: what several orders don't reach is a gap. */
static void
test_not_splittable(void)
{
	GhcRange	root = root_range(1);
	const Leaf *gap;

	n_world = 0;
	add_alike(3000);
	run_crawl(&root, NULL);
	ok(crawl.replies < MAX_REPLIES, "not to be cut: comes to an end");
	is_int(count_misplaced(&root), 0, "every repository is in one leaf");
	gap = only_gap();
	is_int(gap->promised, 3000, "all were promised");
	is_int(gap->seen, 2000, "both ends of an order were seen");
	is_int(gap->missing, 1000, "and the rest is missing");
	is_int(count_unseen(&root), 1000, "those that were never shown");
	ok(gap->why != NULL && gap->why[0] != '\0', "it says why");
	ok(crawl.pages <= 10000 / (room.rows - 1), "in %d pages", crawl.pages);
}

/* A second with more than a search reaches, seen from two ends. */
static void
test_orders_suffice(void)
{
	GhcRange	root = root_range(1);

	n_world = 0;
	add_alike(1700);
	run_crawl(&root, NULL);
	is_exact(&root, "two orders reach all");
}

/* ---------------------------------------------------------------------------
 * tests with faults
 * ---------------------------------------------------------------------------
 */

/* Every third answer is an error of the server. */
static void
fail_sometimes(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) task;
	if (c->replies % 3 == 1)
		a->judgement.verdict = GHC_VERDICT_SERVER;
}

/* Limits, tokens and the network are not the range's fault, however often. */
static void
fail_elsewhere(Crawl *c, const GhcTask *task, Answer *a)
{
	static const GhcVerdict verdicts[] = {
		GHC_VERDICT_EXHAUSTED, GHC_VERDICT_SECONDARY, GHC_VERDICT_BAD_TOKEN,
		GHC_VERDICT_FORBIDDEN, GHC_VERDICT_NETWORK, GHC_VERDICT_NOT_FOUND
	};

	(void) task;
	if (c->replies % 40 != 39)
	{
		a->judgement.verdict = verdicts[c->replies % 6];
		memset(&a->reply, 0, sizeof(a->reply));
	}
}

/* Counts of some parts are missing, others are told. */
static void
lose_counts(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	if (task->cut == NULL)
		return;
	a->judgement.verdict = GHC_VERDICT_PARTIAL;
	for (int i = 0; i < task->cut->n_asked; i++)
		if (random_below(3) == 0)
			a->reply.counts[i] = -1;
}

static void
lose_all_counts(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	if (task->cut == NULL)
		return;
	a->judgement.verdict = GHC_VERDICT_PARTIAL;
	for (int i = 0; i < GHC_MAX_COUNTS; i++)
		a->reply.counts[i] = -1;
}

/* A page that isn't there, or not whole, now and then. */
static void
lose_pages(Crawl *c, const GhcTask *task, Answer *a)
{
	if (task->cut != NULL)
		return;
	a->judgement.verdict = GHC_VERDICT_PARTIAL;
	if (c->replies % 5 == 0)
		memset(&a->reply.pages[0], 0, sizeof(GhcPage));
	else if (c->replies % 5 == 2)
		a->reply.pages[0].complete = false;
}

/* The first reading of a range ends early. */
static void
end_early(Crawl *c, const GhcTask *task, Answer *a)
{
	if (task->cut == NULL && c->task_replies == 1)
		a->reply.pages[0].has_next = false;
}

/* There is a next page, but nothing says where; in the first reading. */
static void
lose_cursor(Crawl *c, const GhcTask *task, Answer *a)
{
	if (task->cut == NULL && c->task_replies == 1)
		a->reply.pages[0].end_cursor = ghc_slice_of(NULL);
}

/* The second page of a range comes out empty once. */
static void
empty_page(Crawl *c, const GhcTask *task, Answer *a)
{
	if (task->cut == NULL && c->task_replies == 1)
		a->reply.pages[0].n = 0;
}

/* GitHub counts less than there is on the first page of each range. */
static void
count_less(Crawl *c, const GhcTask *task, Answer *a)
{
	if (task->cut == NULL && c->task_replies == 0 && a->reply.pages[0].count > 3)
		a->reply.pages[0].count -= 3;
}

/* Members of the first page that are none of the range's, one in so many. */
static void
show_others(const GhcTask *task, Answer *a, int one_in)
{
	GhcPage    *page = &a->reply.pages[0];

	for (int i = 0; task->cut == NULL && i < page->n; i++)
	{
		const Repo *other = &world[random_below(n_world)];

		if (i % one_in != 0 || matches(&task->range, other))
			continue;
		page->repos[i].repo_id = other->id;
		page->repos[i].set |= GHC_FIELD_BIT(GHC_FIELD_CREATED_AT);
		page->repos[i].value[GHC_FIELD_CREATED_AT].number = other->value[GHC_DIM_CREATED];
	}
}

/* Now and then a page is that of another search. */
static void
answer_another(Crawl *c, const GhcTask *task, Answer *a)
{
	if (c->replies % 3 == 1)
		show_others(task, a, 1);
}

/* In the first reading of each range others stand in the place of some. */
static void
mix_in_others(Crawl *c, const GhcTask *task, Answer *a)
{
	if (c->task_replies == 0)
		show_others(task, a, 10);
}

static void
test_passing_faults(void)
{
	static const struct
	{
		const char *name;
		void		(*fault) (Crawl *, const GhcTask *, Answer *);
	}			cases[] = {
		{"errors of the server", fail_sometimes},
		{"limits and networks", fail_elsewhere},
		{"counts that are missing", lose_counts},
		{"no counts at all", lose_all_counts},
		{"pages that are missing", lose_pages},
		{"a reading that ends early", end_early},
		{"a cursor that is missing", lose_cursor},
		{"a page that is empty", empty_page},
		{"a count that grows", count_less},
		{"pages of other searches", answer_another},
		{"some of other searches", mix_in_others},
	};
	GhcRange	root = root_range(86400);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		make_world(4000, 86400);
		run_crawl(&root, cases[i].fault);
		is_exact(&root, cases[i].name);
	}
}

/* Nothing comes but a verdict. */
static void
refuse(Answer *a, GhcVerdict verdict)
{
	memset(&a->reply, 0, sizeof(a->reply));
	for (int i = 0; i < GHC_MAX_COUNTS; i++)
		a->reply.counts[i] = -1;
	a->judgement.verdict = verdict;
}

/* GitHub is too slow for more than 20 repositories or 4 counts at once. */
static void
be_slow(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	if (a->n_parts > 4 || (task->cut == NULL && task->rows > 20))
		refuse(a, GHC_VERDICT_TOO_SLOW);
}

static int	smallest_page;

static void
be_always_slow(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	if (task->cut == NULL && task->rows < smallest_page)
		smallest_page = task->rows;
	refuse(a, GHC_VERDICT_TOO_MUCH);
}

static void
test_slow(void)
{
	GhcRange	root = root_range(3000);

	make_world(3000, 3000);
	run_crawl(&root, be_slow);
	is_exact(&root, "slow");

	/* with nothing to be had it must end: in gaps, not in circles */
	root = single_range(2);
	n_world = 0;
	add_alike(10);
	smallest_page = 100;
	run_crawl(&root, be_always_slow);
	ok(crawl.replies < MAX_REPLIES, "too slow for anything: ends after %d",
	   crawl.replies);
	is_int(count_misplaced(&root), 0, "every repository is in one leaf");
	is_int(count_leaves(GHC_OUTCOME_DONE), 0, "nothing is done");
	ok(smallest_page >= 5 && smallest_page <= 12, "pages shrank to %d",
	   smallest_page);
}

/* A range that holds one certain repository kills the server. */
static void
choke(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	if (task->cut == NULL && matches(&task->range, &world[7]))
		a->judgement.verdict = GHC_VERDICT_SERVER;
}

static void
test_choke(void)
{
	GhcRange	root = root_range(64);
	const Leaf *gap;

	make_world(500, 64);
	for (int i = 0; i < n_world; i++)
		world[i].value[GHC_DIM_SIZE] = 0;
	run_crawl(&root, choke);
	is_int(count_misplaced(&root), 0, "choking: every repository is in one leaf");
	ok(count_leaves(GHC_OUTCOME_GAP) >= 1, "there are gaps");
	ok(count_unseen(&root) < 30, "%d were lost with the one", count_unseen(&root));
	ok(crawl.replies < 2000, "after %d replies", crawl.replies);

	/* nothing can be told of a range that never answered */
	root = single_range(1);
	n_world = 0;
	add_alike(8);
	run_crawl(&root, choke);
	gap = only_gap();
	is_int(gap->missing, 0, "no number is made up");
	ok(gap->why != NULL, "it says why");
}

/* Of each range's null members it says that their owners forbid them. */
static void
forbid(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	if (task->cut != NULL || task->confirming)
		return;
	for (int p = 0; p < task->parts.n_pages; p++)
		for (int i = 0; i < a->reply.pages[p].nulls; i++)
			a->reply.errors[a->reply.n_errors++] = (GhcGraphError)
	{
		GHC_SLICE("FORBIDDEN"),
			GHC_SLICE("Resource protected by organization SAML enforcement."), p, -1, -1, -1
	};
	if (a->reply.n_errors > 0)
		a->judgement.verdict = GHC_VERDICT_PARTIAL;
}

/* Shown only by a narrow search. */
static void
show_if_narrow(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	for (int i = 0; i < n_world; i++)
		world[i].hidden = i == 450 && (task->cut != NULL ||
											 task->promised < 0 || task->promised > 100);
	(void) a;
}

/* GitHub counts one more than it shows. */
static void
test_hidden(void)
{
	GhcRange	root = root_range(3600);
	int64_t		missing = 0;

	make_world(900, 3600);
	world[450].hidden = true;
	run_crawl(&root, NULL);
	ok(crawl.replies < MAX_REPLIES, "hidden: comes to an end");
	is_int(count_misplaced(&root), 0, "every repository is in one leaf");
	is_int(count_unseen(&root), 1, "all others were shown");
	for (int k = 0; k < crawl.n_leaves; k++)
		missing += crawl.leaves[k].missing;
	is_int(missing, 1, "the one is called missing");
	ok(crawl.replies < 120, "after %d replies", crawl.replies);

	run_crawl(&root, forbid);
	is_int(only_gap()->missing, 1, "a forbidden one is missing");
	ok(crawl.replies <= 40, "and not looked for more closely: %d replies",
	   crawl.replies);

	run_crawl(&root, show_if_narrow);
	is_exact(&root, "what only a narrow search shows");
	ok(crawl.narrowed > 0, "was narrowed");
}

/* Cursors of GitHub are short; one that isn't can't be kept. */
static void
long_cursor(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) c;
	if (task->cut != NULL || !a->reply.pages[0].has_next)
		return;
	memset(a->cursor[0], '0', GHC_CURSOR_BYTES);
	a->cursor[0][GHC_CURSOR_BYTES] = '\0';
	a->reply.pages[0].end_cursor = ghc_slice_of(a->cursor[0]);
}

static void
longest_cursor(Crawl *c, const GhcTask *task, Answer *a)
{
	char		digits[GHC_CURSOR_BYTES];
	size_t		len;

	(void) c;
	if (task->cut != NULL || !a->reply.pages[0].has_next)
		return;
	len = (size_t) snprintf(digits, sizeof(digits), "%s", a->cursor[0]);
	memset(a->cursor[0], '0', GHC_CURSOR_BYTES - 1);
	memcpy(a->cursor[0] + GHC_CURSOR_BYTES - 1 - len, digits, len);
	a->cursor[0][GHC_CURSOR_BYTES - 1] = '\0';
	a->reply.pages[0].end_cursor = ghc_slice_of(a->cursor[0]);
}

static int	n_refused;
static int	n_rewound;

/*
 * GitHub's own cursor, in a form that we can't make, is spoiled on its way to us in the
 * first reading; so GitHub doesn't take it.
 */
static void
spoil_cursor(Crawl *c, const GhcTask *task, Answer *a)
{
	static bool refused;

	if (task->cut != NULL)
		return;
	n_rewound += refused && task->cursor[0] == '\0' && task->offset == 0;
	refused = strcmp(task->cursor, SPOILED) == 0;
	n_refused += refused;
	if (refused)
		refuse(a, GHC_VERDICT_BAD_QUERY);
	else
		longest_cursor(c, task, a);
	if (c->task_replies == 2)
		a->reply.pages[0].end_cursor = ghc_slice_of(SPOILED);
}

static void
test_cursors(void)
{
	GhcRange	root = root_range(1000);
	GhcRoom		before = room;

	/* nobody looks ahead by cursors whose form isn't known */
	room.ahead = false;
	make_world(950, 1000);
	run_crawl(&root, longest_cursor);
	is_exact(&root, "the longest cursor");
	is_int(crawl.n_leaves, 1, "it isn't cut");

	n_refused = n_rewound = 0;
	run_crawl(&root, spoil_cursor);
	is_exact(&root, "a cursor that was spoiled");
	is_int(n_refused, 1, "is refused once");
	is_int(n_rewound, 1, "and the range read from its start");
	is_int(crawl.n_leaves, 1, "it isn't cut");

	run_crawl(&root, long_cursor);
	is_exact(&root, "cursors that are too long");
	ok(crawl.n_splits > 0, "make ranges of one page");
	room = before;
}

/*
 * Repositories move to the end of the order, are deleted and made, while
 * they are read.
 */
static void
move(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) task;
	(void) a;
	if (c->replies > 200)
		return;
	for (int i = 0; i < 20; i++)
		world[random_below(n_world)].updated = 1000000 + c->replies;
	if (c->replies % 10 == 0)
		world[random_below(n_world)].value[GHC_DIM_CREATED] = FIRST_SECOND - 1;
	if (c->replies % 10 == 5)
		add_repo(FIRST_SECOND + random_below(86400), 0);
}

static void
test_moving(void)
{
	GhcRange	root = root_range(86400);
	int			unseen;

	make_world(5000, 86400);
	run_crawl(&root, move);
	unseen = count_unseen(&root);
	ok(crawl.replies < MAX_REPLIES, "moving: comes to an end");
	is_int(count_misplaced(&root), 0, "every repository is in one leaf");
	is_int(count_leaves(GHC_OUTCOME_DONE), crawl.n_leaves, "all leaves are done");
	ok(unseen <= 20, "%d were made after their range was read", unseen);
}

/*
 * Behind the back of the reader, between two pages: one that was shown goes,
 * and another comes, so that the count stays the same.
 */
static void
exchange(Crawl *c, const GhcTask *task, Answer *a)
{
	int			n;

	(void) a;
	if (task->cut != NULL || c->task_replies > 4)
		return;
	n = find_range(&task->range, task->order);
	if (n < 300)
		return;
	for (int i = 0; i < 1 + c->task_replies % 3; i++)
	{
		world[found[i]->id - 1].value[GHC_DIM_CREATED] = FIRST_SECOND - 1;
		add_repo(task->range.dim[GHC_DIM_CREATED].lo, 0)->updated = 2000000;
	}
}

static void
test_exchange(void)
{
	GhcRange	root = root_range(86400);
	int			unseen = 0;

	make_world(5000, 86400);
	run_crawl(&root, exchange);
	for (int i = 0; i < 5000; i++)
		unseen += matches(&root, &world[i]) && !crawl.shown[i];
	is_int(unseen, 0, "exchanged: all that were there throughout were shown");
	is_int(count_leaves(GHC_OUTCOME_DONE), crawl.n_leaves, "all leaves are done");
}

/* The first answer to each question shows and counts too little. */
static void
hurry(Crawl *c, const GhcTask *task, Answer *a)
{
	GhcPage    *page = &a->reply.pages[0];

	for (int i = 0; task->cut != NULL && i < task->cut->n_asked; i++)
		if (task->cut->rounds == 0 && a->reply.counts[i] > 2)
			a->reply.counts[i] -= 2;
	if (task->cut == NULL && c->task_replies == 0 && page->n > 2)
	{
		page->n -= 2;
		page->count -= 2;
	}
}

static void
test_hurry(void)
{
	GhcRange	root = root_range(86400);
	static const int sizes[] = {5, 80, 900, 5000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		make_world(sizes[i], 86400);
		run_crawl(&root, hurry);
		is_exact(&root, "a hurried search");
	}

	/* the last quarter is a range of its own, and of one page */
	make_world(970, 43200);
	for (int i = 0; i < 50; i++)
		add_repo(FIRST_SECOND + 80000 + i, 0);
	run_crawl(&root, hurry);
	is_exact(&root, "a hurried search of a small range");
}

/* A range grows over the cap after it was begun. */
static void
grow(Crawl *c, const GhcTask *task, Answer *a)
{
	(void) a;
	if (task->cut == NULL && c->replies == 1)
		for (int i = 0; i < 200; i++)
			add_repo(FIRST_SECOND + random_below(1000), 0)->updated = 2000000;
}

static void
test_growing(void)
{
	GhcRange	root = root_range(1000);

	make_world(950, 1000);
	run_crawl(&root, grow);
	is_exact(&root, "grown over the cap");
}

/* ---------------------------------------------------------------------------
 * single steps
 * ---------------------------------------------------------------------------
 */

static void
test_first_page_is_kept(void)
{
	GhcRange	root = root_range(86400);
	GhcTask		task = {.kind = &ghc_search_kind, .promised = -1};
	GhcHarvest	stored;
	GhcOutcome	outcome;

	make_world(5000, 86400);
	crawl.fault = NULL;
	task.range = root;
	answer_task(&task);
	outcome = absorb_answer(&task, &stored);
	is_int(outcome, GHC_OUTCOME_MORE, "a probe over the cap goes on");
	ok(stored.n == 1 && stored.pages[0] == &answer.reply.pages[0], "its page is to be stored");
	ok(task.cut != NULL, "and the range is being cut");
	is_int(task.promised, 5000, "its count is known");
	is_int(task.seen, 0, "what it showed isn't counted: children will");

	/* nothing is stored of an answer that only counts */
	answer_task(&task);
	outcome = absorb_answer(&task, &stored);
	is_int(outcome, GHC_OUTCOME_SPLIT, "then it is split");
	ok(stored.n == 0, "nothing to store");
	ghc_task_release(&task);
	ok(task.cut == NULL, "released");
	ghc_task_release(&task);
}

/* A child whose count is known to be over the cap asks no page first. */
static void
test_known_count(void)
{
	GhcRange	root = root_range(86400);
	Open		child = {{ghc_range_bounds(&root), 5000}, 0, 1, 0};

	make_world(5000, 86400);
	memset(&crawl, 0, sizeof(crawl));
	run_task(child);
	is_int(crawl.pages, 0, "no page");
	is_int(crawl.counts, 1, "only counts");
	is_int(crawl.n_splits, 1, "split");
}

static void
test_kinds(void)
{
	ok(ghc_task_kind("search") == &ghc_search_kind, "search is a kind");
	ok(ghc_task_kind("walk") == &ghc_walk_kind, "walk is");
	ok(ghc_task_kind("") == NULL, "nothing isn't");
}

static void
test_all(void)
{
	test_kinds();
	test_one_range();
	test_tree();
	test_uneven();
	test_one_second();
	test_not_splittable();
	test_orders_suffice();
	test_passing_faults();
	test_slow();
	test_choke();
	test_hidden();
	test_cursors();
	test_moving();
	test_growing();
	test_exchange();
	test_hurry();
	test_first_page_is_kept();
	test_known_count();
}

/* Two ranges share a request; the second bears no more than five parts in it. */
static void
test_company(void)
{
	static const GhcShape shape = {GHC_FIELD_BIT(GHC_FIELD_REPO_ID), NULL};
	static const GhcRoom wide = {GHC_MAX_PAGES, 100, true, 0, 0, 0};
	GhcTask		first = {.kind = &ghc_search_kind,.promised = 300};
	GhcTask		second = {.kind = &ghc_search_kind,.promised = 900,.company = 5};
	GhcQuery	query = {0};

	first.range = second.range = root_range(3000);
	ghc_query_begin(&query, &shape, false);
	is_int(first.kind->wants(&first), GHC_WANT_PAGES, "one wants pages");
	is_int(second.kind->wants(&second), GHC_WANT_PAGES, "so does the other");
	if (!ghc_task_compose(&first, &wide, &query) ||
		!ghc_task_compose(&second, &wide, &query) || !ghc_query_end(&query))
		abort();
	ok(first.parts.n_pages > 1, "the first has several pages");
	is_int(query.n_pages, 5, "both have as many as the second bears");
	ghc_buffer_free(&query.body);
	ghc_task_release(&first);
	ghc_task_release(&second);
}

int
main(void)
{
	static const GhcRoom rooms[] = {
		{1, 100, false, 0, 0, 0}, {GHC_MAX_PAGES, 100, true, 0, 0, 0}, {4, 37, true, 0, 0, 0}
	};

	for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++)
	{
		room = rooms[i];
		printf("# %d parts of %d, %s\n", room.parts, room.rows,
			 room.ahead ? "ahead" : "page by page");
		test_all();
	}
	test_company();
	return done_testing();
}
