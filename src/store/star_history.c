/*-------------------------------------------------------------------------
 *
 * star_history.c
 *	  When stars were given, as GitHub tells; see star_history.h.
 *
 * IDENTIFICATION
 *	  src/store/star_history.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "store/data.h"
#include "store/db.h"
#include "store/star_history.h"
#include "store/values.h"

#define TABLE GHC_STAR_HISTORY_TABLE

/* a week of the view, i counting from 0 */
#define BEGINS "h.first_week + i * interval '168 hours'"
#define DAYS "u.days[7 * i + 1:7 * i + 7]"

static void
add_comments(StringInfo sql, const char *schema)
{
	static const char *const comments[][3] = {
		{"TABLE", TABLE, "Stars that were given on each day and are still in place, as GitHub told; view star_weeks is for reading"},
		{"COLUMN", TABLE ".repo_id", "GitHub''s number of the repository"},
		{"COLUMN", TABLE ".read_at", "When GitHub was last asked"},
		{"COLUMN", TABLE ".first_week", "When the first of the days begins; null: GitHub told of no week"},
		{"COLUMN", TABLE ".days", "Stars given on each day, whole weeks; the last one may not have been over"},
		{"VIEW", "star_weeks", "The same with a row for each week"},
		{"COLUMN", "star_weeks.repo_id", "GitHub''s number of the repository"},
		{"COLUMN", "star_weeks.week", "When it begins, by GitHub''s count"},
		{"COLUMN", "star_weeks.stars", "Stars that were given in it and are still in place"},
		{"COLUMN", "star_weeks.days", "The same of each of its days"},
		{"COLUMN", "star_weeks.is_over", "Was it over when GitHub was asked?"},
	};

	for (size_t i = 0; i < lengthof(comments); i++)
		appendStringInfo(sql, "COMMENT ON %s %s.%s IS '%s';\n", comments[i][0],
						 schema, comments[i][1], comments[i][2]);
}

void
ghc_star_history_compose(StringInfo sql, const char *schema)
{
	appendStringInfo(sql, "CREATE TABLE %s." TABLE " (repo_id bigint PRIMARY KEY,"
					 " read_at timestamptz NOT NULL, first_week timestamptz,"
					 " days integer[] NOT NULL);\n"
					 "CREATE VIEW %s.star_weeks AS SELECT h.repo_id, " BEGINS " AS week,"
					 " (SELECT pg_catalog.sum(d) FROM pg_catalog.unnest(" DAYS ") d)::integer AS stars,"
					 " " DAYS " AS days, h.read_at >= h.first_week + (i + 1) * interval '168 hours' AS is_over"
					 " FROM %s." TABLE " h"
	/* unpacked once, and not for each week */
					 " CROSS JOIN LATERAL (SELECT h.days || '{}'::integer[] AS days OFFSET 0) u"
					 " CROSS JOIN LATERAL pg_catalog.generate_series(0, pg_catalog.cardinality(h.days) / 7 - 1) i;\n"
					 "GRANT SELECT ON %s." TABLE ", %s.star_weeks TO ghcrawl_reader, ghcrawl_admin;\n",
					 schema, schema, schema, schema, schema);
	add_comments(sql, schema);
}

/* Runs a statement in the name of the tables' owner. */
static uint64
run_as_owner(const char *schema, const char *sql, const char *args, Datum *values)
{
	GhcDbScope	scope;
	uint64		n;

	ghc_db_become(ghc_data_owner(schema), &scope);
	n = ghc_db_run_once(sql, args, values, NULL);
	ghc_db_restore_user(&scope);
	return n;
}

uint64
ghc_star_history_known(const char *schema, Datum ids, bool again)
{
	const char *quoted = quote_identifier(schema);
	Datum		values[] = {ids, BoolGetDatum(again)};

	return run_as_owner(schema, psprintf("SELECT DISTINCT ON (u) u, r.repo_id IS NOT NULL,"
										 " CASE WHEN h.i >= 0 AND NOT $2 THEN h.first_week + h.i * interval '168 hours' END"
										 " FROM unnest($1) u LEFT JOIN %s.repository r ON r.repo_id = u"
										 " LEFT JOIN (SELECT *, least(cardinality(days) / 7, floor(extract(epoch FROM"
										 " read_at - first_week - interval '24 hours') / 604800)::integer) - 1 AS i"
										 " FROM %s." TABLE ") h ON h.repo_id = u"
										 " ORDER BY u", quoted, quoted), "Bl", values);
}

uint64
ghc_star_history_named(const char *schema, Datum names)
{
	const char *quoted = quote_identifier(schema);

	return run_as_owner(schema, psprintf("WITH present AS (SELECT DISTINCT ON (1) lower(r.name_with_owner) AS name,"
										 " r.repo_id FROM %s.repository r"
										 " WHERE lower(r.name_with_owner) = ANY ($1) ORDER BY 1, r.changed_at DESC),"
										 " wanted AS (SELECT DISTINCT u AS name FROM unnest($1) u),"
										 " former AS (SELECT DISTINCT ON (1) lower(h.name_with_owner) AS name,"
										 " h.repo_id FROM %s.repository_history h"
										 " WHERE h.name_with_owner IS NOT NULL AND lower(h.name_with_owner) = ANY"
										 " (ARRAY(SELECT w.name FROM wanted w EXCEPT SELECT p.name FROM present p))"
										 " ORDER BY 1, h.changed_at DESC)"
										 " SELECT w.name, coalesce(p.repo_id, f.repo_id) FROM wanted w"
										 " LEFT JOIN present p USING (name) LEFT JOIN former f USING (name)"
										 " ORDER BY w.name", quoted, quoted), "T", &names);
}

static Datum
int4_array(const int32 *numbers, int n)
{
	Datum	   *values = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = Int32GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(values, n, INT4OID, sizeof(int32), true,
										   TYPALIGN_INT));
}

/* What follows is put behind what is known, from where it begins. */
static char *
compose_write(const char *schema, bool whole)
{
	if (whole)
		return psprintf("INSERT INTO %s." TABLE " AS h (repo_id, read_at, first_week, days)"
						" SELECT $1, $2, $3, $4 WHERE EXISTS"
						" (SELECT FROM %s.repository r WHERE r.repo_id = $1)"
						" ON CONFLICT (repo_id) DO UPDATE SET read_at = excluded.read_at,"
						" first_week = excluded.first_week, days = excluded.days"
						" WHERE h.read_at <= excluded.read_at", schema, schema);
	return psprintf("UPDATE %s." TABLE " h SET read_at = $2, days = h.days[1:7 *"
					" pg_catalog.round(extract(epoch FROM $3 - h.first_week) / 604800)::integer] || $4"
					" WHERE h.repo_id = $1 AND h.read_at <= $2", schema);
}

void
ghc_star_history_write(const char *schema, const GhcStarHistory *history)
{
	Oid			owner = ghc_data_owner(schema);
	int32	   *days = palloc(GHC_STAR_MAX_WEEKS * GHC_WEEK_DAYS * sizeof(int32));
	int64		begins;
	int			n = ghc_star_weeks_lay_out(history->weeks, history->n,
										   history->read_at / USECS_PER_SEC +
										   (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY +
										   SECS_PER_DAY, &begins, days);
	Datum		values[] = {
		Int64GetDatum(history->repo_id), TimestampTzGetDatum(history->read_at),
		TimestampTzGetDatum(ghc_values_timestamp(begins)),
		int4_array(days, n * GHC_WEEK_DAYS)
	};
	GhcDbScope	scope;

	if (!OidIsValid(owner) || !ghc_data_has_table(schema, TABLE, owner))
		return;
	ghc_db_become(owner, &scope);
	ghc_db_run_once(compose_write(quote_identifier(schema), history->whole), "bzzI",
					values, n > 0 ? NULL : "  n ");
	ghc_db_restore_user(&scope);
	pfree(days);
}
