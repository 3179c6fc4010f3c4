/*-------------------------------------------------------------------------
 *
 * turn.c
 *	  The transaction of a turn: writes answers, counts, claims new tasks.
 *
 * Rows and the note that their range is done commit together or not at all.
 * Everything written follows from what lanes hold in memory, and memory is
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
#include "crawl/lane.h"
#include "crawl/refresh.h"
#include "crawl/turn.h"
#include "store/batch.h"
#include "store/clock.h"
#include "store/db.h"
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

/* Can a stored task be taken up?  If not, it is ended as a gap. */
static bool
is_readable(GhcWorker *worker, GhcRun *run, GhcTaskRow *row)
{
	GhcTask		task = {.kind = ghc_task_kind(row->kind)};
	bool		readable = task.kind != NULL && ghc_task_read(&task, row->query);

	ghc_task_release(&task);
	if (readable)
		return true;
	row->error = "the stored range can't be read";
	if (ghc_tasks_end(row, worker->no, "gap"))
	{
		run->counts.gaps++;
		run->counts.tasks_ended++;
	}
	return false;
}

/* How many lanes could take a task of a run. */
static int
count_free_lanes(GhcWorker *worker, const GhcRun *run)
{
	int64		now_ms = ghc_clock_now_ms();
	int			n = 0;
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->budget_id == 0 || lane->tokens == NIL ||
			strcmp(lane->api_url, run->crawl.api_url) != 0)
			continue;
		n += (lane->answered && lane->work_over) ||
			ghc_lane_is_free(lane, now_ms);
	}
	return n;
}

/* Claims tasks for the lanes that are free; a list of GhcTaskRow. */
static List *
claim(GhcWorker *worker)
{
	List	   *claimed = NIL;
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);
		int			wanted;
		List	   *rows;
		ListCell   *inner;

		if (run->exhausted || run->held_up || run->ends != NULL)
			continue;
		wanted = count_free_lanes(worker, run) -
			list_length(worker->orphans) - list_length(claimed);
		if (wanted <= 0)
			continue;
		rows = ghc_tasks_claim(run->crawl.crawl_id, worker->no, wanted);
		run->exhausted = list_length(rows) < wanted;
		foreach(inner, rows)
			if (is_readable(worker, run, lfirst(inner)))
				claimed = lappend(claimed, lfirst(inner));
	}
	return claimed;
}

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
		if (run->counts.requests + run->counts.tasks_ended == 0 ||
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

/* A claimed task as work in hand. */
static GhcWork *
take_up(const GhcWorker *worker, const GhcTaskRow *row)
{
	const GhcRun *run = ghc_state_find_run(worker, row->crawl_id);
	GhcWork    *work = palloc0(sizeof(GhcWork));

	work->row = *row;
	work->row.kind = work->row.query = NULL;
	work->task.kind = ghc_task_kind(row->kind);
	work->task.crawl_id = row->crawl_id;
	work->task.task_id = row->task_id;
	work->task.position = row->position;
	work->task.promised = row->promised;
	work->task.attempts = row->attempts;
	work->task.counted = work->counted = row->counted;
	work->task.share = row->share;
	work->task.part = work->part = row->part;
	work->contributed = Max(0, row->promised);
	/* a limited crawl counts what it takes: no page may overlap another */
	work->task.keeps_cursors = run != NULL && run->crawl.max_repositories >= 0;
	if (!ghc_task_read(&work->task, row->query))
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	return work;
}

/* What the database refused this time is remembered with the task. */
static void
keep_refused(GhcLane *lane)
{
	GhcWork    *work = lane->work;
	ListCell   *cell;

	foreach(cell, lane->refused)
		(void) ghc_idset_add(&work->refused, *(int64 *) lfirst(cell));
	work->task.refused = (int64) work->refused.n;
}

/* After the commit: memory follows what was written. */
static void
settle(GhcWorker *worker, List *claimed)
{
	ListCell   *cell;
	MemoryContext before = MemoryContextSwitchTo(worker->context);

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);
		GhcWork    *work = lane->work;

		if (!lane->answered && !lane->held_up)
			continue;
		if (lane->held_up || (work != NULL && lane->work_over))
		{
			ghc_lane_drop_work(work);
			lane->work = NULL;
		}
		else if (work != NULL && !lane->asking)
		{
			keep_refused(lane);
			work->task.counted = work->counted = work->row.counted;
			work->part = work->row.part;
			work->contributed = ghc_answers_contribution(work, lane->outcome);
			work->pages_reported = work->task.pages;
			work->readings_reported = work->task.readings;
		}
		ghc_lane_settle(worker, lane);
	}
	foreach(cell, worker->orphans)
	{
		GhcWork    *work = lfirst(cell);

		if (!work->over)
			continue;
		worker->orphans = foreach_delete_current(worker->orphans, cell);
		ghc_lane_drop_work(work);
	}
	foreach(cell, claimed)
		worker->orphans = lappend(worker->orphans, take_up(worker, lfirst(cell)));
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
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->work == NULL)
			continue;
		lane->work->held_up = !share_crawl(worker, lane->work->task.crawl_id);
		if (lane->answered && lane->work->held_up)
		{
			lane->answered = false;
			lane->held_up = true;
		}
	}
	foreach(cell, worker->orphans)
	{
		GhcWork    *work = lfirst(cell);

		work->held_up = !share_crawl(worker, work->task.crawl_id);
	}
}

/* After a turn that failed: what was to be given up is there as before. */
static void
restore_held_up(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		lane->answered |= lane->held_up;
		lane->held_up = false;
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
	foreach(cell, worker->orphans)
		((GhcWork *) lfirst(cell))->over = false;
	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		run->counts = (GhcCounts) {0};
		run->ends = run->reason = NULL;
	}
}

/* The turn's transaction and what follows it; false if the extension is gone. */
static bool
write_turn(GhcWorker *worker)
{
	bool		refreshes = worker->refresh ||
		is_past(worker->refreshed_ms, REFRESH_MS, ghc_clock_now_ms());
	List	   *claimed;

	if (!ghc_db_begin("ghcrawl: writing what was crawled"))
		return false;
	MemoryContextSwitchTo(worker->turn);
	begin_sums(worker);
	if (refreshes)
		ghc_refresh(worker);
	share_crawls(worker);
	if (refreshes)
		ghc_refresh_tidy(worker);
	ghc_answers_write(worker);
	claimed = claim(worker);
	write_counts(worker);
	if (report_is_due(worker, ghc_clock_now_ms()))
		report(worker);
	ghc_db_commit();
	settle(worker, claimed);
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
		report_is_due(worker, now_ms))
		return true;
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->answered)
			return true;
	}
	return false;
}

/* A transaction failed: keep everything, say why, try again later. */
static void
note_failure(GhcWorker *worker, ErrorData *error)
{
	bool		passing = ghc_db_is_passing(error->sqlerrcode);

	/* what fails in the same way each time fails with some row */
	worker->careful = passing ? 0 : CAREFUL_TURNS;
	worker->refresh = true;
	worker->failures++;
	worker->retry_ms = ghc_clock_now_ms() +
		ghc_backoff_ms(worker->failures, RETRY_BASE_MS, RETRY_CAP_MS,
					   pg_prng_uint32(&pg_global_prng_state));
	strlcpy(worker->trouble,
			ghc_clean_text(error->message, sizeof(worker->trouble) - 1),
			sizeof(worker->trouble));
	ereport(LOG,
			(errcode(error->sqlerrcode),
			 errmsg("ghcrawl worker %d could not write, and will try again: %s",
					worker->no, error->message)));
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
		ghc_batch_offer(NULL);
	}
	PG_END_TRY();
	restore_held_up(worker);

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
