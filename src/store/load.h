/*-------------------------------------------------------------------------
 *
 * load.h
 *	  Adds new rows to a table in the way of COPY.
 *
 * Only where an INSERT would do nothing besides: into a plain table (plain.h) without
 * triggers, rules, defaults, row security, and not on Citus.  Constraints and all
 * indexes are seen to.  Everywhere else the caller has to insert by SQL.
 *
 * IDENTIFICATION
 *	  src/store/load.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LOAD_H
#define GHC_LOAD_H

#include "store/batch.h"

/*
 * Adds all rows of a batch to a table, in the current transaction and in the
 * name of the current user; "columns" are the names of the batch's columns, "ids"
 * what its rows have in repo_id, ascending.
 * False, with nothing done, if that isn't the same as doing it by SQL, or if
 * another writer added one of the rows.  The table must be locked.
 */
extern bool ghc_load_rows(Oid table, const char *const *columns,
						  const int64 *ids, const GhcBatch *batch);

#endif							/* GHC_LOAD_H */
