/*-------------------------------------------------------------------------
 *
 * refresh.c
 *	  What a worker knows of crawls, tokens and budgets, read anew.
 *
 * Others change these while the worker runs: users start, pause and cancel
 * crawls, add and remove tokens; workers come and go.  Everything is read
 * first and then taken over in memory; what is written comes last, and is
 * written again by the next refresh if the transaction fails.
 *
 * Budgets are shared out among the live workers: each takes locks on no more
 * than its share, and gives idle ones back when another worker came.
 *
 * IDENTIFICATION
 *	  src/crawl/refresh.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "crawl/app.h"
#include "crawl/asked.h"
#include "crawl/claim.h"
#include "crawl/details.h"
#include "crawl/host.h"
#include "crawl/lane.h"
#include "crawl/meter.h"
#include "crawl/refresh.h"
#include "store/clock.h"
#include "store/errors.h"
#include "store/locks.h"
#include "store/history.h"
#include "store/retention.h"
#include "store/token_file.h"
#include "store/tombstones.h"
#include "store/workers.h"

#define MAX_WORKERS 64

/* tasks aren't kept from other workers for so long */
#define LONG_WAIT_MS 60000

/* nor those that are begun for so long, as their pages have to be read again */
#define LONG_WAIT_BEGUN_MS (5 * 60 * 1000)

/* what a request takes isn't known before the first one */
#define FIRST_EXPECTED_MS 1000

/* how often one worker looks for what is too old */
#define FORGET_MS (60 * 60 * 1000)

/* Replaces a string that lives as long as the worker. */
static void
set_text(GhcWorker *worker, char **target, const char *text)
{
	if (*target != NULL && text != NULL && strcmp(*target, text) == 0)
		return;
	if (*target != NULL)
		pfree(*target);
	*target = text ? MemoryContextStrdup(worker->context, text) : NULL;
}

static void
take_over_crawl(GhcWorker *worker, GhcRun *run, const GhcCrawl *crawl)
{
	char	   *extra = unconstify(char *, run->crawl.shape.extra);

	run->crawl.crawl_id = crawl->crawl_id;
	run->crawl.priority = crawl->priority;
	run->crawl.max_repositories = crawl->max_repositories;
	run->crawl.seen = crawl->seen;
	run->crawl.is_list = crawl->is_list;
	run->crawl.looks_up = crawl->looks_up;
	run->seen_here = 0;
	run->crawl.shape.fields = crawl->shape.fields;
	set_text(worker, &extra, crawl->shape.extra);
	run->crawl.shape.extra = extra;
	set_text(worker, &run->crawl.api_url, crawl->api_url);
	set_text(worker, &run->crawl.data_schema, crawl->data_schema);
	ghc_split(&run->crawl.shape, &run->split);
	run->crawl.walks = crawl->walks;
	run->crawl.gets_only = crawl->gets_only;
	run->gets |= crawl->walks || crawl->gets_only;
	run->present = true;
	run->exhausted = false;
	run->rewinds = true;
}

static void
take_over_crawls(GhcWorker *worker, List *crawls)
{
	List	   *before = worker->runs;
	List	   *after = NIL;
	ListCell   *cell;

	foreach(cell, before)
		((GhcRun *) lfirst(cell))->present = false;
	foreach(cell, crawls)
	{
		const GhcCrawl *crawl = lfirst(cell);
		GhcRun	   *run = ghc_state_find_run(worker, crawl->crawl_id);

		if (run == NULL)
		{
			run = MemoryContextAllocZero(worker->context, sizeof(GhcRun));
			run->after = GHC_TASKS_HEAD;
		}
		take_over_crawl(worker, run, crawl);
		after = lappend(after, run);
	}
	foreach(cell, before)
	{
		GhcRun	   *run = lfirst(cell);

		if (run->present)
			continue;
		pfree(run->crawl.api_url);
		pfree(run->crawl.data_schema);
		if (run->crawl.shape.extra)
			pfree(unconstify(char *, run->crawl.shape.extra));
		pfree(run);
	}
	worker->runs = after;
	list_free(before);
}

/* Reads what was learnt before of the crawls' hosts, and by crawls before. */
static void
recall(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		ghc_host_recall(worker, run);
		if (run->basis.began_at == 0)
			ghc_details_begin(run);
	}
}

static GhcLane *
find_lane(GhcWorker *worker, int budget_id, int token_id)
{
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->budget_id == budget_id &&
			(budget_id != 0 || lane->token_id == token_id))
			return lane;
	}
	return NULL;
}

static GhcLane *
make_lane(GhcWorker *worker, const char *api_url, const GhcLimits *limits)
{
	GhcLane    *lane = palloc0(sizeof(GhcLane));

	lane->api_url = pstrdup(api_url);
	lane->host = ghc_host_of(worker, api_url);
	ghc_budget_init(&lane->meter, limits);
	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		lane->next[i] = (GhcOutlay) {i, 1, FIRST_EXPECTED_MS};
	worker->lanes = lappend(worker->lanes, lane);
	return lane;
}

/* How many budgets this worker may hold; notes whether it is the only one. */
static int
fair_share(GhcWorker *worker, int n_budgets)
{
	int			pids[MAX_WORKERS];
	int			n_workers = ghc_workers_pids(pids, MAX_WORKERS);

	worker->is_alone = n_workers <= 1;
	return worker->is_alone ? n_budgets : (n_budgets + n_workers - 1) / n_workers;
}

/* Could a budget be used now, by what was last written of it? */
static bool
is_ready(const GhcBudgetRow *row)
{
	TimestampTz now = GetCurrentTimestamp();

	return row->benched_until <= now &&
		(row->remaining != 0 || row->reset_at <= now);
}

static void
take_over_budgets(GhcWorker *worker, List *budgets, int share)
{
	int			held = 0;
	ListCell   *cell;

	worker->others_ready = false;
	foreach(cell, budgets)
	{
		const GhcBudgetRow *row = lfirst(cell);
		GhcLimits	limits = ghc_meter_limits(row);
		GhcLane    *lane = find_lane(worker, row->budget_id, 0);

		if (!ghc_state_is_wanted(worker, row->api_url))
			continue;
		if (lane == NULL && held < share &&
			ghc_locks_take(GHC_LOCK_BUDGET, row->budget_id))
		{
			lane = make_lane(worker, row->api_url, &limits);
			lane->budget_id = row->budget_id;
			ghc_meter_take_over(lane, row);
		}
		else if (lane == NULL || held >= share)
		{
			/* what is under way there is finished first */
			worker->others_ready |= is_ready(row);
			continue;
		}
		ghc_budget_set_limits(&lane->meter, &limits);
		lane->present = true;
		held++;
	}
}

/* The lane that uses a token, made if the token is one nobody asked about. */
static GhcLane *
lane_of_token(GhcWorker *worker, const GhcToken *token)
{
	GhcLane    *lane = find_lane(worker, token->budget_id, token->token_id);

	if (token->budget_id != 0 || !ghc_state_is_wanted(worker, token->api_url))
		return lane;
	if (lane == NULL && ghc_locks_take(GHC_LOCK_TOKEN, token->token_id))
	{
		lane = make_lane(worker, token->api_url, &ghc_budget_github_limits);
		lane->token_id = token->token_id;
		ghc_meter_take_over_bench(lane, token);
	}
	if (lane != NULL)
		lane->present = true;
	return lane;
}

/*
 * Gives lanes their tokens; the old ones go with their context.  No token goes
 * to another address than its own, whatever the row of its budget says.
 */
static void
take_over_tokens(GhcWorker *worker, List *tokens, MemoryContext context)
{
	ListCell   *cell;

	foreach(cell, worker->lanes)
		((GhcLane *) lfirst(cell))->tokens = NIL;
	foreach(cell, tokens)
	{
		GhcToken   *token = lfirst(cell);
		GhcLane    *lane;

		MemoryContextSwitchTo(worker->context);
		lane = lane_of_token(worker, token);
		MemoryContextSwitchTo(context);
		if (lane != NULL && lane->present && token->secret != NULL &&
			strcmp(lane->api_url, token->api_url) == 0)
			lane->tokens = lappend(lane->tokens, token);
	}
	MemoryContextSwitchTo(worker->context);
	if (worker->tokens != NULL)
		MemoryContextDelete(worker->tokens);
	MemoryContextSetParent(context, worker->context);
	worker->tokens = context;
}

static void
end_lanes(GhcWorker *worker)
{
	List	   *lanes = list_copy(worker->lanes);
	ListCell   *cell;

	foreach(cell, lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->present || lane->n_flights > 0)
			continue;
		if (lane->budget_id != 0)
			ghc_meter_save(lane, true);
		ghc_lane_end(worker, lane);
	}
	list_free(lanes);
}

/* The tokens, with the secrets that are kept in files. */
static List *
load_tokens(GhcWorker *worker)
{
	List	   *tokens = ghc_tokens_load();
	MemoryContext context = CurrentMemoryContext;
	ListCell   *cell;

	ghc_app_refresh(worker, tokens);
	foreach(cell, tokens)
	{
		GhcToken   *token = lfirst(cell);
		char	   *problem = NULL;

		if (token->file == NULL)
			continue;
		token->secret = ghc_token_file_read(token->file, &problem);
		if (token->secret == NULL && token->check)
			ghc_asked_write_unreadable(token, problem);
		if (token->secret != NULL ||
			list_member_int(worker->unreadable, token->token_id))
			continue;
		/* said once, not every two seconds */
		ghc_errors_record(0, "token", psprintf("token \"%s\" can't be used: %s",
											   token->name, problem), NULL, 1);
		MemoryContextSwitchTo(worker->context);
		worker->unreadable = lappend_int(worker->unreadable, token->token_id);
		MemoryContextSwitchTo(context);
	}
	return tokens;
}

/* Does this worker have a task of the crawl in hand? */
static bool
has_in_hand(GhcWorker *worker, int64 crawl_id)
{
	ListCell   *cell;

	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);

		if (work->task.crawl_id == crawl_id && !work->over)
			return true;
	}
	return false;
}

/*
 * When a lane will be ready for a task that this worker may keep: 0 if no token
 * is left for it.
 */
static int64
ready_at_ms(GhcWorker *worker, GhcWork *work, int64 now_ms)
{
	const GhcRun *run = ghc_state_find_run(worker, work->task.crawl_id);
	GhcResource resource;
	int64		earliest_ms = 0;
	ListCell   *cell;

	(void) ghc_state_takes(work, &resource);
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);
		int64		until_ms;

		if (run == NULL || lane->budget_id == 0 || lane->tokens == NIL ||
			strcmp(lane->api_url, run->crawl.api_url) != 0)
			continue;
		(void) ghc_lane_ready(lane, resource, now_ms, &until_ms);
		until_ms = Max(until_ms, now_ms);
		if (earliest_ms == 0 || until_ms < earliest_ms)
			earliest_ms = until_ms;
	}
	return earliest_ms;
}

/*
 * Tasks of crawls that were paused or cancelled go back, and those that no
 * token is left for are for others to take; so are those not begun yet, if
 * there are others and all our budgets have to wait, and those that are begun, if
 * it is for long and others needn't.
 */
static void
give_back_works(GhcWorker *worker)
{
	int64		now_ms = ghc_clock_now_ms();
	ListCell   *cell;

	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);
		int64		ready_ms;

		if (work->in_flight || work->held_up)
			continue;
		ready_ms = ready_at_ms(worker, work, now_ms);
		if (ready_ms != 0 &&
			(worker->is_alone || ready_ms < now_ms + LONG_WAIT_MS ||
			 (work->task.pages > 0 && (!worker->others_ready ||
									   ready_ms < now_ms + LONG_WAIT_BEGUN_MS))))
			continue;
		ghc_tasks_requeue(&work->row, worker->no);
		ghc_claim_expect(ghc_state_find_run(worker, work->task.crawl_id),
						 work->task.position);
		work->over = true;
	}
}

/*
 * Makes room for what comes, deletes what is too old, bit by bit; the first
 * worker does it for all.
 */
static void
forget(GhcWorker *worker)
{
	int64		now_ms = ghc_clock_now_ms();
	int64		since_ms = now_ms - worker->forgot_ms;

	if (worker->no != 1 ||
		(worker->forgot_ms != 0 && since_ms >= 0 && since_ms < FORGET_MS))
		return;
	if (ghc_history_tend(ghc_history_retention_min) &&
		(ghc_retention_min < 0 || !ghc_retention_apply(ghc_retention_min)))
		worker->forgot_ms = now_ms;
}

/*
 * A claim in our name that we know nothing of was a predecessor's, or came with
 * a dump that was restored while we ran.
 */
static void
release_strangers(GhcWorker *worker, const int64 *crawls, int n_crawls)
{
	int			n = 0;
	int64	   *in_hand = palloc((list_length(worker->works) + 1) * sizeof(int64));
	ListCell   *cell;

	foreach(cell, worker->works)
		in_hand[n++] = ((GhcWork *) lfirst(cell))->task.task_id;
	ghc_tasks_release(crawls, n_crawls, worker->no, in_hand, n);
}

void
ghc_refresh_tidy(GhcWorker *worker)
{
	int			n = 0;
	int64	   *crawls = palloc((list_length(worker->runs) + 1) * sizeof(int64));
	ListCell   *cell;

	foreach(cell, worker->runs)
		if (!((GhcRun *) lfirst(cell))->held_up)
			crawls[n++] = ((GhcRun *) lfirst(cell))->crawl.crawl_id;
	(void) ghc_tasks_release_dead(crawls, n);
	release_strangers(worker, crawls, n);
	give_back_works(worker);
	forget(worker);
	ghc_host_keep(worker, ghc_clock_now_ms(), false);
	ghc_asked_tidy(worker);
	for (int i = 0; i < n; i++)
		if (!has_in_hand(worker, crawls[i]) && ghc_crawls_end_if_done(crawls[i]))
			worker->refresh = true;
}

/*
 * Whose repositories are whose must be known while owners are forgotten.  If that can't
 * be read, it is a crawl that fails and not the worker.
 */
static void
mind_owners(GhcWorker *worker, List *crawls)
{
	ListCell   *cell;

	foreach(cell, crawls)
	{
		GhcCrawl   *crawl = lfirst(cell);

		/* a question stores nothing */
		if (crawl->data_schema[0] == '\0')
			continue;
		worker->storing = crawl->crawl_id;
		if (ghc_tombstones_has_owners(crawl->data_schema))
			crawl->shape.fields |= GHC_FIELD_BIT(GHC_FIELD_OWNER_ID);
		worker->storing = 0;
	}
}

void
ghc_refresh(GhcWorker *worker)
{
	MemoryContext before = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(worker->turn,
												  "ghcrawl tokens",
												  ALLOCSET_SMALL_SIZES);
	List	   *crawls = ghc_crawls_load();
	List	   *budgets = ghc_budgets_load();
	int			share = fair_share(worker, list_length(budgets));
	List	   *tokens;
	ListCell   *cell;

	mind_owners(worker, crawls);
	MemoryContextSwitchTo(context);
	tokens = load_tokens(worker);

	MemoryContextSwitchTo(worker->context);
	take_over_crawls(worker, crawls);
	foreach(cell, worker->lanes)
		((GhcLane *) lfirst(cell))->present = false;
	take_over_budgets(worker, budgets, share);
	take_over_tokens(worker, tokens, context);
	end_lanes(worker);

	MemoryContextSwitchTo(before);
	recall(worker);
	worker->refresh = false;
	worker->refreshed_ms = ghc_clock_now_ms();
}
