/*-------------------------------------------------------------------------
 *
 * overdue.h
 *	  Whom to look at again, the most overdue and important first.
 *
 * IDENTIFICATION
 *	  src/store/overdue.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_OVERDUE_H
#define GHC_OVERDUE_H

#include "store/blocks.h"
#include "store/hints.h"
#include "store/targets.h"

/* what is due, and what a run is allowed */
typedef struct GhcOverdue
{
	/* the caller's */
	const char *schema;
	Oid			owner;			/* of its tables */
	const GhcTargets *targets;
	TimestampTz now;
	int64		soon;			/* microseconds until the next run: who is due by then is due now */
	int64		most;			/* looks */

	/* the result, palloc'd */
	int64	   *ids;			/* the first ones first */
	int64		n;
	GhcBlock   *blocks;			/* whose repositories are all among them */
	int			n_blocks;
	int64		left_out;		/* due, looked at one by one, and not among them */
} GhcOverdue;

/*
 * Chooses.  As the extension's owner, between ghc_db_enter and ghc_db_leave.  Nobody is
 * among them who is fresher than its target asks, but for those that a hint is at; a block
 * is taken as a whole, so there may be a little more than "most".
 */
extern void ghc_overdue_choose(GhcOverdue *overdue);

#endif							/* GHC_OVERDUE_H */
