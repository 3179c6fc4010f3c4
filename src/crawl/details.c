/*-------------------------------------------------------------------------
 *
 * details.c
 *	  Ranges that are read flat, and the rest that is asked for by id; see
 *	  details.h.
 *
 * What costs points and time in a search may be cheaper asked for by id, and of
 * repositories that are as they were it needn't be asked for again.  Which way
 * pages are read is chosen for each request (github/explore.h).  The ids that
 * lack the rest are collected while a range is read; the transaction that ends
 * it adds the tasks that ask for them, so nothing is owed that isn't written
 * down.
 *
 * A range that is cut hands nothing on: its parts come upon the same rows, and
 * find that these lack the rest.
 *
 * IDENTIFICATION
 *	  src/crawl/details.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/idlist.h"
#include "base/settings.h"
#include "crawl/details.h"
#include "crawl/host.h"
#include "crawl/lane.h"
#include "store/tasks.h"
#include "store/values.h"

static void
out_of_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Failed while noting a repository whose details are to be asked for.")));
}

void
ghc_details_begin(GhcRun *run)
{
	run->basis = ghc_basis_load(run->crawl.crawl_id);
	ghc_explore_init(&run->explorer, run->basis.told_at != DT_NOBEGIN);
}

const GhcShape *
ghc_details_shape(const GhcRun *run, GhcPiece piece)
{
	return piece == GHC_PIECE_FLAT ? &run->split.flat :
		piece == GHC_PIECE_REST ? &run->split.rest : &run->crawl.shape;
}

/*
 * A limited crawl counts what it takes.  Who fixes the size of pages wants to
 * know what pages of that size take.
 */
static bool
is_free_to_choose(const GhcRun *run)
{
	return run->split.in_two && run->crawl.max_repositories < 0 &&
		!ghc_state_is_question(run) && ghc_details != GHC_DETAILS_NESTED &&
		(ghc_details == GHC_DETAILS_LATER ||
		 (ghc_page_size == 0 && ghc_pages_per_request == 0));
}

static GhcWay
choose_way(GhcLane *lane, GhcRun *run)
{
	GhcHost    *host = lane->host;
	GhcFlow		flow = ghc_lane_flow(lane);
	GhcWayPart	nested = ghc_host_part(host, &run->crawl.shape, GHC_WANT_PAGES);
	GhcWayPart	flat = ghc_host_part(host, &run->split.flat, GHC_WANT_PAGES);
	GhcWayPart	ids = ghc_host_part(host, &run->split.rest, GHC_WANT_LIST);

	return ghc_explore_choose(&run->explorer, &nested, &flat, &ids, &flow);
}

GhcPiece
ghc_details_choose(GhcLane *lane, GhcRun *run)
{
	run->piece = is_free_to_choose(run) &&
		(ghc_details == GHC_DETAILS_LATER || choose_way(lane, run) == GHC_WAY_LATER) ?
		GHC_PIECE_FLAT : GHC_PIECE_WHOLE;
	return run->piece;
}

GhcApart
ghc_details_apart(const GhcRun *run, GhcPiece piece)
{
	GhcApart	apart = {0};

	if (!run->split.in_two)
		return apart;
	apart.now = piece == GHC_PIECE_REST;
	apart.fields = run->split.rest.fields & ~run->split.flat.fields;
	apart.told_at = run->split.is_dated ? run->basis.told_at : DT_NOBEGIN;
	apart.pushed_at = run->basis.pushed_at;
	return apart;
}

void
ghc_details_note(GhcRun *run, GhcWork *work, const GhcStoreRow *row)
{
	int64		id = row->repo->repo_id;

	if (!run->split.in_two || work->task.nodes != NULL || work->task.walk != NULL ||
		row->stored == GHC_STORED_REFUSED)
		return;
	ghc_explore_note(&run->explorer, row->lacking, 1);

	/* should the transaction fail, one id too many does no harm */
	if (work->task.piece != GHC_PIECE_FLAT || !row->lacking)
		return;
	(void) ghc_idset_add(&work->lacking, id);
	if (!ghc_idset_has(&work->lacking, id))
		out_of_memory();
}

/* The ids in palloc'd memory, ascending. */
static int64 *
sort_ids(const GhcIdSet *ids)
{
	int64	   *sorted = palloc(Max(ids->n, 1) * sizeof(int64));
	size_t		n = 0;

	for (size_t i = 0; i < ids->capacity; i++)
		if (ids->slot[i] != 0)
			sorted[n++] = ids->slot[i];
	ghc_idlist_sort(sorted, n);
	return sorted;
}

static char *
format_members(const GhcMembers *members)
{
	GhcBuffer	text = {0};

	ghc_members_format(members, &text);
	return ghc_values_take(&text);
}

int
ghc_details_queue(const GhcWork *work)
{
	const GhcTask *task = &work->task;
	int			n_ids = (int) work->lacking.n;
	int			n = (n_ids + GHC_MAX_MEMBERS - 1) / GHC_MAX_MEMBERS;
	int64	   *ids = sort_ids(&work->lacking);
	GhcMembers	members = {.range = task->range};
	GhcChildRows rows = {n, ghc_details_kind.name, palloc0(n * sizeof(char *)),
		palloc0(n * sizeof(int64)), palloc0(n * sizeof(int64)),
	palloc0(n * sizeof(int64)), palloc0(n * sizeof(double))};

	/* of even size: a short one costs a request all the same */
	for (int i = 0; i < n; i++)
	{
		int			from = (int) ((int64) n_ids * i / n);

		members.n = (int) ((int64) n_ids * (i + 1) / n) - from;
		memcpy(members.ids, ids + from, members.n * sizeof(int64));
		rows.queries[i] = format_members(&members);
		rows.positions[i] = task->range.dim[GHC_DIM_CREATED].lo;
		rows.promised[i] = -1;
	}
	if (n > 0)
		ghc_tasks_add_children(&work->row, &rows);
	return n;
}
