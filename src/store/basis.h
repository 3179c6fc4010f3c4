/*-------------------------------------------------------------------------
 *
 * basis.h
 *	  Up to when all was asked of the repositories of a crawl's selection.
 *
 * Between ghc_db_begin and ghc_db_commit; throws on errors of the database.
 *
 * IDENTIFICATION
 *	  src/store/basis.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_BASIS_H
#define GHC_BASIS_H

#include "utils/timestamp.h"

typedef struct GhcBasis
{
	TimestampTz began_at;		/* this crawl; its rows changed later */
	TimestampTz told_at;		/* of rows that changed later not all is known */
	TimestampTz pushed_at;		/* nor of those that were pushed to later */
} GhcBasis;

/*
 * The basis of a crawl, by the latest complete crawl of the same query and
 * profile.  The last two moments are -infinity if there is none.
 */
extern GhcBasis ghc_basis_load(int64 crawl_id);

#endif							/* GHC_BASIS_H */
