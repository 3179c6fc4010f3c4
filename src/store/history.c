/*-------------------------------------------------------------------------
 *
 * history.c
 *	  The history's table and its partitions; see history.h.
 *
 * A month's changes lie in a partition of their own, so that old ones are
 * forgotten by dropping a table and not by deleting rows.  Partitions are made months
 * ahead; what has none, because nobody could make it in all that time, goes to a
 * default partition, so that storing never fails.
 *
 * Whoever reads the history has all partitions locked, for as long as he
 * likes: so locks are only taken if they are free, and else tried again later.
 *
 * IDENTIFICATION
 *	  src/store/history.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "store/columns.h"
#include "store/data.h"
#include "store/db.h"
#include "store/history.h"

/* this month and the two after it */
#define MONTHS_AHEAD 3

#define TABLE "repository_history"
#define DEFAULT_TABLE TABLE "_default"

/* A month of a year, counted from year 0. */
static int
month_of(TimestampTz moment)
{
	struct pg_tm tm;
	fsec_t		fsec;

	if (timestamp2tm(moment, NULL, &tm, &fsec, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	return tm.tm_year * 12 + tm.tm_mon - 1;
}

static char *
month_text(const char *format, int month)
{
	return psprintf(format, month / 12, month % 12 + 1);
}

static void
comment_columns(StringInfo sql, const char *table)
{
	appendStringInfo(sql, "COMMENT ON TABLE %s IS 'Values that tracked columns"
					 " had until changed_at; null: did not change then';\n"
					 "COMMENT ON COLUMN %s.repo_id IS %s;\n"
					 "COMMENT ON COLUMN %s.changed_at IS 'When a crawl found"
					 " the change; the value held until some time between the"
					 " look before and this';\n", table, table,
					 quote_literal_cstr(ghc_fields[GHC_FIELD_REPO_ID].comment),
					 table);
	for (int i = 0; i < GHC_HISTORY_COLUMN_COUNT; i++)
	{
		const GhcFieldInfo *field = &ghc_fields[ghc_history_columns[i]];
		bool		is_flag = field->type == GHC_TYPE_BOOL;
		char	   *comment = psprintf("Before the change: %s%s",
									   is_flag ? "flags that changed, bits as in table repository" :
									   field->comment,
									   field->shape == GHC_SHAPE_MEMBER ?
									   " (0 or '': there was none)" : "");

		appendStringInfo(sql, "COMMENT ON COLUMN %s.%s IS %s;\n", table,
						 ghc_columns_history_name(ghc_history_columns[i]),
						 quote_literal_cstr(comment));
	}
}

/* The columns of view history: the table's, flags one by one. */
static void
add_view(StringInfo sql, const char *schema)
{
	appendStringInfo(sql, "CREATE VIEW %s.history AS SELECT r.repo_id,"
					 " r.changed_at, r.owner_id, r.stars, r.forks", schema);
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (ghc_fields[i].tracked && ghc_fields[i].type == GHC_TYPE_BOOL)
			appendStringInfo(sql, ", %s AS %s", ghc_columns_shown(i, "r."),
							 ghc_fields[i].column);
	appendStringInfo(sql, ", r.name_with_owner, r.license FROM %s." TABLE " r;\n"
					 "COMMENT ON VIEW %s.history IS 'Values that repositories had"
					 " until changed_at; null: did not change then';\n",
					 schema, schema);
}

void
ghc_history_compose(StringInfo sql, const char *schema)
{
	char	   *table = psprintf("%s." TABLE, schema);

	appendStringInfo(sql, "CREATE TABLE %s (repo_id bigint NOT NULL,"
					 " changed_at timestamptz NOT NULL", table);
	for (int i = 0; i < GHC_HISTORY_COLUMN_COUNT; i++)
	{
		GhcField	field = ghc_history_columns[i];

		appendStringInfo(sql, ", %s %s", ghc_columns_history_name(field),
						 ghc_columns_form(field) == GHC_FORM_NAME ? "text" :
						 ghc_columns_type(field));
	}
	appendStringInfo(sql, ") PARTITION BY RANGE (changed_at);\n");
	comment_columns(sql, table);
	appendStringInfo(sql, "CREATE INDEX ON %s USING brin (changed_at, repo_id)"
					 " WITH (pages_per_range = 32, autosummarize = on);\n"
					 "CREATE TABLE %s.%s (LIKE %s INCLUDING COMMENTS);\n"
					 "COMMENT ON TABLE %s.%s IS 'Changes for which there is no partition';\n"
					 "ALTER TABLE %s ATTACH PARTITION %s.%s DEFAULT;\n",
					 table, schema, DEFAULT_TABLE, table,
					 schema, DEFAULT_TABLE, table, schema, DEFAULT_TABLE);
	add_view(sql, schema);
}

/* Does the default partition hold changes of a month? */
static bool
has_strays(const char *quoted, const char *from, const char *to)
{
	return ghc_db_run_text(psprintf("SELECT FROM ONLY %s." DEFAULT_TABLE
									" WHERE changed_at >= '%s' AND changed_at < '%s' LIMIT 1",
									quoted, from, to)) > 0;
}

static void
add_partition(const char *schema, int month)
{
	const char *quoted = quote_identifier(schema);
	char	   *name = month_text(TABLE "_%04d_%02d", month);
	char	   *from = month_text("%04d-%02d-01 00:00:00+00", month);
	char	   *to = month_text("%04d-%02d-01 00:00:00+00", month + 1);

	if (has_strays(quoted, from, to))
		return;					/* the month stays there */
	ghc_db_run_text(psprintf("CREATE TABLE %s.%s (LIKE %s." TABLE " INCLUDING COMMENTS);"
							 "COMMENT ON TABLE %s.%s IS 'Changes that were found from %s on, for a month';"
							 "ALTER TABLE %s." TABLE " ATTACH PARTITION %s.%s"
							 " FOR VALUES FROM ('%s') TO ('%s')",
							 quoted, name, quoted, quoted, name, from,
							 quoted, quoted, name, from, to));
}

/* The table, locked; InvalidOid if it isn't ours or others have it. */
static Oid
lock_if_free(const char *schema, const char *table, LOCKMODE mode)
{
	Oid			namespace = get_namespace_oid(schema, true);
	Oid			relid = OidIsValid(namespace) ?
		get_relname_relid(table, namespace) : InvalidOid;

	if (!OidIsValid(relid) || !ConditionalLockRelationOid(relid, mode))
		return InvalidOid;
	return get_relname_relid(table, namespace) == relid ? relid : InvalidOid;
}

static bool
has_partition(const char *schema, int month)
{
	return OidIsValid(get_relname_relid(month_text(TABLE "_%04d_%02d", month),
										get_namespace_oid(schema, false)));
}

bool
ghc_history_extend(const char *schema)
{
	int			now = month_of(GetCurrentTimestamp());

	for (int month = now; month < now + MONTHS_AHEAD; month++)
	{
		Oid			relid;

		if (has_partition(schema, month))
			continue;
		relid = lock_if_free(schema, TABLE, ShareUpdateExclusiveLock);
		if (!OidIsValid(relid) ||
			get_rel_relkind(relid) != RELKIND_PARTITIONED_TABLE ||
			!OidIsValid(lock_if_free(schema, DEFAULT_TABLE, AccessExclusiveLock)))
			return false;
		/* another worker may have been faster */
		if (!has_partition(schema, month))
			add_partition(schema, month);
	}
	return true;
}

/* Drops partitions that end before a moment.  False: some are left. */
static bool
forget(const char *schema, TimestampTz before)
{
	const char *quoted = quote_identifier(schema);
	uint64		n = ghc_db_run_text(psprintf("SELECT c.relname::text FROM pg_catalog.pg_inherits i"
											 " JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
											 " WHERE i.inhparent = %u"
											 " AND c.relname ~ '^" TABLE "_[0-9]{4}_[0-9]{2}$'"
											 " AND c.relname < '%s'",
											 get_relname_relid(TABLE, get_namespace_oid(schema, false)),
											 month_text(TABLE "_%04d_%02d", month_of(before))));
	char	  **names = palloc(n * sizeof(char *) + 1);

	for (uint64 i = 0; i < n; i++)
		names[i] = ghc_db_get_text(i, 1);
	if (n > 0 && !OidIsValid(lock_if_free(schema, TABLE, AccessExclusiveLock)))
		return false;
	for (uint64 i = 0; i < n; i++)
		if (OidIsValid(lock_if_free(schema, names[i], AccessExclusiveLock)))
			ghc_db_run_text(psprintf("DROP TABLE %s.%s", quoted, names[i]));
	return true;
}

bool
ghc_history_tend(int minutes)
{
	uint64		n = ghc_db_run_text("SELECT schema_name::text FROM ghcrawl.data_schema");
	char	  **schemas = palloc(n * sizeof(char *) + 1);
	bool		done = true;

	for (uint64 i = 0; i < n; i++)
		schemas[i] = ghc_db_get_text(i, 1);
	for (uint64 i = 0; i < n; i++)
	{
		Oid			owner = ghc_data_owner(schemas[i]);
		GhcDbScope	scope;

		if (!OidIsValid(owner))
			continue;
		ghc_db_become(owner, &scope);
		done &= ghc_history_extend(schemas[i]);
		if (minutes >= 0)
			done &= forget(schemas[i], GetCurrentTimestamp() -
						   minutes * (int64) SECS_PER_MINUTE * USECS_PER_SEC);
		ghc_db_restore_user(&scope);
	}
	return done;
}
