/*-------------------------------------------------------------------------
 *
 * starred.c
 *	  Writes the star histories that works have read; see starred.h.
 *
 * IDENTIFICATION
 *	  src/crawl/starred.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "crawl/starred.h"
#include "crawl/stars.h"
#include "store/clock.h"
#include "store/db.h"
#include "store/errors.h"
#include "store/star_history.h"
#include "store/values.h"

char *
ghc_starred_text(const GhcWork *work)
{
	GhcBuffer	text = {0};
	char	   *taken;

	ghc_stars_format_rest(work->task.stars, &text);
	taken = ghc_values_take(&text);
	return taken[0] != '\0' ? taken : NULL;
}

/* a history on its way to the table */
typedef struct Writing
{
	const char *schema;
	const GhcStarHistory *history;
} Writing;

static void
write_history(void *state)
{
	const Writing *writing = state;

	ghc_star_history_write(writing->schema, writing->history);
}

/* Stores it; false if the database refuses to, while the worker is careful. */
static bool
store(GhcWorker *worker, const GhcRun *run, const GhcStarHistory *history)
{
	Writing		writing = {run->crawl.data_schema, history};
	ErrorData  *error;

	if (worker->careful == 0)
	{
		write_history(&writing);
		return true;
	}
	error = ghc_db_attempt(write_history, &writing);
	if (error == NULL)
		return true;
	if (ghc_db_is_passing(error->sqlerrcode))
		ReThrowError(error);
	ghc_errors_record(run->crawl.crawl_id, "repository", error->message,
					  psprintf("repository %lld", (long long) history->repo_id), 1);
	return false;
}

void
ghc_starred_store(GhcWorker *worker, GhcWork *work, const GhcFlight *flight,
				  GhcRun *run)
{
	const GhcStars *stars = work->task.stars;
	GhcStarHistory history;

	if (stars == NULL)
		return;
	work->refused_now = NIL;
	run->counts.gone += stars->gone;
	if (stars->finished == 0)
		return;
	history = (GhcStarHistory) {
		.repo_id = stars->finished,.whole = stars->whole,
		.read_at = ghc_clock_timestamp(flight->sent_ms),
		.weeks = (const GhcStarWeek *) stars->weeks.data,
		.n = (int) (stars->weeks.len / sizeof(GhcStarWeek))
	};
	if (stars->damaged > 0)
		ghc_errors_record(run->crawl.crawl_id, "value",
						  "star history: weeks that make no sense were left out",
						  psprintf("repository %lld", (long long) stars->finished),
						  stars->damaged);
	worker->storing = run->crawl.crawl_id;
	if (!store(worker, run, &history))
		work->refused_now = list_make1(unconstify(int64_t *, &stars->finished));
	worker->storing = 0;
}
