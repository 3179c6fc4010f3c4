/*-------------------------------------------------------------------------
 *
 * answers.c
 *	  Writes what flights brought: repositories, tasks, failures, budgets.
 *
 * Runs within the transaction of a turn (turn.c).  It may run again for the
 * same answers, if that transaction fails; so it changes nothing in memory
 * but the sums of the turn, which are emptied before, and marks of flights and
 * works, which are set anew.
 *
 * IDENTIFICATION
 *	  src/crawl/answers.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "crawl/answers.h"
#include "crawl/app.h"
#include "crawl/asked.h"
#include "crawl/claim.h"
#include "crawl/details.h"
#include "crawl/flight.h"
#include "crawl/get.h"
#include "crawl/meter.h"
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

/* How many repositories of a work's page are to be stored. */
static int
rows_of(const GhcWork *work, const GhcPage *page, const GhcRun *run,
		int64 allowed)
{
	/* a limited crawl can't count, so can't store, what it will read again */
	if (work->task.cut != NULL && run->crawl.max_repositories >= 0)
		return 0;
	return (int) Min(page->n, allowed);
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

/* rows that are to be stored together; each row's owner is its work */
typedef struct Batch
{
	GhcStoreRow *rows;
	int			n;
	int64		allowed;		/* how many more */
} Batch;

/*
 * Notes that the database refused a row.  The pages of a range overlap, so one
 * may come twice; rows are sorted, so then it is the last that was noted.
 */
static void
note_refused(GhcWork *work, const GhcStoreRow *row)
{
	int64	   *id = unconstify(int64 *, &row->repo->repo_id);

	if (work->refused_now == NIL || *(int64 *) llast(work->refused_now) != *id)
		work->refused_now = lappend(work->refused_now, id);
}

/* Counts what became of the rows of one run. */
static void
tally(GhcRun *run, const Batch *batch)
{
	for (int i = 0; i < batch->n; i++)
	{
		const GhcStoreRow *row = &batch->rows[i];
		GhcWork    *work = row->owner;

		run->counts.inserted += row->stored == GHC_STORED_NEW;
		/* what a row lacked may come later, and doesn't count once more */
		run->counts.updated += row->stored == GHC_STORED_CHANGED &&
			(!run->split.in_two || row->changed_before < run->basis.began_at);
		ghc_details_note(run, work, row);
		if (row->stored == GHC_STORED_REFUSED)
			note_refused(work, row);
	}
}

static void
add_page(Batch *batch, GhcRun *run, const GhcFlight *flight, GhcWork *work,
		 const GhcPage *page)
{
	int			take = rows_of(work, page, run, batch->allowed);

	batch->allowed -= take;
	for (int i = 0; i < take; i++)
	{
		if (!ghc_repository_is_whole(&page->repos[i]))
			continue;
		batch->rows[batch->n++] = (GhcStoreRow) {
			.crawl_id = run->crawl.crawl_id,
			.repo = &page->repos[i],
			.observed_at = ghc_clock_timestamp(flight->sent_ms),
			.owner = work
		};
	}
	if (take > 0)
		record_noted(run, page);
}

static void
add_flight(Batch *batch, GhcRun *run, const GhcFlight *flight)
{
	ListCell   *cell;

	foreach(cell, flight->works)
	{
		GhcWork    *work = lfirst(cell);

		for (int i = 0; i < work->stored.n; i++)
			add_page(batch, run, flight, work, work->stored.pages[i]);
	}
}

/* Stores the pages of all flights that read the same for the same run. */
static void
store_like(GhcWorker *worker, GhcRun *run, const GhcFlight *like, int n_rows)
{
	GhcFieldSet fields = like->shape.fields;
	GhcApart	apart = ghc_details_apart(run, like->piece);
	Batch		batch = {
		palloc(n_rows * sizeof(GhcStoreRow)), 0, ghc_answers_allowance(run)
	};
	ListCell   *cell;

	foreach(cell, worker->flights)
	{
		GhcFlight  *flight = lfirst(cell);

		if (!flight->answered || flight->given_up || flight->is_stored ||
			flight->shape.fields != fields || flight->piece != like->piece ||
			flight->crawl_id != run->crawl.crawl_id)
			continue;
		flight->is_stored = true;
		add_flight(&batch, run, flight);
	}
	Assert(batch.n <= n_rows);
	if (batch.n == 0)
		return;
	worker->storing = run->crawl.crawl_id;
	ghc_pages_store(run->crawl.data_schema, fields, &apart, batch.rows, batch.n,
					worker->careful);
	worker->storing = 0;
	tally(run, &batch);
}

/* Empties the marks of the flights that are answered; returns their rows. */
static int
begin_storing(GhcWorker *worker)
{
	int			n_rows = 0;
	ListCell   *cell;
	ListCell   *inner;

	foreach(cell, worker->flights)
	{
		GhcFlight  *flight = lfirst(cell);

		flight->is_stored = false;
		if (!flight->answered || flight->given_up)
			continue;
		n_rows += ghc_flight_rows(flight);
		foreach(inner, flight->works)
			((GhcWork *) lfirst(inner))->refused_now = NIL;
	}
	return n_rows;
}

static void
store_pages(GhcWorker *worker)
{
	int			n_rows = begin_storing(worker);
	ListCell   *cell;

	if (n_rows == 0)
		return;
	foreach(cell, worker->flights)
	{
		GhcFlight  *flight = lfirst(cell);
		GhcRun	   *run = flight->answered && !flight->given_up && !flight->is_stored &&
			ghc_flight_rows(flight) > 0 ? ghc_state_find_run(worker, flight->crawl_id) : NULL;

		if (run == NULL || ghc_state_is_question(run))
			continue;
		if (!OidIsValid(ghc_data_owner(run->crawl.data_schema)))
		{
			run->ends = "failed";
			run->reason = psprintf("the data tables in schema \"%s\" are gone, or not of one owner",
								   run->crawl.data_schema);
		}
		else
			store_like(worker, run, flight, n_rows);
	}
}

/* How many repositories of a task the database refused, in all. */
static int64
count_refused(const GhcWork *work)
{
	int64		n = work->refused.n;
	ListCell   *cell;

	foreach(cell, work->refused_now)
		n += !ghc_idset_has(&work->refused, *(int64 *) lfirst(cell));
	return n;
}

/*
 * Fills in the stored form of a task with where it is after an answer.  What
 * the database refuses was seen and isn't stored: that makes it a gap.
 */
static GhcOutcome
fill_row(GhcWork *work, const GhcFlight *flight, const GhcRun *run)
{
	const GhcTask *task = &work->task;
	GhcOutcome	outcome = work->outcome;
	int64		refused = count_refused(work);
	bool		failed = flight->judgement.verdict != GHC_VERDICT_OK;

	work->row.missing = outcome == GHC_OUTCOME_GAP ? task->missing : 0;
	work->row.error = outcome == GHC_OUTCOME_GAP ? task->why : NULL;
	if (refused > 0 && (outcome == GHC_OUTCOME_DONE || outcome == GHC_OUTCOME_GAP))
	{
		work->row.missing += refused;
		work->row.error = "the database refused rows";
		outcome = GHC_OUTCOME_GAP;
	}
	if (failed && (outcome == GHC_OUTCOME_MORE || outcome == GHC_OUTCOME_RETRY))
		work->row.error = ghc_clean_text(flight->judgement.reason, 200);
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
		GhcRange	range = ghc_range_narrow(&work->task.range,
											 &cut->children[i].bounds);

		rows.queries[i] = ghc_values_range(&range);
		rows.positions[i] = range.dim[GHC_DIM_CREATED].lo;
		rows.promised[i] = cut->children[i].count;
		rows.counted[i] = cut->heritage[i].counted;
		rows.weights[i] = cut->heritage[i].weight;
	}
	ghc_tasks_add_children(&work->row, &rows);
}

/* What was left out of the pages of a range is still to be asked for. */
static void
queue_details(const GhcWork *work, GhcRun *run)
{
	int			n = ghc_details_queue(work);

	run->counts.tasks += n;
	if (n > 0)
		ghc_claim_expect(run, work->task.position);
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
		ghc_claim_expect(run, work->task.position);
	}
	else
		queue_details(work, run);
	return true;
}

/* Writes what an answer to a look-up by id says, beside the rows that were stored. */
static void
write_missed(GhcWorker *worker, const GhcWork *work, const GhcFlight *flight,
			 const GhcRun *run)
{
	const GhcNodes *nodes = work->task.nodes;

	if (nodes->n_missed == 0)
		return;
	worker->storing = run->crawl.crawl_id;
	ghc_absence_write(run->crawl.data_schema, flight->shape.fields, nodes->missed,
					  nodes->n_missed, ghc_clock_timestamp(flight->sent_ms));
	worker->storing = 0;
}

/*
 * Counts what a look-up found out.  Not before its end: should this worker die,
 * all is asked again.
 */
static void
count_nodes(const GhcNodes *nodes, GhcRun *run)
{
	if (nodes->why == GHC_LOOKUP_SUSPECTS)
		run->counts.suspects += nodes->n_settled;
	run->counts.gone += nodes->n_gone;
}

/* The members that are left of a look-up, should it be tried again. */
static GhcMembers
members_left(const GhcWork *work)
{
	GhcMembers	members = work->task.nodes->unknown;
	const GhcNodes *nodes = work->task.nodes;

	if (nodes->why != GHC_LOOKUP_FILL)
		return members;
	/* what the database refused was seen, and doesn't count as such */
	for (int i = 0; i < nodes->n && members.n < GHC_MAX_MEMBERS; i++)
	{
		bool		refused = ghc_idset_has(&work->refused, nodes->ids[i]);
		ListCell   *cell;

		foreach(cell, work->refused_now)
			refused |= *(int64 *) lfirst(cell) == nodes->ids[i];
		if (refused)
			members.ids[members.n++] = nodes->ids[i];
	}
	return members;
}

/* What a task gave up is all that is left of it, should it be tried again. */
static void
write_left(const GhcWork *work)
{
	GhcMembers	members = members_left(work);
	GhcBuffer	text = {0};
	char	   *query;

	if (members.n == 0)
		return;
	ghc_members_format(&members, &text);
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

/* An answer with what wasn't asked for is none to this question. */
static void
write_strangers(const GhcWork *work, const GhcRun *run)
{
	if (work->task.strangers > 0)
		ghc_errors_record(run->crawl.crawl_id, "stranger",
						  "GitHub shows repositories in a search that is not for them",
						  ghc_clean_text(ghc_values_range(&work->task.range), 300),
						  work->task.strangers);
}

/* Adds to its crawl's counters what became of a task, or takes it back. */
static void
count_work(GhcRun *run, const GhcWork *work, GhcOutcome outcome, int sign)
{
	run->counts.seen += sign * (work->row.counted - work->counted);
	run->counts.part += sign * (work->row.part - work->part);
	run->counts.read_again += sign * Max(0, work->task.readings -
										 Max(1, work->readings_reported));
	run->counts.expected += sign * (ghc_answers_contribution(work, outcome) -
									work->contributed);
}

/* Writes how a task stands that ends with an answer, if it is still ours. */
static void
write_end(GhcWorker *worker, GhcWork *work, const GhcFlight *flight,
		  GhcRun *run, GhcOutcome outcome)
{
	const GhcNodes *nodes = work->task.nodes;

	work->over = true;
	if (!end_work(worker, work, run, outcome))
		return;
	if (nodes != NULL)
	{
		write_missed(worker, work, flight, run);
		count_nodes(nodes, run);
	}
	if (nodes != NULL && outcome == GHC_OUTCOME_GAP)
		write_left(work);
	if (outcome != GHC_OUTCOME_SPLIT &&
		(nodes == NULL || nodes->why == GHC_LOOKUP_SUSPECTS))
		write_seen(&work->task, run);
	count_work(run, work, outcome, 1);
}

/* A task that goes on after an answer, to be written with others like it. */
typedef struct Progress
{
	GhcWork    *work;
	const GhcFlight *flight;
	GhcRun	   *run;
	GhcOutcome	outcome;
} Progress;

/*
 * What was counted is taken back where the task isn't ours any more; the others
 * have to know of it at once, if the crawl has a limit.
 */
static void
write_progress(GhcWorker *worker, List *progress)
{
	int			n = list_length(progress);
	GhcTaskRow **rows;
	bool	   *held;

	if (n == 0)
		return;
	rows = palloc(n * sizeof(GhcTaskRow *));
	held = palloc(n * sizeof(bool));
	for (int i = 0; i < n; i++)
		rows[i] = &((Progress *) list_nth(progress, i))->work->row;
	ghc_tasks_progress(rows, n, worker->no, held);
	for (int i = 0; i < n; i++)
	{
		Progress   *one = list_nth(progress, i);

		one->work->over = !held[i];
		if (!held[i])
			count_work(one->run, one->work, one->outcome, -1);
		else if (one->work->task.nodes != NULL)
			write_missed(worker, one->work, one->flight, one->run);
	}
}

/* Writes how a task stands after an answer, or puts it on the list of progress. */
static void
write_work(GhcWorker *worker, GhcWork *work, const GhcFlight *flight,
		   GhcRun *run, List **progress)
{
	GhcOutcome	outcome = fill_row(work, flight, run);
	Progress   *one;

	write_strangers(work, run);
	if (outcome != GHC_OUTCOME_MORE && outcome != GHC_OUTCOME_RETRY)
	{
		write_end(worker, work, flight, run, outcome);
		return;
	}
	one = palloc(sizeof(Progress));
	*one = (Progress) {work, flight, run, outcome};
	*progress = lappend(*progress, one);
	count_work(run, work, outcome, 1);
}

/* Writes down a failure, grouped with those like it. */
static void
write_failure(const GhcFlight *flight)
{
	const char *id = flight->headers.request_id;
	const GhcWork *work = flight->asking ? NULL : linitial(flight->works);
	char	   *reason = ghc_clean_text(flight->judgement.reason, 190);
	char	   *sample = NULL;

	if (work != NULL)
		sample = psprintf("%s%s%s",
						  ghc_clean_text(ghc_values_range(&work->task.range), 300),
						  id[0] ? ", request " : "", id);
	else if (id[0])
		sample = psprintf("request %s", id);
	ghc_errors_record(Max(0, flight->crawl_id),
					  ghc_verdict_name(flight->judgement.verdict), reason,
					  sample ? ghc_clean_text(sample, 400) : NULL, 1);
}

/* Is the failure nothing but what the flight's works asked about? */
static bool
is_explained(const GhcFlight *flight)
{
	ListCell   *cell;

	if (flight->works == NIL)
		return false;
	foreach(cell, flight->works)
		if (!((GhcWork *) lfirst(cell))->task.explained)
			return false;
	return true;
}

/* A token is of no more use; one of an installation is only made anew. */
static void
write_refusal(GhcWorker *worker, const GhcFlight *flight)
{
	if (!ghc_app_makes(worker, flight->token_id))
		ghc_tokens_refuse(flight->token_id,
						  ghc_clean_text(flight->judgement.reason, 200));
	worker->refresh = true;
}

/* Whose token it is; says so if it is somebody's that is known already. */
static void
write_budget(const char *api_url, const GhcToken *token, int64 account,
			 const char *login)
{
	int			budget_id = ghc_tokens_set_budget(token->token_id, api_url,
												  account, login);
	char	   *fellow = budget_id == token->budget_id ? NULL :
		ghc_tokens_find_fellow(token->token_id, budget_id);

	if (fellow != NULL)
		ereport(LOG,
				(errmsg("tokens \"%s\" and \"%s\" share the budget of \"%s\"",
						fellow, token->name, login),
				 errhint("Several tokens of one account bring more reliability, not more quota.")));
}

/* An answer to whose token it is. */
static void
write_viewer(GhcWorker *worker, const GhcFlight *flight)
{
	GhcToken   *token = ghc_asked_token(flight);
	int64		account = flight->reading->reply.viewer_id;
	char	   *login;

	if (token == NULL)
		return;					/* removed meanwhile */
	ghc_asked_write_check(worker, flight, token);
	if (!ghc_flight_is_answer(flight))
		return;
	worker->refresh = true;
	if (token->of_app != 0)
	{
		ghc_tokens_accept(token->token_id);
		return;
	}
	/* an installation's token has no viewer: it counts by itself */
	if (account == 0)
	{
		account = -token->token_id;
		login = psprintf("token %s", token->name);
	}
	else if (flight->reading->reply.viewer_login.len == 0)
		login = psprintf("user %lld", (long long) account);
	else
		login = ghc_clean_text(pnstrdup(flight->reading->reply.viewer_login.data,
									flight->reading->reply.viewer_login.len), 100);
	write_budget(flight->lane->api_url, token, account, login);
}

/*
 * GitHub will never take such a query: the crawl fails, after the turn.  Unless it
 * is about a cursor, which may have been spoiled on its way to us.
 */
static void
note_bad_query(const GhcFlight *flight, GhcRun *run)
{
	if (flight->judgement.verdict != GHC_VERDICT_BAD_QUERY ||
		ghc_state_cursors(flight) != GHC_CURSORS_NONE || run->ends != NULL)
		return;
	run->ends = "failed";
	run->reason = ghc_clean_text(flight->judgement.reason, 200);
}

/* What the works of a flight have come to. */
static void
write_works(GhcWorker *worker, GhcFlight *flight, GhcRun *run, List **progress)
{
	ListCell   *cell;

	if (run != NULL && !ghc_state_is_question(run))
	{
		if (ghc_get_is(flight))
			run->counts.rest_requests++;
		else
			run->counts.requests++;
		run->counts.points += flight->points_used;
		run->counts.wire_bytes += flight->transfer->wire_bytes;
		note_bad_query(flight, run);
	}
	foreach(cell, flight->works)
	{
		GhcWork    *work = lfirst(cell);

		/* paused meanwhile, or cancelled; then there is no claim any more */
		if (run == NULL)
			ghc_tasks_requeue(&work->row, worker->no);
		if (run != NULL && ghc_state_is_question(run))
			ghc_asked_write(flight, work);
		/* the claim stays, for the end to drop or for the next refresh */
		else if (run == NULL || run->ends != NULL)
			work->over = true;
		else
			write_work(worker, work, flight, run, progress);
	}
}

static void
write_answer(GhcWorker *worker, GhcFlight *flight, List **progress)
{
	GhcRun	   *run = flight->asking ? NULL :
		ghc_state_find_run(worker, flight->crawl_id);
	GhcVerdict	verdict = flight->judgement.verdict;

	if (verdict != GHC_VERDICT_OK && !is_explained(flight))
		write_failure(flight);
	if (flight->asking || (run != NULL && ghc_state_is_question(run)))
		ghc_asked_note_failure(worker, flight);
	if (verdict == GHC_VERDICT_BAD_TOKEN)
		write_refusal(worker, flight);
	if (flight->asking)
		write_viewer(worker, flight);
	else
		write_works(worker, flight, run, progress);
}

void
ghc_answers_write(GhcWorker *worker)
{
	List	   *progress = NIL;
	ListCell   *cell;

	store_pages(worker);
	foreach(cell, worker->flights)
	{
		GhcFlight  *flight = lfirst(cell);

		if (flight->answered && !flight->given_up)
			write_answer(worker, flight, &progress);
	}
	write_progress(worker, progress);
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);

		if (lane->meter_changed && lane->budget_id != 0)
			ghc_meter_save(lane, false);
		else if (lane->meter_changed)
			ghc_meter_save_bench(lane);
	}
}
