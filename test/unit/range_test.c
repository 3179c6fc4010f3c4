/*-------------------------------------------------------------------------
 *
 * range_test.c
 *	  Cutting, packing, writing and reading back of ranges.
 *
 * What a cut must keep (parts ascend, are disjoint and cover exactly) is
 * proved by looking at every value, at sizes where that can be done.
 *
 * IDENTIFICATION
 *	  test/unit/range_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/range.h"
#include "github/selection.h"
#include "tap.h"

#define LAST_MOMENT INT64_C(253402300799)

static GhcBounds parts[GHC_MAX_PARTS];
static GhcChild children[GHC_MAX_PARTS];

/* The same numbers in every run: xorshift, seeded. */
static uint64_t
next_random(void)
{
	static uint64_t state = UINT64_C(0x9E3779B97F4A7C15);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static int64_t
random_below(int64_t bound)
{
	return (int64_t) (next_random() % (uint64_t) bound);
}

static GhcInterval
interval(int64_t lo, int64_t hi)
{
	GhcInterval made = {lo, hi};

	return made;
}

static void
is_format(const GhcRange *range, const char *want)
{
	GhcBuffer	out = {0};

	ghc_range_format(range, &out);
	is_str(out.data ? out.data : "", want, "format");
	ghc_buffer_free(&out);
}

static void
test_format(void)
{
	GhcRange	range;
	GhcBuffer	out = {0};

	ghc_range_init(&range);
	is_format(&range, "");

	range.dim[GHC_DIM_STARS] = interval(0, 10);
	range.dim[GHC_DIM_FORKS].lo = 3;
	range.dim[GHC_DIM_SIZE].hi = 9;
	is_format(&range, "stars:0..10 forks:>=3 size:<=9");

	range.dim[GHC_DIM_FORKS].hi = 3;
	range.forks = GHC_FORKS_IN;
	range.archived = GHC_TRI_FALSE;
	range.dim[GHC_DIM_CREATED] = interval(1577836800, 1580601599);
	strcpy(range.rest, "topic:x \"a b\"");
	is_format(&range, "topic:x \"a b\" stars:0..10 forks:3 size:<=9 fork:true "
			  "archived:false "
			  "created:2020-01-01T00:00:00Z..2020-02-01T23:59:59Z");

	ghc_range_init(&range);
	range.forks = GHC_FORKS_ONLY;
	range.archived = GHC_TRI_TRUE;
	range.dim[GHC_DIM_CREATED].lo = 1577836800;
	is_format(&range, "fork:only archived:true created:>=2020-01-01T00:00:00Z");
	range.dim[GHC_DIM_CREATED] = interval(GHC_OPEN_LOW, 1577836800);
	is_format(&range, "fork:only archived:true created:<=2020-01-01T00:00:00Z");
	range.dim[GHC_DIM_CREATED].lo = 1577836800;
	is_format(&range, "fork:only archived:true "
			  "created:2020-01-01T00:00:00Z..2020-01-01T00:00:00Z");

	ghc_buffer_puts(&out, "before ");
	ghc_range_format(&range, &out);
	ok(strncmp(out.data, "before fork:only", 16) == 0,
	   "nothing but the caller's blank goes before the first term");
	ghc_buffer_free(&out);
}

/* Cuts a range into "parts". */
static int
cut(const GhcRange *range, int64_t count, int max)
{
	GhcBounds	whole = ghc_range_bounds(range);

	return ghc_range_cut(&whole, count, parts, max);
}

/* How many parts hold the value, and whether it is the range's own. */
static bool
held_once(const GhcRange *range, GhcDim dim, int n, int64_t value)
{
	bool		inside = value >= range->dim[dim].lo &&
	value <= range->dim[dim].hi;
	int			holders = 0;

	for (int i = 0; i < n; i++)
		if (value >= parts[i].dim[dim].lo && value <= parts[i].dim[dim].hi)
			holders++;
	return holders == (inside ? 1 : 0);
}

/* True if n parts are a proper cut of the range along a dimension. */
static bool
is_proper_cut(const GhcRange *range, GhcDim dim, int n, int64_t first,
			  int64_t last)
{
	if (n < 2 || parts[0].dim[dim].lo != range->dim[dim].lo ||
		parts[n - 1].dim[dim].hi != range->dim[dim].hi)
		return false;
	for (int i = 0; i < n; i++)
	{
		GhcRange	same = ghc_range_narrow(range, &parts[i]);

		if (parts[i].dim[dim].lo > parts[i].dim[dim].hi)
			return false;
		if (i > 0 && parts[i].dim[dim].lo != parts[i - 1].dim[dim].hi + 1)
			return false;
		same.dim[dim] = range->dim[dim];
		if (!ghc_range_equals(&same, range))
			return false;
	}
	for (int64_t value = first; value <= last; value++)
		if (!held_once(range, dim, n, value))
			return false;
	return true;
}

/* Cuts lo..hi of one dimension in every way; returns how many were wrong. */
static int
count_wrong_cuts(GhcDim dim, int64_t lo, int64_t hi)
{
	static const int64_t counts[] = {0, 1001, 3000, 9000, 25000, INT64_MAX};
	static const int maxima[] = {2, 3, 4, 7, GHC_MAX_PARTS};
	GhcRange	range;
	int			wrong = 0;

	ghc_range_init(&range);
	range.dim[dim] = interval(lo, hi);
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++)
		for (size_t m = 0; m < sizeof(maxima) / sizeof(maxima[0]); m++)
		{
			int			n = cut(&range, counts[c], maxima[m]);

			if (n > maxima[m] || !is_proper_cut(&range, dim, n, -2, 150))
				wrong++;
		}
	return wrong;
}

static void
test_cut_brute_force(void)
{
	int			wrong[GHC_DIM_COUNT] = {0};

	for (int64_t lo = 0; lo < 140; lo++)
		for (int64_t hi = lo + 1; hi < 140; hi += 1 + lo / 7)
		{
			wrong[GHC_DIM_CREATED] += count_wrong_cuts(GHC_DIM_CREATED, lo, hi);
			wrong[GHC_DIM_SIZE] += count_wrong_cuts(GHC_DIM_SIZE, lo, hi);
		}
	is_int(wrong[GHC_DIM_CREATED], 0, "closed intervals of time");
	is_int(wrong[GHC_DIM_SIZE], 0, "closed intervals of numbers");

	for (int64_t bound = 1; bound < 140; bound++)
	{
		wrong[GHC_DIM_STARS] += count_wrong_cuts(GHC_DIM_SIZE, bound,
												 GHC_OPEN_HIGH);
		wrong[GHC_DIM_FORKS] += count_wrong_cuts(GHC_DIM_SIZE, GHC_OPEN_LOW,
												 bound);
	}
	is_int(wrong[GHC_DIM_STARS], 0, "intervals open above");
	is_int(wrong[GHC_DIM_FORKS], 0, "intervals open below");
	is_int(count_wrong_cuts(GHC_DIM_SIZE, GHC_OPEN_LOW, GHC_OPEN_HIGH), 0,
		   "the interval open at both ends");
	is_int(count_wrong_cuts(GHC_DIM_SIZE, INT64_MAX - 3, INT64_MAX), 0,
		   "the last numbers there are");
	is_int(count_wrong_cuts(GHC_DIM_SIZE, INT64_MAX / 2, INT64_MAX - 1), 0,
		   "huge spans");
	is_int(count_wrong_cuts(GHC_DIM_CREATED, 0, LAST_MOMENT), 0,
		   "all the time there is");
}

/* Cuts until nothing is left to cut; counts the leaves. */
static int
count_leaves(const GhcBounds *whole)
{
	GhcBounds	own[GHC_MAX_PARTS];
	int			n = ghc_range_cut(whole, 5000, own, 5);
	int			leaves = 0;

	if (n == 0)
		return 1;
	for (int i = 0; i < n; i++)
		leaves += count_leaves(&own[i]);
	return leaves;
}

static void
test_cut_to_the_end(void)
{
	GhcRange	range;
	GhcBounds	whole;

	ghc_range_init(&range);
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		range.dim[dim] = interval(dim, dim + 6);
	range.forks = GHC_FORKS_IN;
	whole = ghc_range_bounds(&range);
	is_int(count_leaves(&whole), 7 * 7 * 7 * 7 * 2 * 2,
		   "cutting ends at single values of everything");
}

static void
is_bounds(int n, GhcDim dim, const char *want)
{
	char		got[512] = "";
	size_t		len = 0;

	for (int i = 0; i < n; i++)
	{
		GhcInterval interval = parts[i].dim[dim];

		if (interval.lo == GHC_OPEN_LOW)
			len += snprintf(got + len, sizeof(got) - len, " *");
		else
			len += snprintf(got + len, sizeof(got) - len, " %" PRId64,
							interval.lo);
		if (interval.hi == GHC_OPEN_HIGH)
			len += snprintf(got + len, sizeof(got) - len, "-*");
		else if (interval.hi != interval.lo)
			len += snprintf(got + len, sizeof(got) - len, "-%" PRId64,
							interval.hi);
	}
	is_str(got[0] ? got + 1 : got, want, "bounds of parts");
}

static void
test_cut_bounds(void)
{
	GhcRange	range;

	ghc_range_init(&range);
	is_bounds(cut(&range, 2000, 64), GHC_DIM_SIZE,
			  "*-0 1 2-3 4-7 8-15 16-31 32-63 64-127 128-*");
	range.dim[GHC_DIM_SIZE] = interval(100, 5000);
	is_bounds(cut(&range, 1001, 64), GHC_DIM_SIZE,
			  "100-199 200-399 400-799 800-5000");
	range.dim[GHC_DIM_SIZE] = interval(100, 199);
	is_bounds(cut(&range, 1001, 64), GHC_DIM_SIZE,
			  "100-124 125-149 150-174 175-199");
	range.dim[GHC_DIM_SIZE] = interval(0, 3);
	is_bounds(cut(&range, 90000, 64), GHC_DIM_SIZE,
			  "0 1 2 3");
	is_bounds(cut(&range, 90000, 2), GHC_DIM_SIZE,
			  "0-1 2-3");

	range.dim[GHC_DIM_CREATED] = interval(1000, 1002);
	is_bounds(cut(&range, 90000, 64), GHC_DIM_CREATED,
			  "1000 1001 1002");
	range.dim[GHC_DIM_CREATED] = interval(1000, 2000);
	is_int(cut(&range, 9999, 64), 45, "as the count asks");
	is_int(cut(&range, 1, 64), 4, "but at least four");
	is_int(cut(&range, 999999, 64), 64, "and at most max");
}

static void
test_cut_order(void)
{
	GhcRange	range;

	ghc_range_init(&range);
	range.forks = GHC_FORKS_IN;
	range.dim[GHC_DIM_CREATED] = interval(5, GHC_OPEN_HIGH);
	cut(&range, 2000, 4);
	ok(parts[0].dim[GHC_DIM_SIZE].hi == 0, "open time is passed over for size");

	range.dim[GHC_DIM_CREATED] = interval(5, 5);
	range.dim[GHC_DIM_SIZE] = interval(0, 0);
	cut(&range, 2000, 4);
	ok(parts[0].dim[GHC_DIM_FORKS].hi == 0, "then forks");

	range.dim[GHC_DIM_FORKS] = interval(GHC_OPEN_LOW, 0);
	cut(&range, 2000, 4);
	ok(parts[0].dim[GHC_DIM_STARS].hi == 0, "then stars");

	range.dim[GHC_DIM_STARS] = interval(7, 7);
	is_int(cut(&range, 2000, 4), 2, "then forks from sources");
	ok(parts[0].forks == GHC_FORKS_OUT && parts[1].forks == GHC_FORKS_ONLY,
	   "which are two halves");

	range.forks = GHC_FORKS_ONLY;
	is_int(cut(&range, 2000, 4), 2, "then archived");
	ok(parts[0].archived == GHC_TRI_FALSE && parts[1].archived == GHC_TRI_TRUE,
	   "which are two halves");

	range.archived = GHC_TRI_TRUE;
	is_int(cut(&range, 2000, 4), 0, "then nothing");
}

/* True if n children cover n_parts parts in order, lose no count, and may be. */
static bool
is_proper_pack(const GhcRange *range, GhcDim dim, const int64_t *counts,
			   int n_parts, int n, int64_t fill, int most)
{
	int			part = 0;

	for (int i = 0; i < n; i++)
	{
		int64_t		sum = 0;
		int			first = part;
		GhcRange	same = ghc_range_narrow(range, &children[i].bounds);

		if (children[i].bounds.dim[dim].lo != parts[part].dim[dim].lo)
			return false;
		while (part < n_parts &&
			   parts[part].dim[dim].lo <= children[i].bounds.dim[dim].hi)
			sum += counts[part++];
		if (parts[part - 1].dim[dim].hi != children[i].bounds.dim[dim].hi ||
			sum != children[i].count ||
			!ghc_range_may_join(sum, part - first, fill, most))
			return false;
		same.dim[dim] = range->dim[dim];
		if (!ghc_range_equals(&same, range))
			return false;
	}
	return part == n_parts;
}

static void
test_pack_random(void)
{
	int			wrong = 0;

	for (int turn = 0; turn < 2000; turn++)
	{
		int64_t		counts[GHC_MAX_PARTS];
		GhcRange	range;
		int64_t		fill = 1 + random_below(1000);
		int			most = (int) random_below(9);
		int			n_parts;

		ghc_range_init(&range);
		if (turn % 2 == 0)
			range.dim[GHC_DIM_CREATED] = interval(100, 110 + turn);
		n_parts = cut(&range, random_below(40000), 64);
		for (int i = 0; i < n_parts; i++)
			counts[i] = random_below(1 + random_below(1500));
		if (!is_proper_pack(&range, turn % 2 == 0 ? GHC_DIM_CREATED :
							GHC_DIM_SIZE, counts, n_parts,
							ghc_range_pack(parts, counts, n_parts, fill, most,
										   children), fill, most))
			wrong++;
	}
	is_int(wrong, 0, "random packs lose nothing and stay under fill");
}

/* Packs parts of 100 seconds each; describes the children by their counts. */
static void
is_packed(const int64_t *counts, int n, int most, const char *want)
{
	char		got[256] = "";
	size_t		len = 0;
	GhcRange	range;
	int			n_children;

	ghc_range_init(&range);
	for (int i = 0; i < n; i++)
	{
		parts[i] = ghc_range_bounds(&range);
		parts[i].dim[GHC_DIM_CREATED] = interval(100 * i, 100 * i + 99);
	}
	n_children = ghc_range_pack(parts, counts, n, GHC_RANGE_FILL, most, children);
	for (int i = 0; i < n_children; i++)
		len += snprintf(got + len, sizeof(got) - len, " %" PRId64, children[i].count);
	is_str(got + 1, want, "packed");
}

static void
test_price(void)
{
	is_int(ghc_range_pages(0), 2, "that there is nothing is asked twice");
	is_int(ghc_range_pages(1), 1, "one is a page");
	is_int(ghc_range_pages(100), 1, "and so is a hundred");
	is_int(ghc_range_pages(101), 2, "one more is two");
	is_int(ghc_range_pages(199), 2, "pages overlap by one");
	is_int(ghc_range_pages(200), 3, "which costs one at times");
	is_int(ghc_range_pages(GHC_RANGE_FILL), 9, "what is full fills nine pages");
	is_int(ghc_range_pages(GHC_RANGE_FILL + 1), 10, "to the last");

	ok(ghc_range_price(199) < ghc_range_price(200), "a page more costs more");
	ok(ghc_range_price(1001) > ghc_range_price(1000), "and so does a cut");
	ok(ghc_range_price(14000) < 2 * ghc_range_price(7000),
	   "what is cut together costs less");
	ok(ghc_range_price(690) + ghc_range_price(230) > 2 * ghc_range_price(460),
	   "of equally many pages, those of ranges that are half full are cheaper");
	ok(ghc_range_price(INT64_MAX) > ghc_range_price(INT32_MAX), "no count is too large");
}

static void
test_pack(void)
{
	static const int64_t unknown[] = {1, -1, 1, 1};
	GhcRange	range;
	int			n;

	is_packed((int64_t[]) {400, 492, 1, 0, 1500, 0, 0, 800}, 8, 1, "892 1 1500 800");
	is_packed((int64_t[]) {400, 493}, 2, 1, "400 493");
	is_packed((int64_t[]) {496, 100, 396}, 3, 1, "496 496");
	is_packed((int64_t[]) {230, 230, 230, 230}, 4, 1, "460 460");
	is_packed((int64_t[]) {990, 20, 950}, 3, 1, "990 20 950");
	is_packed((int64_t[]) {950, 950, 950, 950}, 4, 2, "950 950 950 950");
	is_packed((int64_t[]) {1200, 1300, 1400, 1500}, 4, 1, "1200 1300 1400 1500");
	is_packed((int64_t[]) {1200, 1300, 1400, 1500}, 4, 2, "2500 2900");
	is_packed((int64_t[]) {1200, 1300, 1400, 1500}, 4, 4, "5400");
	is_packed((int64_t[]) {14000, 14000}, 2, 2, "14000 14000");
	is_packed((int64_t[]) {INT64_MAX, INT64_MAX, 5}, 3, 1,
			  "9223372036854775807 9223372036854775807 5");
	is_int(children[2].bounds.dim[GHC_DIM_CREATED].lo, 200, "in their places");
	is_packed((int64_t[]) {0, 0, 7, 0}, 4, 1, "7");
	is_int(children[0].bounds.dim[GHC_DIM_CREATED].hi, 399,
		   "parts without repositories are covered too");
	is_packed(unknown, 4, 1, "1 -1 2");

	ghc_range_init(&range);
	range.dim[GHC_DIM_CREATED].hi = 0;
	for (int dim = GHC_DIM_SIZE; dim < GHC_DIM_COUNT; dim++)
		range.dim[dim] = interval(0, 0);
	range.forks = GHC_FORKS_IN;
	n = cut(&range, 1001, 64);
	is_int(ghc_range_pack(parts, unknown + 2, n, 1000, 1, children), 2,
		   "forks and sources stay apart");
	parts[1] = parts[0];
	is_int(ghc_range_pack(parts, unknown + 2, 2, 1000, 1, children), 2,
		   "equal parts are no neighbours");
}

static GhcInterval
random_interval(int64_t bound)
{
	int64_t		a = random_below(1 + random_below(bound));
	int64_t		b = random_below(1 + random_below(bound));
	GhcInterval made = interval(a < b ? a : b, a < b ? b : a);

	if (random_below(3) == 0)
		made.lo = GHC_OPEN_LOW;
	if (random_below(3) == 0)
		made.hi = GHC_OPEN_HIGH;
	return made;
}

static void
random_range(GhcRange *range)
{
	static const char *const rests[] = {
		"", "topic:x", "word \"two words\" -language:\"C++\" NOT other",
		"-stars:5 foo:bar", "ünï \\ in:name",
	};

	ghc_range_init(range);
	range->dim[GHC_DIM_CREATED] = random_interval(LAST_MOMENT + 1);
	for (int dim = GHC_DIM_SIZE; dim < GHC_DIM_COUNT; dim++)
		range->dim[dim] = random_interval(INT64_MAX);
	range->forks = (GhcForks) random_below(3);
	range->archived = (GhcTri) random_below(3);
	strcpy(range->rest, rests[random_below(5)]);
}

/* True if a range is read back as it was; one without text can't be. */
static bool
comes_back(const GhcRange *range)
{
	GhcBuffer	out = {0};
	GhcRange	back;
	GhcProblem	problem;
	bool		same = true;

	ghc_range_format(range, &out);
	if (out.len > 0)
		same = ghc_selection_parse(ghc_slice_of(out.data), &back, &problem) &&
			ghc_range_equals(range, &back);
	if (!same)
		printf("# \"%s\": %s\n", out.data, problem.message);
	ghc_buffer_free(&out);
	return same;
}

static void
test_round_trip(void)
{
	int			wrong = 0;

	for (int turn = 0; turn < 20000; turn++)
	{
		GhcRange	range;

		random_range(&range);
		if (!comes_back(&range))
			wrong++;
	}
	is_int(wrong, 0, "random ranges are read back as they were");
}

int
main(void)
{
	test_format();
	test_cut_brute_force();
	test_cut_to_the_end();
	test_cut_bounds();
	test_cut_order();
	test_price();
	test_pack();
	test_pack_random();
	test_round_trip();
	return done_testing();
}
