/*-------------------------------------------------------------------------
 *
 * buffer.h
 *	  A growing, size-capped byte buffer on malloc.
 *
 * It is used where palloc must not be: in pure code, which knows no memory
 * contexts, and below libcurl, where an error may not longjmp.  Nothing here
 * throws: a buffer that could not grow is marked failed, ignores further
 * appends, and its user asks once at the end.
 *
 * IDENTIFICATION
 *	  src/base/buffer.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BUFFER_H
#define GHC_BUFFER_H

#include "base/slice.h"

typedef struct GhcBuffer
{
	char	   *data;			/* NUL-terminated once anything was appended */
	size_t		len;
	size_t		cap;
	size_t		limit_bytes;	/* 0: no limit of its own */
	bool		overflow;		/* the limit was met */
	bool		failed;			/* overflow, or out of memory */
} GhcBuffer;

/*
 * Makes room for so many more bytes, for a caller who then writes them at
 * data + len and adds to len himself; likewise.
 */
extern bool ghc_buffer_reserve(GhcBuffer *buf, size_t more);

/* Empties the buffer and its marks, keeps its memory. */
extern void ghc_buffer_reset(GhcBuffer *buf);

/* Frees the memory; the buffer may be used again. */
extern void ghc_buffer_free(GhcBuffer *buf);

/* Appends; false (and buf->failed) if it did not fit.  No partial append. */
extern bool ghc_buffer_append(GhcBuffer *buf, const char *data, size_t len);
extern bool ghc_buffer_puts(GhcBuffer *buf, const char *text);
extern bool ghc_buffer_put_slice(GhcBuffer *buf, GhcSlice slice);
extern bool ghc_buffer_printf(GhcBuffer *buf, const char *fmt,...)
			__attribute__((format(printf, 2, 3)));

/* Appends text as the inside of a JSON string (no quotes added). */
extern bool ghc_buffer_put_json(GhcBuffer *buf, GhcSlice text);

#endif							/* GHC_BUFFER_H */
