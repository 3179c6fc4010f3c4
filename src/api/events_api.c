/*-------------------------------------------------------------------------
 *
 * events_api.c
 *	  The SQL-callable function that has a worker look for public events.
 *
 * IDENTIFICATION
 *	  src/api/events_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"

#include "api/api.h"
#include "api/crawl_api.h"
#include "store/db.h"
#include "store/sources.h"

PG_FUNCTION_INFO_V1(ghcrawl_poll_events);

/* as people see it; the query is one that no selection can have */
#define SELECTION "events"

/*
 * Who calls each minute, as pg_cron does, comes a little too early each time: a look
 * that may be made so soon is queued until then.
 */
#define SOON_US (10 * USECS_PER_SEC)

/* Has the crawl run again, or makes it; false if one like it is under way. */
static bool
open_look(GhcNewCrawl *crawl, GhcSource *source)
{
	char	   *owner;
	char	   *state = source->crawl_id != 0 ?
		ghc_crawls_lock(source->crawl_id, &owner) : NULL;
	bool		is_new;

	if (state != NULL)
		ghc_crawls_set_state(source->crawl_id, "running", NULL);
	else
	{
		source->crawl_id = ghc_crawl_api_insert(crawl, &is_new);
		if (!is_new)
			return false;
	}
	ghc_sources_open(crawl->data_schema, source);
	return true;
}

Datum
ghcrawl_poll_events(PG_FUNCTION_ARGS)
{
	GhcNewCrawl crawl = {
		.selection = SELECTION, .query = GHC_SOURCES_QUERY, .profile = "stars",
		.max_repositories = -1
	};
	GhcSource	source;
	GhcDbScope	scope;
	bool		opened = false;

	(void) fcinfo;
	ghc_api_require_writable();
	ghc_crawl_api_prepare(&crawl);
	ghc_db_enter(&scope);
	if (ghc_sources_lock(crawl.data_schema, GetCurrentTimestamp() + SOON_US, &source))
		opened = open_look(&crawl, &source);
	if (opened)
		ghc_crawl_api_start_workers();
	ghc_db_leave(&scope);
	PG_RETURN_BOOL(opened);
}
