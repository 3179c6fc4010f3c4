/*-------------------------------------------------------------------------
 *
 * former.h
 *	  The values that changed rows had before, as the history keeps them.
 *
 * IDENTIFICATION
 *	  src/store/former.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_FORMER_H
#define GHC_FORMER_H

#include "store/storing.h"

/*
 * Fills row i of a batch (batch.h) of the picked rows of a GhcStore, which all
 * have an old tuple: the columns of statement history, null where nothing changed.
 */
extern void ghc_former_fill(void *state, int i, Datum *values, bool *isnull);

/* Is any tracked value of a changed row another than before? */
extern bool ghc_former_is_tracked(GhcStore *store, const GhcRow *row);

#endif							/* GHC_FORMER_H */
