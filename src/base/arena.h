/*-------------------------------------------------------------------------
 *
 * arena.h
 *	  Memory of one reply: many small pieces, freed together.
 *
 * Chunks come from malloc and are kept over a reset, so that a worker in its
 * steady state allocates nothing.  Nothing throws; NULL means out of memory.
 *
 * IDENTIFICATION
 *	  src/base/arena.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ARENA_H
#define GHC_ARENA_H

#include "base/slice.h"

typedef struct GhcArenaChunk GhcArenaChunk;

typedef struct GhcArena
{
	GhcArenaChunk *first;
	GhcArenaChunk *current;
} GhcArena;

/* A zeroed GhcArena is empty and ready. */

/* Returns zeroed memory aligned to 16 bytes, or NULL. */
extern void *ghc_arena_alloc(GhcArena *arena, size_t size);

/* Makes all memory available again; what was handed out is invalid. */
extern void ghc_arena_reset(GhcArena *arena);

/* Gives all memory back to malloc. */
extern void ghc_arena_free(GhcArena *arena);

#endif							/* GHC_ARENA_H */
