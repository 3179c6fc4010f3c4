/*-------------------------------------------------------------------------
 *
 * batch.h
 *	  Hands rows made in C to a SQL statement.
 *
 * A statement that stores rows reads them from ghcrawl.batch(), an ordinary
 * function, so that what stores is an ordinary INSERT: triggers, policies,
 * partitions and Citus see nothing unusual.  Rows are made one at a time,
 * while the function runs.
 *
 * IDENTIFICATION
 *	  src/store/batch.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BATCH_H
#define GHC_BATCH_H

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

#include "store/db.h"

typedef struct GhcBatch
{
	int			n_rows;
	int			n_columns;
	const Oid  *types;			/* of the columns */

	/* Fills row i; may allocate, the memory is reset after each row. */
	void		(*fill) (void *state, int row, Datum *values, bool *isnull);
	void	   *state;
} GhcBatch;

/*
 * Runs a statement that reads the rows of a batch; how many it processed.  It
 * gets them once: a trigger that calls the function within the statement sees
 * nothing, and nobody does after it or after an error.
 */
extern uint64 ghc_batch_run(const GhcBatch *batch, GhcStatement *statement);

/*
 * Puts the offered rows, if any, into a tuplestore of the given shape; throws
 * if that isn't the shape they have.
 */
extern void ghc_batch_emit(Tuplestorestate *store, TupleDesc desc);

#endif							/* GHC_BATCH_H */
