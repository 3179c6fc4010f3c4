/*-------------------------------------------------------------------------
 *
 * heard.c
 *	  What a look at events found, written down; see heard.h.
 *
 * IDENTIFICATION
 *	  src/crawl/heard.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/heard.h"
#include "store/clock.h"
#include "store/hints.h"
#include "store/sources.h"

void
ghc_heard_write(GhcWorker *worker, const GhcWork *work, const GhcFlight *flight,
				const GhcRun *run)
{
	const GhcEvents *events = work->task.events;
	GhcSourceNews news = {
		.answered = events->answered, .not_modified = events->not_modified,
		.torn = events->torn, .known = events->newest, .etag = events->new_etag,
		.token_id = events->token_id, .poll_s = events->poll_s,
		.polled_at = ghc_clock_timestamp(flight->sent_ms), .events = events->tally.events
	};

	worker->storing = run->crawl.crawl_id;
	if (events->tally.n > 0)
		news.hinted = ghc_hints_add(run->crawl.data_schema, &events->tally,
									flight->sent_ms / 1000);
	ghc_sources_note(run->crawl.data_schema, &news);
	worker->storing = 0;
}
