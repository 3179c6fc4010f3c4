/*-------------------------------------------------------------------------
 *
 * search.c
 *	  The task kind "search": reads one range of a search completely.
 *
 * A range is first asked for a page.  If GitHub counts no more than can be
 * reached, the other pages follow until every repository counted was seen.
 * Otherwise the range is cut into parts, which are counted, many in one
 * query, because a count costs no request of its own; neighbours that fit
 * together become the children.  A range that can't be cut is read in
 * several orders, which reach different thousands.
 *
 * Pages are offsets into a live index, so a reading may miss what moved.
 * Distinct ids are counted over all readings of a range; it is done when as
 * many were seen as GitHub ever counted in it.  Readings are capped, then the
 * range is narrowed, and what still isn't seen is a gap that is named.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/search.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/task.h"

#include <stdlib.h>

#define PAGE_SIZE 100
#define MIN_PAGE_SIZE 6

/* good pages in a row after which pages may grow back */
#define GOOD_PAGES 2

/* replies in a row that may fail before a range is narrowed */
#define MAX_ATTEMPTS 8
#define MAX_ATTEMPTS_ALONE 32

/* queries for counts that may bring nothing */
#define MAX_COUNT_TRIES 4

/* a child is filled up to here; the rest is room for drift */
#define FILL (GHC_SEARCH_CAP - 20)

static bool search_compose(GhcTask *task, GhcQuery *query);
static GhcOutcome search_absorb(GhcTask *task, const GhcReply *reply,
								const GhcJudgement *judgement,
								const GhcPage **store);

const GhcTaskKind ghc_search_kind = {"search", search_compose, search_absorb};

const GhcTaskKind *
ghc_task_kind(const char *name)
{
	static const GhcTaskKind *const kinds[] = {&ghc_search_kind};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

void
ghc_task_release(GhcTask *task)
{
	ghc_idset_free(&task->ids);
	free(task->cut);
	task->cut = NULL;
}

/* Starts cutting; false if the range can't be cut (or memory ran out). */
static bool
begin_cut(GhcTask *task)
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
		cut->counts[i] = -1;
	cut->at_once = GHC_MAX_COUNTS;
	task->cut = cut;
	return true;
}

static bool
compose_counts(GhcCut *cut, GhcQuery *query)
{
	cut->n_asked = 0;
	for (int i = 0; i < cut->n && cut->n_asked < cut->at_once; i++)
	{
		if (cut->counts[i] >= 0)
			continue;
		if (ghc_query_add_count(query, &cut->parts[i]) < 0)
			return false;
		cut->asked[cut->n_asked++] = i;
	}
	return true;
}

static bool
search_compose(GhcTask *task, GhcQuery *query)
{
	if (task->page_size == 0)
	{
		task->page_size = task->page_limit = PAGE_SIZE;
		task->foretold = task->promised >= 0;
		task->count_before = -1;
	}

	/* a child whose count is known needs no page to be told that it's full */
	if (task->cut == NULL && task->pages == 0 && task->promised > GHC_SEARCH_CAP)
		(void) begin_cut(task);
	if (task->cut != NULL)
		return compose_counts(task->cut, query);
	return ghc_query_add_page(query, &task->range, task->order,
							  task->page_size,
							  ghc_slice_of(task->cursor)) >= 0;
}

/* One child for each part, whether it was counted or not. */
static void
make_children(GhcCut *cut)
{
	for (int i = 0; i < cut->n; i++)
		cut->children[i] = (GhcChild) {cut->parts[i], cut->counts[i]};
	cut->n_children = cut->n;
}

/*
 * The parts become children.  Those of a range that was too large are packed
 * into as few as hold them; but a range that fits and can't be read must
 * come out in smaller pieces, and what wasn't counted can't be packed.
 */
static GhcOutcome
split(GhcTask *task)
{
	GhcCut	   *cut = task->cut;
	bool		counted = true;

	for (int i = 0; i < cut->n; i++)
		counted &= cut->counts[i] >= 0;
	if (counted && task->promised > GHC_SEARCH_CAP)
		cut->n_children = ghc_range_pack(cut->parts, cut->counts, cut->n,
										 FILL, cut->children);
	else
		make_children(cut);
	return GHC_OUTCOME_SPLIT;
}

static GhcOutcome
absorb_counts(GhcTask *task, const GhcReply *reply)
{
	GhcCut	   *cut = task->cut;
	bool		all = true;
	bool		gained = false;

	for (int i = 0; i < cut->n_asked; i++)
	{
		cut->counts[cut->asked[i]] = reply->counts[i];
		gained |= reply->counts[i] >= 0;
	}
	for (int i = 0; i < cut->n; i++)
		all &= cut->counts[i] >= 0;
	if (all)
		return split(task);
	if (gained)
		return GHC_OUTCOME_MORE;
	return ++cut->tries < MAX_COUNT_TRIES ? GHC_OUTCOME_RETRY : split(task);
}

static GhcOutcome
give_up(GhcTask *task, const char *why)
{
	task->why = why;
	task->missing = task->promised > task->seen ?
		task->promised - task->seen : 0;
	return GHC_OUTCOME_GAP;
}

/* Narrows a range that can't be read as it is, or gives it up. */
static GhcOutcome
narrow(GhcTask *task, const char *why)
{
	if (task->cut == NULL && begin_cut(task))
		return GHC_OUTCOME_MORE;
	if (task->cut != NULL)
		return split(task);
	return give_up(task, why);
}

/*
 * Was everything seen?  Counts of one range differ from reply to reply, and
 * a hurried search shows too little and counts too little; the largest count
 * holds.  A slightly lower one is believed when a second reading says the
 * same, a much lower one, or nothing that nobody foretold, when all do.
 */
static bool
has_seen_all(GhcTask *task)
{
	bool		is_close = task->count > 0 &&
		task->count >= task->promised - task->promised / 10;

	if (task->seen >= task->promised && (task->promised > 0 || task->foretold))
		return true;
	task->agreed = task->count == task->count_before ? task->agreed + 1 : 1;
	if (task->seen < task->count ||
		task->agreed < (is_close ? 2 : GHC_ORDER_COUNT))
		return false;
	task->promised = task->count;
	return true;
}

/* A reading came to its end: is the range done, or read once more? */
static GhcOutcome
end_reading(GhcTask *task)
{
	if (has_seen_all(task))
		return GHC_OUTCOME_DONE;
	task->cursor[0] = '\0';
	task->offset = 0;
	task->count_before = task->count;
	if (++task->order < GHC_ORDER_COUNT)
	{
		task->hidden = 0;
		return GHC_OUTCOME_MORE;
	}
	/* what is null in reading after reading is null in a narrower range, too */
	if (task->seen + task->hidden >= task->promised)
		return give_up(task, "GitHub counts repositories that it does not show");
	return narrow(task, "fewer repositories shown than counted");
}

/*
 * One time-out may be GitHub's bad moment: pages grow back after some good
 * ones.  If it happens again at the old size, that size is too much.
 */
static void
grow_page(GhcTask *task)
{
	if (task->page_size >= task->page_limit || ++task->good_pages < GOOD_PAGES)
		return;
	task->page_size = task->page_size * 2 < task->page_limit ?
		task->page_size * 2 : task->page_limit;
	task->good_pages = 0;
	task->grown = true;
}

static void
shrink_page(GhcTask *task)
{
	if (task->page_size / 2 >= MIN_PAGE_SIZE)
		task->page_size /= 2;
	if (task->grown)
		task->page_limit = task->page_size;
	task->good_pages = 0;
}

static GhcOutcome
absorb_page(GhcTask *task, const GhcPage *page)
{
	bool		first = task->pages == 0;

	grow_page(task);
	task->attempts = 0;
	task->pages++;
	task->count = page->count;
	if (task->promised < page->count)
		task->promised = page->count;
	if (first && page->count > GHC_SEARCH_CAP && begin_cut(task))
		return GHC_OUTCOME_MORE;

	for (int i = 0; i < page->n; i++)
		if (ghc_repository_is_whole(&page->repos[i]))
			(void) ghc_idset_add(&task->ids, page->repos[i].repo_id);
	task->seen = (int64_t) task->ids.n;
	task->offset += page->n + page->nulls + page->dropped;
	task->hidden += page->nulls;

	if (!page->has_next || page->end_cursor.len == 0 ||
		page->n + page->nulls + page->dropped == 0 ||
		task->offset >= GHC_SEARCH_CAP)
		return end_reading(task);
	if (page->end_cursor.len >= GHC_CURSOR_BYTES)
		return narrow(task, "cursor too long");
	memcpy(task->cursor, page->end_cursor.data, page->end_cursor.len);
	task->cursor[page->end_cursor.len] = '\0';
	return GHC_OUTCOME_MORE;
}

/*
 * Has a range failed so often that it must be the range?  While nobody else
 * gets an answer either, it may well be GitHub.
 */
static bool
has_failed_enough(GhcTask *task)
{
	return ++task->attempts > (task->alone ? MAX_ATTEMPTS_ALONE : MAX_ATTEMPTS);
}

/* GitHub couldn't do it in time: ask for less. */
static GhcOutcome
ask_less(GhcTask *task)
{
	if (task->cut != NULL)
		task->cut->at_once = task->cut->at_once > 1 ? task->cut->at_once / 2 : 1;
	else
		shrink_page(task);
	if (!has_failed_enough(task))
		return GHC_OUTCOME_RETRY;
	task->attempts = 0;
	return narrow(task, "GitHub can't answer in time");
}

/* A server that fails again and again for this range, and not for others. */
static GhcOutcome
failed(GhcTask *task)
{
	if (!has_failed_enough(task))
		return GHC_OUTCOME_RETRY;
	task->attempts = 0;
	return narrow(task, "GitHub fails each time");
}

static GhcOutcome
search_absorb(GhcTask *task, const GhcReply *reply,
			  const GhcJudgement *judgement, const GhcPage **store)
{
	const GhcPage *page = &reply->pages[0];

	*store = NULL;
	switch (judgement->verdict)
	{
		case GHC_VERDICT_TOO_SLOW:
		case GHC_VERDICT_TOO_MUCH:
			return ask_less(task);
		case GHC_VERDICT_SERVER:
		case GHC_VERDICT_GARBAGE:
			return failed(task);
		case GHC_VERDICT_OK:
		case GHC_VERDICT_PARTIAL:
			break;
		default:
			/* a limit, a token or the network: not the range's fault */
			return GHC_OUTCOME_RETRY;
	}
	if (task->cut != NULL)
		return absorb_counts(task, reply);
	if (!page->present || !page->complete)
		return failed(task);
	*store = page;
	return absorb_page(task, page);
}
