/*-------------------------------------------------------------------------
 *
 * star_weeks.c
 *	  Stars that were given, by weeks; see star_weeks.h.
 *
 * IDENTIFICATION
 *	  src/github/star_weeks.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/star_weeks.h"

#include "github/scan.h"

/* GitHub began in 2008; no week of ours begins after 2100 */
#define FIRST_SECOND INT64_C(1167609600)
#define LAST_SECOND INT64_C(4102444800)

#define HALF_DAY (INT64_C(86400) / 2)

/* Reads a number of stars; false if it can't be one. */
static bool
read_stars(GhcScan *scan, int32_t *stars)
{
	int64_t		number;

	if (!ghc_scan_int(scan, &number) || number < 0 || number > INT32_MAX)
		return false;
	*stars = (int32_t) number;
	return true;
}

/* Reads seven days; false if these aren't seven numbers. */
static bool
read_days(GhcScan *scan, int32_t days[GHC_WEEK_DAYS])
{
	bool		first = true;
	bool		good = true;
	int			n = 0;

	if (!ghc_scan_array(scan))
		return false;
	while (ghc_scan_next_element(scan, &first))
	{
		int32_t		stars;

		if (!read_stars(scan, &stars))
			good = false;
		else if (n < GHC_WEEK_DAYS)
			days[n] = stars;
		n++;
	}
	return good && n == GHC_WEEK_DAYS;
}

/* Reads a week; false if it can't be told which, or what it had. */
static bool
read_week(GhcScan *scan, GhcStarWeek *week)
{
	GhcSlice	key;
	int32_t		total = -1;
	bool		has_days = false;
	bool		first = true;

	week->begins = 0;
	if (!ghc_scan_object(scan))
		return false;
	while (ghc_scan_next_key(scan, &first, &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("week")))
		{
			if (!ghc_scan_int(scan, &week->begins))
				week->begins = 0;
		}
		else if (ghc_slice_equals(key, GHC_SLICE("total")))
			(void) read_stars(scan, &total);
		else if (ghc_slice_equals(key, GHC_SLICE("days")))
			has_days = read_days(scan, week->days);
		else
			(void) ghc_scan_skip(scan);
	}
	if (!has_days)
	{
		memset(week->days, 0, sizeof(week->days));
		week->days[GHC_WEEK_DAYS - 1] = total;
	}
	return week->begins >= FIRST_SECOND && week->begins <= LAST_SECOND &&
		(has_days || total >= 0);
}

int
ghc_star_weeks_read(GhcStarWeek *weeks, int max, char *json, size_t len,
					int *damaged)
{
	GhcScan		scan;
	bool		first = true;
	int			n = 0;

	*damaged = 0;
	ghc_scan_init(&scan, json, len);
	if (!ghc_scan_array(&scan))
		return -1;
	while (ghc_scan_next_element(&scan, &first))
	{
		GhcStarWeek week;

		if (!read_week(&scan, &week))
			(*damaged)++;
		else if (n < max)
			weeks[n++] = week;
	}
	return ghc_scan_finished(&scan) ? n : -1;
}

/* Weeks from one to another, rounded. */
static int64_t
weeks_between(int64_t from, int64_t to)
{
	int64_t		seconds = to - from;
	int64_t		half = seconds < 0 ? -GHC_WEEK_SECONDS / 2 : GHC_WEEK_SECONDS / 2;

	return (seconds + half) / GHC_WEEK_SECONDS;
}

bool
ghc_star_weeks_agree(int64_t a, int64_t b)
{
	int64_t		off = b - a - weeks_between(a, b) * GHC_WEEK_SECONDS;

	return off > -HALF_DAY && off < HALF_DAY;
}

int
ghc_star_weeks_lay_out(const GhcStarWeek *weeks, int n, int64_t latest,
					   int64_t *begins, int32_t *days)
{
	int64_t		newest = 0;
	int64_t		oldest = 0;
	int			n_weeks;

	for (int i = 0; i < n; i++)
		if (weeks[i].begins <= latest && weeks[i].begins > newest)
			newest = weeks[i].begins;
	for (int i = 0; i < n; i++)
	{
		int64_t		back = weeks_between(weeks[i].begins, newest);

		if (weeks[i].begins <= latest && back > oldest && back < GHC_STAR_MAX_WEEKS)
			oldest = back;
	}
	n_weeks = newest == 0 ? 0 : (int) oldest + 1;
	*begins = newest - oldest * GHC_WEEK_SECONDS;
	memset(days, 0, (size_t) n_weeks * GHC_WEEK_DAYS * sizeof(days[0]));
	for (int i = 0; i < n; i++)
	{
		int64_t		back = weeks_between(weeks[i].begins, newest);

		if (weeks[i].begins <= latest && back <= oldest)
			memcpy(days + (oldest - back) * GHC_WEEK_DAYS, weeks[i].days,
				   sizeof(weeks[i].days));
	}
	return n_weeks;
}
