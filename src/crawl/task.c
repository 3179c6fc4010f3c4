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

#include "github/selection.h"

/* replies in a row that may fail before it must be what was asked for */
#define MAX_ATTEMPTS 8
#define MAX_ATTEMPTS_ALONE 32

const GhcTaskKind *
ghc_task_kind(const char *name)
{
	static const GhcTaskKind *const kinds[] = {
		&ghc_search_kind, &ghc_plan_kind, &ghc_nodes_kind, &ghc_sweep_kind
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
	task->cut = NULL;
	task->plan = NULL;
	task->nodes = NULL;
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
