/*-------------------------------------------------------------------------
 *
 * selection.h
 *	  Reads what a user selects, a GitHub repository search, into a range.
 *
 * Numbers and dates that ranges are cut along are understood and
 * normalised; other qualifiers and words are kept as they are.  What would
 * make a cut wrong is refused: sort:, OR, AND, parentheses, a qualifier given
 * twice that GitHub would not intersect.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/selection.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SELECTION_H
#define GHC_SELECTION_H

#include "github/range.h"

/* What is wrong with a selection, in the form of an ereport. */
typedef struct GhcProblem
{
	char		message[256];	/* lower case, no full stop */
	char		detail[256];	/* a sentence, or empty */
	char		hint[256];		/* a sentence, or empty */
	char		unknown[256];	/* not an error: qualifiers passed on unread,
								 * comma separated, or empty */
} GhcProblem;

/*
 * Reads a selection of the given length.  On success fills *range (unbounded
 * where nothing was said, created included) and problem->unknown, and returns
 * true.  On failure fills the message, detail and hint and returns false.
 */
extern bool ghc_selection_parse(GhcSlice text, GhcRange *range,
								GhcProblem *problem);

#endif							/* GHC_SELECTION_H */
