/*-------------------------------------------------------------------------
 *
 * clock.h
 *	  The server's clock in the unit that budgets reckon in.
 *
 * IDENTIFICATION
 *	  src/store/clock.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_CLOCK_H
#define GHC_CLOCK_H

#include "utils/timestamp.h"

/* Milliseconds since 1970, now. */
extern int64 ghc_clock_now_ms(void);

/* Milliseconds since 1970 as a timestamptz, and back; 0 stays 0. */
extern TimestampTz ghc_clock_timestamp(int64 ms);
extern int64 ghc_clock_ms(TimestampTz moment);

#endif							/* GHC_CLOCK_H */
