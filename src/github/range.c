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
#include "github/range.h"

/*
 * A part is expected at a third of what one search shows: counts differ from
 * part to part, and neighbours are packed together afterwards.
 */
#define PART_COUNT (GHC_SEARCH_CAP / 3)
#define MIN_PARTS 4

/*
 * Numbers whose bounds are further apart than this factor are cut by
 * doubling, because stars, forks and sizes thin out like that.
 */
#define WIDE_FACTOR 16

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
start_part(const GhcRange *range, GhcDim dim, GhcRange *parts, int i,
		   int64_t lo)
{
	parts[i] = *range;
	if (i > 0)
	{
		parts[i - 1].dim[dim].hi = lo - 1;
		parts[i].dim[dim].lo = lo;
	}
}

/* Cuts lo..hi, at least two values, into n parts as equal as can be. */
static int
cut_evenly(const GhcRange *range, GhcDim dim, int64_t lo, int64_t hi,
		   GhcRange *parts, int n)
{
	int64_t		span = hi - lo + 1;
	int64_t		width;
	int64_t		longer;

	if (span < n)
		n = (int) span;
	width = span / n;
	longer = span % n;			/* so many parts get one value more */
	start_part(range, dim, parts, 0, lo);
	for (int i = 1; i < n; i++)
	{
		lo += width + (i <= longer ? 1 : 0);
		start_part(range, dim, parts, i, lo);
	}
	return n;
}

/* Cuts lo..hi at lo, 2 lo, 4 lo, ... into at most n parts. */
static int
cut_doubling(const GhcRange *range, GhcDim dim, int64_t lo, int64_t hi,
			 GhcRange *parts, int n)
{
	int			i = 0;

	for (;;)
	{
		start_part(range, dim, parts, i++, lo);
		if (i == n || lo > hi / 2)
			return i;
		lo = lo == 0 ? 1 : lo * 2;
	}
}

/* Cuts along one dimension into at most n parts; 0 if that can't be. */
static int
cut_dim(const GhcRange *range, GhcDim dim, GhcRange *parts, int n)
{
	int64_t		lo = range->dim[dim].lo;
	int64_t		hi = range->dim[dim].hi;

	if (dim == GHC_DIM_CREATED)
	{
		if (lo == GHC_OPEN_LOW || hi == GHC_OPEN_HIGH || lo >= hi)
			return 0;
		return cut_evenly(range, dim, lo, hi, parts, n);
	}

	if (lo < 0)
		lo = 0;					/* nothing counts less */
	if (lo >= hi)
		return 0;
	if (hi / WIDE_FACTOR < (lo == 0 ? 1 : lo) || hi - lo < n)
		return cut_evenly(range, dim, lo, hi, parts, n);
	return cut_doubling(range, dim, lo, hi, parts, n);
}

/* Cuts what is no interval: forks from sources, then archived from living. */
static int
cut_flags(const GhcRange *range, GhcRange *parts)
{
	if (range->forks != GHC_FORKS_IN && range->archived != GHC_TRI_ANY)
		return 0;

	parts[0] = *range;
	parts[1] = *range;
	if (range->forks == GHC_FORKS_IN)
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
ghc_range_cut(const GhcRange *range, int64_t count, GhcRange *parts, int max)
{
	int			wanted = ghc_range_wanted_parts(count, max);

	/* the order of GhcDim is the order of preference */
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
	{
		int			n = cut_dim(range, (GhcDim) dim, parts, wanted);

		if (n > 0)
			return n;
	}
	return cut_flags(range, parts);
}

/*
 * If b begins where a ends, and they differ in nothing else, returns the
 * dimension they meet in; otherwise GHC_DIM_COUNT.
 */
static GhcDim
find_seam(const GhcRange *a, const GhcRange *b)
{
	GhcDim		seam = GHC_DIM_COUNT;

	if (a->forks != b->forks || a->archived != b->archived ||
		strcmp(a->rest, b->rest) != 0)
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

/* Adds a part to a child if both fit under "fill" and touch. */
static bool
join_child(GhcChild *child, const GhcRange *part, int64_t count, int64_t fill)
{
	GhcDim		seam;

	if (child->count < 0 || count < 0 || child->count > fill ||
		count > fill - child->count)
		return false;
	seam = find_seam(&child->range, part);
	if (seam == GHC_DIM_COUNT)
		return false;
	child->range.dim[seam].hi = part->dim[seam].hi;
	child->count += count;
	return true;
}

int
ghc_range_pack(const GhcRange *parts, const int64_t *counts, int n,
			   int64_t fill, GhcChild *children)
{
	int			n_children = 0;

	for (int i = 0; i < n; i++)
	{
		if (n_children > 0 &&
			join_child(&children[n_children - 1], &parts[i], counts[i], fill))
			continue;
		children[n_children].range = parts[i];
		children[n_children].count = counts[i];
		n_children++;
	}
	return n_children;
}
