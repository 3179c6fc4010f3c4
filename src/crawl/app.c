/*-------------------------------------------------------------------------
 *
 * app.c
 *	  GitHub Apps and their installations, as this worker knows them; see app.h.
 *
 * A token that GitHub refuses while it should be good is replaced, and if that
 * goes on, ever more slowly: only whoever won't make new ones refuses the
 * installation.
 *
 * IDENTIFICATION
 *	  src/crawl/app.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"

#include "crawl/app.h"
#include "crawl/app_state.h"
#include "store/clock.h"
#include "store/locks.h"

/* The App of an id in ghcrawl.token, or NULL. */
static GhcApp *
find_app(const GhcWorker *worker, int token_id)
{
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (((GhcApp *) lfirst(cell))->row.token_id == token_id)
			return lfirst(cell);
	return NULL;
}

GhcPlace *
ghc_app_find_place(const GhcApp *app, int token_id)
{
	ListCell   *cell;

	foreach(cell, app->installations)
		if (((GhcPlace *) lfirst(cell))->token_id == token_id)
			return lfirst(cell);
	return NULL;
}

bool
ghc_app_holds(const GhcWorker *worker, const GhcPlace *installation)
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

void
ghc_app_forget_text(char **text)
{
	if (*text == NULL)
		return;
	explicit_bzero(*text, strlen(*text));
	pfree(*text);
	*text = NULL;
}

static void
drop_installation(GhcApp *app, GhcPlace *installation)
{
	ghc_app_forget_text(&installation->secret);
	app->installations = list_delete_ptr(app->installations, installation);
	pfree(installation->name);
	pfree(installation);
}

/* A removed App, once its request is over. */
static void
drop_app(GhcWorker *worker, GhcApp *app)
{
	while (app->installations != NIL)
		drop_installation(app, linitial(app->installations));
	if (app->lists)
		ghc_locks_release(GHC_LOCK_APP, app->row.token_id);
	if (app->list != NULL)
		pfree(app->list);
	ghc_app_forget_text(&app->key_problem);
	ghc_app_forget_text(&app->problem);
	pfree(app->row.name);
	pfree(app->row.api_url);
	pfree(app->row.app_id);
	pfree(app->row.file);
	worker->apps = list_delete_ptr(worker->apps, app);
	pfree(app);
}

/* A new question is asked at once, unless it is GitHub who wants us to wait. */
static void
begin_check(GhcApp *app, int question)
{
	ListCell   *cell;

	if (question == 0 || question == app->check_begun)
		return;
	app->check_begun = question;
	if (app->limited)
		return;
	app->not_before_ms = 0;
	app->failures = 0;
	app->list_failed = false;
	foreach(cell, app->installations)
		((GhcPlace *) lfirst(cell))->not_before_ms = 0;
}

/* Rows of Apps don't change but for this. */
static void
take_over_app(GhcWorker *worker, const GhcAppRow *row)
{
	GhcApp	   *app = find_app(worker, row->token_id);

	if (app == NULL)
	{
		app = palloc0(sizeof(GhcApp));
		app->row = *row;
		app->row.name = pstrdup(row->name);
		app->row.api_url = pstrdup(row->api_url);
		app->row.app_id = pstrdup(row->app_id);
		app->row.file = pstrdup(row->file);
		worker->apps = lappend(worker->apps, app);
	}
	begin_check(app, row->check);
	app->row.check = row->check;
	app->present = true;
}

static GhcPlace *
take_over_installation(GhcApp *app, const GhcToken *token)
{
	GhcPlace   *installation = ghc_app_find_place(app, token->token_id);

	if (installation == NULL)
	{
		installation = palloc0(sizeof(GhcPlace));
		installation->token_id = token->token_id;
		installation->id = token->installation_id;
		installation->name = pstrdup(token->name);
		app->installations = lappend(app->installations, installation);
	}
	installation->budget_id = token->budget_id;
	begin_check(app, token->check);
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
		GhcApp	   *app = lfirst(cell);
		List	   *installations = list_copy(app->installations);
		ListCell   *inner;

		foreach(inner, installations)
			if (!((GhcPlace *) lfirst(inner))->present)
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
		GhcApp	   *app = lfirst(cell);

		app->present = false;
		foreach(inner, app->installations)
			((GhcPlace *) lfirst(inner))->present = false;
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
		GhcApp	   *app = token->of_app ? find_app(worker, token->of_app) : NULL;
		GhcPlace   *installation;

		if (app == NULL)
			continue;
		installation = take_over_installation(app, token);
		if (installation->secret != NULL && now_ms < installation->expires_ms)
			token->secret = MemoryContextStrdup(context, installation->secret);
	}
	drop_absent(worker);
	MemoryContextSwitchTo(context);
}

int64
ghc_app_backoff_ms(int attempt, int64 base_ms)
{
	return ghc_backoff_ms(attempt, base_ms, GHC_APP_RETRY_CAP_MS,
						  pg_prng_uint32(&pg_global_prng_state));
}

/* The installation of any App that has this id in ghcrawl.token, or NULL. */
static GhcPlace *
find_maker(const GhcWorker *worker, int token_id)
{
	GhcPlace   *found = NULL;
	ListCell   *cell;

	foreach(cell, worker->apps)
		if (found == NULL)
			found = ghc_app_find_place(lfirst(cell), token_id);
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
	GhcPlace   *one = find_maker(worker, token_id);
	int64		now_ms = ghc_clock_now_ms();

	/* another may have been made since */
	if (one == NULL || one->secret == NULL || sent_ms < one->made_ms)
		return;
	ghc_app_forget_text(&one->secret);
	one->disowned++;
	one->not_before_ms = now_ms;
	if (now_ms - one->made_ms > (one->expires_ms - one->made_ms) / 12)
		one->disowned = 1;
	if (one->disowned > 1)
		one->not_before_ms += ghc_app_backoff_ms(one->disowned - 1, GHC_APP_RETRY_BASE_MS);
}
