/*-------------------------------------------------------------------------
 *
 * pace.h
 *	  Uses a limit evenly: when the next request is due.
 *
 * The generic cell rate algorithm: each request moves the moment on by its
 * share of the limit, whatever it was; what it really took is put right when
 * its answer is there.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/pace.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PACE_H
#define GHC_PACE_H

#include <stdint.h>

typedef struct GhcPace
{
	double		next_ms;		/* when the next request is due */
} GhcPace;

/*
 * A request goes out that uses up "interval_ms" of the limit.  Who is late
 * may catch up by "slack_ms" or one interval, whichever is more: two requests
 * at once at most, where they are rare.
 */
extern void ghc_pace_take(GhcPace *pace, double interval_ms, double slack_ms,
						  int64_t now_ms);

#endif							/* GHC_PACE_H */
