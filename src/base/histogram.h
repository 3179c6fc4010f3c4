/*-------------------------------------------------------------------------
 *
 * histogram.h
 *	  How values are spread, in few numbers that can be added up.
 *
 * A value counts in one of fixed buckets, 16 to a power of ten from 1 to a
 * million.  A quantile is told as the middle of its bucket, which is at most
 * 7.5 % off, however many histograms were added up.
 *
 * Pure: no SPI, no curl, no clock, no memory of its own.  A zeroed
 * GhcHistogram is empty.
 *
 * IDENTIFICATION
 *	  src/base/histogram.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_HISTOGRAM_H
#define GHC_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

#define GHC_HISTOGRAM_BUCKETS 96

typedef struct GhcHistogram
{
	int32_t		n[GHC_HISTOGRAM_BUCKETS];
} GhcHistogram;

/* Counts a value; what is outside of the buckets counts in the nearest. */
extern void ghc_histogram_add(GhcHistogram *histogram, int64_t value);

/* Adds other's counts; they stop at INT32_MAX. */
extern void ghc_histogram_merge(GhcHistogram *histogram,
								const GhcHistogram *other);

/*
 * The value that "share" (0 to 1) of all values don't exceed, as far as buckets
 * tell; -1 if there are none.
 */
extern int64_t ghc_histogram_quantile(const GhcHistogram *histogram,
									  double share);

#endif							/* GHC_HISTOGRAM_H */
