/*-------------------------------------------------------------------------
 *
 * walked.c
 *	  Which ids were walked through; see walked.h.
 *
 * A walk is noted when its crawl ends, from its tasks: so workers have no row in
 * common while they walk.  All of a crawl counts as walked when it began, which is
 * early rather than late; what it walked is taken from earlier ones.
 *
 * The last ids there are may appear out of order, so that a walk that met the end
 * isn't sure of those just before it: they are walked again next time.
 *
 * What a crawl walked through, or asked the data table for, has been looked at:
 * that is noted by whole blocks, as refreshes reckon in them (blocks.h).
 *
 * IDENTIFICATION
 *	  src/store/walked.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/blocks.h"
#include "store/data.h"
#include "store/db.h"
#include "store/walked.h"

int
ghc_walked_load(const char *schema, const GhcSpan *span, int minutes,
				GhcSpan **parts)
{
	static GhcStatement load = {
		"SELECT lower(r), upper(r) - 1 FROM unnest((SELECT range_agg(w.ids)"
		" FROM ghcrawl.walked w JOIN ghcrawl.data_schema d"
		" ON d.schema_name = w.data_schema AND w.walked_at >= d.created_at"
		" WHERE w.data_schema = $1 AND w.walked_at > now() - $2 * interval '1 minute')"
		" * int8multirange(int8range($3, $4, '[]'))) r ORDER BY 1", "nibb", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), Int32GetDatum(minutes), Int64GetDatum(span->lo),
		Int64GetDatum(span->hi)
	};
	uint64		n;

	namestrcpy(&name, schema);
	n = ghc_db_run(&load, values, NULL);
	*parts = palloc(Max(n, 1) * sizeof(GhcSpan));
	for (uint64 row = 0; row < n; row++)
		(*parts)[row] = (GhcSpan) {
			ghc_db_get_int8(row, 1), ghc_db_get_int8(row, 2)
		};
	return (int) n;
}

void
ghc_walked_note(int64 crawl_id)
{
	/* whoever ends another walk of the schema waits for us */
	static GhcStatement lock = {
		"SELECT FROM ghcrawl.crawl c JOIN ghcrawl.data_schema d"
		" ON d.schema_name = c.data_schema WHERE c.crawl_id = $1"
		" AND c.query LIKE 'ids:%' AND c.max_repositories IS NULL"
		" FOR NO KEY UPDATE OF d", "b", NULL
	};
	static GhcStatement note = {
		"WITH c AS (SELECT c.data_schema, c.created_at,"
		" coalesce(p.columns @> '{stars}', false) AS has_stars"
		" FROM ghcrawl.crawl c LEFT JOIN ghcrawl.profile p ON p.name = c.profile"
		" WHERE c.crawl_id = $1),"
		" t AS (SELECT kind, state, substring(query FROM '^ids:([0-9]+)')::bigint AS lo,"
		" substring(query FROM '^ids:[0-9]+[.][.]([0-9]+)')::bigint AS hi,"
		" substring(query FROM ' at:([0-9]+)')::bigint AS at FROM ghcrawl.task"
		" WHERE crawl_id = $1 AND kind = ANY ('{walk,known}') AND state = ANY ('{done,split}')),"
		" r AS (SELECT lo, CASE WHEN hi IS NULL"
		" THEN at - 1 - least(10000, at / 1000) ELSE least(hi, at - 1) END AS hi FROM t"
		" WHERE kind = 'walk' AND at IS NOT NULL),"
		" l AS (SELECT range_agg(int8range(lo, CASE WHEN state = 'split'"
		" THEN coalesce(at, lo) ELSE hi + 1 END)) AS ids FROM t, c WHERE c.has_stars),"
		" whole AS (SELECT CASE WHEN lower(i) > 1 THEN (lower(i) + $2 - 1) / $2 ELSE 0 END AS first,"
		" upper(i) / $2 AS after FROM l, unnest(l.ids) i),"
		" new AS (SELECT coalesce((SELECT range_agg(int8range(lo, hi, '[]'))"
		" FROM r WHERE hi >= lo), '{}') AS ids,"
		" coalesce((SELECT range_agg(int8range(first, after))"
		" FROM whole WHERE first < after OR after IS NULL), '{}') AS blocks),"
		" old AS (UPDATE ghcrawl.walked w SET ids = w.ids - new.ids,"
		" blocks = w.blocks - new.blocks FROM new, c"
		" WHERE w.data_schema = c.data_schema AND w.walked_at <> c.created_at"
		" AND (w.ids && new.ids OR w.blocks && new.blocks))"
		" INSERT INTO ghcrawl.walked AS w (data_schema, walked_at, ids, blocks)"
		" SELECT c.data_schema, c.created_at, new.ids, new.blocks FROM c, new"
		" WHERE NOT (isempty(new.ids) AND isempty(new.blocks))"
		" ON CONFLICT (data_schema, walked_at) DO UPDATE"
		" SET ids = w.ids + excluded.ids, blocks = w.blocks + excluded.blocks",
		"bb", NULL
	};
	static GhcStatement tidy = {
		"DELETE FROM ghcrawl.walked WHERE isempty(ids) AND isempty(blocks)", "", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), Int64GetDatum(INT64CONST(1) << GHC_BLOCK_BITS)
	};

	if (ghc_db_run(&lock, values, NULL) == 0)
		return;
	ghc_db_run(&note, values, NULL);
	ghc_db_run(&tidy, NULL, NULL);
}

/* Runs a statement as the owner of the data tables; how many rows it gave. */
static uint64
run_as_owner(const char *schema, const char *sql)
{
	Oid			owner = ghc_data_owner(schema);
	GhcDbScope	scope;
	uint64		n;

	if (!OidIsValid(owner))
		return 0;
	ghc_db_become(owner, &scope);
	n = ghc_db_run_text(sql);
	ghc_db_restore_user(&scope);
	return n;
}

int64
ghc_walked_greatest(const char *schema)
{
	char	   *sql = psprintf("SELECT max(repo_id)::bigint FROM %s.repository",
							   quote_identifier(schema));

	return run_as_owner(schema, sql) > 0 ? ghc_db_get_int8(0, 1) : 0;
}

int
ghc_walked_ids(const char *schema, const GhcSpan *span, int max, int64 *ids)
{
	char	   *sql = psprintf("SELECT repo_id::bigint FROM %s.repository"
							   " WHERE repo_id BETWEEN " INT64_FORMAT " AND " INT64_FORMAT
							   " ORDER BY repo_id LIMIT %d",
							   quote_identifier(schema), (int64) span->lo,
							   (int64) span->hi, max);
	uint64		n = run_as_owner(schema, sql);

	for (uint64 row = 0; row < n; row++)
		ids[row] = ghc_db_get_int8(row, 1);
	return (int) n;
}
