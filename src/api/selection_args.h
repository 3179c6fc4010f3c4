/*-------------------------------------------------------------------------
 *
 * selection_args.h
 *	  Arguments that say what to crawl: checked alike by all who take them.
 *
 * IDENTIFICATION
 *	  src/api/selection_args.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_SELECTION_ARGS_H
#define GHC_SELECTION_ARGS_H

#include "github/range.h"

/* Reads a selection; throws what is wrong with it. */
extern void ghc_selection_args_parse(const char *selection, GhcRange *range);

/* what a selection comes to */
typedef struct GhcRoot
{
	char	   *query;			/* normalised */
	char	   *text;			/* of the root task */
	const char *kind;			/* likewise */
	int64		position;		/* likewise */
} GhcRoot;

/* Reads a search or a span of ids, palloc'd; throws what is wrong with it. */
extern void ghc_selection_args_root(const char *selection, GhcRoot *root);

/*
 * Gives the range both bounds of "created", as a root needs them: what is
 * created later belongs to a later crawl.  Throws if nothing is between them.
 */
extern void ghc_selection_args_bound(GhcRange *range);

/*
 * Throws if the profile doesn't exist or names a column that doesn't, or if
 * there is no token for ghcrawl.api_url.  Between ghc_db_enter and
 * ghc_db_leave.
 */
extern void ghc_selection_args_check(const char *profile);

#endif							/* GHC_SELECTION_ARGS_H */
