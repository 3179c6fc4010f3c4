/*-------------------------------------------------------------------------
 *
 * idset.h
 *	  A set of repository ids, to count the distinct ones of a range.
 *
 * Open addressing on malloc; a zeroed GhcIdSet is empty and ready.  Ids are
 * positive.  Nothing throws.
 *
 * IDENTIFICATION
 *	  src/base/idset.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_IDSET_H
#define GHC_IDSET_H

#include "base/slice.h"

typedef struct GhcIdSet
{
	int64_t    *slot;			/* 0: free */
	size_t		capacity;		/* a power of two, or 0 */
	size_t		n;
} GhcIdSet;

/* Adds an id; true if it was new.  Out of memory: false, as if known. */
extern bool ghc_idset_add(GhcIdSet *set, int64_t id);

/* Is an id in the set? */
extern bool ghc_idset_has(const GhcIdSet *set, int64_t id);

/* Empties the set and frees its memory. */
extern void ghc_idset_free(GhcIdSet *set);

#endif							/* GHC_IDSET_H */
