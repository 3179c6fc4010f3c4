/*-------------------------------------------------------------------------
 *
 * absences.c
 *	  What look-ups say of repositories that aren't there, written down; see
 *	  absences.h.
 *
 * IDENTIFICATION
 *	  src/crawl/absences.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/absences.h"
#include "crawl/claim.h"
#include "store/absence.h"
#include "store/clock.h"
#include "store/looks.h"
#include "store/tasks.h"
#include "store/values.h"

/* a task asks for one after the other, so that they don't take for ever */
#define IDS_PER_TASK 8

static char *
format_ids(const int64 *ids, int n)
{
	GhcMembers	members = {.n = n};
	GhcBuffer	text = {0};

	memcpy(members.ids, ids, n * sizeof(int64));
	ghc_range_init(&members.range);
	ghc_members_format(&members, &text);
	return ghc_values_take(&text);
}

/* Adds tasks of a kind for some ids; they are no part of what the crawl counts. */
static void
queue(const GhcWork *work, GhcRun *run, const GhcTaskKind *kind,
	  const int64 *ids, int n_ids)
{
	int			n = (n_ids + IDS_PER_TASK - 1) / IDS_PER_TASK;
	GhcChildRows rows = {n, kind->name, palloc0(n * sizeof(char *) + 1),
		palloc0(n * sizeof(int64) + 1), palloc0(n * sizeof(int64) + 1),
	palloc0(n * sizeof(int64) + 1), palloc0(n * sizeof(double) + 1)};

	if (n == 0)
		return;
	for (int i = 0; i < n; i++)
	{
		int			from = i * IDS_PER_TASK;

		rows.queries[i] = format_ids(ids + from, Min(IDS_PER_TASK, n_ids - from));
		rows.positions[i] = work->task.position;
		rows.promised[i] = -1;
	}
	ghc_tasks_add_children(&work->row, &rows);
	run->counts.tasks += n;
	ghc_claim_expect(run, work->task.position);
}

void
ghc_absences_write_missed(const GhcWork *work, const GhcFlight *flight,
						  GhcRun *run, const int64 *ids, int n)
{
	int64	   *unasked;
	int			n_unasked;

	if (n == 0)
		return;
	n_unasked = ghc_absence_write(run->crawl.data_schema, flight->shape.fields, ids, n,
								  ghc_clock_timestamp(flight->sent_ms), &unasked);
	ghc_looks_missed(run->crawl.data_schema, ids, n, ghc_clock_timestamp(flight->sent_ms));
	queue(work, run, &ghc_absent_kind, unasked, n_unasked);
}

/* What the REST API said of one of them. */
static void
write_reason(const GhcWork *work, const GhcFlight *flight, GhcRun *run)
{
	const GhcAbsent *absent = work->task.absent;
	GhcAbsenceNews news = {
		.repo_id = absent->answered,
		.reason = absent->fate == GHC_ABSENT_GONE ? absent->block.reason : NULL,
		.blocked_at = absent->block.since > 0 ?
		ghc_values_timestamp(absent->block.since) : DT_NOBEGIN,
		.notice = absent->block.notice,
		.asked_at = ghc_clock_timestamp(flight->sent_ms)
	};

	if (absent->answered == 0)
		return;
	ghc_absence_explain(run->crawl.data_schema, flight->shape.fields, &news);
	if (absent->fate == GHC_ABSENT_SHOWN)
		queue(work, run, &ghc_fill_kind, &news.repo_id, 1);
}

/*
 * Whom GitHub refuses to show with this answer has been looked at, too: else he would be
 * due again at once, each time.
 */
static void
write_refused(const GhcNodes *nodes, const GhcFlight *flight, GhcRun *run)
{
	int64		ids[GHC_MAX_MEMBERS];
	int			n = 0;

	for (int i = 0; i < nodes->n; i++)
		if (nodes->fates[i] == GHC_FATE_FORBIDDEN && nodes->forbidden[i] && !nodes->by_name)
			ids[n++] = nodes->ids[i];
	if (n > 0)
		ghc_looks_missed(run->crawl.data_schema, ids, n, ghc_clock_timestamp(flight->sent_ms));
}

void
ghc_absences_write(GhcWorker *worker, const GhcWork *work,
				   const GhcFlight *flight, GhcRun *run)
{
	const GhcNodes *nodes = work->task.nodes;

	worker->storing = run->crawl.crawl_id;
	if (nodes != NULL)
	{
		ghc_absences_write_missed(work, flight, run, nodes->missed, nodes->n_missed);
		write_refused(nodes, flight, run);
	}
	if (work->task.absent != NULL)
		write_reason(work, flight, run);
	worker->storing = 0;
}
