/*-------------------------------------------------------------------------
 *
 * traffic.h
 *	  Statistics of requests, by the minute and by the hour.
 *
 * Each worker adds to rows of its own, so that none waits for another.
 *
 * IDENTIFICATION
 *	  src/store/traffic.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STORE_TRAFFIC_H
#define GHC_STORE_TRAFFIC_H

#include "base/histogram.h"

/* requests of one minute that are alike in what is text here */
typedef struct GhcTrafficRow
{
	int64		minute;			/* since 1970 */
	const char *api_url;
	const char *kind;
	const char *status;
	const char *verdict;
	int64		count;
	int64		took_ms;		/* all of them together, like the next */
	int64		points;
	int64		wire_bytes;
	int64		repositories;
	GhcHistogram spread;		/* of the milliseconds */
} GhcTrafficRow;

/* Adds to a worker's minute and hour.  Between begin and commit. */
extern void ghc_traffic_add(int worker_no, const GhcTrafficRow *row);

/*
 * Deletes minutes older than an hour, and hours older than so many minutes, of
 * all workers.  Between begin and commit.
 */
extern void ghc_traffic_forget(int minutes);

#endif							/* GHC_STORE_TRAFFIC_H */
