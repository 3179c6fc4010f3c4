/*-------------------------------------------------------------------------
 *
 * window.c
 *	  Sums over the last minute; see window.h.
 *
 * IDENTIFICATION
 *	  src/github/window.c
 *
 *-------------------------------------------------------------------------
 */
#include <string.h>

#include "github/window.h"

/* buckets of a window: fewer than slots, as the edges need one each */
#define BUCKETS 1000

#define SLOT(bucket) ((bucket) & (GHC_WINDOW_SLOTS - 1))

void
ghc_window_init(GhcWindow *window, int64_t length_ms, int64_t now_ms)
{
	memset(window, 0, sizeof(*window));
	window->length_ms = length_ms;
	window->bucket_ms = (length_ms + BUCKETS - 1) / BUCKETS;
	window->head = now_ms / window->bucket_ms;
}

void
ghc_window_roll(GhcWindow *window, int64_t now_ms)
{
	int64_t		head = now_ms / window->bucket_ms;
	int64_t		next = window->head + 1;

	if (next <= head - GHC_WINDOW_SLOTS)
		next = head - GHC_WINDOW_SLOTS + 1;
	for (; next <= head; next++)
	{
		for (int series = 0; series < GHC_SERIES_COUNT; series++)
			window->before[series][SLOT(next)] = window->total[series];
		window->head = next;
	}
}

void
ghc_window_shift(GhcWindow *window, int64_t by_ms)
{
	int64_t		by = by_ms / window->bucket_ms;
	GhcWindow	was = *window;

	window->head += by;
	for (int series = 0; series < GHC_SERIES_COUNT; series++)
		for (int64_t slot = 0; slot < GHC_WINDOW_SLOTS; slot++)
			window->before[series][SLOT(slot + by)] = was.before[series][slot];
}

void
ghc_window_add(GhcWindow *window, GhcSeries series, int64_t at_ms,
			   int64_t amount)
{
	int64_t		bucket = at_ms / window->bucket_ms;

	if (bucket <= window->head - GHC_WINDOW_SLOTS)
		return;
	while (++bucket <= window->head)
		window->before[series][SLOT(bucket)] += (uint32_t) amount;
	window->total[series] += (uint32_t) amount;
}

int64_t
ghc_window_sum(const GhcWindow *window, GhcSeries series, int64_t since_ms)
{
	int64_t		bucket = since_ms / window->bucket_ms;
	int64_t		oldest = window->head - GHC_WINDOW_SLOTS + 1;

	if (bucket > window->head)
		return 0;
	if (bucket < oldest)
		bucket = oldest;
	return (int64_t) (window->total[series] -
					  window->before[series][SLOT(bucket)]);
}
