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

#include "store/data.h"
#include "store/sql.h"

/* A list of the fields' columns, each after "prefix", with types if wanted. */
static void
add_columns(StringInfo sql, const GhcStoreSql *store, const char *prefix,
			bool types, bool tracked_only)
{
	for (int i = 0; i < store->n_fields; i++)
	{
		const GhcFieldInfo *field = &ghc_fields[store->fields[i]];

		if (tracked_only && !field->tracked)
			continue;
		appendStringInfo(sql, ", %s%s", prefix, field->column);
		if (types)
			appendStringInfo(sql, " %s", ghc_data_type(field->type));
	}
}

static char *
compose_look_up(const GhcStoreSql *store, const char *schema, const char *end)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT repo_id, changed_at");
	add_columns(&sql, store, "", false, false);
	appendStringInfoString(&sql, ", false");
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (store->apart & GHC_FIELD_BIT(i))
			appendStringInfo(&sql, " OR %s IS NULL", ghc_fields[i].column);
	appendStringInfo(&sql, " FROM %s.repository WHERE repo_id = ANY ($1)%s",
					 schema, end);
	return sql.data;
}

static char *
compose_upsert(const GhcStoreSql *store, const char *schema)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "INSERT INTO %s.repository AS r (repo_id, changed_at",
					 schema);
	add_columns(&sql, store, "", false, false);
	appendStringInfoString(&sql, ") SELECT b.repo_id, b.changed_at");
	add_columns(&sql, store, "b.", false, false);
	appendStringInfoString(&sql, " FROM ghcrawl.batch() AS b (repo_id bigint,"
						   " changed_at timestamptz");
	add_columns(&sql, store, "", true, false);
	appendStringInfoString(&sql, ") ON CONFLICT (repo_id) DO UPDATE SET"
						   " changed_at = excluded.changed_at");
	for (int i = 0; i < store->n_fields; i++)
		appendStringInfo(&sql, ", %s = excluded.%s",
						 ghc_fields[store->fields[i]].column,
						 ghc_fields[store->fields[i]].column);
	appendStringInfoString(&sql, " WHERE r.changed_at <= excluded.changed_at"
						   " AND (r.repo_id");
	add_columns(&sql, store, "r.", false, false);
	appendStringInfoString(&sql, ") IS DISTINCT FROM (excluded.repo_id");
	add_columns(&sql, store, "excluded.", false, false);
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
	add_columns(&sql, store, "", false, true);
	appendStringInfoString(&sql, ") SELECT b.repo_id, b.changed_at");
	add_columns(&sql, store, "b.", false, true);
	appendStringInfoString(&sql, " FROM ghcrawl.batch() AS b (repo_id bigint,"
						   " changed_at timestamptz");
	add_columns(&sql, store, "", true, true);
	appendStringInfoString(&sql, ")");
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
				 " ON CONFLICT (repo_id) DO NOTHING", schema), "Bz", NULL
	};
}

/* The columns of rows, and of a look-up: fields asked for apart as well. */
static void
list_names(GhcStoreSql *store)
{
	store->row_names[0] = "repo_id";
	store->row_names[1] = store->look_up_names[store->n_look_up_names++] = "changed_at";
	for (int i = 0; i < store->n_fields; i++)
		store->row_names[2 + i] = store->look_up_names[store->n_look_up_names++] =
			ghc_fields[store->fields[i]].column;
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (store->apart & GHC_FIELD_BIT(i))
			store->look_up_names[store->n_look_up_names++] = ghc_fields[i].column;
}

static GhcStoreSql *
compose(const char *schema, GhcFieldSet fields, GhcFieldSet apart)
{
	GhcStoreSql *store = palloc0(sizeof(GhcStoreSql));
	const char *quoted = quote_identifier(schema);

	store->row_types[0] = store->history_types[0] = INT8OID;
	store->row_types[1] = store->history_types[1] = TIMESTAMPTZOID;
	strlcpy(store->schema, schema, NAMEDATALEN);
	store->set = fields;
	store->apart = apart;
	for (int i = GHC_FIELD_REPO_ID + 1; i < GHC_FIELD_COUNT; i++)
	{
		Oid			type = ghc_data_type_oid(ghc_fields[i].type);

		if (!(fields & GHC_FIELD_BIT(i)))
			continue;
		store->row_types[2 + store->n_fields] = type;
		store->fields[store->n_fields++] = (GhcField) i;
		if (ghc_fields[i].tracked)
			store->history_types[2 + store->n_tracked++] = type;
	}
	list_names(store);
	store->look_up = (GhcStatement) {compose_look_up(store, quoted, ""), "B", NULL};
	store->lock = (GhcStatement) {
		compose_look_up(store, quoted, " ORDER BY repo_id FOR NO KEY UPDATE"),
		"B", NULL
	};
	store->upsert = (GhcStatement) {compose_upsert(store, quoted), "", NULL};
	store->history = (GhcStatement) {compose_history(store, quoted), "", NULL};
	compose_absence(store, quoted);
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
