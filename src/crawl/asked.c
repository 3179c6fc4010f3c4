/*-------------------------------------------------------------------------
 *
 * asked.c
 *	  What a worker writes for those who ask; see asked.h.
 *
 * A question is a crawl without data tables to everything but this file.  It
 * is its asker's to remove (asker.c), who holds a lock on it; one whose lock is
 * free was left behind by an asker that was killed.
 *
 * IDENTIFICATION
 *	  src/crawl/asked.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/answers.h"
#include "crawl/asked.h"
#include "crawl/plan.h"
#include "crawl/survey.h"
#include "store/clock.h"
#include "store/locks.h"
#include "store/questions.h"

#define MAX_REASON 190

void
ghc_asked_write(const GhcFlight *flight, GhcWork *work)
{
	const GhcTask *task = &work->task;
	int			id = ghc_questions_id(task->crawl_id);

	work->over = true;
	if (flight->judgement.verdict == GHC_VERDICT_BAD_QUERY)
		ghc_questions_fail(id, ghc_clean_text(flight->judgement.reason, MAX_REASON));
	else if (work->outcome == GHC_OUTCOME_DONE)
		ghc_questions_answer(id, task->survey != NULL ? ghc_survey_estimate(task) :
							 ghc_plan_estimate(task));
	else if (work->outcome == GHC_OUTCOME_GAP)
		ghc_questions_fail(id, psprintf("%s: %s", task->why,
										ghc_clean_text(flight->judgement.reason, MAX_REASON)));
	else
		work->over = false;
}

/* Is a failure one that others would meet as well? */
static bool
is_common(GhcVerdict verdict)
{
	switch (verdict)
	{
		case GHC_VERDICT_OK:
		case GHC_VERDICT_PARTIAL:
		case GHC_VERDICT_EXHAUSTED:
		case GHC_VERDICT_SECONDARY:
		case GHC_VERDICT_BAD_TOKEN:
		case GHC_VERDICT_BAD_QUERY:
			return false;
		default:
			return true;
	}
}

void
ghc_asked_note_failure(GhcWorker *worker, const GhcFlight *flight)
{
	GhcVerdict	verdict = flight->judgement.verdict;
	ListCell   *cell;

	if (!is_common(verdict) && verdict != GHC_VERDICT_OK)
		return;
	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		if (ghc_state_is_question(run) &&
			strcmp(run->crawl.api_url, flight->lane->api_url) == 0)
			ghc_questions_note(ghc_questions_id(run->crawl.crawl_id),
							   verdict == GHC_VERDICT_OK ? NULL :
							   ghc_clean_text(flight->judgement.reason, MAX_REASON));
	}
}

GhcToken *
ghc_asked_token(const GhcFlight *flight)
{
	ListCell   *cell;

	foreach(cell, flight->lane->tokens)
	{
		GhcToken   *token = lfirst(cell);

		if (token->token_id == flight->token_id)
			return token;
	}
	return NULL;
}

void
ghc_asked_write_check(GhcWorker *worker, const GhcFlight *flight,
					  const GhcToken *token)
{
	GhcVerdict	verdict = flight->judgement.verdict;
	bool		answered = verdict == GHC_VERDICT_OK ||
		verdict == GHC_VERDICT_PARTIAL;
	GhcTokenCheck check = {
		.state = answered ? "ready" :
			verdict == GHC_VERDICT_BAD_TOKEN ? "refused" :
			verdict == GHC_VERDICT_SECONDARY ||
			verdict == GHC_VERDICT_EXHAUSTED ? "benched" : "unreachable",
		.reason = answered ? NULL :
			ghc_clean_text(flight->judgement.reason, MAX_REASON),
		.limit = answered ? flight->reading->reply.limit : -1,
		.remaining = answered ? flight->reading->reply.remaining : -1,
		.reset_at = answered && flight->reading->reply.reset_at > 0 ?
			ghc_clock_timestamp(flight->reading->reply.reset_at * 1000) : 0,
	};

	if (!token->check)
		return;
	ghc_questions_check(token->token_id, &check);
	worker->refresh = true;
}

void
ghc_asked_write_unreadable(const GhcToken *token, const char *problem)
{
	GhcTokenCheck check = {"unreadable", problem, -1, -1, 0};

	ghc_questions_check(token->token_id, &check);
}

void
ghc_asked_tidy(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, ghc_questions_list())
	{
		int			id = lfirst_int(cell);

		if (!ghc_locks_take(GHC_LOCK_QUESTION, id))
			continue;
		ghc_questions_delete(id);
		ghc_locks_release(GHC_LOCK_QUESTION, id);
		worker->refresh = true;
	}
}
