/*-------------------------------------------------------------------------
 *
 * instant.h
 *	  Moments as GitHub writes them: ISO 8601, UTC, whole seconds.
 *
 * All moments are seconds since 1970-01-01 00:00:00 UTC.  Pure.
 *
 * IDENTIFICATION
 *	  src/github/instant.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_INSTANT_H
#define GHC_INSTANT_H

#include "base/slice.h"

/* "2026-09-03T16:09:14Z" and its NUL */
#define GHC_INSTANT_BYTES 21

/*
 * Reads YYYY-MM-DD, YYYY-MM-DDTHH:MM:SSZ or the same with fractions of a
 * second (cut off) or an offset +HH:MM.  *is_date says that no time was given;
 * the moment is then the start of that UTC day.  False on anything else, also
 * on days that no calendar has and years outside 1970 to 9999.
 */
extern bool ghc_instant_parse(GhcSlice text, int64_t *seconds, bool *is_date);

/*
 * Writes YYYY-MM-DDTHH:MM:SSZ with its NUL; a moment outside 1970 to 9999 comes
 * out as the nearest one inside.
 */
extern void ghc_instant_format(int64_t seconds, char out[GHC_INSTANT_BYTES]);

#endif							/* GHC_INSTANT_H */
