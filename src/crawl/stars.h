/*-------------------------------------------------------------------------
 *
 * stars.h
 *	  Reading star histories: what a task of kind "stars" holds.
 *
 * Such a task is stored as "ids:7,19@1763251200": the repositories, each with the
 * beginning of the last week that is known of it and over, if there is one.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/stars.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STARS_H
#define GHC_STARS_H

#include "crawl/task.h"
#include "github/star_weeks.h"

/* a repository whose history is wanted */
typedef struct GhcStarWish
{
	int64_t		repo_id;
	int64_t		known;			/* weeks after this one are; 0: all */
} GhcStarWish;

typedef struct GhcStars
{
	int			n;
	GhcStarWish wishes[GHC_MAX_MEMBERS];
	int			next;			/* the one that is being read */
	int			page;			/* of it, from 1 */
	GhcBuffer	weeks;			/* GhcStarWeek, of the pages read */
	int			damaged;		/* weeks of them that made no sense */
	int			n_left;
	GhcStarWish left[GHC_MAX_MEMBERS];	/* given up */

	/* what the last reply brought */
	int64_t		finished;		/* this one's history is in weeks; 0: none is */
	bool		whole;			/* and not only what wasn't known */
	bool		gone;			/* one isn't shown any more */
} GhcStars;

/* Appends what a task for some repositories is stored as. */
extern void ghc_stars_format(const GhcStarWish *wishes, int n, GhcBuffer *out);

/* Appends what is left of a task: what was given up, and what wasn't read yet. */
extern void ghc_stars_format_rest(const GhcStars *stars, GhcBuffer *out);

#endif							/* GHC_STARS_H */
