/*-------------------------------------------------------------------------
 *
 * find.h
 *	  Finds stored rows by their ids, without SQL.
 *
 * Only where that sees just what a SELECT would: in a plain table
 * (plain.h), with an index on nothing but repo_id.
 * Everywhere else the caller has to ask by SQL.
 *
 * IDENTIFICATION
 *	  src/store/find.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_FIND_H
#define GHC_FIND_H

#include "access/attnum.h"

/* Gets the id of a row that was found and the values of the wanted columns. */
typedef void (*GhcFound) (void *state, int64 id, const Datum *values,
						  const bool *isnull);

/*
 * Finds rows of a table by ascending ids, as the transaction sees them now, and
 * hands over n_columns columns of each, in the order of their names and of the
 * given types; the values are good until "found" returns.  False, with nothing
 * done, if that isn't the same as asking by SQL in the name of the current user.
 * The table must be locked.
 */
extern bool ghc_find_rows(Oid table, const char *const *columns,
						  const Oid *types, int n_columns, const int64 *ids,
						  int n, GhcFound found, void *state);

#endif							/* GHC_FIND_H */
