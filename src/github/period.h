/*-------------------------------------------------------------------------
 *
 * period.h
 *	  The primary limit of a resource: so many points an hour.
 *
 * Headers are advisory (github-api.md 3.4): GitHub keeps its counters in
 * more than one place, so that answers to one user may tell of two periods by
 * turns, and some are late.  Within a period our count only falls, whatever a
 * header says, and all periods that are running must have points left.
 *
 * Pure: no SPI, no curl, no clock; "now" is the caller's, in milliseconds since
 * 1970.
 *
 * IDENTIFICATION
 *	  src/github/period.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PERIOD_H
#define GHC_PERIOD_H

#include "github/classify.h"

/* a period in which points are counted */
typedef struct GhcPeriod
{
	int64_t		remaining;		/* as last seen, less what was sent since */
	int64_t		reset_ms;		/* its end by our clock, 0: there is none */
	int64_t		spent;			/* by us */
} GhcPeriod;

typedef struct GhcPeriods
{
	int64_t		points;			/* believed until headers tell; 0: no limit */
	int64_t		length_ms;
	int			reserve;		/* percent that are left to others */

	int64_t		limit;			/* as last told, -1 unknown */
	GhcPeriod	first;			/* the one with fewer points left */
	GhcPeriod	other;			/* GitHub may count in two places at once */
	bool		guessed;		/* we opened the first, no header has told yet */
	int64_t		debt;			/* points that the next one will lack */
} GhcPeriods;

/* No period runs and no limit is known. */
extern void ghc_period_init(GhcPeriods *periods);

/* Drops periods that are over; true if one was. */
extern bool ghc_period_roll(GhcPeriods *periods, int64_t now_ms);

/* The clock jumped by so much. */
extern void ghc_period_shift(GhcPeriods *periods, int64_t by_ms);

/*
 * When a request of so many points may go as far as points are concerned;
 * "now" or earlier: now.  Call roll before.
 */
extern int64_t ghc_period_until_ms(const GhcPeriods *periods, int64_t points);

/*
 * Milliseconds that a point takes if what is left of the tighter period is
 * used evenly, and up shortly before its end; 0: no limit.
 */
extern double ghc_period_interval_ms(const GhcPeriods *periods, int64_t now_ms);

/* Takes points off as a request goes out, which may open a period. */
extern void ghc_period_send(GhcPeriods *periods, int64_t points,
							int64_t now_ms);

/* Takes off more points, or gives some back. */
extern void ghc_period_correct(GhcPeriods *periods, int64_t points);

/*
 * Takes in what headers of this resource tell.  The end of a period is
 * reckoned by GitHub's clock where they tell the time.  "in_flight" points are
 * of requests that it may not have counted yet.
 */
extern void ghc_period_tell(GhcPeriods *periods, const GhcHeaders *headers,
							int64_t in_flight, int64_t now_ms);

#endif							/* GHC_PERIOD_H */
