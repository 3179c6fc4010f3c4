/*-------------------------------------------------------------------------
 *
 * targets.h
 *	  How fresh repositories are to be, and what finished crawls tell of that.
 *
 * A crawl of stars:10..99, for instance, that is done has looked at everything with so
 * many stars since it began, but for forks that its search leaves out.  So the
 * bands of ghcrawl.freshness_target are cut where such crawls begin and
 * end: in each segment all have the same target, and all were seen by the same
 * crawls.  Crawls that select by anything else but stars and forks are left
 * out of it: what they read counts as older than it is.
 *
 * Everything here runs as the extension's owner, between ghc_db_enter and
 * ghc_db_leave, throws on errors of the database, and returns palloc'd memory.
 *
 * IDENTIFICATION
 *	  src/store/targets.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TARGETS_H
#define GHC_TARGETS_H

#include "utils/timestamp.h"

/* repositories with so many stars, both bounds included */
typedef struct GhcSegment
{
	int32		from;
	int32		to;
	int32		band;			/* stars_from of the target */
	bool		singly;			/* when each was looked at is kept for itself */
	double		max_days;		/* the target; 0: none */
	TimestampTz seen[2];		/* by crawls, and the same of forks; 0: never */
} GhcSegment;

typedef struct GhcTargets
{
	int			n;
	GhcSegment *segments;		/* ascending; together all stars from the lowest target on */
	int32		least_stars;	/* of those that are kept singly; PG_INT32_MAX: none */
} GhcTargets;

/* The targets of a data schema, as of now. */
extern GhcTargets *ghc_targets_load(const char *schema);

/* The segment that so many stars are in; NULL if no target is about them. */
extern const GhcSegment *ghc_targets_find(const GhcTargets *targets, int32 stars);

/* When a repository was last looked at, by what its row and crawls tell. */
static inline TimestampTz
ghc_targets_seen(const GhcSegment *segment, TimestampTz seen, bool is_fork)
{
	return Max(seen, segment->seen[is_fork]);
}

#endif							/* GHC_TARGETS_H */
