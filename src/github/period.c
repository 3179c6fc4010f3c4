/*-------------------------------------------------------------------------
 *
 * period.c
 *	  The primary limit of a resource; see period.h.
 *
 * IDENTIFICATION
 *	  src/github/period.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/period.h"

#define SECOND_MS INT64_C(1000)

/*
 * Resets this close, as a share of the period, are one period: the same moment
 * comes out differently by the time an answer takes, and GitHub's counters
 * start seconds apart.  Headers tell whole seconds.
 */
#define SAME_PERIOD 60
#define SAME_PERIOD_MIN_MS (2 * SECOND_MS)

/*
 * The points are to be used up this share of a period before its end; what is
 * left over then goes at the rate of a share of that.
 */
#define LEAD 128
#define LAST_LEAD 8

static int64_t
max_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
min_of(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void
ghc_period_init(GhcPeriods *periods)
{
	memset(periods, 0, sizeof(*periods));
	periods->limit = -1;
}

bool
ghc_period_roll(GhcPeriods *periods, int64_t now_ms)
{
	static const GhcPeriod none = {0};
	GhcPeriod	first = periods->first;
	GhcPeriod	other = periods->other;
	bool		over = false;

	if (first.reset_ms > 0 && first.reset_ms <= now_ms)
	{
		first = none;
		over = true;
	}
	if (other.reset_ms > 0 && other.reset_ms <= now_ms)
	{
		other = none;
		over = true;
	}
	periods->guessed = periods->guessed && first.reset_ms > 0;
	if (other.reset_ms > 0 &&
		(first.reset_ms == 0 || other.remaining < first.remaining))
	{
		periods->first = other;
		periods->other = first;
		return over;
	}
	periods->first = first;
	periods->other = other;
	return over;
}

void
ghc_period_shift(GhcPeriods *periods, int64_t by_ms)
{
	if (periods->first.reset_ms > 0)
		periods->first.reset_ms = max_of(periods->first.reset_ms + by_ms, 1);
	if (periods->other.reset_ms > 0)
		periods->other.reset_ms = max_of(periods->other.reset_ms + by_ms, 1);
}

static int64_t
believed_limit(const GhcPeriods *periods)
{
	return periods->limit >= 0 ? periods->limit : periods->points;
}

/*
 * Points that we may use: all but what is reserved, which counts as used as
 * far as others did use some.
 */
static int64_t
usable(const GhcPeriods *periods, const GhcPeriod *period)
{
	int64_t		ours = believed_limit(periods) * (100 - periods->reserve) / 100;

	if (periods->reserve <= 0)
		return period->remaining;
	return min_of(period->remaining, ours - period->spent);
}

int64_t
ghc_period_until_ms(const GhcPeriods *periods, int64_t points)
{
	const GhcPeriod *first = &periods->first;
	const GhcPeriod *other = &periods->other;
	int64_t		until_ms = 0;

	if (first->reset_ms > 0 && usable(periods, first) < points)
		until_ms = first->reset_ms;
	if (other->reset_ms > 0 && usable(periods, other) < points)
		until_ms = max_of(until_ms, other->reset_ms);
	return until_ms;
}

static double
interval_of(const GhcPeriods *periods, const GhcPeriod *period,
			int64_t now_ms)
{
	int64_t		lead_ms = periods->length_ms / LEAD;
	int64_t		left_ms = period->reset_ms - now_ms - lead_ms;

	if (period->reset_ms <= 0)
		return 0;
	return (double) max_of(left_ms, lead_ms / LAST_LEAD) /
		(double) max_of(usable(periods, period), 1);
}

double
ghc_period_interval_ms(const GhcPeriods *periods, int64_t now_ms)
{
	double		first_ms = interval_of(periods, &periods->first, now_ms);
	double		other_ms = interval_of(periods, &periods->other, now_ms);

	return first_ms > other_ms ? first_ms : other_ms;
}

/*
 * A period starts with its first request.  Until a header tells of it, or if
 * none ever does, we keep the count ourselves.
 */
static void
open_period(GhcPeriods *periods, int64_t now_ms)
{
	if (periods->first.reset_ms > 0 || periods->points <= 0)
		return;
	periods->first.remaining = max_of(believed_limit(periods) - periods->debt, 0);
	periods->first.reset_ms = now_ms + periods->length_ms;
	periods->first.spent = 0;
	periods->guessed = true;
	periods->debt = 0;
}

void
ghc_period_correct(GhcPeriods *periods, int64_t points)
{
	GhcPeriod  *both[] = {&periods->first, &periods->other};

	for (int i = 0; i < 2; i++)
		if (both[i]->reset_ms > 0)
		{
			both[i]->remaining = max_of(both[i]->remaining - points, 0);
			both[i]->spent = max_of(both[i]->spent + points, 0);
		}
}

void
ghc_period_send(GhcPeriods *periods, int64_t points, int64_t now_ms)
{
	open_period(periods, now_ms);
	ghc_period_correct(periods, points);
}

/* Tightens a period by what a header says, if it tells of the same one. */
static bool
tighten(const GhcPeriods *periods, GhcPeriod *period, GhcPeriod told)
{
	int64_t		same_ms = max_of(periods->length_ms / SAME_PERIOD,
								 SAME_PERIOD_MIN_MS);

	if (period->reset_ms <= 0 || told.reset_ms > period->reset_ms + same_ms ||
		told.reset_ms < period->reset_ms - same_ms)
		return false;
	period->remaining = min_of(period->remaining, told.remaining);
	period->reset_ms = max_of(period->reset_ms, told.reset_ms);
	return true;
}

void
ghc_period_tell(GhcPeriods *periods, const GhcHeaders *headers,
				int64_t in_flight, int64_t now_ms)
{
	int64_t		longest_s = (periods->length_ms + SECOND_MS - 1) / SECOND_MS;
	int64_t		now_s = headers->date > 0 ? headers->date : now_ms / SECOND_MS;
	int64_t		ahead_s = headers->reset_at - now_s;
	GhcPeriod	told = {headers->remaining, 0, 0};

	/* a header of a period that is over is late and says nothing */
	if (headers->remaining < 0 || headers->reset_at <= 0 || ahead_s <= 0)
		return;
	told.reset_ms = now_ms + min_of(ahead_s, longest_s) * SECOND_MS;
	if (headers->limit >= 0)
		periods->limit = headers->limit;

	if (periods->guessed || periods->first.reset_ms <= 0)
	{
		told.remaining = max_of(told.remaining - in_flight, 0);
		told.spent = periods->first.spent;
		periods->first = told;
		periods->guessed = false;
		periods->debt = 0;
	}
	else if (!tighten(periods, &periods->first, told) &&
			 !tighten(periods, &periods->other, told) &&
			 periods->other.reset_ms <= 0)
	{
		told.remaining = max_of(told.remaining - in_flight, 0);
		periods->other = told;
	}
}
