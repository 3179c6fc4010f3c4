/*-------------------------------------------------------------------------
 *
 * history.h
 *	  The history's table and its partitions, one for each month.
 *
 * IDENTIFICATION
 *	  src/store/history.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_HISTORY_H
#define GHC_HISTORY_H

#include "lib/stringinfo.h"

/* Adds the statements that make the table, in a quoted schema. */
extern void ghc_history_compose(StringInfo sql, const char *schema);

/*
 * As the tables' owner: makes the partitions of this month and the next ones
 * where they are missing.  Waits for nobody: false if one has to be made later.
 */
extern bool ghc_history_extend(const char *schema);

/*
 * The same for all data schemas of the database, as a worker; drops partitions
 * all of whose changes were found longer ago than that, too (-1: none).
 */
extern bool ghc_history_tend(int minutes);

#endif							/* GHC_HISTORY_H */
