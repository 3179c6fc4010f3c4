/*-------------------------------------------------------------------------
 *
 * share.h
 *	  Sharing budgets among crawls by their priorities.
 *
 * Each step of priority doubles a crawl's share, so that urgent ones get most
 * and none starves.  Whoever has had least for its weight comes next; one that
 * comes anew, or was idle, starts where the others are and can't catch up on
 * what it didn't ask for.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/crawl/share.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SHARE_H
#define GHC_SHARE_H

/* priorities further from 0 count as this */
#define GHC_SHARE_MAX_PRIORITY 10

/* How far a crawl moves on that was given so much (points, parts: any unit). */
extern double ghc_share_step(int priority, double given);

/*
 * Where a crawl is that may be given something now, if the one that is served
 * next is at "least"; its own "pass" is kept if it is ahead.
 */
extern double ghc_share_join(double pass, double least);

#endif							/* GHC_SHARE_H */
