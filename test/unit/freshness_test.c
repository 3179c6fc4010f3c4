/*-------------------------------------------------------------------------
 *
 * freshness_test.c
 *	  What looks tell of change rates, and what a further look is worth.
 *
 * IDENTIFICATION
 *	  test/unit/freshness_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/freshness.h"
#include "tap.h"

static const GhcChangeRate sure = {-2303, 100};	/* one change in ten days */

/* Changes a day, the median of what is taken to be so. */
static double
median(GhcChangeRate rate)
{
	return exp(rate.log / 1000.0);
}

static bool
is_near(double got, double want, double share)
{
	bool		near = fabs(got - want) <= share * fabs(want);

	if (!near)
		printf("# got %g, want %g\n", got, want);
	return near;
}

/* A uniform number, the same ones each time. */
static double
draw(void)
{
	static uint64_t state = UINT64_C(88172645463325252);

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return ((state >> 11) + 0.5) / 9007199254740992.0;
}

static void
test_prior(void)
{
	ok(is_near(median(ghc_freshness_prior(3650, 3650)), 1, 0.01),
	   "3,650 stars in ten years are one a day");
	ok(is_near(median(ghc_freshness_prior(0, 1000)), 0.0005, 0.01),
	   "no star in a thousand days is a half, not none");
	ok(ghc_freshness_prior(5, 0).doubt > ghc_freshness_prior(5, 100).doubt &&
	   ghc_freshness_prior(5, NAN).doubt == ghc_freshness_prior(7, -3).doubt,
	   "of one whose age isn't known nothing is known");
	ok(ghc_freshness_prior(INT32_MAX, 1).log <= 15000, "as many as there can be");
}

/* Is a rate found by looking that often, at random intervals of that many days? */
static void
test_found(double changes, double days, int looks, double within)
{
	GhcChangeRate		rate = ghc_freshness_prior(0, 0);

	for (int i = 0; i < looks; i++)
	{
		double		gap = days * (0.2 + 1.6 * draw());

		rate = ghc_freshness_learn(rate, gap, draw() < 1 - exp(-changes * gap));
	}
	ok(fabs(log(median(rate) / changes)) < within,
	   "%g changes a day, %d looks in %g days each: found %.3g, doubt %.2f",
	   changes, looks, days, median(rate), rate.doubt / 1000.0);
}

static void
test_learning(void)
{
	GhcChangeRate		before = ghc_freshness_prior(0, 0);
	GhcChangeRate		same = ghc_freshness_learn(before, 30, false);
	GhcChangeRate		changed = ghc_freshness_learn(before, 30, true);
	GhcChangeRate		rate = before;

	ok(same.log < before.log && before.log < changed.log,
	   "unchanged is slower, changed is faster");
	ok(same.doubt < before.doubt && changed.doubt < before.doubt,
	   "either way doubt grows less");
	ok(ghc_freshness_learn(before, 30, false).log <
	   ghc_freshness_learn(before, 3, false).log,
	   "unchanged for long says more");
	ok(ghc_freshness_learn(before, 3, true).log >
	   ghc_freshness_learn(before, 30, true).log,
	   "changed so soon says more");
	rate = ghc_freshness_learn(before, 0, true);
	ok(rate.log == before.log && rate.doubt == before.doubt &&
	   ghc_freshness_learn(before, -1, true).log == before.log &&
	   ghc_freshness_learn(before, NAN, true).log == before.log,
	   "no time between two looks says nothing");

	for (int i = 0; i < 10000; i++)
		rate = ghc_freshness_learn(rate, 1000, false);
	ok(rate.log >= -15000 && rate.log < -8000 && rate.doubt >= 100,
	   "never a change, for ever: %d, %d", rate.log, rate.doubt);
	for (int i = 0; i < 10000; i++)
		rate = ghc_freshness_learn(rate, 1, true);
	ok(rate.log > 0 && rate.log <= 15000 && rate.doubt >= 100,
	   "then always: %d, %d", rate.log, rate.doubt);
	for (int i = 0; i < 3; i++)
	{
		test_found(0.1, 10, 200, 0.6);
		test_found(0.01, 30, 200, 0.6);
		test_found(1, 1, 100, 0.6);
	}
	test_found(0.1, 10, 5, 2);
}

static void
test_value(void)
{
	double		before = 0;
	bool		grows = true;

	for (double days = 1.0 / 1440; days < 1000; days *= 1.3)
	{
		double		value = ghc_freshness_value(sure, 1, days);

		grows &= value > before || value > 9.9;
		before = value;
	}
	ok(grows, "a look is worth the more the longer ago the last one is");
	ok(is_near(ghc_freshness_value(sure, 1, 1e6), 10, 0.02),
	   "in the end the days until the next change");
	/* r = 0.1, a = 10: 10 * (1 - 2/e) */
	ok(is_near(ghc_freshness_value(sure, 1, 10), 10 * (1 - 2 * exp(-1)), 0.02),
	   "after the time of one change");
	ok(is_near(ghc_freshness_value(sure, 7, 10), 7 * ghc_freshness_value(sure, 1, 10), 1e-9),
	   "in proportion to the weight");
	ok(ghc_freshness_value(sure, 1, 0) == 0, "nothing at once");
	ok(is_near(ghc_freshness_value((GhcChangeRate) {-9000, 100}, 1, 0.99),
			   ghc_freshness_value((GhcChangeRate) {-9000, 100}, 1, 1) * 0.99 * 0.99, 1e-3),
	   "of what hardly changes it grows with the square of time");
	ok(ghc_freshness_value((GhcChangeRate) {3000, 300}, 1, 30) <
	   ghc_freshness_value((GhcChangeRate) {-3000, 300}, 1, 30) / 10,
	   "what changes twenty times a day is hardly worth a look each month");
}

static void
test_priority(void)
{
	ok(ghc_freshness_priority(sure, 1000, 2, 1) >
	   ghc_freshness_priority(sure, 10, 2, 1), "more stars first");
	ok(ghc_freshness_priority(sure, 10, 40, 30) >
	   ghc_freshness_priority(sure, 10, 31, 30), "longer overdue first");
	ok(ghc_freshness_priority(sure, 10, 30, 1) >
	   ghc_freshness_priority(sure, 10, 30, 30), "more often overdue first");
	ok(ghc_freshness_priority((GhcChangeRate) {3000, 100}, 10, 1e7, 1) >
	   ghc_freshness_priority(sure, 10, 100, 1), "what is worth little comes at last, too");
	ok(ghc_freshness_priority(sure, -5, 1, 1) > 0 &&
	   ghc_freshness_priority(sure, 5, 1, 0) > 0, "whatever is stored there");
}

static double
hinted(GhcChangeRate rate, int32_t stars, double days, int32_t events, int32_t given)
{
	return ghc_freshness_hinted_priority(rate, stars, days, 30, events, given);
}

static void
test_hints(void)
{
	GhcChangeRate hot = {3000, 300};
	GhcChangeRate rare = {-5000, 300};
	bool		grows = true;

	ok(ghc_freshness_hinted_days(10, 0, 30) == 15, "half of the target has to be over");
	ok(is_near(ghc_freshness_hinted_days(999, 100, 1), 0.25, 1e-9), "a tenth more stars: a quarter");
	ok(ghc_freshness_hinted_days(0, 500, 180) < 0.05 && ghc_freshness_hinted_days(-5, 0, 180) == 90,
	   "many stars for one without: at once");
	is_int(hinted(sure, 10, 20, 0, 0) * 1e6, ghc_freshness_priority(sure, 10, 20, 30) * 1e6,
		   "no events are no hint");
	for (int n = 0; n < 100; n++)
		grows &= hinted(sure, 10, 1, n + 1, 0) > hinted(sure, 10, 1, n, 0) &&
			hinted(sure, 10, 1, n + 1, 1) > hinted(sure, 10, 1, n + 1, 0);
	ok(grows, "each makes a look worth more, a star most");
	ok(hinted(sure, 10, 5, INT32_MAX, INT32_MAX) <=
	   (ghc_freshness_value(sure, 11, 5) + 11 * 30) * sqrt(5 / 30.0),
	   "no more than being right until the next look");
	ok(hinted(hot, 10, 5, 9, 9) - ghc_freshness_priority(hot, 10, 5, 30) <
	   (hinted(sure, 10, 5, 9, 9) - ghc_freshness_priority(sure, 10, 5, 30)) / 1000,
	   "of what changes all the time they say nothing");
	ok(hinted(rare, 10, 20, 1, 1) > ghc_freshness_priority(rare, 10, 60, 30),
	   "one with a hint comes before one that is due");
	ok(hinted((GhcChangeRate) {-15000, 3000}, 0, 1e-6, 1, 1) >= 0 &&
	   hinted((GhcChangeRate) {15000, 3000}, INT32_MAX, 1e5, INT32_MAX, INT32_MAX) > 0,
	   "whatever is stored there");
}

int
main(void)
{
	test_prior();
	test_learning();
	test_value();
	test_priority();
	test_hints();
	return done_testing();
}
