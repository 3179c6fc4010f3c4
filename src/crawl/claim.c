/*-------------------------------------------------------------------------
 *
 * claim.c
 *	  Claiming tasks: as many as lanes can ask for soon.
 *
 * What is claimed and not asked for is kept from other workers, and what is
 * being read when a worker dies is read again; so no more is claimed than
 * fills the requests that may go out now or very soon.  How much that is
 * depends on how many pages a task has to ask for at once: a range whose count
 * is known may fill a request alone.
 *
 * A claim begins at the first place of the queue that may hold something: behind
 * what was claimed last, or where this worker put tasks since then.  What others put
 * before that place is theirs, or is found once nothing is left behind it: then
 * the head is looked at again, which takes as long as there are dead rows, so that
 * it is done once between two refreshes at most.
 *
 * IDENTIFICATION
 *	  src/crawl/claim.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <math.h>

#include "crawl/claim.h"
#include "crawl/details.h"
#include "crawl/flight.h"
#include "crawl/host.h"
#include "crawl/lane.h"
#include "crawl/share.h"
#include "store/clock.h"

/* how fast "supply" follows: this share of each new value */
#define SUPPLY_SHARE 0.2

/* tasks of a walk that wait for each lane: for a GET, for a look-up by id */
#define GETS_AHEAD 6
#define LISTS_AHEAD 20

/* no more tasks of a run are claimed at once */
#define MAX_CLAIM 100

/* The room of a request for what most tasks of a run want. */
static GhcRoom
room_of(const GhcRun *run, GhcLane *lane)
{
	return ghc_host_room(lane, ghc_details_shape(run, run->piece),
						 run->crawl.looks_up ? GHC_WANT_LIST : GHC_WANT_PAGES);
}

/* How many parts a work asks for at once, if there is room. */
static int
supply_of(const GhcWork *work, GhcRoom room, bool looks_up)
{
	const GhcTask *task = &work->task;
	int64		left = Min(task->promised, GHC_SEARCH_CAP) - task->offset;

	if (task->walk != NULL)
		return 1;
	if (task->nodes != NULL && looks_up)
		return Max(1, task->nodes->n / Max(1, room.rows));
	if (task->nodes != NULL)
		return Max(1, task->nodes->n * room.parts / GHC_MAX_MEMBERS);
	/* pages of one repository are asked for one by one, see search.c */
	if (!room.ahead || task->keeps_cursors || room.rows <= 1 || left <= room.rows)
		return 1;
	if (task->pages == 0 && task->promised > GHC_SEARCH_CAP)
		return 1;				/* it is cut first */
	return (int) Min(room.parts, (left + room.rows - 3) / (room.rows - 1));
}

/* How many parts the works that wait can ask for. */
static int
count_supply(const GhcWorker *worker, const GhcRun *run)
{
	int			n = 0;
	ListCell   *cell;

	foreach(cell, worker->works)
	{
		const GhcWork *work = lfirst(cell);

		if (!work->in_flight && !work->over &&
			work->task.crawl_id == run->crawl.crawl_id)
			n += supply_of(work, run->room, run->crawl.looks_up);
	}
	return n;
}

/* Can tasks of the run be claimed? */
static bool
is_open(const GhcRun *run)
{
	return !run->exhausted && !run->held_up && run->ends == NULL;
}

/* The run that a lane would serve next, by the shares handed out so far. */
static GhcRun *
choose_run(GhcWorker *worker, const GhcLane *lane)
{
	GhcRun	   *chosen = NULL;
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		/* what nothing is left to claim of takes what waits, and no more */
		if (!ghc_flight_is_for(lane, run) || run->crawl.gets_only ||
			(!is_open(run) && run->demand >= run->waiting))
			continue;
		if (ghc_state_is_question(run) && run->demand == 0)
			return run;
		if (chosen == NULL ||
			run->pass + ghc_share_step(run->crawl.priority, run->demand) <
			chosen->pass + ghc_share_step(chosen->crawl.priority, chosen->demand))
			chosen = run;
	}
	return chosen;
}

/* Crawls that ask the REST API may ask for so many things more. */
static void
demand_gets(GhcWorker *worker, GhcLane *lane, int64 now_ms)
{
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		if (run->gets && ghc_flight_is_for(lane, run))
			run->demand += ghc_lane_slots(lane, GHC_RESOURCE_CORE, now_ms);
	}
}

/* Works out how many parts of each run lanes could ask for soon. */
static void
work_out_demand(GhcWorker *worker)
{
	int64		now_ms = ghc_clock_now_ms();
	ListCell   *cell;

	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);

		run->demand = 0;
		run->waiting = count_supply(worker, run);
		run->pass = ghc_share_join(run->pass,
								   ghc_host_of(worker, run->crawl.api_url)->pass);
	}
	foreach(cell, worker->lanes)
	{
		GhcLane    *lane = lfirst(cell);
		int			n = ghc_lane_slots(lane, GHC_RESOURCE_GRAPHQL, now_ms);

		demand_gets(worker, lane, now_ms);
		while (n-- > 0)
		{
			GhcRun	   *run = choose_run(worker, lane);

			if (run == NULL)
				break;
			run->room = room_of(run, lane);
			run->demand += run->room.parts;
		}
	}
}

/*
 * The same of a walk through ids, whose tasks ask now the REST API and now
 * GraphQL, and are under way most of the time: some of them are to wait for each
 * lane's next GET, unless ids pile up that GraphQL has no room for.
 */
static int
count_walks_wanted(const GhcWorker *worker, const GhcRun *run)
{
	int			lanes = 0;
	int			gets = 0;
	int			lists = 0;
	ListCell   *cell;

	foreach(cell, worker->lanes)
	{
		const GhcLane *lane = lfirst(cell);

		lanes += lane->budget_id != 0 && lane->tokens != NIL &&
			ghc_flight_is_for(lane, run);
	}
	foreach(cell, worker->works)
	{
		GhcWork    *work = lfirst(cell);
		GhcResource resource;

		if (work->in_flight || work->over || work->task.crawl_id != run->crawl.crawl_id)
			continue;
		if (ghc_state_takes(work, &resource) && resource == GHC_RESOURCE_GRAPHQL)
			lists++;
		else
			gets++;
	}
	if (lists >= lanes * LISTS_AHEAD)
		return 0;
	return Min(MAX_CLAIM, Max(0, lanes * GETS_AHEAD - gets));
}

/* How many tasks of a run to claim. */
static int
count_wanted(const GhcWorker *worker, const GhcRun *run)
{
	int			missing;

	if (is_open(run) && (run->crawl.walks || run->crawl.gets_only))
		return count_walks_wanted(worker, run);
	if (!is_open(run) || run->demand == 0)
		return 0;
	missing = run->demand - count_supply(worker, run);
	if (missing <= 0)
		return 0;
	return Min(MAX_CLAIM, (int) ceil(missing / Max(1.0, run->supply)));
}

bool
ghc_claim_is_due(GhcWorker *worker)
{
	ListCell   *cell;

	work_out_demand(worker);
	foreach(cell, worker->runs)
		if (count_wanted(worker, lfirst(cell)) > 0)
			return true;
	return false;
}

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

void
ghc_claim_expect(GhcRun *run, int64 position)
{
	if (run == NULL)
		return;
	run->exhausted = false;
	if (position <= run->after.position)
		run->after = (GhcTaskPlace) {position, PG_INT64_MIN};
}

/* Claims tasks of a run, from its head if there are too few else. */
static List *
claim_some(GhcWorker *worker, GhcRun *run, int wanted)
{
	int64		crawl_id = run->crawl.crawl_id;
	List	   *rows = ghc_tasks_claim(crawl_id, worker->no, &run->after, wanted);
	int			missing = wanted - list_length(rows);
	GhcTaskPlace head = GHC_TASKS_HEAD;

	if (missing > 0 && run->rewinds && run->after.position != head.position)
	{
		run->rewinds = false;
		rows = list_concat(rows, ghc_tasks_claim(crawl_id, worker->no, &head,
												 missing));
	}
	run->exhausted = list_length(rows) < wanted;
	return rows;
}

List *
ghc_claim_tasks(GhcWorker *worker)
{
	List	   *claimed = NIL;
	ListCell   *cell;

	work_out_demand(worker);
	foreach(cell, worker->runs)
	{
		GhcRun	   *run = lfirst(cell);
		int			wanted = count_wanted(worker, run);
		List	   *rows;
		ListCell   *inner;

		if (wanted == 0)
			continue;
		rows = claim_some(worker, run, wanted);
		foreach(inner, rows)
			if (is_readable(worker, run, lfirst(inner)))
				claimed = lappend(claimed, lfirst(inner));
	}
	return claimed;
}

GhcWork *
ghc_claim_take_up(GhcWorker *worker, const GhcTaskRow *row)
{
	GhcRun	   *run = ghc_state_find_run(worker, row->crawl_id);
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
				 errmsg("out of memory"),
				 errdetail("Failed while reading range %lld of crawl %lld.",
						   (long long) row->task_id, (long long) row->crawl_id)));
	if (run != NULL)
		run->after = (GhcTaskPlace) {row->position, row->task_id};
	if (run != NULL && (work->task.walk != NULL ||
						work->task.kind->wants(&work->task) == GHC_WANT_REST))
		run->gets = true;
	if (run != NULL && run->room.parts > 0)
		run->supply += SUPPLY_SHARE * (supply_of(work, run->room, run->crawl.looks_up) - run->supply);
	return work;
}
