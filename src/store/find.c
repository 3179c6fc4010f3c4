/*-------------------------------------------------------------------------
 *
 * find.c
 *	  Finds stored rows by their ids, without SQL; see find.h.
 *
 * In a crawl that finds nothing new, looking up is most of what there is to
 * do.  A SELECT forms a tuple of each row, copies it, and hands over an array
 * of them; here a row is looked at where it lies in its page.
 *
 * IDENTIFICATION
 *	  src/store/find.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "store/find.h"
#include "store/plain.h"
#include "store/values.h"

/* the column that rows are found by is the first of its table */
#define ID_COLUMN 1

/* Is it an index of all rows by their ids, and by nothing else? */
static bool
is_by_id(Relation index)
{
	Form_pg_index form = index->rd_index;

	return form->indisunique && form->indisvalid && form->indnkeyatts == 1 &&
		form->indkey.values[0] == ID_COLUMN &&
		index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_opcintype[0] == INT8OID &&
		RelationGetIndexPredicate(index) == NIL;
}

/* The index by id, opened; NULL if there is none. */
static Relation
open_index(Relation rel)
{
	List	   *indexes = RelationGetIndexList(rel);
	Relation	index = NULL;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		index = index_open(lfirst_oid(cell), AccessShareLock);
		if (is_by_id(index))
			break;
		index_close(index, AccessShareLock);
		index = NULL;
	}
	list_free(indexes);
	return index;
}

/* Hands over what the index finds. */
static void
scan(Relation rel, Relation index, const AttrNumber *numbers, int n_columns,
	 Datum ids, GhcFound found, void *state)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	Datum	   *values = palloc(n_columns * sizeof(Datum));
	bool	   *isnull = palloc(n_columns * sizeof(bool));
	IndexScanDesc by_id;
	ScanKeyData key;

	ScanKeyEntryInitialize(&key, SK_SEARCHARRAY, ID_COLUMN, BTEqualStrategyNumber,
						   INT8OID, InvalidOid, F_INT8EQ, ids);
	by_id = GhcIndexBeginScan(rel, index, GetActiveSnapshot(), 1);
	index_rescan(by_id, &key, 1, NULL, 0);
	while (index_getnext_slot(by_id, ForwardScanDirection, slot))
	{
		slot_getallattrs(slot);
		for (int i = 0; i < n_columns; i++)
		{
			values[i] = slot->tts_values[numbers[i] - 1];
			isnull[i] = slot->tts_isnull[numbers[i] - 1];
		}
		found(state, DatumGetInt64(slot->tts_values[ID_COLUMN - 1]), values, isnull);
	}
	index_endscan(by_id);
	ExecDropSingleTupleTableSlot(slot);
}

bool
ghc_find_rows(Oid table, const char *const *columns, int n_columns,
			  const int64 *ids, int n, GhcFound found, void *state)
{
	Relation	rel = table_open(table, AccessShareLock);
	AttrNumber *numbers = palloc(n_columns * sizeof(AttrNumber));
	Relation	index = NULL;

	if (ghc_plain_is(rel, ACL_SELECT) &&
		ghc_plain_columns(table, columns, n_columns, numbers) &&
		get_attnum(table, "repo_id") == ID_COLUMN)
		index = open_index(rel);
	if (index != NULL)
	{
		/* see what this transaction wrote, as a statement would */
		CommandCounterIncrement();
		PushActiveSnapshot(GetTransactionSnapshot());
		scan(rel, index, numbers, n_columns, ghc_values_int8_array(ids, n),
			 found, state);
		PopActiveSnapshot();
		index_close(index, AccessShareLock);
	}
	pfree(numbers);
	table_close(rel, AccessShareLock);
	return index != NULL;
}
