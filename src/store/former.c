/*-------------------------------------------------------------------------
 *
 * former.c
 *	  The values that changed rows had before; see former.h.
 *
 * In the history a null says that a value didn't change; so where there was
 * none, that is written as 0 or ''.
 *
 * IDENTIFICATION
 *	  src/store/former.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "store/dictionary.h"
#include "store/former.h"
#include "store/stored.h"
#include "store/values.h"

/* What a null of a tracked field is written as: "there was none". */
static Datum
none_value(GhcFieldType type)
{
	switch (type)
	{
		case GHC_TYPE_INT8:
			return Int64GetDatum(0);
		case GHC_TYPE_TEXT:
			return PointerGetDatum(cstring_to_text(""));
		default:
			elog(ERROR, "field type %d can't be null and tracked", (int) type);
			return (Datum) 0;	/* keep compilers quiet */
	}
}

/*
 * A null may say that the column was never asked for.  In columns that always
 * have a value it can say nothing else; in others it means "none" only if the
 * row has been asked for at length.
 */
static bool
was_asked(GhcStore *store, const GhcRow *row, GhcField field)
{
	return ghc_fields[field].shape == GHC_SHAPE_MEMBER &&
		ghc_stored_is_at_length(store, row);
}

/* Was a tracked value another before?  Gives what is stored of it. */
static bool
is_history(GhcStore *store, const GhcRow *row, GhcField field, Datum *was,
		   bool *was_null)
{
	*was = ghc_stored_value(store, row, field, was_null);
	if (ghc_values_same(row->row->repo, field, *was, *was_null))
		return false;
	*was_null = ghc_values_is_null(field, *was, *was_null);
	return !*was_null || was_asked(store, row, field);
}

/* Flags that were others before, as they were; 0: none. */
static int32
old_flags(GhcStore *store, const GhcRow *row)
{
	int32		flags = 0;

	for (int k = 0; k < store->sql->n_fields; k++)
	{
		GhcField	field = store->sql->fields[k];
		bool		was_null;
		Datum		was;

		if (ghc_fields[field].tracked &&
			ghc_columns_form(field) == GHC_FORM_FLAG &&
			is_history(store, row, field, &was, &was_null))
			flags |= DatumGetInt32(was) &
				(ghc_columns_known(field) | ghc_columns_true(field));
	}
	return flags;
}

/* What the history says of a value that was another before. */
static Datum
history_value(GhcField field, Datum was, bool was_null)
{
	GhcSlice	name;

	if (was_null)
		return none_value(ghc_fields[field].type);
	if (ghc_columns_form(field) != GHC_FORM_NAME)
		return was;
	name = ghc_dictionary_name(field, DatumGetInt16(was));
	return PointerGetDatum(cstring_to_text_with_len(name.data, (int) name.len));
}

void
ghc_former_fill(void *state, int i, Datum *values, bool *isnull)
{
	GhcStore   *store = state;
	const GhcRow *row = store->picked[i];

	values[0] = Int64GetDatum(row->row->repo->repo_id);
	values[1] = TimestampTzGetDatum(row->row->observed_at);
	isnull[0] = isnull[1] = false;
	for (int k = 0; k < store->sql->n_tracked; k++)
	{
		GhcField	field = store->sql->tracked[k];
		bool		was_null;
		Datum		was;

		if (ghc_columns_form(field) == GHC_FORM_FLAG)
		{
			int32		flags = old_flags(store, row);

			values[2 + k] = Int32GetDatum(flags);
			isnull[2 + k] = flags == 0;
			continue;
		}
		isnull[2 + k] = !is_history(store, row, field, &was, &was_null);
		if (!isnull[2 + k])
			values[2 + k] = history_value(field, was, was_null);
	}
}

bool
ghc_former_is_tracked(GhcStore *store, const GhcRow *row)
{
	for (int k = 0; k < store->sql->n_fields; k++)
	{
		bool		isnull;
		Datum		was;

		if (ghc_fields[store->sql->fields[k]].tracked &&
			is_history(store, row, store->sql->fields[k], &was, &isnull))
			return true;
	}
	return false;
}
