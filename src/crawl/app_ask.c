/*-------------------------------------------------------------------------
 *
 * app_ask.c
 *	  What Apps ask GitHub, and what it answers; see app_ask.h.
 *
 * GitHub holds an App's claims against its own clock, and says when a token
 * ends by it; how far ours is off is known from the Date of each answer.  A
 * claim that is refused is made once more by that, then it is the App that is
 * refused.
 *
 * A token is renewed some time before its end, the old one stays in use
 * meanwhile.
 *
 * IDENTIFICATION
 *	  src/crawl/app_ask.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"

#include "crawl/app_ask.h"
#include "crawl/app_state.h"
#include "store/clock.h"
#include "store/locks.h"

/* installations are listed in pages of so many */
#define PAGE_ROWS 100
#define MAX_PAGES 100

#define LIMIT_BASE_MS (60 * 1000)

/* whoever asks of an App doesn't wait for so long */
#define LONG_WAIT_MS (65 * 1000)

/* The installation that needs a new token most, or NULL. */
static GhcPlace *
next_installation(const GhcWorker *worker, const GhcApp *app, int64 now_ms)
{
	GhcPlace   *best = NULL;
	ListCell   *cell;

	foreach(cell, app->installations)
	{
		GhcPlace   *one = lfirst(cell);

		if (now_ms < one->not_before_ms ||
			(one->secret != NULL && now_ms < one->renew_ms) ||
			!ghc_app_holds(worker, one))
			continue;
		if (best == NULL || (best->secret != NULL && one->secret == NULL))
			best = one;
	}
	return best;
}

static void
send_errand(GhcWorker *worker, GhcApp *app, const char *path, bool post)
{
	const char *problem = ghc_errand_send(&app->errand, worker->net, &app->row,
										  path, post,
										  ghc_clock_now_ms() / 1000 + app->ahead_s);

	if (problem == NULL)
		return;
	app->problem = MemoryContextStrdup(worker->context, problem);
	app->news = GHC_NEWS_KEY;
}

/* A list that failed is asked for again after a token was: that may still go. */
static void
send_next(GhcWorker *worker, GhcApp *app, int64 now_ms)
{
	GhcPlace   *installation = next_installation(worker, app, now_ms);

	if (app->page == 0 && app->lists &&
		(app->row.check || now_ms >= app->list_ms) &&
		(installation == NULL || !app->list_failed))
	{
		app->page = 1;
		app->n_listed = 0;
	}
	if (app->page > 0)
	{
		app->asked_for = 0;
		send_errand(worker, app,
					psprintf("/app/installations?per_page=%d&page=%d",
							 PAGE_ROWS, app->page), false);
		return;
	}
	if (installation == NULL)
		return;
	app->asked_for = installation->token_id;
	send_errand(worker, app,
				psprintf("/app/installations/%lld/access_tokens",
						 (long long) installation->id), true);
}

/* A clock that jumped back must not keep anything waiting. */
static void
mend_times(GhcApp *app, int64 now_ms)
{
	ListCell   *cell;

	app->not_before_ms = Min(app->not_before_ms, now_ms + GHC_APP_LIST_MS);
	app->list_ms = Min(app->list_ms, now_ms + 2 * GHC_APP_LIST_MS);
	foreach(cell, app->installations)
	{
		GhcPlace   *one = lfirst(cell);

		one->not_before_ms = Min(one->not_before_ms, now_ms + 2 * GHC_APP_RETRY_CAP_MS);
		one->made_ms = Min(one->made_ms, now_ms);
	}
}

/* Does somebody want to know of what hangs on the App's next request? */
static bool
is_asked_about(const GhcWorker *worker, const GhcApp *app)
{
	ListCell   *cell;

	if (app->row.check && app->lists)
		return true;
	foreach(cell, app->installations)
	{
		const GhcPlace *one = lfirst(cell);

		if (one->check && one->secret == NULL && ghc_app_holds(worker, one))
			return true;
	}
	return false;
}

/* May the App ask?  If it has to wait for long, whoever asks of it is told. */
static bool
may_ask(const GhcWorker *worker, GhcApp *app, int64 now_ms)
{
	if (now_ms >= app->not_before_ms)
		return true;
	if (app->limited && app->not_before_ms > now_ms + LONG_WAIT_MS &&
		is_asked_about(worker, app))
		app->news = GHC_NEWS_LIMITED;
	return false;
}

void
ghc_app_ask_all(GhcWorker *worker)
{
	int64		now_ms = ghc_clock_now_ms();
	ListCell   *cell;

	foreach(cell, worker->apps)
	{
		GhcApp	   *app = lfirst(cell);

		mend_times(app, now_ms);
		if (!app->present || app->errand.transfer != NULL ||
			app->news != GHC_NEWS_NONE ||
			!ghc_state_is_wanted(worker, app->row.api_url))
			continue;
		if (!app->lists)
			app->lists = ghc_locks_take(GHC_LOCK_APP, app->row.token_id);
		if (may_ask(worker, app, now_ms))
			send_next(worker, app, now_ms);
	}
}

static void
set_garbage(GhcApp *app, const char *reason)
{
	app->errand.judgement.verdict = GHC_VERDICT_GARBAGE;
	app->errand.judgement.wait_s = -1;
	strlcpy(app->errand.judgement.reason, reason,
			sizeof(app->errand.judgement.reason));
}

/* A token was made, for so long as GitHub says. */
static void
take_token(GhcWorker *worker, GhcApp *app, int64 now_ms)
{
	GhcBuffer  *body = &app->errand.transfer->body;
	GhcPlace   *installation = ghc_app_find_place(app, app->asked_for);
	GhcRestToken token;
	int64		life_ms;

	if (!ghc_rest_read_token(&token, body->data, body->len))
		set_garbage(app, "the answer holds no token");
	else if (installation != NULL)
	{
		ghc_app_forget_text(&installation->secret);
		installation->secret = palloc(token.token.len + 1);
		memcpy(installation->secret, token.token.data, token.token.len);
		installation->secret[token.token.len] = '\0';
		installation->expires_ms = (token.expires_at - app->ahead_s) * 1000;
		life_ms = Max(0, installation->expires_ms - now_ms);
		installation->made_ms = now_ms;
		/* one that is over already must not make us ask at once */
		installation->not_before_ms = now_ms + GHC_APP_RETRY_BASE_MS;
		/* an hour's token between seven and eleven minutes before its end */
		installation->renew_ms = installation->expires_ms - life_ms / 8 -
			(int64) (pg_prng_double(&pg_global_prng_state) * life_ms / 16);
		worker->refresh = true;
	}
}

/* A page of the list; of an App that uses one installation that one only. */
static void
take_list(GhcApp *app)
{
	GhcBuffer  *body = &app->errand.transfer->body;
	GhcInstallation *rows = palloc(PAGE_ROWS * sizeof(GhcInstallation));
	int			n = ghc_rest_read_installations(rows, PAGE_ROWS, body->data,
												body->len);
	int64		wanted = app->row.installation_id;
	bool		found = false;

	if (app->list == NULL)
		app->list = palloc(PAGE_ROWS * sizeof(GhcInstallation));
	else
		app->list = repalloc(app->list, (app->n_listed + PAGE_ROWS) *
							 sizeof(GhcInstallation));
	for (int i = 0; i < n; i++)
		if (wanted == 0 || rows[i].id == wanted)
		{
			app->list[app->n_listed++] = rows[i];
			found = wanted != 0;
		}
	pfree(rows);
	if (n < 0)
	{
		set_garbage(app, "the answer is no list of installations");
		return;
	}
	app->list_whole = !app->errand.headers.has_next;
	if (app->list_whole || found || app->page >= MAX_PAGES)
		app->news = GHC_NEWS_LIST;
	else
		app->page++;
}

/* How long the App has to wait after a failure. */
static int64
failure_wait(GhcApp *app)
{
	const GhcJudgement *judgement = &app->errand.judgement;
	bool		limit = judgement->verdict == GHC_VERDICT_SECONDARY ||
		judgement->verdict == GHC_VERDICT_EXHAUSTED;

	app->limited = limit || judgement->wait_s >= 0;
	if (judgement->wait_s >= 0)
		return judgement->wait_s * 1000 + ghc_app_backoff_ms(1, GHC_APP_RETRY_BASE_MS);
	return ghc_app_backoff_ms(app->failures, limit ? LIMIT_BASE_MS : GHC_APP_RETRY_BASE_MS);
}

static void
note_outcome(GhcApp *app, int64 now_ms)
{
	const GhcHeaders *headers = &app->errand.headers;
	GhcVerdict	verdict = app->errand.judgement.verdict;

	if (verdict == GHC_VERDICT_OK)
	{
		app->failures = 0;
		app->claimed_again = false;
		app->list_failed = app->list_failed && app->asked_for != 0;
		ghc_app_forget_text(&app->key_problem);
		app->limited = headers->remaining == 0 && headers->date > 0;
		if (app->limited)
			app->not_before_ms = now_ms +
				Max(0, headers->reset_at - headers->date) * 1000;
		return;
	}
	if (verdict == GHC_VERDICT_BAD_TOKEN && !app->claimed_again)
	{
		app->claimed_again = true;	/* by the clock that we know now */
		return;
	}
	app->failures++;
	app->not_before_ms = now_ms + failure_wait(app);
	app->list_failed = app->asked_for == 0;
	app->page = 0;
	app->news = GHC_NEWS_FAILED;
}

bool
ghc_app_ask_take_in(GhcWorker *worker, GhcTransfer *transfer)
{
	int64		now_ms = ghc_clock_now_ms();
	MemoryContext before;
	GhcApp	   *app = NULL;
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (((GhcApp *) lfirst(cell))->errand.transfer == transfer)
			app = lfirst(cell);
	if (app == NULL)
		return false;
	before = MemoryContextSwitchTo(worker->context);
	ghc_errand_judge(&app->errand, now_ms / 1000);
	if (app->errand.headers.date > 0)
		app->ahead_s = app->errand.headers.date - now_ms / 1000;
	if (app->errand.judgement.verdict == GHC_VERDICT_OK)
	{
		if (app->asked_for != 0)
			take_token(worker, app, now_ms);
		else
			take_list(app);
	}
	note_outcome(app, now_ms);
	ghc_errand_end(&app->errand, worker->net);
	MemoryContextSwitchTo(before);
	return true;
}
