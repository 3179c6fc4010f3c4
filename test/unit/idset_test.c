/*-------------------------------------------------------------------------
 *
 * idset_test.c
 *	  The set of repository ids that counts the distinct ones of a range.
 *
 * IDENTIFICATION
 *	  test/unit/idset_test.c
 *
 *-------------------------------------------------------------------------
 */
#include "base/idset.h"
#include "tap.h"

/* Adds first, first + step, ...; returns how many of n were new. */
static int
add_run(GhcIdSet *set, int64_t first, int64_t step, int n)
{
	int			added = 0;

	for (int i = 0; i < n; i++)
		added += ghc_idset_add(set, first + i * step);
	return added;
}

static void
test_distinct(void)
{
	GhcIdSet	set = {0};

	ok(ghc_idset_add(&set, 1), "an id is new");
	ok(!ghc_idset_add(&set, 1), "and known the second time");
	ok(ghc_idset_add(&set, INT64_MAX), "the largest id");
	ok(!ghc_idset_add(&set, INT64_MAX), "is known as well");
	is_int(set.n, 2, "two ids");
	ghc_idset_free(&set);
	is_int(set.n, 0, "none after it was freed");
	ok(ghc_idset_add(&set, 1), "and ready again");
	ghc_idset_free(&set);
	ghc_idset_free(&set);
}

/* Ids whose hashes crowd are told apart, and growing loses none. */
static void
test_growth(void)
{
	static const int64_t steps[] = {1, 2, 4096, INT64_C(1) << 32, INT64_C(1) << 40};
	const int	n = 20000;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
	{
		GhcIdSet	set = {0};
		int64_t		first = 1 + (int64_t) i;

		is_int(add_run(&set, first, steps[i], n), n, "all are new");
		is_int(add_run(&set, first, steps[i], n), 0, "none is new again");
		is_int(set.n, n, "their number");
		ok(set.capacity - n >= set.capacity / 8, "an eighth of the slots is free");
		ghc_idset_free(&set);
	}
}

static void
test_free(void)
{
	GhcIdSet	set = {0};

	ghc_idset_free(&set);
	is_int(set.n, 0, "an empty set may be freed");
	add_run(&set, 1, 1, 5000);
	ghc_idset_free(&set);
	is_int(set.n, 0, "emptied");
	is_int(add_run(&set, 2500, 1, 5000), 5000, "all are new afterwards");
	ghc_idset_free(&set);
}

int
main(void)
{
	test_distinct();
	test_growth();
	test_free();
	return done_testing();
}
