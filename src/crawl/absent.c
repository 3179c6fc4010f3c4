/*-------------------------------------------------------------------------
 *
 * absent.c
 *	  The task kind "absent": asks the REST API why repositories aren't shown.
 *
 * GraphQL says of one that is deleted, private or blocked the same: that it knows
 * no such node.  REST tells a block from the others, its reason and since when.  So
 * each that a look-up by id didn't find is asked for once, by a GET of its own.
 *
 * Nothing depends on the answers: where none is to be had, it isn't known why, and the
 * crawl is as complete as it was.  One that is shown after all is looked
 * up by GraphQL again.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/absent.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/task.h"

#include <inttypes.h>
#include <stdlib.h>

static bool absent_read(GhcTask *task, GhcSlice text);
static GhcWant absent_wants(GhcTask *task);
static bool absent_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome absent_absorb(GhcTask *task, const GhcJudgement *judgement,
								GhcHarvest *stored);

const GhcTaskKind ghc_absent_kind = {
	"absent", absent_wants, absent_compose, absent_absorb, absent_read
};

static bool
absent_read(GhcTask *task, GhcSlice text)
{
	GhcMembers	members;
	GhcAbsent  *absent;

	if (!ghc_members_parse(text, &members))
		return false;
	absent = calloc(1, sizeof(GhcAbsent));
	if (absent == NULL)
		return false;
	absent->n = members.n;
	memcpy(absent->ids, members.ids, sizeof(absent->ids));
	task->absent = absent;
	task->range = members.range;
	return true;
}

static GhcWant
absent_wants(GhcTask *task)
{
	(void) task;
	return GHC_WANT_REST;
}

static bool
absent_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	(void) room;
	return ghc_buffer_printf(&query->get.path, "/repositories/%" PRId64,
							 task->absent->ids[task->absent->next]);
}

/* Goes on to the next one. */
static GhcOutcome
advance(GhcTask *task)
{
	task->attempts = 0;
	return ++task->absent->next < task->absent->n ?
		GHC_OUTCOME_MORE : GHC_OUTCOME_DONE;
}

static GhcOutcome
fail(GhcTask *task)
{
	return ghc_task_fails(task) ? advance(task) : GHC_OUTCOME_RETRY;
}

static GhcOutcome
absorb_answer(GhcTask *task, const GhcGot *got)
{
	GhcAbsent  *absent = task->absent;

	memset(&absent->block, 0, sizeof(absent->block));
	absent->fate = GHC_ABSENT_UNCLEAR;
	if (got->status == 404)
	{
		absent->block.reason = "private_or_deleted";
		absent->fate = GHC_ABSENT_GONE;
	}
	else if (got->status == 403 || got->status == 451)
	{
		if (ghc_block_read(&absent->block, got->body, got->len))
			absent->fate = GHC_ABSENT_GONE;
	}
	else if (got->status >= 200 && got->status <= 299)
		absent->fate = GHC_ABSENT_SHOWN;
	absent->answered = absent->ids[absent->next];
	return advance(task);
}

static GhcOutcome
absent_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	(void) stored;
	task->absent->answered = 0;
	task->explained = false;
	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
		case GHC_RECEPTION_FAILURE:
			return fail(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	return absorb_answer(task, task->parts.got);
}
