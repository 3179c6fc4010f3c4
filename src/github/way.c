/*-------------------------------------------------------------------------
 *
 * way.c
 *	  How to ask for fields that cost points; see way.h.
 *
 * IDENTIFICATION
 *	  src/github/way.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/way.h"

/* two steps instead of one should be worth the trouble */
#define WORTH_IT 0.95

/* Adds what a share of the repositories takes by requests of one kind. */
static void
add(GhcWayCost *cost, const GhcWayPart *part, double share, const GhcFlow *pace)
{
	GhcSize		size = ghc_sizer_choose(part->sizer, &part->price, pace);
	double		rows = size.parts * size.rows;

	cost->points += share *
		ghc_sizer_points(part->sizer, &part->price, size) / rows;
	cost->response_ms += share * ghc_sizer_expected_ms(part->sizer, size) / rows;
}

GhcWay
ghc_way_choose(const GhcWayPart *nested, const GhcWayPart *flat,
			   const GhcWayPart *ids, double share, const GhcFlow *pace,
			   GhcWayCost costs[2])
{
	memset(costs, 0, 2 * sizeof(*costs));
	add(&costs[GHC_WAY_NESTED], nested, 1, pace);
	add(&costs[GHC_WAY_LATER], flat, 1, pace);
	add(&costs[GHC_WAY_LATER], ids, share, pace);
	for (int way = 0; way < 2; way++)
		costs[way].budget_ms = ghc_sizer_budget_ms(pace, costs[way].points,
												   costs[way].response_ms);

	return costs[GHC_WAY_LATER].budget_ms <
		costs[GHC_WAY_NESTED].budget_ms * WORTH_IT ?
		GHC_WAY_LATER : GHC_WAY_NESTED;
}
