/*-------------------------------------------------------------------------
 *
 * lore.h
 *	  What workers learnt of hosts, kept over their restarts.
 *
 * Everything here runs between ghc_db_begin and ghc_db_commit, throws on errors
 * of the database, and returns memory of the current context.
 *
 * IDENTIFICATION
 *	  src/store/lore.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_LORE_H
#define GHC_LORE_H

/* what was learnt of requests of one kind; the text is the caller's to read */
typedef struct GhcLoreRow
{
	const char *api_url;
	const char *shape;
	const char *kind;
	const char *learnt;			/* NULL: nothing yet */
} GhcLoreRow;

/* Fills in what was learnt. */
extern void ghc_lore_load(GhcLoreRow *row);

/* Writes it down. */
extern void ghc_lore_save(const GhcLoreRow *row);

#endif							/* GHC_LORE_H */
