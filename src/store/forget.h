/*-------------------------------------------------------------------------
 *
 * forget.h
 *	  Erases repositories and owners for good.
 *
 * IDENTIFICATION
 *	  src/store/forget.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_FORGET_H
#define GHC_FORGET_H

#include "nodes/pg_list.h"

/* what is to be forgotten; one of the names, or the id behind it */
typedef struct GhcForget
{
	bool		is_owner;
	char	   *name;			/* owner/name or login; NULL: the id is given */
	int64		id;				/* 0: the name is given */
	char	   *reason;			/* or NULL */
} GhcForget;

/* rows that were erased from a table */
typedef struct GhcErased
{
	char	   *table;
	uint64		n;
} GhcErased;

/*
 * Erases it from a data schema and what the control tables say of it, and sets up tombstones;
 * returns a list of GhcErased, palloc'd.  Nobody writes to the data tables from here to the
 * end of the caller's transaction, which must be READ COMMITTED.  Throws if a name isn't
 * known, or stands for several.  To be called outside of ghc_db_enter; whoever
 * calls it has taken ghc_locks_wait_for_data before he looked for the schema.
 */
extern List *ghc_forget(const char *schema, const GhcForget *what);

#endif							/* GHC_FORGET_H */
