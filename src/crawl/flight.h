/*-------------------------------------------------------------------------
 *
 * flight.h
 *	  Flights: requests, from composing them to judging their answers.
 *
 * Nothing here touches the database.
 *
 * IDENTIFICATION
 *	  src/crawl/flight.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_FLIGHT_H
#define GHC_FLIGHT_H

#include "crawl/state.h"

/* Sends whatever lanes may send now. */
extern void ghc_flight_send_all(GhcWorker *worker);

/*
 * Takes in a finished transfer; nothing is written yet.  Returns how many
 * repositories are to be stored.
 */
extern int	ghc_flight_take_in(GhcWorker *worker, GhcTransfer *transfer);

/* How many repositories a flight brought at most. */
extern int	ghc_flight_rows(const GhcFlight *flight);

/* Was there a good answer? */
extern bool ghc_flight_is_answer(const GhcFlight *flight);

/* After its answer was written: frees it; its works wait for another. */
extern void ghc_flight_end(GhcWorker *worker, GhcFlight *flight);

/* Can a lane send something for a work that waits? */
extern bool ghc_flight_is_for(const GhcLane *lane, const GhcRun *run);

/* Frees a work that no flight carries. */
extern void ghc_flight_drop_work(GhcWorker *worker, GhcWork *work);

#endif							/* GHC_FLIGHT_H */
