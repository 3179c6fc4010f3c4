/*-------------------------------------------------------------------------
 *
 * tasks.h
 *	  Tasks: claiming, progress, children, ends.
 *
 * A task is in the queue, or claimed by a worker, or ended.  The claim is
 * the permission to write about a task: where it is gone, the crawl was
 * cancelled or another worker took over, and nothing is written.
 *
 * Everything here runs between ghc_db_begin and ghc_db_commit, throws on
 * errors of the database, and returns memory of the current context.
 *
 * IDENTIFICATION
 *	  src/store/tasks.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TASKS_H
#define GHC_TASKS_H

#include "nodes/pg_list.h"

/* a task as it is stored */
typedef struct GhcTaskRow
{
	int64		crawl_id;
	int64		task_id;
	int64		position;
	char	   *kind;
	char	   *query;
	int64		promised;		/* -1: unknown */
	int64		seen;			/* most that was seen of it */
	int64		counted;		/* what the crawl counts for it */
	double		share;			/* of the whole crawl */
	double		part;			/* of share, so far */
	int			attempts;

	/* the caller's: what is to be written */
	const char *error;			/* NULL: none */
	const char *new_query;		/* to replace query; NULL: it stays */
	int			pages;			/* read since the last report */
	int			readings;		/* begun since then */
	int64		missing;		/* of a gap */
	bool		leaky;			/* was cut along what can change */
} GhcTaskRow;

/* a place in a crawl's queue */
typedef struct GhcTaskPlace
{
	int64		position;
	int64		task_id;
} GhcTaskPlace;

/* before all of it */
#define GHC_TASKS_HEAD ((GhcTaskPlace) {PG_INT64_MIN, 0})

/* children of a split task, in arrays of n */
typedef struct GhcChildRows
{
	int			n;
	const char *kind;
	char	  **queries;
	int64	   *positions;
	int64	   *promised;		/* -1: unknown */
	int64	   *counted;
	double	   *weights;		/* what they inherit of the parent's share */
} GhcChildRows;

/*
 * Claims up to "limit" ready tasks of a crawl, the first ones after a place; a
 * list of GhcTaskRow.
 */
extern List *ghc_tasks_claim(int64 crawl_id, int worker_no,
							 const GhcTaskPlace *after, int limit);

/*
 * Reports progress of n tasks; held[i] becomes false where the claim is gone.
 * Starting the statement costs more than what it does with a row.
 */
extern void ghc_tasks_progress(GhcTaskRow *const *tasks, int n, int worker_no,
							   bool *held);

/*
 * Ends a task as "done", "gap", "split" or "narrowed"; false if the claim is
 * gone.
 */
extern bool ghc_tasks_end(const GhcTaskRow *task, int worker_no,
						  const char *state);

/* Puts another query in the place of a task's. */
extern void ghc_tasks_replace_query(const GhcTaskRow *task, const char *query);

/*
 * Adds tasks without a parent to a crawl that has no root, in the transaction
 * that made it, and queues them: what they promise is expected, their weights are
 * shares of the whole.
 */
extern void ghc_tasks_add_roots(int64 crawl_id, const GhcChildRows *roots);

/* Adds children to a task and queues them. */
extern void ghc_tasks_add_children(const GhcTaskRow *parent,
								   const GhcChildRows *children);

/*
 * Queues a look at each leaky range of a crawl that has no task left, and
 * that the caller has locked; returns how many.
 */
extern int64 ghc_tasks_add_sweeps(int64 crawl_id);

/*
 * Gives a claimed task back to the queue, if it is still ours.  Here and below,
 * the transaction shares the crawls' locks (locks.h).
 */
extern void ghc_tasks_requeue(const GhcTaskRow *task, int worker_no);

/*
 * Gives back what a worker number had claimed of some crawls, but for the tasks
 * kept; returns how many.
 */
extern int	ghc_tasks_release(const int64 *crawls, int n_crawls, int worker_no,
							  const int64 *kept, int n_kept);

/*
 * Gives back what workers had claimed of some crawls that are no more; returns
 * how many.  In one statement: a successor could come to life between two, and what it has
 * claimed by then would be taken from it.
 */
extern int	ghc_tasks_release_dead(const int64 *crawls, int n_crawls);

#endif							/* GHC_TASKS_H */
