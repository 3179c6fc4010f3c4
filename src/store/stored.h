/*-------------------------------------------------------------------------
 *
 * stored.h
 *	  What is stored of the rows in hand, and how they compare to it.
 *
 * IDENTIFICATION
 *	  src/store/stored.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STORED_H
#define GHC_STORED_H

#include "store/storing.h"

/* The row in hand of a repository; NULL if there is none. */
extern GhcRow *ghc_stored_find(GhcStore *store, int64 repo_id);

/* Looks up the rows that are taken to be new. */
extern void ghc_stored_look_up(GhcStore *store);

/* Locks those that have changed and compares them again. */
extern void ghc_stored_lock_changed(GhcStore *store);

/*
 * What is stored in a field's column, of a row that has an old tuple; the
 * field must be one of those that are being stored.
 */
extern Datum ghc_stored_value(GhcStore *store, const GhcRow *row,
							  GhcField field, bool *isnull);

/* Has a stored row been asked for at length, as is_archived tells? */
extern bool ghc_stored_is_at_length(GhcStore *store, const GhcRow *row);

#endif							/* GHC_STORED_H */
