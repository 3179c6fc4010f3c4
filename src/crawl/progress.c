/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  Writes how tasks stand after an answer: further, done, split, a gap.
 *
 * Tasks that go on are written together, those that end one by one with what
 * becomes of them.  Runs within the transaction of a turn, as all of answers.c
 * does.
 *
 * IDENTIFICATION
 *	  src/crawl/progress.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/absences.h"
#include "crawl/answers.h"
#include "crawl/claim.h"
#include "crawl/details.h"
#include "crawl/heard.h"
#include "crawl/listed.h"
#include "crawl/progress.h"
#include "crawl/starred.h"
#include "crawl/walked.h"
#include "store/errors.h"
#include "store/seen.h"
#include "store/values.h"

int64
ghc_progress_contribution(const GhcWork *work, GhcOutcome outcome)
{
	const GhcTask *task = &work->task;
	int64		sum = 0;

	if (outcome == GHC_OUTCOME_DONE)
		return task->seen;
	if (outcome != GHC_OUTCOME_SPLIT)
		return task->promised >= 0 ? task->promised : work->contributed;
	if (task->walk != NULL)
		return task->seen + work->handed_on;
	for (int i = 0; i < task->cut->n_children; i++)
		sum += Max(0, task->cut->children[i].count);
	return sum;
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
	work->row.new_query = task->walk != NULL ? ghc_walked_text(work) :
		task->stars != NULL ? ghc_starred_text(work) : NULL;
	return outcome;
}

/* Queues the parts that a task is cut into; returns how many. */
static int
add_children(GhcWorker *worker, GhcWork *work, const GhcRun *run)
{
	const GhcCut *cut = work->task.cut;
	int			n = cut != NULL ? cut->n_children : 0;
	GhcChildRows rows = {n, work->task.kind->name, palloc(n * sizeof(char *)),
		palloc(n * sizeof(int64)), palloc(n * sizeof(int64)),
	palloc(n * sizeof(int64)), palloc(n * sizeof(double))};

	if (work->task.walk != NULL)
		return ghc_walked_add_children(worker, work, run);
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
	return n;
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
	work->row.leaky = outcome == GHC_OUTCOME_SPLIT && work->task.cut != NULL &&
		!work->task.cut->by_time;
	if (!ghc_tasks_end(&work->row, worker->no, state))
		return false;
	run->counts.tasks_ended++;
	run->counts.gaps += outcome == GHC_OUTCOME_GAP;
	run->counts.missing += work->row.missing;
	if (outcome == GHC_OUTCOME_SPLIT)
	{
		run->counts.tasks += add_children(worker, work, run);
		run->counts.narrowed += work->task.narrowed;
		ghc_claim_expect(run, work->task.position);
	}
	else
		queue_details(work, run);
	return true;
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

/* Was the repository seen, and refused by the database? */
static bool
is_refused(const GhcWork *work, int64 id)
{
	ListCell   *cell;

	foreach(cell, work->refused_now)
		if (*(int64 *) lfirst(cell) == id)
			return true;
	return ghc_idset_has(&work->refused, id);
}

/*
 * What a task gave up is all that is left of it, should it be tried again; what
 * counts and was refused by the database is, too.
 */
static void
write_left(const GhcWork *work)
{
	const GhcNodes *nodes = work->task.nodes;
	bool		left[GHC_MAX_MEMBERS] = {false};
	bool		any = false;
	GhcBuffer	text = {0};
	char	   *query;

	for (int i = 0; i < nodes->n; i++)
	{
		left[i] = ghc_nodes_gave_up(nodes, i) ||
			(nodes->why == GHC_LOOKUP_FILL && nodes->fates[i] == GHC_FATE_FOUND &&
			 is_refused(work, nodes->ids[i]));
		any |= left[i];
	}
	if (!any)
		return;
	ghc_nodes_format(&work->task, left, &text);
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
	run->counts.expected += sign * (ghc_progress_contribution(work, outcome) -
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
	ghc_absences_write(worker, work, flight, run);
	if (nodes != NULL)
		count_nodes(nodes, run);
	if (nodes != NULL && run->crawl.is_list)
		ghc_listed_write(work->row.crawl_id, nodes);
	if (nodes != NULL && outcome == GHC_OUTCOME_GAP)
		write_left(work);
	if (work->task.walk != NULL)
		ghc_walked_write_missed(worker, work, flight, run);
	else if (work->task.events != NULL)
		ghc_heard_write(worker, work, flight, run);
	else if (outcome != GHC_OUTCOME_SPLIT && work->task.absent == NULL && work->task.stars == NULL &&
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
void
ghc_progress_write(GhcWorker *worker, List *progress)
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
		else if (one->work->task.walk != NULL)
			ghc_walked_write_missed(worker, one->work, one->flight, one->run);
		else
			ghc_absences_write(worker, one->work, one->flight, one->run);
	}
}

void
ghc_progress_note(GhcWorker *worker, GhcWork *work, const GhcFlight *flight,
				  GhcRun *run, List **progress)
{
	GhcOutcome	outcome = fill_row(work, flight, run);
	Progress   *one;

	write_strangers(work, run);
	work->unwritten = outcome == GHC_OUTCOME_MORE && work->task.walk != NULL &&
		ghc_walk_is_in_place(&work->task);
	if (work->unwritten)
		return;
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
