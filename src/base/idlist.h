/*-------------------------------------------------------------------------
 *
 * idlist.h
 *	  Repository ids in few bytes, to keep what was seen in a range.
 *
 * Ids ascend and lie close together, so what is kept is the distance of each
 * from the one before, seven bits to a byte, low ones first: one byte for
 * most.  The bytes may come back from anywhere (a dump, a broken disk), so
 * that they are checked in full.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/base/idlist.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_IDLIST_H
#define GHC_IDLIST_H

#include "base/buffer.h"

/* Sorts ids ascending. */
extern void ghc_idlist_sort(int64_t *ids, size_t n);

/*
 * Appends the bytes of n ids, which are positive, ascending and distinct.
 * Memory that runs out shows in the buffer.
 */
extern void ghc_idlist_encode(const int64_t *ids, size_t n, GhcBuffer *out);

/*
 * Reads bytes back into room for "max" ids; returns how many there were, or
 * -1 if they are more, or the bytes are no such list.
 */
extern int	ghc_idlist_decode(GhcSlice bytes, int64_t *ids, int max);

#endif							/* GHC_IDLIST_H */
