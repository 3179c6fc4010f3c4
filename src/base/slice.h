/*-------------------------------------------------------------------------
 *
 * slice.h
 *	  A piece of somebody else's bytes: pointer and length, no terminator.
 *
 * Pure code passes text as slices so that a page of repositories is read
 * without copying a value.  A slice is valid as long as the buffer it points
 * into; whoever hands one out says which buffer that is.
 *
 * IDENTIFICATION
 *	  src/base/slice.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SLICE_H
#define GHC_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct GhcSlice
{
	const char *data;
	size_t		len;
} GhcSlice;

/* a slice of a string literal */
#define GHC_SLICE(literal) ((GhcSlice) {(literal), sizeof(literal) - 1})

/* a slice of a whole C string; NULL gives the empty slice */
static inline GhcSlice
ghc_slice_of(const char *text)
{
	return (GhcSlice) {text, text ? strlen(text) : 0};
}

static inline bool
ghc_slice_equals(GhcSlice a, GhcSlice b)
{
	/* by the length of b, which is often a literal */
	return a.len == b.len &&
		(b.len == 0 || memcmp(a.data, b.data, b.len) == 0);
}

/* without blanks at both ends, and without a line end */
static inline GhcSlice
ghc_slice_trim(GhcSlice text)
{
	/* not strchr, to which a NUL is one of them */
	while (text.len > 0 && memchr(" \t\r\n", text.data[text.len - 1], 4) != NULL)
		text.len--;
	while (text.len > 0 && memchr(" \t", text.data[0], 2) != NULL)
	{
		text.data++;
		text.len--;
	}
	return text;
}

#endif							/* GHC_SLICE_H */
