/*-------------------------------------------------------------------------
 *
 * turn.c
 *	  The transaction of a turn: writes answers, counts, claims new tasks.
 *
 * Rows and the note that their range is done commit together or not at all.
 * Everything written follows from what flights hold in memory, and memory is
 * changed only after the commit; so a turn that failed is simply done again.
 * A failure that repeats is narrowed down to the rows that cause it.
 *
 * IDENTIFICATION
 *	  src/crawl/turn.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/memutils.h"

#include "crawl/answers.h"
#include "crawl/app.h"
#include "crawl/app_news.h"
#include "crawl/claim.h"
#include "crawl/flight.h"
#include "crawl/lane.h"
#include "crawl/progress.h"
#include "crawl/refresh.h"
#include "crawl/turn.h"
#include "crawl/walked.h"
#include "store/clock.h"
#include "store/db.h"
#include "store/errors.h"
#include "store/locks.h"
#include "store/workers.h"

/* crawls, tokens and budgets are read anew this often */
#define REFRESH_MS 2000

/* the worker's row is written at most this often while nothing changes */
#define REPORT_MS 1000

/* how fast the rate follows: about as many milliseconds back */
#define RATE_MS 10000

/* turns that store carefully after a row was refused: more may come */
#define CAREFUL_TURNS 100

/* after a failed transaction */
#define RETRY_BASE_MS 250
#define RETRY_CAP_MS 60000

/* Follows the rate of late; at first that is the rate since the start. */
static void
update_rate(GhcRun *run)
{
	int64		now_ms = ghc_clock_now_ms();
	int64		dt_ms = now_ms - run->rated_ms;

	if (run->rated_ms != 0 && dt_ms > 0)
	{
		double		share = (double) dt_ms /
			(dt_ms + Min(run->rated_for_ms, RATE_MS));

		run->rate += share * (run->counts.seen * 1000.0 / dt_ms - run->rate);
		run->rated_for_ms += dt_ms;
	}
	run->rated_ms = now_ms;
	run->counts.rate = run->rate;
}

/*
 * Adds up what the crawls' counters get, and ends those that are done; those
 * with tasks left are ended after the turn.
 */
static void
write_counts(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		/* a range that can't be read ends without a request */
		if (run->counts.requests + run->counts.rest_requests +
			run->counts.tasks_ended == 0 ||
			ghc_state_is_question(run))
			continue;
		update_rate(run);
		ghc_crawls_count(run->crawl.crawl_id, worker->no, &run->counts);
		if (run->ends != NULL)
			continue;
		if (run->crawl.max_repositories >= 0 && ghc_answers_allowance(run) == 0)
			run->ends = "done";
		else if (run->counts.tasks_ended > 0 && run->exhausted &&
				 ghc_crawls_end_if_done(run->crawl.crawl_id))
			worker->refresh = true;
	}
}

/* Is something longer ago than that?  A clock that jumped back makes it so. */
static bool
is_past(int64 then_ms, int64 ms, int64 now_ms)
{
	return now_ms - then_ms > ms || now_ms < then_ms;
}

static bool
report_is_due(GhcWorker *worker, int64 now_ms)
{
	return strcmp(worker->waiting_on, worker->reported) != 0 ||
		(worker->waiting_on[0] == '\0' &&
		 is_past(worker->reported_ms, REPORT_MS, now_ms));
}

static void
report(GhcWorker *worker)
{
	ghc_workers_report(worker->no, ghc_net_in_flight(worker->net),
					   list_length(worker->lanes),
					   worker->waiting_on[0] ? worker->waiting_on : NULL,
					   ghc_clock_timestamp(worker->waiting_until_ms));
	strlcpy(worker->reported, worker->waiting_on, sizeof(worker->reported));
	worker->reported_ms = ghc_clock_now_ms();
}

/* What the database refused this time is remembered with the task. */
static void
keep_refused(GhcWork *work)
{
	ListCell   *cell;

	foreach(cell, work->refused_now)
		(void) ghc_idset_add(&work->refused, *(int64 *) lfirst(cell));
	work->refused_now = NIL;
	work->task.refused = (int64) work->refused.n;
}

/* What was written of a work's answer is no longer to be written. */
static void
settle_work(GhcWork *work)
{
	keep_refused(work);
	if (work->unwritten)
		return;
	work->task.counted = work->counted = work->row.counted;
	work->part = work->row.part;
	work->contributed = ghc_progress_contribution(work, work->outcome);
	work->pages_reported = work->task.pages;
	work->readings_reported = work->task.readings;
}

static void
settle_flight(GhcWorker *worker, GhcFlight *flight)
{
	GhcLane    *lane = flight->lane;
	ListCell   *cell;

	foreach(cell, flight->works)
	{
		GhcWork    *work = lfirst(cell);

		if (flight->given_up)
			work->over = true;
		else if (!work->over)
			settle_work(work);
	}

	/* a token that was refused, or is known now, waits for the next refresh */
	foreach(cell, lane->tokens)
	{
		GhcToken   *token = lfirst(cell);

		if (flight->asking && token->token_id == flight->token_id)
			token->check = false;
	}
	if (flight->judgement.verdict == GHC_VERDICT_BAD_TOKEN ||
		(lane->budget_id == 0 && ghc_flight_is_answer(flight)))
		ghc_lane_drop_token(lane, flight->token_id);
	if (flight->judgement.verdict == GHC_VERDICT_BAD_TOKEN)
		ghc_app_disown(worker, flight->token_id, flight->sent_ms);
	ghc_flight_end(worker, flight);
}

/* After the commit: memory follows what was written. */
static void
settle(GhcWorker *worker, List *claimed)
{
	/* copies are the turn's: what is made below lives as long as the worker */
	List	   *flights = list_copy(worker->flights);
	List	   *works = list_copy(worker->works);
	ListCell   *cell;
	MemoryContext before = MemoryContextSwitchTo(worker->context);

	foreach(cell, flights)
		if (((GhcFlight *) lfirst(cell))->answered)
			settle_flight(worker, lfirst(cell));
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		lane->points_used = lane->requests = lane->gets = lane->not_modified = 0;
		lane->meter_changed = false;
	}
	foreach(cell, works)
	{
		if (((GhcWork *) lfirst(cell))->over)
			ghc_flight_drop_work(worker, lfirst(cell));
		else
			ghc_walked_settle(lfirst(cell));
	}
	foreach(cell, claimed)
		worker->works = lappend(worker->works,
								ghc_claim_take_up(worker, lfirst(cell)));
	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		run->seen_here += run->counts.seen;
		run->counts = (GhcCounts) {0};
	}
	MemoryContextSwitchTo(before);
}

/* Sees to it that nobody ends a crawl this turn writes to; false if somebody is. */
static bool
share_crawl(const GhcWorker *worker, int64 crawl_id)
{
	GhcRun	   *run = ghc_state_find_run(worker, crawl_id);

	if (run != NULL)
		return !run->held_up;
	/* one that doesn't run any more: its tasks are given back */
	return ghc_locks_share_crawl(crawl_id);
}

/*
 * Shares the locks of all crawls.  Answers to one that a session is just ending
 * are given up, since the session may take its time and the others must go on;
 * should it roll back, those ranges are read anew.
 */
static void
share_crawls(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		run->held_up = !ghc_locks_share_crawl(run->crawl.crawl_id);
	}
	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);

		work->held_up = !share_crawl(worker, work->task.crawl_id);
	}
	foreach(cell, worker->flights)
	{
		GhcFlight  *flight = lfirst(cell);

		flight->given_up = !flight->asking &&
			((GhcWork *) linitial(flight->works))->held_up;
	}
}

/*
 * Ends a crawl and drops its tasks.  That waits for all who write to it, so it
 * has a transaction of its own, which holds nothing that they could wait for.
 */
static bool
end_crawl(GhcWorker *worker, int64 crawl_id, const char *state,
		  const char *reason)
{
	if (!ghc_db_begin("ghcrawl: ending a crawl"))
		return false;
	(void) ghc_crawls_end(crawl_id, state, reason);
	ghc_db_commit();
	worker->refresh = true;
	return true;
}

/*
 * After the turn; should we die before, whoever takes up what is left of a
 * crawl comes to the same end.
 */
static bool
end_crawls(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		if (run->ends != NULL &&
			!end_crawl(worker, run->crawl.crawl_id, run->ends, run->reason))
			return false;
	}
	return true;
}

static void
begin_sums(GhcWorker *worker)
{
	ListCell   *cell;

	worker->storing = 0;
	foreach(cell, worker->works)
		((GhcWork *) lfirst(cell))->over = false;
	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		run->counts = (GhcCounts) {0};
		run->ends = run->reason = NULL;
	}
}

/*
 * What failed until now, since it could not be written while it did.  What some
 * rows cause is found out carefully, and recorded of those.
 */
static void
record_trouble(GhcWorker *worker)
{
	if (worker->failures > 0 && worker->careful == 0)
		ghc_errors_record(worker->troubled, "database", worker->trouble, NULL,
						  worker->failures);
}

/* The turn's transaction and what follows it; false if the extension is gone. */
static bool
write_turn(GhcWorker *worker)
{
	bool		refreshes = worker->refresh ||
		is_past(worker->refreshed_ms, REFRESH_MS, ghc_clock_now_ms());
	bool		flushes;
	List	   *claimed;

	if (!ghc_db_begin("ghcrawl: writing what was crawled"))
		return false;
	MemoryContextSwitchTo(worker->turn);
	if (!worker->listed)
		ghc_workers_begin(worker->no);
	begin_sums(worker);
	if (refreshes)
		ghc_refresh(worker);
	share_crawls(worker);
	if (refreshes)
		ghc_refresh_tidy(worker);
	/* with nothing left to do it may be the last turn */
	flushes = refreshes || worker->runs == NIL;
	ghc_answers_write(worker);
	ghc_app_news_write(worker);
	ghc_walked_feed(worker);
	claimed = ghc_claim_tasks(worker);
	write_counts(worker);
	if (report_is_due(worker, ghc_clock_now_ms()))
		report(worker);
	if (flushes)
		ghc_traffic_flush(&worker->traffic, worker->no);
	record_trouble(worker);
	ghc_db_commit();
	worker->listed = true;
	if (flushes)
		ghc_traffic_clear(&worker->traffic);
	settle(worker, claimed);
	ghc_app_news_settle(worker);
	return end_crawls(worker);
}

static bool
is_due(GhcWorker *worker)
{
	int64		now_ms = ghc_clock_now_ms();
	ListCell   *cell;

	if (worker->retry_ms > now_ms && worker->retry_ms < now_ms + 2 * RETRY_CAP_MS)
		return false;
	if (worker->refresh || is_past(worker->refreshed_ms, REFRESH_MS, now_ms) ||
		report_is_due(worker, now_ms) || ghc_app_news_is_due(worker))
		return true;
	foreach(cell, worker->flights)
		if (((GhcFlight *) lfirst(cell))->answered)
			return true;
	return ghc_walked_is_due(worker) || ghc_claim_is_due(worker);
}

/*
 * Says in the log why a transaction failed; the same again after twice as many
 * failures each time, as a disk may stay full all night.
 */
static void
log_failure(const GhcWorker *worker, const ErrorData *error, bool same)
{
	if (same && (worker->failures & (worker->failures - 1)) != 0)
		return;
	ereport(LOG,
			(errcode(error->sqlerrcode),
			 errmsg("ghcrawl worker %d could not write, and will try again: %s",
					worker->no, error->message),
			 worker->failures > 1 ?
			 errdetail("It failed %d times in a row.", worker->failures) : 0));
}

/* A transaction failed: keep everything, say why, try again later. */
static void
note_failure(GhcWorker *worker, ErrorData *error)
{
	bool		passing = ghc_db_is_passing(error->sqlerrcode);
	char	   *trouble = ghc_clean_text(error->message, sizeof(worker->trouble) - 1);
	bool		same = strcmp(trouble, worker->trouble) == 0;

	/* what fails in the same way each time fails with some row */
	worker->careful = passing ? 0 : CAREFUL_TURNS;
	worker->refresh = true;
	worker->failures++;
	worker->retry_ms = ghc_clock_now_ms() +
		ghc_backoff_ms(worker->failures, RETRY_BASE_MS, RETRY_CAP_MS,
					   pg_prng_uint32(&pg_global_prng_state));
	strlcpy(worker->trouble, trouble, sizeof(worker->trouble));
	worker->troubled = worker->storing;
	log_failure(worker, error, same);
}

/* Rows of a crawl can't be stored at all: end it and say why. */
static bool
fail_crawl(GhcWorker *worker, const char *message)
{
	int64		crawl_id = worker->storing;

	worker->storing = 0;
	return end_crawl(worker, crawl_id, "failed",
					 psprintf("could not store: %s", message));
}

bool
ghc_turn(GhcWorker *worker)
{
	ErrorData  *volatile error = NULL;
	volatile bool ok = true;

	if (!is_due(worker))
		return ghc_db_check();
	PG_TRY();
	{
		ok = write_turn(worker);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(worker->turn);
		error = CopyErrorData();
		FlushErrorState();
		ghc_db_abort();
	}
	PG_END_TRY();

	if (error == NULL)
	{
		if (worker->careful > 0)
			worker->careful--;
		worker->failures = 0;
		worker->retry_ms = 0;
		worker->trouble[0] = '\0';
		return ok;
	}
	if (worker->careful > 0 && !ghc_db_is_passing(error->sqlerrcode))
	{
		/* it failed the careful way, too */
		if (worker->storing == 0)
			ReThrowError(error);
		return fail_crawl(worker, error->message);
	}
	note_failure(worker, error);
	return true;
}
