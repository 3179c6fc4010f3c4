/*-------------------------------------------------------------------------
 *
 * absence.c
 *	  Repositories that GitHub doesn't know any more, and that come back; see
 *	  absence.h.
 *
 * IDENTIFICATION
 *	  src/store/absence.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "base/settings.h"
#include "store/absence.h"
#include "store/data.h"
#include "store/values.h"

#define TABLE "repository_absence"

void
ghc_absence_compose(StringInfo sql, const char *schema)
{
	appendStringInfo(sql, "CREATE TABLE %s." TABLE " (\n"
					 "repo_id bigint PRIMARY KEY,\n"
					 "missed_at timestamptz NOT NULL);\n"
					 "GRANT SELECT ON %s." TABLE " TO ghcrawl_reader, ghcrawl_admin;\n"
					 "COMMENT ON TABLE %s." TABLE " IS 'Repositories that a crawl asked for by id and"
					 " GitHub didn''t know: deleted, made private, or blocked; until one is seen again';\n"
					 "COMMENT ON COLUMN %s." TABLE ".repo_id IS 'GitHub''s number of the repository';\n"
					 "COMMENT ON COLUMN %s." TABLE ".missed_at IS 'When it was first asked for in vain';\n",
					 schema, schema, schema, schema, schema);
}

void
ghc_absence_extend(StringInfo sql, const char *schema)
{
	static const char *const columns[][3] = {
		{"reason", "text", "private_or_deleted, blocked_dmca, blocked_tos, blocked; null: not known"},
		{"checked_at", "timestamptz", "When the REST API was asked why; null: it wasn''t yet"},
		{"blocked_at", "timestamptz", "Since when it is blocked, as GitHub says"},
		{"notice", "text", "Where GitHub says why it is blocked"},
	};

	for (size_t i = 0; i < lengthof(columns); i++)
		appendStringInfo(sql, "ALTER TABLE %s." TABLE " ADD COLUMN %s %s;\n"
						 "COMMENT ON COLUMN %s." TABLE ".%s IS '%s';\n",
						 schema, columns[i][0], columns[i][1], schema,
						 columns[i][0], columns[i][2]);
}

/* Does the table have the columns that say why?  Not one made long ago. */
static bool
has_reasons(const char *schema)
{
	Oid			relid = get_relname_relid(TABLE, get_namespace_oid(schema, false));

	return get_attnum(relid, "reason") != InvalidAttrNumber;
}

int
ghc_absence_write(const char *schema, GhcFieldSet fields, const int64 *ids,
				  int n, TimestampTz asked_at, int64 **unasked)
{
	Oid			owner = ghc_data_owner(schema);
	GhcStoreSql *sql = ghc_store_sql(schema, fields, 0);
	GhcDbScope	scope;
	Datum		values[] = {
		ghc_values_int8_array(ids, n), TimestampTzGetDatum(asked_at)
	};
	int			n_unasked = 0;

	*unasked = palloc(n * sizeof(int64));
	if (!OidIsValid(owner) || !ghc_data_has_table(schema, TABLE, owner))
		return 0;
	ghc_db_become(owner, &scope);
	ghc_db_run(&sql->miss, values, NULL);
	values[1] = Int32GetDatum(ghc_absence_stars);
	if (ghc_absence_stars >= 0 && has_reasons(schema))
		n_unasked = (int) ghc_db_run(&sql->unasked, values, NULL);
	for (int i = 0; i < n_unasked; i++)
		(*unasked)[i] = ghc_db_get_int8(i, 1);
	ghc_db_restore_user(&scope);
	return n_unasked;
}

void
ghc_absence_explain(const char *schema, GhcFieldSet fields,
					const GhcAbsenceNews *news)
{
	Oid			owner = ghc_data_owner(schema);
	GhcDbScope	scope;
	Datum		values[] = {
		Int64GetDatum(news->repo_id), TimestampTzGetDatum(news->asked_at),
		news->reason ? CStringGetTextDatum(news->reason) : (Datum) 0,
		TimestampTzGetDatum(news->blocked_at), CStringGetTextDatum(news->notice)
	};
	char		nulls[] = "     ";

	if (!OidIsValid(owner) || !ghc_data_has_table(schema, TABLE, owner) ||
		!has_reasons(schema))
		return;
	nulls[2] = news->reason ? ' ' : 'n';
	nulls[3] = news->blocked_at != DT_NOBEGIN ? ' ' : 'n';
	nulls[4] = news->notice[0] ? ' ' : 'n';
	ghc_db_become(owner, &scope);
	ghc_db_run(&ghc_store_sql(schema, fields, 0)->explain, values, nulls);
	ghc_db_restore_user(&scope);
}

void
ghc_absence_strike(GhcStoreSql *sql, Oid owner, const int64 *ids,
				   const TimestampTz *seen_at, int n)
{
	Datum		values[] = {(Datum) 0};
	int64	   *back;
	uint64		n_missed;
	int			n_back = 0;
	int			at = 0;

	if (!ghc_data_has_table(sql->schema, TABLE, owner) ||
		ghc_db_run(&sql->any_missed, NULL, NULL) == 0)
		return;
	values[0] = ghc_values_int8_array(ids, n);
	n_missed = ghc_db_run(&sql->missed, values, NULL);
	back = palloc(Max(n_missed, 1) * sizeof(int64));
	for (uint64 row = 0; row < n_missed; row++)
	{
		int64		id = ghc_db_get_int8(row, 1);
		bool		isnull;

		while (at < n && ids[at] < id)
			at++;
		if (at < n && ids[at] == id &&
			DatumGetTimestampTz(ghc_db_get(row, 2, &isnull)) <= seen_at[at])
			back[n_back++] = id;
	}
	if (n_back == 0)
		return;
	values[0] = ghc_values_int8_array(back, n_back);
	ghc_db_run(&sql->strike, values, NULL);
}
