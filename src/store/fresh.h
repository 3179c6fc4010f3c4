/*-------------------------------------------------------------------------
 *
 * fresh.h
 *	  The values of rows that are written.
 *
 * IDENTIFICATION
 *	  src/store/fresh.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_FRESH_H
#define GHC_FRESH_H

#include "store/storing.h"

/*
 * Sees to it that the names in a field of all rows that are new or have changed
 * have numbers in the open dictionary; before rows are locked.
 */
extern void ghc_fresh_learn_names(GhcStore *store, GhcField field);

/*
 * Fills row i of a batch (batch.h) of the picked rows of a GhcStore, the
 * columns of statement upsert.  Counts the names there was no room for.
 */
extern void ghc_fresh_fill(void *state, int i, Datum *values, bool *isnull);

#endif							/* GHC_FRESH_H */
