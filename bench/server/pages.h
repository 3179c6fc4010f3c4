/*-------------------------------------------------------------------------
 *
 * pages.h
 *	  Pages of searches, packed ahead, and replies joined from them.
 *
 * A page is packed as deflate blocks that end at a byte and refer to nothing
 * before them (Z_FULL_FLUSH).  So a reply is put together by copying: what
 * stands between its pages goes into stored blocks, and the checksum of the
 * whole is combined from those of the pieces.  Nothing is packed per request.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_PAGES_H
#define BENCH_PAGES_H

#include "world.h"

#define PAGE_ROWS 100
#define CLUSTER_PAGES 9
#define GENERATIONS 2

/* a piece of a reply: a value of JSON, packed */
typedef struct Part
{
	char	   *packed;
	uint32_t	packed_len;
	uint32_t	plain_len;
	uint32_t	crc;
} Part;

typedef struct Library
{
	World		world;
	int			generations;	/* that were made ahead */
	Part	   *parts[GENERATIONS];
	uint64_t	page_bytes;		/* of all parts of a generation, packed */
	uint64_t	plain_bytes;	/* and plain */
} Library;

/* a page of a search: which clusters it finds, and where it is in them */
typedef struct PageRequest
{
	long		first_cluster;
	long		n_clusters;
	int			offset;
	int			first;
} PageRequest;

/* Makes all pages of so many generations; takes about 3 ms a page and core. */
extern void library_make(Library *library, int generations, int n_threads);

/*
 * The part that answers a request, if it was made ahead; NULL if not.
 */
extern const Part *library_find(const Library *library, int generation,
								const PageRequest *request);

/* Appends a page's JSON, whether it was made ahead or not. */
extern void library_put_page(const Library *library, int generation,
							 const PageRequest *request, GhcBuffer *out);

/* a reply as it grows: gzip, or plain if packed is false */
typedef struct Joiner
{
	GhcBuffer	body;
	bool		packed;
	uint32_t	crc;
	uint32_t	plain_len;
} Joiner;

/* Begins a reply; the buffer's memory is used again. */
extern void joiner_begin(Joiner *joiner, bool packed);

/* Appends text as it is. */
extern void joiner_put_text(Joiner *joiner, const char *text, size_t len);

/* Appends a part; only if the reply is packed. */
extern void joiner_put_part(Joiner *joiner, const Part *part);

/* Appends text, packing it now. */
extern void joiner_pack_text(Joiner *joiner, const char *text, size_t len);

extern void joiner_end(Joiner *joiner);

#endif							/* BENCH_PAGES_H */
