/*-------------------------------------------------------------------------
 *
 * dictionary.h
 *	  Names that come again and again, languages and licences, as small numbers.
 *
 * IDENTIFICATION
 *	  src/store/dictionary.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_DICTIONARY_H
#define GHC_DICTIONARY_H

#include "github/fields.h"

/* what the dictionaries' tables have for a name they have no room for */
#define GHC_DICTIONARY_OTHER 0

/*
 * Opens the dictionaries of a data schema, as the owner of its tables, which
 * are locked; what follows is about these until they are opened again.  Once
 * for each set of rows: knows what others committed some seconds ago, and
 * forgets what was rolled back.
 */
extern void ghc_dictionary_open(const char *schema);

/* The number of a name of GHC_FIELD_LANGUAGE or _LICENSE; -1 if it has none yet. */
extern int	ghc_dictionary_find(GhcField field, GhcSlice name);

/* Is that the name's number?  Where it is, that is faster to say than to find. */
extern bool ghc_dictionary_is(GhcField field, int number, GhcSlice name);

/*
 * Gives numbers to names that may have none.  Those there is no room for have
 * GHC_DICTIONARY_OTHER from then on.
 */
extern void ghc_dictionary_add(GhcField field, const GhcSlice *names, int n);

/* The name that has a number; that of no name if there is none any more. */
extern GhcSlice ghc_dictionary_name(GhcField field, int number);

#endif							/* GHC_DICTIONARY_H */
