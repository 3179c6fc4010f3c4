/*-------------------------------------------------------------------------
 *
 * sql.c
 *	  The statements that store repositories, composed from the field table.
 *
 * They also run on Citus: no function in DO UPDATE that isn't immutable
 * (moments come with the rows), counts from RETURNING, no MERGE.
 *
 * IDENTIFICATION
 *	  src/store/sql.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "store/sql.h"

/* A list of columns, each after "prefix". */
static void
add_columns(StringInfo sql, const GhcField *columns, int n, const char *prefix)
{
	for (int i = 0; i < n; i++)
		appendStringInfo(sql, ", %s%s", prefix, ghc_columns_name(columns[i]));
}

/* Where the rows come from. */
static void
add_batch(StringInfo sql, const GhcField *columns, const Oid *types, int n)
{
	appendStringInfoString(sql, " FROM ghcrawl.batch() AS b (repo_id bigint,"
						   " changed_at timestamptz");
	for (int i = 0; i < n; i++)
		appendStringInfo(sql, ", %s %s", ghc_columns_name(columns[i]),
						 format_type_be(types[2 + i]));
	appendStringInfoChar(sql, ')');
}

/*
 * What is read from the table is taken for what it says it is; who owns it may have
 * given a column another type since.  Of the right type a cast costs nothing.
 */
static char *
compose_look_up(const GhcStoreSql *store, const char *schema, const char *end)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT repo_id::bigint, changed_at::timestamptz");
	for (int i = 0; i < store->n_fields; i++)
		appendStringInfo(&sql, ", %s::%s", ghc_columns_name(store->fields[i]),
						 ghc_columns_type(store->fields[i]));
	appendStringInfoString(&sql, ", false");
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (store->apart & GHC_FIELD_BIT(i))
			appendStringInfo(&sql, " OR %s IS NULL", ghc_columns_name(i));
	appendStringInfo(&sql, " FROM %s.repository WHERE repo_id = ANY ($1)%s",
					 schema, end);
	return sql.data;
}

/* Bits of flags that these fields have. */
static int32
flags_of(const GhcStoreSql *store)
{
	int32		bits = 0;

	for (int i = 0; i < store->n_fields; i++)
		if (ghc_columns_form(store->fields[i]) == GHC_FORM_FLAG)
			bits |= ghc_columns_true(store->fields[i]) |
				ghc_columns_known(store->fields[i]);
	return bits;
}

/*
 * The new value of each column; of flags, those of other fields stay as they
 * are.
 */
static void
add_assignments(StringInfo sql, const GhcStoreSql *store)
{
	appendStringInfoString(sql, "changed_at = excluded.changed_at");
	for (int i = 0; i < store->n_columns; i++)
	{
		const char *name = ghc_columns_name(store->columns[i]);

		appendStringInfo(sql, ", %s = ", name);
		if (ghc_columns_form(store->columns[i]) == GHC_FORM_FLAG)
			appendStringInfo(sql, "coalesce(r.flags, 0) & ~%d | ", flags_of(store));
		appendStringInfo(sql, "excluded.%s", name);
	}
}

/* Columns as they are stored, to be compared with those that come. */
static void
add_stored(StringInfo sql, const GhcStoreSql *store)
{
	for (int i = 0; i < store->n_columns; i++)
		if (ghc_columns_form(store->columns[i]) == GHC_FORM_FLAG)
			appendStringInfo(sql, ", coalesce(r.flags, 0) & %d", flags_of(store));
		else
			appendStringInfo(sql, ", r.%s", ghc_columns_name(store->columns[i]));
}

static char *
compose_upsert(const GhcStoreSql *store, const char *schema)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s.repository AS r (repo_id, changed_at",
					 schema);
	add_columns(&sql, store->columns, store->n_columns, "");
	appendStringInfoString(&sql, ") SELECT b.repo_id, b.changed_at");
	add_columns(&sql, store->columns, store->n_columns, "b.");
	add_batch(&sql, store->columns, store->row_types, store->n_columns);
	appendStringInfoString(&sql, " ON CONFLICT (repo_id) DO UPDATE SET ");
	add_assignments(&sql, store);
	appendStringInfoString(&sql, " WHERE r.changed_at <= excluded.changed_at"
						   " AND (r.repo_id");
	add_stored(&sql, store);
	appendStringInfoString(&sql, ") IS DISTINCT FROM (excluded.repo_id");
	add_columns(&sql, store->columns, store->n_columns, "excluded.");
	appendStringInfoString(&sql, ") RETURNING r.repo_id");
	return sql.data;
}

static char *
compose_history(const GhcStoreSql *store, const char *schema)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s.repository_history"
					 " (repo_id, changed_at", schema);
	for (int i = 0; i < store->n_tracked; i++)
		appendStringInfo(&sql, ", %s", ghc_columns_history_name(store->tracked[i]));
	appendStringInfoString(&sql, ") SELECT b.repo_id, b.changed_at");
	add_columns(&sql, store->tracked, store->n_tracked, "b.");
	add_batch(&sql, store->tracked, store->history_types, store->n_tracked);
	return sql.data;
}

static void
compose_absence(GhcStoreSql *store, const char *schema)
{
	store->any_missed = (GhcStatement) {
		psprintf("SELECT FROM %s.repository_absence LIMIT 1", schema), "", NULL
	};
	store->missed = (GhcStatement) {
		psprintf("SELECT repo_id, missed_at FROM %s.repository_absence"
				 " WHERE repo_id = ANY ($1) ORDER BY repo_id", schema), "B", NULL
	};
	store->strike = (GhcStatement) {
		psprintf("DELETE FROM %s.repository_absence WHERE repo_id = ANY ($1)",
				 schema), "B", NULL
	};
	store->miss = (GhcStatement) {
		psprintf("INSERT INTO %s.repository_absence (repo_id, missed_at)"
				 " SELECT u.repo_id, $2 FROM unnest($1) AS u (repo_id)"
				 " WHERE EXISTS (SELECT FROM %s.repository r WHERE r.repo_id = u.repo_id)"
				 " ON CONFLICT (repo_id) DO NOTHING", schema, schema), "Bz", NULL
	};
	store->unasked = (GhcStatement) {
		psprintf("SELECT a.repo_id FROM %s.repository_absence a"
				 " JOIN %s.repository r ON r.repo_id = a.repo_id"
				 " WHERE a.repo_id = ANY ($1) AND a.checked_at IS NULL"
				 " AND coalesce(r.stars, 0) >= $2", schema, schema), "Bi", NULL
	};
	store->explain = (GhcStatement) {
		psprintf("UPDATE %s.repository_absence SET checked_at = $2, reason = $3,"
				 " blocked_at = $4, notice = $5 WHERE repo_id = $1", schema), "bztzt", NULL
	};
}

static void
compose_tombstones(GhcStoreSql *store, const char *schema)
{
	store->any_buried = (GhcStatement) {
		psprintf("SELECT EXISTS (SELECT FROM %s.tombstone WHERE kind = 'owner')"
				 " FROM %s.tombstone LIMIT 1", schema, schema), "", NULL
	};
	store->buried = (GhcStatement) {
		psprintf("SELECT id FROM %s.tombstone WHERE kind = $1"
				 " AND id = ANY ($2) ORDER BY id", schema), "tB", NULL
	};
}

/* Does a profile fill a column?  Any flag will do for that of flags. */
static bool
is_filled(GhcField column, GhcFieldSet fields)
{
	if (ghc_columns_form(column) != GHC_FORM_FLAG)
		return (fields & GHC_FIELD_BIT(column)) != 0;
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if ((fields & GHC_FIELD_BIT(i)) != 0 &&
			ghc_columns_form(i) == GHC_FORM_FLAG)
			return true;
	return false;
}

static void
list_columns(GhcStoreSql *store, GhcFieldSet fields)
{
	GhcFieldSet tracked = 0;

	store->row_types[0] = store->history_types[0] = INT8OID;
	store->row_types[1] = store->history_types[1] = TIMESTAMPTZOID;
	for (int i = GHC_FIELD_REPO_ID + 1; i < GHC_FIELD_COUNT; i++)
	{
		if (!(fields & GHC_FIELD_BIT(i)))
			continue;
		store->place[i] = store->n_fields;
		store->fields[store->n_fields++] = (GhcField) i;
		if (ghc_fields[i].tracked)
			tracked |= GHC_FIELD_BIT(i);
	}
	for (int i = 0; i < GHC_COLUMN_COUNT; i++)
	{
		if (!is_filled(ghc_columns[i], fields))
			continue;
		store->row_types[2 + store->n_columns] = ghc_columns_type_oid(ghc_columns[i]);
		store->columns[store->n_columns++] = ghc_columns[i];
	}
	for (int i = 0; i < GHC_HISTORY_COLUMN_COUNT; i++)
	{
		GhcField	column = ghc_history_columns[i];

		if (!is_filled(column, tracked))
			continue;
		store->history_types[2 + store->n_tracked] =
			ghc_columns_form(column) == GHC_FORM_NAME ? TEXTOID :
			ghc_columns_type_oid(column);
		store->tracked[store->n_tracked++] = column;
	}
}

static void
compose_popular(GhcStoreSql *store, const char *schema)
{
	store->promote = (GhcStatement) {
		psprintf("INSERT INTO %s.repository_popular AS p (repo_id, stars)"
				 " SELECT u.repo_id, u.stars FROM unnest($1, $2) AS u (repo_id, stars)"
				 " ON CONFLICT (repo_id) DO UPDATE SET stars = excluded.stars"
				 " WHERE p.stars <> excluded.stars", schema), "BI", NULL
	};
	store->demote = (GhcStatement) {
		psprintf("DELETE FROM %s.repository_popular WHERE repo_id = ANY ($1)",
				 schema), "B", NULL
	};
}

static void
compose_looks(GhcStoreSql *store, const char *schema)
{
	store->looks = (GhcStatement) {
		psprintf("SELECT repo_id, looked_at, log_rate::int, doubt::int"
				 " FROM %s.repository_look WHERE repo_id = ANY ($1) ORDER BY repo_id",
				 schema), "B", NULL
	};
	store->look = (GhcStatement) {
		psprintf("INSERT INTO %s.repository_look AS l (repo_id, looked_at, stars,"
				 " log_rate, doubt, is_fork)"
				 " SELECT u.repo_id, u.looked_at, u.stars, u.log_rate, u.doubt, u.is_fork <> 0"
				 " FROM unnest($1, $2, $3, $4, $5, $6)"
				 " AS u (repo_id, looked_at, stars, log_rate, doubt, is_fork)"
				 " ON CONFLICT (repo_id) DO UPDATE SET looked_at = excluded.looked_at,"
				 " stars = excluded.stars, log_rate = excluded.log_rate,"
				 " doubt = excluded.doubt, is_fork = excluded.is_fork"
				 " WHERE l.looked_at <= excluded.looked_at", schema), "BBBBBB", NULL
	};
	store->looked = (GhcStatement) {
		psprintf("UPDATE %s.repository_look l SET looked_at = u.looked_at"
				 " FROM unnest($1, $2) AS u (repo_id, looked_at)"
				 " WHERE l.repo_id = u.repo_id AND l.looked_at < u.looked_at", schema), "BB", NULL
	};
	store->unlooked = (GhcStatement) {
		psprintf("DELETE FROM %s.repository_look WHERE repo_id = ANY ($1)", schema), "B", NULL
	};
}

static void
add_look_up(GhcStoreSql *store, const char *name, Oid type)
{
	store->look_up_names[store->n_look_up_names] = name;
	store->look_up_types[store->n_look_up_names++] = type;
}

/* The columns of rows, and of a look-up: fields asked for apart as well. */
static void
list_names(GhcStoreSql *store)
{
	store->row_names[0] = "repo_id";
	store->row_names[1] = "changed_at";
	for (int i = 0; i < store->n_columns; i++)
		store->row_names[2 + i] = ghc_columns_name(store->columns[i]);
	add_look_up(store, "changed_at", TIMESTAMPTZOID);
	for (int i = 0; i < store->n_fields; i++)
		add_look_up(store, ghc_columns_name(store->fields[i]),
					ghc_columns_type_oid(store->fields[i]));
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (store->apart & GHC_FIELD_BIT(i))
			add_look_up(store, ghc_columns_name(i), ghc_columns_type_oid(i));
}

static GhcStoreSql *
compose(const char *schema, GhcFieldSet fields, GhcFieldSet apart)
{
	GhcStoreSql *store = palloc0(sizeof(GhcStoreSql));
	const char *quoted = quote_identifier(schema);

	strlcpy(store->schema, schema, NAMEDATALEN);
	store->set = fields;
	store->apart = apart;
	list_columns(store, fields);
	list_names(store);
	store->look_up = (GhcStatement) {compose_look_up(store, quoted, ""), "B", NULL};
	store->lock = (GhcStatement) {
		compose_look_up(store, quoted, " ORDER BY repo_id FOR NO KEY UPDATE"),
		"B", NULL
	};
	store->upsert = (GhcStatement) {compose_upsert(store, quoted), "", NULL};
	store->history = (GhcStatement) {compose_history(store, quoted), "", NULL};
	compose_absence(store, quoted);
	compose_tombstones(store, quoted);
	compose_popular(store, quoted);
	compose_looks(store, quoted);
	return store;
}

GhcStoreSql *
ghc_store_sql(const char *schema, GhcFieldSet fields, GhcFieldSet apart)
{
	static List *known = NIL;	/* a few: one for each profile in use */
	ListCell   *cell;
	MemoryContext before;
	GhcStoreSql *store;

	foreach(cell, known)
	{
		store = lfirst(cell);
		if (store->set == fields && store->apart == apart &&
			strcmp(store->schema, schema) == 0)
			return store;
	}
	before = MemoryContextSwitchTo(TopMemoryContext);
	store = compose(schema, fields, apart);
	known = lappend(known, store);
	MemoryContextSwitchTo(before);
	return store;
}
