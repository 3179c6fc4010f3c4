/*-------------------------------------------------------------------------
 *
 * way_test.c
 *	  Nested connections, or flat pages and lists of ids.
 *
 * IDENTIFICATION
 *	  test/unit/way_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/way.h"
#include "tap.h"

static const GhcFlow github = {5000 / 3600.0, 1, 0};
static const GhcFlow points_only = {5000 / 3600.0, 0, 0};
static const GhcFlow time_only = {0, 1, 0};

/* A sizer that has seen a server of base + rows * ms for a while. */
static GhcSizer
taught(GhcSizerKind kind, double base_ms, double row_ms)
{
	GhcPrice	flat = {0};
	GhcSizer	sizer;

	ghc_sizer_init(&sizer, kind);
	for (int i = 0; i < 60; i++)
	{
		GhcSize		size = ghc_sizer_choose(&sizer, &flat, &time_only);
		int			rows = size.parts * size.rows;

		ghc_sizer_note(&sizer, size, rows, llround(base_ms + row_ms * rows));
	}
	return sizer;
}

typedef struct Case
{
	const char *name;
	double		nested_row_ms;
	double		flat_row_ms;
	double		ids_row_ms;
	GhcPrice	price;			/* of what is nested */
	double		share;
	const GhcFlow *pace;
	GhcWay		want;
	double		points_nested;	/* of 1,000 repositories */
	double		points_later;
} Case;

static const Case cases[] = {
	/* the same points, but ten flat pages on top */
	{"full, points", 2, 2, 2, {2, 30}, 1, &points_only, GHC_WAY_NESTED,
	1000 / 74.0, 1 + 1000 / 74.0},

	/* nested connections make a search slow, but not a look-up by id */
	{"slow nested pages, time", 40, 2, 3, {2, 30}, 1, &time_only, GHC_WAY_LATER,
	20, 1 + 20},
	{"alike, time", 4, 2, 4, {2, 30}, 1, &time_only, GHC_WAY_NESTED, 20, 1 + 20},

	/* a second crawl: only what was pushed to is asked again */
	{"a tenth of them, both", 2, 2, 2, {2, 30}, 0.1, &github, GHC_WAY_LATER,
	1000 / 74.0, 1 + 100 / 74.0},
	{"six connections, a third", 2, 2, 2, {6, 60}, 0.33, &github, GHC_WAY_LATER,
	1000 / 24.0, 1 + 330 / 24.0},
	{"half of one connection, points", 2, 2, 2, {1, 10}, 0.5, &points_only,
	GHC_WAY_LATER, 1000 / 146.0, 1 + 500 / 148.0},
};

static void
test_case(const Case *row)
{
	GhcSizer	nested = taught(GHC_SIZER_PAGES, 200, row->nested_row_ms);
	GhcSizer	flat = taught(GHC_SIZER_PAGES, 200, row->flat_row_ms);
	GhcSizer	ids = taught(GHC_SIZER_IDS, 200, row->ids_row_ms);
	GhcWayPart	nested_part = {&nested, row->price};
	GhcWayPart	flat_part = {&flat, {0, 0}};
	GhcWayPart	ids_part = {&ids, row->price};
	GhcWayCost	costs[2];
	GhcWay		got = ghc_way_choose(&nested_part, &flat_part, &ids_part,
									 row->share, row->pace, costs);

	is_int(got, row->want, row->name);
	ok(fabs(costs[GHC_WAY_NESTED].points * 1000 - row->points_nested) < 0.01,
	   "nested: %.2f points for 1,000, %.0f ms of the budget",
	   costs[GHC_WAY_NESTED].points * 1000, costs[GHC_WAY_NESTED].budget_ms * 1000);
	ok(fabs(costs[GHC_WAY_LATER].points * 1000 - row->points_later) < 0.01,
	   "later: %.2f points for 1,000, %.0f ms of the budget",
	   costs[GHC_WAY_LATER].points * 1000, costs[GHC_WAY_LATER].budget_ms * 1000);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		test_case(&cases[i]);
	return done_testing();
}
