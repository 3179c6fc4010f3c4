/*-------------------------------------------------------------------------
 *
 * explore.h
 *	  Which way the next pages are read: by what is known, and to know more.
 *
 * Most are read the cheaper way (way.h).  Now and then some are read the other
 * way: soon and several times, as long as hardly anything is known of it, and
 * seldom later on, because servers change.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/explore.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_EXPLORE_H
#define GHC_EXPLORE_H

#include "github/way.h"

/* one for each crawl in a worker's hands */
typedef struct GhcExplorer
{
	int64_t		sent;			/* requests for pages; the caller counts them */
	double		share;			/* of the repositories, that need the rest */
} GhcExplorer;

/*
 * A crawl of which nothing is known; again: a complete one came before, so
 * that most repositories should be as they were.
 */
extern void ghc_explore_init(GhcExplorer *explorer, bool again);

/* Learns that so many repositories of n that were read need the rest. */
extern void ghc_explore_note(GhcExplorer *explorer, int n_lacking, int n);

/* The way of the next request for pages; the parts are as in way.h. */
extern GhcWay ghc_explore_choose(const GhcExplorer *explorer,
								 const GhcWayPart *nested,
								 const GhcWayPart *flat,
								 const GhcWayPart *ids, const GhcFlow *flow);

#endif							/* GHC_EXPLORE_H */
