/*-------------------------------------------------------------------------
 *
 * selection_value.h
 *	  The values of qualifiers that are understood; for selection.c alone.
 *
 * IDENTIFICATION
 *	  src/github/selection_value.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SELECTION_VALUE_H
#define GHC_SELECTION_VALUE_H

#include "github/range.h"

/* Compares with a lower-case word, in any case. */
extern bool ghc_selection_value_matches(GhcSlice text, const char *word);

/* Finds a value, quoted or not, among n words; -1 if it is none of them. */
extern int	ghc_selection_value_find(GhcSlice value, const char *const *words,
									 int n);

/*
 * Reads a value, quoted or not, as an interval: n, >n, >=n, <n, <=n, a..b,
 * a..*, *..b.  False if it is none.  One that nothing can lie in is read too.
 */
extern bool ghc_selection_value_interval(GhcSlice value, GhcDim dim,
										 GhcInterval *out);

/* True if nothing can lie in an interval. */
extern bool ghc_selection_value_is_empty(GhcDim dim, GhcInterval interval);

#endif							/* GHC_SELECTION_VALUE_H */
