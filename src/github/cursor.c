/*-------------------------------------------------------------------------
 *
 * cursor.c
 *	  GitHub's cursors of a search; see cursor.h.
 *
 * IDENTIFICATION
 *	  src/github/cursor.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/cursor.h"

#include <stdio.h>

#include "base/base64.h"

#define PREFIX "cursor:"

/* the prefix and the digits of an offset */
#define PLAIN_BYTES (sizeof(PREFIX) + 4)

void
ghc_cursor_format(int offset, char out[GHC_CURSOR_BYTES])
{
	char		plain[PLAIN_BYTES + 8];
	int			n = snprintf(plain, sizeof(plain), PREFIX "%d", offset);

	ghc_base64_pad(out, ghc_base64_encode((unsigned char *) plain, (size_t) n,
										  ghc_base64_digits, out));
}

int
ghc_cursor_parse(GhcSlice cursor)
{
	char		again[GHC_CURSOR_BYTES];
	unsigned char plain[PLAIN_BYTES];
	size_t		n = ghc_base64_decode(cursor, ghc_base64_digits, plain,
									  sizeof(plain));
	int			offset = 0;

	for (size_t i = strlen(PREFIX); i < n; i++)
		offset = offset * 10 + (plain[i] - '0') % 10;
	ghc_cursor_format(offset, again);
	/* known is only what we would have written ourselves */
	return n > 0 && ghc_slice_equals(cursor, ghc_slice_of(again)) ? offset : -1;
}
