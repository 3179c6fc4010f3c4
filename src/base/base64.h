/*-------------------------------------------------------------------------
 *
 * base64.h
 *	  Base64 in memory of the caller's.
 *
 * PostgreSQL's own isn't usable without a server.  Nothing throws.
 *
 * IDENTIFICATION
 *	  src/base/base64.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BASE64_H
#define GHC_BASE64_H

#include "base/slice.h"

extern const char ghc_base64_digits[];
extern const char ghc_base64_url_digits[];

/* room for n bytes as base64, padding and NUL included */
#define GHC_BASE64_BYTES(n) (((n) + 2) / 3 * 4 + 1)

/* Writes n bytes without padding and a NUL; returns the text's length. */
extern size_t ghc_base64_encode(const unsigned char *plain, size_t n,
								const char *digits, char *out);

/* Adds the padding to a text of that length. */
extern void ghc_base64_pad(char *text, size_t len);

/*
 * Reads up to the end or the padding; returns how many bytes there are, 0 if
 * the text is malformed or holds more than "size".
 */
extern size_t ghc_base64_decode(GhcSlice text, const char *digits,
								unsigned char *plain, size_t size);

#endif							/* GHC_BASE64_H */
