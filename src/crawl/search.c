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
 * All answers look alike, so one to another request, or with repositories from
 * elsewhere, is known by when they were created, which never changes.
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

/* a range that fits into one page can't be narrowed to any use */
#define PAGE_ROWS 100

/* readings of so few pages often come from one copy of the index throughout */
#define FEW_ROWS (3 * PAGE_ROWS)

/* a range that lost more than this is counted anew in parts, not believed */
#define MUCH 20

/* counts of one reading may differ by so much without a page being hurried */
#define SPREAD 5

/* pages read again in one reading because results moved */
#define MAX_REPAIRS 3

static GhcWant search_wants(GhcTask *task);
static bool search_compose(GhcTask *task, const GhcRoom *room,
						   GhcQuery *query);
static GhcOutcome search_absorb(GhcTask *task, const GhcJudgement *judgement,
								GhcHarvest *stored);

const GhcTaskKind ghc_search_kind = {
	"search", search_wants, search_compose, search_absorb, NULL
};

static GhcWant
search_wants(GhcTask *task)
{
	if (task->readings == 0)
	{
		task->foretold = task->promised >= 0;
		task->count_before = -1;
		task->readings = 1;
	}

	/* a child whose count is known needs no page to be told that it's full */
	if (task->cut == NULL && task->pages == 0 && task->promised > GHC_SEARCH_CAP)
		(void) ghc_cut_begin(task);
	return task->cut != NULL || task->confirming ? GHC_WANT_COUNTS : GHC_WANT_PAGES;
}

/*
 * May pages be asked for by cursors of our making?  One back from GitHub's, so
 * that a page begins with what we know, as long as its cursors have the known
 * form.
 */
static bool
knows_cursor(const GhcTask *task)
{
	return task->offset > 0 && task->last_id != 0 && !task->keeps_cursors &&
		ghc_cursor_parse(ghc_slice_of(task->cursor)) == task->offset;
}

static bool
add_page(GhcTask *task, int n, int before, GhcSlice cursor, GhcQuery *query)
{
	task->asked[n] = before;
	return ghc_query_add_page(query, &task->range, task->order, task->rows,
							  cursor) >= 0;
}

/*
 * The next page, and those after it that are known to be there.  They come
 * from one moment then, so that hardly anything moves between them.
 */
static bool
compose_pages(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	char		own[GHC_CURSOR_BYTES];
	int64_t		end = task->promised < GHC_SEARCH_CAP ? task->promised : GHC_SEARCH_CAP;
	int			before = task->offset;

	task->rows = ghc_task_rows(task->row_limit, room);
	task->overlaps = knows_cursor(task);
	if (task->overlaps)
	{
		task->cursors = GHC_CURSORS_OURS;
		ghc_cursor_format(--before, own);
	}
	else if (task->cursor[0] != '\0')
		task->cursors = GHC_CURSORS_THEIRS;
	if (!add_page(task, 0, before,
				  ghc_slice_of(task->overlaps ? own : task->cursor), query))
		return false;

	/* a page of one repository would begin with itself */
	if (!room->ahead || task->keeps_cursors || task->rows == 1)
		return true;
	for (int n = 1; n < room->parts && before + task->rows < end; n++)
	{
		before += task->rows - 1;
		ghc_cursor_format(before, own);
		task->cursors = GHC_CURSORS_OURS;
		if (!add_page(task, n, before, ghc_slice_of(own), query))
			return false;
	}
	return true;
}

static bool
search_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	task->cursors = GHC_CURSORS_NONE;
	if (task->cut != NULL)
		return ghc_cut_compose(task->cut, &task->range, room->parts, query);
	if (task->confirming)
		return ghc_query_add_count(query, &task->range) >= 0;
	return compose_pages(task, room, query);
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
	if (all_hidden && task->promised <= PAGE_ROWS)
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
	return task->count > 0 && task->promised > FEW_ROWS ? 2 : GHC_ORDER_COUNT;
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

/* Was it created at another time than was asked for? */
static bool
is_stranger(const GhcTask *task, const GhcRepository *repo)
{
	const GhcInterval *created = &task->range.dim[GHC_DIM_CREATED];
	int64_t		at = repo->value[GHC_FIELD_CREATED_AT].number;

	return (repo->set & GHC_FIELD_BIT(GHC_FIELD_CREATED_AT)) != 0 &&
		(at < created->lo || at > created->hi);
}

/* Is this the page of another search?  A few strangers don't make it one. */
static bool
is_foreign(GhcTask *task, const GhcPage *page)
{
	int			strangers = 0;

	for (int i = 0; i < page->n; i++)
		strangers += is_stranger(task, &page->repos[i]);
	task->strangers += strangers;
	return strangers > page->n / 2;
}

/*
 * Adds what a page shows to what was seen.  Strangers don't count: they stand
 * where others should.
 */
static void
note_seen(GhcTask *task, const GhcPage *page)
{
	for (int i = 0; i < page->n; i++)
	{
		const GhcRepository *repo = &page->repos[i];

		if (!ghc_repository_is_whole(repo) || is_stranger(task, repo))
			task->damaged++;
		else if (ghc_idset_add(&task->ids, repo->repo_id) &&
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
	return task->overlaps && page->n > 0 &&
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
	task->offset -= task->rows;
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
note_counts(GhcTask *task, const GhcPage *page)
{
	if (task->count == 0 || task->least > page->count)
		task->least = page->count;
	if (task->count < page->count)
		task->count = page->count;
	if (task->promised < page->count)
		task->promised = page->count;
	task->hidden += page->nulls;
	task->damaged += page->dropped;
}

/* Null members that are so because their owner forbids to show them. */
static void
note_forbidden(GhcTask *task, int page)
{
	const GhcReply *reply = task->parts.reply;

	for (int i = 0; i < reply->n_errors && i < GHC_MAX_ERRORS; i++)
		task->forbidden += reply->errors[i].page == page &&
			ghc_slice_equals(reply->errors[i].type, GHC_SLICE("FORBIDDEN"));
}

static GhcOutcome
absorb_page(GhcTask *task, const GhcPage *page)
{
	bool		moved = has_moved(task, page);

	task->attempts = 0;
	note_counts(task, page);
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
		ghc_cut_ask_less(task->cut);
	else
		task->row_limit = ghc_task_fewer(task->rows);
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

/*
 * Takes in pages as long as each begins where the one before ends; from there
 * it is asked on, if something came otherwise than expected.
 */
static GhcOutcome
absorb_pages(GhcTask *task, GhcHarvest *stored)
{
	const GhcParts *part = &task->parts;
	GhcOutcome	outcome = GHC_OUTCOME_MORE;

	for (int i = 0; i < part->n_pages; i++)
	{
		const GhcPage *page = &part->reply->pages[part->first_page + i];

		if (i > 0 && task->asked[i] != task->offset - 1)
			return outcome;
		if (!page->present || !page->complete || is_foreign(task, page))
			return i > 0 ? outcome : failed(task);
		if (i > 0)
			task->overlaps = task->last_id != 0;
		stored->pages[stored->n++] = page;
		note_forbidden(task, part->first_page + i);
		outcome = absorb_page(task, page);
		if (outcome != GHC_OUTCOME_MORE || task->cut != NULL)
			return outcome;
	}
	return outcome;
}

static GhcOutcome
search_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	task->strangers = 0;
	/*
	 * If it is the cursor that GitHub doesn't take, its own remain; and if it was
	 * its own, the range is read anew.
	 */
	if (judgement->verdict == GHC_VERDICT_BAD_QUERY &&
		task->cursors == GHC_CURSORS_OURS)
		task->keeps_cursors = true;
	else if (judgement->verdict == GHC_VERDICT_BAD_QUERY &&
			 task->cursors == GHC_CURSORS_THEIRS)
		rewind_reading(task);
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
		return ghc_cut_absorb(task);
	if (task->confirming)
		return absorb_confirmation(task,
								   task->parts.reply->counts[task->parts.first_count]);
	return absorb_pages(task, stored);
}
