/*-------------------------------------------------------------------------
 *
 * instant.c
 *	  Moments as GitHub writes them; see instant.h.
 *
 * Neither the C library's time functions (time zones, locales, a year per
 * call of them) nor PostgreSQL's are used: a page holds hundreds of moments
 * of one fixed form.  Days are counted by the usual arithmetic on a calendar
 * whose years begin on 1 March, so that the leap day comes last.
 *
 * IDENTIFICATION
 *	  src/github/instant.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/instant.h"

#define SECONDS_A_DAY 86400
#define DAYS_IN_400_YEARS 146097
#define DAYS_TO_1970 719468		/* from 1 March of the year 0 */

/* 9999-12-31T23:59:59Z */
#define LAST_SECOND INT64_C(253402300799)

/* the widest offset that any place ever had, rounded up */
#define MAX_OFFSET_HOURS 15

#define DATE_BYTES (sizeof("2026-09-03") - 1)
#define TIME_BYTES (sizeof("2026-09-03T16:09:14") - 1)
#define OFFSET_BYTES (sizeof("+01:00") - 1)

static int64_t
days_from_civil(int year, int month, int day)
{
	int			y = month <= 2 ? year - 1 : year;
	int			era = y / 400;
	int			year_in = y % 400;
	int			march = month > 2 ? month - 3 : month + 9;
	int			day_in_year = (153 * march + 2) / 5 + day - 1;
	int			days = year_in * 365 + year_in / 4 - year_in / 100;

	return (int64_t) era * DAYS_IN_400_YEARS + days + day_in_year -
		DAYS_TO_1970;
}

static bool
is_leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/* Two digits as a number, or -1. */
static inline int
two_digits(const char *p)
{
	unsigned	tens = (unsigned) (unsigned char) p[0] - '0';
	unsigned	ones = (unsigned) (unsigned char) p[1] - '0';

	return tens <= 9 && ones <= 9 ? (int) (tens * 10 + ones) : -1;
}

/* YYYY-MM-DD at p as the first second of that day. */
static bool
read_date(const char *p, int64_t *seconds)
{
	int			century = two_digits(p);
	int			year_in = two_digits(p + 2);
	int			month = two_digits(p + 5);
	int			day = two_digits(p + 8);
	int			year = century * 100 + year_in;

	if (century < 0 || year_in < 0 || p[4] != '-' || p[7] != '-')
		return false;
	if (year < 1970 || month < 1 || month > 12)
		return false;
	if (day < 1 || day > days_in_month(year, month))
		return false;
	*seconds = days_from_civil(year, month, day) * SECONDS_A_DAY;
	return true;
}

/* THH:MM:SS at p, added to *seconds. */
static bool
read_time(const char *p, int64_t *seconds)
{
	int			hour = two_digits(p + 1);
	int			minute = two_digits(p + 4);
	int			second = two_digits(p + 7);

	if (p[0] != 'T' || p[3] != ':' || p[6] != ':')
		return false;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
		second < 0 || second > 59)
		return false;
	*seconds += (hour * 60 + minute) * 60 + second;
	return true;
}

/* +HH:MM or -HH:MM at p, taken off *seconds. */
static bool
read_offset(const char *p, int64_t *seconds)
{
	int			hour = two_digits(p + 1);
	int			minute = two_digits(p + 4);
	int			offset = (hour * 60 + minute) * 60;

	if ((p[0] != '+' && p[0] != '-') || p[3] != ':')
		return false;
	if (hour < 0 || hour > MAX_OFFSET_HOURS || minute < 0 || minute > 59)
		return false;
	*seconds -= p[0] == '+' ? offset : -offset;
	return *seconds >= 0 && *seconds <= LAST_SECOND;
}

/* The end of a fraction of a second that may stand at p, or NULL. */
static const char *
skip_fraction(const char *p, const char *end)
{
	const char *digits = p + 1;

	if (p == end || *p != '.')
		return p;
	for (p = digits; p < end && *p >= '0' && *p <= '9'; p++)
		;
	return p > digits ? p : NULL;
}

bool
ghc_instant_parse(GhcSlice text, int64_t *seconds, bool *is_date)
{
	const char *p;
	const char *end;
	int64_t		at;

	if (text.len < DATE_BYTES || !read_date(text.data, &at))
		return false;
	*is_date = text.len == DATE_BYTES;
	if (!*is_date)
	{
		if (text.len <= TIME_BYTES || !read_time(text.data + DATE_BYTES, &at))
			return false;
		end = text.data + text.len;
		p = skip_fraction(text.data + TIME_BYTES, end);
		if (p == NULL || p == end)
			return false;
		if (*p == 'Z' ? end - p != 1 :
			(size_t) (end - p) != OFFSET_BYTES || !read_offset(p, &at))
			return false;
	}
	*seconds = at;
	return true;
}

static void
write_digits(char *out, int digits, int64_t number)
{
	while (digits-- > 0)
	{
		out[digits] = (char) ('0' + number % 10);
		number /= 10;
	}
}

static int64_t
clamp(int64_t seconds)
{
	if (seconds < 0)
		return 0;
	return seconds > LAST_SECOND ? LAST_SECOND : seconds;
}

void
ghc_instant_format(int64_t seconds, char out[GHC_INSTANT_BYTES])
{
	int64_t		at = clamp(seconds);
	int64_t		days = at / SECONDS_A_DAY + DAYS_TO_1970;
	int64_t		in_day = at % SECONDS_A_DAY;
	int64_t		era = days / DAYS_IN_400_YEARS;
	int64_t		day_in = days % DAYS_IN_400_YEARS;
	int64_t		year_in = (day_in - day_in / 1460 + day_in / 36524 -
						   day_in / (DAYS_IN_400_YEARS - 1)) / 365;
	int64_t		day_in_year = day_in - (365 * year_in + year_in / 4 -
										year_in / 100);
	int64_t		month = (5 * day_in_year + 2) / 153;

	memcpy(out, "0000-00-00T00:00:00Z", GHC_INSTANT_BYTES);
	write_digits(out, 4, era * 400 + year_in + (month >= 10));
	write_digits(out + 5, 2, month < 10 ? month + 3 : month - 9);
	write_digits(out + 8, 2, day_in_year - (153 * month + 2) / 5 + 1);
	write_digits(out + 11, 2, in_day / 3600);
	write_digits(out + 14, 2, in_day / 60 % 60);
	write_digits(out + 17, 2, in_day % 60);
}
