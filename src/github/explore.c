/*-------------------------------------------------------------------------
 *
 * explore.c
 *	  Which way the next pages are read; see explore.h.
 *
 * IDENTIFICATION
 *	  src/github/explore.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/explore.h"

/* what is taken for granted of a crawl that was complete before */
#define SHARE_AGAIN 0.25

/* the share follows about as many repositories back */
#define SHARE_ROWS 5000

/* where no more need the rest, asking later is tried first, and the other hardly */
#define FEW 0.5

/* good replies to requests of a kind after which it counts as known */
#define KNOWN_PAGES 12
#define KNOWN_LISTS 6

/*
 * One request of so many goes the other way while little is known of that,
 * after so many the first.  Later on one of very many does, and fewer yet go
 * flat among nested ones, because they bring many times as much.
 */
#define SELDOM 8
#define FIRST_TRY 1
#define VERY_SELDOM 64
#define FLAT_VERY_SELDOM 256

void
ghc_explore_init(GhcExplorer *explorer, bool again)
{
	explorer->sent = 0;
	explorer->share = again ? SHARE_AGAIN : 1;
}

void
ghc_explore_note(GhcExplorer *explorer, int n_lacking, int n)
{
	if (n > 0)
		explorer->share += (n_lacking - explorer->share * n) / (n + SHARE_ROWS);
}

/*
 * The cheaper way.  Ids are looked up only once a range has ended that was read
 * flat; as long as none was, they are hoped to take no time.
 */
static GhcWay
find_cheaper(const GhcExplorer *explorer, const GhcWayPart *nested,
			 const GhcWayPart *flat, const GhcWayPart *ids, const GhcFlow *flow)
{
	GhcSizer	hoped = *ids->sizer;
	GhcWayPart	hoped_ids = {&hoped, ids->price};
	GhcWayCost	costs[2];

	if (hoped.good == 0)
		memset(hoped.latency.ms, 0, sizeof(hoped.latency.ms));
	if (explorer->share <= FEW && flat->sizer->good < KNOWN_PAGES)
		return GHC_WAY_LATER;
	return ghc_way_choose(nested, flat, &hoped_ids, explorer->share, flow, costs);
}

GhcWay
ghc_explore_choose(const GhcExplorer *explorer, const GhcWayPart *nested,
				   const GhcWayPart *flat, const GhcWayPart *ids,
				   const GhcFlow *flow)
{
	GhcWay		cheaper = find_cheaper(explorer, nested, flat, ids, flow);
	GhcWay		other = cheaper == GHC_WAY_NESTED ? GHC_WAY_LATER : GHC_WAY_NESTED;
	int			seldom = other == GHC_WAY_LATER ? FLAT_VERY_SELDOM : VERY_SELDOM;
	bool		known = explorer->share <= FEW ||
		(other == GHC_WAY_NESTED ? nested->sizer->good >= KNOWN_PAGES :
		 flat->sizer->good >= KNOWN_PAGES && ids->sizer->good >= KNOWN_LISTS);

	if (known ? explorer->sent % seldom == seldom - 1 :
		explorer->sent % SELDOM == FIRST_TRY)
		return other;
	return cheaper;
}
