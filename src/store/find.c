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
 * looked for often stands close together in the index.  Then it is read through
 * from one to the next, over the others that stand between them.  How far the
 * next may be for that to be cheaper than going down the tree is learned from
 * what was read.
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

/* ids that are looked for in one go */
#define MOST_TOGETHER 64

/* to read over so many others takes about as long as to go down the tree */
#define MOST_OTHERS 16

/* how fast that is tried again where ids stood too far apart */
#define REACH_GROWTH 32

typedef struct Search
{
	const GhcPart *part;
	Relation	index;
	IndexScanDesc by_id;
	TupleTableSlot *slot;
	int			n_columns;
	int64		reach;			/* the next id may be so much higher */
	Datum	   *values;
	bool	   *isnull;
	GhcFound	found;
	void	   *state;
} Search;

/* Is it an index of all rows by their ids, ascending, and by nothing else? */
static bool
is_by_id(Relation index, AttrNumber id_number)
{
	Form_pg_index form = index->rd_index;

	return form->indisunique && form->indisvalid && form->indnkeyatts == 1 &&
		form->indkey.values[0] == id_number &&
		index->rd_rel->relam == BTREE_AM_OID &&
		index->rd_opcintype[0] == INT8OID && index->rd_indoption[0] == 0 &&
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

/* Of so many entries the last was so much higher than the first. */
static void
learn_reach(Search *search, int64 span, int n_entries)
{
	search->reach = span / n_entries >= PG_INT64_MAX / MOST_OTHERS ? PG_INT64_MAX :
		span / n_entries * MOST_OTHERS;
}

/*
 * Reads the index from the first of n ascending ids to the last.  Gives up if
 * too many others are between two of them.  Returns how many ids are settled.
 */
static int
read_through(Search *search, const int64 *ids, int n)
{
	ScanKeyData keys[2];
	int			at = 0;
	int			n_entries = 0;
	int			others = 0;		/* since the last that was found */

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

		n_entries++;
		while (ids[at] < id)
			at++;
		if (ids[at] == id)
		{
			hand_over(search, id);
			others = 0;
		}
		else if (++others > 2 * MOST_OTHERS)
		{
			learn_reach(search, id - ids[0], n_entries);
			return at;
		}
	}
	if (n > 1)
		learn_reach(search, ids[n - 1] - ids[0], Max(n_entries, 1));
	return n;
}

/* How many ids are looked for in one go: those within reach of each other. */
static int
count_together(const Search *search, const int64 *ids, int n)
{
	int			together = 1;

	while (together < Min(n, MOST_TOGETHER) &&
		   ids[together] - ids[together - 1] <= search->reach)
		together++;
	return together;
}

static void
find_all(Search *search)
{
	const GhcPart *part = search->part;

	for (int i = 0; i < part->n;)
	{
		int			together = count_together(search, part->ids + i, part->n - i);

		if (together == 1 && search->reach < PG_INT64_MAX / 2)
			search->reach += search->reach / REACH_GROWTH + 1;
		i += read_through(search, part->ids + i, together);
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
ghc_find_rows(Oid table, const char *const *columns, const Oid *types,
			  int n_columns, const int64 *ids, int n, GhcFound found, void *state)
{
	GhcPlain	plain;
	Relation   *indexes;
	bool		indexed;

	if (!ghc_plain_open(&plain, table, columns, types, n_columns, ids, n,
						ACL_SELECT))
		return false;
	indexes = palloc0(plain.n_parts * sizeof(Relation));
	indexed = open_indexes(&plain, indexes);
	if (indexed)
	{
		Search		search = {
			.n_columns = n_columns,
			.reach = PG_INT64_MAX,
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
