/*-------------------------------------------------------------------------
 *
 * arena.c
 *	  Memory of one reply: many small pieces, freed together; see arena.h.
 *
 * Chunks form a list: those up to "current" are in use, those behind it are
 * empty and wait for the next turn.  A new chunk is only taken from malloc
 * if no waiting one is large enough, so memory is bounded by the most that any
 * one reply needed, roughly.
 *
 * IDENTIFICATION
 *	  src/base/arena.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/arena.h"

#include <stdlib.h>

#define ALIGNMENT 16

/* a page of 100 repositories and its arrays fits into one or two */
#define CHUNK_BYTES (128 * 1024)

struct GhcArenaChunk
{
	GhcArenaChunk *next;
	size_t		size;
	size_t		used;
};

#define ALIGN_UP(n) (((n) + ALIGNMENT - 1) & ~(size_t) (ALIGNMENT - 1))
#define HEADER_BYTES ALIGN_UP(sizeof(GhcArenaChunk))

static GhcArenaChunk *
new_chunk(size_t size)
{
	GhcArenaChunk *chunk;

	if (size < CHUNK_BYTES)
		size = CHUNK_BYTES;
	chunk = malloc(HEADER_BYTES + size);
	if (chunk == NULL)
		return NULL;
	chunk->next = NULL;
	chunk->size = size;
	return chunk;
}

/* Moves to a chunk with room for size bytes. */
static bool
advance(GhcArena *arena, size_t size)
{
	GhcArenaChunk **place;
	GhcArenaChunk **from;
	GhcArenaChunk *chunk;

	place = arena->current ? &arena->current->next : &arena->first;
	for (from = place; *from != NULL; from = &(*from)->next)
		if ((*from)->size >= size)
			break;

	chunk = *from;
	if (chunk != NULL)
		*from = chunk->next;
	else
	{
		chunk = new_chunk(size);
		if (chunk == NULL)
			return false;
	}
	chunk->next = *place;
	*place = chunk;
	chunk->used = 0;
	arena->current = chunk;
	return true;
}

void *
ghc_arena_alloc(GhcArena *arena, size_t size)
{
	char	   *piece;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = ALIGN_UP(size);
	if (arena->current == NULL ||
		arena->current->size - arena->current->used < size)
	{
		if (!advance(arena, size))
			return NULL;
	}
	piece = (char *) arena->current + HEADER_BYTES + arena->current->used;
	arena->current->used += size;
	return memset(piece, 0, size);
}

void
ghc_arena_reset(GhcArena *arena)
{
	arena->current = NULL;
}

void
ghc_arena_free(GhcArena *arena)
{
	while (arena->first != NULL)
	{
		GhcArenaChunk *chunk = arena->first;

		arena->first = chunk->next;
		free(chunk);
	}
	arena->current = NULL;
}
