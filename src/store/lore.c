/*-------------------------------------------------------------------------
 *
 * lore.c
 *	  What workers learnt of hosts, kept over their restarts; see lore.h.
 *
 * Several workers write the same rows, each what it found; none waits for the
 * other for more than the end of a turn.
 *
 * IDENTIFICATION
 *	  src/store/lore.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/db.h"
#include "store/lore.h"

void
ghc_lore_load(GhcLoreRow *row)
{
	static GhcStatement load = {
		"SELECT learnt FROM ghcrawl.request_size"
		" WHERE api_url = $1 AND shape = $2 AND kind = $3", "ttt", NULL
	};
	Datum		values[] = {
		CStringGetTextDatum(row->api_url), CStringGetTextDatum(row->shape),
		CStringGetTextDatum(row->kind)
	};

	row->learnt = ghc_db_run(&load, values, NULL) ? ghc_db_get_text(0, 1) : NULL;
}

void
ghc_lore_save(const GhcLoreRow *row)
{
	/* a row that another worker is just writing is left to it */
	static GhcStatement update = {
		"UPDATE ghcrawl.request_size SET learnt = $4, updated_at = now()"
		" WHERE ctid = (SELECT ctid FROM ghcrawl.request_size"
		" WHERE api_url = $1 AND shape = $2 AND kind = $3"
		" FOR UPDATE SKIP LOCKED)", "tttt", NULL
	};
	static GhcStatement insert = {
		"INSERT INTO ghcrawl.request_size (api_url, shape, kind, learnt)"
		" SELECT $1, $2, $3, $4 WHERE NOT EXISTS"
		" (SELECT FROM ghcrawl.request_size"
		" WHERE api_url = $1 AND shape = $2 AND kind = $3)"
		" ON CONFLICT DO NOTHING", "tttt", NULL
	};
	Datum		values[] = {
		CStringGetTextDatum(row->api_url), CStringGetTextDatum(row->shape),
		CStringGetTextDatum(row->kind), CStringGetTextDatum(row->learnt)
	};

	if (ghc_db_run(&update, values, NULL) == 0)
		ghc_db_run(&insert, values, NULL);
}
