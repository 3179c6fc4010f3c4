/*-------------------------------------------------------------------------
 *
 * star_weeks.h
 *	  Stars that were given, by weeks: what GitHub's star history consists of.
 *
 * A page is an array, the newest week first, of {"week": when it begins, in
 * seconds since 1970, "total": stars, "days": the same of its seven days}
 * (github-api.md 6.10).  Where weeks begin isn't promised, nor that they are of one
 * length where clocks are put forward; so they are laid out on a grid of seven
 * days, which the newest one sets.
 *
 * Pure: no SPI, no curl, no clock, no allocation.  The JSON is read in place.
 *
 * IDENTIFICATION
 *	  src/github/star_weeks.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STAR_WEEKS_H
#define GHC_STAR_WEEKS_H

#include "base/slice.h"

#define GHC_WEEK_DAYS 7
#define GHC_WEEK_SECONDS (INT64_C(7) * 86400)

/* weeks on a page, as we ask for them, and pages at most */
#define GHC_STAR_PAGE_WEEKS 30
#define GHC_STAR_PAGES 100

/* weeks of a history at most */
#define GHC_STAR_MAX_WEEKS (GHC_STAR_PAGE_WEEKS * GHC_STAR_PAGES)

typedef struct GhcStarWeek
{
	int64_t		begins;			/* seconds since 1970 */
	int32_t		days[GHC_WEEK_DAYS];	/* stars given on each */
} GhcStarWeek;

/*
 * Reads a page: "max" weeks at most, in GitHub's order.  Returns how many, -1 if it
 * is no such page.  Days that make no sense are made up from the total, which then
 * counts for the last of them; a week that makes none is left out, and counted in
 * *damaged.
 */
extern int	ghc_star_weeks_read(GhcStarWeek *weeks, int max, char *json,
								size_t len, int *damaged);

/* Do two weeks begin on the same day of the week, about? */
extern bool ghc_star_weeks_agree(int64_t a, int64_t b);

/*
 * Lays out n weeks in any order, of which the last one counts if one comes twice: days
 * from the beginning of the oldest (to *begins), GHC_STAR_MAX_WEEKS weeks at most, and
 * none that begins after a moment.  Days nobody told of have 0.  Returns how many weeks
 * that are.
 */
extern int	ghc_star_weeks_lay_out(const GhcStarWeek *weeks, int n,
								   int64_t latest, int64_t *begins,
								   int32_t *days);

#endif							/* GHC_STAR_WEEKS_H */
