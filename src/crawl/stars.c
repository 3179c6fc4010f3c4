/*-------------------------------------------------------------------------
 *
 * stars.c
 *	  The task kind "stars": reads the star histories of some repositories.
 *
 * One repository is read after the other, page by page, the newest weeks first, until a
 * week comes that is known already, or there is no further page.  Its weeks are
 * kept here until then, so that a history is stored once, and whole: a worker that
 * dies on the way leaves none that ends somewhere in the middle.
 *
 * A new week that begins between two pages moves all weeks on by one: then one comes
 * twice, and none is lost.
 *
 * Repositories are asked for by their ids, which never lead to another one; GitHub's own
 * links to further pages do so, too (github-api.md 6.9).
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/stars.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/stars.h"

#include <inttypes.h>
#include <stdlib.h>

#define PREFIX "ids:"

static bool stars_read(GhcTask *task, GhcSlice text);
static GhcWant stars_wants(GhcTask *task);
static bool stars_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome stars_absorb(GhcTask *task, const GhcJudgement *judgement,
							   GhcHarvest *stored);

const GhcTaskKind ghc_stars_kind = {
	"stars", stars_wants, stars_compose, stars_absorb, stars_read
};

/* ---------------------------------------------------------------------------
 * what a task is stored as
 * ---------------------------------------------------------------------------
 */

static bool
take_char(GhcSlice *text, char c)
{
	if (text->len == 0 || *text->data != c)
		return false;
	text->data++;
	text->len--;
	return true;
}

/* Takes a number above 0 from the front of a text. */
static bool
take_number(GhcSlice *text, int64_t *number)
{
	*number = 0;
	while (text->len > 0 && *text->data >= '0' && *text->data <= '9')
	{
		if (*number > (INT64_MAX - 9) / 10)
			return false;
		*number = *number * 10 + (*text->data - '0');
		(void) take_char(text, *text->data);
	}
	return *number > 0;
}

static bool
stars_read(GhcTask *task, GhcSlice text)
{
	GhcStars   *stars = calloc(1, sizeof(GhcStars));
	size_t		len = strlen(PREFIX);
	bool		good = stars != NULL && text.len > len &&
		memcmp(text.data, PREFIX, len) == 0;

	task->stars = stars;
	text.data += good ? len : 0;
	text.len -= good ? len : 0;
	while (good)
	{
		GhcStarWish *wish = &stars->wishes[stars->n++];

		good = take_number(&text, &wish->repo_id) &&
			(!take_char(&text, '@') || take_number(&text, &wish->known));
		if (text.len == 0)
			break;
		good = good && take_char(&text, ',') && stars->n < GHC_MAX_MEMBERS;
	}
	if (!good)
		return false;
	stars->page = 1;
	task->seen = task->counted;
	return true;
}

/* Goes on with a list of which something may be there already. */
static void
format_more(const GhcStarWish *wishes, int n, const char *before, GhcBuffer *out)
{
	for (int i = 0; i < n; i++)
	{
		ghc_buffer_printf(out, "%s%" PRId64, i > 0 ? "," : before, wishes[i].repo_id);
		if (wishes[i].known > 0)
			ghc_buffer_printf(out, "@%" PRId64, wishes[i].known);
	}
}

void
ghc_stars_format(const GhcStarWish *wishes, int n, GhcBuffer *out)
{
	format_more(wishes, n, PREFIX, out);
}

void
ghc_stars_format_rest(const GhcStars *stars, GhcBuffer *out)
{
	ghc_stars_format(stars->left, stars->n_left, out);
	format_more(stars->wishes + stars->next, stars->n - stars->next,
				stars->n_left > 0 ? "," : PREFIX, out);
}

/* ---------------------------------------------------------------------------
 * asking
 * ---------------------------------------------------------------------------
 */

static GhcWant
stars_wants(GhcTask *task)
{
	(void) task;
	return GHC_WANT_REST;
}

static bool
stars_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	GhcStars   *stars = task->stars;
	const GhcStarWish *wish = &stars->wishes[stars->next];

	(void) room;
	/* what the one before brought is stored by now */
	if (stars->page == 1)
	{
		GhcStarWeek after = {.begins = wish->known + GHC_WEEK_SECONDS};

		ghc_buffer_reset(&stars->weeks);
		stars->damaged = 0;
		/* what follows begins there, whether GitHub tells of that week or not */
		if (wish->known > 0 &&
			!ghc_buffer_append(&stars->weeks, (const char *) &after, sizeof(after)))
			return false;
	}
	return ghc_buffer_printf(&query->get.path,
							 "/repositories/%" PRId64 "/stargazers/history?per_page=%d&page=%d",
							 wish->repo_id, GHC_STAR_PAGE_WEEKS, stars->page);
}

/* ---------------------------------------------------------------------------
 * what came
 * ---------------------------------------------------------------------------
 */

/* Goes on to the next repository. */
static GhcOutcome
advance(GhcTask *task)
{
	GhcStars   *stars = task->stars;

	task->attempts = 0;
	stars->page = 1;
	stars->next++;
	task->promised = task->seen + stars->n_left + (stars->n - stars->next);
	ghc_task_advance(task);
	if (stars->next < stars->n)
		return GHC_OUTCOME_MORE;
	if (stars->n_left == 0)
		return GHC_OUTCOME_DONE;
	task->missing = stars->n_left;
	task->why = "GitHub doesn't give the star history";
	return GHC_OUTCOME_GAP;
}

static GhcOutcome
give_up(GhcTask *task)
{
	GhcStars   *stars = task->stars;

	stars->left[stars->n_left++] = stars->wishes[stars->next];
	return advance(task);
}

static GhcOutcome
fail(GhcTask *task)
{
	return ghc_task_fails(task) ? give_up(task) : GHC_OUTCOME_RETRY;
}

static GhcOutcome
finish(GhcTask *task, bool whole)
{
	GhcStars   *stars = task->stars;

	stars->finished = stars->wishes[stars->next].repo_id;
	stars->whole = whole;
	task->seen++;
	return advance(task);
}

static GhcOutcome
absorb_page(GhcTask *task, const GhcGot *got)
{
	GhcStars   *stars = task->stars;
	GhcStarWeek weeks[2 * GHC_STAR_PAGE_WEEKS];
	int64_t		known = stars->wishes[stars->next].known;
	int			damaged;
	int			n = ghc_star_weeks_read(weeks, 2 * GHC_STAR_PAGE_WEEKS, got->body,
										got->len, &damaged);

	/* that nothing is there, and that there is more, can't both be so */
	if (n < 0 || (n + damaged == 0 && got->has_next))
		return fail(task);
	task->pages++;
	task->attempts = 0;
	stars->damaged += damaged;
	for (int i = 0; i < n; i++)
	{
		/* where weeks begin on another day now, all is read anew */
		if (known > 0 && weeks[i].begins < known + GHC_WEEK_SECONDS / 2 &&
			ghc_star_weeks_agree(known, weeks[i].begins))
			return finish(task, false);
		if (!ghc_buffer_append(&stars->weeks, (const char *) &weeks[i], sizeof(weeks[i])))
			return fail(task);
	}
	if (!got->has_next || stars->page == GHC_STAR_PAGES)
		return finish(task, true);
	stars->page++;
	return GHC_OUTCOME_MORE;
}

static GhcOutcome
absorb_answer(GhcTask *task, const GhcGot *got)
{
	switch (got->status)
	{
		case 200:
			return absorb_page(task, got);
		case 403:
		case 404:
		case 451:
			task->stars->gone = true;
			return advance(task);
		default:
			/* such as 202, while GitHub works it out */
			return fail(task);
	}
}

static GhcOutcome
stars_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	(void) stored;
	task->stars->finished = 0;
	task->stars->gone = false;
	task->explained = false;
	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
		case GHC_RECEPTION_FAILURE:
			return fail(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	return absorb_answer(task, task->parts.got);
}
