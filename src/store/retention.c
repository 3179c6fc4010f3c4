/*-------------------------------------------------------------------------
 *
 * retention.c
 *	  Forgetting what is of use to nobody any more; see retention.h.
 *
 * A crawl may have a million ranges: they are deleted by thousands, so that
 * no transaction is long and vacuum keeps pace.
 *
 * IDENTIFICATION
 *	  src/store/retention.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/db.h"
#include "store/retention.h"

/* rows deleted at once */
#define BATCH 5000

bool
ghc_retention_apply(int minutes)
{
	static GhcStatement tasks = {
		"DELETE FROM ghcrawl.task WHERE ctid = ANY (ARRAY("
		"SELECT t.ctid FROM ghcrawl.crawl c JOIN ghcrawl.task t USING (crawl_id)"
		" WHERE c.finished_at < now() - make_interval(mins => $1)"
		" AND t.state <> 'gap' LIMIT $2)) RETURNING 1", "ii", NULL
	};
	static GhcStatement errors = {
		"DELETE FROM ghcrawl.error WHERE error_id = ANY (ARRAY("
		"SELECT error_id FROM ghcrawl.error"
		" WHERE last_seen < now() - make_interval(mins => $1)"
		" LIMIT $2)) RETURNING 1", "ii", NULL
	};
	Datum		values[] = {Int32GetDatum(minutes), Int32GetDatum(BATCH)};
	bool		more = ghc_db_run(&tasks, values, NULL) == BATCH;

	return ghc_db_run(&errors, values, NULL) == BATCH || more;
}
