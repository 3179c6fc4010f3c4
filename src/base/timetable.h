/*-------------------------------------------------------------------------
 *
 * timetable.h
 *	  When something falls due by a schedule as pg_cron reads it.
 *
 * pg_cron tells when a job ran, not when it will run next.  So that what
 * we tell is what it does, its rules are kept, odd ones included (entry.c and
 * ShouldRunTask in its sources, which go back to Vixie's cron):
 *
 *	- each minute is judged by the clock on the wall of pg_cron's time zone: one
 *	  that a change to summer time skips is left out, one that comes twice runs
 *	  twice;
 *	- a day must match both its fields if one of them begins with a star, even
 *	  if a step follows; otherwise either will do;
 *	- a range that runs backwards (fri-mon) is no error, and holds nothing (in
 *	  1.6, unless both ends are near each other, unforeseeable things).
 *
 * Pure: no SPI, no clock; nothing throws.
 *
 * IDENTIFICATION
 *	  src/base/timetable.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TIMETABLE_H
#define GHC_TIMETABLE_H

#include <stdbool.h>
#include <stdint.h>

/* A schedule, as read.  A set bit n stands for minute, hour, day, month n. */
typedef struct GhcTimetable
{
	int			seconds;		/* an interval of so many; 0: what follows counts */
	bool		at_start;		/* whenever the server starts */
	bool		last_day;		/* the month's last day matches, too */
	bool		both_days;		/* a day must match days and weekdays */
	uint64_t	minutes;
	uint64_t	hours;
	uint64_t	days;			/* 1 to 31 */
	uint64_t	months;			/* 1 to 12 */
	uint64_t	weekdays;		/* 0, Sunday, to 6 */
} GhcTimetable;

/* A time zone: how many seconds it is ahead of UTC at a moment (Unix time). */
typedef struct GhcZone
{
	int64_t		(*offset_at) (const void *zone, int64_t moment);
	const void *zone;
} GhcZone;

/*
 * Reads "minute hour day month weekday", "@daily" and its like, or "30 seconds";
 * false if it is none of these.
 */
extern bool ghc_timetable_read(const char *text, GhcTimetable *table);

/*
 * The first full minute after a moment (Unix time, as is the result) at which
 * it falls due; -1 if it doesn't within 41 years, at the server's start only, or
 * by an interval, which counts from the last run.
 */
extern int64_t ghc_timetable_next(const GhcTimetable *table, GhcZone zone,
								  int64_t moment);

#endif							/* GHC_TIMETABLE_H */
