/*-------------------------------------------------------------------------
 *
 * schedule_advice.h
 *	  What keeps schedules from running, and what exactly to do about it.
 *
 * IDENTIFICATION
 *	  src/api/schedule_advice.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SCHEDULE_ADVICE_H
#define GHC_SCHEDULE_ADVICE_H

#include "store/cron.h"

/*
 * Throws unless pg_cron is ready; the hint is what to do next.  "statement" is
 * what would do the job where pg_cron works in another database.  Within SPI.
 */
extern void ghc_schedule_require_cron(const char *statement);

/* Throws unless pg_cron could log in as the caller. */
extern void ghc_schedule_require_login(void);

/*
 * Why a schedule doesn't run or fails, and what to do, for a line of a view;
 * NULL: nothing is known to be wrong.  No SPI.
 */
extern const char *ghc_schedule_advice(const GhcCronJob *job,
									   GhcCronState state);

/* Is pg_cron to run the job where it would run one made now? */
extern bool ghc_schedule_is_here(const GhcCronJob *job);

/* What pg_cron takes for a schedule, as a hint. */
extern const char *ghc_schedule_syntax(void);

#endif							/* GHC_SCHEDULE_ADVICE_H */
