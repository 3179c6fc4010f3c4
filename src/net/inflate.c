/*-------------------------------------------------------------------------
 *
 * inflate.c
 *	  Unpacks a gzip body.
 *
 * libcurl could do this as the bytes come, but it takes a body that ends
 * in the middle of its gzip file for a whole one (7.88, 8.14): a reply would be
 * cut short and nobody told.  So the packed body is kept and unpacked at the
 * end, when it is known that all of it must be there.
 *
 * Then it can also be done in one go, which libdeflate does in a third of
 * zlib's time.  It has to know how much comes out, which the last four bytes
 * of a gzip file say.  What it doesn't like is left to zlib, which goes on for
 * as long as the limit allows and knows why it stops; so there is one judge
 * of what is broken, too large or cut short.
 *
 * Nothing here throws.
 *
 * IDENTIFICATION
 *	  src/net/inflate.c
 *
 *-------------------------------------------------------------------------
 */
#include "net/inflate.h"

#include <limits.h>
#include <zlib.h>

#ifdef GHC_USE_LIBDEFLATE
#include <libdeflate.h>
#endif

/* the largest window, and 16 for "gzip header and checksum, nothing else" */
#define GZIP_WINDOW_BITS (MAX_WBITS + 16)

#define STEP_BYTES 32768

#ifdef GHC_USE_LIBDEFLATE

/* deflate packs no better than that */
#define BEST_RATIO 1032

/* header, an empty block, checksum and size */
#define LEAST_BYTES 20

/*
 * The header's flags, and that it has a checksum of its own, which libdeflate
 * passes over and zlib looks at.  No server writes it.
 */
#define FLAGS_AT 3
#define HEADER_CHECKSUM 0x02

/* What the end of a gzip file says its contents have in bytes. */
static size_t
claimed_size(GhcSlice packed)
{
	const unsigned char *end = (const unsigned char *) packed.data + packed.len;

	return (size_t) end[-4] | (size_t) end[-3] << 8 | (size_t) end[-2] << 16 |
		(size_t) end[-1] << 24;
}

/*
 * Unpacks all at once; false, with nothing appended, if that can't be done
 * for whatever reason.
 */
static bool
inflate_at_once(GhcSlice packed, GhcBuffer *out)
{
	static struct libdeflate_decompressor *decompressor;
	size_t		size;
	size_t		taken;
	size_t		made;

	if (decompressor == NULL)
		decompressor = libdeflate_alloc_decompressor();
	if (decompressor == NULL || packed.len < LEAST_BYTES ||
		(packed.data[FLAGS_AT] & HEADER_CHECKSUM) != 0)
		return false;
	size = claimed_size(packed);
	if (size / BEST_RATIO > packed.len || out->failed ||
		(out->limit_bytes > 0 && size > out->limit_bytes - out->len) ||
		!ghc_buffer_reserve(out, size))
		return false;
	if (libdeflate_gzip_decompress_ex(decompressor, packed.data, packed.len,
									  out->data + out->len, size, &taken,
									  &made) != LIBDEFLATE_SUCCESS ||
		taken != packed.len || made != size)
		return false;
	out->len += size;
	out->data[out->len] = '\0';
	return true;
}

#else

static bool
inflate_at_once(GhcSlice packed, GhcBuffer *out)
{
	(void) packed;
	(void) out;
	return false;
}

#endif

/* Says what zlib's last word means for a body that has no more bytes. */
static GhcInflated
judge_end(const z_stream *stream, int rc, const GhcBuffer *out)
{
	if (rc == Z_MEM_ERROR)
		return GHC_INFLATED_NO_MEMORY;
	if (out->overflow)
		return GHC_INFLATED_TOO_LARGE;
	if (out->failed)
		return GHC_INFLATED_NO_MEMORY;
	if (rc != Z_STREAM_END || stream->avail_in > 0)
		return GHC_INFLATED_BROKEN;
	return GHC_INFLATED_OK;
}

GhcInflated
ghc_inflate(GhcSlice packed, GhcBuffer *out)
{
	char		step[STEP_BYTES];
	z_stream	stream = {0};
	GhcInflated result;
	int			rc;

	if (packed.len > UINT_MAX)
		return GHC_INFLATED_TOO_LARGE;
	if (inflate_at_once(packed, out))
		return GHC_INFLATED_OK;
	rc = inflateInit2(&stream, GZIP_WINDOW_BITS);
	if (rc != Z_OK)
		return GHC_INFLATED_NO_MEMORY;

	stream.next_in = (Bytef *) packed.data;
	stream.avail_in = (uInt) packed.len;
	do
	{
		stream.next_out = (Bytef *) step;
		stream.avail_out = sizeof(step);
		rc = inflate(&stream, Z_NO_FLUSH);
		ghc_buffer_append(out, step, sizeof(step) - stream.avail_out);
	} while (rc == Z_OK && !out->failed);

	result = judge_end(&stream, rc, out);
	inflateEnd(&stream);
	return result;
}
