/*-------------------------------------------------------------------------
 *
 * retention.h
 *	  Forgetting what is of use to nobody any more.
 *
 * IDENTIFICATION
 *	  src/store/retention.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_RETENTION_H
#define GHC_RETENTION_H

/*
 * Deletes some ranges of crawls that ended, and errors last seen, longer than
 * "minutes" ago.  Gaps stay, and the crawls with their sums.  True if there
 * may be more to delete.  Runs between ghc_db_begin and ghc_db_commit.
 */
extern bool ghc_retention_apply(int minutes);

#endif							/* GHC_RETENTION_H */
