/*-------------------------------------------------------------------------
 *
 * idlist.c
 *	  Repository ids in few bytes; see idlist.h.
 *
 * IDENTIFICATION
 *	  src/base/idlist.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/idlist.h"

#include <stdlib.h>

/* bytes of the largest distance: 63 bits */
#define MAX_BYTES 9

static int
compare_ids(const void *a, const void *b)
{
	int64_t		left = *(const int64_t *) a;
	int64_t		right = *(const int64_t *) b;

	return (left > right) - (left < right);
}

void
ghc_idlist_sort(int64_t *ids, size_t n)
{
	if (n > 1)
		qsort(ids, n, sizeof(int64_t), compare_ids);
}

void
ghc_idlist_encode(const int64_t *ids, size_t n, GhcBuffer *out)
{
	int64_t		before = 0;

	for (size_t i = 0; i < n; i++)
	{
		uint64_t	distance = (uint64_t) (ids[i] - before);
		char		bytes[MAX_BYTES];
		size_t		len = 0;

		for (; distance > 0x7F; distance >>= 7)
			bytes[len++] = (char) (distance | 0x80);
		bytes[len++] = (char) distance;
		ghc_buffer_append(out, bytes, len);
		before = ids[i];
	}
}

/* Reads one distance from *at on; 0, which none is, if it is malformed. */
static uint64_t
read_distance(GhcSlice bytes, size_t *at)
{
	uint64_t	distance = 0;

	for (int i = 0; i < MAX_BYTES && *at < bytes.len; i++)
	{
		unsigned char byte = (unsigned char) bytes.data[(*at)++];

		distance |= (uint64_t) (byte & 0x7F) << (7 * i);
		if (byte < 0x80)
			return distance;
	}
	return 0;
}

int
ghc_idlist_decode(GhcSlice bytes, int64_t *ids, int max)
{
	uint64_t	id = 0;
	size_t		at = 0;
	int			n = 0;

	while (at < bytes.len)
	{
		uint64_t	distance = read_distance(bytes, &at);

		if (distance == 0 || distance > INT64_MAX - id || n == max)
			return -1;
		id += distance;
		ids[n++] = (int64_t) id;
	}
	return n;
}
