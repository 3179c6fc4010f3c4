/*-------------------------------------------------------------------------
 *
 * pace.c
 *	  Uses a limit evenly; see pace.h.
 *
 * IDENTIFICATION
 *	  src/github/pace.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/pace.h"

void
ghc_pace_take(GhcPace *pace, double interval_ms, double slack_ms,
			  int64_t now_ms)
{
	double		earliest_ms = (double) now_ms - fmax(slack_ms, interval_ms);

	if (pace->next_ms <= 0)
		earliest_ms = (double) now_ms;	/* the first one isn't late */
	pace->next_ms = fmax(pace->next_ms, earliest_ms) + interval_ms;
}
