/*-------------------------------------------------------------------------
 *
 * timetable.c
 *	  When something falls due by a schedule as pg_cron reads it; see
 *	  timetable.h.
 *
 * Finding the next minute goes through time as pg_cron will, forwards, but
 * strides over days that don't match.  A stride ends hours before midnight, as
 * the clock may be put forward in between.
 *
 * IDENTIFICATION
 *	  src/base/timetable.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/timetable.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DAY_S INT64_C(86400)

/* 29 February on a Monday may be 40 years away, as 2100 is no leap year */
#define HORIZON_S (41 * 366 * DAY_S)

/* more than any clock is put forward */
#define CHANGE_S (3 * 3600)

/* zones are whole quarters of an hour away from UTC */
#define QUARTER_S 900

typedef struct GhcNickname
{
	const char *name;
	const char *fields;
} GhcNickname;

static const GhcNickname nicknames[] = {
	{"yearly", "0 0 1 1 *"},
	{"annually", "0 0 1 1 *"},
	{"monthly", "0 0 1 * *"},
	{"weekly", "0 0 * * 0"},
	{"daily", "0 0 * * *"},
	{"midnight", "0 0 * * *"},
	{"hourly", "0 * * * *"},
};

static const char *const month_names[] = {
	"jan", "feb", "mar", "apr", "may", "jun",
	"jul", "aug", "sep", "oct", "nov", "dec", NULL
};

static const char *const weekday_names[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
};

/* What one of the five fields may hold. */
typedef struct GhcFieldKind
{
	int			low;
	int			high;
	const char *const *names;	/* of low and those after it, or NULL */
} GhcFieldKind;

static const GhcFieldKind of_minute = {0, 59, NULL};
static const GhcFieldKind of_hour = {0, 23, NULL};
static const GhcFieldKind of_day = {1, 31, NULL};
static const GhcFieldKind of_month = {1, 12, month_names};
static const GhcFieldKind of_weekday = {0, 7, weekday_names};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void
skip_blanks(const char **at)
{
	while (is_blank(**at))
		(*at)++;
}

/* A number or a name; false if it is neither, or outside of what is allowed. */
static bool
read_number(const char **at, const GhcFieldKind *kind, int *number)
{
	const char *start = *at;
	size_t		len;

	while (isalnum((unsigned char) **at))
		(*at)++;
	len = (size_t) (*at - start);
	for (int i = 0; kind->names != NULL && kind->names[i] != NULL; i++)
		if (len == strlen(kind->names[i]) &&
			strncasecmp(start, kind->names[i], len) == 0)
		{
			*number = kind->low + i;
			return true;
		}
	if (len == 0 || len > 4 || strspn(start, "0123456789") < len)
		return false;
	*number = atoi(start);
	return *number >= kind->low && *number <= kind->high;
}

/* "5", "5-10", "5-10/2", "*", or a star with a step. */
static bool
read_range(const char **at, const GhcFieldKind *kind, uint64_t *bits)
{
	static const GhcFieldKind of_step = {1, 9999, NULL};
	int			first = kind->low;
	int			last = kind->high;
	int			step = 1;
	bool		is_range = true;

	if (**at == '*')
		(*at)++;
	else
	{
		if (!read_number(at, kind, &first))
			return false;
		last = first;
		is_range = **at == '-';
		if (is_range && ((*at)++, !read_number(at, kind, &last)))
			return false;
	}
	/* a step belongs to a range: pg_cron refuses 1/20 */
	if (**at == '/' &&
		((*at)++, !is_range || !read_number(at, &of_step, &step)))
		return false;
	for (int i = first; i <= last; i += step)
		*bits |= UINT64_C(1) << i;
	return true;
}

/* One field, and the blanks behind it. */
static bool
read_field(const char **at, const GhcFieldKind *kind, uint64_t *bits)
{
	do
	{
		if (!read_range(at, kind, bits))
			return false;
	} while (**at == ',' && (*at)++);
	/* pg_cron passes over whatever else stands there */
	while (**at != '\0' && **at != '\n' && !is_blank(**at))
		(*at)++;
	skip_blanks(at);
	return true;
}

/* The day of the month, where a dollar is the last one. */
static bool
read_day(const char **at, GhcTimetable *table)
{
	if (**at != '$')
		return read_field(at, &of_day, &table->days);
	table->last_day = true;
	(*at)++;
	if (!is_blank(**at))
		return false;
	skip_blanks(at);
	return true;
}

/* What stands behind the fifth field is no concern of pg_cron's. */
static bool
read_fields(const char *at, GhcTimetable *table)
{
	if (!read_field(&at, &of_minute, &table->minutes) ||
		!read_field(&at, &of_hour, &table->hours))
		return false;
	table->both_days = *at == '*';
	if (!read_day(&at, table) ||
		!read_field(&at, &of_month, &table->months))
		return false;
	table->both_days |= *at == '*';
	if (!read_field(&at, &of_weekday, &table->weekdays))
		return false;
	/* 7 is Sunday, too */
	table->weekdays = (table->weekdays | table->weekdays >> 7) & 0x7f;
	return true;
}

static bool
read_nickname(const char *at, GhcTimetable *table)
{
	size_t		len = strcspn(at, " \t\n");

	if ((len == 6 && memcmp(at, "reboot", len) == 0) ||
		(len == 7 && memcmp(at, "restart", len) == 0))
	{
		table->at_start = true;
		return true;
	}
	for (size_t i = 0; i < sizeof(nicknames) / sizeof(nicknames[0]); i++)
		if (len == strlen(nicknames[i].name) &&
			memcmp(at, nicknames[i].name, len) == 0)
			return read_fields(nicknames[i].fields, table);
	return false;
}

static bool
read_interval(const char *text, GhcTimetable *table)
{
	unsigned int seconds = 0;
	char		unit[8] = "";
	char		more = '\0';

	if (sscanf(text, " %u %7s %c", &seconds, unit, &more) != 2 ||
		(strcasecmp(unit, "second") != 0 && strcasecmp(unit, "seconds") != 0))
		return false;
	table->seconds = (int) seconds;
	return seconds >= 1 && seconds <= 59;
}

bool
ghc_timetable_read(const char *text, GhcTimetable *table)
{
	const char *at = text + strspn(text, " \t\n");

	memset(table, 0, sizeof(*table));
	if (*at == '@')
		return read_nickname(at + 1, table);
	if (read_fields(at, table))
		return true;
	memset(table, 0, sizeof(*table));
	return read_interval(text, table);
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

typedef struct GhcDay
{
	int			month;
	int			day;
	int			weekday;
} GhcDay;

/* The Gregorian day so many days after 1970-01-01; years begin with March. */
static GhcDay
day_of(int64_t number)
{
	int64_t		era = floor_div(number + 719468, 146097);
	int64_t		in_era = number + 719468 - era * 146097;
	int64_t		year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t		in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t		month = (5 * in_year + 2) / 153;
	GhcDay		day;

	day.day = (int) (in_year - (153 * month + 2) / 5 + 1);
	day.month = (int) (month < 10 ? month + 3 : month - 9);
	day.weekday = (int) (number + 4 - 7 * floor_div(number + 4, 7));
	return day;
}

static bool
has(uint64_t bits, int number)
{
	return (bits >> number & 1) != 0;
}

static bool
day_matches(const GhcTimetable *table, int64_t number)
{
	GhcDay		day = day_of(number);
	bool		by_day = has(table->days, day.day) ||
		(table->last_day && day_of(number + 1).day == 1);
	bool		by_weekday = has(table->weekdays, day.weekday);

	return has(table->months, day.month) &&
		(table->both_days ? by_day && by_weekday : by_day || by_weekday);
}

int64_t
ghc_timetable_next(const GhcTimetable *table, GhcZone zone, int64_t moment)
{
	int64_t		at = (floor_div(moment, 60) + 1) * 60;
	int64_t		end = at + HORIZON_S;

	if (table->at_start || table->seconds > 0)
		return -1;
	while (at < end)
	{
		int64_t		local = at + zone.offset_at(zone.zone, at);
		int64_t		day = floor_div(local, DAY_S);
		int64_t		second = local - day * DAY_S;
		int64_t		to_quarter = (floor_div(at, QUARTER_S) + 1) * QUARTER_S - at;

		if (!day_matches(table, day))
			at += second < DAY_S - CHANGE_S ? DAY_S - CHANGE_S - second : to_quarter;
		else if (!has(table->hours, (int) (second / 3600)))
			at += to_quarter;
		else if (!has(table->minutes, (int) (second / 60 % 60)))
			at += 60;
		else
			return at;
	}
	return -1;
}
