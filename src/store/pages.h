/*-------------------------------------------------------------------------
 *
 * pages.h
 *	  Stores repositories: look up, compare, write what is new or changed.
 *
 * IDENTIFICATION
 *	  src/store/pages.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_PAGES_H
#define GHC_PAGES_H

#include "github/reply.h"
#include "utils/timestamp.h"

/* what became of a row */
typedef enum GhcStored
{
	GHC_STORED_SAME,			/* nothing had changed, or it came twice */
	GHC_STORED_NEW,
	GHC_STORED_CHANGED,
	GHC_STORED_STALE,			/* the stored row is younger than this look,
								 * or gone, and there is nothing to add to */
	GHC_STORED_REFUSED,			/* the database refused it; recorded */
} GhcStored;

typedef struct GhcStoreRow
{
	int64		crawl_id;		/* for recording a refusal */
	const GhcRepository *repo;
	TimestampTz observed_at;	/* when the request was sent */
	void	   *owner;			/* the caller's own */
	GhcStored	stored;			/* the result */
	bool		alone;			/* asked for by its id, not with a range */
	bool		lacking;		/* fields that are asked for apart */
	TimestampTz changed_before; /* when the row changed before, if it's there */
} GhcStoreRow;

/* fields that are asked for apart from the others, by id; all 0: there are none */
typedef struct GhcApart
{
	GhcFieldSet fields;
	bool		now;			/* these are they: no row begins with them */
	TimestampTz told_at;		/* rows that changed later lack them */
	TimestampTz pushed_at;		/* and so do those that were pushed to later */
} GhcApart;

/*
 * Stores n rows of the given fields into a data schema, in the current
 * transaction, between ghc_db_begin and ghc_db_commit; sorts the rows by id
 * and fills in what became of each, and which lack
 * what is asked for apart.  Throws if a statement fails; with
 * "careful" each failure is narrowed down, by subtransactions, to the rows
 * that cause it, which are recorded and left out; what is thrown then isn't
 * about rows: it passes by itself (ghc_db_is_passing), or tables or rights are
 * not as they should be.
 */
extern void ghc_pages_store(const char *schema, GhcFieldSet fields,
							const GhcApart *apart, GhcStoreRow *rows, int n,
							bool careful);

#endif							/* GHC_PAGES_H */
