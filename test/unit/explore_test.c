/*-------------------------------------------------------------------------
 *
 * explore_test.c
 *	  Which way ranges are read, on servers made up.
 *
 * A server takes so long for a request, and so long for each repository in it, by
 * kind of request.  Ranges of a thousand are read as is chosen for each request,
 * and replies noted, as a worker does.
 *
 * IDENTIFICATION
 *	  test/unit/explore_test.c
 *
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "github/explore.h"
#include "tap.h"

#define RANGE 1000

typedef struct Kind
{
	GhcSizer	sizer;
	GhcWayPart	part;
	double		row_ms;
} Kind;

typedef struct World
{
	Kind		nested;
	Kind		flat;
	Kind		ids;
	double		lacking;		/* what repositories need the rest */
	GhcFlow		flow;
	double		spent_ms;		/* of the budget */
	double		later;			/* repositories read that way */
} World;

static void
set_kind(Kind *kind, GhcSizerKind what, double row_ms, GhcPrice price)
{
	ghc_sizer_init(&kind->sizer, what);
	kind->part = (GhcWayPart) {&kind->sizer, price};
	kind->row_ms = row_ms;
}

static World
make(double nested_ms, double flat_ms, double ids_ms, GhcFlow flow)
{
	static World world;
	static const GhcPrice full = {2, 30};
	static const GhcPrice free_of_charge = {0, 0};

	memset(&world, 0, sizeof(world));
	set_kind(&world.nested, GHC_SIZER_PAGES, nested_ms, full);
	set_kind(&world.flat, GHC_SIZER_PAGES, flat_ms, free_of_charge);
	set_kind(&world.ids, GHC_SIZER_IDS, ids_ms, full);
	world.lacking = 1;
	world.flow = flow;
	return world;
}

/* The parts point into the world, which may have moved. */
static void
settle(World *world)
{
	world->nested.part.sizer = &world->nested.sizer;
	world->flat.part.sizer = &world->flat.sizer;
	world->ids.part.sizer = &world->ids.sizer;
}

/* Sends a request for up to "most" rows; returns how many. */
static int
read_rows(World *world, Kind *kind, int most)
{
	GhcSize		size = ghc_sizer_choose(&kind->sizer, &kind->part.price, &world->flow);
	int			rows = size.parts * size.rows;
	double		ms;

	if (rows > most)
	{
		rows = most;
		size.rows = (most + size.parts - 1) / size.parts;
	}
	ms = 200 + kind->row_ms * rows;
	ghc_sizer_note(&kind->sizer, size, rows, llround(ms));
	world->spent_ms += ghc_sizer_budget_ms(&world->flow,
										   ghc_sizer_points(&kind->sizer, &kind->part.price, size), ms);
	return rows;
}

/* Reads ranges, and after each what was left out of its pages. */
static void
read_ranges(World *world, GhcExplorer *explorer, int n_ranges)
{
	settle(world);
	while (n_ranges-- > 0)
	{
		double		lacking = 0;
		int			n;

		for (int left = RANGE; left > 0; left -= n)
		{
			GhcWay		way = ghc_explore_choose(explorer, &world->nested.part,
												 &world->flat.part, &world->ids.part,
												 &world->flow);

			explorer->sent++;
			n = read_rows(world, way == GHC_WAY_NESTED ? &world->nested : &world->flat, left);
			ghc_explore_note(explorer, (int) (n * world->lacking + 0.5), n);
			if (way == GHC_WAY_NESTED)
				continue;
			world->later += n;
			lacking += n * world->lacking;
		}
		for (int left = (int) lacking; left > 0; left -= n)
			n = read_rows(world, &world->ids, left);
	}
}

static const GhcFlow time_binds = {0, 1, 0};
static const GhcFlow points_bind = {5000 / 3600.0, 0, 0};

/* Of the repositories of so many ranges, percent read flat since last asked. */
static double
percent_later(World *world, int ranges)
{
	double		percent = world->later / ranges / RANGE * 100;

	world->later = 0;
	return percent;
}

static void
test_slow(void)
{
	World		world = make(20, 2, 4, time_binds);
	GhcExplorer explorer;
	double		percent;

	ghc_explore_init(&explorer, false);
	read_ranges(&world, &explorer, 5);
	percent = percent_later(&world, 5);
	ok(percent >= 60, "slow nested pages are soon left: %.1f %% later", percent);
	read_ranges(&world, &explorer, 1000);
	percent = percent_later(&world, 1000);
	ok(percent >= 99, "and seldom tried again: %.1f %%", percent);
	ok(percent < 100, "but tried");
}

static void
test_fast(void)
{
	World		world = make(2, 2, 2, points_bind);
	World		plain;
	GhcExplorer explorer;
	double		percent;

	ghc_explore_init(&explorer, false);
	read_ranges(&world, &explorer, 100);
	percent = percent_later(&world, 100);
	ok(percent > 0 && percent <= 10, "fast ones are kept: %.1f %% later", percent);

	/* what the tries cost */
	plain = make(2, 2, 2, points_bind);
	settle(&plain);
	for (int i = 0; i < 100; i++)
		for (int left = RANGE; left > 0;)
			left -= read_rows(&plain, &plain.nested, left);
	ok(world.spent_ms < 1.03 * plain.spent_ms, "tries cost %.1f %%",
	   100 * world.spent_ms / plain.spent_ms - 100);
}

/* A server that becomes slow for nested pages: the other way was tried before. */
static void
test_change(void)
{
	World		world = make(2, 2, 2, time_binds);
	GhcExplorer explorer;
	double		percent;

	ghc_explore_init(&explorer, false);
	read_ranges(&world, &explorer, 200);
	(void) percent_later(&world, 1);
	world.nested.row_ms = 40;
	read_ranges(&world, &explorer, 200);
	percent = percent_later(&world, 200);
	ok(percent >= 90, "once nested pages get slow: %.1f %% later", percent);
	world.nested.row_ms = 2;
	read_ranges(&world, &explorer, 1000);
	percent = percent_later(&world, 1000);
	ok(percent < 70, "and once they are fast again: %.1f %%", percent);
}

static void
test_again(void)
{
	World		world = make(2, 2, 2, points_bind);
	GhcExplorer explorer;
	double		percent;

	world.lacking = 0.05;
	ghc_explore_init(&explorer, true);
	read_ranges(&world, &explorer, 100);
	percent = percent_later(&world, 100);
	ok(percent >= 95, "few have changed: %.1f %% later", percent);
	ok(fabs(explorer.share - 0.05) < 0.01, "which is learnt: %.3f", explorer.share);
	world.lacking = 1;
	read_ranges(&world, &explorer, 100);
	percent = percent_later(&world, 100);
	ok(percent < 30, "then all have: %.1f %% later", percent);

	ghc_explore_init(&explorer, false);
	is_int((int64_t) explorer.share, 1, "all is needed the first time");
	ghc_explore_note(&explorer, 0, 0);
	is_int((int64_t) explorer.share, 1, "nothing tells nothing");
}

int
main(void)
{
	test_slow();
	test_fast();
	test_change();
	test_again();
	return done_testing();
}
