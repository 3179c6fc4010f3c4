/*-------------------------------------------------------------------------
 *
 * clock.c
 *	  The server's clock in the unit that budgets reckon in.
 *
 * IDENTIFICATION
 *	  src/store/clock.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/clock.h"

int64
ghc_clock_now_ms(void)
{
	return ghc_clock_ms(GetCurrentTimestamp());
}

TimestampTz
ghc_clock_timestamp(int64 ms)
{
	if (ms == 0)
		return 0;
	return ms * 1000 - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

int64
ghc_clock_ms(TimestampTz moment)
{
	if (moment == 0)
		return 0;
	return moment / 1000 +
		(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (USECS_PER_DAY / 1000);
}
