/*-------------------------------------------------------------------------
 *
 * app_news.c
 *	  What Apps were told, for the database; see app_news.h.
 *
 * What GitHub refuses is said once in ghcrawl.error, because it isn't asked for
 * again; and so is a key that can't be used, as long as that lasts.
 *
 * IDENTIFICATION
 *	  src/crawl/app_news.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"

#include "crawl/answers.h"
#include "crawl/app_news.h"
#include "crawl/app_state.h"
#include "store/clock.h"
#include "store/errors.h"
#include "store/questions.h"

#define MAX_REASON 190

bool
ghc_app_news_is_due(const GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (((GhcApp *) lfirst(cell))->news != GHC_NEWS_NONE)
			return true;
	return false;
}

static void
answer_check(int token_id, const char *state, const char *reason)
{
	GhcTokenCheck check = {state, reason, -1, -1, 0};

	ghc_questions_check(token_id, &check);
}

static void
write_list(GhcApp *app)
{
	const char *problem = NULL;

	if (app->n_listed == 0)
		problem = app->row.installation_id == 0 ? "it is installed nowhere" :
			psprintf("it has no installation %lld",
					 (long long) app->row.installation_id);
	ghc_apps_write_list(app->row.token_id, app->list, app->n_listed,
						app->list_whole || app->row.installation_id != 0);
	if (problem != NULL)
		ghc_errors_record(0, "token", psprintf("App \"%s\": %s", app->row.name,
											   problem), NULL, 1);
	answer_check(app->row.token_id, "ready", problem);
}

/* Does GitHub refuse what was asked for, for good? */
static bool
is_refused(const GhcApp *app)
{
	switch (app->errand.judgement.verdict)
	{
		case GHC_VERDICT_BAD_TOKEN:
			return true;
		case GHC_VERDICT_FORBIDDEN:
		case GHC_VERDICT_NOT_FOUND:
		case GHC_VERDICT_BAD_QUERY:
			return app->asked_for != 0;
		default:
			return false;
	}
}

/* Answers about the installations that wait for a token from this worker. */
static void
answer_waiting(const GhcWorker *worker, const GhcApp *app, const char *state,
			   const char *reason)
{
	ListCell   *cell;

	foreach(cell, app->installations)
	{
		const GhcPlace *one = lfirst(cell);

		if (one->secret == NULL && ghc_app_holds(worker, one))
			answer_check(one->token_id, state, reason);
	}
}

/* A request failed; what hangs on an App that is refused hears of it, too. */
static void
write_failure(const GhcWorker *worker, GhcApp *app)
{
	GhcVerdict	verdict = app->errand.judgement.verdict;
	char	   *reason = ghc_clean_text(app->errand.judgement.reason, MAX_REASON);
	const GhcPlace *installation = ghc_app_find_place(app, app->asked_for);
	const char *state = is_refused(app) ? "refused" :
		verdict == GHC_VERDICT_SECONDARY || verdict == GHC_VERDICT_EXHAUSTED ?
		"benched" : "unreachable";
	ListCell   *cell;

	ghc_errors_record(0, ghc_verdict_name(verdict),
					  psprintf("App \"%s\": %s",
							   installation ? installation->name : app->row.name,
							   reason), NULL, 1);
	if (verdict == GHC_VERDICT_BAD_TOKEN)
	{
		ghc_tokens_refuse(app->row.token_id, reason);
		foreach(cell, app->installations)
			answer_check(((GhcPlace *) lfirst(cell))->token_id, state, reason);
	}
	else if (is_refused(app))
		ghc_tokens_refuse(app->asked_for, reason);
	/* the App waits now, and all that hangs on it */
	else if (app->asked_for != 0)
		answer_waiting(worker, app, state, reason);
	answer_check(verdict == GHC_VERDICT_BAD_TOKEN || app->asked_for == 0 ?
				 app->row.token_id : app->asked_for, state, reason);
}

static void
write_limited(const GhcWorker *worker, GhcApp *app)
{
	const char *reason = "GitHub's limits of the App are used up for now";

	answer_waiting(worker, app, "benched", reason);
	if (app->lists)
		answer_check(app->row.token_id, "benched", reason);
}

/* The key can't be used; said once, not at every attempt. */
static void
write_key_problem(GhcApp *app)
{
	ListCell   *cell;

	answer_check(app->row.token_id, "unreadable", app->problem);
	foreach(cell, app->installations)
	{
		const GhcPlace *installation = lfirst(cell);

		if (installation->secret == NULL)
			answer_check(installation->token_id, "unreadable", app->problem);
	}
	if (app->key_problem == NULL || strcmp(app->key_problem, app->problem) != 0)
		ghc_errors_record(0, "token", psprintf("key of App \"%s\" can't be used: %s",
											   app->row.name, app->problem), NULL, 1);
}

void
ghc_app_news_write(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
	{
		GhcApp	   *app = lfirst(cell);

		if (app->news == GHC_NEWS_LIST)
			write_list(app);
		else if (app->news == GHC_NEWS_FAILED)
			write_failure(worker, app);
		else if (app->news == GHC_NEWS_LIMITED)
			write_limited(worker, app);
		else if (app->news == GHC_NEWS_KEY)
			write_key_problem(app);
	}
}

/* What follows from news that everybody knows now. */
static void
settle(GhcWorker *worker, GhcApp *app)
{
	int64		now_ms = ghc_clock_now_ms();

	switch (app->news)
	{
		case GHC_NEWS_NONE:
			return;
		case GHC_NEWS_LIST:
			app->page = 0;
			app->row.check = false;
			app->list_ms = now_ms + GHC_APP_LIST_MS * 9 / 10 +
				(int64) (pg_prng_double(&pg_global_prng_state) * GHC_APP_LIST_MS / 5);
			break;
		case GHC_NEWS_FAILED:
			/* it may have been suspended, or removed there */
			if (is_refused(app))
				app->list_ms = 0;
			break;
		case GHC_NEWS_LIMITED:
			break;
		case GHC_NEWS_KEY:
			ghc_app_forget_text(&app->key_problem);
			app->key_problem = app->problem;
			app->problem = NULL;
			app->page = 0;
			app->limited = false;
			app->failures++;
			app->not_before_ms = now_ms + ghc_app_backoff_ms(app->failures, GHC_APP_RETRY_BASE_MS);
			break;
	}
	app->news = GHC_NEWS_NONE;
	worker->refresh = true;
}

void
ghc_app_news_settle(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
		settle(worker, lfirst(cell));
}
