/*-------------------------------------------------------------------------
 *
 * sources.c
 *	  Looks at public events; see sources.h.
 *
 * IDENTIFICATION
 *	  src/store/sources.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/db.h"
#include "store/sources.h"

/* nobody waits longer for the next look, whatever GitHub said */
#define MAX_POLL_S 86400

bool
ghc_sources_lock(const char *schema, TimestampTz at, GhcSource *source)
{
	static GhcStatement make = {
		"INSERT INTO ghcrawl.event_source (data_schema) VALUES ($1) ON CONFLICT DO NOTHING",
		"n", NULL
	};
	static GhcStatement lock = {
		"SELECT coalesce(crawl_id, 0), known, etag, token_id,"
		" coalesce(polled_at + make_interval(secs => poll_seconds), '-infinity')"
		" FROM ghcrawl.event_source s WHERE data_schema = $1"
		" AND (polled_at IS NULL OR polled_at + make_interval(secs => poll_seconds) <= $2)"
		" AND NOT EXISTS (SELECT FROM ghcrawl.crawl c WHERE c.crawl_id = s.crawl_id"
		" AND c.state = ANY ('{running,paused}')) FOR UPDATE SKIP LOCKED", "nz", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name), TimestampTzGetDatum(at)};
	bool		isnull;

	namestrcpy(&name, schema);
	ghc_db_run(&make, values, NULL);
	if (ghc_db_run(&lock, values, NULL) == 0)
		return false;
	*source = (GhcSource) {
		ghc_db_get_int8(0, 1), ghc_db_get_int8(0, 2), ghc_db_get_text(0, 3),
		ghc_db_get_int4(0, 4), DatumGetTimestampTz(ghc_db_get(0, 5, &isnull))
	};
	return true;
}

void
ghc_sources_open(const char *schema, const GhcSource *source)
{
	static GhcStatement forget = {
		"WITH t AS (DELETE FROM ghcrawl.task WHERE crawl_id = $1)"
		" UPDATE ghcrawl.crawl_counter SET expected = 0, tasks = 0, tasks_ended = 0,"
		" gaps = 0, missing = 0, part = 0 WHERE crawl_id = $1", "b", NULL
	};
	static GhcStatement add = {
		"WITH t AS (INSERT INTO ghcrawl.task (crawl_id, kind, query)"
		" VALUES ($1, '" GHC_SOURCES_KIND "', format('known:%s token:%s etag:%s',"
		" $2::bigint, $3::int, $4::text)) RETURNING task_id),"
		" q AS (INSERT INTO ghcrawl.queue (crawl_id, position, task_id, ready_at)"
		" SELECT $1, 0, task_id, greatest($5, now()) FROM t)"
		" INSERT INTO ghcrawl.crawl_counter AS k (crawl_id, worker_no, tasks) VALUES ($1, 0, 1)"
		" ON CONFLICT (crawl_id, worker_no) DO UPDATE SET tasks = 1", "bbitz", NULL
	};
	static GhcStatement note = {
		"UPDATE ghcrawl.event_source SET crawl_id = $2 WHERE data_schema = $1", "nb", NULL
	};
	NameData	name;
	Datum		values[] = {
		Int64GetDatum(source->crawl_id), Int64GetDatum(source->known),
		Int32GetDatum(source->token_id), CStringGetTextDatum(source->etag),
		TimestampTzGetDatum(source->next_at)
	};
	Datum		noted[] = {NameGetDatum(&name), Int64GetDatum(source->crawl_id)};

	namestrcpy(&name, schema);
	ghc_db_run(&forget, values, NULL);
	ghc_db_run(&add, values, NULL);
	ghc_db_run(&note, noted, NULL);
}

void
ghc_sources_note(const char *schema, const GhcSourceNews *news)
{
	static GhcStatement note = {
		"UPDATE ghcrawl.event_source SET polled_at = $2, polls = polls + $3::int,"
		" not_modified = not_modified + $4::int, torn = torn + $5::int,"
		" events = events + $6, hinted = hinted + $7,"
		" poll_seconds = CASE WHEN $8 >= 0 THEN least($8, $9) ELSE poll_seconds END,"
		" known = greatest(known, $10),"
		" etag = CASE WHEN $3 AND NOT $4 THEN $11 ELSE etag END,"
		" token_id = CASE WHEN $3 AND NOT $4 THEN $12 ELSE token_id END"
		" WHERE data_schema = $1", "nzlllbbbibti", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), TimestampTzGetDatum(news->polled_at),
		BoolGetDatum(news->answered), BoolGetDatum(news->not_modified),
		BoolGetDatum(news->torn), Int64GetDatum(news->events), Int64GetDatum(news->hinted),
		Int64GetDatum(news->poll_s), Int32GetDatum(MAX_POLL_S), Int64GetDatum(news->known),
		CStringGetTextDatum(news->etag), Int32GetDatum(news->token_id)
	};

	namestrcpy(&name, schema);
	ghc_db_run(&note, values, NULL);
}
