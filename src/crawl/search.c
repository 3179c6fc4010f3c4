/*-------------------------------------------------------------------------
 *
 * search.c
 *	  The task kind "search": reads one range of a search completely.
 *
 * A range is first asked for a page.  If GitHub counts no more than can be
 * reached, the other pages follow until every repository counted was seen.
 * Otherwise it is cut (cut.c).  A range that can't be cut is read in several
 * orders, which reach different thousands.
 *
 * Pages are offsets into a live index.  Each begins with the last repository
 * of the page before; if it doesn't, results moved in between, and the page
 * before is read again.  So a reading misses only what GitHub leaves out.
 *
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
#include "crawl/cut.h"

#define PAGE_SIZE 100
#define MIN_PAGE_SIZE 6

/* good pages in a row after which pages may grow back */
#define GOOD_PAGES 2

/* a range that lost more than this is counted anew in parts, not believed */
#define MUCH 20

/* counts of one reading may differ by so much without a page being hurried */
#define SPREAD 5

/* pages read again in one reading because results moved */
#define MAX_REPAIRS 3

static bool search_compose(GhcTask *task, GhcQuery *query);
static GhcOutcome search_absorb(GhcTask *task, const GhcReply *reply,
								const GhcJudgement *judgement,
								const GhcPage **store);

const GhcTaskKind ghc_search_kind = {"search", search_compose, search_absorb, NULL};

/*
 * The cursor of the next page: one back from GitHub's, so that the page
 * begins with what we know, as long as GitHub's cursors have the known form.
 */
static GhcSlice
next_cursor(GhcTask *task, char own[GHC_CURSOR_BYTES])
{
	task->in_own_words = task->offset > 0 && task->last_id != 0 &&
		!task->keeps_cursors &&
		ghc_cursor_parse(ghc_slice_of(task->cursor)) == task->offset;
	if (!task->in_own_words)
		return ghc_slice_of(task->cursor);
	ghc_cursor_format(task->offset - 1, own);
	return ghc_slice_of(own);
}

static bool
search_compose(GhcTask *task, GhcQuery *query)
{
	char		own[GHC_CURSOR_BYTES];

	if (task->page_size == 0)
	{
		task->page_size = task->page_limit = PAGE_SIZE;
		task->foretold = task->promised >= 0;
		task->count_before = -1;
		task->readings = 1;
	}
	task->in_own_words = false;

	/* a child whose count is known needs no page to be told that it's full */
	if (task->cut == NULL && task->pages == 0 && task->promised > GHC_SEARCH_CAP)
		(void) ghc_cut_begin(task);
	if (task->cut != NULL)
		return ghc_cut_compose(task->cut, query);
	if (task->confirming)
		return ghc_query_add_count(query, &task->range) >= 0;

	return ghc_query_add_page(query, &task->range, task->order,
							  task->page_size, next_cursor(task, own)) >= 0;
}

/* A gap, unless all that was promised was seen, if not in one go. */
static GhcOutcome
give_up(GhcTask *task, const char *why)
{
	if (task->promised > 0 && task->seen >= task->promised)
		return GHC_OUTCOME_DONE;
	task->why = why;
	task->missing = task->promised > task->seen ?
		task->promised - task->seen : 0;
	return GHC_OUTCOME_GAP;
}

/* Narrows a range that can't be read as it is, or gives it up. */
static GhcOutcome
narrow(GhcTask *task, const char *why)
{
	task->narrowed = true;
	if (task->cut == NULL && ghc_cut_begin(task))
		return GHC_OUTCOME_MORE;
	if (task->cut != NULL)
		return ghc_cut_end(task);
	return give_up(task, why);
}

/* Back to the start of the range. */
static void
rewind_reading(GhcTask *task)
{
	task->cursor[0] = '\0';
	task->offset = 0;
	task->last_id = 0;
	task->repairs = 0;
	task->torn = false;
	task->hidden = task->forbidden = task->damaged = 0;
	task->count_before = task->count;
	task->count = 0;
}

/* Reads the range once more, in another order, or takes other measures. */
static GhcOutcome
read_again(GhcTask *task)
{
	bool		all_forbidden = task->forbidden > 0 &&
		task->seen + task->forbidden >= task->promised;
	bool		all_hidden = task->hidden > 0 &&
		task->seen + task->hidden >= task->promised;
	bool		whole = !task->torn && task->promised > 0 &&
		task->seen >= task->promised;

	task->confirming = false;
	rewind_reading(task);
	if (++task->order < GHC_ORDER_COUNT)
	{
		task->readings++;
		return GHC_OUTCOME_MORE;
	}
	if (whole)
		return GHC_OUTCOME_DONE;
	/* what an owner forbids is forbidden in a narrower range, too */
	if (all_forbidden)
		return give_up(task, "GitHub counts repositories whose owners forbid to show them");
	if (all_hidden && task->promised <= PAGE_SIZE)
		return give_up(task, "GitHub counts repositories that it does not show");
	return narrow(task, "fewer repositories shown than counted");
}

/*
 * How many readings in a row must say the same to be believed against what
 * was promised.  Counts of one range differ from reply to reply, and a hurried
 * search, or a copy of the index that lags, shows too little and counts too
 * little.
 */
static int
readings_needed(const GhcTask *task)
{
	int64_t		less = task->promised / 10 > 1 ? task->promised / 10 : 1;

	if (task->promised == 0)
		return task->foretold ? 2 : GHC_ORDER_COUNT;
	if (task->promised - task->count > (less > MUCH ? less : MUCH))
		return GHC_ORDER_COUNT + 1; /* never: it is to be counted in parts */
	return task->count > 0 && task->promised > PAGE_SIZE ? 2 : GHC_ORDER_COUNT;
}

/*
 * A reading came to its end: is the range done?  The largest count holds.  A
 * lower one is believed if several readings say so, or if exactly that many
 * were seen and GitHub says so once more; so is a count that nobody foretold.
 */
static GhcOutcome
end_reading(GhcTask *task)
{
	bool		whole = task->seen >= task->promised && task->promised > 0;
	int			needed = readings_needed(task);

	/* others that came may make up the number of what wasn't shown */
	if (task->torn || task->hidden + task->damaged > 0 ||
		task->count - task->least > SPREAD)
		return read_again(task);
	if (whole && task->foretold)
		return GHC_OUTCOME_DONE;
	task->agreed = task->count == task->count_before ? task->agreed + 1 : 1;
	if (task->seen < task->count)
		return read_again(task);
	if (whole || (needed == 2 && task->seen == task->count && task->count > 0))
	{
		task->confirming = true;
		return GHC_OUTCOME_MORE;
	}
	if (task->agreed < needed)
		return read_again(task);
	task->promised = task->count;
	return GHC_OUTCOME_DONE;
}

/* The count that was asked for once more. */
static GhcOutcome
absorb_confirmation(GhcTask *task, int64_t count)
{
	if (count > task->promised)
		task->promised = count;
	task->foretold |= count > 0;
	if (count < 0 || count > task->seen)
		return read_again(task);
	task->promised = count > task->count ? count : task->count;
	return GHC_OUTCOME_DONE;
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

/* Adds what a page shows to what was seen. */
static void
note_seen(GhcTask *task, const GhcPage *page)
{
	for (int i = 0; i < page->n; i++)
	{
		const GhcRepository *repo = &page->repos[i];

		task->damaged += !ghc_repository_is_whole(repo);
		if (ghc_repository_is_whole(repo) &&
			ghc_idset_add(&task->ids, repo->repo_id) &&
			(repo->set & GHC_FIELD_BIT(GHC_FIELD_CREATED_AT)) != 0)
			(void) ghc_buffer_append(&task->created,
									 (const char *) &repo->value[GHC_FIELD_CREATED_AT].number,
									 sizeof(int64_t));
	}
	task->seen = (int64_t) task->ids.n;
	ghc_task_advance(task);
}

/*
 * Did results move since the page before?  The page was to begin with the
 * last repository of that one.  If it begins with one that this reading saw,
 * later ones moved back and nothing was missed; if it begins with a new one,
 * others may have moved from behind the border to before it.
 */
static bool
has_moved(const GhcTask *task, const GhcPage *page)
{
	return task->in_own_words && page->n > 0 &&
		page->nulls + page->dropped == 0 &&
		page->repos[0].repo_id != task->last_id &&
		(task->readings > 1 ||
		 !ghc_idset_has(&task->ids, page->repos[0].repo_id));
}

/* Moves on behind a page; false if its cursor is none that could be sent. */
static bool
move_on(GhcTask *task, const GhcPage *page)
{
	int			n = page->n + page->nulls + page->dropped;
	int			known = ghc_cursor_parse(page->end_cursor);

	if (page->end_cursor.len >= GHC_CURSOR_BYTES)
		return false;
	memcpy(task->cursor, page->end_cursor.data, page->end_cursor.len);
	task->cursor[page->end_cursor.len] = '\0';
	task->offset = known > task->offset ? known : task->offset + n;
	task->last_id = page->n == n ? page->repos[n - 1].repo_id : 0;
	return true;
}

/* Goes back by a page, and on from there. */
static void
move_back(GhcTask *task)
{
	task->offset -= task->page_size;
	task->last_id = 0;
	if (task->offset > 0)
		ghc_cursor_format(task->offset, task->cursor);
	else
	{
		task->offset = 0;
		task->cursor[0] = '\0';
	}
}

static void
note_counts(GhcTask *task, const GhcReply *reply)
{
	const GhcPage *page = &reply->pages[0];

	if (task->count == 0 || task->least > page->count)
		task->least = page->count;
	if (task->count < page->count)
		task->count = page->count;
	if (task->promised < page->count)
		task->promised = page->count;
	task->hidden += page->nulls;
	task->damaged += page->dropped;
	for (int i = 0; i < reply->n_errors && i < GHC_MAX_ERRORS; i++)
		task->forbidden += reply->errors[i].page == 0 &&
			ghc_slice_equals(reply->errors[i].type, GHC_SLICE("FORBIDDEN"));
}

static GhcOutcome
absorb_page(GhcTask *task, const GhcReply *reply)
{
	const GhcPage *page = &reply->pages[0];
	bool		moved = has_moved(task, page);

	grow_page(task);
	task->attempts = 0;
	note_counts(task, reply);
	if (task->pages++ == 0 && page->count > GHC_SEARCH_CAP &&
		ghc_cut_begin(task))
		return GHC_OUTCOME_MORE;

	note_seen(task, page);
	if (moved && ++task->repairs <= MAX_REPAIRS)
	{
		move_back(task);
		return GHC_OUTCOME_MORE;
	}
	task->torn |= moved;
	if (!page->has_next || page->end_cursor.len == 0 ||
		page->n + page->nulls + page->dropped == 0)
		return end_reading(task);
	if (!move_on(task, page))
		return narrow(task, "cursor too long");
	return task->offset < GHC_SEARCH_CAP ? GHC_OUTCOME_MORE : end_reading(task);
}

/* GitHub couldn't do it in time: ask for less. */
static GhcOutcome
ask_less(GhcTask *task)
{
	if (task->cut != NULL)
		task->cut->at_once = task->cut->at_once > 1 ? task->cut->at_once / 2 : 1;
	else
		shrink_page(task);
	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	return narrow(task, "GitHub can't answer in time");
}

/* A server that fails again and again for this range, and not for others. */
static GhcOutcome
failed(GhcTask *task)
{
	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	return narrow(task, "GitHub fails each time");
}

static GhcOutcome
search_absorb(GhcTask *task, const GhcReply *reply,
			  const GhcJudgement *judgement, const GhcPage **store)
{
	const GhcPage *page = &reply->pages[0];

	*store = NULL;
	/* if it is the cursor that GitHub doesn't take, its own remain */
	if (judgement->verdict == GHC_VERDICT_BAD_QUERY)
		task->keeps_cursors |= task->in_own_words;
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
	if (task->cut != NULL)
		return ghc_cut_absorb(task, reply);
	if (task->confirming)
		return absorb_confirmation(task, reply->counts[0]);
	if (!page->present || !page->complete)
		return failed(task);
	*store = page;
	return absorb_page(task, reply);
}
