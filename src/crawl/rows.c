/*-------------------------------------------------------------------------
 *
 * rows.c
 *	  Stores the repositories that flights brought.
 *
 * Rows of all answers that read the same columns for the same crawl are stored
 * together.  Runs within the transaction of a turn, as all of answers.c does.
 *
 * IDENTIFICATION
 *	  src/crawl/rows.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/answers.h"
#include "crawl/details.h"
#include "crawl/flight.h"
#include "crawl/rows.h"
#include "store/clock.h"
#include "store/data.h"
#include "store/errors.h"
#include "store/pages.h"

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
			.alone = work->task.walk != NULL ||
			(work->task.nodes != NULL && work->task.nodes->why != GHC_LOOKUP_DETAILS),
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

void
ghc_rows_store(GhcWorker *worker)
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
