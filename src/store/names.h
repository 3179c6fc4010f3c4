/*-------------------------------------------------------------------------
 *
 * names.h
 *	  Names that repositories have and had, and who has or had a name.
 *
 * IDENTIFICATION
 *	  src/store/names.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_NAMES_H
#define GHC_NAMES_H

#include "lib/stringinfo.h"
#include "store/db.h"

/* Adds the statements that make view names, in a quoted schema. */
extern void ghc_names_compose(StringInfo sql, const char *schema);

/* the columns that ghc_names_find gives */
#define GHC_NAMES_COLUMNS 9

/*
 * Finds the repositories that have or had a name (owner/name, in any case), at a
 * moment or, if that is NULL, ever; returns how many rows, which are of
 * SPI_tuptable: repo_id, the name its row has, the name found, is it the
 * holder, does its row only still say so, since, until, what ended it, missed_at.
 * The holder comes first.  Between ghc_db_enter and ghc_db_leave, with the rights
 * of the tables' owner.
 */
extern uint64 ghc_names_find(const char *schema, const char *name,
							 const Datum *at);

#endif							/* GHC_NAMES_H */
