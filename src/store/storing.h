/*-------------------------------------------------------------------------
 *
 * storing.h
 *	  What one call of ghc_pages_store works with.
 *
 * Private to the files that do its work: pages.c, stored.c, fresh.c, former.c,
 * tombstones.c.
 *
 * IDENTIFICATION
 *	  src/store/storing.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_STORING_H
#define GHC_STORING_H

#include "access/htup.h"
#include "store/pages.h"
#include "store/sql.h"

/* a row in hand, and what is stored of it */
typedef struct GhcRow
{
	GhcStoreRow *row;
	HeapTuple	old;			/* locked; NULL if new or unchanged */
} GhcRow;

/* everything one call works with */
typedef struct GhcStore
{
	GhcStoreSql *sql;
	Oid			owner;
	Oid			table;
	const GhcApart *apart;
	GhcRow	   *rows;			/* ascending by id, no id twice */
	int			n;
	int			next_found;		/* place of the row that is probably found next */
	TupleDesc	old_desc;		/* of the old tuples */
	GhcRow	  **picked;			/* rows of the batch on offer */
	int			n_picked;
	int			n_other;		/* names there was no room for in a dictionary */
	GhcSlice	other;			/* one of them */
	bool		minds_owners;	/* some are forgotten; see tombstones.h */
	int			n_unowned;		/* refused, as theirs isn't known */
} GhcStore;

#endif							/* GHC_STORING_H */
