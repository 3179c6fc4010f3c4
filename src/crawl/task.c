/*-------------------------------------------------------------------------
 *
 * task.c
 *	  What all kinds of tasks have in common; see task.h.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/task.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/task.h"

#include <stdlib.h>

#include "crawl/stars.h"
#include "github/selection.h"

/* replies in a row that may fail before it must be what was asked for */
#define MAX_ATTEMPTS 8
#define MAX_ATTEMPTS_ALONE 32

/* no fewer repositories are asked for because more were too much */
#define MIN_ROWS 6

const GhcTaskKind *
ghc_task_kind(const char *name)
{
	static const GhcTaskKind *const kinds[] = {
		&ghc_search_kind, &ghc_plan_kind, &ghc_nodes_kind, &ghc_details_kind,
		&ghc_fill_kind, &ghc_names_kind, &ghc_absent_kind, &ghc_sweep_kind,
		&ghc_span_kind, &ghc_walk_kind, &ghc_known_kind, &ghc_survey_kind,
		&ghc_stars_kind, &ghc_events_kind
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

bool
ghc_task_read(GhcTask *task, const char *text)
{
	GhcProblem	problem;

	if (task->kind->read != NULL)
		return task->kind->read(task, ghc_slice_of(text));
	return ghc_selection_parse(ghc_slice_of(text), &task->range, &problem);
}

void
ghc_task_advance(GhcTask *task)
{
	double		part = task->share;

	if (task->counted < task->seen - task->refused)
		task->counted = task->seen - task->refused;
	if (task->counted < task->promised)
		part *= (double) task->counted / (double) task->promised;
	if (task->part < part)
		task->part = part;
}

void
ghc_task_release(GhcTask *task)
{
	ghc_idset_free(&task->ids);
	ghc_buffer_free(&task->created);
	free(task->cut);
	free(task->plan);
	free(task->nodes);
	free(task->walk);
	free(task->survey);
	free(task->absent);
	if (task->stars != NULL)
		ghc_buffer_free(&task->stars->weeks);
	free(task->stars);
	if (task->events != NULL)
		ghc_tally_free(&task->events->tally);
	free(task->events);
	task->cut = NULL;
	task->plan = NULL;
	task->nodes = NULL;
	task->walk = NULL;
	task->survey = NULL;
	task->absent = NULL;
	task->stars = NULL;
	task->events = NULL;
}

bool
ghc_task_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	GhcParts   *part = &task->parts;
	GhcRoom		mine = *room;
	int			left = task->company -
		(query->n_pages + query->n_counts + query->n_lists);

	if (task->company > 0 && left < mine.parts)
		mine.parts = left;
	*part = (GhcParts) {
		.first_page = query->n_pages,
		.first_count = query->n_counts,
		.first_list = query->n_lists,
		.n_ids = -query->n_ids
	};
	if (!task->kind->compose(task, &mine, query))
		return false;
	part->n_pages = query->n_pages - part->first_page;
	part->n_counts = query->n_counts - part->first_count;
	part->n_lists = query->n_lists - part->first_list;
	part->n_ids += query->n_ids;
	return true;
}

/* Is the first thing the task asked for there, and unspoilt? */
static bool
has_answer(const GhcParts *part)
{
	const GhcReply *reply = part->reply;

	if (part->got != NULL)
		return false;
	if (part->n_pages > 0)
		return reply->pages[part->first_page].present &&
			reply->pages[part->first_page].complete;
	if (part->n_counts > 0)
		return reply->counts[part->first_count] >= 0;
	return reply->lists[part->first_list].present;
}

GhcOutcome
ghc_task_absorb(GhcTask *task, int n_parts, const GhcReply *reply,
				const GhcJudgement *judgement, GhcHarvest *stored)
{
	static const GhcJudgement partial = {.verdict = GHC_VERDICT_PARTIAL};
	GhcReception reception = ghc_task_receives(judgement);

	task->parts.reply = reply;
	stored->n = 0;
	if (reception == GHC_RECEPTION_ANSWER)
		task->company = 0;
	else if (judgement->verdict == GHC_VERDICT_TOO_MUCH && has_answer(&task->parts))
		judgement = &partial;
	else if (n_parts > 1 && reception != GHC_RECEPTION_ELSEWHERE)
	{
		task->company = n_parts / 2;
		return GHC_OUTCOME_RETRY;
	}
	return task->kind->absorb(task, judgement, stored);
}

int
ghc_task_rows(int row_limit, const GhcRoom *room)
{
	return row_limit > 0 && row_limit < room->rows ? row_limit : room->rows;
}

int
ghc_task_fewer(int rows)
{
	return rows / 2 >= MIN_ROWS ? rows / 2 : rows;
}

bool
ghc_task_fails(GhcTask *task)
{
	if (++task->attempts <= (task->alone ? MAX_ATTEMPTS_ALONE : MAX_ATTEMPTS))
		return false;
	task->attempts = 0;
	return true;
}

GhcReception
ghc_task_receives(const GhcJudgement *judgement)
{
	switch (judgement->verdict)
	{
		case GHC_VERDICT_OK:
		case GHC_VERDICT_PARTIAL:
			return GHC_RECEPTION_ANSWER;
		case GHC_VERDICT_TOO_SLOW:
		case GHC_VERDICT_TOO_MUCH:
			return GHC_RECEPTION_TOO_MUCH;
		case GHC_VERDICT_SERVER:
		case GHC_VERDICT_GARBAGE:
			return GHC_RECEPTION_FAILURE;
		default:
			return GHC_RECEPTION_ELSEWHERE;
	}
}
