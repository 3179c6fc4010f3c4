/*-------------------------------------------------------------------------
 *
 * latency.h
 *	  How long GitHub takes for a request, learned from replies.
 *
 * Time is taken as base + parts * a + rows * b.  The three are fitted to the
 * relative errors of some 25 replies, old ones fading; single replies that look
 * like none before are left out.  What the replies say nothing about stays as it was:
 * as long as all requests are of one size nobody can tell base from rows.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/latency.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LATENCY_H
#define GHC_LATENCY_H

#include "base/slice.h"

#define GHC_LATENCY_TERMS 3

typedef struct GhcLatency
{
	int64_t		n;				/* replies learned from */
	int			surprises;		/* replies in a row that were left out */
	double		deviation;		/* mean error, as a fraction */
	double		ms[GHC_LATENCY_TERMS];	/* base, of a part, of 100 rows */

	/* sums over replies, faded: terms by terms, and terms by time */
	double		squares[GHC_LATENCY_TERMS][GHC_LATENCY_TERMS];
	double		products[GHC_LATENCY_TERMS];
} GhcLatency;

/* Nothing is known: a second for a page of a hundred. */
extern void ghc_latency_init(GhcLatency *latency);

/* Learns from a reply that brought "rows" in so many parts. */
extern void ghc_latency_note(GhcLatency *latency, int parts, int64_t rows,
							 int64_t took_ms);

/* What such a request is expected to take, in milliseconds; at least 1. */
extern double ghc_latency_expect(const GhcLatency *latency, int parts,
								 int64_t rows);

#endif							/* GHC_LATENCY_H */
