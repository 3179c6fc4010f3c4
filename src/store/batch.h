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
 * Offers a batch (NULL: none) to the next statement of this process, which
 * gets it once: a trigger that calls the function within that statement sees
 * nothing.  To be withdrawn after the statement, and after an error.
 */
extern void ghc_batch_offer(const GhcBatch *batch);

/*
 * Puts the offered rows, if any, into a tuplestore of the given shape; throws
 * if that isn't the shape they have.
 */
extern void ghc_batch_emit(Tuplestorestate *store, TupleDesc desc);

#endif							/* GHC_BATCH_H */
