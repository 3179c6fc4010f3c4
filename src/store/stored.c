/*-------------------------------------------------------------------------
 *
 * stored.c
 *	  What is stored of the rows in hand, and how they compare to it; see
 *	  stored.h.
 *
 * Rows are looked up without SQL where that is the same.  Only those that
 * have changed are then asked for by SQL, which locks them.
 *
 * IDENTIFICATION
 *	  src/store/stored.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"

#include "store/find.h"
#include "store/stored.h"
#include "store/values.h"

/* what is stored of a repository */
typedef struct Stored
{
	TimestampTz changed_at;
	const Datum *values;		/* of the fields that are being stored */
	const bool *isnull;
	bool		lacks;			/* one of those asked for apart is null */
} Stored;

GhcRow *
ghc_stored_find(GhcStore *store, int64 repo_id)
{
	int			lo = 0;
	int			hi = store->n - 1;

	while (lo <= hi)
	{
		int			mid = (lo + hi) / 2;
		int64		id = store->rows[mid].row->repo->repo_id;

		if (id == repo_id)
			return &store->rows[mid];
		if (id < repo_id)
			lo = mid + 1;
		else
			hi = mid - 1;
	}
	return NULL;
}

/* Is a date of the row, or its size on disk, another than is stored? */
static bool
has_moved(const GhcStoreSql *sql, const GhcRepository *repo,
		  const Stored *stored)
{
	static const GhcField telling[] = {
		GHC_FIELD_UPDATED_AT, GHC_FIELD_PUSHED_AT, GHC_FIELD_DISK_KB
	};

	for (size_t i = 0; i < lengthof(telling); i++)
	{
		int			place = sql->place[telling[i]];

		if ((sql->set & GHC_FIELD_BIT(telling[i])) != 0 &&
			!ghc_values_same(repo, telling[i], stored->values[place],
							 stored->isnull[place]))
			return true;
	}
	return false;
}

/* Are the fields asked for apart not stored, or perhaps not as they are now? */
static bool
is_lacking(const GhcStore *store, const GhcRepository *repo,
		   const Stored *stored)
{
	const GhcApart *apart = store->apart;

	return stored->changed_at > apart->told_at || stored->lacks ||
		((repo->set & GHC_FIELD_BIT(GHC_FIELD_PUSHED_AT)) != 0 &&
		 ghc_values_timestamp(repo->value[GHC_FIELD_PUSHED_AT].number) > apart->pushed_at) ||
		has_moved(store->sql, repo, stored);
}

/* What is stored means for a row. */
static GhcStored
compare_stored(GhcStore *store, GhcStoreRow *row, const Stored *stored)
{
	row->changed_before = stored->changed_at;
	row->lacking = is_lacking(store, row->repo, stored);
	if (stored->changed_at > row->observed_at)
		return GHC_STORED_STALE;
	return ghc_values_same_row(row->repo, store->sql->set, store->sql->fields,
							   store->sql->n_fields, stored->values,
							   stored->isnull) ?
		GHC_STORED_SAME : GHC_STORED_CHANGED;
}

/* The row in hand of the next id that was found: they mostly come in order. */
static GhcRow *
next_found(GhcStore *store, int64 id)
{
	GhcRow	   *row = &store->rows[store->next_found];

	if (store->next_found >= store->n || row->row->repo->repo_id != id)
		row = ghc_stored_find(store, id);
	if (row != NULL)
		store->next_found = (int) (row - store->rows) + 1;
	return row;
}

/* A row (changed_at, fields, those asked for apart) was found by its id. */
static void
on_found(void *state, int64 id, const Datum *values, const bool *isnull)
{
	GhcStore   *store = state;
	GhcRow	   *row = next_found(store, id);
	Stored		stored = {
		DatumGetTimestampTz(values[0]), values + 1, isnull + 1, false
	};

	if (row == NULL)
		return;					/* only a broken index could do that */
	for (int i = 1 + store->sql->n_fields; i < store->sql->n_look_up_names; i++)
		stored.lacks |= isnull[i];
	row->row->stored = compare_stored(store, row->row, &stored);
}

/* The ids, ascending, of the rows whose state so far is "which"; how many. */
static int
list_ids(const GhcStore *store, GhcStored which, int64 *ids)
{
	int			n = 0;

	for (int i = 0; i < store->n; i++)
		if (store->rows[i].row->stored == which)
			ids[n++] = store->rows[i].row->repo->repo_id;
	return n;
}

/*
 * Asks for rows by SQL, which gives (repo_id, changed_at, fields, lacks), and
 * keeps what it finds.
 */
static void
select_rows(GhcStore *store, GhcStatement *statement, const int64 *ids, int n)
{
	int			n_fields = store->sql->n_fields;
	Datum	   *values = palloc((3 + n_fields) * sizeof(Datum));
	bool	   *isnull = palloc((3 + n_fields) * sizeof(bool));
	Datum		args[] = {ghc_values_int8_array(ids, n)};
	uint64		found = ghc_db_run(statement, args, NULL);

	store->old_desc = SPI_tuptable->tupdesc;
	for (uint64 i = 0; i < found; i++)
	{
		HeapTuple	tuple = SPI_tuptable->vals[i];
		Stored		stored = {.values = values + 2, .isnull = isnull + 2};
		GhcRow	   *row;

		heap_deform_tuple(tuple, store->old_desc, values, isnull);
		row = ghc_stored_find(store, DatumGetInt64(values[0]));
		if (row == NULL)
			continue;			/* only a broken index could do that */
		stored.changed_at = DatumGetTimestampTz(values[1]);
		stored.lacks = DatumGetBool(values[2 + n_fields]);
		row->old = tuple;
		row->row->stored = compare_stored(store, row->row, &stored);
	}
}

void
ghc_stored_look_up(GhcStore *store)
{
	int64	   *ids = palloc(store->n * sizeof(int64));
	int			n = list_ids(store, GHC_STORED_NEW, ids);

	if (!ghc_find_rows(store->table, store->sql->look_up_names,
					   store->sql->look_up_types, store->sql->n_look_up_names,
					   ids, n, on_found, store))
		select_rows(store, &store->sql->look_up, ids, n);
}

void
ghc_stored_lock_changed(GhcStore *store)
{
	int64	   *ids = palloc(store->n * sizeof(int64));
	int			n = list_ids(store, GHC_STORED_CHANGED, ids);

	if (n == 0)
		return;
	for (int i = 0; i < store->n; i++)
		store->rows[i].old = NULL;
	select_rows(store, &store->sql->lock, ids, n);

	/* one that was deleted meanwhile is new again */
	for (int i = 0; i < store->n; i++)
		if (store->rows[i].row->stored == GHC_STORED_CHANGED &&
			store->rows[i].old == NULL)
			store->rows[i].row->stored = GHC_STORED_NEW;
}

Datum
ghc_stored_value(GhcStore *store, const GhcRow *row, GhcField field, bool *isnull)
{
	return heap_getattr(row->old, 3 + store->sql->place[field],
						store->old_desc, isnull);
}

bool
ghc_stored_is_at_length(GhcStore *store, const GhcRow *row)
{
	bool		isnull;
	Datum		flags;

	if (row->old == NULL ||
		(store->sql->set & GHC_FIELD_BIT(GHC_FIELD_IS_ARCHIVED)) == 0)
		return false;
	flags = ghc_stored_value(store, row, GHC_FIELD_IS_ARCHIVED, &isnull);
	return !ghc_values_is_null(GHC_FIELD_IS_ARCHIVED, flags, isnull);
}
