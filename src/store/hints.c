/*-------------------------------------------------------------------------
 *
 * hints.c
 *	  Hints at repositories that changed; see hints.h.
 *
 * A user's transaction may hold rows of ghcrawl.hint for long: ghcrawl_refresh marks
 * them.  So they are updated only where they are free, and inserted only where there
 * are none as far as can be seen.  What is lost so was a hint.
 *
 * IDENTIFICATION
 *	  src/store/hints.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "store/blocks.h"
#include "store/data.h"
#include "store/db.h"
#include "store/hints.h"
#include "store/looks.h"
#include "store/values.h"

/* most that a run weighs; each takes 48 bytes of memory */
#define MAX_HINTS 200000

/* written at once */
#define BATCH_ROWS 5000

/* what was put off is weighed again after this, as targets may be others by then */
#define PUT_OFF_DAYS 1

/* what is written of some repositories */
typedef struct Batch
{
	int			n;
	int64		ids[BATCH_ROWS];
	int64		events[BATCH_ROWS];
	int64		stars[BATCH_ROWS];
	int64		first[BATCH_ROWS];
	int64		last[BATCH_ROWS];
} Batch;

static int
compare_tallied(const void *a, const void *b)
{
	const GhcTallied *left = *(const GhcTallied *const *) a;
	const GhcTallied *right = *(const GhcTallied *const *) b;

	return (left->repo_id > right->repo_id) - (left->repo_id < right->repo_id);
}

/* The rows of a tally by ascending id. */
static const GhcTallied **
sort_tally(const GhcTally *tally)
{
	const GhcTallied **rows = palloc((tally->n + 1) * sizeof(GhcTallied *));
	size_t		n = 0;

	for (size_t i = 0; i < tally->capacity; i++)
		if (tally->rows[i].repo_id != 0)
			rows[n++] = &tally->rows[i];
	qsort(rows, n, sizeof(GhcTallied *), compare_tallied);
	return rows;
}

static void
fill(Batch *batch, const GhcTallied **rows, int n, int64 at)
{
	batch->n = n;
	for (int i = 0; i < n; i++)
	{
		batch->ids[i] = rows[i]->repo_id;
		batch->events[i] = rows[i]->events;
		batch->stars[i] = rows[i]->stars;
		batch->first[i] = rows[i]->first > 0 ? rows[i]->first : at;
		batch->last[i] = rows[i]->last > 0 ? rows[i]->last : at;
	}
}

/* Leaves those of a batch that hints are kept of, as the tables' owner. */
static void
keep_stored(Batch *batch, const char *schema, Oid owner, int32 least_stars)
{
	Datum		values[] = {
		ghc_values_int8_array(batch->ids, batch->n),
		ghc_values_int8_array(batch->stars, batch->n),
		ghc_values_int8_array(batch->last, batch->n), Int32GetDatum(least_stars)
	};
	int			kept = 0;
	uint64		n;
	GhcDbScope	scope;

	ghc_db_become(owner, &scope);
	n = ghc_db_run_once(psprintf("SELECT u.id FROM unnest($1, $2, $3) AS u (id, stars, last)"
								 " JOIN %s.repository r ON r.repo_id = u.id"
								 " WHERE r.changed_at < to_timestamp(u.last)"
								 " AND (u.stars > 0 OR r.stars >= $4) ORDER BY u.id",
								 quote_identifier(schema)), "BBBi", values, NULL);
	ghc_db_restore_user(&scope);
	for (int i = 0; i < batch->n && (uint64) kept < n; i++)
	{
		if (batch->ids[i] != ghc_db_get_int8(kept, 1))
			continue;
		batch->ids[kept] = batch->ids[i];
		batch->events[kept] = batch->events[i];
		batch->stars[kept] = batch->stars[i];
		batch->first[kept] = batch->first[i];
		batch->last[kept++] = batch->last[i];
	}
	SPI_freetuptable(SPI_tuptable);
	batch->n = kept;
}

/*
 * One that a crawl is about begins anew: the look is to come, or was made before its
 * last event.  GitHub's clock may be ahead of ours.
 *
 * Plans are made once, maybe of an empty table, and by nested loops (db.c).  So LATERAL and
 * OFFSET have each row looked for by the index: a loop over all hints for each would take
 * minutes where there are many.
 */
static void
write_batch(const Batch *batch, const char *schema)
{
	static GhcStatement update = {
		"UPDATE ghcrawl.hint h SET crawl_id = NULL, not_before = NULL,"
		" events = least(u.events + CASE WHEN h.crawl_id IS NULL THEN h.events ELSE 0 END, 1000000000),"
		" stars = least(u.stars + CASE WHEN h.crawl_id IS NULL THEN h.stars ELSE 0 END, 1000000000),"
		" first_at = least(h.first_at, to_timestamp(u.first)),"
		" last_at = greatest(h.last_at, least(now(), to_timestamp(u.last)))"
		" FROM unnest($2, $3, $4, $5, $6) AS u (id, events, stars, first, last),"
		" LATERAL (SELECT repo_id FROM ghcrawl.hint WHERE data_schema = $1 AND repo_id = u.id"
		" FOR UPDATE SKIP LOCKED) free"
		" WHERE h.data_schema = $1 AND h.repo_id = free.repo_id",
		"nBBBBB", NULL
	};
	static GhcStatement insert = {
		"INSERT INTO ghcrawl.hint (data_schema, repo_id, events, stars, first_at, last_at)"
		" SELECT $1, u.id, u.events, u.stars, least(now(), to_timestamp(u.first)),"
		" least(now(), to_timestamp(u.last))"
		" FROM unnest($2, $3, $4, $5, $6) AS u (id, events, stars, first, last)"
		" WHERE NOT EXISTS (SELECT FROM ghcrawl.hint h WHERE h.data_schema = $1 AND h.repo_id = u.id OFFSET 0)"
		" ORDER BY u.id ON CONFLICT DO NOTHING", "nBBBBB", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name),
		ghc_values_int8_array(batch->ids, batch->n),
		ghc_values_int8_array(batch->events, batch->n),
		ghc_values_int8_array(batch->stars, batch->n),
		ghc_values_int8_array(batch->first, batch->n),
		ghc_values_int8_array(batch->last, batch->n)
	};

	namestrcpy(&name, schema);
	ghc_db_run(&update, values, NULL);
	ghc_db_run(&insert, values, NULL);
}

int64
ghc_hints_add(const char *schema, const GhcTally *tally, int64 at)
{
	Oid			owner = ghc_data_owner(schema);
	int32		least_stars = ghc_looks_least_stars();
	const GhcTallied **rows = sort_tally(tally);
	Batch	   *batch = palloc(sizeof(Batch));
	int64		hinted = 0;

	if (!OidIsValid(owner))
		return 0;
	for (size_t from = 0; from < tally->n; from += BATCH_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		fill(batch, rows + from, (int) Min(BATCH_ROWS, tally->n - from), at);
		keep_stored(batch, schema, owner, least_stars);
		if (batch->n > 0)
			write_batch(batch, schema);
		hinted += batch->n;
	}
	pfree(rows);
	pfree(batch);
	return hinted;
}

void
ghc_hints_settle(const char *schema)
{
	static GhcStatement forget = {
		"DELETE FROM ghcrawl.hint h USING ghcrawl.crawl c WHERE h.data_schema = $1"
		" AND c.crawl_id = h.crawl_id AND c.state = ANY ('{done,done_with_gaps}')", "n", NULL
	};
	static GhcStatement reopen = {
		"UPDATE ghcrawl.hint h SET crawl_id = NULL WHERE data_schema = $1"
		" AND crawl_id IS NOT NULL AND NOT EXISTS (SELECT FROM ghcrawl.crawl c"
		" WHERE c.crawl_id = h.crawl_id AND c.state = ANY ('{running,paused}'))", "n", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name)};

	namestrcpy(&name, schema);
	ghc_db_run(&forget, values, NULL);
	ghc_db_run(&reopen, values, NULL);
}

GhcHint *
ghc_hints_load(const char *schema, TimestampTz now, int *n)
{
	static GhcStatement load = {
		"WITH h AS (SELECT repo_id, events, stars, last_at FROM ghcrawl.hint"
		" WHERE data_schema = $1 AND crawl_id IS NULL"
		" AND (not_before IS NULL OR not_before <= $2)"
		" ORDER BY stars DESC, events DESC, repo_id LIMIT $3)"
		" SELECT h.repo_id, h.events, h.stars, h.last_at, b.looked_at FROM h"
		" LEFT JOIN ghcrawl.refresh_block b ON b.data_schema = $1"
		" AND b.block = h.repo_id >> $4 ORDER BY h.repo_id", "nzii", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), TimestampTzGetDatum(now), Int32GetDatum(MAX_HINTS),
		Int32GetDatum(GHC_BLOCK_BITS)
	};
	GhcHint    *hints;

	namestrcpy(&name, schema);
	*n = (int) ghc_db_run(&load, values, NULL);
	hints = palloc0(Max(*n, 1) * sizeof(GhcHint));
	for (int i = 0; i < *n; i++)
	{
		bool		isnull;

		hints[i].repo_id = ghc_db_get_int8(i, 1);
		hints[i].events = ghc_db_get_int4(i, 2);
		hints[i].stars = ghc_db_get_int4(i, 3);
		hints[i].last_at = DatumGetTimestampTz(ghc_db_get(i, 4, &isnull));
		/* zero where it is null */
		hints[i].block_seen = DatumGetTimestampTz(ghc_db_get(i, 5, &isnull));
	}
	SPI_freetuptable(SPI_tuptable);
	return hints;
}

void
ghc_hints_weighed(const char *schema, const GhcHint *hints, int n)
{
	static GhcStatement forget = {
		"DELETE FROM ghcrawl.hint WHERE data_schema = $1 AND repo_id = ANY ($2)", "nB", NULL
	};
	static GhcStatement put_off = {
		"UPDATE ghcrawl.hint h SET not_before = least(to_timestamp(946684800 + u.at), $4)"
		" FROM unnest($2, $3) AS u (id, at) WHERE h.data_schema = $1 AND h.repo_id = u.id",
		"nBBz", NULL
	};
	int64	   *ids = palloc(Max(n, 1) * sizeof(int64));
	int64	   *moments = palloc(Max(n, 1) * sizeof(int64));
	NameData	name;
	Datum		values[4] = {NameGetDatum(&name)};
	int			n_ids = 0;

	namestrcpy(&name, schema);
	for (int i = 0; i < n; i++)
		if (hints[i].is_void)
			ids[n_ids++] = hints[i].repo_id;
	values[1] = ghc_values_int8_array(ids, n_ids);
	if (n_ids > 0)
		ghc_db_run(&forget, values, NULL);
	n_ids = 0;
	for (int i = 0; i < n; i++)
		if (!hints[i].is_void && hints[i].not_before != 0)
		{
			ids[n_ids] = hints[i].repo_id;
			moments[n_ids++] = hints[i].not_before / USECS_PER_SEC + 1;
		}
	values[1] = ghc_values_int8_array(ids, n_ids);
	values[2] = ghc_values_int8_array(moments, n_ids);
	values[3] = TimestampTzGetDatum(GetCurrentTimestamp() + PUT_OFF_DAYS * USECS_PER_DAY);
	if (n_ids > 0)
		ghc_db_run(&put_off, values, NULL);
}

void
ghc_hints_begin(const char *schema, const int64 *ids, int n, int64 crawl_id)
{
	static GhcStatement begin = {
		"UPDATE ghcrawl.hint SET crawl_id = $3 WHERE data_schema = $1 AND repo_id = ANY ($2)",
		"nBb", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), ghc_values_int8_array(ids, n), Int64GetDatum(crawl_id)
	};

	namestrcpy(&name, schema);
	ghc_db_run(&begin, values, NULL);
}

bool
ghc_hints_find_hour(const char *schema, TimestampTz at, GhcArchiveHour *hour)
{
	static GhcStatement find = {
		"SELECT state, events, repositories, hinted, broken, bytes FROM ghcrawl.archive_hour"
		" WHERE data_schema = $1 AND hour = $2 AND state = ANY ('{read,damaged}')", "nz", NULL
	};
	NameData	name;
	Datum		values[] = {NameGetDatum(&name), TimestampTzGetDatum(at)};

	namestrcpy(&name, schema);
	if (ghc_db_run(&find, values, NULL) == 0)
		return false;
	*hour = (GhcArchiveHour) {
		at, ghc_db_get_text(0, 1), ghc_db_get_int8(0, 2), ghc_db_get_int8(0, 3),
		ghc_db_get_int8(0, 4), ghc_db_get_int8(0, 5), ghc_db_get_int8(0, 6), "it was read before"
	};
	return true;
}

void
ghc_hints_note_hour(const char *schema, const GhcArchiveHour *hour)
{
	static GhcStatement note = {
		"INSERT INTO ghcrawl.archive_hour AS a (data_schema, hour, state, events,"
		" repositories, hinted, broken, bytes, reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
		" ON CONFLICT (data_schema, hour) DO UPDATE SET (state, events, repositories,"
		" hinted, broken, bytes, reason, read_at) = ROW(excluded.state, excluded.events,"
		" excluded.repositories, excluded.hinted, excluded.broken, excluded.bytes,"
		" excluded.reason, now()) WHERE a.state <> ALL ('{read,damaged}')"
		" OR excluded.state = ANY ('{read,damaged}')", "nztbbbbbt", NULL
	};
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), TimestampTzGetDatum(hour->hour),
		CStringGetTextDatum(hour->state), Int64GetDatum(hour->events),
		Int64GetDatum(hour->repositories), Int64GetDatum(hour->hinted),
		Int64GetDatum(hour->broken), Int64GetDatum(hour->bytes),
		CStringGetTextDatum(hour->reason ? hour->reason : "")
	};

	namestrcpy(&name, schema);
	ghc_db_run(&note, values, hour->reason ? NULL : "        n");
}
