/*-------------------------------------------------------------------------
 *
 * answers.c
 *	  Writes what lanes were answered: repositories, tasks, failures, budgets.
 *
 * Runs within the transaction of a turn (turn.c).  It may run again for the
 * same answers, if that transaction fails; so it changes nothing in memory
 * but the sums of the turn, which are emptied before, and marks of the lanes,
 * which are set anew.
 *
 * IDENTIFICATION
 *	  src/crawl/answers.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "crawl/answers.h"
#include "crawl/lane.h"
#include "store/clock.h"
#include "store/data.h"
#include "store/errors.h"
#include "store/pages.h"
#include "store/values.h"

/* Repositories newly seen by a task, for the crawl's counters. */
static int64
seen_delta(const GhcWork *work)
{
	return Max(0, work->task.seen - work->counted);
}

int64
ghc_answers_contribution(const GhcWork *work, GhcOutcome outcome)
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

char *
ghc_clean_text(const char *text, size_t max)
{
	int			whole = (int) strlen(text);
	int			len = pg_encoding_mbcliplen(PG_UTF8, text, whole,
											(int) Min(max, (size_t) whole));

	if (pg_verify_mbstr(PG_UTF8, text, len, true))
		return pnstrdup(text, len);
	return pstrdup("unreadable text");
}

int64
ghc_answers_allowance(const GhcRun *run)
{
	if (run->crawl.max_repositories < 0)
		return PG_INT64_MAX;
	return Max(0, run->crawl.max_repositories - run->crawl.seen -
			   run->seen_here - run->counts.seen);
}

/* How many of a lane's repositories are to be stored. */
static int
rows_of(const GhcLane *lane, const GhcRun *run, int64 allowed)
{
	if (lane->store == NULL)
		return 0;
	/* a limited crawl can't count, so can't store, what it will read again */
	if (lane->work->task.cut != NULL && run->crawl.max_repositories >= 0)
		return 0;
	return (int) Min(lane->store->n, allowed);
}

/* Values and members that could not be taken in, for ghcrawl.errors. */
static void
record_noted(GhcRun *run, const GhcPage *page)
{
	int			noted[GHC_FIELD_COUNT] = {0};
	char		sample[64];
	int			dropped = page->dropped;

	for (int i = 0; i < page->n; i++)
	{
		dropped += !ghc_repository_is_whole(&page->repos[i]);
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
	if (dropped > 0)
		ghc_errors_record(run->crawl.crawl_id, "member",
						  "a repository without an id or a name was left out",
						  NULL, dropped);
	if (page->nulls > 0)
		ghc_errors_record(run->crawl.crawl_id, "hidden",
						  "GitHub counts a repository but doesn't show it",
						  NULL, page->nulls);
}

/* Counts what became of the rows of one run; what was refused is a gap. */
static void
tally(GhcRun *run, const GhcStoreRow *rows, int n)
{
	int			refused = 0;

	for (int i = 0; i < n; i++)
	{
		run->counts.inserted += rows[i].stored == GHC_STORED_NEW;
		run->counts.updated += rows[i].stored == GHC_STORED_CHANGED;
		refused += rows[i].stored == GHC_STORED_REFUSED;
	}
	run->counts.seen -= refused;
	run->counts.missing += refused;
	run->counts.gaps += refused > 0;
}

/* Stores the pages of all lanes that read the same fields for the same run. */
static void
store_like(GhcWorker *worker, GhcRun *run, GhcFieldSet fields, int n_rows)
{
	GhcStoreRow *rows = palloc(n_rows * sizeof(GhcStoreRow));
	int64		allowed = ghc_answers_allowance(run);
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
		take = rows_of(lane, run, allowed);
		allowed -= take;
		for (int i = 0; i < take; i++)
		{
			if (!ghc_repository_is_whole(&lane->store->repos[i]))
				continue;
			rows[n].crawl_id = run->crawl.crawl_id;
			rows[n].repo = &lane->store->repos[i];
			rows[n++].observed_at = ghc_clock_timestamp(lane->sent_ms);
		}
		if (take > 0)
			record_noted(run, lane->store);
	}
	Assert(n <= n_rows);
	if (n == 0)
		return;
	worker->storing = run->crawl.crawl_id;
	ghc_pages_store(run->crawl.data_schema, fields, rows, n, worker->careful);
	worker->storing = 0;
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
			ghc_state_find_run(worker, lane->work->task.crawl_id) : NULL;

		if (run == NULL)
			continue;
		if (!OidIsValid(ghc_data_owner(run->crawl.data_schema)))
			(void) ghc_crawls_end(run->crawl.crawl_id, "failed",
								  psprintf("the data tables in schema \"%s\" are gone, or not of one owner",
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

	rows.queries = palloc(cut->n_children * sizeof(char *));
	rows.positions = palloc(cut->n_children * sizeof(int64));
	rows.promised = palloc(cut->n_children * sizeof(int64));
	for (int i = 0; i < cut->n_children; i++)
	{
		rows.queries[i] = ghc_values_range(&cut->children[i].range);
		rows.positions[i] = cut->children[i].range.dim[GHC_DIM_CREATED].lo;
		rows.promised[i] = cut->children[i].count;
	}
	ghc_tasks_add_children(&work->row, &rows);
}

/* Writes how a task stands after an answer, if it is still ours. */
static void
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
					 ghc_clean_text(lane->judgement.reason, 200));
			held = ghc_tasks_progress(&work->row, worker->no);
	}
	lane->work_over = !held || lane->outcome == GHC_OUTCOME_DONE ||
		lane->outcome == GHC_OUTCOME_GAP || lane->outcome == GHC_OUTCOME_SPLIT;
	if (held)
	{
		run->counts.tasks_ended += lane->work_over;
		/* what is split is seen again in its parts */
		if (lane->outcome == GHC_OUTCOME_SPLIT)
			run->counts.seen -= work->counted;
		else
			run->counts.seen += Min(seen_delta(work), ghc_answers_allowance(run));
		run->counts.expected += ghc_answers_contribution(work, lane->outcome) -
			work->contributed;
	}
}

/* Writes down a failure, grouped with those like it. */
static void
write_failure(GhcLane *lane)
{
	const char *id = lane->headers.request_id;
	char	   *reason = ghc_clean_text(lane->judgement.reason, 190);
	char	   *sample = NULL;

	if (lane->work != NULL)
		sample = psprintf("%s%s%s",
						  ghc_clean_text(ghc_values_range(&lane->work->task.range), 300),
						  id[0] ? ", request " : "", id);
	else if (id[0])
		sample = psprintf("request %s", id);
	ghc_errors_record(lane->work ? lane->work->task.crawl_id : 0,
					  ghc_verdict_name(lane->judgement.verdict), reason,
					  sample ? ghc_clean_text(sample, 400) : NULL, 1);
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
	else if (lane->reply.viewer_login.len == 0)
		login = psprintf("user %lld", (long long) account);
	else
		login = ghc_clean_text(pnstrdup(lane->reply.viewer_login.data,
									lane->reply.viewer_login.len), 100);
	ghc_tokens_set_budget(token->token_id, lane->api_url, account, login);
	worker->refresh = true;
}

static void
write_answer(GhcWorker *worker, GhcLane *lane)
{
	GhcRun	   *run = lane->work ?
		ghc_state_find_run(worker, lane->work->task.crawl_id) : NULL;
	GhcVerdict	verdict = lane->judgement.verdict;

	lane->work_over = false;
	if (verdict != GHC_VERDICT_OK)
		write_failure(lane);
	if (verdict == GHC_VERDICT_BAD_TOKEN)
	{
		ghc_tokens_refuse(lane->token_id, ghc_clean_text(lane->judgement.reason, 200));
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
		ghc_tasks_requeue(&lane->work->row, worker->no);
		lane->work_over = true;
		return;
	}
	run->counts.requests++;
	run->counts.points += lane->points_used;
	run->counts.wire_bytes += lane->transfer->wire_bytes;
	if (verdict == GHC_VERDICT_BAD_QUERY)
	{
		lane->work_over = ghc_crawls_end(run->crawl.crawl_id, "failed",
										 ghc_clean_text(lane->judgement.reason, 200));
		worker->refresh = true;
		return;
	}
	write_work(worker, lane, run);
}

static void
save_budget(GhcLane *lane)
{
	GhcBudget  *meter = &lane->meter;
	int64		now_s = ghc_clock_now_ms() / 1000;
	bool		benched = meter->benched_until_ms > now_s * 1000;
	GhcBudgetRow row = {
		.budget_id = lane->budget_id,
		.limit = meter->limit,
		.remaining = meter->remaining,
		.reset_at = ghc_clock_timestamp(meter->reset_ms),
		.benched_until = benched ? ghc_clock_timestamp(meter->benched_until_ms) : 0,
		.points_used = lane->points_used,
		.requests = lane->requests
	};

	if (benched)
		row.benched_for = ghc_clean_text(lane->judgement.reason, 190);
	for (int i = 0; i < GHC_MINUTE_BUCKETS; i++)
	{
		if (meter->bucket_second[i] <= now_s - 60)
			continue;
		row.minute_requests += meter->bucket_requests[i];
		row.minute_response_ms += meter->bucket_response_ms[i];
	}
	ghc_budgets_save(&row);
}

void
ghc_answers_write(GhcWorker *worker)
{
	ListCell   *cell;

	store_pages(worker);
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->answered)
			write_answer(worker, lane);
		if (lane->meter_changed && lane->budget_id != 0)
			save_budget(lane);
	}
}
