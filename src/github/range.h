/*-------------------------------------------------------------------------
 *
 * range.h
 *	  A slice of GitHub's repositories, and how it is cut into smaller ones.
 *
 * GitHub shows at most 1,000 results of a search and says nothing of the
 * rest (github-api.md 1.2).  A crawl is therefore a tree of ranges: a range
 * that counts more than the cap is cut along one dimension into parts that
 * are disjoint and together cover it exactly, the parts are counted, and
 * neighbours are packed into children that just fit.
 *
 * Dimensions that are numbers are closed intervals; a qualifier is never
 * repeated in a query, because GitHub does not intersect repeated ones.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/range.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_RANGE_H
#define GHC_RANGE_H

#include "base/buffer.h"

/* how many results of one search can be reached */
#define GHC_SEARCH_CAP 1000

/* the most parts one range is cut into at once */
#define GHC_MAX_PARTS 64

/*
 * Of n parts that are too large to be read, n divided by this many are cut
 * again together at most, so that what stands out is found in a few cuts.
 */
#define GHC_RANGE_ZOOM 8

/*
 * Parts are packed into a child up to here: nine full pages that overlap by
 * one.  A tenth would save nothing, and the rest is room for drift.
 */
#define GHC_RANGE_FILL 892

/*
 * Bounds of an interval that has none.  The caller closes "created" before a
 * range is cut: an open one is not cut along time.
 */
#define GHC_OPEN_LOW INT64_MIN
#define GHC_OPEN_HIGH INT64_MAX

/* free words and qualifiers that ghcrawl does not reckon with */
#define GHC_REST_BYTES 2048

typedef enum GhcDim
{
	GHC_DIM_CREATED,			/* seconds since 1970, UTC, both ends included */
	GHC_DIM_SIZE,				/* kilobytes */
	GHC_DIM_FORKS,
	GHC_DIM_STARS,
	GHC_DIM_COUNT,
} GhcDim;

/* their names as qualifiers of a search */
extern const char *const ghc_dim_names[GHC_DIM_COUNT];

typedef struct GhcInterval
{
	int64_t		lo;				/* inclusive, or GHC_OPEN_LOW */
	int64_t		hi;				/* inclusive, or GHC_OPEN_HIGH */
} GhcInterval;

typedef enum GhcForks
{
	GHC_FORKS_OUT,				/* GitHub's default: forks are left out */
	GHC_FORKS_IN,				/* fork:true */
	GHC_FORKS_ONLY,				/* fork:only */
} GhcForks;

typedef enum GhcTri
{
	GHC_TRI_ANY,
	GHC_TRI_FALSE,
	GHC_TRI_TRUE,
} GhcTri;

typedef struct GhcRange
{
	GhcInterval dim[GHC_DIM_COUNT];
	GhcForks	forks;
	GhcTri		archived;
	char		rest[GHC_REST_BYTES];	/* as given, single blanks, NUL-ended */
} GhcRange;

/*
 * A range without the words, which all parts of one have in common: 64 parts
 * with their own would be 130 kB, and many ranges are being cut at once.
 */
typedef struct GhcBounds
{
	GhcInterval dim[GHC_DIM_COUNT];
	GhcForks	forks;
	GhcTri		archived;
} GhcBounds;

/* The interval without bounds in every dimension, nothing else asked. */
extern void ghc_range_init(GhcRange *range);

/*
 * Appends the range as a GitHub search, without a sort, e.g.
 * "topic:x stars:0..10 fork:true created:2020-01-01T00:00:00Z..2020-02-01T23:59:59Z".
 * ghc_selection_parse reads it back to an equal range.  A range that asks for
 * nothing at all gives no text, which is no search; parsing never makes one.
 */
extern void ghc_range_format(const GhcRange *range, GhcBuffer *out);

/* True if both describe the same set by the same words. */
extern bool ghc_range_equals(const GhcRange *a, const GhcRange *b);

/* A range's bounds. */
extern GhcBounds ghc_range_bounds(const GhcRange *range);

/* The range with these bounds and the words of the given one. */
extern GhcRange ghc_range_narrow(const GhcRange *whole,
								 const GhcBounds *bounds);

/*
 * Cuts a range counted at "count" into at most "max" (2 to GHC_MAX_PARTS)
 * disjoint parts that cover it exactly, in ascending order along the one
 * dimension they differ in; returns how many, or 0 if it can't be cut.  There
 * are never more parts than ghc_range_wanted_parts says.
 *
 * The first dimension that can be cut is taken: created (equal spans of
 * time, down to one second), size, forks and stars (by doubling where the
 * interval is open or wide, down to one value), forks in/only, archived.  The
 * number of parts follows from the count, aiming at parts a fraction of the
 * cap, so that packing fills children well.
 */
extern int	ghc_range_cut(const GhcBounds *whole, int64_t count,
						  GhcBounds *parts, int max);

/* How many parts a range of so many repositories is cut into, if it can be. */
extern int	ghc_range_wanted_parts(int64_t count, int max);

/*
 * How many pages a range takes that counts so many, at most GHC_SEARCH_CAP; one
 * that is said to be empty is asked more than once.
 */
extern int64_t ghc_range_pages(int64_t count);

/*
 * What a range is expected to cost that counts so many, in hundredths of a
 * request: that is what packing makes small.
 */
extern int64_t ghc_range_price(int64_t count);

/* One child of a cut range. */
typedef struct GhcChild
{
	GhcBounds	bounds;
	int64_t		count;			/* what GitHub counted in it */
} GhcChild;

/*
 * May n parts that touch and count "sum" be one child?  They may if they stay
 * under "fill"; or if they are too large to be read and no more than "most",
 * to be cut again together.  A part alone always may.
 */
extern bool ghc_range_may_join(int64_t sum, int n, int64_t fill, int most);

/*
 * Packs n counted parts of ghc_range_cut, in their order, into the children
 * that cost least: that fill their pages, and that are at least half full
 * where that costs nothing.  A part whose count isn't known (-1) stands alone.
 * Writes at most n children and returns how many.  Children cover exactly what
 * the parts cover.
 */
extern int	ghc_range_pack(const GhcBounds *parts, const int64_t *counts, int n,
						   int64_t fill, int most, GhcChild *children);

#endif							/* GHC_RANGE_H */
