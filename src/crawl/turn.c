/*-------------------------------------------------------------------------
 *
 * turn.c
 *	  The transaction of a turn: stores, counts, ends tasks, claims new ones.
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
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "crawl/worker.h"
#include "github/selection.h"
#include "store/batch.h"
#include "store/data.h"
#include "store/db.h"
#include "store/errors.h"
#include "store/pages.h"
#include "store/workers.h"

/* crawls, tokens and budgets are read anew this often */
#define REFRESH_MS 2000

/* the worker's row is written at most this often while nothing changes */
#define REPORT_MS 1000

/* how fast the rate follows: about as many milliseconds back */
#define RATE_MS 10000

/* after a failed transaction */
#define RETRY_BASE_MS 250
#define RETRY_CAP_MS 60000

/* Repositories newly seen by a task, for the crawl's counters. */
static int64
seen_delta(const GhcWork *work)
{
	return Max(0, work->task.seen - work->counted);
}

/* What a task stands for in the crawl's expected number. */
static int64
contribution(const GhcWork *work, GhcOutcome outcome)
{
	const GhcTask *task = &work->task;
	int64		sum = 0;

	if (outcome == GHC_OUTCOME_DONE)
		return task->seen;
	if (outcome != GHC_OUTCOME_SPLIT)
		return task->promised >= 0 ? task->promised : work->contributed;
	for (int i = 0; i < task->cut->n_children; i++)
		sum += Max(0, task->cut->children[i].count);
	return sum;
}

/* Text from GitHub, cut to a length in bytes, valid in the database. */
static char *
clean_text(const char *text, size_t max)
{
	int			len = pg_encoding_mbcliplen(PG_UTF8, text, (int) strlen(text),
											(int) max);

	if (pg_verify_mbstr(PG_UTF8, text, len, true))
		return pnstrdup(text, len);
	return pstrdup("unreadable text");
}

/* How many more repositories a crawl may store. */
static int64
allowance(const GhcRun *run)
{
	if (run->crawl.max_repositories < 0)
		return PG_INT64_MAX;
	return Max(0, run->crawl.max_repositories - run->crawl.seen - run->seen_here);
}

/* How many of a lane's repositories are to be stored. */
static int
rows_of(const GhcLane *lane, const GhcRun *run)
{
	if (!lane->answered || lane->store == NULL || lane->work == NULL)
		return 0;
	/* a limited crawl doesn't count what it will read again, so it can't store it */
	if (lane->work->task.cut != NULL && run->crawl.max_repositories >= 0)
		return 0;
	return (int) Min(lane->store->n, allowance(run));
}

/* Values and members that could not be taken in, for ghcrawl.errors. */
static void
record_noted(GhcRun *run, const GhcPage *page)
{
	int			noted[GHC_FIELD_COUNT] = {0};
	char		sample[64];

	for (int i = 0; i < page->n; i++)
	{
		if (page->repos[i].noted == 0)
			continue;
		snprintf(sample, sizeof(sample), "repository %lld",
				 (long long) page->repos[i].repo_id);
		for (int f = 0; f < GHC_FIELD_COUNT; f++)
			noted[f] += (page->repos[i].noted & GHC_FIELD_BIT(f)) != 0;
	}
	for (int f = 0; f < GHC_FIELD_COUNT; f++)
		if (noted[f] > 0)
			ghc_errors_record(run->crawl.crawl_id, "value",
							  psprintf("%s: not as the column can hold it, mended or left out",
									   ghc_fields[f].column), sample, noted[f]);
	if (page->dropped > 0)
		ghc_errors_record(run->crawl.crawl_id, "member",
						  "a repository without an id was left out", NULL,
						  page->dropped);
	if (page->nulls > 0)
		ghc_errors_record(run->crawl.crawl_id, "hidden",
						  "GitHub counts a repository but doesn't show it",
						  NULL, page->nulls);
}

/* Counts what became of the rows of one run. */
static void
tally(GhcRun *run, const GhcStoreRow *rows, int n)
{
	for (int i = 0; i < n; i++)
	{
		run->counts.inserted += rows[i].stored == GHC_STORED_NEW;
		run->counts.updated += rows[i].stored == GHC_STORED_CHANGED;
	}
}

/* Stores the pages of all lanes that read the same fields for the same run. */
static void
store_like(GhcWorker *worker, GhcRun *run, GhcFieldSet fields, int n_rows)
{
	GhcStoreRow *rows = palloc(n_rows * sizeof(GhcStoreRow));
	int			n = 0;
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);
		int			take;

		if (!lane->answered || lane->work == NULL || lane->stored ||
			lane->shape.fields != fields ||
			lane->work->task.crawl_id != run->crawl.crawl_id)
			continue;
		lane->stored = true;
		take = rows_of(lane, run);
		for (int i = 0; i < take; i++)
			rows[n++] = (GhcStoreRow)
		{
			run->crawl.crawl_id, &lane->store->repos[i],
				ghc_worker_timestamp(lane->sent_ms), GHC_STORED_NEW
		};
		if (take > 0)
			record_noted(run, lane->store);
	}
	Assert(n <= n_rows);
	if (n == 0)
		return;
	ghc_pages_store(run->crawl.data_schema, fields, rows, n, worker->careful);
	tally(run, rows, n);
}

static void
store_pages(GhcWorker *worker)
{
	int			n_rows = 0;
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		lane->stored = false;
		if (lane->answered && lane->store != NULL)
			n_rows += lane->store->n;
	}
	if (n_rows == 0)
		return;
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);
		GhcRun	   *run = lane->answered && lane->work != NULL && !lane->stored ?
			ghc_worker_run(worker, lane->work->task.crawl_id) : NULL;

		if (run == NULL)
			continue;
		if (!OidIsValid(ghc_data_owner(run->crawl.data_schema)))
			ghc_crawls_set_state(run->crawl.crawl_id, "failed",
								 psprintf("the data tables in schema \"%s\" are gone",
										  run->crawl.data_schema));
		else
			store_like(worker, run, lane->shape.fields, n_rows);
	}
}

/* Fills in the stored form of a task with where it is now. */
static void
fill_row(GhcWork *work, const char *error)
{
	work->row.promised = work->task.promised;
	work->row.seen = work->task.seen;
	work->row.attempts = work->task.attempts;
	work->row.pages = work->task.pages - work->pages_reported;
	work->row.error = error;
}

static void
add_children(GhcWork *work)
{
	const GhcCut *cut = work->task.cut;
	GhcChildRows rows = {cut->n_children, work->task.kind->name, NULL, NULL, NULL};
	GhcBuffer	text = {0};

	rows.queries = palloc(cut->n_children * sizeof(char *));
	rows.positions = palloc(cut->n_children * sizeof(int64));
	rows.promised = palloc(cut->n_children * sizeof(int64));
	for (int i = 0; i < cut->n_children; i++)
	{
		ghc_buffer_reset(&text);
		ghc_range_format(&cut->children[i].range, &text);
		if (text.failed)
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
		rows.queries[i] = pnstrdup(text.data, text.len);
		rows.positions[i] = cut->children[i].range.dim[GHC_DIM_CREATED].lo;
		rows.promised[i] = cut->children[i].count;
	}
	ghc_buffer_free(&text);
	ghc_tasks_add_children(&work->row, &rows);
}

/* Writes how a task stands after an answer; false if it isn't ours any more. */
static bool
write_work(GhcWorker *worker, GhcLane *lane, GhcRun *run)
{
	GhcWork    *work = lane->work;
	bool		held;

	switch (lane->outcome)
	{
		case GHC_OUTCOME_DONE:
			fill_row(work, NULL);
			held = ghc_tasks_end(&work->row, worker->no, "done");
			break;
		case GHC_OUTCOME_GAP:
			fill_row(work, work->task.why);
			held = ghc_tasks_end(&work->row, worker->no, "gap");
			if (held)
			{
				run->counts.gaps++;
				run->counts.missing += work->task.missing;
			}
			break;
		case GHC_OUTCOME_SPLIT:
			fill_row(work, NULL);
			held = ghc_tasks_end(&work->row, worker->no, "split");
			if (held)
			{
				add_children(work);
				run->counts.tasks += work->task.cut->n_children;
				run->exhausted = false;
			}
			break;
		default:
			fill_row(work, lane->judgement.verdict == GHC_VERDICT_OK ? NULL :
					 clean_text(lane->judgement.reason, 200));
			held = ghc_tasks_progress(&work->row, worker->no);
	}
	lane->work_over = !held || lane->outcome == GHC_OUTCOME_DONE ||
		lane->outcome == GHC_OUTCOME_GAP || lane->outcome == GHC_OUTCOME_SPLIT;
	if (held)
	{
		run->counts.tasks_ended += lane->work_over;
		run->counts.seen += Min(seen_delta(work), allowance(run));
		run->counts.expected += contribution(work, lane->outcome) - work->contributed;
	}
	return held;
}

/* Writes down a failure, grouped with those like it. */
static void
write_failure(GhcLane *lane)
{
	const char *id = lane->headers.request_id;
	char	   *reason = clean_text(lane->judgement.reason, 190);
	char	   *sample = NULL;

	if (lane->work != NULL)
	{
		GhcBuffer	range = {0};

		ghc_range_format(&lane->work->task.range, &range);
		sample = psprintf("%.*s%s%s", (int) Min(range.len, 300),
						  range.data ? range.data : "",
						  id[0] ? ", request " : "", id);
		ghc_buffer_free(&range);
	}
	else if (id[0])
		sample = psprintf("request %s", id);
	ghc_errors_record(lane->work ? lane->work->task.crawl_id : 0,
					  ghc_verdict_name(lane->judgement.verdict), reason,
					  sample ? clean_text(sample, 400) : NULL, 1);
}

/* An answer to whose token it is. */
static void
write_viewer(GhcWorker *worker, GhcLane *lane)
{
	GhcToken   *token = lane->tokens ? linitial(lane->tokens) : NULL;
	int64		account = lane->reply.viewer_id;
	char	   *login;

	if (token == NULL)
		return;					/* removed meanwhile */
	if (lane->judgement.verdict != GHC_VERDICT_OK &&
		lane->judgement.verdict != GHC_VERDICT_PARTIAL)
		return;
	/* an installation's token has no viewer: it counts by itself */
	if (account == 0)
	{
		account = -token->token_id;
		login = psprintf("token %s", token->name);
	}
	else
		login = clean_text(pnstrdup(lane->reply.viewer_login.data,
									lane->reply.viewer_login.len), 100);
	ghc_tokens_set_budget(token->token_id, lane->api_url, account, login);
	worker->refresh = true;
}

static void
write_answer(GhcWorker *worker, GhcLane *lane)
{
	GhcRun	   *run = lane->work ?
		ghc_worker_run(worker, lane->work->task.crawl_id) : NULL;
	GhcVerdict	verdict = lane->judgement.verdict;

	lane->work_over = false;
	if (verdict != GHC_VERDICT_OK)
		write_failure(lane);
	if (verdict == GHC_VERDICT_BAD_TOKEN)
	{
		ghc_tokens_refuse(lane->token_id, clean_text(lane->judgement.reason, 200));
		worker->refresh = true;
	}
	if (lane->work == NULL)
	{
		if (lane->budget_id == 0)
			write_viewer(worker, lane);
		return;
	}
	if (run == NULL)
	{
		/* paused meanwhile, or cancelled; then there is no claim any more */
		ghc_tasks_requeue(&lane->work->row, worker->no, 0);
		lane->work_over = true;
		return;
	}
	run->counts.requests++;
	run->counts.points += lane->points_used;
	run->counts.wire_bytes += lane->transfer->wire_bytes;
	if (verdict == GHC_VERDICT_BAD_QUERY)
	{
		ghc_crawls_set_state(run->crawl.crawl_id, "failed",
							 clean_text(lane->judgement.reason, 200));
		lane->work_over = true;
		worker->refresh = true;
		return;
	}
	write_work(worker, lane, run);
}

static void
save_budget(GhcLane *lane)
{
	GhcBudget  *meter = &lane->meter;
	int64		now_s = ghc_worker_now_ms() / 1000;
	bool		benched = meter->benched_until_ms > now_s * 1000;
	GhcBudgetRow row = {
		.budget_id = lane->budget_id,
		.limit = meter->limit,
		.remaining = meter->remaining,
		.reset_at = ghc_worker_timestamp(meter->reset_ms),
		.benched_until = benched ? ghc_worker_timestamp(meter->benched_until_ms) : 0,
		.points_used = lane->points_used,
		.requests = lane->requests
	};

	if (benched)
		row.benched_for = clean_text(lane->judgement.reason, 190);
	for (int i = 0; i < GHC_MINUTE_BUCKETS; i++)
	{
		if (meter->bucket_second[i] <= now_s - 60)
			continue;
		row.minute_requests += meter->bucket_requests[i];
		row.minute_response_ms += meter->bucket_response_ms[i];
	}
	ghc_budgets_save(&row);
}

/* Can a stored task be taken up?  If not, it is ended as a gap. */
static bool
is_readable(GhcWorker *worker, GhcRun *run, GhcTaskRow *row)
{
	GhcRange	range;
	GhcProblem	problem;

	if (ghc_task_kind(row->kind) != NULL &&
		ghc_selection_parse(ghc_slice_of(row->query), &range, &problem))
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
	int64		now_ms = ghc_worker_now_ms();
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

		if (run->exhausted)
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

static void
update_rate(GhcRun *run)
{
	int64		now_ms = ghc_worker_now_ms();
	double		dt = (double) (now_ms - run->rated_ms);

	if (run->rated_ms != 0 && dt > 0)
	{
		double		share = dt / (dt + RATE_MS);

		run->rate += share * (run->counts.seen * 1000.0 / dt - run->rate);
	}
	run->rated_ms = now_ms;
	run->counts.rate = run->rate;
}

/* Adds up what the crawls' counters get, and ends those that are done. */
static void
write_counts(GhcWorker *worker)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		if (run->counts.requests == 0)
			continue;
		update_rate(run);
		ghc_crawls_count(run->crawl.crawl_id, worker->no, &run->counts);
		if (allowance(run) <= run->counts.seen &&
			run->crawl.max_repositories >= 0)
		{
			ghc_crawls_set_state(run->crawl.crawl_id, "done", NULL);
			worker->refresh = true;
		}
		else if (run->counts.tasks_ended > 0 && run->exhausted &&
				 ghc_crawls_end_if_done(run->crawl.crawl_id))
			worker->refresh = true;
	}
}

static bool
report_is_due(GhcWorker *worker, int64 now_ms)
{
	return strcmp(worker->waiting_on, worker->reported) != 0 ||
		(worker->waiting_on[0] == '\0' && now_ms - worker->reported_ms > REPORT_MS);
}

static void
report(GhcWorker *worker)
{
	ghc_workers_report(worker->no, ghc_net_in_flight(worker->net),
					   list_length(worker->lanes),
					   worker->waiting_on[0] ? worker->waiting_on : NULL,
					   ghc_worker_timestamp(worker->waiting_until_ms));
	strlcpy(worker->reported, worker->waiting_on, sizeof(worker->reported));
	worker->reported_ms = ghc_worker_now_ms();
}

/* A claimed task as work in hand. */
static GhcWork *
take_up(const GhcTaskRow *row)
{
	GhcWork    *work = palloc0(sizeof(GhcWork));
	GhcProblem	problem;

	work->row = *row;
	work->row.kind = work->row.query = NULL;
	work->task.kind = ghc_task_kind(row->kind);
	work->task.crawl_id = row->crawl_id;
	work->task.task_id = row->task_id;
	work->task.position = row->position;
	work->task.promised = row->promised;
	work->task.attempts = row->attempts;
	work->counted = row->seen;
	work->contributed = Max(0, row->promised);
	(void) ghc_selection_parse(ghc_slice_of(row->query), &work->task.range,
							   &problem);
	return work;
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

		if (!lane->answered)
			continue;
		if (work != NULL && lane->work_over)
		{
			ghc_lane_drop_work(work);
			lane->work = NULL;
		}
		else if (work != NULL)
		{
			work->counted = Max(work->counted, work->task.seen);
			work->contributed = contribution(work, lane->outcome);
			work->pages_reported = work->task.pages;
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
		worker->orphans = lappend(worker->orphans, take_up(lfirst(cell)));
	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		run->seen_here += run->counts.seen;
		run->counts = (GhcCounts) {0};
	}
	MemoryContextSwitchTo(before);
}

/* The whole transaction; false if the extension is gone. */
static bool
write_turn(GhcWorker *worker)
{
	ListCell   *cell;
	List	   *claimed;

	if (!ghc_db_begin("ghcrawl: writing what was crawled"))
		return false;
	MemoryContextSwitchTo(worker->turn);
	foreach(cell, worker->runs)
		((GhcRun *) lfirst(cell))->counts = (GhcCounts) {0};
	if (worker->refresh ||
		ghc_worker_now_ms() - worker->refreshed_ms > REFRESH_MS)
		ghc_refresh(worker);
	store_pages(worker);
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->answered)
			write_answer(worker, lane);
		if (lane->meter_changed && lane->budget_id != 0)
			save_budget(lane);
	}
	claimed = claim(worker);
	write_counts(worker);
	if (report_is_due(worker, ghc_worker_now_ms()))
		report(worker);
	ghc_db_commit();
	settle(worker, claimed);
	return true;
}

static bool
is_due(GhcWorker *worker)
{
	int64		now_ms = ghc_worker_now_ms();
	ListCell   *cell;

	if (worker->retry_ms > now_ms)
		return false;
	if (worker->refresh || now_ms - worker->refreshed_ms > REFRESH_MS ||
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
	worker->careful = !passing;
	worker->failures++;
	worker->retry_ms = ghc_worker_now_ms() +
		ghc_backoff_ms(worker->failures, RETRY_BASE_MS, RETRY_CAP_MS,
					   pg_prng_uint32(&pg_global_prng_state));
	strlcpy(worker->trouble, error->message, sizeof(worker->trouble));
	ereport(LOG,
			(errcode(error->sqlerrcode),
			 errmsg("ghcrawl worker %d could not write, and will try again: %s",
					worker->no, error->message)));
}

bool
ghc_turn(GhcWorker *worker)
{
	ErrorData  *volatile error = NULL;
	volatile bool ok = true;

	if (!is_due(worker))
		return true;
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

	if (error == NULL)
	{
		if (worker->failures > 0)
			worker->careful = false;
		worker->failures = 0;
		worker->retry_ms = 0;
		worker->trouble[0] = '\0';
		return ok;
	}
	/* shutting down; or it failed the careful way, too, so start afresh */
	if (error->elevel > ERROR || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN ||
		(worker->careful && !ghc_db_is_passing(error->sqlerrcode)))
		ReThrowError(error);
	note_failure(worker, error);
	return true;
}
