/*-------------------------------------------------------------------------
 *
 * walked.h
 *	  Which ids were walked through, and which of them the data table has.
 *
 * Everything here runs between ghc_db_begin and ghc_db_commit, or ghc_db_enter
 * and ghc_db_leave, throws on errors of the database, and returns memory of the
 * current context.
 *
 * IDENTIFICATION
 *	  src/store/walked.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_WALKED_H
#define GHC_WALKED_H

#include "github/span.h"

/*
 * The parts of a span that were walked through within so many minutes, for a data
 * schema as it is now; ascending and apart.  Returns how many.
 */
extern int	ghc_walked_load(const char *schema, const GhcSpan *span, int minutes,
							GhcSpan **parts);

/*
 * A crawl has ended, whom the caller has locked: notes what its walks covered, if
 * it had any.
 */
extern void ghc_walked_note(int64 crawl_id);

/* The greatest id in a schema's data table, 0 if there is none, as its owner. */
extern int64 ghc_walked_greatest(const char *schema);

/* Up to "max" ids of a span that the data table has, ascending, likewise. */
extern int	ghc_walked_ids(const char *schema, const GhcSpan *span, int max,
						   int64 *ids);

#endif							/* GHC_WALKED_H */
