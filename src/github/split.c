/*-------------------------------------------------------------------------
 *
 * split.c
 *	  What a profile asks for, split by price; see split.h.
 *
 * IDENTIFICATION
 *	  src/github/split.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/split.h"

/* a row can't be stored without these */
#define ALWAYS (GHC_FIELD_BIT(GHC_FIELD_REPO_ID) | \
				GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER))

/* what moves when topics or languages do */
#define DATES (GHC_FIELD_BIT(GHC_FIELD_UPDATED_AT) | \
			   GHC_FIELD_BIT(GHC_FIELD_PUSHED_AT) | \
			   GHC_FIELD_BIT(GHC_FIELD_DISK_KB))

static bool
costs(const char *selection)
{
	GhcPrice	price = {0};

	if (selection == NULL)
		return false;
	ghc_price_add(&price, selection);
	return price.requests_each > 0;
}

void
ghc_split(const GhcShape *whole, GhcSplit *split)
{
	GhcFieldSet rest = 0;
	bool		extra_costs = costs(whole->extra);

	for (int field = 0; field < GHC_FIELD_COUNT; field++)
		if (costs(ghc_fields[field].graphql))
			rest |= GHC_FIELD_BIT(field);
	/* they come with the names */
	rest |= GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES);
	if (extra_costs)
		rest |= GHC_FIELD_BIT(GHC_FIELD_EXTRA);
	rest &= whole->fields;

	split->flat = (GhcShape) {
		(whole->fields & ~rest) | ALWAYS, extra_costs ? NULL : whole->extra
	};
	split->rest = (GhcShape) {rest | ALWAYS, extra_costs ? whole->extra : NULL};
	split->in_two = rest != 0;
	split->is_dated = !extra_costs && (whole->fields & DATES) == DATES;
}
