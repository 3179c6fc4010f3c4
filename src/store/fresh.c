/*-------------------------------------------------------------------------
 *
 * fresh.c
 *	  The values of rows that are written; see fresh.h.
 *
 * What nothing is known of keeps the value it had.  Flags share a column, so
 * each is seen to by itself.
 *
 * IDENTIFICATION
 *	  src/store/fresh.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/dictionary.h"
#include "store/fresh.h"
#include "store/stored.h"
#include "store/values.h"

void
ghc_fresh_learn_names(GhcStore *store, GhcField field)
{
	GhcSlice   *unknown = palloc(store->n * sizeof(GhcSlice));
	int			n = 0;

	if ((store->sql->set & GHC_FIELD_BIT(field)) == 0)
		return;
	for (int i = 0; i < store->n; i++)
	{
		const GhcRepository *repo = store->rows[i].row->repo;
		GhcStored	stored = store->rows[i].row->stored;

		if ((stored == GHC_STORED_NEW || stored == GHC_STORED_CHANGED) &&
			(repo->set & GHC_FIELD_BIT(field)) != 0 &&
			ghc_dictionary_find(field, repo->value[field].text) < 0)
			unknown[n++] = repo->value[field].text;
	}
	if (n > 0)
		ghc_dictionary_add(field, unknown, n);
}

/*
 * Is a tracked field unreadable whose null would later say "there was none"?
 * Then the row can't count as asked for at length yet.
 */
static bool
is_none_unsure(GhcStore *store, const GhcRow *row)
{
	const GhcRepository *repo = row->row->repo;
	GhcFieldSet known = repo->set | repo->null;

	if (ghc_stored_is_at_length(store, row))
		return false;
	for (int k = 0; k < store->sql->n_fields; k++)
	{
		GhcField	field = store->sql->fields[k];

		if (ghc_fields[field].tracked &&
			ghc_fields[field].shape == GHC_SHAPE_MEMBER &&
			(known & GHC_FIELD_BIT(field)) == 0)
			return true;
	}
	return false;
}

/* A field's new value: what GitHub shows, or where nothing is known the old. */
static Datum
new_value(GhcStore *store, const GhcRow *row, GhcField field, bool *isnull)
{
	const GhcRepository *repo = row->row->repo;

	*isnull = false;
	if (repo->set & GHC_FIELD_BIT(field))
		return ghc_values_datum(repo, field);
	if (row->old != NULL && !(repo->null & GHC_FIELD_BIT(field)))
		return ghc_stored_value(store, row, field, isnull);
	*isnull = true;
	return (Datum) 0;
}

/* A name that shares its number with others is one to be told of. */
static void
note_other(GhcStore *store, const GhcRepository *repo, GhcField field, int number)
{
	if (number != GHC_DICTIONARY_OTHER ||
		(repo->set & GHC_FIELD_BIT(field)) == 0)
		return;
	store->n_other++;
	store->other = repo->value[field].text;
}

/* The same of all flags that are being stored. */
static int32
new_flags(GhcStore *store, const GhcRow *row)
{
	const GhcRepository *repo = row->row->repo;
	int32		flags = 0;

	for (int k = 0; k < store->sql->n_fields; k++)
	{
		GhcField	field = store->sql->fields[k];
		int32		known;

		if (ghc_columns_form(field) != GHC_FORM_FLAG ||
			(field == GHC_FIELD_IS_ARCHIVED && is_none_unsure(store, row)))
			continue;
		known = ghc_columns_known(field);
		if (repo->set & GHC_FIELD_BIT(field))
			flags |= repo->value[field].number ? known | ghc_columns_true(field) : known;
		else if (row->old != NULL && !(repo->null & GHC_FIELD_BIT(field)))
		{
			bool		isnull;
			int32		old = DatumGetInt32(ghc_stored_value(store, row, field, &isnull));

			flags |= isnull ? 0 : old & (known | ghc_columns_true(field));
		}
	}
	return flags;
}

void
ghc_fresh_fill(void *state, int i, Datum *values, bool *isnull)
{
	GhcStore   *store = state;
	const GhcRow *row = store->picked[i];

	values[0] = Int64GetDatum(row->row->repo->repo_id);
	values[1] = TimestampTzGetDatum(row->row->observed_at);
	isnull[0] = isnull[1] = false;
	for (int k = 0; k < store->sql->n_columns; k++)
	{
		GhcField	field = store->sql->columns[k];

		isnull[2 + k] = false;
		if (ghc_columns_form(field) == GHC_FORM_FLAG)
			values[2 + k] = Int32GetDatum(new_flags(store, row));
		else
			values[2 + k] = new_value(store, row, field, &isnull[2 + k]);
		if (ghc_columns_form(field) == GHC_FORM_NAME && !isnull[2 + k])
			note_other(store, row->row->repo, field, DatumGetInt16(values[2 + k]));
	}
}
