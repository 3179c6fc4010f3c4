/*-------------------------------------------------------------------------
 *
 * inflate_fuzz.c
 *	  Unpacking of gzip bodies (inflate.c, buffer.c) against zlib alone.
 *
 * The input is taken as a packed body, and as a plain one that is packed here.
 * For any bytes:
 *
 *	- what zlib unpacks to the last byte comes out the same, whether libdeflate
 *	  or zlib did it; all else is broken, cut short ones included, but for what
 *	  libdeflate takes that breaks the format and still comes out with the
 *	  checksum and the size at its end: the length codes 286 and 287;
 *	- nothing beyond the limit is ever kept, and a body over it is said to be too
 *	  large; a limit that just fits is none;
 *	- what was packed here comes out as it was; with a byte changed or cut off
 *	  it never comes out as another text.
 *
 * IDENTIFICATION
 *	  test/fuzz/inflate_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include <zlib.h>

#include "fuzz.h"
#include "net/inflate.h"

#define LIMIT_BYTES 200000
#define GZIP_WINDOW_BITS (MAX_WBITS + 16)

static unsigned char wanted[LIMIT_BYTES + 1];

/* Unpacks by zlib in one go; -1 if that isn't one whole gzip file. */
static long
by_zlib(GhcSlice packed)
{
	z_stream	stream = {0};
	int			rc;
	long		made;

	if (inflateInit2(&stream, GZIP_WINDOW_BITS) != Z_OK)
		abort();
	stream.next_in = (Bytef *) packed.data;
	stream.avail_in = (uInt) packed.len;
	stream.next_out = wanted;
	stream.avail_out = sizeof(wanted);
	rc = inflate(&stream, Z_FINISH);
	made = (long) stream.total_out;
	if (made <= LIMIT_BYTES && (rc != Z_STREAM_END || stream.avail_in > 0))
		made = -1;
	inflateEnd(&stream);
	return made;
}

/* Is this what the end of a gzip file says of its contents? */
static bool
is_as_promised(GhcSlice packed, const GhcBuffer *out)
{
	const unsigned char *end = (const unsigned char *) packed.data + packed.len;
	unsigned long sum = crc32(0, (const Bytef *) out->data, (uInt) out->len);

	return packed.len > 8 &&
		sum == ((unsigned long) end[-5] << 24 | end[-6] << 16 | end[-7] << 8 | end[-8]) &&
		out->len == ((unsigned long) end[-1] << 24 | end[-2] << 16 | end[-3] << 8 | end[-4]);
}

static void
check_packed(GhcSlice packed, size_t limit)
{
	GhcBuffer	out = {.limit_bytes = limit};
	GhcInflated result = ghc_inflate(packed, &out);
	long		want = by_zlib(packed);

	check(out.len <= limit && result != GHC_INFLATED_NO_MEMORY);
	if (want > (long) limit)
		check(result == GHC_INFLATED_TOO_LARGE);
	else if (want >= 0)
		check(result == GHC_INFLATED_OK && out.len == (size_t) want &&
			  memcmp(out.data, wanted, out.len) == 0);
	else
		check(result == GHC_INFLATED_BROKEN || result == GHC_INFLATED_TOO_LARGE ||
			  is_as_promised(packed, &out));
	ghc_buffer_free(&out);
}

/* Packs the input; returns how many bytes that takes. */
static size_t
pack(const uint8_t *data, size_t size, int level, char *out, size_t room)
{
	z_stream	stream = {0};

	if (deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW_BITS, 8,
					 Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	stream.next_in = (Bytef *) data;
	stream.avail_in = (uInt) size;
	stream.next_out = (Bytef *) out;
	stream.avail_out = (uInt) room;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END)
		abort();
	room = stream.total_out;
	deflateEnd(&stream);
	return room;
}

static void
check_plain(const uint8_t *data, size_t size)
{
	size_t		room = size + size / 1000 + 64;
	char	   *packed = malloc(room);
	size_t		len = pack(data, size, (int) (size % 10), packed, room);
	FuzzRandom	random = fuzz_random(data, size, 0);
	GhcSlice	whole = {packed, len};
	char	   *copy = fuzz_copy(packed, len);
	GhcSlice	part = {copy, fuzz_below(&random, (unsigned) len)};
	unsigned	at;

	check_packed(whole, LIMIT_BYTES);
	check(by_zlib(whole) == (long) size &&
		  (size == 0 || memcmp(wanted, data, size) == 0));
	if (size > 0)
	{
		check_packed(whole, size);
		if (size > 1)
			check_packed(whole, size - 1);
	}
	check_packed(part, LIMIT_BYTES);
	at = fuzz_below(&random, (unsigned) len);
	copy[at] ^= (char) (1 << fuzz_below(&random, 8));
	check_packed((GhcSlice) {copy, len}, LIMIT_BYTES);
	free(copy);
	free(packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *copy = fuzz_copy(data, size);

	check_packed((GhcSlice) {copy, size}, LIMIT_BYTES);
	check_packed((GhcSlice) {copy, size}, 100);
	if (size <= LIMIT_BYTES)
		check_plain(data, size);
	free(copy);
	return 0;
}
