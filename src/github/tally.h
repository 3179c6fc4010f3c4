/*-------------------------------------------------------------------------
 *
 * tally.h
 *	  Counts events by their repositories, from text with one to a line.
 *
 * The text comes in pieces of any length, and never is there more of it in memory
 * than a line.  A line that is no event is counted and passed over, as is one that is
 * longer than any event.
 *
 * Pure: no SPI, no curl, no clock; memory is malloc'd.
 *
 * IDENTIFICATION
 *	  src/github/tally.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TALLY_H
#define GHC_TALLY_H

#include "base/buffer.h"
#include "github/event.h"

/* the longest line that is read: no event has as much */
#define GHC_TALLY_LINE_BYTES (8 * 1024 * 1024)

/* events of a repository */
typedef struct GhcTallied
{
	int64_t		repo_id;		/* 0: a free place */
	int64_t		first;			/* seconds since 1970; 0: none says when */
	int64_t		last;
	int32_t		events;
	int32_t		stars;			/* of these */
} GhcTallied;

/* A zeroed one is empty and ready. */
typedef struct GhcTally
{
	/* since ghc_tally_clear */
	GhcTallied *rows;			/* "capacity" places, of which n are taken */
	size_t		capacity;		/* a power of two, or 0 */
	size_t		n;

	/* since the beginning */
	int64_t		events;
	int64_t		broken;			/* lines that are none */
	bool		failed;			/* memory ran out */

	/* private */
	GhcBuffer	line;			/* begun, its end is still to come */
	bool		too_long;
} GhcTally;

/* Counts an event. */
extern void ghc_tally_add(GhcTally *tally, const GhcEvent *event);

/* Takes in the next piece of the text, which it may change. */
extern void ghc_tally_feed(GhcTally *tally, char *data, size_t len);

/* Nothing comes after this: what was begun is a line, or none ("torn"). */
extern void ghc_tally_end(GhcTally *tally, bool torn);

/* Forgets the repositories, after they were written down; keeps the memory. */
extern void ghc_tally_clear(GhcTally *tally);

/* Frees it all. */
extern void ghc_tally_free(GhcTally *tally);

#endif							/* GHC_TALLY_H */
