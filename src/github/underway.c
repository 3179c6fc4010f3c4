/*-------------------------------------------------------------------------
 *
 * underway.c
 *	  Requests under way, and the response time of a window; see underway.h.
 *
 * A request that is sent now will be booked when it ends, if GitHub books at
 * the end: by then the window has moved on.  So it is looked ahead, over all
 * lengths that it may well have, whether it would fit in with what has ended
 * and is still in the window then.
 *
 * IDENTIFICATION
 *	  src/github/underway.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>
#include <string.h>

#include "github/underway.h"

/* longest response time that is noted; none is that long */
#define MAX_TOOK_MS (INT64_C(60) * 60 * 1000)

/* nor is anything expected so wrongly: one outlier isn't to spoil the rest */
#define MOST_OFF 16.0

/* what is believed of expectations before there was one, and how it adapts */
#define FIRST_DEVIATION 0.25
#define DEVIATION_GAIN (1.0 / 64)

/* so many mean deviations is what a response time may be off */
#define MARGIN 8.0

/*
 * Time-outs are rare, but not alone: the worst is forgotten slowly, and the
 * next may be this much worse.
 */
#define WORST_GAIN (1.0 / 16384)
#define WORST_MARGIN 1.25

/*
 * After ten seconds GitHub gives up, which is this share of the window; so the
 * worst that may come of a request is no more than that, however far off
 * shorter ones were.  Whoever takes longer as a rule isn't GitHub.
 */
#define TIMEOUT_SHARE (1.0 / 6)

static int64_t
clamp(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

void
ghc_underway_init(GhcUnderway *flight, int64_t window_ms, int64_t now_ms)
{
	memset(flight, 0, sizeof(*flight));
	flight->next_serial = 1;
	flight->overdue_ms = INT64_MAX;
	flight->deviation = FIRST_DEVIATION;
	flight->worst = 1;
	for (int kind = 0; kind < GHC_KIND_COUNT; kind++)
		ghc_window_init(&flight->windows[kind], window_ms, now_ms);
}

static GhcKind
kind_of(const GhcUnderwaySlot *slot)
{
	return slot->resource == 0 ? GHC_KIND_GRAPHQL : GHC_KIND_REST;
}

/* Adds a request to the sums (sign 1), or takes it off (-1). */
static void
add_to_sums(GhcUnderway *flight, const GhcUnderwaySlot *slot, int sign)
{
	GhcUnderwaySums *sums = &flight->sums[kind_of(slot)];

	sums->n += sign;
	sums->sent_ms += sign * slot->sent_ms;
	sums->counted_ms += sign * slot->counted_ms;
	sums->squares += sign * (double) slot->counted_ms * (double) slot->counted_ms;
	if (sums->n == 0)
		sums->squares = 0;		/* no remains of rounding */
}

/* Has another response time counted for a request under way. */
static void
recount(GhcUnderway *flight, GhcUnderwaySlot *slot, int64_t counted_ms)
{
	add_to_sums(flight, slot, -1);
	ghc_window_add(&flight->windows[kind_of(slot)], GHC_SERIES_STARTED,
				   slot->sent_ms, counted_ms - slot->counted_ms);
	slot->counted_ms = counted_ms;
	add_to_sums(flight, slot, 1);
}

/*
 * Counts what takes longer than expected with what it has taken and a bit
 * more, so that this needn't be done again at once.
 */
static void
count_overdue(GhcUnderway *flight, int64_t now_ms)
{
	int			seen = 0;

	flight->overdue_ms = INT64_MAX;
	for (int i = 0; seen < flight->n; i++)
	{
		GhcUnderwaySlot *slot = &flight->slots[i];
		int64_t		so_far_ms = clamp(now_ms - slot->sent_ms, 0, MAX_TOOK_MS);

		if (slot->serial == 0)
			continue;
		seen++;
		if (so_far_ms >= slot->counted_ms && so_far_ms < MAX_TOOK_MS)
			recount(flight, slot, so_far_ms + so_far_ms / 16 + 1);
		if (so_far_ms < MAX_TOOK_MS &&
			slot->sent_ms + slot->counted_ms < flight->overdue_ms)
			flight->overdue_ms = slot->sent_ms + slot->counted_ms;
	}
}

void
ghc_underway_roll(GhcUnderway *flight, int64_t now_ms)
{
	for (int kind = 0; kind < GHC_KIND_COUNT; kind++)
		ghc_window_roll(&flight->windows[kind], now_ms);
	if (now_ms >= flight->overdue_ms)
		count_overdue(flight, now_ms);
}

void
ghc_underway_shift(GhcUnderway *flight, int64_t by_ms)
{
	for (int kind = 0; kind < GHC_KIND_COUNT; kind++)
	{
		ghc_window_shift(&flight->windows[kind], by_ms);
		flight->sums[kind].sent_ms += flight->sums[kind].n * by_ms;
	}
	for (int i = 0; i < GHC_UNDERWAY_SLOTS; i++)
		flight->slots[i].sent_ms += by_ms;
	if (flight->overdue_ms != INT64_MAX)
		flight->overdue_ms += by_ms;
}

void
ghc_underway_send(GhcUnderway *flight, const GhcUnderwaySlot *request,
				GhcReservation *out)
{
	GhcUnderwaySlot *slot;
	int			i = 0;

	while (flight->slots[i].serial != 0)
		i++;
	slot = &flight->slots[i];
	*slot = *request;
	slot->serial = flight->next_serial++;
	if (flight->next_serial == 0)
		flight->next_serial = 1;
	slot->expected_ms = clamp(request->expected_ms, 1, MAX_TOOK_MS);
	slot->counted_ms = slot->expected_ms;
	ghc_window_add(&flight->windows[kind_of(slot)], GHC_SERIES_STARTED,
				   slot->sent_ms, slot->counted_ms);
	add_to_sums(flight, slot, 1);
	flight->n++;
	if (slot->sent_ms + slot->counted_ms < flight->overdue_ms)
		flight->overdue_ms = slot->sent_ms + slot->counted_ms;
	*out = (GhcReservation) {i, slot->serial};
}

bool
ghc_underway_settle(GhcUnderway *flight, const GhcReservation *which,
				  int64_t took_ms, int64_t now_ms, GhcUnderwaySlot *request)
{
	GhcUnderwaySlot *slot = &flight->slots[which->slot];
	GhcWindow  *window;
	double		share;

	if (which->serial == 0 || slot->serial != which->serial)
		return false;
	took_ms = clamp(took_ms, 0, MAX_TOOK_MS);
	window = &flight->windows[kind_of(slot)];
	ghc_window_add(window, GHC_SERIES_STARTED, slot->sent_ms,
				   took_ms - slot->counted_ms);
	ghc_window_add(window, GHC_SERIES_ENDED, now_ms, took_ms);
	ghc_window_add(window, GHC_SERIES_REQUESTS, now_ms, 1);
	add_to_sums(flight, slot, -1);
	flight->n--;

	share = fmin((double) took_ms / (double) slot->expected_ms, MOST_OFF);
	flight->deviation += (fabs(share - 1) - flight->deviation) *
		DEVIATION_GAIN;
	flight->worst = fmax(share,
						 flight->worst + (1 - flight->worst) * WORST_GAIN);
	*request = *slot;
	slot->serial = 0;
	return true;
}

void
ghc_underway_book(GhcUnderway *flight, GhcKind kind, int64_t at_ms,
				int64_t requests, int64_t response_ms)
{
	GhcWindow  *window = &flight->windows[kind];

	requests = clamp(requests, 0, INT32_MAX);
	response_ms = clamp(response_ms, 0, MAX_TOOK_MS);
	ghc_window_add(window, GHC_SERIES_REQUESTS, at_ms, requests);
	ghc_window_add(window, GHC_SERIES_STARTED, at_ms, response_ms);
	ghc_window_add(window, GHC_SERIES_ENDED, at_ms, response_ms);
}

/* ---------------------------------------------------------------------------
 * is there room?
 * ---------------------------------------------------------------------------
 */

/* a question, and sums over its kinds of requests */
typedef struct Question
{
	const GhcUnderway *flight;
	unsigned	kinds;
	int64_t		limit_ms;
	int64_t		shortest_ms;	/* the request may well take so long */
	int64_t		longest_ms;
	GhcUnderwaySums sums;
	int64_t		margin_ms;		/* for what is under way */
} Question;

/* How far off a response time may well be. */
static double
most_off(const GhcUnderway *flight)
{
	return flight->deviation * MARGIN;
}

int64_t
ghc_underway_spread_ms(const GhcUnderway *flight, int64_t expected_ms)
{
	double		off = most_off(flight);

	return (int64_t) ((double) expected_ms * fmin(off + off / (1 + off), 1));
}

static void
add_up(Question *question, int64_t expected_ms)
{
	const GhcUnderway *flight = question->flight;
	double		off = most_off(flight);
	double		most_ms = (double) flight->windows[0].length_ms * TIMEOUT_SHARE *
		WORST_MARGIN;
	double		off_ms = (double) expected_ms * (1 + off);
	double		worst_ms = (double) expected_ms *
		(1 + (flight->worst - 1) * WORST_MARGIN);
	double		margin_ms;
	GhcUnderwaySums *all = &question->sums;

	for (int kind = 0; kind < GHC_KIND_COUNT; kind++)
	{
		const GhcUnderwaySums *sums = &flight->sums[kind];

		if ((question->kinds & GHC_KIND_BIT(kind)) == 0)
			continue;
		all->n += sums->n;
		all->sent_ms += sums->sent_ms;
		all->counted_ms += sums->counted_ms;
		all->squares += sums->squares;
	}
	margin_ms = off * sqrt(all->squares);
	question->shortest_ms = (int64_t) ((double) expected_ms / (1 + off));
	question->longest_ms = (int64_t)
		ceil(fmax(expected_ms <= most_ms ? fmin(off_ms, most_ms) : off_ms,
				  fmin(worst_ms, most_ms)));
	question->margin_ms = (int64_t)
		ceil(all->n * most_ms >= (double) all->counted_ms ?
			 fmin(margin_ms, all->n * most_ms - (double) all->counted_ms) : margin_ms);
}

static int64_t
sum_of(const Question *question, GhcSeries series, int64_t since_ms)
{
	int64_t		sum = 0;

	for (int kind = 0; kind < GHC_KIND_COUNT; kind++)
		if ((question->kinds & GHC_KIND_BIT(kind)) != 0)
			sum += ghc_window_sum(&question->flight->windows[kind], series,
								  since_ms);
	return sum;
}

/* Would the request fit in at its end, if it is sent at a moment? */
static bool
fits_at_end(const Question *question, int64_t at_ms)
{
	const GhcWindow *window = &question->flight->windows[0];
	int64_t		room_ms = question->limit_ms - question->sums.counted_ms -
		question->margin_ms;
	int64_t		since_ms = at_ms - window->length_ms;
	int64_t		took_ms = question->shortest_ms;

	if (sum_of(question, GHC_SERIES_ENDED, since_ms) + question->longest_ms <=
		room_ms)
		return true;
	while (took_ms < question->longest_ms)
	{
		int64_t		before_ms = took_ms;

		took_ms += window->bucket_ms;
		if (took_ms > question->longest_ms)
			took_ms = question->longest_ms;
		if (sum_of(question, GHC_SERIES_ENDED, since_ms + before_ms) + took_ms >
			room_ms)
			return false;
	}
	return true;
}

/* May the request be sent at a moment, if nothing else happens before? */
static bool
fits(const Question *question, int64_t expected_ms, int64_t at_ms)
{
	const GhcUnderwaySums *sums = &question->sums;
	int64_t		since_ms = at_ms - question->flight->windows[0].length_ms;
	int64_t		ended_ms = sum_of(question, GHC_SERIES_ENDED, since_ms);
	int64_t		started_ms = sum_of(question, GHC_SERIES_STARTED, since_ms);

	if (sums->n == 0 && ended_ms == 0 && started_ms == 0)
		return true;
	/* as time goes by: GitHub looks when the request arrives */
	if (ended_ms + sums->n * at_ms - sums->sent_ms >= question->limit_ms)
		return false;
	/* at the start */
	if (started_ms + expected_ms + question->margin_ms > question->limit_ms)
		return false;
	return fits_at_end(question, at_ms);
}

int64_t
ghc_underway_until_ms(const GhcUnderway *flight, unsigned kinds,
					int64_t limit_ms, int64_t expected_ms, int64_t now_ms)
{
	Question	question = {flight, kinds, limit_ms, 0, 0, {0}, 0};
	int64_t		no_ms = now_ms;
	int64_t		yes_ms;

	add_up(&question, expected_ms);
	if (fits(&question, expected_ms, now_ms))
		return now_ms;
	/* the window only empties: look for the moment by halves */
	yes_ms = now_ms + flight->windows[0].length_ms + flight->windows[0].bucket_ms;
	while (yes_ms - no_ms > 1)
	{
		int64_t		middle_ms = no_ms + (yes_ms - no_ms) / 2;

		if (fits(&question, expected_ms, middle_ms))
			yes_ms = middle_ms;
		else
			no_ms = middle_ms;
	}
	return yes_ms;
}

int64_t
ghc_underway_requests_until_ms(const GhcUnderway *flight, GhcKind kind,
							 int64_t limit, int64_t now_ms)
{
	const GhcWindow *window = &flight->windows[kind];
	int64_t		room = limit - flight->sums[kind].n - 1;
	int64_t		no_ms = now_ms;
	int64_t		yes_ms = now_ms + window->length_ms + window->bucket_ms;

	if (ghc_window_sum(window, GHC_SERIES_REQUESTS,
					   now_ms - window->length_ms) <= room)
		return now_ms;
	while (yes_ms - no_ms > 1)
	{
		int64_t		middle_ms = no_ms + (yes_ms - no_ms) / 2;

		if (ghc_window_sum(window, GHC_SERIES_REQUESTS,
						   middle_ms - window->length_ms) <= room)
			yes_ms = middle_ms;
		else
			no_ms = middle_ms;
	}
	return yes_ms;
}

void
ghc_underway_count(const GhcUnderway *flight, unsigned kinds, int64_t now_ms,
				 int64_t *requests, int64_t *response_ms)
{
	int64_t		since_ms = now_ms - flight->windows[0].length_ms;

	*requests = *response_ms = 0;
	for (int kind = 0; kind < GHC_KIND_COUNT; kind++)
	{
		const GhcWindow *window = &flight->windows[kind];

		if ((kinds & GHC_KIND_BIT(kind)) == 0)
			continue;
		*requests += flight->sums[kind].n +
			ghc_window_sum(window, GHC_SERIES_REQUESTS, since_ms);
		*response_ms += flight->sums[kind].counted_ms +
			ghc_window_sum(window, GHC_SERIES_ENDED, since_ms);
	}
}
