/*-------------------------------------------------------------------------
 *
 * survey.c
 *	  The task kind "survey": finds out what walking through ids would cost.
 *
 * It looks for the end as a "span" does, though not as closely; lets the REST API
 * list some pages that are evenly spread, which tell how many of the ids are
 * public; and looks one such page up, which tells how long that takes and how
 * large rows are.  Nothing is stored.  How many of the ids were walked not long
 * ago is told with the span: the REST API isn't asked for these.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/survey.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/survey.h"
#include "crawl/walk.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

/* how near the end is looked for, as a part of the span */
#define END_PART 8

/* pages that tell how many ids are public */
#define N_SAMPLES 5

/* empty answers that a walk's end takes, and questions for it */
#define END_REQUESTS 20

typedef enum Stage
{
	STAGE_END,
	STAGE_SAMPLES,
	STAGE_ROWS,
} Stage;

struct GhcSurvey
{
	Stage		stage;
	int64_t		walked;			/* ids that were walked already */
	int			sample;			/* asked for now */
	int64_t		ids;			/* of all samples, from the first to the last */
	int64_t		listed;			/* repositories there */
	int			n;				/* to be looked up */
	int64_t		some[GHC_MAX_MEMBERS];
	int			rows;			/* of a look-up in the crawl */
	int			points;			/* of it */
	GhcFieldSet fields;
	GhcEstimate estimate;
};

static bool survey_read(GhcTask *task, GhcSlice text);
static GhcWant survey_wants(GhcTask *task);
static bool survey_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query);
static GhcOutcome survey_absorb(GhcTask *task, const GhcJudgement *judgement,
								GhcHarvest *stored);

const GhcTaskKind ghc_survey_kind = {
	"survey", survey_wants, survey_compose, survey_absorb, survey_read
};

const GhcEstimate *
ghc_survey_estimate(const GhcTask *task)
{
	return &task->survey->estimate;
}

static bool
survey_read(GhcTask *task, GhcSlice text)
{
	GhcSlice	rest = text;
	GhcSpan		span;
	int64_t		walked = 0;

	if (!ghc_span_take(&rest, &span))
		return false;
	text.len -= rest.len;
	if (ghc_span_take_ids(&rest, "walked", &walked, 1) < 0 || rest.len > 0 ||
		!ghc_span_kind.read(task, text))
		return false;
	ghc_walk_feed_end(task, 0);
	task->survey = calloc(1, sizeof(struct GhcSurvey));
	if (task->survey == NULL)
		return false;
	task->survey->walked = walked;
	return true;
}

static GhcWant
survey_wants(GhcTask *task)
{
	return task->survey->stage == STAGE_ROWS ? GHC_WANT_LIST : GHC_WANT_REST;
}

/* The id above which the page that is asked for begins. */
static int64_t
since_of(const GhcTask *task)
{
	const GhcWalk *walk = task->walk;
	const struct GhcSurvey *survey = task->survey;
	double		length = (double) (walk->low - walk->span.lo + 1);

	if (survey->stage == STAGE_END)
		return walk->probe;
	return walk->span.lo - 1 +
		(int64_t) (length * (survey->sample + 0.5) / N_SAMPLES);
}

static bool
survey_compose(GhcTask *task, const GhcRoom *room, GhcQuery *query)
{
	struct GhcSurvey *survey = task->survey;
	GhcCost		cost;

	if (survey->stage != STAGE_ROWS)
		return ghc_walk_put_page(since_of(task), query);
	survey->rows = room->rows < GHC_MAX_MEMBERS ? room->rows : GHC_MAX_MEMBERS;
	cost = ghc_price_list(&query->price, survey->rows);
	survey->points = ghc_price_points(cost.requests);
	survey->fields = query->shape->fields;
	return ghc_query_add_list(query, survey->some, survey->n < survey->rows ?
							  survey->n : survey->rows, false) >= 0;
}

static GhcOutcome
failed(GhcTask *task)
{
	if (!ghc_task_fails(task))
		return GHC_OUTCOME_RETRY;
	task->why = "GitHub fails each time";
	return GHC_OUTCOME_GAP;
}

/* All is known; row_bytes of n_rows. */
static GhcOutcome
finish(GhcTask *task, int64_t row_bytes, int n_rows)
{
	struct GhcSurvey *survey = task->survey;
	const GhcWalk *walk = task->walk;
	GhcEstimate *estimate = &survey->estimate;
	GhcSpan		whole = {walk->span.lo, walk->low};
	double		density = survey->ids > 0 ? (double) survey->listed / (double) survey->ids : 0;
	double		ids = (double) (whole.hi - whole.lo + 1);
	double		repos = density * ids;
	double		left = ids > 0 ? fmax(0, 1 - (double) survey->walked / ids) : 1;
	double		requests;

	estimate->repositories = llround(repos);
	estimate->ranges = whole.hi < whole.lo ? 1 : 1 + ghc_walk_pieces(walk, &whole);
	requests = survey->rows > 0 ? repos / survey->rows : 0;
	estimate->requests = llround(ceil(requests));
	estimate->points = llround(ceil(requests) * survey->points);
	estimate->response_ms = llround(requests * (double) task->took_ms);
	/* the last page of a range is half full */
	estimate->rest_requests = llround((repos / GHC_PAGE_SIZE +
									   (double) estimate->ranges / 2) * left) + END_REQUESTS;
	if (n_rows > 0)
		estimate->bytes = llround((double) row_bytes / n_rows * repos);
	return GHC_OUTCOME_DONE;
}

static GhcOutcome
absorb_sample(GhcTask *task, const int64_t *ids, int n)
{
	struct GhcSurvey *survey = task->survey;
	int64_t		high = task->walk->low;

	for (int i = 0; i < n && survey->n < GHC_MAX_MEMBERS; i++)
		if (ids[i] <= high)
			survey->some[survey->n++] = ids[i];
	while (n > 0 && ids[n - 1] > high)
		n--;
	survey->listed += n;
	survey->ids += (n > 0 ? ids[n - 1] : high) - since_of(task);
	if (++survey->sample < N_SAMPLES)
		return GHC_OUTCOME_MORE;
	survey->stage = STAGE_ROWS;
	return survey->n > 0 ? GHC_OUTCOME_MORE : finish(task, 0, 0);
}

static GhcOutcome
absorb_get(GhcTask *task)
{
	struct GhcSurvey *survey = task->survey;
	GhcWalk    *walk = task->walk;
	int64_t		ids[GHC_WALK_IDS];
	int64_t		last;
	int			n = ghc_walk_read_page(task->parts.got, since_of(task), ids, &last);

	if (n < 0)
		return failed(task);
	task->attempts = 0;
	if (survey->stage == STAGE_SAMPLES)
		return absorb_sample(task, ids, n);
	if (ghc_walk_take_probe(walk, ids, n, last, END_PART))
		return GHC_OUTCOME_MORE;
	/* halfway to where nothing is any more */
	if (walk->high > walk->low)
		walk->low += (walk->high - walk->low) / 2;
	survey->stage = STAGE_SAMPLES;
	return walk->low < walk->span.lo ? finish(task, 0, 0) : GHC_OUTCOME_MORE;
}

static GhcOutcome
absorb_rows(GhcTask *task)
{
	const GhcList *list = &task->parts.reply->lists[task->parts.first_list];
	int64_t		bytes = 0;

	if (!list->present)
		return failed(task);
	for (int i = 0; i < list->found.n; i++)
		bytes += ghc_estimate_row_bytes(&list->found.repos[i], task->survey->fields);
	return finish(task, bytes, list->found.n);
}

static GhcOutcome
survey_absorb(GhcTask *task, const GhcJudgement *judgement, GhcHarvest *stored)
{
	(void) stored;
	switch (ghc_task_receives(judgement))
	{
		case GHC_RECEPTION_TOO_MUCH:
		case GHC_RECEPTION_FAILURE:
			return failed(task);
		case GHC_RECEPTION_ELSEWHERE:
			return GHC_OUTCOME_RETRY;
		case GHC_RECEPTION_ANSWER:
			break;
	}
	return task->parts.got != NULL ? absorb_get(task) : absorb_rows(task);
}
