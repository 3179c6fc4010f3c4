/*-------------------------------------------------------------------------
 *
 * values.c
 *	  Values of GitHub as Datums, and whether a stored one is the same.
 *
 * Comparing is by bytes, without making a Datum where that can be avoided:
 * in a crawl that finds nothing new this is most of the work.
 *
 * IDENTIFICATION
 *	  src/store/values.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "store/values.h"

TimestampTz
ghc_values_timestamp(int64 seconds)
{
	return (seconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
			(int64) SECS_PER_DAY) * USECS_PER_SEC;
}

static Datum
names_datum(const GhcArray *array)
{
	Datum	   *items = palloc(array->n * sizeof(Datum) + 1);

	for (int i = 0; i < array->n; i++)
		items[i] = PointerGetDatum(cstring_to_text_with_len(array->names[i].data,
															(int) array->names[i].len));
	return PointerGetDatum(construct_array(items, array->n, TEXTOID, -1, false,
										   TYPALIGN_INT));
}

Datum
ghc_values_int8_array(const int64 *numbers, int n)
{
	Datum	   *items = palloc(n * sizeof(Datum) + 1);

	for (int i = 0; i < n; i++)
		items[i] = Int64GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(items, n, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

Datum
ghc_values_float8_array(const double *numbers, int n)
{
	Datum	   *items = palloc(n * sizeof(Datum) + 1);

	for (int i = 0; i < n; i++)
		items[i] = Float8GetDatum(numbers[i]);
	return PointerGetDatum(construct_array(items, n, FLOAT8OID, sizeof(double),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

char *
ghc_values_range(const GhcRange *range)
{
	GhcBuffer	text = {0};
	char	   *copy;

	ghc_range_format(range, &text);
	if (text.failed)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	copy = pnstrdup(text.data ? text.data : "", text.len);
	ghc_buffer_free(&text);
	return copy;
}

Datum
ghc_values_datum(const GhcRepository *repo, GhcField field)
{
	const GhcValue *value = &repo->value[field];

	switch (ghc_fields[field].type)
	{
		case GHC_TYPE_INT8:
			return Int64GetDatum(value->number);
		case GHC_TYPE_INT4:
			return Int32GetDatum((int32) value->number);
		case GHC_TYPE_TIME:
			return TimestampTzGetDatum(ghc_values_timestamp(value->number));
		case GHC_TYPE_BOOL:
			return BoolGetDatum(value->number != 0);
		case GHC_TYPE_TEXT:
			return PointerGetDatum(cstring_to_text_with_len(value->text.data,
															(int) value->text.len));
		case GHC_TYPE_TEXT_ARRAY:
			return names_datum(value->array);
		case GHC_TYPE_INT8_ARRAY:
			return ghc_values_int8_array(value->array->numbers, value->array->n);
		case GHC_TYPE_JSON:
			return DirectFunctionCall1(jsonb_in,
									   CStringGetDatum(pnstrdup(value->text.data,
																value->text.len)));
	}
	elog(ERROR, "unknown field type %d", (int) ghc_fields[field].type);
	return (Datum) 0;			/* keep compilers quiet */
}

/* Do a stored variable-length value's bytes equal these? */
static bool
same_bytes(Datum stored, const char *data, size_t len)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(stored);

	return VARSIZE_ANY_EXHDR(value) == len &&
		memcmp(VARDATA_ANY(value), data, len) == 0;
}

/* Is a stored array as these would be made: one dimension, no nulls? */
static bool
is_list(const ArrayType *stored, int n)
{
	return !ARR_HASNULL(stored) &&
		(n == 0 ? ARR_NDIM(stored) == 0 :
		 ARR_NDIM(stored) == 1 && ARR_DIMS(stored)[0] == n &&
		 ARR_LBOUND(stored)[0] == 1);
}

static bool
same_names(Datum stored, const GhcArray *names)
{
	ArrayType  *array = DatumGetArrayTypeP(stored);
	char	   *at = ARR_DATA_PTR(array);

	if (!is_list(array, names->n) || ARR_ELEMTYPE(array) != TEXTOID)
		return false;
	for (int i = 0; i < names->n; i++)
	{
		/* as construct_array lays them out, or packed by somebody else */
		at = (char *) att_align_pointer(at, TYPALIGN_INT, -1, at);
		if (VARSIZE_ANY_EXHDR(at) != names->names[i].len ||
			memcmp(VARDATA_ANY(at), names->names[i].data, names->names[i].len) != 0)
			return false;
		at += VARSIZE_ANY(at);
	}
	return true;
}

static bool
same_numbers(Datum stored, const GhcArray *numbers)
{
	ArrayType  *array = DatumGetArrayTypeP(stored);

	return is_list(array, numbers->n) && ARR_ELEMTYPE(array) == INT8OID &&
		(numbers->n == 0 ||
		 memcmp(ARR_DATA_PTR(array), numbers->numbers, numbers->n * sizeof(int64)) == 0);
}

bool
ghc_values_same(const GhcRepository *repo, GhcField field, Datum stored,
				bool isnull)
{
	const GhcValue *value = &repo->value[field];
	struct varlena *made;

	if (repo->null & GHC_FIELD_BIT(field))
		return isnull;
	if (!(repo->set & GHC_FIELD_BIT(field)))
		return true;
	if (isnull)
		return false;
	switch (ghc_fields[field].type)
	{
		case GHC_TYPE_INT8:
			return DatumGetInt64(stored) == value->number;
		case GHC_TYPE_INT4:
			return DatumGetInt32(stored) == value->number;
		case GHC_TYPE_TIME:
			return DatumGetTimestampTz(stored) == ghc_values_timestamp(value->number);
		case GHC_TYPE_BOOL:
			return DatumGetBool(stored) == (value->number != 0);
		case GHC_TYPE_TEXT:
			return same_bytes(stored, value->text.data, value->text.len);
		case GHC_TYPE_TEXT_ARRAY:
			return same_names(stored, value->array);
		case GHC_TYPE_INT8_ARRAY:
			return same_numbers(stored, value->array);
		default:
			/* jsonb made from equal values has equal bytes */
			made = (struct varlena *) DatumGetPointer(ghc_values_datum(repo, field));
			return same_bytes(stored, VARDATA(made), VARSIZE(made) - VARHDRSZ);
	}
}
