/*-------------------------------------------------------------------------
 *
 * inflate_test.c
 *	  Tests of src/net/inflate.c: what is whole, cut short, damaged, a bomb.
 *
 * Run once with libdeflate and once without, it must say the same.
 *
 * IDENTIFICATION
 *	  test/unit/inflate_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "net/inflate.h"
#include "tap.h"

#include <stdlib.h>
#include <zlib.h>

static const char text[] = "{\"data\":{\"p0\":{\"repositoryCount\":998,\"nodes\":[";

/* So many bytes that look like JSON, as a gzip file. */
static void
pack(size_t size, GhcBuffer *packed)
{
	z_stream	stream = {0};
	GhcBuffer	plain = {0};

	for (size_t i = 0; i < size; i++)
		ghc_buffer_append(&plain, i % 41 == 40 ? &"0123456789"[i / 41 % 10] :
						  &text[i % (sizeof(text) - 1)], 1);
	deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
	ghc_buffer_reset(packed);
	ghc_buffer_reserve(packed, deflateBound(&stream, size));
	stream.next_in = (Bytef *) plain.data;
	stream.avail_in = (uInt) size;
	stream.next_out = (Bytef *) packed->data;
	stream.avail_out = (uInt) packed->cap;
	deflate(&stream, Z_FINISH);
	packed->len = stream.total_out;
	deflateEnd(&stream);
	ghc_buffer_free(&plain);
}

static GhcInflated
unpack(const GhcBuffer *packed, size_t len, GhcBuffer *out)
{
	/* a copy of just that size, so that the sanitizers see a byte too many */
	char	   *copy = malloc(len + 1);
	GhcInflated result;

	memcpy(copy, packed->data, len);
	result = ghc_inflate((GhcSlice) {copy, len}, out);
	free(copy);
	return result;
}

static void
test_whole(void)
{
	static const size_t sizes[] = {0, 1, 100, 32768, 32769, 1000000};
	GhcBuffer	packed = {0};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		GhcBuffer	out = {0};

		ghc_buffer_puts(&out, "before");
		pack(sizes[i], &packed);
		is_int(unpack(&packed, packed.len, &out), GHC_INFLATED_OK, "it is whole");
		is_int(out.len, sizes[i] + 6, "all came out, behind what was there");
		ok(sizes[i] == 0 || out.data[6] == text[0], "as it went in");
		ok(out.data[out.len] == '\0', "terminated");
		ghc_buffer_free(&out);
	}
	ghc_buffer_free(&packed);
}

static void
test_cut_short(void)
{
	GhcBuffer	packed = {0};
	GhcBuffer	out = {.limit_bytes = 100000};
	int			taken = 0;

	pack(5000, &packed);
	for (size_t len = 0; len < packed.len; len++)
	{
		ghc_buffer_reset(&out);
		taken += unpack(&packed, len, &out) != GHC_INFLATED_BROKEN;
	}
	is_int(taken, 0, "cut short anywhere it is broken");
	ghc_buffer_free(&packed);
	ghc_buffer_free(&out);
}

static void
test_damaged(void)
{
	GhcBuffer	packed = {0};
	GhcBuffer	out = {.limit_bytes = 100000};
	int			taken = 0;

	/* the last eight bytes are checksum and size */
	pack(5000, &packed);
	for (int i = 1; i <= 8; i++)
		for (int change = 1; change < 256; change <<= 1)
		{
			ghc_buffer_reset(&out);
			packed.data[packed.len - i] ^= change;
			taken += unpack(&packed, packed.len, &out) != GHC_INFLATED_BROKEN;
			packed.data[packed.len - i] ^= change;
		}
	is_int(taken, 0, "neither checksum nor size may be wrong in a bit");
	ghc_buffer_append(&packed, "x", 1);
	ghc_buffer_reset(&out);
	is_int(unpack(&packed, packed.len, &out), GHC_INFLATED_BROKEN,
		   "nor may anything follow");
	ghc_buffer_free(&packed);
	ghc_buffer_free(&out);
}

/* A header may have a checksum of its own, and then it must be right. */
static void
test_header_checksum(void)
{
	GhcBuffer	packed = {0};
	GhcBuffer	with = {0};
	GhcBuffer	out = {0};
	unsigned long sum;
	char		sum_bytes[2];

	pack(5000, &packed);
	packed.data[3] |= 2;
	sum = crc32(0, (const Bytef *) packed.data, 10);
	sum_bytes[0] = (char) sum;
	sum_bytes[1] = (char) (sum >> 8);
	ghc_buffer_append(&with, packed.data, 10);
	ghc_buffer_append(&with, sum_bytes, 2);
	ghc_buffer_append(&with, packed.data + 10, packed.len - 10);
	is_int(unpack(&with, with.len, &out), GHC_INFLATED_OK, "a header with its checksum");
	is_int(out.len, 5000, "all came out");
	with.data[10] ^= 1;
	ghc_buffer_reset(&out);
	is_int(unpack(&with, with.len, &out), GHC_INFLATED_BROKEN, "a wrong one");
	ghc_buffer_free(&packed);
	ghc_buffer_free(&with);
	ghc_buffer_free(&out);
}

static void
test_limit(void)
{
	GhcBuffer	packed = {0};
	GhcBuffer	out = {.limit_bytes = 100000};

	pack(100000, &packed);
	is_int(unpack(&packed, packed.len, &out), GHC_INFLATED_OK, "as much as is allowed");
	ghc_buffer_reset(&out);
	pack(100001, &packed);
	is_int(unpack(&packed, packed.len, &out), GHC_INFLATED_TOO_LARGE, "a byte more");
	pack(20000000, &packed);
	ghc_buffer_reset(&out);
	is_int(unpack(&packed, packed.len, &out), GHC_INFLATED_TOO_LARGE, "a bomb");
	ok(out.cap <= 100001, "which took no more memory than is allowed");

	/* it may say that it is small */
	memset(packed.data + packed.len - 4, 0, 4);
	packed.data[packed.len - 4] = 100;
	ghc_buffer_reset(&out);
	is_int(unpack(&packed, packed.len, &out), GHC_INFLATED_TOO_LARGE,
		   "a bomb that denies it");
	ghc_buffer_free(&packed);
	ghc_buffer_free(&out);
}

int
main(void)
{
	test_whole();
	test_cut_short();
	test_damaged();
	test_header_checksum();
	test_limit();
	return done_testing();
}
