/*-------------------------------------------------------------------------
 *
 * wanted.c
 *	  What became of the repositories that somebody named; see wanted.h.
 *
 * IDENTIFICATION
 *	  src/store/wanted.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/db.h"
#include "store/values.h"
#include "store/wanted.h"

void
ghc_wanted_write(int64 crawl_id, const GhcWantedRows *rows)
{
	static GhcStatement write = {
		"INSERT INTO ghcrawl.listed AS l (crawl_id, asked_as, repo_id, state)"
		" SELECT DISTINCT ON (u.asked_as) $1, u.asked_as, nullif(u.repo_id, 0), u.state"
		" FROM unnest($2, $3, $4) AS u(asked_as, repo_id, state)"
		" ON CONFLICT (crawl_id, asked_as) DO UPDATE SET"
		" repo_id = excluded.repo_id, state = excluded.state, answered_at = now()", "bTBT", NULL
	};
	Datum		values[] = {
		Int64GetDatum(crawl_id), ghc_values_text_array(rows->asked_as, rows->n),
		ghc_values_int8_array(rows->repo_ids, rows->n),
		ghc_values_text_array(rows->states, rows->n)
	};

	ghc_db_run(&write, values, NULL);
}
