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
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "store/find.h"
#include "store/plain.h"

/* the column of the index that rows are found by */
#define ID_COLUMN 1

/* ids that are looked for in one go, and how many others may be among them */
#define MOST_TOGETHER 64
#define OTHERS_PER_ID 4

/* after that failed, so many are looked up one by one; then twice as many */
#define FIRST_PAUSE 64

typedef struct Search
{
	const GhcPart *part;
	Relation	index;
	IndexScanDesc by_id;
	TupleTableSlot *slot;
	int			n_columns;
	Datum	   *values;
	bool	   *isnull;
	GhcFound	found;
	void	   *state;
} Search;

/* Is it an index of all rows by their ids, and by nothing else? */
static bool
is_by_id(Relation index, AttrNumber id_number)
{
	Form_pg_index form = index->rd_index;

	return form->indisunique && form->indisvalid && form->indnkeyatts == 1 &&
		form->indkey.values[0] == id_number &&
		index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_opcintype[0] == INT8OID &&
		RelationGetIndexPredicate(index) == NIL;
}

/* The index by id, opened; NULL if there is none. */
static Relation
open_index(const GhcPart *part)
{
	List	   *indexes = RelationGetIndexList(part->rel);
	Relation	index = NULL;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		index = index_open(lfirst_oid(cell), AccessShareLock);
		if (is_by_id(index, part->id_number))
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
	const AttrNumber *numbers = search->part->numbers;

	if (!index_fetch_heap(search->by_id, slot))
		return;
	slot_getallattrs(slot);
	for (int i = 0; i < search->n_columns; i++)
	{
		search->values[i] = slot->tts_values[numbers[i] - 1];
		search->isnull[i] = slot->tts_isnull[numbers[i] - 1];
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
find_all(Search *search)
{
	const GhcPart *part = search->part;
	int			pause = FIRST_PAUSE;
	int			alone = 0;		/* ids to be looked up one by one */

	for (int i = 0; i < part->n;)
	{
		int			wanted = alone > 0 ? 1 : Min(MOST_TOGETHER, part->n - i);
		int			settled = read_through(search, part->ids + i, wanted);

		i += settled;
		if (alone > 0)
			alone--;
		if (settled == wanted)
			continue;
		alone = pause;
		pause *= 2;
	}
}

/* Finds the rows that are in one part. */
static void
find_in_part(Search *search)
{
	Relation	rel = search->part->rel;

	search->slot = table_slot_create(rel, NULL);
	search->by_id = GhcIndexBeginScan(rel, search->index, GetActiveSnapshot(), 2);
	search->by_id->xs_want_itup = true;
	find_all(search);
	index_endscan(search->by_id);
	ExecDropSingleTupleTableSlot(search->slot);
}

/* Opens the indexes of all parts that are open; false if one has none by id. */
static bool
open_indexes(const GhcPlain *plain, Relation *indexes)
{
	for (int i = 0; i < plain->n_parts; i++)
	{
		if (plain->parts[i].rel == NULL)
			continue;
		indexes[i] = open_index(&plain->parts[i]);
		if (indexes[i] == NULL)
			return false;
	}
	return true;
}

static void
close_indexes(const GhcPlain *plain, Relation *indexes)
{
	for (int i = 0; i < plain->n_parts; i++)
		if (indexes[i] != NULL)
			index_close(indexes[i], AccessShareLock);
	pfree(indexes);
}

bool
ghc_find_rows(Oid table, const char *const *columns, int n_columns,
			  const int64 *ids, int n, GhcFound found, void *state)
{
	GhcPlain	plain;
	Relation   *indexes;
	bool		indexed;

	if (!ghc_plain_open(&plain, table, columns, n_columns, ids, n, ACL_SELECT))
		return false;
	indexes = palloc0(plain.n_parts * sizeof(Relation));
	indexed = open_indexes(&plain, indexes);
	if (indexed)
	{
		Search		search = {
			.n_columns = n_columns,
			.values = palloc(n_columns * sizeof(Datum)),
			.isnull = palloc(n_columns * sizeof(bool)),
			.found = found, .state = state
		};

		/* see what this transaction wrote, as a statement would */
		CommandCounterIncrement();
		PushActiveSnapshot(GetTransactionSnapshot());
		for (int i = 0; i < plain.n_parts; i++)
		{
			search.part = &plain.parts[i];
			search.index = indexes[i];
			if (search.index != NULL)
				find_in_part(&search);
		}
		PopActiveSnapshot();
	}
	close_indexes(&plain, indexes);
	ghc_plain_close(&plain);
	return indexed;
}
