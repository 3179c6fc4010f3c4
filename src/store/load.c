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
 * Rows of several partitions go into each many at a time, but into the indexes
 * of all by ascending id: it is there that other writers are waited for, and so
 * two can't deadlock.
 *
 * IDENTIFICATION
 *	  src/store/load.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "catalog/pg_type.h"
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

/* rows of a part in hand at once, on the average */
#define CHUNK_ROWS 100

/* where rows of a part go to */
typedef struct Target
{
	const GhcPart *part;
	ResultRelInfo *info;
	TupleTableSlot **slots;
	int			n_slots;
	int			n_used;
} Target;

/* a row in hand */
typedef struct LoadRow
{
	Target	   *target;
	TupleTableSlot *slot;
} LoadRow;

typedef struct Load
{
	const GhcPlain *plain;
	const GhcBatch *batch;
	EState	   *estate;
	Target	   *targets;		/* of each part */
	LoadRow    *rows;
	int			chunk;			/* how many */
	MemoryContext values;		/* of the rows in hand */
} Load;

/*
 * Does a column have a default, of its own or of its type, numbers of its own, or a
 * domain, which may refuse null?
 */
static bool
has_defaults(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	for (int i = 0; i < desc->natts; i++)
		if (!TupleDescAttr(desc, i)->attisdropped &&
			(build_column_default(rel, i + 1) != NULL ||
			 get_typtype(TupleDescAttr(desc, i)->atttypid) == TYPTYPE_DOMAIN))
			return true;
	return false;
}

/* Does an INSERT do more than add rows and see to constraints? */
static bool
is_busy(Relation rel)
{
	TupleConstr *constr = RelationGetDescr(rel)->constr;

	return rel->trigdesc != NULL ||
		(constr != NULL && constr->has_generated_stored);
}

/* Would an INSERT do nothing but add the rows?  Defaults are those of the table. */
static bool
is_loadable(const GhcPlain *plain)
{
	if (is_busy(plain->rel) || has_defaults(plain->rel))
		return false;
	for (int i = 0; i < plain->n_parts; i++)
		if (plain->parts[i].rel != NULL && is_busy(plain->parts[i].rel))
			return false;
	return true;
}

static void
open_target(Load *load, Target *target, const GhcPart *part)
{
	target->part = part;
	if (part->rel == NULL)
		return;
	target->info = makeNode(ResultRelInfo);
	InitResultRelInfo(target->info, part->rel, 0, NULL, 0);
	ExecOpenIndices(target->info, false);
	target->slots = palloc(Min(load->chunk, part->n) * sizeof(TupleTableSlot *));
}

static void
close_target(Target *target)
{
	for (int i = 0; i < target->n_slots; i++)
		ExecDropSingleTupleTableSlot(target->slots[i]);
	if (target->info != NULL)
		ExecCloseIndices(target->info);
}

static void
begin_load(Load *load)
{
	int			n_parts = load->plain->n_parts;

	load->estate = CreateExecutorState();
	load->chunk = Min(CHUNK_ROWS * n_parts, load->batch->n_rows);
	load->rows = palloc(load->chunk * sizeof(LoadRow));
	load->targets = palloc0(n_parts * sizeof(Target));
	for (int i = 0; i < n_parts; i++)
		open_target(load, &load->targets[i], &load->plain->parts[i]);
	load->values = AllocSetContextCreate(CurrentMemoryContext, "ghcrawl rows",
										 ALLOCSET_DEFAULT_SIZES);
}

static void
end_load(Load *load)
{
	for (int i = 0; i < load->plain->n_parts; i++)
		close_target(&load->targets[i]);
	FreeExecutorState(load->estate);
	MemoryContextDelete(load->values);
}

/* Chooses the place of a row of the batch. */
static LoadRow
place_row(const Load *load, int row)
{
	Target	   *target = &load->targets[load->plain->part_of[row]];

	if (target->n_used == target->n_slots)
		target->slots[target->n_slots++] = table_slot_create(target->part->rel, NULL);
	return (LoadRow) {target, target->slots[target->n_used++]};
}

/* Makes a row of the batch. */
static void
fill_slot(Load *load, int row, const LoadRow *place)
{
	const GhcBatch *batch = load->batch;
	const GhcPart *part = place->target->part;
	TupleTableSlot *slot = place->slot;
	Datum		values[MaxHeapAttributeNumber];
	bool		isnull[MaxHeapAttributeNumber];

	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts);
	batch->fill(batch->state, row, values, isnull);
	for (int i = 0; i < batch->n_columns; i++)
	{
		slot->tts_values[part->numbers[i] - 1] = values[i];
		slot->tts_isnull[part->numbers[i] - 1] = isnull[i];
	}
	ExecStoreVirtualTuple(slot);
	if (RelationGetDescr(part->rel)->constr != NULL)
		ExecConstraints(place->target->info, slot, load->estate);
}

/* Adds so many rows of the batch. */
static void
load_chunk(Load *load, int from, int n)
{
	MemoryContext before = CurrentMemoryContext;

	for (int i = 0; i < n; i++)
		load->rows[i] = place_row(load, from + i);
	MemoryContextSwitchTo(load->values);
	for (int i = 0; i < n; i++)
		fill_slot(load, from + i, &load->rows[i]);
	MemoryContextSwitchTo(before);
	for (int i = 0; i < load->plain->n_parts; i++)
	{
		Target	   *target = &load->targets[i];

		if (target->n_used > 0)
			table_multi_insert(target->part->rel, target->slots, target->n_used,
							   GetCurrentCommandId(true), 0, NULL);
		target->n_used = 0;
	}
	for (int i = 0; i < n; i++)
	{
		ResetPerTupleExprContext(load->estate);
		(void) GhcExecInsertIndexTuples(load->rows[i].target->info,
										load->rows[i].slot, load->estate);
	}
	MemoryContextReset(load->values);
}

static void
load_all(void *state)
{
	Load	   *load = state;

	begin_load(load);
	for (int i = 0; i < load->batch->n_rows; i += load->chunk)
		load_chunk(load, i, Min(load->chunk, load->batch->n_rows - i));
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
ghc_load_rows(Oid table, const char *const *columns, const int64 *ids,
			  const GhcBatch *batch)
{
	GhcPlain	plain;
	Load		load = {.plain = &plain, .batch = batch};
	bool		loaded;

	if (!ghc_plain_open(&plain, table, columns, batch->types, batch->n_columns,
						ids, batch->n_rows, ACL_INSERT))
		return false;
	loaded = is_loadable(&plain) && try_load(&load);
	ghc_plain_close(&plain);
	return loaded;
}
