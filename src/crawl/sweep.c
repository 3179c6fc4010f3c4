/*-------------------------------------------------------------------------
 *
 * sweep.c
 *	  The task kind "sweep": looks once more at a range whose parts can leak.
 *
 * A range of one second that is still too large is cut along what can change:
 * size, forks, stars.  A repository that changes while the parts are read may
 * move from one that wasn't read yet to one that was, and no part misses it.
 * Such a range is swept when all is read: its latest updated thousand, newest
 * first, has whatever changed meanwhile.
 *
 * What it finds is stored, and counts neither as promised nor as seen.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/sweep.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/task.h"

/* replies that say that there is nothing any more */
#define ENOUGH 4

static GhcWant sweep_wants(GhcTask *task);
static bool sweep_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome sweep_absorb(GhcTask *task, const GhcJudgement *judgement,
							   GhcHarvest *stored);

const GhcTaskKind ghc_sweep_kind = {
	"sweep", sweep_wants, sweep_compose, sweep_absorb, NULL
};

static GhcWant
sweep_wants(GhcTask *task)
{
	(void) task;
	return GHC_WANT_PAGES;
}

static bool
sweep_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	task->order = GHC_ORDER_UPDATED_DESC;
	task->asked[0] = task->offset;
	task->rows = ghc_task_rows(task->row_limit, room);
	return ghc_query_add_page(query, &task->range, task->order, task->rows,
							  ghc_slice_of(task->cursor)) >= 0;
}

static GhcOutcome
fail(GhcTask *task)
{
	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	task->why = "a second with too many repositories could not be looked at once more";
	return GHC_OUTCOME_GAP;
}

static GhcOutcome
absorb_page(GhcTask *task, const GhcPage *page)
{
	int			n = page->n + page->nulls + page->dropped;

	task->attempts = 0;
	task->pages++;
	for (int i = 0; i < page->n; i++)
		if (ghc_repository_is_whole(&page->repos[i]))
			(void) ghc_idset_add(&task->ids, page->repos[i].repo_id);
	task->offset += n;
	if (!page->has_next || n == 0 || task->offset >= GHC_SEARCH_CAP ||
		page->end_cursor.len == 0 || page->end_cursor.len >= GHC_CURSOR_BYTES)
		return GHC_OUTCOME_DONE;
	memcpy(task->cursor, page->end_cursor.data, page->end_cursor.len);
	task->cursor[page->end_cursor.len] = '\0';
	return GHC_OUTCOME_MORE;
}

static GhcOutcome
sweep_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	const GhcPage *page = &task->parts.reply->pages[task->parts.first_page];

	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
			task->row_limit = ghc_task_fewer(task->rows);
			return fail(task);
		case GHC_RECEPTION_FAILURE:
			return fail(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	if (!page->present || !page->complete)
		return fail(task);

	/* it was cut because it held too many: nothing is hard to believe */
	if (page->count == 0)
		return ++task->agreed < ENOUGH ? GHC_OUTCOME_RETRY : GHC_OUTCOME_DONE;
	stored->pages[stored->n++] = page;
	return absorb_page(task, page);
}
