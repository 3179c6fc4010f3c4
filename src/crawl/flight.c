/*-------------------------------------------------------------------------
 *
 * flight.c
 *	  Flights: requests, from composing them to judging their answers.
 *
 * A flight carries works of one crawl that want the same sort of thing, as
 * many as its host does well with; the crawl is the one whose turn it is
 * (share.h).  A flight to the REST API carries one; it goes beside those of
 * GraphQL, since GitHub counts the two apart.
 *
 * Nothing here touches the database.  What an answer means is worked out in
 * memory and stays there, with the body that its slices point into, until
 * the turn's transaction has committed; so a transaction that fails can be
 * tried again with nothing lost.
 *
 * IDENTIFICATION
 *	  src/crawl/flight.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "crawl/details.h"
#include "crawl/flight.h"
#include "crawl/get.h"
#include "crawl/host.h"
#include "crawl/lane.h"
#include "crawl/share.h"
#include "store/clock.h"

/* memory of so many answers, each with an arena of 128 kB or more, is kept */
#define IDLE_READINGS 8

static void
out_of_memory(const char *doing)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Failed while %s.", doing)));
}

void
ghc_flight_drop_work(GhcWorker *worker, GhcWork *work)
{
	worker->works = list_delete_ptr(worker->works, work);
	ghc_task_release(&work->task);
	ghc_idset_free(&work->refused);
	ghc_idset_free(&work->lacking);
	pfree(work);
}

/* A flight without works, in memory of the worker. */
static GhcFlight *
begin_flight(GhcWorker *worker, GhcLane *lane)
{
	GhcFlight  *flight;

	if (worker->idle_flights != NIL)
	{
		flight = llast(worker->idle_flights);
		worker->idle_flights = list_delete_last(worker->idle_flights);
	}
	else
		flight = palloc0(sizeof(GhcFlight));
	flight->lane = lane;
	return flight;
}

/* Keeps the memory of an answer for another, if there isn't enough of it. */
static void
end_reading(GhcWorker *worker, GhcReading *reading)
{
	if (list_length(worker->idle_readings) < IDLE_READINGS)
	{
		ghc_arena_reset(&reading->arena);
		worker->idle_readings = lappend(worker->idle_readings, reading);
		return;
	}
	ghc_arena_free(&reading->arena);
	pfree(reading);
}

/* Empties a flight and keeps it, with its buffers, for another time. */
static void
put_away(GhcWorker *worker, GhcFlight *flight)
{
	GhcQuery	query = flight->query;

	list_free(flight->works);
	if (flight->reading != NULL)
		end_reading(worker, flight->reading);
	memset(flight, 0, sizeof(*flight));
	flight->query = query;
	worker->idle_flights = lappend(worker->idle_flights, flight);
}

void
ghc_flight_end(GhcWorker *worker, GhcFlight *flight)
{
	MemoryContext before = MemoryContextSwitchTo(worker->context);
	ListCell   *cell;

	foreach(cell, flight->works)
		((GhcWork *) lfirst(cell))->in_flight = false;
	if (flight->transfer != NULL)
	{
		ghc_net_release(worker->net, flight->transfer);
		flight->lane->n_flights--;
		worker->flights = list_delete_ptr(worker->flights, flight);
	}
	put_away(worker, flight);
	MemoryContextSwitchTo(before);
}

/* ---------------------------------------------------------------------------
 * composing
 * ---------------------------------------------------------------------------
 */

/* Does a work of a run wait for a flight that takes of a resource? */
static bool
is_waiting(const GhcWorker *worker, const GhcLane *lane, const GhcRun *run,
		   GhcResource resource)
{
	GhcResource takes;
	ListCell   *cell;

	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);

		if (!work->in_flight && work->task.crawl_id == run->crawl.crawl_id &&
			ghc_state_takes(work, &takes) && takes == resource &&
			(resource != GHC_RESOURCE_CORE || ghc_get_may_take(worker, lane, &work->task)))
			return true;
	}
	return false;
}

bool
ghc_flight_is_for(const GhcLane *lane, const GhcRun *run)
{
	return strcmp(run->crawl.api_url, lane->api_url) == 0;
}

/* The run whose turn it is on a lane, of those that have works waiting. */
static GhcRun *
choose_run(GhcWorker *worker, const GhcLane *lane, GhcResource resource)
{
	GhcRun	   *chosen = NULL;
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		/* one that the turn ended is gone after the next */
		if (!ghc_flight_is_for(lane, run) || run->ends != NULL ||
			!is_waiting(worker, lane, run, resource))
			continue;
		/* somebody is waiting at the prompt */
		if (ghc_state_is_question(run))
			return run;
		run->pass = ghc_share_join(run->pass, lane->host->pass);
		if (chosen == NULL || run->pass < chosen->pass)
			chosen = run;
	}
	return chosen;
}

/* Asks whose token it is. */
static void
compose_asking(GhcFlight *flight)
{
	flight->asking = true;
	flight->shape = (GhcShape) {0};
	ghc_query_begin(&flight->query, &flight->shape, true);
}

/* How many parts the query has by now. */
static int
count_parts(const GhcQuery *query)
{
	return query->n_pages + query->n_counts + query->n_lists;
}

/* Starts a query of the sort that the first of its works wants. */
static GhcRoom
begin_works(GhcFlight *flight, GhcRun *run, const GhcTask *task, GhcWant want,
			int *ids)
{
	GhcPiece	piece = want == GHC_WANT_PAGES ?
		ghc_details_choose(flight->lane, run) : task->piece;
	GhcRoom		room;

	flight->want = want;
	flight->piece = piece;
	/* the run may be gone when the answer comes */
	flight->shape = ghc_host_shape(flight->lane->host, ghc_details_shape(run, piece));
	flight->crawl_id = run->crawl.crawl_id;
	ghc_query_begin(&flight->query, &flight->shape, false);
	room = ghc_host_room(flight->lane, &flight->shape, want);
	if (ghc_state_is_question(run))
		ghc_host_look_ahead(flight->lane, &flight->shape, &room);
	*ids = want != GHC_WANT_LIST ? PG_INT32_MAX :
		ghc_host_ids(flight->lane->host, &flight->shape, &room);
	return room;
}

/* Puts the first work of a run that asks the REST API into the flight. */
static void
compose_get(GhcWorker *worker, GhcFlight *flight, GhcRun *run)
{
	static const GhcRoom room = {.parts = 1,.rows = 1};
	ListCell   *cell;

	flight->want = GHC_WANT_REST;
	flight->crawl_id = run->crawl.crawl_id;
	flight->n_parts = 1;
	flight->shape = ghc_host_shape(flight->lane->host, &run->crawl.shape);
	ghc_query_begin(&flight->query, &flight->shape, false);
	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);

		if (work->in_flight || work->task.crawl_id != run->crawl.crawl_id ||
			work->task.kind->wants(&work->task) != GHC_WANT_REST ||
			!ghc_get_may_take(worker, flight->lane, &work->task))
			continue;
		if (!ghc_task_compose(&work->task, &room, &flight->query) ||
			flight->query.get.path.failed || flight->query.get.etag.failed)
			out_of_memory("composing a request");
		flight->works = lappend(flight->works, work);
		return;
	}
}

/* Puts works of a run into the flight, as long as there is room. */
static void
compose_works(GhcWorker *worker, GhcFlight *flight, GhcRun *run)
{
	GhcRoom		room = {0};
	int			ids = 0;		/* that may be looked up */
	ListCell   *cell;

	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);
		GhcTask    *task = &work->task;
		GhcWant		want;

		if (work->in_flight || task->crawl_id != run->crawl.crawl_id)
			continue;
		want = task->kind->wants(task);
		if (want == GHC_WANT_REST || want == GHC_WANT_NOTHING)
			continue;
		if (flight->works == NIL)
			room = begin_works(flight, run, task, want, &ids);
		else if (want != flight->want ||
				 (want == GHC_WANT_LIST && task->piece != flight->piece) ||
				 (task->company > 0 && flight->n_parts >= task->company))
			continue;
		task->piece = flight->piece;
		if (!ghc_task_compose(task, &room, &flight->query))
			out_of_memory("composing a query");
		flight->works = lappend(flight->works, work);
		room.parts -= count_parts(&flight->query) - flight->n_parts;
		flight->n_parts = count_parts(&flight->query);
		if (task->company > 0)
			room.parts = Min(room.parts, task->company - flight->n_parts);
		if (want == GHC_WANT_LIST)
			ids -= task->parts.n_ids;
		room.rows = Min(room.rows, ids);
		if (room.parts <= 0 || ids <= 0)
			break;
	}
}

/* Composes the lane's next request of a resource. */
static GhcFlight *
compose(GhcWorker *worker, GhcLane *lane, GhcRun *run, GhcResource resource)
{
	GhcFlight  *flight = begin_flight(worker, lane);

	if (resource == GHC_RESOURCE_CORE)
	{
		compose_get(worker, flight, run);
		flight->outlay = lane->next[resource] = ghc_get_outlay(flight);
		return flight;
	}
	if (run == NULL)
		compose_asking(flight);
	else
		compose_works(worker, flight, run);
	if (!ghc_query_end(&flight->query))
		out_of_memory("composing a query");
	flight->outlay = (GhcOutlay) {
		GHC_RESOURCE_GRAPHQL, ghc_query_points(&flight->query),
		ghc_host_expected_ms(lane->host, flight)
	};
	lane->next[resource] = flight->outlay;
	return flight;
}

/* ---------------------------------------------------------------------------
 * sending
 * ---------------------------------------------------------------------------
 */

/* Fills in a query. */
static void
fill_query(const GhcFlight *flight, GhcTransfer *transfer)
{
	char	   *url = ghc_settings_graphql_url(flight->lane->api_url);

	ghc_buffer_puts(&transfer->url, url);
	ghc_buffer_append(&transfer->request_body, flight->query.body.data,
					  flight->query.body.len);
	pfree(url);
}

static void
send_flight(GhcWorker *worker, GhcFlight *flight, GhcRun *run, int64 now_ms)
{
	GhcLane    *lane = flight->lane;
	GhcToken   *token = ghc_get_is(flight) ? ghc_get_token(flight) : ghc_lane_token(lane);
	GhcTransfer *transfer = ghc_net_begin(worker->net);
	ListCell   *cell;

	transfer->owner = flight;
	if (ghc_get_is(flight))
		ghc_get_fill(flight, transfer);
	else
		fill_query(flight, transfer);
	ghc_buffer_puts(&transfer->authorization, "Bearer ");
	ghc_buffer_puts(&transfer->authorization, token->secret);
	if (transfer->url.failed || transfer->request_body.failed ||
		transfer->authorization.failed || transfer->line.failed)
		out_of_memory("sending a request");
	flight->token_id = token->token_id;
	flight->transfer = transfer;
	flight->sent_ms = now_ms;
	foreach(cell, flight->works)
		((GhcWork *) lfirst(cell))->in_flight = true;
	if (run != NULL)
	{
		lane->host->pass = Max(lane->host->pass, run->pass);
		run->pass += ghc_share_step(run->crawl.priority, flight->outlay.points);
		run->explorer.sent += flight->want == GHC_WANT_PAGES;
	}
	worker->flights = lappend(worker->flights, flight);
	lane->n_flights++;
	ghc_host_note_sent(lane->host, flight);
	ghc_budget_send(&lane->meter, &flight->outlay, now_ms, &flight->reservation);
	ghc_net_send(worker->net, transfer);
}

/* Is it being asked already whose the lane's token is? */
static bool
is_asking(const GhcWorker *worker, const GhcLane *lane)
{
	ListCell   *cell;

	foreach(cell, worker->flights)
	{
		const GhcFlight *flight = lfirst(cell);

		if (flight->lane == lane && flight->asking)
			return true;
	}
	return false;
}

/* Sends a lane's next request of a resource; false if it has none, or has to wait. */
static bool
send_one(GhcWorker *worker, GhcLane *lane, GhcResource resource)
{
	int64		now_ms = ghc_clock_now_ms();
	int64		until_ms;
	GhcRun	   *run = NULL;
	GhcFlight  *flight;

	if (lane->tokens == NIL ||
		ghc_lane_ready(lane, resource, now_ms, &until_ms) != GHC_WAIT_NONE)
		return false;
	if (ghc_lane_is_to_ask(lane))
	{
		if (resource != GHC_RESOURCE_GRAPHQL || is_asking(worker, lane))
			return false;
	}
	else if ((run = choose_run(worker, lane, resource)) == NULL)
		return false;
	flight = compose(worker, lane, run, resource);
	if (ghc_lane_ready(lane, resource, now_ms, &until_ms) != GHC_WAIT_NONE)
	{
		ghc_flight_end(worker, flight);
		return false;
	}
	send_flight(worker, flight, run, now_ms);
	return true;
}

/* Is there anything to ask the REST API? */
static bool
has_gets(const GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
		if (((GhcRun *) lfirst(cell))->gets)
			return true;
	return false;
}

void
ghc_flight_send_all(GhcWorker *worker)
{
	MemoryContext before = MemoryContextSwitchTo(worker->context);
	bool		gets = has_gets(worker);
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		while (send_one(worker, lfirst(cell), GHC_RESOURCE_GRAPHQL))
			;
		while (gets && send_one(worker, lfirst(cell), GHC_RESOURCE_CORE))
			;
	}
	MemoryContextSwitchTo(before);
}

/* ---------------------------------------------------------------------------
 * taking in
 * ---------------------------------------------------------------------------
 */

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

bool
ghc_flight_is_answer(const GhcFlight *flight)
{
	return flight->judgement.verdict == GHC_VERDICT_OK ||
		flight->judgement.verdict == GHC_VERDICT_PARTIAL;
}

/* Remembers why whom a refusal concerns has to wait; see ghc_budget_settle. */
static void
note_bench(const GhcFlight *flight)
{
	GhcLane    *lane = flight->lane;
	GhcResource resource = flight->outlay.resource;
	bool		concerns_all = flight->judgement.verdict != GHC_VERDICT_EXHAUSTED;

	for (int i = 0; i < GHC_RESOURCE_COUNT; i++)
		if (concerns_all || i == (int) resource)
			lane->benched_by[i] = flight->judgement.verdict;
	if (concerns_all || resource == GHC_RESOURCE_GRAPHQL)
		strlcpy(lane->benched_for, flight->judgement.reason, sizeof(lane->benched_for));
}

/* Charges the budget for the answer. */
static void
settle_meter(GhcFlight *flight, int64 cost)
{
	GhcLane    *lane = flight->lane;

	ghc_budget_settle(&lane->meter, &flight->reservation, &flight->headers,
					  &flight->judgement, cost, flight->transfer->took_ms,
					  ghc_clock_now_ms(), pg_prng_uint32(&pg_global_prng_state));
	lane->meter_changed = true;
	if (ghc_get_is(flight))
	{
		lane->gets++;
		lane->not_modified += flight->transfer->status == 304;
	}
	else
	{
		flight->points_used = cost > 0 ? cost : flight->outlay.points;
		lane->points_used += flight->points_used;
		lane->requests++;
	}
	if (!ghc_flight_is_answer(flight))
		note_bench(flight);
}

/* Memory for an answer, the one that was used last. */
static GhcReading *
begin_reading(GhcWorker *worker)
{
	GhcReading *reading;

	if (worker->idle_readings == NIL)
		return MemoryContextAllocZero(worker->context, sizeof(GhcReading));
	reading = llast(worker->idle_readings);
	worker->idle_readings = list_delete_last(worker->idle_readings);
	return reading;
}

/* Reads and judges the answer to a query. */
static void
judge_query(GhcFlight *flight)
{
	GhcTransfer *transfer = flight->transfer;
	bool		has_body = transfer->result == GHC_NET_OK;

	if (!has_body)
		ghc_reply_clear(&flight->reading->reply);
	else if (!ghc_reply_read(&flight->reading->reply, transfer->body.data,
							 transfer->body.len, flight->shape.extra != NULL,
							 &flight->reading->arena))
		out_of_memory("reading a response");
	ghc_classify(&flight->judgement, transport_of(transfer->result),
				 transfer->status, &flight->headers,
				 has_body ? &flight->reading->reply : NULL, ghc_clock_now_ms() / 1000);
	if (flight->judgement.verdict == GHC_VERDICT_TOO_MUCH)
		ghc_reply_strike(&flight->reading->reply, GHC_SLICE("RESOURCE_LIMITS_EXCEEDED"));
}

/* Reads and judges the answer. */
static void
judge(GhcFlight *flight)
{
	GhcTransfer *transfer = flight->transfer;
	bool		has_body = transfer->result == GHC_NET_OK;
	int64		cost = -1;

	ghc_headers_read(&flight->headers, (GhcSlice) {
		transfer->headers.data, transfer->headers.len
	});
	if (ghc_get_is(flight))
		ghc_get_judge(flight, transport_of(transfer->result), &cost);
	else
		judge_query(flight);
	if (has_body && !ghc_get_is(flight))
		cost = flight->reading->reply.cost;
	if (!has_body && transfer->error[0] != '\0')
		snprintf(flight->judgement.reason, sizeof(flight->judgement.reason),
				 "%s", transfer->error);
	settle_meter(flight, cost);
}

/* Counts the answer in ghcrawl.requests. */
static void
note_traffic(GhcWorker *worker, const GhcFlight *flight)
{
	const GhcTransfer *transfer = flight->transfer;
	GhcTrafficNote note = {
		.api_url = flight->lane->api_url,
		.kind = ghc_get_is(flight) ? "rest" : ghc_traffic_kind(&flight->query),
		.status = transfer->status,
		.verdict = flight->judgement.verdict,
		.expected_points = ghc_get_is(flight) ? 0 : flight->outlay.points,
		.reply = transfer->result == GHC_NET_OK ? &flight->reading->reply : NULL,
		.arrived_ms = ghc_clock_now_ms(),
		.took_ms = transfer->took_ms,
		.wire_bytes = transfer->wire_bytes,
	};

	ghc_traffic_note(&worker->traffic, &note);
}

static void
absorb(GhcWorker *worker, GhcFlight *flight, GhcWork *work)
{
	GhcTask    *task = &work->task;

	if (task->attempts == 0)
		work->answers_before = worker->answers;
	task->alone = work->answers_before == worker->answers;
	task->took_ms = flight->transfer->took_ms;
	task->parts.got = ghc_get_is(flight) ? &flight->reading->got : NULL;
	work->outcome = ghc_task_absorb(task, flight->n_parts, &flight->reading->reply,
									&flight->judgement, &work->stored);
}

int
ghc_flight_take_in(GhcWorker *worker, GhcTransfer *transfer)
{
	GhcFlight  *flight = transfer->owner;
	ListCell   *cell;

	flight->reading = begin_reading(worker);
	judge(flight);
	note_traffic(worker, flight);
	flight->answered = true;
	worker->answers += ghc_flight_is_answer(flight);
	ghc_host_learn(flight->lane->host, flight);
	foreach(cell, flight->works)
		absorb(worker, flight, lfirst(cell));
	return ghc_flight_rows(flight);
}

int
ghc_flight_rows(const GhcFlight *flight)
{
	int			n = 0;
	ListCell   *cell;

	foreach(cell, flight->works)
	{
		const GhcWork *work = lfirst(cell);

		for (int i = 0; i < work->stored.n; i++)
			n += work->stored.pages[i]->n;
	}
	return n;
}
