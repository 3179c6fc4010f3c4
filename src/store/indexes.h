/*-------------------------------------------------------------------------
 *
 * indexes.h
 *	  Indexes that users may want on the data tables.
 *
 * IDENTIFICATION
 *	  src/store/indexes.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_INDEXES_H
#define GHC_INDEXES_H

#include "nodes/pg_list.h"

/*
 * Statements (char *, palloc'd) that make an index in a data schema without
 * keeping workers from writing, to be run one by one outside of a transaction;
 * none if it is there.  Throws if there is none of that name to be had.
 */
extern List *ghc_indexes_statements(const char *schema, const char *wanted);

#endif							/* GHC_INDEXES_H */
