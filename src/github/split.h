/*-------------------------------------------------------------------------
 *
 * split.h
 *	  What a profile asks for, split by price: what is free, and the rest.
 *
 * A connection in a page is paid for every repository of it (price.h), and it
 * slows the search down.  So a search may ask for the free part only, and the
 * rest be asked for later, by id (way.h).
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/split.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SPLIT_H
#define GHC_SPLIT_H

#include "github/query.h"

typedef struct GhcSplit
{
	GhcShape	flat;			/* what costs nothing */
	GhcShape	rest;			/* what does, and what a row can't be without */
	bool		in_two;			/* is there anything in the rest? */
	bool		is_dated;		/* does the flat part tell when the rest may
								 * have changed? */
} GhcSplit;

/*
 * Splits a shape; the parts point into its text.  What a user added is taken
 * as one: it is in the rest if any of it costs, and nothing tells when that
 * changes.
 */
extern void ghc_split(const GhcShape *whole, GhcSplit *split);

#endif							/* GHC_SPLIT_H */
