/*-------------------------------------------------------------------------
 *
 * details.h
 *	  Ranges that are read flat, and the rest that is asked for by id.
 *
 * IDENTIFICATION
 *	  src/crawl/details.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_DETAILS_H
#define GHC_DETAILS_H

#include "crawl/state.h"
#include "store/pages.h"

/* Readies a run that was just taken up.  In a transaction. */
extern void ghc_details_begin(GhcRun *run);

/* What a run asks of repositories by a piece; valid as long as its profile. */
extern const GhcShape *ghc_details_shape(const GhcRun *run, GhcPiece piece);

/* Chooses which piece a request for pages asks for. */
extern GhcPiece ghc_details_choose(GhcLane *lane, GhcRun *run);

/* What storing is to look for in rows of a piece. */
extern GhcApart ghc_details_apart(const GhcRun *run, GhcPiece piece);

/* Notes a row of a page that was stored: does it lack the rest? */
extern void ghc_details_note(GhcRun *run, GhcWork *work, const GhcStoreRow *row);

/*
 * Adds the tasks that ask for the rest, of a range that has ended; returns how
 * many.  In the transaction that ends the range.
 */
extern int	ghc_details_queue(const GhcWork *work);

#endif							/* GHC_DETAILS_H */
