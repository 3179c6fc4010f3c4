/*-------------------------------------------------------------------------
 *
 * find.c
 *	  Finds stored rows by their ids, without SQL; see find.h.
 *
 * In a crawl that finds nothing new, looking up is most of what there is to
 * do.  A SELECT forms a tuple of each row, copies it, and hands over an array
 * of them; here a row is looked at where it lies in its page.
 *
 * Ids ascend with the time of creation, and so do ranges of a search: what is
 * looked for often stands side by side in the index.  Then it is read there one
 * after the other, which takes a tenth of going down the tree for each.
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

/* the column that rows are found by is the first of its table */
#define ID_COLUMN 1

/* ids that are looked for in one go, and how many others may be among them */
#define MOST_TOGETHER 64
#define OTHERS_PER_ID 4

/* after that failed, so many are looked up one by one; then twice as many */
#define FIRST_PAUSE 64

typedef struct Search
{
	IndexScanDesc by_id;
	TupleTableSlot *slot;
	const AttrNumber *numbers;	/* of the columns */
	int			n_columns;
	Datum	   *values;
	bool	   *isnull;
	GhcFound	found;
	void	   *state;
} Search;

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

/* Hands over the row that the index points at, if it is to be seen. */
static void
hand_over(Search *search, int64 id)
{
	TupleTableSlot *slot = search->slot;

	if (!index_fetch_heap(search->by_id, slot))
		return;
	slot_getallattrs(slot);
	for (int i = 0; i < search->n_columns; i++)
	{
		search->values[i] = slot->tts_values[search->numbers[i] - 1];
		search->isnull[i] = slot->tts_isnull[search->numbers[i] - 1];
	}
	search->found(search->state, id, search->values, search->isnull);
}

/*
 * Reads the index from the first of n ascending ids to the last.  Gives up if
 * too many others are between them.  Returns how many ids are settled.
 */
static int
read_through(Search *search, const int64 *ids, int n)
{
	ScanKeyData keys[2];
	int			at = 0;
	int			others = 0;

	ScanKeyEntryInitialize(&keys[0], 0, ID_COLUMN, BTGreaterEqualStrategyNumber,
						   INT8OID, InvalidOid, F_INT8GE, Int64GetDatum(ids[0]));
	ScanKeyEntryInitialize(&keys[1], 0, ID_COLUMN, BTLessEqualStrategyNumber,
						   INT8OID, InvalidOid, F_INT8LE, Int64GetDatum(ids[n - 1]));
	index_rescan(search->by_id, keys, 2, NULL, 0);
	while (index_getnext_tid(search->by_id, ForwardScanDirection) != NULL)
	{
		bool		isnull;
		int64		id = DatumGetInt64(index_getattr(search->by_id->xs_itup, 1,
													 search->by_id->xs_itupdesc,
													 &isnull));

		while (ids[at] < id)
			at++;
		if (ids[at] == id)
			hand_over(search, id);
		else if (++others > OTHERS_PER_ID * n)
			return at;
	}
	return n;
}

/*
 * Finds rows, several at once where they stand close to each other; where they
 * don't, it is a while before that is tried again.
 */
static void
find_all(Search *search, const int64 *ids, int n)
{
	int			pause = FIRST_PAUSE;
	int			alone = 0;		/* ids to be looked up one by one */

	for (int i = 0; i < n;)
	{
		int			wanted = alone > 0 ? 1 : Min(MOST_TOGETHER, n - i);
		int			settled = read_through(search, ids + i, wanted);

		i += settled;
		if (alone > 0)
			alone--;
		if (settled == wanted)
			continue;
		alone = pause;
		pause *= 2;
	}
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
		Search		search = {
			.slot = table_slot_create(rel, NULL),
			.numbers = numbers, .n_columns = n_columns,
			.values = palloc(n_columns * sizeof(Datum)),
			.isnull = palloc(n_columns * sizeof(bool)),
			.found = found, .state = state
		};

		/* see what this transaction wrote, as a statement would */
		CommandCounterIncrement();
		PushActiveSnapshot(GetTransactionSnapshot());
		search.by_id = GhcIndexBeginScan(rel, index, GetActiveSnapshot(), 2);
		search.by_id->xs_want_itup = true;
		find_all(&search, ids, n);
		index_endscan(search.by_id);
		PopActiveSnapshot();
		ExecDropSingleTupleTableSlot(search.slot);
		index_close(index, AccessShareLock);
	}
	pfree(numbers);
	table_close(rel, AccessShareLock);
	return index != NULL;
}
