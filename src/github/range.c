/*-------------------------------------------------------------------------
 *
 * range.c
 *	  A slice of GitHub's repositories, and how it is cut; see range.h.
 *
 * Only the outer bounds of a cut are taken over from the range, so that an
 * open interval stays open at its end and no repository can fall beside the
 * parts, however large its value is.
 *
 * IDENTIFICATION
 *	  src/github/range.c
 *
 *-------------------------------------------------------------------------
 */
#include <inttypes.h>
#include <stdio.h>

#include "github/instant.h"
#include "github/query.h"
#include "github/range.h"

/*
 * Four parts of this size fill a child: counts differ from part to part, and
 * neighbours are packed together afterwards.  Finer parts would save hardly a
 * page, and each count takes time of the server.
 */
#define PART_COUNT 220
#define MIN_PARTS 4

/* what one query of counts cuts into parts that are small enough */
#define WELL_CUT (GHC_MAX_PARTS * PART_COUNT)

/*
 * Prices, in hundredths of a request.  A range is some work besides its pages,
 * and one that isn't half full is better filled up from its neighbours.  What
 * is cut again comes out in pages that are nearly full.
 */
#define PRICE_REQUEST 100
#define PRICE_RANGE 10
#define PRICE_POOR_RANGE 30
#define CUT_PAGE_COUNT 97

/* counts beyond this are all the same, and can be added up and multiplied */
#define HUGE_COUNT INT64_C(1000000000000)

/*
 * Numbers whose bounds are further apart than this factor are cut by
 * doubling, because stars, forks and sizes thin out like that.
 */
#define WIDE_FACTOR 16

/* how often a part that was counted as empty is asked for */
#define EMPTY_READINGS 2

/* the longest value of a qualifier: two moments and what joins them */
#define VALUE_BYTES 64

const char *const ghc_dim_names[GHC_DIM_COUNT] = {
	[GHC_DIM_CREATED] = "created",
	[GHC_DIM_SIZE] = "size",
	[GHC_DIM_FORKS] = "forks",
	[GHC_DIM_STARS] = "stars",
};

void
ghc_range_init(GhcRange *range)
{
	memset(range, 0, sizeof(*range));
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
	{
		range->dim[dim].lo = GHC_OPEN_LOW;
		range->dim[dim].hi = GHC_OPEN_HIGH;
	}
}

GhcBounds
ghc_range_bounds(const GhcRange *range)
{
	GhcBounds	bounds = {.forks = range->forks, .archived = range->archived};

	memcpy(bounds.dim, range->dim, sizeof(bounds.dim));
	return bounds;
}

GhcRange
ghc_range_narrow(const GhcRange *whole, const GhcBounds *bounds)
{
	GhcRange	range = *whole;

	memcpy(range.dim, bounds->dim, sizeof(range.dim));
	range.forks = bounds->forks;
	range.archived = bounds->archived;
	return range;
}

static bool
interval_equals(GhcInterval a, GhcInterval b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

bool
ghc_range_equals(const GhcRange *a, const GhcRange *b)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (!interval_equals(a->dim[dim], b->dim[dim]))
			return false;
	return a->forks == b->forks && a->archived == b->archived &&
		strcmp(a->rest, b->rest) == 0;
}

/* Appends "key:value", or a bare value if key is NULL, after a blank. */
static void
put_term(GhcBuffer *out, size_t start, const char *key, const char *value)
{
	if (out->len > start)
		ghc_buffer_puts(out, " ");
	if (key != NULL)
		ghc_buffer_printf(out, "%s:", key);
	ghc_buffer_puts(out, value);
}

/* Writes one bound as GitHub reads it. */
static void
format_bound(GhcDim dim, int64_t bound, char out[GHC_INSTANT_BYTES])
{
	if (dim == GHC_DIM_CREATED)
		ghc_instant_format(bound, out);
	else
		snprintf(out, GHC_INSTANT_BYTES, "%" PRId64, bound);
}

/*
 * Appends an interval, or nothing if it is open at both ends.  A single
 * second is written as a range too: how GitHub reads a lone moment is said
 * nowhere, while both ends of a range are known to count.
 */
static void
put_interval(GhcBuffer *out, size_t start, GhcDim dim, GhcInterval interval)
{
	char		lo[GHC_INSTANT_BYTES] = "";
	char		hi[GHC_INSTANT_BYTES] = "";
	char		value[VALUE_BYTES];
	bool		has_lo = interval.lo != GHC_OPEN_LOW;
	bool		has_hi = interval.hi != GHC_OPEN_HIGH;

	if (!has_lo && !has_hi)
		return;
	if (has_lo)
		format_bound(dim, interval.lo, lo);
	if (has_hi)
		format_bound(dim, interval.hi, hi);

	if (!has_hi)
		snprintf(value, sizeof(value), ">=%s", lo);
	else if (!has_lo)
		snprintf(value, sizeof(value), "<=%s", hi);
	else if (interval.lo == interval.hi && dim != GHC_DIM_CREATED)
		snprintf(value, sizeof(value), "%s", lo);
	else
		snprintf(value, sizeof(value), "%s..%s", lo, hi);
	put_term(out, start, ghc_dim_names[dim], value);
}

void
ghc_range_format(const GhcRange *range, GhcBuffer *out)
{
	static const GhcDim order[] = {
		GHC_DIM_STARS, GHC_DIM_FORKS, GHC_DIM_SIZE
	};
	size_t		start = out->len;

	if (range->rest[0] != '\0')
		put_term(out, start, NULL, range->rest);
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		put_interval(out, start, order[i], range->dim[order[i]]);
	if (range->forks != GHC_FORKS_OUT)
		put_term(out, start, "fork",
				 range->forks == GHC_FORKS_ONLY ? "only" : "true");
	if (range->archived != GHC_TRI_ANY)
		put_term(out, start, "archived",
				 range->archived == GHC_TRI_TRUE ? "true" : "false");
	put_interval(out, start, GHC_DIM_CREATED, range->dim[GHC_DIM_CREATED]);
}

int
ghc_range_wanted_parts(int64_t count, int max)
{
	int64_t		wanted = count / PART_COUNT;

	if (wanted < MIN_PARTS)
		wanted = MIN_PARTS;
	return wanted > max ? max : (int) wanted;
}

/* Writes part i, which begins at "lo" and ends before the next one. */
static void
start_part(const GhcBounds *whole, GhcDim dim, GhcBounds *parts, int i,
		   int64_t lo)
{
	parts[i] = *whole;
	if (i > 0)
	{
		parts[i - 1].dim[dim].hi = lo - 1;
		parts[i].dim[dim].lo = lo;
	}
}

/* Cuts lo..hi, at least two values, into n parts as equal as can be. */
static int
cut_evenly(const GhcBounds *whole, GhcDim dim, int64_t lo, int64_t hi,
		   GhcBounds *parts, int n)
{
	int64_t		span = hi - lo + 1;
	int64_t		width;
	int64_t		longer;

	if (span < n)
		n = (int) span;
	width = span / n;
	longer = span % n;			/* so many parts get one value more */
	start_part(whole, dim, parts, 0, lo);
	for (int i = 1; i < n; i++)
	{
		lo += width + (i <= longer ? 1 : 0);
		start_part(whole, dim, parts, i, lo);
	}
	return n;
}

/* Cuts lo..hi at lo, 2 lo, 4 lo, ... into at most n parts. */
static int
cut_doubling(const GhcBounds *whole, GhcDim dim, int64_t lo, int64_t hi,
			 GhcBounds *parts, int n)
{
	int			i = 0;

	for (;;)
	{
		start_part(whole, dim, parts, i++, lo);
		if (i == n || lo > hi / 2)
			return i;
		lo = lo == 0 ? 1 : lo * 2;
	}
}

/* Cuts along one dimension into at most n parts; 0 if that can't be. */
static int
cut_dim(const GhcBounds *whole, GhcDim dim, GhcBounds *parts, int n)
{
	int64_t		lo = whole->dim[dim].lo;
	int64_t		hi = whole->dim[dim].hi;

	if (dim == GHC_DIM_CREATED)
	{
		if (lo == GHC_OPEN_LOW || hi == GHC_OPEN_HIGH || lo >= hi)
			return 0;
		return cut_evenly(whole, dim, lo, hi, parts, n);
	}

	if (lo < 0)
		lo = 0;					/* nothing counts less */
	if (lo >= hi)
		return 0;
	if (hi / WIDE_FACTOR < (lo == 0 ? 1 : lo) || hi - lo < n)
		return cut_evenly(whole, dim, lo, hi, parts, n);
	return cut_doubling(whole, dim, lo, hi, parts, n);
}

/* Cuts what is no interval: forks from sources, then archived from living. */
static int
cut_flags(const GhcBounds *whole, GhcBounds *parts)
{
	if (whole->forks != GHC_FORKS_IN && whole->archived != GHC_TRI_ANY)
		return 0;

	parts[0] = *whole;
	parts[1] = *whole;
	if (whole->forks == GHC_FORKS_IN)
	{
		parts[0].forks = GHC_FORKS_OUT;
		parts[1].forks = GHC_FORKS_ONLY;
	}
	else
	{
		parts[0].archived = GHC_TRI_FALSE;
		parts[1].archived = GHC_TRI_TRUE;
	}
	return 2;
}

int
ghc_range_cut(const GhcBounds *whole, int64_t count, GhcBounds *parts, int max)
{
	int			wanted = ghc_range_wanted_parts(count, max);

	/* the order of GhcDim is the order of preference */
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
	{
		int			n = cut_dim(whole, (GhcDim) dim, parts, wanted);

		if (n > 0)
			return n;
	}
	return cut_flags(whole, parts);
}

/*
 * If b begins where a ends, and they differ in nothing else, returns the
 * dimension they meet in; otherwise GHC_DIM_COUNT.
 */
static GhcDim
find_seam(const GhcBounds *a, const GhcBounds *b)
{
	GhcDim		seam = GHC_DIM_COUNT;

	if (a->forks != b->forks || a->archived != b->archived)
		return GHC_DIM_COUNT;
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
	{
		if (interval_equals(a->dim[dim], b->dim[dim]))
			continue;
		if (seam != GHC_DIM_COUNT || a->dim[dim].hi == GHC_OPEN_HIGH ||
			a->dim[dim].hi + 1 != b->dim[dim].lo)
			return GHC_DIM_COUNT;
		seam = (GhcDim) dim;
	}
	return seam;
}

int64_t
ghc_range_pages(int64_t count)
{
	int64_t		step = GHC_PAGE_SIZE - GHC_PAGE_OVERLAP;

	if (count == 0)
		return EMPTY_READINGS;
	if (count <= GHC_PAGE_SIZE)
		return 1;
	return 1 + (count - GHC_PAGE_SIZE + step - 1) / step;
}

int64_t
ghc_range_price(int64_t count)
{
	if (count > HUGE_COUNT)
		count = HUGE_COUNT;
	if (count <= GHC_SEARCH_CAP)
		return ghc_range_pages(count) * PRICE_REQUEST +
			(count < GHC_RANGE_FILL / 2 ? PRICE_POOR_RANGE : PRICE_RANGE);

	/* queries of counts, and the pages */
	return PRICE_RANGE + PRICE_REQUEST *
		(1 + (count > WELL_CUT ? count / WELL_CUT : 0)) +
		count * PRICE_REQUEST / CUT_PAGE_COUNT;
}

bool
ghc_range_may_join(int64_t sum, int n, int64_t fill, int most)
{
	return n == 1 || sum <= fill ||
		(sum > GHC_SEARCH_CAP && sum <= WELL_CUT && n <= most);
}

/* Are parts first..last one range?  Of first + 1..last that is known. */
static bool
is_one(const GhcBounds *parts, const int64_t *counts, int first, int last)
{
	GhcDim		seam;

	if (first == last)
		return true;
	if (counts[first] < 0 || counts[last] < 0)
		return false;
	seam = find_seam(&parts[first], &parts[first + 1]);
	return seam != GHC_DIM_COUNT &&
		seam == find_seam(&parts[last - 1], &parts[last]);
}

/*
 * Finds for each part with which one the child begins that ends with it, so
 * that all children up to it cost least.
 */
static void
find_firsts(const GhcBounds *parts, const int64_t *counts, int n, int64_t fill,
			int most, int *firsts)
{
	int64_t		best[GHC_MAX_PARTS + 1] = {0};	/* of all before a part */

	for (int last = 0; last < n; last++)
	{
		int64_t		sum = 0;

		best[last + 1] = INT64_MAX;
		for (int first = last; first >= 0 && is_one(parts, counts, first, last); first--)
		{
			int64_t		price;

			sum += counts[first] < HUGE_COUNT ? counts[first] : HUGE_COUNT;
			if (!ghc_range_may_join(sum, last - first + 1, fill, most))
				continue;
			price = best[first] + ghc_range_price(sum);
			if (price < best[last + 1])
			{
				best[last + 1] = price;
				firsts[last] = first;
			}
		}
	}
}

/* Joins parts that are one range. */
static GhcChild
join_parts(const GhcBounds *parts, const int64_t *counts, int n)
{
	GhcChild	child = {parts[0], counts[0]};

	for (int i = 1; i < n; i++)
		child.count += counts[i];
	if (n > 1)
	{
		GhcDim		seam = find_seam(&parts[0], &parts[1]);

		child.bounds.dim[seam].hi = parts[n - 1].dim[seam].hi;
	}
	return child;
}

int
ghc_range_pack(const GhcBounds *parts, const int64_t *counts, int n,
			   int64_t fill, int most, GhcChild *children)
{
	int			firsts[GHC_MAX_PARTS];
	int			n_children = 0;
	int			end;

	find_firsts(parts, counts, n, fill, most, firsts);
	for (end = n; end > 0; end = firsts[end - 1])
		n_children++;
	end = n;
	for (int i = n_children - 1; i >= 0; i--)
	{
		int			first = firsts[end - 1];

		children[i] = join_parts(&parts[first], &counts[first], end - first);
		end = first;
	}
	return n_children;
}
