/*-------------------------------------------------------------------------
 *
 * tombstones.h
 *	  Repositories and owners that are never to be stored again.
 *
 * A table of the data schema, so that it stays when the extension is dropped: numbers,
 * no names.  Who adds to it holds ShareRowExclusiveLock on table repository until
 * his transaction ends (forget.c); who stores has RowExclusiveLock by then, so he
 * sees what is there, and what comes later finds what he wrote.
 *
 * IDENTIFICATION
 *	  src/store/tombstones.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_TOMBSTONES_H
#define GHC_TOMBSTONES_H

#include "lib/stringinfo.h"
#include "store/storing.h"

#define GHC_TOMBSTONES_TABLE "tombstone"

/* Adds the statements that make the table, in a quoted schema. */
extern void ghc_tombstones_compose(StringInfo sql, const char *schema);

/*
 * Takes rows out of a GhcStore that are not to be stored, and makes them stale.
 * As the tables' owner, who has locked table repository.  Costs a look into an
 * empty table where nothing was forgotten.
 */
extern void ghc_tombstones_drop(GhcStore *store);

/*
 * After the rows were looked up: makes those refused that are new and don't tell
 * their owner, if there are owners to be told from; returns how many.
 */
extern int	ghc_tombstones_refuse_unowned(GhcStore *store);

/* Is any owner of a data schema forgotten?  In a worker's transaction. */
extern bool ghc_tombstones_has_owners(const char *schema);

#endif							/* GHC_TOMBSTONES_H */
