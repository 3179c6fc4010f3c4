/*-------------------------------------------------------------------------
 *
 * window.h
 *	  Sums over the last minute, or whatever the length of a window is.
 *
 * A ring of fine buckets keeps running totals instead of amounts, so that the
 * sum over any stretch up to now is one subtraction.  What is on the edge of
 * a stretch counts as inside: sums are never too small.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/window.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_WINDOW_H
#define GHC_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* a power of 2, and more than a window has buckets */
#define GHC_WINDOW_SLOTS 1024

typedef enum GhcSeries
{
	GHC_SERIES_REQUESTS,		/* that ended */
	GHC_SERIES_STARTED,			/* their response time, booked at the start */
	GHC_SERIES_ENDED,			/* the same, booked at the end */
} GhcSeries;

#define GHC_SERIES_COUNT (GHC_SERIES_ENDED + 1)

typedef struct GhcWindow
{
	int64_t		length_ms;
	int64_t		bucket_ms;
	int64_t		head;			/* number of the newest bucket */

	/* totals since ever, and those before each bucket; they may wrap */
	uint32_t	total[GHC_SERIES_COUNT];
	uint32_t	before[GHC_SERIES_COUNT][GHC_WINDOW_SLOTS];
} GhcWindow;

/* An empty window of a length above 0. */
extern void ghc_window_init(GhcWindow *window, int64_t length_ms,
							int64_t now_ms);

/* Brings it up to now; amortised O(1).  A clock that went back is ignored. */
extern void ghc_window_roll(GhcWindow *window, int64_t now_ms);

/* The clock jumped by so much: all that was noted keeps its age. */
extern void ghc_window_shift(GhcWindow *window, int64_t by_ms);

/*
 * Adds an amount, maybe negative, at a moment up to now; one that is no
 * longer kept is forgotten.
 */
extern void ghc_window_add(GhcWindow *window, GhcSeries series,
						   int64_t at_ms, int64_t amount);

/* What was added since a moment at most so long ago as the window is. */
extern int64_t ghc_window_sum(const GhcWindow *window, GhcSeries series,
							  int64_t since_ms);

#endif							/* GHC_WINDOW_H */
