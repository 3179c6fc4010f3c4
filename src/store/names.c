/*-------------------------------------------------------------------------
 *
 * names.c
 *	  Names that repositories have and had; see names.h.
 *
 * The history keeps the name before each change, the table the last one: joined
 * by the moments of the changes, these are spans.  A name that is free may be
 * taken by another repository, and of two rows that have the same one, one is
 * out of date: it is the one with the older proof, for had its repository been
 * looked at since, it would have shown its new name.
 *
 * IDENTIFICATION
 *	  src/store/names.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/columns.h"
#include "store/names.h"

/* the part of a name before the slash */
#define OWNER_OF(name) "pg_catalog.lower(pg_catalog.split_part(" name ", '/', 1))"

/*
 * All names of all repositories.  What is asked of one repository reaches both
 * tables, as the window is parted by it.
 */
static char *
compose_spans(const char *schema)
{
	return psprintf("SELECT n.repo_id, n.name_with_owner,"
					" pg_catalog.lag(n.until) OVER w AS valid_from,"
					" n.until AS valid_to,"
					" CASE WHEN n.until IS NULL THEN NULL"
					" WHEN pg_catalog.lower(n.name_with_owner) ="
					" pg_catalog.lower(pg_catalog.lead(n.name_with_owner) OVER w) THEN 'case'"
					" WHEN n.owner_changed THEN 'transferred'"
					" WHEN " OWNER_OF("n.name_with_owner") " <>"
					" " OWNER_OF("pg_catalog.lead(n.name_with_owner) OVER w") " THEN 'moved'"
					" ELSE 'renamed' END AS ended_by"
					" FROM (SELECT h.repo_id, h.name_with_owner, h.changed_at AS until,"
					" h.owner_id > 0 AS owner_changed FROM %s.repository_history h"
					" WHERE h.name_with_owner IS NOT NULL"
					" UNION ALL SELECT r.repo_id, r.name_with_owner,"
					" NULL::timestamptz, false FROM %s.repository r) n"
					" WINDOW w AS (PARTITION BY n.repo_id ORDER BY n.until)",
					schema, schema);
}

void
ghc_names_compose(StringInfo sql, const char *schema)
{
	static const char *const comments[][2] = {
		{"repo_id", "GitHub''s number of the repository"},
		{"name_with_owner", "owner/name"},
		{"valid_from", "When a crawl found it; null: it had this name when it was first stored"},
		{"valid_to", "When a crawl found the next one; null: it is the one the row has"},
		{"ended_by", "renamed; transferred: to another owner; moved: the owner''s part changed, and he took another name, or is not asked for; case: nothing but upper and lower case"},
	};

	appendStringInfo(sql, "CREATE VIEW %s.names AS %s;\n"
					 "GRANT SELECT ON %s.names TO ghcrawl_reader, ghcrawl_admin;\n"
					 "COMMENT ON VIEW %s.names IS 'Names that repositories have and had, as crawls found them';\n",
					 schema, compose_spans(schema), schema, schema);
	for (size_t i = 0; i < lengthof(comments); i++)
		appendStringInfo(sql, "COMMENT ON COLUMN %s.names.%s IS '%s';\n", schema,
						 comments[i][0], comments[i][1]);
}

/* Whose rows say now or said once that they have a name: what an index finds. */
static void
add_hits(StringInfo sql, const char *schema)
{
	appendStringInfo(sql, "ARRAY(SELECT r.repo_id FROM %s.repository r"
					 " WHERE pg_catalog.lower(r.name_with_owner) = pg_catalog.lower($1)"
					 " UNION SELECT h.repo_id FROM %s.repository_history h"
					 " WHERE h.name_with_owner IS NOT NULL"
					 " AND pg_catalog.lower(h.name_with_owner) = pg_catalog.lower($1))",
					 schema, schema);
}

uint64
ghc_names_find(const char *schema, const char *name, const Datum *at)
{
	const char *quoted = quote_identifier(schema);
	Datum		values[] = {CStringGetTextDatum(name), at ? *at : (Datum) 0};
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH held AS (SELECT n.*, r.name_with_owner AS now, %s AS created_at,"
					 " coalesce(n.valid_from, r.changed_at) AS known_from, a.missed_at,"
					 " pg_catalog.row_number() OVER (PARTITION BY n.valid_to IS NULL"
					 " ORDER BY a.missed_at IS NOT NULL, r.changed_at DESC, n.repo_id DESC) AS place"
					 " FROM (%s) n LEFT JOIN %s.repository r ON r.repo_id = n.repo_id"
					 " LEFT JOIN %s.repository_absence a ON a.repo_id = n.repo_id"
					 " WHERE n.repo_id = ANY (",
					 ghc_columns_shown(GHC_FIELD_CREATED_AT, "r."),
					 compose_spans(quoted), quoted, quoted);
	add_hits(&sql, quoted);
	appendStringInfoString(&sql, ") AND pg_catalog.lower(n.name_with_owner) = pg_catalog.lower($1)),"
						   " told AS (SELECT h.repo_id, h.now, h.name_with_owner,"
						   " h.valid_to IS NULL AND h.place = 1 AS is_present,"
						   " h.valid_to IS NULL AND h.place > 1 AS is_stale, h.valid_from,"
						   " CASE WHEN h.place > 1 THEN coalesce(h.valid_to, (SELECT p.known_from"
						   " FROM held p WHERE p.valid_to IS NULL AND p.place = 1))"
						   " ELSE h.valid_to END AS valid_to, h.ended_by, h.missed_at,"
						   " coalesce(h.valid_from, h.created_at) AS since FROM held h)"
						   " SELECT t.repo_id, t.now, t.name_with_owner, t.is_present, t.is_stale,"
						   " t.valid_from, t.valid_to, t.ended_by, t.missed_at FROM told t"
						   " WHERE $2 IS NULL OR (coalesce(t.since <= $2, true)"
						   " AND coalesce(t.valid_to > $2, true))"
						   " ORDER BY t.is_present DESC, t.is_stale DESC,"
						   " t.valid_to DESC NULLS FIRST, t.repo_id DESC");
	return ghc_db_run_once(sql.data, "tz", values, at ? "  " : " n");
}
