/*-------------------------------------------------------------------------
 *
 * cursor.h
 *	  GitHub's cursors of a search: an offset, "cursor:100", in base64.
 *
 * Cursors are opaque, and are passed back as they came.  As long as they have
 * the known form, a page can also be asked for from any other offset: pages
 * are made to overlap by one, which shows whether results moved in between.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/cursor.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CURSOR_H
#define GHC_CURSOR_H

#include "base/slice.h"

/* longest cursor that is understood, and its NUL; GitHub's have about 16 */
#define GHC_CURSOR_BYTES 128

/* How many results are before a cursor; -1 if it hasn't the known form. */
extern int	ghc_cursor_parse(GhcSlice cursor);

/* Writes the cursor behind the first "offset" (0 to 9999) results. */
extern void ghc_cursor_format(int offset, char out[GHC_CURSOR_BYTES]);

#endif							/* GHC_CURSOR_H */
