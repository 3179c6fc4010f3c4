/*-------------------------------------------------------------------------
 *
 * errors.h
 *	  What went wrong, alike things in one row.
 *
 * IDENTIFICATION
 *	  src/store/errors.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_ERRORS_H
#define GHC_ERRORS_H

/*
 * Counts an error in ghcrawl.error.  Numbers and ids in the message are made
 * alike, so that one kind of failure is one row; sample says where it
 * happened and may be NULL.  crawl_id is 0 for what concerns no crawl.  Runs
 * between ghc_db_begin and ghc_db_commit.
 */
extern void ghc_errors_record(int64 crawl_id, const char *class,
							  const char *message, const char *sample,
							  int64 count);

#endif							/* GHC_ERRORS_H */
