/*-------------------------------------------------------------------------
 *
 * pages.c
 *	  Pages packed ahead, and replies joined from them; see pages.h.
 *
 *-------------------------------------------------------------------------
 */
#include "pages.h"

#include <err.h>
#include <pthread.h>
#include <stdlib.h>
#include <zlib.h>

#include "github/cursor.h"
#include "github/range.h"

/* ghcrawl's pages begin with the last repository of the page before */
#define OVERLAPPING_STEP (PAGE_ROWS - 1)

/* both rows of pages of a cluster; the first page is in both */
#define CLUSTER_PARTS (2 * CLUSTER_PAGES)

/* what a stored block holds at most */
#define STORED_BYTES 65535

#define GZIP_HEADER "\x1f\x8b\x08\0\0\0\0\0\0\x03"

/* ---------------------------------------------------------------------------
 * packing
 * ---------------------------------------------------------------------------
 */

/* Packs text into blocks that stand for themselves and don't end the stream. */
static Part
pack(z_stream *stream, const char *text, size_t len)
{
	Part		part = {0};
	size_t		room;

	deflateReset(stream);
	room = deflateBound(stream, len) + 16;
	part.packed = malloc(room);
	if (part.packed == NULL)
		errx(1, "out of memory");
	stream->next_in = (Bytef *) text;
	stream->avail_in = (uInt) len;
	stream->next_out = (Bytef *) part.packed;
	stream->avail_out = (uInt) room;
	if (deflate(stream, Z_FULL_FLUSH) != Z_OK || stream->avail_in > 0)
		errx(1, "deflate failed");
	part.packed_len = (uint32_t) (room - stream->avail_out);
	part.packed = realloc(part.packed, part.packed_len);
	part.plain_len = (uint32_t) len;
	part.crc = (uint32_t) crc32(0, (const Bytef *) text, (uInt) len);
	return part;
}

/* Raw deflate of level 6, zlib's and most servers' default. */
static void
open_stream(z_stream *stream)
{
	memset(stream, 0, sizeof(*stream));
	if (deflateInit2(stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		errx(1, "deflateInit2 failed");
}

/* ---------------------------------------------------------------------------
 * pages
 * ---------------------------------------------------------------------------
 */

/* Which of a cluster's parts a page is; -1 if it is none. */
static int
part_number(const PageRequest *request)
{
	if (request->n_clusters != 1 || request->first != PAGE_ROWS || request->offset >= CLUSTER)
		return -1;
	if (request->offset % OVERLAPPING_STEP == 0)
		return request->offset / OVERLAPPING_STEP;
	if (request->offset % PAGE_ROWS == 0)
		return CLUSTER_PAGES + request->offset / PAGE_ROWS;
	return -1;
}

void
library_put_page(const Library *library, int generation, const PageRequest *request,
				 GhcBuffer *out)
{
	long		count = request->n_clusters * CLUSTER;
	long		end = request->offset + request->first;
	char		cursor[GHC_CURSOR_BYTES];

	end = end < count ? end : count;
	end = end < GHC_SEARCH_CAP ? end : GHC_SEARCH_CAP;
	ghc_cursor_format((int) end, cursor);
	ghc_buffer_printf(out, "{\"repositoryCount\":%ld,\"pageInfo\":{\"hasNextPage\":%s,"
					  "\"endCursor\":\"%s\"},\"nodes\":[", count,
					  end < count && end < GHC_SEARCH_CAP ? "true" : "false", cursor);
	for (long i = request->offset; i < end; i++)
	{
		if (i > request->offset)
			ghc_buffer_puts(out, ",");
		world_put(&library->world, generation, request->first_cluster + i / CLUSTER,
				  (int) (i % CLUSTER), out);
	}
	ghc_buffer_puts(out, "]}");
	if (out->failed)
		errx(1, "out of memory");
}

const Part *
library_find(const Library *library, int generation, const PageRequest *request)
{
	int			number = part_number(request);

	if (number < 0 || generation >= library->generations)
		return NULL;
	return &library->parts[generation][request->first_cluster * CLUSTER_PARTS + number];
}

/* what one thread of several makes */
typedef struct Share
{
	Library    *library;
	int			generation;
	long		first;
	long		step;
	pthread_t	thread;
} Share;

static void
make_cluster(Library *library, int generation, long cluster, z_stream *stream, GhcBuffer *text)
{
	Part	   *parts = &library->parts[generation][cluster * CLUSTER_PARTS];

	for (int i = 0; i < CLUSTER_PARTS; i++)
	{
		PageRequest request = {cluster, 1, 0, PAGE_ROWS};

		request.offset = i < CLUSTER_PAGES ? i * OVERLAPPING_STEP : (i - CLUSTER_PAGES) * PAGE_ROWS;
		if (part_number(&request) != i)
			continue;			/* the first page is there already */
		ghc_buffer_reset(text);
		library_put_page(library, generation, &request, text);
		parts[i] = pack(stream, text->data, text->len);
	}
}

static void *
make_share(void *arg)
{
	Share	   *share = arg;
	GhcBuffer	text = {0};
	z_stream	stream;

	open_stream(&stream);
	for (long c = share->first; c < share->library->world.n_clusters; c += share->step)
		make_cluster(share->library, share->generation, c, &stream, &text);
	deflateEnd(&stream);
	ghc_buffer_free(&text);
	return NULL;
}

static void
sum_up(Library *library)
{
	for (long i = 0; i < library->world.n_clusters * CLUSTER_PARTS; i++)
		if (i % CLUSTER_PARTS < CLUSTER_PAGES)
		{
			library->page_bytes += library->parts[0][i].packed_len;
			library->plain_bytes += library->parts[0][i].plain_len;
		}
}

void
library_make(Library *library, int generations, int n_threads)
{
	Share	   *shares = calloc((size_t) n_threads, sizeof(Share));
	size_t		n_parts = (size_t) library->world.n_clusters * CLUSTER_PARTS;

	for (int g = 0; g < generations; g++)
	{
		library->parts[g] = calloc(n_parts, sizeof(Part));
		if (shares == NULL || library->parts[g] == NULL)
			errx(1, "out of memory");
		for (int i = 0; i < n_threads; i++)
		{
			shares[i] = (Share) {library, g, i, n_threads, 0};
			if (pthread_create(&shares[i].thread, NULL, make_share, &shares[i]) != 0)
				errx(1, "no thread");
		}
		for (int i = 0; i < n_threads; i++)
			pthread_join(shares[i].thread, NULL);
	}
	free(shares);
	library->generations = generations;
	sum_up(library);
}

/* ---------------------------------------------------------------------------
 * joining
 * ---------------------------------------------------------------------------
 */

void
joiner_begin(Joiner *joiner, bool packed)
{
	ghc_buffer_reset(&joiner->body);
	joiner->packed = packed;
	joiner->crc = 0;
	joiner->plain_len = 0;
	if (packed)
		ghc_buffer_append(&joiner->body, GZIP_HEADER, sizeof(GZIP_HEADER) - 1);
}

static void
put_stored(Joiner *joiner, const char *text, size_t len, bool last)
{
	unsigned char head[5] = {last, len & 0xff, len >> 8, ~len & 0xff, (~len >> 8) & 0xff};

	ghc_buffer_append(&joiner->body, (const char *) head, sizeof(head));
	ghc_buffer_append(&joiner->body, text, len);
}

void
joiner_put_text(Joiner *joiner, const char *text, size_t len)
{
	if (!joiner->packed)
	{
		ghc_buffer_append(&joiner->body, text, len);
		return;
	}
	joiner->crc = (uint32_t) crc32(joiner->crc, (const Bytef *) text, (uInt) len);
	joiner->plain_len += (uint32_t) len;
	for (; len > STORED_BYTES; text += STORED_BYTES, len -= STORED_BYTES)
		put_stored(joiner, text, STORED_BYTES, false);
	put_stored(joiner, text, len, false);
}

void
joiner_put_part(Joiner *joiner, const Part *part)
{
	joiner->crc = (uint32_t) crc32_combine(joiner->crc, part->crc, (z_off_t) part->plain_len);
	joiner->plain_len += part->plain_len;
	ghc_buffer_append(&joiner->body, part->packed, part->packed_len);
}

void
joiner_pack_text(Joiner *joiner, const char *text, size_t len)
{
	z_stream	stream;
	Part		part;

	if (!joiner->packed)
	{
		joiner_put_text(joiner, text, len);
		return;
	}
	open_stream(&stream);
	part = pack(&stream, text, len);
	joiner_put_part(joiner, &part);
	free(part.packed);
	deflateEnd(&stream);
}

void
joiner_end(Joiner *joiner)
{
	unsigned char tail[8];

	if (!joiner->packed)
		return;
	put_stored(joiner, "", 0, true);
	for (int i = 0; i < 4; i++)
	{
		tail[i] = (unsigned char) (joiner->crc >> (8 * i));
		tail[4 + i] = (unsigned char) (joiner->plain_len >> (8 * i));
	}
	ghc_buffer_append(&joiner->body, (const char *) tail, sizeof(tail));
}
