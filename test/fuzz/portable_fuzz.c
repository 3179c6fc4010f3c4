/*-------------------------------------------------------------------------
 *
 * portable_fuzz.c
 *	  The JSON scanner as it is built where there is no SSE2.
 *
 * All that scan_fuzz.c says must hold there, too.  The sources are taken in
 * here, without the macro that tells of SSE2; of what is linked twice the
 * linker takes the first, which is this.
 *
 * IDENTIFICATION
 *	  test/fuzz/portable_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#undef __SSE2__

#include "github/scan.c"
#include "github/scan_text.c"
#include "scan_fuzz.c"
