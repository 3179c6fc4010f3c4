/*-------------------------------------------------------------------------
 *
 * pages.c
 *	  Stores repositories: look up, compare, write what is new or changed.
 *
 * An unchanged repository must leave no trace: INSERT … ON CONFLICT alone
 * locks, and so logs and dirties, every row that is there already.  So rows
 * are looked up first and compared in C.  Rows that changed are then locked
 * and compared again, so that what goes to the history is exactly what the
 * new values replace, whoever else writes.  Rows go in by ascending id, so
 * that two writers can't deadlock.
 *
 * All statements run as the owner of the data tables, in a security-
 * restricted operation.
 *
 * IDENTIFICATION
 *	  src/store/pages.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "store/absence.h"
#include "store/batch.h"
#include "store/data.h"
#include "store/db.h"
#include "store/dictionary.h"
#include "store/errors.h"
#include "store/find.h"
#include "store/load.h"
#include "store/pages.h"
#include "store/popular.h"
#include "store/sql.h"
#include "store/values.h"

/* a row in hand, and what is stored of it */
typedef struct Row
{
	GhcStoreRow *row;
	HeapTuple	old;			/* locked; NULL if new or unchanged */
} Row;

/* what is stored of a repository */
typedef struct Stored
{
	TimestampTz changed_at;
	const Datum *values;		/* of the fields that are being stored */
	const bool *isnull;
	bool		lacks;			/* one of those asked for apart is null */
} Stored;

/* everything one call of store_rows works with */
typedef struct Store
{
	GhcStoreSql *sql;
	Oid			owner;
	Oid			table;
	const GhcApart *apart;
	Row		   *rows;			/* ascending by id, no id twice */
	int			n;
	TupleDesc	old_desc;		/* of the old tuples */
	Row		  **picked;			/* rows of the batch on offer */
	int			n_picked;
	int			n_other;		/* names there was no room for in a dictionary */
	GhcSlice	other;			/* one of them */
} Store;

/* what rows are sorted by; of one repository the latest look comes first */
typedef struct SortKey
{
	int64		id;
	TimestampTz observed_at;
	int			place;
} SortKey;

#define ST_SORT sort_keys
#define ST_ELEMENT_TYPE SortKey
#define ST_COMPARE(a, b) \
	((a)->id != (b)->id ? ((a)->id < (b)->id ? -1 : 1) : \
	 (a)->observed_at != (b)->observed_at ? ((a)->observed_at > (b)->observed_at ? -1 : 1) : 0)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

/* Sorts rows by id.  They are large, and their ids elsewhere: not in place. */
static void
sort_rows(GhcStoreRow *rows, int n)
{
	SortKey    *keys = palloc(n * sizeof(SortKey));
	GhcStoreRow *sorted = palloc(n * sizeof(GhcStoreRow));

	for (int i = 0; i < n; i++)
		keys[i] = (SortKey) {rows[i].repo->repo_id, rows[i].observed_at, i};
	sort_keys(keys, n);
	for (int i = 0; i < n; i++)
		sorted[i] = rows[keys[i].place];
	memcpy(rows, sorted, n * sizeof(GhcStoreRow));
	pfree(sorted);
	pfree(keys);
}

static Row *
find_row(Store *store, int64 repo_id)
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
	static const GhcFieldSet telling = GHC_FIELD_BIT(GHC_FIELD_UPDATED_AT) |
		GHC_FIELD_BIT(GHC_FIELD_PUSHED_AT) | GHC_FIELD_BIT(GHC_FIELD_DISK_KB);

	for (int i = 0; i < sql->n_fields; i++)
		if ((telling & GHC_FIELD_BIT(sql->fields[i])) != 0 &&
			!ghc_values_same(repo, sql->fields[i], stored->values[i],
							 stored->isnull[i]))
			return true;
	return false;
}

/* Are the fields asked for apart not stored, or perhaps not as they are now? */
static bool
is_lacking(const Store *store, const GhcRepository *repo,
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
compare_stored(Store *store, GhcStoreRow *row, const Stored *stored)
{
	row->changed_before = stored->changed_at;
	row->lacking = is_lacking(store, row->repo, stored);
	if (stored->changed_at > row->observed_at)
		return GHC_STORED_STALE;
	for (int i = 0; i < store->sql->n_fields; i++)
		if (!ghc_values_same(row->repo, store->sql->fields[i],
							 stored->values[i], stored->isnull[i]))
			return GHC_STORED_CHANGED;
	return GHC_STORED_SAME;
}

/* A row (changed_at, fields, those asked for apart) was found by its id. */
static void
on_found(void *state, int64 id, const Datum *values, const bool *isnull)
{
	Store	   *store = state;
	Row		   *row = find_row(store, id);
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
list_ids(const Store *store, GhcStored which, int64 *ids)
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
select_rows(Store *store, GhcStatement *statement, const int64 *ids, int n)
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
		Row		   *row;

		heap_deform_tuple(tuple, store->old_desc, values, isnull);
		row = find_row(store, DatumGetInt64(values[0]));
		if (row == NULL)
			continue;			/* only a broken index could do that */
		stored.changed_at = DatumGetTimestampTz(values[1]);
		stored.lacks = DatumGetBool(values[2 + n_fields]);
		row->old = tuple;
		row->row->stored = compare_stored(store, row->row, &stored);
	}
}

/* Looks up the rows that are taken to be new. */
static void
look_up(Store *store)
{
	int64	   *ids = palloc(store->n * sizeof(int64));
	int			n = list_ids(store, GHC_STORED_NEW, ids);

	if (!ghc_find_rows(store->table, store->sql->look_up_names,
					   store->sql->n_look_up_names, ids, n, on_found, store))
		select_rows(store, &store->sql->look_up, ids, n);
}

/* Locks those that have changed and compares them again. */
static void
lock_changed(Store *store)
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

/* Picks the rows of two states for the next batch. */
static void
pick(Store *store, GhcStored which, GhcStored or_which)
{
	store->n_picked = 0;
	for (int i = 0; i < store->n; i++)
		if (store->rows[i].row->stored == which ||
			store->rows[i].row->stored == or_which)
			store->picked[store->n_picked++] = &store->rows[i];
}

/* What is stored in a field's column. */
static Datum
old_value(Store *store, const Row *row, GhcField field, bool *isnull)
{
	return heap_getattr(row->old, 3 + store->sql->place[field],
						store->old_desc, isnull);
}

/* Has a stored row been asked for at length, as is_archived tells? */
static bool
is_asked_at_length(Store *store, const Row *row)
{
	bool		isnull;
	Datum		flags;

	if (row->old == NULL ||
		(store->sql->set & GHC_FIELD_BIT(GHC_FIELD_IS_ARCHIVED)) == 0)
		return false;
	flags = old_value(store, row, GHC_FIELD_IS_ARCHIVED, &isnull);
	return !ghc_values_is_null(GHC_FIELD_IS_ARCHIVED, flags, isnull);
}

/*
 * Is a tracked field unreadable whose null would later say "there was none"?
 * Then the row can't count as asked for at length yet.
 */
static bool
is_none_unsure(Store *store, const Row *row)
{
	const GhcRepository *repo = row->row->repo;
	GhcFieldSet known = repo->set | repo->null;

	if (is_asked_at_length(store, row))
		return false;
	for (int k = 0; k < store->sql->n_fields; k++)
	{
		GhcField	field = store->sql->fields[k];

		if (ghc_fields[field].tracked &&
			ghc_fields[field].shape == GHC_SHAPE_MEMBER &&
			(known & GHC_FIELD_BIT(field)) == 0)
			return true;
	}
	return false;
}

/* A field's new value: what GitHub shows, or where nothing is known the old. */
static Datum
new_value(Store *store, const Row *row, GhcField field, bool *isnull)
{
	const GhcRepository *repo = row->row->repo;

	*isnull = false;
	if (repo->set & GHC_FIELD_BIT(field))
		return ghc_values_datum(repo, field);
	if (row->old != NULL && !(repo->null & GHC_FIELD_BIT(field)))
		return old_value(store, row, field, isnull);
	*isnull = true;
	return (Datum) 0;
}

/* A name that shares its number with others is one to be told of. */
static void
note_other(Store *store, const GhcRepository *repo, GhcField field, int number)
{
	if (number != GHC_DICTIONARY_OTHER ||
		(repo->set & GHC_FIELD_BIT(field)) == 0)
		return;
	store->n_other++;
	store->other = repo->value[field].text;
}

/* The same of all flags that are being stored. */
static int32
new_flags(Store *store, const Row *row)
{
	const GhcRepository *repo = row->row->repo;
	int32		flags = 0;

	for (int k = 0; k < store->sql->n_fields; k++)
	{
		GhcField	field = store->sql->fields[k];
		int32		known;

		if (ghc_columns_form(field) != GHC_FORM_FLAG ||
			(field == GHC_FIELD_IS_ARCHIVED && is_none_unsure(store, row)))
			continue;
		known = ghc_columns_known(field);
		if (repo->set & GHC_FIELD_BIT(field))
			flags |= repo->value[field].number ? known | ghc_columns_true(field) : known;
		else if (row->old != NULL && !(repo->null & GHC_FIELD_BIT(field)))
		{
			bool		isnull;
			int32		old = DatumGetInt32(old_value(store, row, field, &isnull));

			flags |= isnull ? 0 : old & (known | ghc_columns_true(field));
		}
	}
	return flags;
}

static void
fill_repository(void *state, int i, Datum *values, bool *isnull)
{
	Store	   *store = state;
	const Row  *row = store->picked[i];

	values[0] = Int64GetDatum(row->row->repo->repo_id);
	values[1] = TimestampTzGetDatum(row->row->observed_at);
	isnull[0] = isnull[1] = false;
	for (int k = 0; k < store->sql->n_columns; k++)
	{
		GhcField	field = store->sql->columns[k];

		isnull[2 + k] = false;
		if (ghc_columns_form(field) == GHC_FORM_FLAG)
			values[2 + k] = Int32GetDatum(new_flags(store, row));
		else
			values[2 + k] = new_value(store, row, field, &isnull[2 + k]);
		if (ghc_columns_form(field) == GHC_FORM_NAME && !isnull[2 + k])
			note_other(store, row->row->repo, field, DatumGetInt16(values[2 + k]));
	}
}

/* What a null of a tracked field is written as: "there was none". */
static Datum
none_value(GhcFieldType type)
{
	switch (type)
	{
		case GHC_TYPE_INT8:
			return Int64GetDatum(0);
		case GHC_TYPE_TEXT:
			return PointerGetDatum(cstring_to_text(""));
		default:
			elog(ERROR, "field type %d can't be null and tracked", (int) type);
			return (Datum) 0;	/* keep compilers quiet */
	}
}

/*
 * A null may say that the column was never asked for.  In columns that always
 * have a value it can say nothing else; in others it means "none" only if the
 * row has been asked for at length.
 */
static bool
was_asked(Store *store, const Row *row, GhcField field)
{
	return ghc_fields[field].shape == GHC_SHAPE_MEMBER &&
		is_asked_at_length(store, row);
}

/* Was a tracked value another before?  Gives what is stored of it. */
static bool
is_history(Store *store, const Row *row, GhcField field, Datum *was,
		   bool *was_null)
{
	*was = old_value(store, row, field, was_null);
	if (ghc_values_same(row->row->repo, field, *was, *was_null))
		return false;
	*was_null = ghc_values_is_null(field, *was, *was_null);
	return !*was_null || was_asked(store, row, field);
}

/* Flags that were others before, as they were; 0: none. */
static int32
old_flags(Store *store, const Row *row)
{
	int32		flags = 0;

	for (int k = 0; k < store->sql->n_fields; k++)
	{
		GhcField	field = store->sql->fields[k];
		bool		was_null;
		Datum		was;

		if (ghc_fields[field].tracked &&
			ghc_columns_form(field) == GHC_FORM_FLAG &&
			is_history(store, row, field, &was, &was_null))
			flags |= DatumGetInt32(was) &
				(ghc_columns_known(field) | ghc_columns_true(field));
	}
	return flags;
}

/* What the history says of a value that was another before. */
static Datum
history_value(GhcField field, Datum was, bool was_null)
{
	GhcSlice	name;

	if (was_null)
		return none_value(ghc_fields[field].type);
	if (ghc_columns_form(field) != GHC_FORM_NAME)
		return was;
	name = ghc_dictionary_name(field, DatumGetInt16(was));
	return PointerGetDatum(cstring_to_text_with_len(name.data, (int) name.len));
}

static void
fill_history(void *state, int i, Datum *values, bool *isnull)
{
	Store	   *store = state;
	const Row  *row = store->picked[i];

	values[0] = Int64GetDatum(row->row->repo->repo_id);
	values[1] = TimestampTzGetDatum(row->row->observed_at);
	isnull[0] = isnull[1] = false;
	for (int k = 0; k < store->sql->n_tracked; k++)
	{
		GhcField	field = store->sql->tracked[k];
		bool		was_null;
		Datum		was;

		if (ghc_columns_form(field) == GHC_FORM_FLAG)
		{
			int32		flags = old_flags(store, row);

			values[2 + k] = Int32GetDatum(flags);
			isnull[2 + k] = flags == 0;
			continue;
		}
		isnull[2 + k] = !is_history(store, row, field, &was, &was_null);
		if (!isnull[2 + k])
			values[2 + k] = history_value(field, was, was_null);
	}
}

/* Is any tracked value of a changed row another than before? */
static bool
is_tracked_change(Store *store, const Row *row)
{
	for (int k = 0; k < store->sql->n_fields; k++)
	{
		bool		isnull;
		Datum		was;

		if (ghc_fields[store->sql->fields[k]].tracked &&
			is_history(store, row, store->sql->fields[k], &was, &isnull))
			return true;
	}
	return false;
}

static uint64
run_batch(const GhcBatch *batch, GhcStatement *statement)
{
	uint64		n;

	ghc_batch_offer(batch);
	n = ghc_db_run(statement, NULL, NULL);
	ghc_batch_offer(NULL);
	return n;
}

/* The rows in two states, to be written. */
static GhcBatch
repositories(Store *store, GhcStored which, GhcStored or_which)
{
	pick(store, which, or_which);
	return (GhcBatch) {
		store->n_picked, 2 + store->sql->n_columns, store->sql->row_types,
		fill_repository, store
	};
}

/* Writes the rows in two states by SQL, and notes which weren't written. */
static void
upsert(Store *store, GhcStored which, GhcStored or_which)
{
	GhcBatch	batch = repositories(store, which, or_which);
	bool	   *written = palloc0(store->n * sizeof(bool));
	uint64		n;

	if (batch.n_rows == 0)
		return;
	n = run_batch(&batch, &store->sql->upsert);
	for (uint64 i = 0; i < n; i++)
	{
		Row		   *row = find_row(store, ghc_db_get_int8(i, 1));

		if (row != NULL)
			written[row - store->rows] = true;
	}
	/* a trigger or another writer may have been in the way */
	for (int i = 0; i < store->n_picked; i++)
		if (!written[store->picked[i] - store->rows])
			store->picked[i]->row->stored = GHC_STORED_SAME;
}

/* Writes to the history what the rows that changed had before. */
static void
write_history(Store *store)
{
	GhcBatch	batch = {
		0, 2 + store->sql->n_tracked, store->sql->history_types, fill_history, store
	};

	pick(store, GHC_STORED_CHANGED, GHC_STORED_CHANGED);
	for (int i = 0; i < store->n_picked; i++)
		if (is_tracked_change(store, store->picked[i]))
			store->picked[batch.n_rows++] = store->picked[i];
	if (batch.n_rows > 0)
		run_batch(&batch, &store->sql->history);
}

/* Tells the table of those with most stars of the rows that were written. */
static void
write_popular(Store *store)
{
	GhcPopular *news = palloc(store->n * sizeof(GhcPopular));
	int			n = 0;

	if ((store->sql->set & GHC_FIELD_BIT(GHC_FIELD_STARS)) == 0)
		return;
	pick(store, GHC_STORED_NEW, GHC_STORED_CHANGED);
	for (int i = 0; i < store->n_picked; i++)
	{
		const Row  *row = store->picked[i];
		const GhcRepository *repo = row->row->repo;
		bool		isnull = true;
		Datum		was = row->old == NULL ? (Datum) 0 :
			old_value(store, row, GHC_FIELD_STARS, &isnull);

		if ((repo->set & GHC_FIELD_BIT(GHC_FIELD_STARS)) == 0)
			continue;
		news[n] = (GhcPopular) {
			repo->repo_id, isnull ? 0 : DatumGetInt32(was),
			(int32) repo->value[GHC_FIELD_STARS].number
		};
		n += ghc_popular_is_news(&news[n]);
	}
	if (n > 0)
		ghc_popular_write(store->sql, store->owner, news, n);
}

/* Writes the new and the changed rows, and the history of the latter. */
static void
write_rows(Store *store)
{
	GhcBatch	batch;

	/* whoever removed a row doesn't want a part of it back */
	if (store->apart->now)
		for (int i = 0; i < store->n; i++)
			if (store->rows[i].row->stored == GHC_STORED_NEW)
				store->rows[i].row->stored = GHC_STORED_STALE;
	batch = repositories(store, GHC_STORED_NEW, GHC_STORED_NEW);
	if (batch.n_rows > 0 &&
		ghc_load_rows(store->table, store->sql->row_names, &batch))
		upsert(store, GHC_STORED_CHANGED, GHC_STORED_CHANGED);
	else
		upsert(store, GHC_STORED_NEW, GHC_STORED_CHANGED);
	write_popular(store);
	write_history(store);
}

/* Sees to it that the names in a field of all rows have numbers. */
static void
learn_names(Store *store, GhcField field)
{
	GhcSlice   *unknown = palloc(store->n * sizeof(GhcSlice));
	int			n = 0;

	if ((store->sql->set & GHC_FIELD_BIT(field)) == 0)
		return;
	for (int i = 0; i < store->n; i++)
	{
		const GhcRepository *repo = store->rows[i].row->repo;

		if ((repo->set & GHC_FIELD_BIT(field)) != 0 &&
			ghc_dictionary_find(field, repo->value[field].text) < 0)
			unknown[n++] = repo->value[field].text;
	}
	if (n > 0)
		ghc_dictionary_add(field, unknown, n);
}

/* Who is seen isn't absent, changed or not. */
static void
strike_absent(Store *store, Oid owner)
{
	int64	   *ids = palloc(store->n * sizeof(int64));
	TimestampTz *seen_at = palloc(store->n * sizeof(TimestampTz));

	for (int i = 0; i < store->n; i++)
	{
		ids[i] = store->rows[i].row->repo->repo_id;
		seen_at[i] = store->rows[i].row->observed_at;
	}
	ghc_absence_strike(store->sql, owner, ids, seen_at, store->n);
}

/*
 * Stores rows that are sorted by id.  NEW is the first guess of each; a second
 * row of one repository is the same as the first.
 */
static void
store_rows(const char *schema, GhcStoreSql *sql, const GhcApart *apart,
		   GhcStoreRow *rows, int n)
{
	Oid			owner = ghc_data_owner(schema);
	GhcDbScope	scope;
	Store		store = {0};

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("data tables in schema \"%s\" do not exist, or are not of one owner", schema)));
	store.sql = sql;
	store.owner = owner;
	store.table = get_relname_relid("repository", get_namespace_oid(schema, false));
	store.apart = apart;
	store.rows = palloc0(n * sizeof(Row));
	store.picked = palloc(n * sizeof(Row *));
	for (int i = 0; i < n; i++)
	{
		bool		again = i > 0 && rows[i].repo->repo_id == rows[i - 1].repo->repo_id;

		rows[i].stored = again ? GHC_STORED_SAME : GHC_STORED_NEW;
		rows[i].lacking = true;
		if (!again)
			store.rows[store.n++].row = &rows[i];
	}

	ghc_db_become(owner, &scope);
	ghc_dictionary_open(schema);
	learn_names(&store, GHC_FIELD_LANGUAGE);
	learn_names(&store, GHC_FIELD_LICENSE);
	look_up(&store);
	lock_changed(&store);
	write_rows(&store);
	strike_absent(&store, owner);
	ghc_db_restore_user(&scope);
	if (store.n_other > 0)
		ghc_errors_record(rows[0].crawl_id, "value",
						  "no room for another name in table language or license",
						  pnstrdup(store.other.data, Min(store.other.len, 100)),
						  store.n_other);
	for (int i = 1; i < n; i++)
		if (rows[i].repo->repo_id == rows[i - 1].repo->repo_id)
			rows[i].lacking = rows[i - 1].lacking;
}

static void
refuse(GhcStoreRow *row, ErrorData *error)
{
	const GhcRepository *repo = row->repo;
	char	   *sample = psprintf("repository %lld %.*s", (long long) repo->repo_id,
								  (int) repo->value[GHC_FIELD_NAME_WITH_OWNER].text.len,
								  repo->value[GHC_FIELD_NAME_WITH_OWNER].text.data);

	row->stored = GHC_STORED_REFUSED;
	ghc_errors_record(row->crawl_id, "repository", error->message, sample, 1);
}

/*
 * Can leaving out rows help?  Not where the tables or rights on them are
 * wrong, nor against what passes by itself, nor while we are told to stop.
 */
static bool
is_about_rows(int sqlerrcode)
{
	return !ghc_db_is_passing(sqlerrcode) &&
		sqlerrcode != ERRCODE_ADMIN_SHUTDOWN &&
		ERRCODE_TO_CATEGORY(sqlerrcode) != ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION;
}

/* Stores what can be stored, halving until the rows that fail stand alone. */
static void
store_carefully(const char *schema, GhcStoreSql *sql, const GhcApart *apart,
				GhcStoreRow *rows, int n)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		store_rows(schema, sql, apart, rows, n);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		ghc_batch_offer(NULL);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;

	if (error == NULL)
		return;
	if (!is_about_rows(error->sqlerrcode))
		ReThrowError(error);
	if (n == 1)
	{
		refuse(rows, error);
		return;
	}
	store_carefully(schema, sql, apart, rows, n / 2);
	store_carefully(schema, sql, apart, rows + n / 2, n - n / 2);
}

void
ghc_pages_store(const char *schema, GhcFieldSet fields, const GhcApart *apart,
				GhcStoreRow *rows, int n, bool careful)
{
	GhcStoreSql *sql = ghc_store_sql(schema, fields, apart->fields);

	if (n > 1)
		sort_rows(rows, n);
	if (careful)
		store_carefully(schema, sql, apart, rows, n);
	else if (n > 0)
		store_rows(schema, sql, apart, rows, n);
}
