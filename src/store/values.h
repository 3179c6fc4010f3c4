/*-------------------------------------------------------------------------
 *
 * values.h
 *	  Values of GitHub as Datums, and whether a stored one is the same.
 *
 * IDENTIFICATION
 *	  src/store/values.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_VALUES_H
#define GHC_VALUES_H

#include "github/range.h"
#include "github/reply.h"
#include "utils/timestamp.h"

/* Seconds since 1970 as a timestamptz. */
extern TimestampTz ghc_values_timestamp(int64 seconds);

/* Numbers as an array bigint[], palloc'd. */
extern Datum ghc_values_int8_array(const int64 *numbers, int n);

/* The same of texts, text[]; NULL is null. */
extern Datum ghc_values_text_array(char *const *texts, int n);

/* The same, double precision[]. */
extern Datum ghc_values_float8_array(const double *numbers, int n);

/* Empties a buffer; its text, palloc'd.  Throws if memory had run out. */
extern char *ghc_values_take(GhcBuffer *buf);

/* A range as the text of a search, palloc'd. */
extern char *ghc_values_range(const GhcRange *range);

/*
 * The Datum of a field that is set, in the form in which it is stored
 * (columns.h), palloc'd; throws on JSON that jsonb refuses.  Not for flags, and
 * names must be in the open dictionary.
 */
extern Datum ghc_values_datum(const GhcRepository *repo, GhcField field);

/* Is nothing known of a field whose column has this value? */
extern bool ghc_values_is_null(GhcField field, Datum stored, bool isnull);

/*
 * Does a stored value, that of the field's column, equal what GitHub shows?  A
 * field that is neither set nor null counts as equal: nothing is known of it.
 */
extern bool ghc_values_same(const GhcRepository *repo, GhcField field,
							Datum stored, bool isnull);

/*
 * The same of n fields, those of "set"; their stored values have their order.
 * Faster than one by one, which matters: it is most of the work of a crawl that
 * finds nothing new.
 */
extern bool ghc_values_same_row(const GhcRepository *repo, GhcFieldSet set,
								const GhcField *fields, int n,
								const Datum *stored, const bool *isnull);

#endif							/* GHC_VALUES_H */
