/*-------------------------------------------------------------------------
 *
 * columns.h
 *	  How fields lie in the data tables.
 *
 * A row is stored hundreds of millions of times, so people read a view and the
 * table keeps what the view shows in fewer bytes: moments as seconds in four
 * bytes, booleans as bits of one column, names that come again and again
 * as numbers of a dictionary, lists as text with commas.  Columns stand by
 * width, so that nothing is lost to alignment.
 *
 * IDENTIFICATION
 *	  src/store/columns.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_COLUMNS_H
#define GHC_COLUMNS_H

#include "github/fields.h"

/* how a field's value is stored */
typedef enum GhcForm
{
	GHC_FORM_INT8,
	GHC_FORM_INT4,
	GHC_FORM_TIME,				/* integer, seconds since 2000 */
	GHC_FORM_FLAG,				/* two bits of column flags: known, and true */
	GHC_FORM_NAME,				/* smallint, see dictionary.h */
	GHC_FORM_TEXT,
	GHC_FORM_NAMES,				/* text, commas between */
	GHC_FORM_NUMBERS,			/* the same */
	GHC_FORM_JSON,
} GhcForm;

/* The columns of table repository behind repo_id and changed_at, a field of each. */
#define GHC_COLUMN_COUNT 20
extern const GhcField ghc_columns[GHC_COLUMN_COUNT];

/* The same of table repository_history; here the licence is text. */
#define GHC_HISTORY_COLUMN_COUNT 6
extern const GhcField ghc_history_columns[GHC_HISTORY_COLUMN_COUNT];

/* the forms, in a table: they are looked at for each value that is compared */
extern const GhcForm ghc_columns_forms[GHC_FIELD_COUNT];

/* the twelve flags have bits 0 to 11 for true, 12 to 23 for known */
#define GHC_COLUMNS_FIRST_FLAG GHC_FIELD_IS_FORK
#define GHC_COLUMNS_FLAG_COUNT 12

/* How values of a field are stored. */
static inline GhcForm
ghc_columns_form(GhcField field)
{
	return ghc_columns_forms[field];
}

/* Name, SQL's name of the type and its OID of the column that has the field. */
extern const char *ghc_columns_name(GhcField field);
extern const char *ghc_columns_type(GhcField field);
extern Oid	ghc_columns_type_oid(GhcField field);

/* The name, where the history has it. */
extern const char *ghc_columns_history_name(GhcField field);

/* Of a GHC_FORM_FLAG: the bit that says true, and the one that says it is known. */
static inline int32
ghc_columns_true(GhcField field)
{
	return 1 << (field - GHC_COLUMNS_FIRST_FLAG);
}

static inline int32
ghc_columns_known(GhcField field)
{
	return ghc_columns_true(field) << GHC_COLUMNS_FLAG_COUNT;
}

/*
 * An expression that gives a field as people read it, palloc'd; "of" stands
 * before columns of table repository.  Of a name, the dictionary is joined.
 */
extern char *ghc_columns_shown(GhcField field, const char *of);

#endif							/* GHC_COLUMNS_H */
