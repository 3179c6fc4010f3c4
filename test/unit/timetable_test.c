/*-------------------------------------------------------------------------
 *
 * timetable_test.c
 *	  Tests of src/base/timetable.c.
 *
 * What is right was learnt from pg_cron's own code (entry.c, ShouldRunTask of
 * 1.4.2 and 1.6.7), with which this one was compared on random schedules, too.
 *
 * IDENTIFICATION
 *	  test/unit/timetable_test.c
 *
 *-------------------------------------------------------------------------
 */
#define _GNU_SOURCE
#include <time.h>

#include "base/timetable.h"
#include "tap.h"

static int64_t
moment_of(const char *text)
{
	struct tm	tm = {0};

	return strptime(text, "%Y-%m-%d %H:%M:%S", &tm) ? (int64_t) timegm(&tm) : -1;
}

static const char *
text_of(int64_t moment)
{
	static char text[32];
	time_t		t = (time_t) moment;

	if (moment < 0)
		return "never";
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", gmtime(&t));
	return text;
}

static int64_t
utc(const void *zone, int64_t moment)
{
	(void) zone;
	(void) moment;
	return 0;
}

/* Berlin in 2026: summer time from 29 March to 25 October, 01:00 UTC. */
static int64_t
berlin(const void *zone, int64_t moment)
{
	(void) zone;
	return moment >= moment_of("2026-03-29 01:00:00") &&
		moment < moment_of("2026-10-25 01:00:00") ? 7200 : 3600;
}

/* Lord Howe Island, half an hour of summer time, until 4 April 2026 15:00 UTC. */
static int64_t
lord_howe(const void *zone, int64_t moment)
{
	(void) zone;
	return moment < moment_of("2026-04-04 15:00:00") ? 39600 : 37800;
}

/* Beirut in 2026: summer time begins at midnight, which there isn't. */
static int64_t
beirut(const void *zone, int64_t moment)
{
	(void) zone;
	return moment < moment_of("2026-03-28 22:00:00") ? 7200 : 10800;
}

typedef struct GhcCase
{
	const char *schedule;
	const char *from;
	const char *next;
	int64_t		(*zone) (const void *zone, int64_t moment);
} GhcCase;

static const GhcCase cases[] = {
	/* minutes and hours; the present minute is past */
	{"* * * * *", "2026-11-22 13:15:00", "2026-11-22 13:16:00", utc},
	{"* * * * *", "2026-11-22 13:15:59", "2026-11-22 13:16:00", utc},
	{"* * * * *", "2026-12-31 23:59:30", "2027-01-01 00:00:00", utc},
	{"0 3 * * *", "2026-11-22 02:59:59", "2026-11-22 03:00:00", utc},
	{"0 3 * * *", "2026-11-22 03:00:00", "2026-11-23 03:00:00", utc},
	{"*/15 * * * *", "2026-11-22 13:46:00", "2026-11-22 14:00:00", utc},
	{"5-59/20 9-17/4 * * *", "2026-11-22 09:45:00", "2026-11-22 13:05:00", utc},
	{"7,3,59 * * * *", "2026-11-22 13:03:10", "2026-11-22 13:07:00", utc},
	{"0-10,30-40/5 * * * *", "2026-11-22 13:35:00", "2026-11-22 13:40:00", utc},
	{"59 23 31 12 *", "2026-01-01 00:00:00", "2026-12-31 23:59:00", utc},
	/* names, in any case; Sunday is 0 and 7 */
	{"0 0 * JAN *", "2026-11-22 00:00:00", "2027-01-01 00:00:00", utc},
	{"0 0 * * mon", "2026-11-22 00:00:00", "2026-11-23 00:00:00", utc},
	{"0 0 * * mon-FRI", "2026-11-20 00:00:00", "2026-11-23 00:00:00", utc},
	{"0 0 * * 0", "2026-11-22 00:00:00", "2026-11-29 00:00:00", utc},
	{"0 0 * * 7", "2026-11-22 00:00:00", "2026-11-29 00:00:00", utc},
	{"0 0 * * 6-7", "2026-11-23 00:00:00", "2026-11-28 00:00:00", utc},
	{"0 0 * jun-aug/2 *", "2026-06-30 00:00:00", "2026-08-01 00:00:00", utc},
	/* days: either field, unless one begins with a star */
	{"0 0 13 * fri", "2026-11-22 00:00:00", "2026-11-27 00:00:00", utc},
	{"0 0 13 * fri", "2026-12-11 00:00:00", "2026-12-13 00:00:00", utc},
	{"0 0 13 * *", "2026-11-22 00:00:00", "2026-12-13 00:00:00", utc},
	{"0 0 * * fri", "2026-11-22 00:00:00", "2026-11-27 00:00:00", utc},
	{"0 0 */2 * fri", "2026-11-22 00:00:00", "2026-11-27 00:00:00", utc},
	{"0 0 13 * */5", "2026-11-22 00:00:00", "2026-12-13 00:00:00", utc},
	{"0 0 1-31 * fri", "2026-11-22 00:00:00", "2026-11-23 00:00:00", utc},
	/* months differ */
	{"0 0 31 * *", "2026-01-31 12:00:00", "2026-03-31 00:00:00", utc},
	{"0 0 29 2 *", "2026-03-01 00:00:00", "2028-02-29 00:00:00", utc},
	{"0 0 29 2 *", "2096-02-29 00:00:00", "2104-02-29 00:00:00", utc},
	{"0 0 29 feb mon", "2096-02-01 00:00:00", "2096-02-06 00:00:00", utc},
	{"0 0 30 2 *", "2026-01-01 00:00:00", "never", utc},
	{"0 0 * * fri-mon", "2026-01-01 00:00:00", "never", utc},
	/* the last day of the month */
	{"0 0 $ * *", "2026-02-01 00:00:00", "2026-02-28 00:00:00", utc},
	{"0 0 $ * *", "2028-02-28 00:00:00", "2028-02-29 00:00:00", utc},
	{"30 12 $ 12 *", "2026-01-01 00:00:00", "2026-12-31 12:30:00", utc},
	{"0 0 $ * mon", "2026-11-22 00:00:00", "2026-11-23 00:00:00", utc},
	/* by name */
	{"@hourly", "2026-11-22 13:15:00", "2026-11-22 14:00:00", utc},
	{"@daily", "2026-11-22 13:15:00", "2026-11-23 00:00:00", utc},
	{"@midnight", "2026-11-22 13:15:00", "2026-11-23 00:00:00", utc},
	{"@weekly", "2026-11-22 13:15:00", "2026-11-29 00:00:00", utc},
	{"@monthly", "2026-11-22 13:15:00", "2026-12-01 00:00:00", utc},
	{"@yearly", "2026-11-22 13:15:00", "2027-01-01 00:00:00", utc},
	{"@annually", "2026-11-22 13:15:00", "2027-01-01 00:00:00", utc},
	{"@reboot", "2026-11-22 13:15:00", "never", utc},
	{"@restart", "2026-11-22 13:15:00", "never", utc},
	{"30 seconds", "2026-11-22 13:15:00", "never", utc},
	/* blanks, and what pg_cron passes over */
	{"  0\t3  * *   *  ", "2026-11-22 13:15:00", "2026-11-23 03:00:00", utc},
	{"0 3 * * * root", "2026-11-22 13:15:00", "2026-11-23 03:00:00", utc},
	{"0;x 3 * * *", "2026-11-22 13:15:00", "2026-11-23 03:00:00", utc},
	/* the clock on the wall: 02:30 is skipped in March, and comes twice in October */
	{"30 2 * * *", "2026-03-28 12:00:00", "2026-03-30 00:30:00", berlin},
	{"30 2 * * *", "2026-10-24 12:00:00", "2026-10-25 00:30:00", berlin},
	{"30 2 * * *", "2026-10-25 00:30:00", "2026-10-25 01:30:00", berlin},
	{"30 2 * * *", "2026-10-25 01:30:00", "2026-10-26 01:30:00", berlin},
	{"0 0 * * *", "2026-06-30 12:00:00", "2026-06-30 22:00:00", berlin},
	{"0 0 1 * *", "2026-06-30 12:00:00", "2026-06-30 22:00:00", berlin},
	{"0 0 $ * *", "2026-06-29 12:00:00", "2026-06-29 22:00:00", berlin},
	{"0 0 30 3 *", "2026-03-28 00:00:00", "2026-03-29 22:00:00", berlin},
	{"0 0 29 3 *", "2026-03-28 00:00:00", "2027-03-28 21:00:00", beirut},
	{"0 1 29 3 *", "2026-03-28 00:00:00", "2026-03-28 22:00:00", beirut},
	{"45 1 5 4 *", "2026-04-04 00:00:00", "2026-04-04 14:45:00", lord_howe},
	{"45 1 5 4 *", "2026-04-04 14:45:00", "2026-04-04 15:15:00", lord_howe},
};

static const char *const refused[] = {
	"", " ", "*", "* * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *",
	"* * * 0 *", "* * * 13 *", "* * * * 8", "-1 * * * *", "1/20 * * * *", "*/0 * * * *",
	"*/ * * * *", "1- * * * *", "1-2/ * * * *", ",1 * * * *", "1, * * * *", "5-64/30 * * * *",
	"x * * * *", "5x * * * *", "* * * january *", "* * * * m", "* * $5 * *", "* * $ *",
	"99999999999 * * * *", "*\n* * * *", "@", "@fortnightly", "@Daily", "0 seconds", "60 seconds",
	"30", "30 minutes", "30 seconds!", "30 seconds more", "-5 seconds", "30 secondss",
};

static const struct
{
	const char *schedule;
	int			seconds;
}			intervals[] = {
	{"1 second", 1}, {"1 seconds", 1}, {"59 seconds", 59}, {" 30  SECONDS ", 30}, {"2second", 2},
};

static void
test_next(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const GhcCase *c = &cases[i];
		GhcTimetable table;
		GhcZone		zone = {c->zone, NULL};

		if (!ghc_timetable_read(c->schedule, &table))
			ok(false, "\"%s\" is a schedule", c->schedule);
		else
			is_str(text_of(ghc_timetable_next(&table, zone, moment_of(c->from))),
				   c->next, c->schedule);
	}
}

static void
test_refused(void)
{
	GhcTimetable table;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ok(!ghc_timetable_read(refused[i], &table), "\"%s\" is no schedule", refused[i]);
	for (size_t i = 0; i < sizeof(intervals) / sizeof(intervals[0]); i++)
		is_int(ghc_timetable_read(intervals[i].schedule, &table) ? table.seconds : -1,
			   intervals[i].seconds, intervals[i].schedule);
}

/* pg_cron's cron.match_dom_and_dow */
static void
test_both_days(void)
{
	GhcTimetable table;
	GhcZone		zone = {utc, NULL};

	ok(ghc_timetable_read("0 0 29 feb mon", &table), "a day of both fields");
	table.both_days = true;
	is_str(text_of(ghc_timetable_next(&table, zone, moment_of("2072-02-29 00:00:00"))),
		   "2112-02-29 00:00:00", "is forty years away at most");
}

int
main(void)
{
	test_next();
	test_refused();
	test_both_days();
	return done_testing();
}
