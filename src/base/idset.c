/*-------------------------------------------------------------------------
 *
 * idset.c
 *	  A set of repository ids; see idset.h.
 *
 * IDENTIFICATION
 *	  src/base/idset.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/idset.h"

#include <stdlib.h>

#define FIRST_CAPACITY 1024		/* the 900 of a usual range; a hundred are
								 * read at once */

static size_t
find_slot(const GhcIdSet *set, int64_t id)
{
	/* Fibonacci hashing: ids of a range are close together */
	size_t		i = (size_t) (((uint64_t) id * UINT64_C(0x9E3779B97F4A7C15)) >> 32);

	for (i &= set->capacity - 1;; i = (i + 1) & (set->capacity - 1))
		if (set->slot[i] == 0 || set->slot[i] == id)
			return i;
}

static bool
grow(GhcIdSet *set)
{
	GhcIdSet	bigger = {0};

	bigger.capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY;
	bigger.slot = calloc(bigger.capacity, sizeof(int64_t));
	if (bigger.slot == NULL)
		return false;
	for (size_t i = 0; i < set->capacity; i++)
		if (set->slot[i] != 0)
			bigger.slot[find_slot(&bigger, set->slot[i])] = set->slot[i];
	bigger.n = set->n;
	free(set->slot);
	*set = bigger;
	return true;
}

bool
ghc_idset_add(GhcIdSet *set, int64_t id)
{
	size_t		i;

	if (set->n * 8 >= set->capacity * 7 && !grow(set))
		return false;
	i = find_slot(set, id);
	if (set->slot[i] == id)
		return false;
	set->slot[i] = id;
	set->n++;
	return true;
}

bool
ghc_idset_has(const GhcIdSet *set, int64_t id)
{
	return set->capacity > 0 && set->slot[find_slot(set, id)] == id;
}

void
ghc_idset_free(GhcIdSet *set)
{
	free(set->slot);
	*set = (GhcIdSet) {0};
}
