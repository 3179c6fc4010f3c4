/*-------------------------------------------------------------------------
 *
 * histogram_test.c
 *	  Quantiles from buckets, against those of the sorted values.
 *
 * IDENTIFICATION
 *	  test/unit/histogram_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/histogram.h"
#include "tap.h"

#include <math.h>
#include <stdlib.h>

#define N_VALUES 5000

static uint32_t seed = 1;

/* a number from 0 to 1, the same on every machine */
static double
draw(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed / 4294967296.0;
}

static int
compare(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

/* Are told and true value within 7.5 %, or rounding, of each other? */
static bool
is_near(int64_t told, int64_t value)
{
	return fabs((double) (told - value)) <= 0.075 * (double) value + 0.5;
}

static int64_t
sum_of(const GhcHistogram *histogram)
{
	int64_t		sum = 0;

	for (int i = 0; i < GHC_HISTOGRAM_BUCKETS; i++)
		sum += histogram->n[i];
	return sum;
}

static void
test_few(void)
{
	GhcHistogram h = {0};

	is_int(ghc_histogram_quantile(&h, 0.5), -1, "an empty one has no median");
	ghc_histogram_add(&h, 300);
	ok(is_near(ghc_histogram_quantile(&h, 0), 300), "of one value: the least");
	ok(is_near(ghc_histogram_quantile(&h, 0.5), 300), "the median");
	ok(is_near(ghc_histogram_quantile(&h, 1), 300), "the largest");
	ghc_histogram_add(&h, 4000);
	ok(is_near(ghc_histogram_quantile(&h, 0.5), 300), "of two: half don't exceed the smaller");
	ok(is_near(ghc_histogram_quantile(&h, 0.51), 4000), "and more than half the larger");
	ok(is_near(ghc_histogram_quantile(&h, 2), 4000), "a share beyond 1 is all");
}

static void
test_bounds(void)
{
	static const int64_t values[] = {INT64_MIN, -1, 0, 1};
	GhcHistogram h = {0};

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		ghc_histogram_add(&h, values[i]);
	is_int(h.n[0], 4, "the first bucket has all up to 1");
	is_int(ghc_histogram_quantile(&h, 1), 1, "and is told as 1");
	ghc_histogram_add(&h, 999999);
	is_int(h.n[GHC_HISTOGRAM_BUCKETS - 1], 1, "just below a million is the last bucket");
	ghc_histogram_add(&h, 1000000);
	ghc_histogram_add(&h, INT64_MAX);
	is_int(h.n[GHC_HISTOGRAM_BUCKETS - 1], 3, "as is all above");
	is_int(sum_of(&h), 7, "none is lost");
}

/* Every value by itself is told within the bucket's width. */
static void
test_precision(void)
{
	int			wrong = 0;

	for (int64_t value = 1; value < 1000000; value += 1 + value / 100)
	{
		GhcHistogram h = {0};

		ghc_histogram_add(&h, value);
		wrong += !is_near(ghc_histogram_quantile(&h, 0.5), value);
	}
	is_int(wrong, 0, "values from 1 to a million are told within 7.5 %");
}

/* Two halves added up tell what the whole does, and that is near the truth. */
static void
test_merge(void)
{
	static const double shares[] = {0.05, 0.5, 0.95, 0.99};
	int64_t		values[N_VALUES];
	GhcHistogram halves[2] = {0};
	GhcHistogram whole = {0};

	for (int i = 0; i < N_VALUES; i++)
	{
		values[i] = (int64_t) (100 * pow(10.0, 2 * draw()));
		ghc_histogram_add(&halves[i % 2], values[i]);
		ghc_histogram_add(&whole, values[i]);
	}
	ghc_histogram_merge(&halves[0], &halves[1]);
	ok(memcmp(&halves[0], &whole, sizeof(whole)) == 0, "the sum of halves is the whole");
	qsort(values, N_VALUES, sizeof(values[0]), compare);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		ok(is_near(ghc_histogram_quantile(&whole, shares[i]),
				   values[(int) ceil(shares[i] * N_VALUES) - 1]),
		   "quantile %.2f is that of the sorted values", shares[i]);
}

static void
test_overflow(void)
{
	GhcHistogram a = {.n = {[5] = INT32_MAX}};
	GhcHistogram b = {.n = {[5] = 7, [6] = 8}};

	ghc_histogram_merge(&a, &b);
	is_int(a.n[5], INT32_MAX, "counts stop at their largest");
	is_int(a.n[6], 8, "each by itself");
}

int
main(void)
{
	test_few();
	test_bounds();
	test_precision();
	test_merge();
	test_overflow();
	return done_testing();
}
