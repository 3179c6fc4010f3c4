/*-------------------------------------------------------------------------
 *
 * app.c
 *	  GitHub Apps: where they are installed, and tokens for that; see app.h.
 *
 * GitHub holds an App's claims against its own clock, and says when a token
 * ends by it; how far ours is off is known from the Date of each answer.  A
 * claim that is refused is made once more by that, then it is the App that is
 * refused.
 *
 * A token is renewed some time before its end, the old one stays in use
 * meanwhile.  One that GitHub refuses while it should be good is replaced, and
 * if that goes on, ever more slowly: only whoever won't make new ones refuses
 * the installation.
 *
 * IDENTIFICATION
 *	  src/crawl/app.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"

#include "crawl/answers.h"
#include "crawl/app.h"
#include "crawl/errand.h"
#include "store/clock.h"
#include "store/errors.h"
#include "store/locks.h"
#include "store/questions.h"

#define MAX_REASON 190

/* installations are asked for so often, in pages of so many */
#define LIST_MS (60 * 60 * INT64CONST(1000))
#define PAGE_ROWS 100
#define MAX_PAGES 100

#define RETRY_BASE_MS 1000
#define RETRY_CAP_MS (5 * 60 * 1000)
#define LIMIT_BASE_MS (60 * 1000)

/* an installation, and its secret if this worker needs one */
typedef struct Installation
{
	int			token_id;
	int			budget_id;		/* 0: it was refused and is to be checked */
	int64		id;
	char	   *name;
	bool		check;
	char	   *secret;			/* NULL: none yet */
	int64		made_ms;		/* these by our clock */
	int64		renew_ms;
	int64		expires_ms;
	int64		not_before_ms;	/* not to be asked for again */
	int			disowned;		/* young ones that were refused in a row */
	bool		present;
} Installation;

typedef enum News
{
	NEWS_NONE,
	NEWS_LIST,					/* where it is installed */
	NEWS_FAILED,				/* a request failed; see the judgement */
	NEWS_KEY,					/* its key can't be used */
} News;

typedef struct App
{
	GhcAppRow	row;
	List	   *installations;	/* Installation */
	bool		lists;			/* we hold its lock: it is us who ask where it
								 * is installed */
	int64		list_ms;		/* when to, next; 0: now */
	int64		not_before_ms;	/* no request of any kind */
	int			failures;		/* requests in a row */
	int64		ahead_s;		/* GitHub's clock of ours */
	bool		claimed_again;	/* its claims were refused once */
	char	   *key_problem;	/* as it was last written; NULL: none */

	/* the request under way, or just answered */
	GhcErrand	errand;
	int			asked_for;		/* token_id of an installation; 0: the list */
	int			page;			/* of a list being read; 0: none */
	GhcInstallation *list;
	int			n_listed;
	bool		list_whole;
	News		news;			/* to be written */
	char	   *problem;		/* of its key */
	bool		present;
} App;

/* ---------------------------------------------------------------------------
 * what there is
 * ---------------------------------------------------------------------------
 */

static App *
find_app(const GhcWorker *worker, int token_id)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (((App *) lfirst(cell))->row.token_id == token_id)
			return lfirst(cell);
	return NULL;
}

static Installation *
find_installation(const App *app, int token_id)
{
	ListCell   *cell;

	foreach(cell, app->installations)
		if (((Installation *) lfirst(cell))->token_id == token_id)
			return lfirst(cell);
	return NULL;
}

/* Frees a text, which may be a secret. */
static void
forget_text(char **text)
{
	if (*text == NULL)
		return;
	explicit_bzero(*text, strlen(*text));
	pfree(*text);
	*text = NULL;
}

static void
drop_installation(App *app, Installation *installation)
{
	forget_text(&installation->secret);
	app->installations = list_delete_ptr(app->installations, installation);
	pfree(installation->name);
	pfree(installation);
}

/* A removed App, once its request is over. */
static void
drop_app(GhcWorker *worker, App *app)
{
	while (app->installations != NIL)
		drop_installation(app, linitial(app->installations));
	if (app->lists)
		ghc_locks_release(GHC_LOCK_APP, app->row.token_id);
	if (app->list != NULL)
		pfree(app->list);
	forget_text(&app->key_problem);
	forget_text(&app->problem);
	pfree(app->row.name);
	pfree(app->row.api_url);
	pfree(app->row.app_id);
	pfree(app->row.file);
	worker->apps = list_delete_ptr(worker->apps, app);
	pfree(app);
}

/* Rows of Apps don't change but for this. */
static void
take_over_app(GhcWorker *worker, const GhcAppRow *row)
{
	App		   *app = find_app(worker, row->token_id);

	if (app == NULL)
	{
		app = palloc0(sizeof(App));
		app->row = *row;
		app->row.name = pstrdup(row->name);
		app->row.api_url = pstrdup(row->api_url);
		app->row.app_id = pstrdup(row->app_id);
		app->row.file = pstrdup(row->file);
		worker->apps = lappend(worker->apps, app);
	}
	app->row.check = row->check;
	app->present = true;
}

static Installation *
take_over_installation(App *app, const GhcToken *token)
{
	Installation *installation = find_installation(app, token->token_id);

	if (installation == NULL)
	{
		installation = palloc0(sizeof(Installation));
		installation->token_id = token->token_id;
		installation->id = token->installation_id;
		installation->name = pstrdup(token->name);
		app->installations = lappend(app->installations, installation);
	}
	installation->budget_id = token->budget_id;
	installation->check = token->check;
	installation->present = true;
	return installation;
}

static void
drop_absent(GhcWorker *worker)
{
	List	   *apps = list_copy(worker->apps);
	ListCell   *cell;

	foreach(cell, apps)
	{
		App		   *app = lfirst(cell);
		List	   *installations = list_copy(app->installations);
		ListCell   *inner;

		foreach(inner, installations)
			if (!((Installation *) lfirst(inner))->present)
				drop_installation(app, lfirst(inner));
		list_free(installations);
		if (!app->present && app->errand.transfer == NULL)
			drop_app(worker, app);
	}
	list_free(apps);
}

static void
mark_all_absent(GhcWorker *worker)
{
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, worker->apps)
	{
		App		   *app = lfirst(cell);

		app->present = false;
		foreach(inner, app->installations)
			((Installation *) lfirst(inner))->present = false;
	}
}

void
ghc_app_refresh(GhcWorker *worker, List *tokens)
{
	List	   *rows = ghc_apps_load();
	int64		now_ms = ghc_clock_now_ms();
	MemoryContext context = MemoryContextSwitchTo(worker->context);
	ListCell   *cell;

	mark_all_absent(worker);
	foreach(cell, rows)
		take_over_app(worker, lfirst(cell));
	foreach(cell, tokens)
	{
		GhcToken   *token = lfirst(cell);
		App		   *app = token->of_app ? find_app(worker, token->of_app) : NULL;
		Installation *installation;

		if (app == NULL)
			continue;
		installation = take_over_installation(app, token);
		if (installation->secret != NULL && now_ms < installation->expires_ms)
			token->secret = MemoryContextStrdup(context, installation->secret);
	}
	drop_absent(worker);
	MemoryContextSwitchTo(context);
}

/* ---------------------------------------------------------------------------
 * asking
 * ---------------------------------------------------------------------------
 */

static bool
is_wanted(const GhcWorker *worker, const char *api_url)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
		if (strcmp(((GhcRun *) lfirst(cell))->crawl.api_url, api_url) == 0)
			return true;
	return false;
}

/* Is the installation's budget, or token, in our hands? */
static bool
is_held(const GhcWorker *worker, const Installation *installation)
{
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		const GhcLane *lane = lfirst(cell);

		if (lane->budget_id != 0 ? lane->budget_id == installation->budget_id :
			lane->token_id == installation->token_id)
			return true;
	}
	return false;
}

/* The installation that needs a new token most, or NULL. */
static Installation *
next_installation(const GhcWorker *worker, const App *app, int64 now_ms)
{
	Installation *best = NULL;
	ListCell   *cell;

	foreach(cell, app->installations)
	{
		Installation *one = lfirst(cell);

		if (now_ms < one->not_before_ms ||
			(one->secret != NULL && now_ms < one->renew_ms) ||
			!is_held(worker, one))
			continue;
		if (best == NULL || (best->secret != NULL && one->secret == NULL))
			best = one;
	}
	return best;
}

static void
send_errand(GhcWorker *worker, App *app, const char *path, bool post)
{
	const char *problem = ghc_errand_send(&app->errand, worker->net, &app->row,
										  path, post,
										  ghc_clock_now_ms() / 1000 + app->ahead_s);

	if (problem == NULL)
		return;
	app->problem = MemoryContextStrdup(worker->context, problem);
	app->news = NEWS_KEY;
}

static void
send_next(GhcWorker *worker, App *app, int64 now_ms)
{
	Installation *installation;

	if (app->page == 0 && app->lists &&
		(app->row.check || now_ms >= app->list_ms))
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
	installation = next_installation(worker, app, now_ms);
	if (installation == NULL)
		return;
	app->asked_for = installation->token_id;
	send_errand(worker, app,
				psprintf("/app/installations/%lld/access_tokens",
						 (long long) installation->id), true);
}

/* A clock that jumped back must not keep anything waiting. */
static void
mend_times(App *app, int64 now_ms)
{
	ListCell   *cell;

	app->not_before_ms = Min(app->not_before_ms, now_ms + LIST_MS);
	app->list_ms = Min(app->list_ms, now_ms + 2 * LIST_MS);
	foreach(cell, app->installations)
	{
		Installation *one = lfirst(cell);

		one->not_before_ms = Min(one->not_before_ms, now_ms + 2 * RETRY_CAP_MS);
		one->made_ms = Min(one->made_ms, now_ms);
	}
}

void
ghc_app_send_all(GhcWorker *worker)
{
	int64		now_ms = ghc_clock_now_ms();
	ListCell   *cell;

	foreach(cell, worker->apps)
	{
		App		   *app = lfirst(cell);

		mend_times(app, now_ms);
		if (!app->present || app->errand.transfer != NULL ||
			app->news != NEWS_NONE || now_ms < app->not_before_ms ||
			!is_wanted(worker, app->row.api_url))
			continue;
		if (!app->lists)
			app->lists = ghc_locks_take(GHC_LOCK_APP, app->row.token_id);
		send_next(worker, app, now_ms);
	}
}

/* ---------------------------------------------------------------------------
 * answers
 * ---------------------------------------------------------------------------
 */

static int64
backoff(int attempt, int64 base_ms)
{
	return ghc_backoff_ms(attempt, base_ms, RETRY_CAP_MS,
						  pg_prng_uint32(&pg_global_prng_state));
}

static void
set_garbage(App *app, const char *reason)
{
	app->errand.judgement.verdict = GHC_VERDICT_GARBAGE;
	app->errand.judgement.wait_s = -1;
	strlcpy(app->errand.judgement.reason, reason,
			sizeof(app->errand.judgement.reason));
}

/* A token was made, for so long as GitHub says. */
static void
take_token(GhcWorker *worker, App *app, int64 now_ms)
{
	GhcBuffer  *body = &app->errand.transfer->body;
	Installation *installation = find_installation(app, app->asked_for);
	GhcRestToken token;
	int64		life_ms;

	if (!ghc_rest_read_token(&token, body->data, body->len))
		set_garbage(app, "the answer holds no token");
	else if (installation != NULL)
	{
		forget_text(&installation->secret);
		installation->secret = palloc(token.token.len + 1);
		memcpy(installation->secret, token.token.data, token.token.len);
		installation->secret[token.token.len] = '\0';
		installation->expires_ms = (token.expires_at - app->ahead_s) * 1000;
		life_ms = Max(0, installation->expires_ms - now_ms);
		installation->made_ms = now_ms;
		/* an hour's token between seven and eleven minutes before its end */
		installation->renew_ms = installation->expires_ms - life_ms / 8 -
			(int64) (pg_prng_double(&pg_global_prng_state) * life_ms / 16);
		worker->refresh = true;
	}
}

/* A page of the list; of an App that uses one installation that one only. */
static void
take_list(App *app)
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
		app->news = NEWS_LIST;
	else
		app->page++;
}

/* How long the App has to wait after a failure. */
static int64
failure_wait(App *app)
{
	const GhcJudgement *judgement = &app->errand.judgement;
	bool		limit = judgement->verdict == GHC_VERDICT_SECONDARY ||
		judgement->verdict == GHC_VERDICT_EXHAUSTED;

	if (judgement->wait_s >= 0)
		return judgement->wait_s * 1000 + backoff(1, RETRY_BASE_MS);
	return backoff(app->failures, limit ? LIMIT_BASE_MS : RETRY_BASE_MS);
}

static void
note_outcome(App *app, int64 now_ms)
{
	const GhcHeaders *headers = &app->errand.headers;
	GhcVerdict	verdict = app->errand.judgement.verdict;

	if (verdict == GHC_VERDICT_OK)
	{
		app->failures = 0;
		app->claimed_again = false;
		forget_text(&app->key_problem);
		if (headers->remaining == 0 && headers->date > 0)
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
	app->page = 0;
	app->news = NEWS_FAILED;
}

bool
ghc_app_take_in(GhcWorker *worker, GhcTransfer *transfer)
{
	int64		now_ms = ghc_clock_now_ms();
	MemoryContext before;
	App		   *app = NULL;
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (((App *) lfirst(cell))->errand.transfer == transfer)
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

/* The installation of any App that has this id in ghcrawl.token, or NULL. */
static Installation *
find_maker(const GhcWorker *worker, int token_id)
{
	Installation *found = NULL;
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (found == NULL)
			found = find_installation(lfirst(cell), token_id);
	return found;
}

bool
ghc_app_makes(const GhcWorker *worker, int token_id)
{
	return find_maker(worker, token_id) != NULL;
}

void
ghc_app_disown(GhcWorker *worker, int token_id, int64 sent_ms)
{
	Installation *one = find_maker(worker, token_id);
	int64		now_ms = ghc_clock_now_ms();

	/* another may have been made since */
	if (one == NULL || one->secret == NULL || sent_ms < one->made_ms)
		return;
	forget_text(&one->secret);
	one->disowned++;
	one->not_before_ms = now_ms;
	if (now_ms - one->made_ms > (one->expires_ms - one->made_ms) / 12)
		one->disowned = 1;
	if (one->disowned > 1)
		one->not_before_ms += backoff(one->disowned - 1, RETRY_BASE_MS);
}

/* ---------------------------------------------------------------------------
 * writing
 * ---------------------------------------------------------------------------
 */

bool
ghc_app_is_due(const GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (((App *) lfirst(cell))->news != NEWS_NONE)
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
write_list(App *app)
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
is_refused(const App *app)
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

/* A request failed; what hangs on an App that is refused hears of it, too. */
static void
write_failure(App *app)
{
	GhcVerdict	verdict = app->errand.judgement.verdict;
	char	   *reason = ghc_clean_text(app->errand.judgement.reason, MAX_REASON);
	const Installation *installation = find_installation(app, app->asked_for);
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
		ghc_apps_refuse(app->row.token_id, reason);
		foreach(cell, app->installations)
			answer_check(((Installation *) lfirst(cell))->token_id, state, reason);
	}
	else if (is_refused(app))
		ghc_tokens_refuse(app->asked_for, reason);
	answer_check(verdict == GHC_VERDICT_BAD_TOKEN || app->asked_for == 0 ?
				 app->row.token_id : app->asked_for, state, reason);
}

/* The key can't be used; said once, not at every attempt. */
static void
write_key_problem(App *app)
{
	ListCell   *cell;

	answer_check(app->row.token_id, "unreadable", app->problem);
	foreach(cell, app->installations)
	{
		const Installation *installation = lfirst(cell);

		if (installation->secret == NULL)
			answer_check(installation->token_id, "unreadable", app->problem);
	}
	if (app->key_problem == NULL || strcmp(app->key_problem, app->problem) != 0)
		ghc_errors_record(0, "token", psprintf("key of App \"%s\" can't be used: %s",
											   app->row.name, app->problem), NULL, 1);
}

void
ghc_app_write(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
	{
		App		   *app = lfirst(cell);

		if (app->news == NEWS_LIST)
			write_list(app);
		else if (app->news == NEWS_FAILED)
			write_failure(app);
		else if (app->news == NEWS_KEY)
			write_key_problem(app);
	}
}

/* What follows from news that everybody knows now. */
static void
settle(GhcWorker *worker, App *app)
{
	int64		now_ms = ghc_clock_now_ms();

	switch (app->news)
	{
		case NEWS_NONE:
			return;
		case NEWS_LIST:
			app->page = 0;
			app->row.check = false;
			app->list_ms = now_ms + LIST_MS * 9 / 10 +
				(int64) (pg_prng_double(&pg_global_prng_state) * LIST_MS / 5);
			break;
		case NEWS_FAILED:
			/* it may have been suspended, or removed there */
			if (is_refused(app))
				app->list_ms = 0;
			break;
		case NEWS_KEY:
			forget_text(&app->key_problem);
			app->key_problem = app->problem;
			app->problem = NULL;
			app->page = 0;
			app->failures++;
			app->not_before_ms = now_ms + backoff(app->failures, RETRY_BASE_MS);
			break;
	}
	app->news = NEWS_NONE;
	worker->refresh = true;
}

void
ghc_app_settle(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
		settle(worker, lfirst(cell));
}
