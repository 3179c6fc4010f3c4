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

uint64
ghc_batch_run(const GhcBatch *batch, GhcStatement *statement)
{
	volatile uint64 n = 0;

	offered = batch;
	PG_TRY();
	{
		n = ghc_db_run(statement, NULL, NULL);
	}
	PG_FINALLY();
	{
		offered = NULL;
	}
	PG_END_TRY();
	return n;
}

/* Anybody who owns data tables can ask for any shape. */
static void
check_shape(const GhcBatch *batch, TupleDesc desc)
{
	bool		same = desc->natts == batch->n_columns;

	for (int i = 0; same && i < desc->natts; i++)
		same = TupleDescAttr(desc, i)->atttypid == batch->types[i];
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("the rows of ghcrawl.batch() have other columns")));
}

void
ghc_batch_emit(Tuplestorestate *store, TupleDesc desc)
{
	const GhcBatch *batch = offered;
	MemoryContext row_context;
	MemoryContext before;
	Datum	   *values;
	bool	   *isnull;

	if (batch == NULL)
		return;
	offered = NULL;
	check_shape(batch, desc);
	values = palloc(desc->natts * sizeof(Datum));
	isnull = palloc(desc->natts * sizeof(bool));
	row_context = AllocSetContextCreate(CurrentMemoryContext, "ghcrawl row",
										ALLOCSET_DEFAULT_SIZES);
	before = MemoryContextSwitchTo(row_context);
	for (int i = 0; i < batch->n_rows; i++)
	{
		batch->fill(batch->state, i, values, isnull);
		tuplestore_putvalues(store, desc, values, isnull);
		MemoryContextReset(row_context);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(row_context);
}
