/*-------------------------------------------------------------------------
 *
 * instant_test.c
 *	  Tests of src/github/instant.c.
 *
 * IDENTIFICATION
 *	  test/unit/instant_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/instant.h"
#include "tap.h"

#define REFUSED INT64_C(-1)
#define LAST_SECOND INT64_C(253402300799)

typedef struct GhcCase
{
	const char *text;
	int64_t		seconds;
	bool		is_date;
} GhcCase;

static const GhcCase cases[] = {
	{"1970-01-01T00:00:00Z", 0, false},
	{"1970-01-01", 0, true},
	{"2026-09-03T16:09:14Z", 1788451754, false},
	{"2026-09-03", 1788393600, true},
	{"2000-02-29T23:59:59Z", 951868799, false},
	{"2024-02-29", 1709164800, true},
	{"2023-02-29", REFUSED, false},
	{"2100-02-28", 4107456000, true},
	{"2100-02-29", REFUSED, false},
	{"9999-12-31T23:59:59Z", LAST_SECOND, false},
	{"1969-12-31T23:59:59Z", REFUSED, false},
	{"0000-01-01", REFUSED, false},

	/* no such day or time */
	{"2026-00-10", REFUSED, false},
	{"2026-13-10", REFUSED, false},
	{"2026-04-31", REFUSED, false},
	{"2026-04-00", REFUSED, false},
	{"2026-04-30T24:00:00Z", REFUSED, false},
	{"2026-04-30T23:60:00Z", REFUSED, false},
	{"2016-12-31T23:59:60Z", REFUSED, false},

	/* fractions are cut off, not rounded */
	{"1970-01-01T00:00:01.999Z", 1, false},
	{"1970-01-01T00:00:01.9999999999999999999999Z", 1, false},
	{"1970-01-01T00:00:01.5+00:00", 1, false},
	{"1970-01-01T00:00:01.Z", REFUSED, false},
	{"1970-01-01T00:00:01,5Z", REFUSED, false},
	{"1970-01-01T00:00:01.5", REFUSED, false},
	{"1970-01-01T00:00:01.5 Z", REFUSED, false},

	/* offsets */
	{"2026-09-03T16:09:14+00:00", 1788451754, false},
	{"2026-09-03T16:09:14-00:00", 1788451754, false},
	{"2026-09-03T18:09:14+02:00", 1788451754, false},
	{"2026-09-03T12:39:14-03:30", 1788451754, false},
	{"2026-09-03T16:09:14+15:59", 1788394214, false},
	{"2026-09-03T16:09:14+16:00", REFUSED, false},
	{"2026-09-03T16:09:14+01:60", REFUSED, false},
	{"2026-09-03T16:09:14+0100", REFUSED, false},
	{"2026-09-03T16:09:14+01", REFUSED, false},
	{"2026-09-03T16:09:14+01:0", REFUSED, false},
	{"2026-09-03T16:09:14+01:000", REFUSED, false},
	{"2026-09-03T16:09:14 01:00", REFUSED, false},
	{"1970-01-01T00:59:59+01:00", REFUSED, false},
	{"1970-01-01T01:00:00+01:00", 0, false},
	{"9999-12-31T23:59:59-00:01", REFUSED, false},

	/* other forms */
	{"", REFUSED, false},
	{"2026", REFUSED, false},
	{"2026-09", REFUSED, false},
	{"2026-9-03", REFUSED, false},
	{"20260903", REFUSED, false},
	{"2026-09-03T", REFUSED, false},
	{"2026-09-03Z", REFUSED, false},
	{"2026-09-03T16", REFUSED, false},
	{"2026-09-03T16:09Z", REFUSED, false},
	{"2026-09-03T16:09:14", REFUSED, false},
	{"2026-09-03T16:09:14Zx", REFUSED, false},
	{"2026-09-03t16:09:14Z", REFUSED, false},
	{"2026-09-03T16:09:14z", REFUSED, false},
	{"2026-09-03 16:09:14Z", REFUSED, false},
	{" 2026-09-03", REFUSED, false},
	{"2026-09-03 ", REFUSED, false},
	{"2026/09/03", REFUSED, false},
	{"2026-09-03T16.09.14Z", REFUSED, false},
	{"-026-09-03", REFUSED, false},
	{"+2026-09-03", REFUSED, false},
	{"2026-0a-03", REFUSED, false},
	{"2026-09-03T1 :09:14Z", REFUSED, false},
	{"12026-09-03", REFUSED, false},
};

static void
test_cases(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		int64_t		seconds = 0;
		bool		is_date = false;
		bool		read = ghc_instant_parse(ghc_slice_of(cases[i].text),
											 &seconds, &is_date);

		is_int(read ? seconds : REFUSED, cases[i].seconds, cases[i].text);
		if (read)
			ok(is_date == cases[i].is_date, "whether it is a date");
	}
}

/* A calendar that counts days one by one, against the arithmetic. */
static void
test_every_day(void)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int64_t		at = 86398;
	int			wrong = 0;

	for (int year = 1970; year <= 9999; year++)
	{
		bool		leap = year % (year % 100 == 0 ? 400 : 4) == 0;

		for (int month = 1; month <= 12; month++)
		{
			int			last = days[month - 1] + (month == 2 && leap);

			for (int day = 1; day <= last; day++, at += 86400)
			{
				char		want[64];
				char		got[GHC_INSTANT_BYTES];
				int64_t		seconds = 0;
				bool		is_date = false;

				snprintf(want, sizeof(want), "%04d-%02d-%02dT23:59:58Z",
						 year, month, day);
				ghc_instant_format(at, got);
				wrong += strcmp(want, got) != 0;
				wrong += !ghc_instant_parse(ghc_slice_of(got), &seconds,
											&is_date);
				wrong += seconds != at || is_date;
			}
		}
	}
	is_int(at, LAST_SECOND + 86399, "the calendar ends with the year 9999");
	is_int(wrong, 0, "every day is written and read");
}

static void
test_format_bounds(void)
{
	char		out[GHC_INSTANT_BYTES];

	ghc_instant_format(-1, out);
	is_str(out, "1970-01-01T00:00:00Z", "nothing is before 1970");
	ghc_instant_format(INT64_MIN, out);
	is_str(out, "1970-01-01T00:00:00Z", "nothing at all");
	ghc_instant_format(INT64_MAX, out);
	is_str(out, "9999-12-31T23:59:59Z", "nor after 9999");
}

int
main(void)
{
	test_cases();
	test_every_day();
	test_format_bounds();
	return done_testing();
}
