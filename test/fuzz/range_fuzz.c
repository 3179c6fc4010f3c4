/*-------------------------------------------------------------------------
 *
 * range_fuzz.c
 *	  Cutting and packing of ranges (range.c), pages and prices of them, the
 *	  split of what is asked (split.c).
 *
 * The input is read as numbers.  For any range whose intervals have values, any
 * count and any number of parts:
 *
 *	- parts of a cut differ in one dimension only, ascend, touch and together
 *	  cover the range exactly; there are at least two, at most as many as wanted;
 *	- what can't be cut has one value in every dimension that is cut;
 *	- packed children cover what the parts cover, in their order, with their
 *	  sums; none is larger than allowed, and packing never costs more than
 *	  leaving the parts alone;
 *	- pages and prices never fall as counts rise, within what can be read;
 *	- the two halves of a split are together what was asked.
 *
 * No arithmetic overflows: UBSan watches.
 *
 * IDENTIFICATION
 *	  test/fuzz/range_fuzz.c
 *
 *-------------------------------------------------------------------------
 */
#include "fuzz.h"
#include "github/range.h"
#include "github/split.h"

static GhcBounds range;
static GhcBounds parts[GHC_MAX_PARTS];
static GhcChild children[GHC_MAX_PARTS];
static int64_t counts[GHC_MAX_PARTS];

/* An interval as parsing makes them: not empty, from 0 on, open or not. */
static GhcInterval
read_interval(FuzzBytes *bytes, bool is_time)
{
	int64_t		most = is_time ? INT64_C(253402300799) : INT64_MAX;
	GhcInterval out;

	out.lo = fuzz_int64(bytes);
	out.hi = fuzz_int64(bytes);
	if (out.lo < 0)
		out.lo = GHC_OPEN_LOW;
	if (out.lo > most)
		out.lo = most;
	if (out.hi < 0)
		out.hi = out.hi == INT64_MIN ? INT64_MAX : -out.hi;
	if (out.hi > most && out.hi != GHC_OPEN_HIGH)
		out.hi = most;
	if (out.hi < out.lo)
		out.hi = out.lo;
	return out;
}

static void
read_range(FuzzBytes *bytes)
{
	uint8_t		which = fuzz_byte(bytes);
	uint8_t		flags = fuzz_byte(bytes);
	GhcRange	whole;
	GhcRange	again;

	ghc_range_init(&whole);
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (which & 1 << dim)
			whole.dim[dim] = read_interval(bytes, dim == GHC_DIM_CREATED);
	whole.forks = (GhcForks) (flags % 3);
	whole.archived = (GhcTri) (flags / 4 % 3);
	if (flags & 0x80)
		strcpy(whole.rest, "topic:x");

	/* bounds and words make the range again */
	range = ghc_range_bounds(&whole);
	again = ghc_range_narrow(&whole, &range);
	check(ghc_range_equals(&whole, &again));
}

static bool
same_bounds(const GhcBounds *a, const GhcBounds *b)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (a->dim[dim].lo != b->dim[dim].lo || a->dim[dim].hi != b->dim[dim].hi)
			return false;
	return a->forks == b->forks && a->archived == b->archived;
}

/* The dimension in which two ranges differ, -1 if none, -2 if several. */
static int
differing_dim(const GhcBounds *a, const GhcBounds *b)
{
	int			found = -1;

	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (a->dim[dim].lo != b->dim[dim].lo || a->dim[dim].hi != b->dim[dim].hi)
			found = found == -1 ? dim : -2;
	return found;
}

static void
check_interval_parts(int n, int dim)
{
	check(dim >= 0);
	check(parts[0].dim[dim].lo == range.dim[dim].lo);
	check(parts[n - 1].dim[dim].hi == range.dim[dim].hi);
	for (int i = 0; i < n; i++)
	{
		GhcBounds	same = parts[i];

		check(parts[i].dim[dim].lo <= parts[i].dim[dim].hi);
		if (i > 0)
			check(parts[i - 1].dim[dim].hi != INT64_MAX &&
				  parts[i - 1].dim[dim].hi + 1 == parts[i].dim[dim].lo);
		/* the first holds no value that counts below 0 alone */
		check(parts[i].dim[dim].hi >= 0);
		same.dim[dim] = range.dim[dim];
		check(same_bounds(&same, &range));
	}
}

static void
check_flag_parts(int n)
{
	GhcBounds	same = parts[1];

	check(n == 2 && differing_dim(&parts[0], &parts[1]) == -1);
	if (range.forks == GHC_FORKS_IN)
	{
		check(parts[0].forks == GHC_FORKS_OUT && parts[1].forks == GHC_FORKS_ONLY);
		same.forks = GHC_FORKS_IN;
	}
	else
	{
		check(range.archived == GHC_TRI_ANY);
		check(parts[0].archived == GHC_TRI_FALSE && parts[1].archived == GHC_TRI_TRUE);
		same.archived = GHC_TRI_ANY;
	}
	check(same_bounds(&same, &range));
}

static void
check_uncut(void)
{
	GhcInterval created = range.dim[GHC_DIM_CREATED];

	check(range.forks != GHC_FORKS_IN && range.archived != GHC_TRI_ANY);
	check(created.lo == GHC_OPEN_LOW || created.hi == GHC_OPEN_HIGH ||
		  created.lo == created.hi);
	for (int dim = GHC_DIM_SIZE; dim < GHC_DIM_COUNT; dim++)
	{
		int64_t		lo = range.dim[dim].lo < 0 ? 0 : range.dim[dim].lo;

		check(lo == range.dim[dim].hi);
	}
}

static int
check_cut(int64_t count, int max)
{
	int			n = ghc_range_cut(&range, count, parts, max);
	int			dim;

	check(n == 0 || n >= 2);
	check(n <= ghc_range_wanted_parts(count, max) && n <= max);
	if (n == 0)
	{
		check_uncut();
		return 0;
	}
	dim = differing_dim(&parts[0], &parts[1]);
	if (dim == -1)
		check_flag_parts(n);
	else
		check_interval_parts(n, dim);
	return n;
}

static void
check_child(const GhcChild *child, int first, int last, int64_t fill, int most)
{
	int64_t		sum = 0;
	int			dim;

	for (int i = first; i <= last; i++)
	{
		check(first == last || counts[i] >= 0);
		sum += counts[i];
	}
	check(child->count == sum);
	check(ghc_range_may_join(sum, last - first + 1, fill, most));
	if (first == last)
	{
		check(same_bounds(&child->bounds, &parts[first]));
		return;
	}
	dim = differing_dim(&parts[first], &parts[last]);
	check(dim >= 0 && child->bounds.dim[dim].lo == parts[first].dim[dim].lo &&
		  child->bounds.dim[dim].hi == parts[last].dim[dim].hi);
	check(differing_dim(&child->bounds, &parts[first]) == dim);
}

/* Is this the first part of a child? */
static bool
begins_with(const GhcBounds *child, const GhcBounds *part)
{
	for (int dim = 0; dim < GHC_DIM_COUNT; dim++)
		if (child->dim[dim].lo != part->dim[dim].lo)
			return false;
	return child->forks == part->forks && child->archived == part->archived;
}

static void
check_pack(FuzzBytes *bytes, int n)
{
	int64_t		fill = fuzz_byte(bytes) * 4;
	int			most = fuzz_byte(bytes) % (GHC_MAX_PARTS + 1);
	int64_t		apart = 0;
	int64_t		packed = 0;
	int			n_children;
	int			first = 0;

	for (int i = 0; i < n; i++)
	{
		counts[i] = fuzz_int64(bytes);
		/* GitHub's are far below a billion */
		if (counts[i] < 0 || counts[i] > INT64_C(1) << 56)
			counts[i] = -1;
		apart += ghc_range_price(counts[i] < 0 ? 0 : counts[i]);
	}
	n_children = ghc_range_pack(parts, counts, n, fill, most, children);
	check(n_children >= 1 && n_children <= n);
	for (int i = 0; i < n_children; i++)
	{
		int			last = first;

		/* up to where the next child begins */
		while (last < n - 1 && (i == n_children - 1 ||
								!begins_with(&children[i + 1].bounds, &parts[last + 1])))
			last++;
		check_child(&children[i], first, last, fill, most);
		packed += ghc_range_price(children[i].count < 0 ? 0 : children[i].count);
		first = last + 1;
	}
	check(first == n && packed <= apart);
}

static void
check_prices(int64_t a, int64_t b)
{
	if (a < 0 || b < 0 || a == INT64_MAX || b == INT64_MAX)
		return;
	if (a > b)
	{
		int64_t		swap = a;

		a = b;
		b = swap;
	}
	if (a > 0 && b <= GHC_SEARCH_CAP)
	{
		check(ghc_range_pages(a) <= ghc_range_pages(b));
		check((ghc_range_pages(b) - 1) * (GHC_PAGE_SIZE - GHC_PAGE_OVERLAP) < b);
		check(ghc_range_pages(b) * (GHC_PAGE_SIZE - GHC_PAGE_OVERLAP) + GHC_PAGE_OVERLAP >= b);
	}
	check(ghc_range_price(a) > 0 && ghc_range_price(b) > 0);
	if (a > GHC_SEARCH_CAP)
		check(ghc_range_price(a) <= ghc_range_price(b));
}

static void
check_split(GhcFieldSet fields, bool extra)
{
	GhcFieldSet all = GHC_FIELD_BIT(GHC_FIELD_COUNT) - 1;
	GhcFieldSet always = GHC_FIELD_BIT(GHC_FIELD_REPO_ID) |
		GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER);
	GhcShape	whole = {fields & all, extra ? "issues(first:5){totalCount}" : NULL};
	GhcSplit	split;
	GhcPrice	price;

	ghc_split(&whole, &split);
	check((split.flat.fields & split.rest.fields) == always);
	check((split.flat.fields | split.rest.fields) == (whole.fields | always));
	check(split.flat.extra == NULL || split.rest.extra == NULL);
	price = ghc_query_price(&split.flat);
	check(price.requests_each == 0);
	price = ghc_query_price(&split.rest);
	check(split.in_two || price.requests_each == 0 || extra);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FuzzBytes	bytes = {data, size};
	int64_t		count;
	int			max;
	int			n;

	read_range(&bytes);
	count = fuzz_int64(&bytes);
	max = 2 + fuzz_byte(&bytes) % (GHC_MAX_PARTS - 1);
	check_prices(count, fuzz_int64(&bytes));
	check_split((GhcFieldSet) fuzz_int64(&bytes), fuzz_byte(&bytes) % 2);
	n = check_cut(count < 0 ? 0 : count, max);
	if (n > 0)
		check_pack(&bytes, n);
	return 0;
}
