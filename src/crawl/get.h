/*-------------------------------------------------------------------------
 *
 * get.h
 *	  Flights that ask the REST API: one GET of one work.
 *
 * Nothing here touches the database.
 *
 * IDENTIFICATION
 *	  src/crawl/get.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CRAWL_GET_H
#define GHC_CRAWL_GET_H

#include "crawl/state.h"

/* Does a flight ask the REST API? */
static inline bool
ghc_get_is(const GhcFlight *flight)
{
	return flight->want == GHC_WANT_REST && !flight->asking;
}

/*
 * May a lane ask what a task wants?  If that is about an answer to a certain token, only
 * the lane that has it may, unless none of this worker's has.
 */
extern bool ghc_get_may_take(const GhcWorker *worker, const GhcLane *lane,
							 const GhcTask *task);

/* The token to ask by; if it isn't the one whose ETag the flight has, that is dropped. */
extern GhcToken *ghc_get_token(GhcFlight *flight);

/* What a flight is to take of its lane's budget. */
extern GhcOutlay ghc_get_outlay(const GhcFlight *flight);

/* Fills in what is asked; memory that runs out shows when it is sent. */
extern void ghc_get_fill(const GhcFlight *flight, GhcTransfer *transfer);

/*
 * Reads and judges what came, the headers being read already; *cost is in requests,
 * -1: not known.
 */
extern void ghc_get_judge(GhcFlight *flight, GhcTransport transport, int64 *cost);

#endif							/* GHC_CRAWL_GET_H */
