/*-------------------------------------------------------------------------
 *
 * errors.c
 *	  What went wrong, alike things in one row; see errors.h.
 *
 * IDENTIFICATION
 *	  src/store/errors.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/db.h"
#include "store/errors.h"

void
ghc_errors_record(int64 crawl_id, const char *class, const char *message,
				  const char *sample, int64 count)
{
	static GhcStatement record = {
		"INSERT INTO ghcrawl.error AS e (crawl_id, class, message, sample, count)"
		" VALUES ($1, $2, left(regexp_replace($3,"
		" '`[^`]*(`|$)|\\m[0-9A-F]+(:[0-9A-F]+)+\\M|\\m[0-9-]+T[0-9:.+-]+Z?"
		"|(?<!HTTP )\\m[0-9]+\\M', '#', 'g'), 300),"
		" left(coalesce($4, $3), 500), $5)"
		" ON CONFLICT (crawl_id, class, message) DO UPDATE SET"
		" count = e.count + excluded.count, sample = excluded.sample,"
		" last_seen = now()", "btttb", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), CStringGetTextDatum(class),
		CStringGetTextDatum(message),
		sample ? CStringGetTextDatum(sample) : (Datum) 0, Int64GetDatum(count)
	};

	ghc_db_run(&record, values, sample ? NULL : "   n ");
}
