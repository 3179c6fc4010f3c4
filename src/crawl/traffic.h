/*-------------------------------------------------------------------------
 *
 * traffic.h
 *	  What a worker's requests took and brought, until it is written.
 *
 * IDENTIFICATION
 *	  src/crawl/traffic.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TRAFFIC_H
#define GHC_TRAFFIC_H

#include "nodes/pg_list.h"

#include "github/classify.h"
#include "github/query.h"

/* an answer that was just judged */
typedef struct GhcTrafficNote
{
	const char *api_url;
	const char *kind;			/* static text; see ghc_traffic_kind */
	int			status;			/* of HTTP; 0: none */
	GhcVerdict	verdict;
	int			expected_points;
	const GhcReply *reply;		/* NULL: no whole answer arrived */
	int64		arrived_ms;
	int64		took_ms;
	int64		wire_bytes;
} GhcTrafficNote;

/* What is not written yet; zeroed it is empty and ready. */
typedef struct GhcTraffic
{
	List	   *rows;			/* GhcTrafficRow */
	MemoryContext context;		/* of rows; NULL: none yet */
	int64		forgot_minute;	/* when old rows were last deleted */
} GhcTraffic;

/* The kind of a request by what it asks for: page, count, list, viewer, mixed; those to the REST API are "rest". */
extern const char *ghc_traffic_kind(const GhcQuery *query);

/* Counts an answer, in memory. */
extern void ghc_traffic_note(GhcTraffic *traffic, const GhcTrafficNote *note);

/*
 * Adds what was counted to ghcrawl.traffic, and deletes what is too old there.
 * Between ghc_db_begin and ghc_db_commit; ghc_traffic_clear is to follow the
 * commit.
 */
extern void ghc_traffic_flush(GhcTraffic *traffic, int worker_no);

/* After the commit of what was flushed: nothing is left to be written. */
extern void ghc_traffic_clear(GhcTraffic *traffic);

#endif							/* GHC_TRAFFIC_H */
