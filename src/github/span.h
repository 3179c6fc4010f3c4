/*-------------------------------------------------------------------------
 *
 * span.h
 *	  Spans of repository ids, as selections and as the texts of tasks.
 *
 * "all" is every id there is, "ids:1..20000" some, "ids:20001..*" all from one on.
 * A task's text says besides how far it got: "at:" the first id that isn't found
 * yet, "again:" those to be asked for by the other form of node id, "left:" those
 * that GitHub gave no answer about.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/span.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SPAN_H
#define GHC_SPAN_H

#include "base/buffer.h"
#include "github/selection.h"

/* numbers up to this one are exact wherever JSON is read */
#define GHC_SPAN_MAX_ID ((INT64_C(1) << 53) - 1)

typedef struct GhcSpan
{
	int64_t		lo;
	int64_t		hi;				/* GHC_SPAN_MAX_ID: as far as there are any */
} GhcSpan;

static inline bool
ghc_span_is_open(const GhcSpan *span)
{
	return span->hi == GHC_SPAN_MAX_ID;
}

/* Is a selection about ids, well formed or not, and not a search? */
extern bool ghc_span_is_meant(GhcSlice selection);

/* Reads such a selection; false, with the problem's message, if it is none. */
extern bool ghc_span_parse(GhcSlice selection, GhcSpan *span, GhcProblem *problem);

/* Appends "ids:1..20000"; memory that runs out shows in the buffer. */
extern void ghc_span_format(const GhcSpan *span, GhcBuffer *out);

/* Appends " again:7,-19", nothing if there are none. */
extern void ghc_span_put_ids(const char *name, const int64_t *ids, int n,
							 GhcBuffer *out);

/* Takes the word "ids:1..20000" from the front of a task's text. */
extern bool ghc_span_take(GhcSlice *text, GhcSpan *span);

/*
 * Takes a word such as "again:7,-19" from the front of a text, and the blank before it, if
 * it has that name; its ids, at most "max", go to ids.  Returns how many, 0 if the
 * next word is another one, -1 if it can't be read.
 */
extern int	ghc_span_take_ids(GhcSlice *text, const char *name, int64_t *ids,
							  int max);

#endif							/* GHC_SPAN_H */
