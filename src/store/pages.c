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
 * What is stored already is found in stored.c; the rows that are written are
 * made in fresh.c, those of the history in former.c.
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

#include "catalog/namespace.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "store/absence.h"
#include "store/batch.h"
#include "store/data.h"
#include "store/db.h"
#include "store/dictionary.h"
#include "store/errors.h"
#include "store/former.h"
#include "store/fresh.h"
#include "store/load.h"
#include "store/looks.h"
#include "store/pages.h"
#include "store/popular.h"
#include "store/stored.h"
#include "store/storing.h"
#include "store/tombstones.h"

/* rows that are stored together, and where */
typedef struct Lot
{
	const char *schema;
	GhcStoreSql *sql;
	const GhcApart *apart;
	GhcStoreRow *rows;
	int			n;
} Lot;

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

/* Picks the rows of two states for the next batch. */
static void
pick(GhcStore *store, GhcStored which, GhcStored or_which)
{
	store->n_picked = 0;
	for (int i = 0; i < store->n; i++)
		if (store->rows[i].row->stored == which ||
			store->rows[i].row->stored == or_which)
			store->picked[store->n_picked++] = &store->rows[i];
}

/* The rows in two states, to be written. */
static GhcBatch
repositories(GhcStore *store, GhcStored which, GhcStored or_which)
{
	pick(store, which, or_which);
	return (GhcBatch) {
		store->n_picked, 2 + store->sql->n_columns, store->sql->row_types,
		ghc_fresh_fill, store
	};
}

/* Writes the rows in two states by SQL, and notes which weren't written. */
static void
upsert(GhcStore *store, GhcStored which, GhcStored or_which)
{
	GhcBatch	batch = repositories(store, which, or_which);
	bool	   *written;
	uint64		n;

	if (batch.n_rows == 0)
		return;
	written = palloc0(store->n * sizeof(bool));
	n = ghc_batch_run(&batch, &store->sql->upsert);
	for (uint64 i = 0; i < n; i++)
	{
		GhcRow	   *row = ghc_stored_find(store, ghc_db_get_int8(i, 1));

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
write_history(GhcStore *store)
{
	GhcBatch	batch = {
		0, 2 + store->sql->n_tracked, store->sql->history_types, ghc_former_fill, store
	};

	pick(store, GHC_STORED_CHANGED, GHC_STORED_CHANGED);
	for (int i = 0; i < store->n_picked; i++)
		if (ghc_former_is_tracked(store, store->picked[i]))
			store->picked[batch.n_rows++] = store->picked[i];
	if (batch.n_rows > 0)
		ghc_batch_run(&batch, &store->sql->history);
}

/* Tells the table of those with most stars of the rows that were written. */
static void
write_popular(GhcStore *store)
{
	GhcPopular *news = palloc(store->n * sizeof(GhcPopular));
	int			n = 0;

	if ((store->sql->set & GHC_FIELD_BIT(GHC_FIELD_STARS)) == 0)
		return;
	pick(store, GHC_STORED_NEW, GHC_STORED_CHANGED);
	for (int i = 0; i < store->n_picked; i++)
	{
		const GhcRow *row = store->picked[i];
		const GhcRepository *repo = row->row->repo;
		bool		isnull = true;
		Datum		was = row->old == NULL ? (Datum) 0 :
			ghc_stored_value(store, row, GHC_FIELD_STARS, &isnull);

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

static int64 *
picked_ids(const GhcStore *store)
{
	int64	   *ids = palloc(store->n_picked * sizeof(int64));

	for (int i = 0; i < store->n_picked; i++)
		ids[i] = store->picked[i]->row->repo->repo_id;
	return ids;
}

/* Writes the new and the changed rows, and the history of the latter. */
static void
write_rows(GhcStore *store)
{
	GhcBatch	batch;

	/* whoever removed a row doesn't want a part of it back */
	if (store->apart->now)
		for (int i = 0; i < store->n; i++)
			if (store->rows[i].row->stored == GHC_STORED_NEW)
				store->rows[i].row->stored = GHC_STORED_STALE;
	batch = repositories(store, GHC_STORED_NEW, GHC_STORED_NEW);
	if (batch.n_rows > 0 &&
		ghc_load_rows(store->table, store->sql->row_names, picked_ids(store), &batch))
		upsert(store, GHC_STORED_CHANGED, GHC_STORED_CHANGED);
	else
		upsert(store, GHC_STORED_NEW, GHC_STORED_CHANGED);
	write_popular(store);
	write_history(store);
}

/* Who is seen isn't absent, changed or not. */
static void
strike_absent(GhcStore *store)
{
	int64	   *ids = palloc(store->n * sizeof(int64));
	TimestampTz *seen_at = palloc(store->n * sizeof(TimestampTz));

	for (int i = 0; i < store->n; i++)
	{
		ids[i] = store->rows[i].row->repo->repo_id;
		seen_at[i] = store->rows[i].row->observed_at;
	}
	ghc_absence_strike(store->sql, store->owner, ids, seen_at, store->n);
}

/* As the tables' owner: stores what is in hand. */
static void
store_in_hand(GhcStore *store)
{
	ghc_dictionary_open(store->sql->schema);
	ghc_stored_look_up(store);
	/* the lock of a dictionary comes before those of rows, for all who write */
	ghc_fresh_learn_names(store, GHC_FIELD_LANGUAGE);
	ghc_fresh_learn_names(store, GHC_FIELD_LICENSE);
	ghc_stored_lock_changed(store);
	store->n_unowned = ghc_tombstones_refuse_unowned(store);
	write_rows(store);
	strike_absent(store);
}

/* Records what isn't stored, though nothing is wrong with the tables. */
static void
record_trouble(const GhcStore *store, int64 crawl_id)
{
	if (store->n_unowned > 0)
		ghc_errors_record(crawl_id, "repository",
						  "its owner wasn't asked for, and owners are forgotten",
						  NULL, store->n_unowned);
	if (store->n_other > 0)
		ghc_errors_record(crawl_id, "value",
						  "no room for another name in table language or license",
						  pnstrdup(store->other.data, Min(store->other.len, 100)),
						  store->n_other);
}

/*
 * Stores rows that are sorted by id.  NEW is the first guess of each; a second
 * row of one repository is the same as the first.
 */
static void
store_rows(void *state)
{
	const Lot  *lot = state;
	GhcStoreRow *rows = lot->rows;
	int			n = lot->n;
	bool		alone = false;
	int32		least_stars = 0;
	Oid			owner = ghc_data_owner(lot->schema);
	GhcDbScope	scope;
	GhcStore	store = {0};

	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("data tables in schema \"%s\" do not exist, or are not of one owner", lot->schema)));
	store.sql = lot->sql;
	store.owner = owner;
	store.table = get_relname_relid("repository", get_namespace_oid(lot->schema, false));
	store.apart = lot->apart;
	store.rows = palloc0(n * sizeof(GhcRow));
	store.picked = palloc(n * sizeof(GhcRow *));
	for (int i = 0; i < n; i++)
	{
		bool		again = i > 0 && rows[i].repo->repo_id == rows[i - 1].repo->repo_id;

		rows[i].stored = again ? GHC_STORED_SAME : GHC_STORED_NEW;
		rows[i].lacking = true;
		alone |= rows[i].alone;
		if (!again)
			store.rows[store.n++].row = &rows[i];
	}

	if (alone)
		least_stars = ghc_looks_least_stars();
	ghc_db_become(owner, &scope);
	ghc_tombstones_drop(&store);
	if (store.n > 0)
		store_in_hand(&store);
	if (store.n > 0 && alone)
		ghc_looks_learn(&store, least_stars);
	ghc_db_restore_user(&scope);
	record_trouble(&store, rows[0].crawl_id);
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
store_carefully(const Lot *lot)
{
	Lot			first = *lot;
	Lot			rest = *lot;
	ErrorData  *error = ghc_db_attempt(store_rows, &first);

	if (error == NULL)
		return;
	if (!is_about_rows(error->sqlerrcode))
		ReThrowError(error);
	if (lot->n == 1)
	{
		refuse(lot->rows, error);
		return;
	}
	first.n = lot->n / 2;
	rest.rows += first.n;
	rest.n -= first.n;
	store_carefully(&first);
	store_carefully(&rest);
}

void
ghc_pages_store(const char *schema, GhcFieldSet fields, const GhcApart *apart,
				GhcStoreRow *rows, int n, bool careful)
{
	Lot			lot = {
		schema, ghc_store_sql(schema, fields, apart->fields), apart, rows, n
	};

	if (n > 1)
		sort_rows(rows, n);
	if (careful)
		store_carefully(&lot);
	else if (n > 0)
		store_rows(&lot);
}
