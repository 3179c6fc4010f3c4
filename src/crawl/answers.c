/*-------------------------------------------------------------------------
 *
 * answers.c
 *	  Writes what flights brought: repositories, tasks, failures, budgets.
 *
 * Runs within the transaction of a turn (turn.c).  It may run again for the
 * same answers, if that transaction fails; so it changes nothing in memory
 * but the sums of the turn, which are emptied before, and marks of flights and
 * works, which are set anew.  The same holds for repositories (rows.c) and tasks
 * (progress.c).
 *
 * IDENTIFICATION
 *	  src/crawl/answers.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "crawl/answers.h"
#include "crawl/app.h"
#include "crawl/asked.h"
#include "crawl/flight.h"
#include "crawl/get.h"
#include "crawl/meter.h"
#include "crawl/progress.h"
#include "crawl/rows.h"
#include "crawl/starred.h"
#include "crawl/walked.h"
#include "store/errors.h"
#include "store/values.h"

char *
ghc_clean_text(const char *text, size_t max)
{
	int			whole = (int) strlen(text);
	int			len = pg_encoding_mbcliplen(PG_UTF8, text, whole,
											(int) Min(max, (size_t) whole));

	if (pg_verify_mbstr(PG_UTF8, text, len, true))
		return pnstrdup(text, len);
	return pstrdup("unreadable text");
}

int64
ghc_answers_allowance(const GhcRun *run)
{
	if (run->crawl.max_repositories < 0)
		return PG_INT64_MAX;
	return Max(0, run->crawl.max_repositories - run->crawl.seen -
			   run->seen_here - run->counts.seen);
}

/* What a work asks for, as the user may recognise it. */
static const char *
describe(const GhcWork *work)
{
	const GhcTask *task = &work->task;

	if (task->walk != NULL)
		return ghc_walked_text(work);
	if (task->stars != NULL)
		return ghc_starred_text(work);
	return task->nodes != NULL && task->nodes->why == GHC_LOOKUP_FILL ?
		task->nodes->text : ghc_values_range(&task->range);
}

/* Writes down a failure, grouped with those like it. */
static void
write_failure(const GhcFlight *flight)
{
	const char *id = flight->headers.request_id;
	const GhcWork *work = flight->asking ? NULL : linitial(flight->works);
	char	   *reason = ghc_clean_text(flight->judgement.reason, 190);
	char	   *sample = NULL;

	if (work != NULL)
		sample = psprintf("%s%s%s", ghc_clean_text(describe(work), 300),
						  id[0] ? ", request " : "", id);
	else if (id[0])
		sample = psprintf("request %s", id);
	ghc_errors_record(Max(0, flight->crawl_id),
					  ghc_verdict_name(flight->judgement.verdict), reason,
					  sample ? ghc_clean_text(sample, 400) : NULL, 1);
}

/* Is the failure nothing but what the flight's works asked about? */
static bool
is_explained(const GhcFlight *flight)
{
	ListCell   *cell;

	if (flight->works == NIL)
		return false;
	foreach(cell, flight->works)
		if (!((GhcWork *) lfirst(cell))->task.explained)
			return false;
	return true;
}

/* A token is of no more use; one of an installation is only made anew. */
static void
write_refusal(GhcWorker *worker, const GhcFlight *flight)
{
	if (!ghc_app_makes(worker, flight->token_id))
		ghc_tokens_refuse(flight->token_id,
						  ghc_clean_text(flight->judgement.reason, 200));
	worker->refresh = true;
}

/* Whose token it is; says so if it is somebody's that is known already. */
static void
write_budget(const char *api_url, const GhcToken *token, int64 account,
			 const char *login)
{
	int			budget_id = ghc_tokens_set_budget(token->token_id, api_url,
												  account, login);
	char	   *fellow = budget_id == token->budget_id ? NULL :
		ghc_tokens_find_fellow(token->token_id, budget_id);

	if (fellow != NULL)
		ereport(LOG,
				(errmsg("tokens \"%s\" and \"%s\" share the budget of \"%s\"",
						fellow, token->name, login),
				 errhint("Several tokens of one account bring more reliability, not more quota.")));
}

/* An answer to whose token it is. */
static void
write_viewer(GhcWorker *worker, const GhcFlight *flight)
{
	GhcToken   *token = ghc_asked_token(flight);
	int64		account = flight->reading->reply.viewer_id;
	char	   *login;

	if (token == NULL)
		return;					/* removed meanwhile */
	ghc_asked_write_check(worker, flight, token);
	if (!ghc_flight_is_answer(flight))
		return;
	worker->refresh = true;
	if (token->of_app != 0)
	{
		ghc_tokens_accept(token->token_id);
		return;
	}
	/* an installation's token has no viewer: it counts by itself */
	if (account == 0)
	{
		account = -token->token_id;
		login = psprintf("token %s", token->name);
	}
	else if (flight->reading->reply.viewer_login.len == 0)
		login = psprintf("user %lld", (long long) account);
	else
		login = ghc_clean_text(pnstrdup(flight->reading->reply.viewer_login.data,
									flight->reading->reply.viewer_login.len), 100);
	write_budget(flight->lane->api_url, token, account, login);
}

/*
 * GitHub will never take such a query: the crawl fails, after the turn.  Unless it
 * is about a cursor, which may have been spoiled on its way to us.
 */
static void
note_bad_query(const GhcFlight *flight, GhcRun *run)
{
	if (flight->judgement.verdict != GHC_VERDICT_BAD_QUERY ||
		ghc_state_cursors(flight) != GHC_CURSORS_NONE || run->ends != NULL)
		return;
	run->ends = "failed";
	run->reason = ghc_clean_text(flight->judgement.reason, 200);
}

/* What the works of a flight have come to. */
static void
write_works(GhcWorker *worker, GhcFlight *flight, GhcRun *run, List **progress)
{
	ListCell   *cell;

	if (run != NULL && !ghc_state_is_question(run))
	{
		if (ghc_get_is(flight))
			run->counts.rest_requests++;
		else
			run->counts.requests++;
		run->counts.points += flight->points_used;
		run->counts.wire_bytes += flight->transfer->wire_bytes;
		note_bad_query(flight, run);
	}
	foreach(cell, flight->works)
	{
		GhcWork    *work = lfirst(cell);

		/* paused meanwhile, or cancelled; then there is no claim any more */
		if (run == NULL)
			ghc_tasks_requeue(&work->row, worker->no);
		if (run != NULL && ghc_state_is_question(run))
			ghc_asked_write(flight, work);
		/* the claim stays, for the end to drop or for the next refresh */
		else if (run == NULL || run->ends != NULL)
			work->over = true;
		else
		{
			ghc_starred_store(worker, work, flight, run);
			ghc_progress_note(worker, work, flight, run, progress);
		}
	}
}

static void
write_answer(GhcWorker *worker, GhcFlight *flight, List **progress)
{
	GhcRun	   *run = flight->asking ? NULL :
		ghc_state_find_run(worker, flight->crawl_id);
	GhcVerdict	verdict = flight->judgement.verdict;

	if (verdict != GHC_VERDICT_OK && !is_explained(flight))
		write_failure(flight);
	if (flight->asking || (run != NULL && ghc_state_is_question(run)))
		ghc_asked_note_failure(worker, flight);
	if (verdict == GHC_VERDICT_BAD_TOKEN)
		write_refusal(worker, flight);
	if (flight->asking)
		write_viewer(worker, flight);
	else
		write_works(worker, flight, run, progress);
}

void
ghc_answers_write(GhcWorker *worker)
{
	List	   *progress = NIL;
	ListCell   *cell;

	ghc_rows_store(worker);
	foreach(cell, worker->flights)
	{
		GhcFlight  *flight = lfirst(cell);

		if (flight->answered && !flight->given_up)
			write_answer(worker, flight, &progress);
	}
	ghc_progress_write(worker, progress);
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->meter_changed && lane->budget_id != 0)
			ghc_meter_save(lane, false);
		else if (lane->meter_changed)
			ghc_meter_save_bench(lane);
	}
}
