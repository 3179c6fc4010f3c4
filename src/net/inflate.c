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

/* the largest window, and 16 for "gzip header and checksum, nothing else" */
#define GZIP_WINDOW_BITS (MAX_WBITS + 16)

#define STEP_BYTES 32768

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
