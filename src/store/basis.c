/*-------------------------------------------------------------------------
 *
 * basis.c
 *	  Up to when all was asked of the repositories of a crawl's selection; see
 *	  basis.h.
 *
 * A crawl that ended without owing anything has asked for topics and languages
 * of each row that it found to have changed.  So of a row that nobody changed
 * since, all is known.  If other crawls wrote to the same tables while it ran,
 * nothing tells what they changed from what it did: then only what is older
 * than its beginning is sure.
 *
 * GitHub works out languages some time after a push, which is taken to be
 * less than a day.
 *
 * IDENTIFICATION
 *	  src/store/basis.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/basis.h"
#include "store/db.h"

GhcBasis
ghc_basis_load(int64 crawl_id)
{
	static GhcStatement load = {
		"SELECT c.created_at, coalesce(p.told_at, '-infinity'),"
		" coalesce(p.created_at - interval '1 day', '-infinity')"
		" FROM ghcrawl.crawl c LEFT JOIN LATERAL (SELECT p.created_at,"
		" CASE WHEN EXISTS (SELECT FROM ghcrawl.crawl o"
		" WHERE o.data_schema = p.data_schema AND o.crawl_id <> p.crawl_id"
		" AND o.created_at <= p.finished_at"
		" AND coalesce(o.finished_at, 'infinity') >= p.created_at)"
		" THEN p.created_at ELSE p.finished_at END AS told_at"
		" FROM ghcrawl.crawl p WHERE p.api_url = c.api_url"
		" AND p.query = c.query AND p.profile = c.profile"
		" AND p.data_schema = c.data_schema AND p.crawl_id <> c.crawl_id"
		" AND p.max_repositories IS NULL"
		" AND p.state = ANY ('{done,done_with_gaps}')"
		" AND (p.state = 'done' OR NOT EXISTS (SELECT FROM ghcrawl.task t"
		" WHERE t.crawl_id = p.crawl_id AND t.kind = 'details'"
		" AND t.state = 'gap'))"
		" ORDER BY p.finished_at DESC LIMIT 1) p ON true"
		" WHERE c.crawl_id = $1", "b", NULL
	};
	Datum		values[] = {Int64GetDatum(crawl_id)};
	GhcBasis	basis = {DT_NOBEGIN, DT_NOBEGIN, DT_NOBEGIN};
	bool		isnull;

	if (ghc_db_run(&load, values, NULL) == 0)
		return basis;
	basis.began_at = DatumGetTimestampTz(ghc_db_get(0, 1, &isnull));
	basis.told_at = DatumGetTimestampTz(ghc_db_get(0, 2, &isnull));
	basis.pushed_at = DatumGetTimestampTz(ghc_db_get(0, 3, &isnull));
	return basis;
}
