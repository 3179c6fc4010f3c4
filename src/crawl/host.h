/*-------------------------------------------------------------------------
 *
 * host.h
 *	  What a worker learns of a GitHub: how much it answers at once.
 *
 * IDENTIFICATION
 *	  src/crawl/host.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_HOST_H
#define GHC_HOST_H

#include "crawl/state.h"

/* The host at an address, made if it isn't known; lives as long as the worker. */
extern GhcHost *ghc_host_of(GhcWorker *worker, const char *api_url);

/* Reads what was learnt before of a crawl's requests.  In a transaction. */
extern void ghc_host_recall(GhcWorker *worker, const GhcRun *run);

/* Writes down what is new, "at_once" or now and then.  In a transaction. */
extern void ghc_host_keep(GhcWorker *worker, int64 now_ms, bool at_once);

/* The same shape, in memory that lives as long as the worker. */
extern GhcShape ghc_host_shape(GhcHost *host, const GhcShape *shape);

/* How much a lane's next request for a shape may ask for. */
extern GhcRoom ghc_host_room(GhcLane *lane, const GhcShape *shape,
							 GhcWant want);

/* Fills in what requests for pages should come to. */
extern void ghc_host_look_ahead(GhcLane *lane, const GhcShape *shape,
								GhcRoom *room);

/*
 * How many ids such a request may look up in all; room->parts becomes in how
 * many lists they may be, which cost nothing.
 */
extern int	ghc_host_ids(GhcHost *host, const GhcShape *shape, GhcRoom *room);

/* What is known of such requests, for choosing between ways (github/way.h). */
extern GhcWayPart ghc_host_part(GhcHost *host, const GhcShape *shape,
								GhcWant want);

/* What a flight that is composed should take, in milliseconds. */
extern int64 ghc_host_expected_ms(GhcHost *host, const GhcFlight *flight);

/* A flight goes out. */
extern void ghc_host_note_sent(GhcHost *host, GhcFlight *flight);

/* Takes in what a flight's answer tells of its host. */
extern void ghc_host_learn(GhcHost *host, const GhcFlight *flight);

#endif							/* GHC_HOST_H */
