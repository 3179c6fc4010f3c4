/*-------------------------------------------------------------------------
 *
 * histogram.c
 *	  How values are spread, in few numbers; see histogram.h.
 *
 * Stored histograms have these buckets: whoever changes them empties
 * ghcrawl.traffic.
 *
 * IDENTIFICATION
 *	  src/base/histogram.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/histogram.h"

#include <math.h>

#define BUCKETS_PER_DECADE 16

void
ghc_histogram_add(GhcHistogram *histogram, int64_t value)
{
	int			bucket = value > 1 ?
		(int) floor(log10((double) value) * BUCKETS_PER_DECADE) : 0;

	if (bucket >= GHC_HISTOGRAM_BUCKETS)
		bucket = GHC_HISTOGRAM_BUCKETS - 1;
	histogram->n[bucket]++;
}

void
ghc_histogram_merge(GhcHistogram *histogram, const GhcHistogram *other)
{
	for (int i = 0; i < GHC_HISTOGRAM_BUCKETS; i++)
	{
		int64_t		sum = (int64_t) histogram->n[i] + other->n[i];

		histogram->n[i] = sum > INT32_MAX ? INT32_MAX : (int32_t) sum;
	}
}

int64_t
ghc_histogram_quantile(const GhcHistogram *histogram, double share)
{
	int64_t		all = 0;
	int64_t		below = 0;
	int			bucket = -1;

	for (int i = 0; i < GHC_HISTOGRAM_BUCKETS; i++)
		all += histogram->n[i];
	for (int i = 0; i < GHC_HISTOGRAM_BUCKETS; i++)
	{
		if (histogram->n[i] == 0)
			continue;
		bucket = i;
		below += histogram->n[i];
		if ((double) below >= share * (double) all)
			break;
	}
	if (bucket < 0)
		return -1;
	return (int64_t) llround(pow(10.0, (bucket + 0.5) / BUCKETS_PER_DECADE));
}
