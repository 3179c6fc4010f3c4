/*-------------------------------------------------------------------------
 *
 * wanted.h
 *	  What became of the repositories that somebody named.
 *
 * Runs between ghc_db_begin and ghc_db_commit; throws on errors of the database.
 *
 * IDENTIFICATION
 *	  src/store/wanted.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_WANTED_H
#define GHC_WANTED_H

/* repositories of a list, in arrays of n */
typedef struct GhcWantedRows
{
	int			n;
	char	  **asked_as;
	int64	   *repo_ids;		/* 0: not known */
	char	  **states;			/* "found", "not_found", "forbidden", "unclear" */
} GhcWantedRows;

/* Writes down what became of some, in place of what was known of them. */
extern void ghc_wanted_write(int64 crawl_id, const GhcWantedRows *rows);

#endif							/* GHC_WANTED_H */
