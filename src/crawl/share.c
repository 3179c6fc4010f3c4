/*-------------------------------------------------------------------------
 *
 * share.c
 *	  Sharing budgets among crawls by their priorities; see share.h.
 *
 * IDENTIFICATION
 *	  src/crawl/share.c
 *
 *-------------------------------------------------------------------------
 */
#include "crawl/share.h"

#include <math.h>

double
ghc_share_step(int priority, double given)
{
	if (priority > GHC_SHARE_MAX_PRIORITY)
		priority = GHC_SHARE_MAX_PRIORITY;
	if (priority < -GHC_SHARE_MAX_PRIORITY)
		priority = -GHC_SHARE_MAX_PRIORITY;
	return ldexp(given, -priority);
}

double
ghc_share_join(double pass, double least)
{
	return pass > least ? pass : least;
}
