/*-------------------------------------------------------------------------
 *
 * lane.c
 *	  Lanes: asking with a budget's tokens, taking in the answers.
 *
 * Nothing here touches the database.  What an answer means is worked out in
 * memory and stays there, with the body that its slices point into, until
 * the turn's transaction has committed; so a transaction that fails can be
 * tried again with nothing lost.
 *
 * IDENTIFICATION
 *	  src/crawl/lane.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "crawl/lane.h"
#include "store/clock.h"
#include "store/locks.h"

/* a task is handed on if its lane has to wait longer */
#define PATIENCE_MS 2000

void
ghc_lane_drop_work(GhcWork *work)
{
	ghc_task_release(&work->task);
	ghc_idset_free(&work->refused);
	pfree(work);
}

bool
ghc_lane_is_free(GhcLane *lane, int64 now_ms)
{
	int64		until_ms;

	return lane->budget_id != 0 && lane->work == NULL &&
		lane->transfer == NULL && lane->tokens != NIL &&
		ghc_budget_ready(&lane->meter, 1, now_ms, &until_ms) == GHC_WAIT_NONE;
}

/* The token to ask with: one that is to be checked goes first. */
static GhcToken *
next_token(const GhcLane *lane)
{
	ListCell   *cell;

	foreach(cell, lane->tokens)
		if (((GhcToken *) lfirst(cell))->check)
			return lfirst(cell);
	return linitial(lane->tokens);
}

/* Composes the lane's next query; false if there is nothing to ask. */
static bool
compose(GhcWorker *worker, GhcLane *lane)
{
	bool		ok = true;

	lane->asking = lane->budget_id == 0 || next_token(lane)->check;
	if (lane->asking)
	{
		lane->shape = (GhcShape) {0};
		ghc_query_begin(&lane->query, &lane->shape, true);
	}
	else
	{
		GhcRun	   *run = lane->work ?
			ghc_state_find_run(worker, lane->work->task.crawl_id) : NULL;

		if (run == NULL)
			return false;
		lane->shape = run->crawl.shape;
		ghc_query_begin(&lane->query, &lane->shape, false);
		ok = lane->work->task.kind->compose(&lane->work->task, &lane->query);
	}
	if (!ok || !ghc_query_end(&lane->query))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while composing a query.")));
	lane->points = ghc_query_points(&lane->query);
	return true;
}

static void
send_query(GhcWorker *worker, GhcLane *lane, int64 now_ms)
{
	GhcToken   *token = next_token(lane);
	GhcTransfer *transfer = ghc_net_begin(worker->net);
	char	   *url = ghc_settings_graphql_url(lane->api_url);

	transfer->owner = lane;
	if (!ghc_buffer_puts(&transfer->url, url) ||
		!ghc_buffer_puts(&transfer->authorization, "Bearer ") ||
		!ghc_buffer_puts(&transfer->authorization, token->secret) ||
		!ghc_buffer_append(&transfer->request_body, lane->query.body.data,
						   lane->query.body.len))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	pfree(url);
	lane->token_id = token->token_id;
	lane->transfer = transfer;
	lane->sent_ms = now_ms;
	ghc_budget_send(&lane->meter, lane->points, now_ms);
	ghc_net_send(worker->net, transfer);
}

/* An orphan of a crawl on the lane's host, or NULL. */
static GhcWork *
adopt(GhcWorker *worker, GhcLane *lane)
{
	ListCell   *cell;

	foreach(cell, worker->orphans)
	{
		GhcWork    *work = lfirst(cell);
		GhcRun	   *run = ghc_state_find_run(worker, work->task.crawl_id);

		if (run != NULL && strcmp(run->crawl.api_url, lane->api_url) == 0)
		{
			worker->orphans = foreach_delete_current(worker->orphans, cell);
			return work;
		}
	}
	return NULL;
}

void
ghc_lane_send_all(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);
		int64		now_ms = ghc_clock_now_ms();
		int64		until_ms = 0;

		if (lane->transfer != NULL || lane->tokens == NIL)
			continue;
		if (ghc_lane_is_free(lane, now_ms))
			lane->work = adopt(worker, lane);
		if (!compose(worker, lane))
			continue;
		if (ghc_budget_ready(&lane->meter, lane->points, now_ms,
							 &until_ms) == GHC_WAIT_NONE)
			send_query(worker, lane, now_ms);
		else if (lane->work != NULL && until_ms > now_ms + PATIENCE_MS)
		{
			MemoryContext before = MemoryContextSwitchTo(worker->context);

			worker->orphans = lappend(worker->orphans, lane->work);
			lane->work = NULL;
			MemoryContextSwitchTo(before);
		}
	}
}

static GhcTransport
transport_of(GhcNetResult result)
{
	static const GhcTransport map[] = {
		[GHC_NET_OK] = GHC_TRANSPORT_OK,
		[GHC_NET_REFUSED] = GHC_TRANSPORT_REFUSED,
		[GHC_NET_TLS] = GHC_TRANSPORT_TLS,
		[GHC_NET_TIMEOUT] = GHC_TRANSPORT_TIMEOUT,
		[GHC_NET_BROKEN] = GHC_TRANSPORT_BROKEN,
		[GHC_NET_TOO_LARGE] = GHC_TRANSPORT_TOO_LARGE,
		[GHC_NET_OTHER] = GHC_TRANSPORT_OTHER,
	};

	return map[result];
}

static void
read_headers(GhcHeaders *headers, const GhcBuffer *lines)
{
	const char *at = lines->data;
	const char *end = lines->data + lines->len;

	ghc_headers_init(headers);
	while (at < end)
	{
		const char *eol = memchr(at, '\n', end - at);
		size_t		len = eol ? (size_t) (eol - at) : (size_t) (end - at);

		ghc_headers_add(headers, (GhcSlice) {at, len});
		at += len + 1;
	}
}

/* Reads and judges the answer, and charges the budget for it. */
static void
judge(GhcLane *lane, GhcTransfer *transfer)
{
	int64		now_ms = ghc_clock_now_ms();
	bool		has_body = transfer->result == GHC_NET_OK;
	int64		cost;

	read_headers(&lane->headers, &transfer->headers);
	if (has_body &&
		!ghc_reply_read(&lane->reply, transfer->body.data, transfer->body.len,
						lane->shape.extra != NULL, &lane->arena))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while reading a response of %zu bytes.",
						   transfer->body.len)));
	ghc_classify(&lane->judgement, transport_of(transfer->result),
				 transfer->status, &lane->headers,
				 has_body ? &lane->reply : NULL, now_ms / 1000);
	if (!has_body && transfer->error[0] != '\0')
		snprintf(lane->judgement.reason, sizeof(lane->judgement.reason),
				 "%s", transfer->error);
	cost = has_body ? lane->reply.cost : -1;
	ghc_budget_settle(&lane->meter, &lane->headers, &lane->judgement, cost,
					  transfer->took_ms, now_ms,
					  pg_prng_uint32(&pg_global_prng_state));
	lane->points_used += cost > 0 ? cost : lane->points;
	lane->requests++;
	lane->meter_changed = true;
}

static bool
is_answer(const GhcJudgement *judgement)
{
	return judgement->verdict == GHC_VERDICT_OK ||
		judgement->verdict == GHC_VERDICT_PARTIAL;
}

void
ghc_lane_take_in(GhcWorker *worker, GhcTransfer *transfer)
{
	GhcLane    *lane = transfer->owner;
	GhcWork    *work = lane->work;

	judge(lane, transfer);
	lane->answered = true;
	lane->store = NULL;
	lane->outcome = GHC_OUTCOME_RETRY;
	worker->answers += is_answer(&lane->judgement);
	if (work == NULL || lane->asking)
		return;
	if (work->task.attempts == 0)
		work->answers_before = worker->answers;
	work->task.alone = work->answers_before == worker->answers;
	work->task.took_ms = transfer->took_ms;
	lane->outcome = work->task.kind->absorb(&work->task, &lane->reply,
											&lane->judgement, &lane->store);
}

void
ghc_lane_settle(GhcWorker *worker, GhcLane *lane)
{
	ListCell   *cell;

	/* a token that was refused, or is known now, waits for the next refresh */
	foreach(cell, lane->tokens)
	{
		GhcToken   *token = lfirst(cell);

		if (token->token_id != lane->token_id)
			continue;
		if (lane->asking)
			token->check = false;
		if (lane->judgement.verdict == GHC_VERDICT_BAD_TOKEN ||
			(lane->budget_id == 0 && is_answer(&lane->judgement)))
			lane->tokens = foreach_delete_current(lane->tokens, cell);
	}
	lane->answered = lane->held_up = false;
	lane->store = NULL;
	lane->refused = NIL;
	lane->points_used = 0;
	lane->requests = 0;
	lane->meter_changed = false;
	ghc_arena_reset(&lane->arena);
	if (lane->transfer != NULL)
		ghc_net_release(worker->net, lane->transfer);
	lane->transfer = NULL;
}

void
ghc_lane_end(GhcWorker *worker, GhcLane *lane)
{
	Assert(lane->transfer == NULL);
	if (lane->work != NULL)
	{
		MemoryContext before = MemoryContextSwitchTo(worker->context);

		worker->orphans = lappend(worker->orphans, lane->work);
		MemoryContextSwitchTo(before);
	}
	if (lane->budget_id != 0)
		ghc_locks_release(GHC_LOCK_BUDGET, lane->budget_id);
	else
		ghc_locks_release(GHC_LOCK_TOKEN, lane->token_id);
	ghc_buffer_free(&lane->query.body);
	ghc_arena_free(&lane->arena);
	worker->lanes = list_delete_ptr(worker->lanes, lane);
	pfree(lane->api_url);
	pfree(lane);
}
