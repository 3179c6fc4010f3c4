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
#include "crawl/asked.h"
#include "crawl/lane.h"
#include "store/absence.h"
#include "store/clock.h"
#include "store/data.h"
#include "store/errors.h"
#include "store/pages.h"
#include "store/seen.h"
#include "store/values.h"

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

/* Counts what became of the rows of one run. */
static void
tally(GhcRun *run, GhcLane *const *lanes, const GhcStoreRow *rows, int n)
{
	for (int i = 0; i < n; i++)
	{
		run->counts.inserted += rows[i].stored == GHC_STORED_NEW;
		run->counts.updated += rows[i].stored == GHC_STORED_CHANGED;
		if (rows[i].stored == GHC_STORED_REFUSED)
			lanes[i]->refused = lappend(lanes[i]->refused,
										unconstify(int64 *, &rows[i].repo->repo_id));
	}
}

/* Stores the pages of all lanes that read the same fields for the same run. */
static void
store_like(GhcWorker *worker, GhcRun *run, GhcFieldSet fields, int n_rows)
{
	GhcStoreRow *rows = palloc(n_rows * sizeof(GhcStoreRow));
	GhcLane   **lanes = palloc(n_rows * sizeof(GhcLane *));
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
			lanes[n] = lane;
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
	tally(run, lanes, rows, n);
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
		lane->refused = NIL;
		if (lane->answered && lane->store != NULL)
			n_rows += lane->store->n;
	}
	if (n_rows == 0)
		return;
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);
		GhcRun	   *run = lane->answered && lane->store != NULL && !lane->stored ?
			ghc_state_find_run(worker, lane->work->task.crawl_id) : NULL;

		if (run == NULL)
			continue;
		if (!OidIsValid(ghc_data_owner(run->crawl.data_schema)))
		{
			run->ends = "failed";
			run->reason = psprintf("the data tables in schema \"%s\" are gone, or not of one owner",
								   run->crawl.data_schema);
		}
		else
			store_like(worker, run, lane->shape.fields, n_rows);
	}
}

/* How many repositories of a task the database refused, in all. */
static int64
count_refused(const GhcLane *lane)
{
	int64		n = lane->work->refused.n;
	ListCell   *cell;

	foreach(cell, lane->refused)
		n += !ghc_idset_has(&lane->work->refused, *(int64 *) lfirst(cell));
	return n;
}

/*
 * Fills in the stored form of a task with where it is after an answer.  What
 * the database refuses was seen and isn't stored: that makes it a gap.
 */
static GhcOutcome
fill_row(GhcLane *lane, const GhcRun *run)
{
	GhcWork    *work = lane->work;
	const GhcTask *task = &work->task;
	GhcOutcome	outcome = lane->outcome;
	int64		refused = count_refused(lane);
	bool		failed = lane->judgement.verdict != GHC_VERDICT_OK;

	work->row.missing = outcome == GHC_OUTCOME_GAP ? task->missing : 0;
	work->row.error = outcome == GHC_OUTCOME_GAP ? task->why : NULL;
	if (refused > 0 && (outcome == GHC_OUTCOME_DONE || outcome == GHC_OUTCOME_GAP))
	{
		work->row.missing += refused;
		work->row.error = "the database refused rows";
		outcome = GHC_OUTCOME_GAP;
	}
	if (failed && (outcome == GHC_OUTCOME_MORE || outcome == GHC_OUTCOME_RETRY))
		work->row.error = ghc_clean_text(lane->judgement.reason, 200);
	work->row.promised = task->promised;
	work->row.seen = task->seen;
	work->row.attempts = task->attempts;
	work->row.pages = task->pages - work->pages_reported;
	work->row.readings = task->readings - work->readings_reported;
	work->row.counted = work->counted +
		Min(Max(0, Min(task->counted, task->seen - refused) - work->counted),
			ghc_answers_allowance(run));
	work->row.part = task->part;
	return outcome;
}

static void
add_children(GhcWork *work)
{
	const GhcCut *cut = work->task.cut;
	int			n = cut->n_children;
	GhcChildRows rows = {n, work->task.kind->name, palloc(n * sizeof(char *)),
		palloc(n * sizeof(int64)), palloc(n * sizeof(int64)),
	palloc(n * sizeof(int64)), palloc(n * sizeof(double))};

	for (int i = 0; i < n; i++)
	{
		rows.queries[i] = ghc_values_range(&cut->children[i].range);
		rows.positions[i] = cut->children[i].range.dim[GHC_DIM_CREATED].lo;
		rows.promised[i] = cut->children[i].count;
		rows.counted[i] = cut->heritage[i].counted;
		rows.weights[i] = cut->heritage[i].weight;
	}
	ghc_tasks_add_children(&work->row, &rows);
}

/* Writes the end of a task, if it is still ours. */
static bool
end_work(GhcWorker *worker, GhcWork *work, GhcRun *run, GhcOutcome outcome)
{
	const char *state = outcome == GHC_OUTCOME_DONE ? "done" :
		outcome == GHC_OUTCOME_GAP ? "gap" :
		work->task.narrowed ? "narrowed" : "split";

	/* what it had not reached is over with it, or is its children's */
	if (outcome != GHC_OUTCOME_SPLIT)
		work->row.part = work->row.share;
	work->row.leaky = outcome == GHC_OUTCOME_SPLIT && !work->task.cut->by_time;
	if (!ghc_tasks_end(&work->row, worker->no, state))
		return false;
	run->counts.tasks_ended++;
	run->counts.gaps += outcome == GHC_OUTCOME_GAP;
	run->counts.missing += work->row.missing;
	if (outcome == GHC_OUTCOME_SPLIT)
	{
		add_children(work);
		run->counts.tasks += work->task.cut->n_children;
		run->counts.narrowed += work->task.narrowed;
		run->exhausted = false;
	}
	return true;
}

/* Writes what a look-up by id found out, beside the rows that were stored. */
static void
write_suspects(GhcWorker *worker, GhcLane *lane, GhcRun *run)
{
	const GhcNodes *nodes = lane->work->task.nodes;

	run->counts.suspects += nodes->n_answered;
	run->counts.gone += nodes->n_gone;
	if (nodes->n_gone == 0)
		return;
	worker->storing = run->crawl.crawl_id;
	ghc_absence_write(run->crawl.data_schema, lane->shape.fields, nodes->gone,
					  nodes->n_gone, ghc_clock_timestamp(lane->sent_ms));
	worker->storing = 0;
}

/* What a task gave up is all that is left of it, should it be tried again. */
static void
write_unknown(const GhcWork *work)
{
	GhcBuffer	text = {0};
	char	   *query;

	if (work->task.nodes->unknown.n == 0)
		return;
	ghc_members_format(&work->task.nodes->unknown, &text);
	query = text.failed ? NULL : pstrdup(text.data);
	ghc_buffer_free(&text);
	if (query != NULL)
		ghc_tasks_replace_query(&work->row, query);
}

/* Keeps the members of a range that ended, for comparing later crawls with. */
static void
write_seen(const GhcTask *task, const GhcRun *run)
{
	GhcSeenIds	seen = {.ids = &task->ids};

	if (task->nodes != NULL)
	{
		seen.asked = task->nodes->ids;
		seen.n_asked = task->nodes->n;
	}
	if (run->crawl.max_repositories < 0)
		ghc_seen_write(task->crawl_id, task->task_id,
					   &task->range.dim[GHC_DIM_CREATED], &seen);
}

/* Writes how a task stands after an answer, if it is still ours. */
static void
write_work(GhcWorker *worker, GhcLane *lane, GhcRun *run)
{
	GhcWork    *work = lane->work;
	GhcOutcome	outcome = fill_row(lane, run);
	bool		ends = outcome != GHC_OUTCOME_MORE && outcome != GHC_OUTCOME_RETRY;
	bool		held = ends ? end_work(worker, work, run, outcome) :
		ghc_tasks_progress(&work->row, worker->no);

	lane->work_over = ends || !held;
	if (!held)
		return;
	if (work->task.nodes != NULL)
		write_suspects(worker, lane, run);
	if (work->task.nodes != NULL && outcome == GHC_OUTCOME_GAP)
		write_unknown(work);
	if (ends && outcome != GHC_OUTCOME_SPLIT)
		write_seen(&work->task, run);
	run->counts.seen += work->row.counted - work->counted;
	run->counts.part += work->row.part - work->part;
	run->counts.read_again += Max(0, work->task.readings -
								  Max(1, work->readings_reported));
	run->counts.expected += ghc_answers_contribution(work, outcome) -
		work->contributed;
}

/* Writes down a failure, grouped with those like it. */
static void
write_failure(GhcLane *lane)
{
	const char *id = lane->headers.request_id;
	const GhcWork *work = lane->asking ? NULL : lane->work;
	char	   *reason = ghc_clean_text(lane->judgement.reason, 190);
	char	   *sample = NULL;

	if (work != NULL)
		sample = psprintf("%s%s%s",
						  ghc_clean_text(ghc_values_range(&work->task.range), 300),
						  id[0] ? ", request " : "", id);
	else if (id[0])
		sample = psprintf("request %s", id);
	ghc_errors_record(work ? Max(0, work->task.crawl_id) : 0,
					  ghc_verdict_name(lane->judgement.verdict), reason,
					  sample ? ghc_clean_text(sample, 400) : NULL, 1);
}

/* An answer to whose token it is. */
static void
write_viewer(GhcWorker *worker, GhcLane *lane)
{
	GhcToken   *token = ghc_asked_token(lane);
	int64		account = lane->reply.viewer_id;
	char	   *login;

	if (token == NULL)
		return;					/* removed meanwhile */
	ghc_asked_write_check(worker, lane, token);
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

/* GitHub will never take such a query: the crawl fails, after the turn. */
static void
note_bad_query(const GhcLane *lane, GhcRun *run)
{
	if (lane->judgement.verdict != GHC_VERDICT_BAD_QUERY ||
		lane->work->task.in_own_words || run->ends != NULL)
		return;
	run->ends = "failed";
	run->reason = ghc_clean_text(lane->judgement.reason, 200);
}

static void
write_answer(GhcWorker *worker, GhcLane *lane)
{
	GhcRun	   *run = lane->work && !lane->asking ?
		ghc_state_find_run(worker, lane->work->task.crawl_id) : NULL;
	GhcVerdict	verdict = lane->judgement.verdict;

	lane->work_over = false;
	if (verdict != GHC_VERDICT_OK &&
		(lane->asking || lane->work == NULL || !lane->work->task.explained))
		write_failure(lane);
	if (lane->asking || (run != NULL && ghc_state_is_question(run)))
		ghc_asked_note_failure(worker, lane);
	if (verdict == GHC_VERDICT_BAD_TOKEN)
	{
		ghc_tokens_refuse(lane->token_id, ghc_clean_text(lane->judgement.reason, 200));
		worker->refresh = true;
	}
	if (lane->asking)
	{
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
	if (ghc_state_is_question(run))
	{
		ghc_asked_write(lane);
		return;
	}
	run->counts.requests++;
	run->counts.points += lane->points_used;
	run->counts.wire_bytes += lane->transfer->wire_bytes;
	note_bad_query(lane, run);
	if (run->ends != NULL)
	{
		/* the claim stays, for the end to drop or for the next refresh */
		lane->work_over = true;
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
