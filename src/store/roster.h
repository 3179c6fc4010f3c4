/*-------------------------------------------------------------------------
 *
 * roster.h
 *	  Finding out which repositories there are to be kept fresh.
 *
 * Crawls write nothing of that beside their rows.  So each run of ghcrawl_refresh
 * goes on through table repository in the order of ids, some hundred thousand
 * rows at most, and enters what it doesn't know: those with stars into table repository_look,
 * the others into blocks.  The popular ones are found at once.
 *
 * IDENTIFICATION
 *	  src/store/roster.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ROSTER_H
#define GHC_ROSTER_H

#include "store/targets.h"

/*
 * Goes on with the pass, as the extension's owner, between ghc_db_enter and
 * ghc_db_leave; the caller has locked the schema's row in ghcrawl.refresh.
 */
extern void ghc_roster_extend(const char *schema, Oid owner,
							  const GhcTargets *targets);

#endif							/* GHC_ROSTER_H */
