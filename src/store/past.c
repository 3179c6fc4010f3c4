/*-------------------------------------------------------------------------
 *
 * past.c
 *	  How repositories were, worked out from the history; see past.h.
 *
 * The history has what a value was before each change.  So what held at a moment is what
 * the first change after it says, else what the row has now.  Many repositories
 * are worked out in one pass over the changes after that moment, sorted; a look-up
 * for each would take hours.
 *
 * Stars before our first look come from GitHub's own count of when they were given,
 * which is laid against what we saw: the curve ends in it.
 *
 * IDENTIFICATION
 *	  src/store/past.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/columns.h"
#include "store/data.h"
#include "store/db.h"
#include "store/past.h"
#include "store/star_history.h"

/* the day of a moment, and now */
#define DAY_OF(moment) "((" moment ") AT TIME ZONE 'UTC')::date"
#define TODAY DAY_OF("pg_catalog.now()")

/* a moment as table repository keeps it */
#define SECONDS_OF(moment) "extract(epoch FROM " moment ") - 946684800"

/* ---------------------------------------------------------------------------
 * one repository
 * ---------------------------------------------------------------------------
 */

/*
 * Our own looks as points from which on a value held: the first one that has a date,
 * and each change of stars.
 */
static void
add_points(StringInfo sql, const char *schema)
{
	appendStringInfo(sql, "WITH r AS (SELECT stars, changed_at, %s AS created_at FROM %s.repository r WHERE repo_id = $1),"
					 " h AS MATERIALIZED (SELECT changed_at AS at, stars AS before"
					 " FROM %s.repository_history WHERE repo_id = $1),"
					 " f AS (SELECT coalesce((SELECT min(at) FROM h), r.changed_at) AS at FROM r),"
					 " p AS (SELECT at, before FROM h WHERE before IS NOT NULL UNION ALL SELECT at, NULL FROM f"
					 " WHERE NOT EXISTS (SELECT FROM h WHERE h.at = f.at AND h.before IS NOT NULL)),"
					 " v AS (SELECT at, coalesce(lead(before) OVER (ORDER BY at), (SELECT stars FROM r)) AS stars FROM p),"
					 " s AS (SELECT " DAY_OF("at") " AS day, stars FROM v ORDER BY at LIMIT 1),",
					 ghc_columns_shown(GHC_FIELD_CREATED_AT, "r."), schema, schema);
}

/* Days before that, back from the stars then, by what was given on each. */
static void
add_given(StringInfo sql, const char *schema)
{
	appendStringInfo(sql, " g AS (SELECT " DAY_OF("t.first_week + (d.i - 1) * interval '24 hours'") " AS day, d.n, t.read_at"
					 " FROM %s." GHC_STAR_HISTORY_TABLE " t, unnest(t.days) WITH ORDINALITY d (n, i) WHERE t.repo_id = $1),"
					 " b AS (SELECT g.day, (s.stars - least(s.stars, coalesce(sum(g.n) OVER (ORDER BY g.day DESC"
					 " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0)))::integer AS stars, g.n AS gained"
					 " FROM g, s WHERE g.day <= least(s.day, " DAY_OF("g.read_at") ")),", schema);
}

char *
ghc_past_stars(const char *schema)
{
	StringInfoData sql;

	initStringInfo(&sql);
	add_points(&sql, schema);
	add_given(&sql, schema);
	/* a value holds until the next one */
	appendStringInfoString(&sql, " l AS (SELECT DISTINCT ON (1) " DAY_OF("at") " AS day, stars FROM v ORDER BY 1, at DESC),"
						   " e AS (SELECT d::date AS day, l.stars, count(l.stars) OVER (ORDER BY d) AS n FROM s,"
						   " generate_series(s.day::timestamp, (" TODAY ")::timestamp, interval '1 day') d"
						   " LEFT JOIN l ON l.day = d::date),"
						   " c AS (SELECT b.day, b.stars, b.gained, 'history'::text AS source FROM b, s, r"
						   " WHERE b.day < s.day AND b.day >= coalesce(" DAY_OF("r.created_at") ", b.day)"
						   " UNION ALL SELECT day, max(stars) OVER (PARTITION BY n), NULL, 'observed' FROM e)"
						   " SELECT day, stars, gained, source FROM (SELECT day, stars,"
						   " coalesce(gained, stars - lag(stars) OVER (ORDER BY day)) AS gained, source FROM c) w"
						   " WHERE day >= coalesce(" DAY_OF("$2") ", day) AND day <= coalesce(" DAY_OF("$3") ", day)"
						   " ORDER BY day");
	return sql.data;
}

/* ---------------------------------------------------------------------------
 * all of them
 * ---------------------------------------------------------------------------
 */

/* Of a column the value before its first change: those of a repository are sorted. */
static void
add_first(StringInfo sql, const char *value, const char *name)
{
	appendStringInfo(sql, ", (array_agg(%s) FILTER (WHERE %s IS NOT NULL))[1] AS %s",
					 value, value, name);
}

char *
ghc_past_at(const char *schema)
{
	static const char *const columns[] = {
		"name_with_owner", "owner_id", "stars", "forks", "license"
	};
	char	   *archived = ghc_columns_shown(GHC_FIELD_IS_ARCHIVED, "r.");
	char	   *disabled = ghc_columns_shown(GHC_FIELD_IS_DISABLED, "r.");
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "WITH f AS (SELECT r.repo_id");
	for (size_t i = 0; i < lengthof(columns); i++)
		add_first(&sql, psprintf("r.%s", columns[i]), columns[i]);
	add_first(&sql, archived, "is_archived");
	add_first(&sql, disabled, "is_disabled");
	appendStringInfo(&sql, " FROM (SELECT * FROM %s.repository_history WHERE changed_at > $1"
					 " ORDER BY repo_id, changed_at) r GROUP BY r.repo_id)"
					 " SELECT r.repo_id, coalesce(f.name_with_owner, r.name_with_owner),"
					 " nullif(coalesce(f.owner_id, r.owner_id), 0), coalesce(f.stars, r.stars),"
					 " coalesce(f.forks, r.forks), nullif(coalesce(f.license, l.name), ''),"
					 " coalesce(f.is_archived, %s), coalesce(f.is_disabled, %s), %s, a.missed_at"
					 " FROM %s.repository r LEFT JOIN f ON f.repo_id = r.repo_id"
					 " LEFT JOIN %s.license l ON l.license_id = r.license_id"
					 " LEFT JOIN %s.repository_absence a ON a.repo_id = r.repo_id AND a.missed_at <= $1"
					 " WHERE coalesce(r.created_at <= " SECONDS_OF("$1") ", true)",
					 schema, archived, disabled, ghc_columns_shown(GHC_FIELD_CREATED_AT, "r."),
					 schema, schema, schema);
	return sql.data;
}

/* The stars that repositories had at a moment, of those that had others since. */
static void
add_before(StringInfo sql, const char *schema, const char *name, const char *moment)
{
	appendStringInfo(sql, "%s AS (SELECT DISTINCT ON (h.repo_id) h.repo_id, h.stars"
					 " FROM %s.repository_history h WHERE h.changed_at > %s AND h.stars IS NOT NULL"
					 " ORDER BY h.repo_id, h.changed_at)", name, schema, moment);
}

/* Those made since: they had none.  Of few stars we don't look for any. */
static void
add_young(StringInfo sql, const char *schema, const char *moment)
{
	appendStringInfo(sql, ", y AS (SELECT r.repo_id, r.created_at FROM %s.repository_popular p"
					 " JOIN %s.repository r ON r.repo_id = p.repo_id"
					 " WHERE r.created_at > extract(epoch FROM %s) - 946684800)",
					 schema, schema, moment);
}

char *
ghc_past_changes(const char *schema)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "WITH ");
	add_before(&sql, schema, "b", "$1");
	appendStringInfoString(&sql, ", ");
	add_before(&sql, schema, "a", "$2");
	add_young(&sql, schema, "$1");
	appendStringInfo(&sql, " SELECT w.repo_id, w.name_with_owner, w.was, w.stars, w.stars - w.was,"
					 " round(100.0 * (w.stars - w.was) / nullif(w.was, 0), 1)"
					 " FROM (SELECT r.repo_id, r.name_with_owner, coalesce(a.stars, r.stars) AS stars,"
					 " CASE WHEN c.is_young THEN 0 ELSE c.stars END AS was"
					 " FROM (SELECT repo_id, b.stars, y.repo_id IS NOT NULL AS is_young"
					 " FROM b FULL JOIN y USING (repo_id)"
					 " WHERE coalesce(y.created_at <= " SECONDS_OF("$2") ", true)) c"
					 " JOIN %s.repository r USING (repo_id) LEFT JOIN a USING (repo_id)) w"
					 " WHERE w.stars <> w.was ORDER BY w.stars - w.was DESC, w.repo_id", schema);
	return sql.data;
}

#define SINCE(days) "(pg_catalog.now() - interval '" #days " days')"

static void
add_trend(StringInfo sql, const char *schema, const char *view, const char *verb,
		  bool up)
{
	const char *sign = up ? "" : "-";

	appendStringInfo(sql, "CREATE VIEW %s.%s AS WITH ", schema, view);
	add_before(sql, schema, "week", SINCE(7));
	appendStringInfoString(sql, ", ");
	add_before(sql, schema, "month", SINCE(30));
	if (up)
		add_young(sql, schema, SINCE(30));
	appendStringInfo(sql, " SELECT t.repo_id, t.name_with_owner, t.stars, %s(t.stars - t.week) AS %s_7_days,"
					 " pg_catalog.round(100.0 * %s(t.stars - t.week) / nullif(t.week, 0), 1) AS percent_7_days,"
					 " %s(t.stars - t.month) AS %s_30_days,"
					 " pg_catalog.round(100.0 * %s(t.stars - t.month) / nullif(t.month, 0), 1) AS percent_30_days"
					 " FROM (SELECT r.repo_id, r.name_with_owner, r.stars, %s AS week, %s AS month FROM ",
					 sign, verb, sign, sign, verb, sign,
					 up ? "CASE WHEN y.created_at > extract(epoch FROM " SINCE(7) ") - 946684800 THEN 0"
					 " ELSE coalesce(week.stars, r.stars) END" : "week.stars",
					 up ? "CASE WHEN y.repo_id IS NULL THEN month.stars ELSE 0 END" : "month.stars");
	if (up)
		appendStringInfo(sql, "month FULL JOIN y USING (repo_id) LEFT JOIN week USING (repo_id)"
						 " JOIN %s.repository r USING (repo_id)", schema);
	else
		appendStringInfo(sql, "week JOIN month USING (repo_id) JOIN %s.repository r USING (repo_id)", schema);
	appendStringInfo(sql, ") t WHERE t.stars %s t.week ORDER BY %s_7_days DESC, t.repo_id;\n"
					 "GRANT SELECT ON %s.%s TO ghcrawl_reader, ghcrawl_admin;\n",
					 up ? ">" : "<", verb, schema, view);
}

void
ghc_past_compose_rising(StringInfo sql, const char *schema)
{
	add_trend(sql, schema, "rising", "gained", true);
	appendStringInfo(sql, "COMMENT ON VIEW %s.rising IS 'Repositories that gained stars in the last seven days, those that gained most first, as crawls found';\n",
					 schema);
}

void
ghc_past_compose_falling(StringInfo sql, const char *schema)
{
	add_trend(sql, schema, "falling", "lost", false);
	appendStringInfo(sql, "COMMENT ON VIEW %s.falling IS 'Repositories that lost stars in the last seven days, those that lost most first, as crawls found';\n",
					 schema);
}

/* ---------------------------------------------------------------------------
 * how far back
 * ---------------------------------------------------------------------------
 */

void
ghc_past_require(const char *schema, TimestampTz moment)
{
	const char *quoted = quote_identifier(schema);
	Datum		values[] = {TimestampTzGetDatum(moment), CStringGetTextDatum(quoted)};
	GhcDbScope	scope;

	ghc_db_become(ghc_data_owner(schema), &scope);
	if (ghc_db_run_once(psprintf("SELECT min(created_at)::text FROM %s.ghcrawl_schema HAVING min(created_at) > $1",
								 quoted), "z", values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("nothing was stored before %s", ghc_db_get_text(0, 1)),
				 errhint("ghcrawl_stars tells stars of earlier days, after ghcrawl_backfill_stars.")));
	/* months that are over for long may have been dropped */
	if (ghc_db_run_once("SELECT min(m)::text FROM (SELECT to_date(right(c.relname, 7), 'YYYY_MM')::timestamp AT TIME ZONE 'UTC' AS m"
						" FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
						" WHERE i.inhparent = ($2 || '.repository_history')::regclass"
						" AND c.relname ~ '^repository_history_[0-9]{4}_[0-9]{2}$') h HAVING min(m) > $1",
						"zt", values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the history begins at %s", ghc_db_get_text(0, 1)),
				 errdetail("Earlier months have been dropped.")));
	ghc_db_restore_user(&scope);
}
