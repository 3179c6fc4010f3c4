/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  Hands rows made in C to a SQL statement; see batch.h.
 *
 * IDENTIFICATION
 *	  src/store/batch.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "store/batch.h"

static const GhcBatch *offered;

void
ghc_batch_offer(const GhcBatch *batch)
{
	offered = batch;
}

void
ghc_batch_emit(Tuplestorestate *store, TupleDesc desc)
{
	MemoryContext row_context;
	MemoryContext before;
	Datum	   *values;
	bool	   *isnull;

	if (offered == NULL)
		return;
	if (desc->natts != offered->n_columns)
		elog(ERROR, "batch has %d columns, statement wants %d",
			 offered->n_columns, desc->natts);

	values = palloc(desc->natts * sizeof(Datum));
	isnull = palloc(desc->natts * sizeof(bool));
	row_context = AllocSetContextCreate(CurrentMemoryContext, "ghcrawl row",
										ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(row_context);
	for (int i = 0; i < offered->n_rows; i++)
	{
		offered->fill(offered->state, i, values, isnull);
		tuplestore_putvalues(store, desc, values, isnull);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(row_context);
}
