/*-------------------------------------------------------------------------
 *
 * get.c
 *	  Flights that ask the REST API; see get.h.
 *
 * They take of the budget's REST requests, and share with GraphQL only what
 * GitHub counts together: requests at once, response time, secondary limits.  A
 * path is ours alone; no address that GitHub sends is ever followed.
 *
 * IDENTIFICATION
 *	  src/crawl/get.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/settings.h"
#include "crawl/get.h"
#include "crawl/lane.h"
#include "store/clock.h"

/* what a GET takes isn't known before the first one */
#define FIRST_EXPECTED_MS 500

/* how fast that follows */
#define GAIN (1.0 / 16)

static const char *const lines[] = {
	"Accept: application/vnd.github+json",
	"X-GitHub-Api-Version: 2022-11-28",
	NULL
};

/* The lane's token of that id, or NULL. */
static GhcToken *
find_token(const GhcLane *lane, int token_id)
{
	ListCell   *cell;

	foreach(cell, lane->tokens)
		if (((GhcToken *) lfirst(cell))->token_id == token_id)
			return lfirst(cell);
	return NULL;
}

bool
ghc_get_may_take(const GhcWorker *worker, const GhcLane *lane, const GhcTask *task)
{
	ListCell   *cell;

	if (task->token_id == 0 || find_token(lane, task->token_id) != NULL)
		return true;
	foreach(cell, worker->lanes)
		if (find_token(lfirst(cell), task->token_id) != NULL)
			return false;
	return true;
}

GhcToken *
ghc_get_token(GhcFlight *flight)
{
	const GhcWork *work = linitial(flight->works);
	GhcToken   *token = find_token(flight->lane, work->task.token_id);

	if (token != NULL)
		return token;
	ghc_buffer_reset(&flight->query.get.etag);
	return ghc_lane_token(flight->lane);
}

GhcOutlay
ghc_get_outlay(const GhcFlight *flight)
{
	double		ms = flight->lane->host->get_ms;

	return (GhcOutlay) {
		GHC_RESOURCE_CORE, 1, ms > 0 ? (int64) ms : FIRST_EXPECTED_MS
	};
}

void
ghc_get_fill(const GhcFlight *flight, GhcTransfer *transfer)
{
	const GhcGet *get = &flight->query.get;
	char	   *url = ghc_settings_rest_url(flight->lane->api_url, get->path.data);

	ghc_buffer_puts(&transfer->url, url);
	transfer->lines = lines;
	if (get->etag.len > 0)
	{
		ghc_buffer_puts(&transfer->line, "If-None-Match: ");
		ghc_buffer_puts(&transfer->line, get->etag.data);
	}
	pfree(url);
}

/* Follows what a GET takes. */
static void
learn_ms(GhcHost *host, int64 took_ms)
{
	double		ms = (double) Max(took_ms, 1);

	host->get_ms += host->get_ms > 0 ? GAIN * (ms - host->get_ms) : ms;
}

void
ghc_get_judge(GhcFlight *flight, GhcTransport transport, int64 *cost)
{
	GhcTransfer *transfer = flight->transfer;
	GhcReading *reading = flight->reading;
	bool		has_body = transport == GHC_TRANSPORT_OK;

	/* of a refusal GitHub's words are read; a list is for who asked for it */
	ghc_reply_clear(&reading->reply);
	if (has_body && (transfer->status < 200 || transfer->status > 299) &&
		!ghc_reply_read(&reading->reply, transfer->body.data, transfer->body.len,
						false, &reading->arena))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while %s.", "reading a response")));
	ghc_classify_get(&flight->judgement, transport, transfer->status,
					 &flight->headers, has_body ? &reading->reply : NULL,
					 ghc_clock_now_ms() / 1000);
	reading->got = (GhcGot) {
		.status = transfer->status,
		.has_next = flight->headers.has_next,
		.poll_s = flight->headers.poll_s,
		.token_id = flight->token_id,
		.etag = flight->headers.etag,
		.location = flight->headers.location,
		.body = transfer->body.data ? transfer->body.data : "",
		.len = transfer->body.data ? transfer->body.len : 0
	};
	*cost = -1;
	if (flight->judgement.verdict != GHC_VERDICT_OK)
		return;
	*cost = transfer->status != 304;
	learn_ms(flight->lane->host, transfer->took_ms);
}
