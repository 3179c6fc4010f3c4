/*-------------------------------------------------------------------------
 *
 * hints.h
 *	  Hints at repositories that changed, and the hours of an archive they are from.
 *
 * Everything here runs as the extension's owner, in a transaction of a worker or between
 * ghc_db_enter and ghc_db_leave, and throws on errors of the database.
 *
 * IDENTIFICATION
 *	  src/store/hints.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_HINTS_H
#define GHC_HINTS_H

#include "github/tally.h"
#include "utils/timestamp.h"

/* what events said of a repository since it was looked at last */
typedef struct GhcHint
{
	int64		repo_id;
	int32		events;
	int32		stars;
	TimestampTz last_at;
	TimestampTz block_seen;		/* when its block was looked at; 0: it is in none */

	/* the caller's, for ghc_hints_weighed */
	bool		is_void;		/* it was looked at since, isn't stored, or no target is about it */
	TimestampTz not_before;		/* 0: it is worth a look now */
} GhcHint;

/* an hour of an archive, and what came of it; text is the caller's */
typedef struct GhcArchiveHour
{
	TimestampTz hour;			/* 0: whatever was read, it doesn't say of when it is */
	const char *state;
	int64		events;
	int64		repositories;
	int64		hinted;
	int64		broken;
	int64		bytes;
	const char *reason;			/* or NULL */
} GhcArchiveHour;

/*
 * Adds what events said, where a repository is stored and wasn't found changed since.  Those
 * with few stars, which are looked at by blocks, are left out unless they got some: hundreds of
 * millions are pushed to.  "at", in seconds since 1970, stands for moments that aren't told.
 * Returns how many are hinted at.  Waits for nobody who holds a hint.
 */
extern int64 ghc_hints_add(const char *schema, const GhcTally *tally, int64 at);

/* Those that crawls were about which have ended go, or are open again. */
extern void ghc_hints_settle(const char *schema);

/*
 * Hints to be weighed at a moment, most stars first, MAX_HINTS at most, by ascending
 * id then; palloc'd.
 */
extern GhcHint *ghc_hints_load(const char *schema, TimestampTz now, int *n);

/* Writes down what came of n that were weighed. */
extern void ghc_hints_weighed(const char *schema, const GhcHint *hints, int n);

/* A crawl is going to look at n repositories. */
extern void ghc_hints_begin(const char *schema, const int64 *ids, int n, int64 crawl_id);

/* Was an hour read whole?  Then *hour has what came of it, palloc'd. */
extern bool ghc_hints_find_hour(const char *schema, TimestampTz at, GhcArchiveHour *hour);

/* Notes what came of an hour, unless it was read before and can't be had this time. */
extern void ghc_hints_note_hour(const char *schema, const GhcArchiveHour *hour);

#endif							/* GHC_HINTS_H */
