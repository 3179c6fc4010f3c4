/*-------------------------------------------------------------------------
 *
 * idlist_test.c
 *	  Ids that go into bytes and come back, and bytes that are damaged.
 *
 * IDENTIFICATION
 *	  test/unit/idlist_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <stdlib.h>

#include "base/idlist.h"
#include "tap.h"

#define MAX_IDS 1000

static int64_t back[MAX_IDS];

/* Decodes a copy of exactly that length, for the sanitizer. */
static int
decode(const char *data, size_t len, int max)
{
	char	   *copy = malloc(len > 0 ? len : 1);
	int			n;

	if (len > 0)
		memcpy(copy, data, len);
	n = ghc_idlist_decode((GhcSlice) {copy, len}, back, max);
	free(copy);
	return n;
}

/* Ids come back as they were; returns their bytes. */
static size_t
there_and_back(const int64_t *ids, int n, const char *name)
{
	GhcBuffer	buf = {0};
	size_t		len;

	ghc_idlist_encode(ids, (size_t) n, &buf);
	is_int(decode(buf.data, buf.len, n), n, name);
	ok(n == 0 || memcmp(ids, back, (size_t) n * sizeof(int64_t)) == 0,
	   "%s: the same ids", name);
	if (n > 0)
		is_int(decode(buf.data, buf.len, n - 1), -1, "no room for the last one");
	len = buf.len;
	ghc_buffer_free(&buf);
	return len;
}

static void
test_odd_lists(void)
{
	static const int64_t one[] = {1};
	static const int64_t largest[] = {INT64_MAX};
	static const int64_t ends[] = {1, INT64_MAX};
	static const int64_t borders[] = {
		127, 254, 382, 16765, 33149, INT64_C(1) << 31, INT64_C(1) << 32,
		INT64_C(1) << 62, INT64_MAX - 1, INT64_MAX
	};

	is_int(there_and_back(one, 0, "no id"), 0, "takes no byte");
	is_int(there_and_back(one, 1, "id 1"), 1, "takes one byte");
	is_int(there_and_back(largest, 1, "the largest id"), 9, "takes nine bytes");
	is_int(there_and_back(ends, 2, "both ends"), 10, "take ten bytes");
	there_and_back(borders, 10, "ids at the borders of bytes");
}

/* One public id in three, as GitHub's are: a byte each. */
static void
test_dense_list(void)
{
	int64_t		ids[MAX_IDS];
	int64_t		shuffled[MAX_IDS];

	for (int i = 0; i < MAX_IDS; i++)
	{
		ids[i] = INT64_C(1300000000) + 3 * i;
		shuffled[(i * 7) % MAX_IDS] = ids[i];
	}
	is_int(there_and_back(ids, MAX_IDS, "a full range"), MAX_IDS - 1 + 5,
		   "takes a byte for each but the first");
	ghc_idlist_sort(shuffled, MAX_IDS);
	ok(memcmp(ids, shuffled, sizeof(ids)) == 0, "ids are sorted");
	ghc_idlist_sort(shuffled, 0);
}

static void
test_damage(void)
{
	is_int(decode("\x05\x80", 2, MAX_IDS), -1, "the last one is cut short");
	is_int(decode("\x05\x00\x05", 3, MAX_IDS), -1, "an id twice");
	is_int(decode("\x00", 1, MAX_IDS), -1, "id 0");
	is_int(decode("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, MAX_IDS), -1,
		   "more bits than an id has");
	is_int(decode("\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01", 10, MAX_IDS), -1,
		   "an id beyond the largest");
	is_int(decode("\x05\x01", 2, 1), -1, "more ids than there is room for");

	/* whatever the bytes, nothing is read or written out of bounds */
	srand(1);
	for (int i = 0; i < 20000; i++)
	{
		char		noise[40];
		size_t		len = (size_t) rand() % sizeof(noise);
		int			n;

		for (size_t k = 0; k < len; k++)
			noise[k] = (char) rand();
		n = decode(noise, len, 20);
		for (int k = 0; k < n; k++)
			if (back[k] <= (k > 0 ? back[k - 1] : 0))
				ok(false, "ids of noise ascend");
	}
	ok(true, "noise was read");
}

int
main(void)
{
	test_odd_lists();
	test_dense_list();
	test_damage();
	return done_testing();
}
