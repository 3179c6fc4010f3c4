/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Adds new rows to a table in the way of COPY; see load.h.
 *
 * INSERT … ON CONFLICT looks for each row in the index before it is added,
 * adds it on trial, and confirms that; a third of the work of a first crawl.
 * Rows that were looked up just before are all but certainly new.  If
 * another writer was faster after all, that is an error here, which a
 * subtransaction undoes.
 *
 * IDENTIFICATION
 *	  src/store/load.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "store/db.h"
#include "store/load.h"
#include "store/plain.h"

/* rows in hand at once */
#define CHUNK_ROWS 100

typedef struct Load
{
	Relation	rel;
	const AttrNumber *numbers;	/* of the batch's columns */
	const GhcBatch *batch;
	EState	   *estate;
	ResultRelInfo *target;
	int			n_slots;
	TupleTableSlot *slots[CHUNK_ROWS];
	MemoryContext values;		/* of the rows in hand */
} Load;

/* Does a column have a default, of its own or of its type, or numbers of its own? */
static bool
has_defaults(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped &&
			build_column_default(rel, i + 1) != NULL)
			return true;
	return false;
}

/* Would an INSERT do nothing but add the rows? */
static bool
is_loadable(Relation rel)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	return ghc_plain_is(rel, ACL_INSERT) && rel->trigdesc == NULL &&
		(constr == NULL || !constr->has_generated_stored) && !has_defaults(rel);
}

static void
begin_load(Load *load)
{
	load->estate = CreateExecutorState();
	load->target = makeNode(ResultRelInfo);
	InitResultRelInfo(load->target, load->rel, 0, NULL, 0);
	ExecOpenIndices(load->target, false);
	load->n_slots = Min(CHUNK_ROWS, load->batch->n_rows);
	for (int i = 0; i < load->n_slots; i++)
		load->slots[i] = table_slot_create(load->rel, NULL);
	load->values = AllocSetContextCreate(CurrentMemoryContext, "ghcrawl rows",
										 ALLOCSET_DEFAULT_SIZES);
}

static void
end_load(Load *load)
{
	for (int i = 0; i < load->n_slots; i++)
		ExecDropSingleTupleTableSlot(load->slots[i]);
	ExecCloseIndices(load->target);
	FreeExecutorState(load->estate);
	MemoryContextDelete(load->values);
}

/* Makes a row of the batch. */
static void
fill_slot(Load *load, int row, TupleTableSlot *slot)
{
	const GhcBatch *batch = load->batch;
	Datum		values[MaxHeapAttributeNumber];
	bool		isnull[MaxHeapAttributeNumber];

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	batch->fill(batch->state, row, values, isnull);
	for (int i = 0; i < batch->n_columns; i++)
	{
		slot->tts_values[load->numbers[i] - 1] = values[i];
		slot->tts_isnull[load->numbers[i] - 1] = isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	if (RelationGetDescr(load->rel)->constr != NULL)
		ExecConstraints(load->target, slot, load->estate);
}

/* Adds so many rows of the batch. */
static void
load_chunk(Load *load, int from, int n)
{
	MemoryContext before = MemoryContextSwitchTo(load->values);

	for (int i = 0; i < n; i++)
		fill_slot(load, from + i, load->slots[i]);
	MemoryContextSwitchTo(before);
	table_multi_insert(load->rel, load->slots, n, GetCurrentCommandId(true), 0,
					   NULL);
	for (int i = 0; i < n; i++)
	{
		ResetPerTupleExprContext(load->estate);
		(void) GhcExecInsertIndexTuples(load->target, load->slots[i],
										load->estate);
	}
	MemoryContextReset(load->values);
}

static void
load_all(void *state)
{
	Load	   *load = state;

	begin_load(load);
	for (int i = 0; i < load->batch->n_rows; i += CHUNK_ROWS)
		load_chunk(load, i, Min(CHUNK_ROWS, load->batch->n_rows - i));
	end_load(load);
}

/* False if a row was there already. */
static bool
try_load(Load *load)
{
	ErrorData  *error = ghc_db_attempt(load_all, load);

	if (error != NULL && error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
		ReThrowError(error);
	return error == NULL;
}

bool
ghc_load_rows(Oid table, const char *const *columns, const GhcBatch *batch)
{
	Relation	rel = table_open(table, RowExclusiveLock);
	AttrNumber *numbers = palloc(batch->n_columns * sizeof(AttrNumber));
	Load	   *load = palloc0(sizeof(Load));
	bool		loaded = false;

	*load = (Load) {.rel = rel, .numbers = numbers, .batch = batch};
	if (is_loadable(rel) &&
		ghc_plain_columns(table, columns, batch->n_columns, numbers))
		loaded = try_load(load);
	pfree(numbers);
	pfree(load);
	table_close(rel, NoLock);
	return loaded;
}
