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

/* An array's bytes behind its length: small ones begin at any address. */
static int32
int_at(const char *bytes)
{
	int32		number;

	memcpy(&number, bytes, sizeof(number));
	return number;
}

/* where the items of an array of one dimension begin, behind its length */
#define ITEMS_AT (ARR_OVERHEAD_NONULLS(1) - VARHDRSZ)

/*
 * The bytes of a stored array that has n items, in one dimension from 1, and no
 * nulls; NULL if it isn't so.
 */
static const char *
list_bytes(Datum stored, Oid type, int n, size_t *len)
{
	struct varlena *value = PG_DETOAST_DATUM_PACKED(stored);
	const char *bytes = VARDATA_ANY(value);

	*len = VARSIZE_ANY_EXHDR(value);
	if (int_at(bytes) != (n > 0) || int_at(bytes + 4) != 0 ||
		(Oid) int_at(bytes + 8) != type)
		return NULL;
	if (n > 0 && (int_at(bytes + 12) != n || int_at(bytes + 16) != 1))
		return NULL;
	return bytes;
}

static bool
same_names(Datum stored, const GhcArray *names)
{
	size_t		len;
	const char *bytes = list_bytes(stored, TEXTOID, names->n, &len);
	size_t		at = ITEMS_AT;

	for (int i = 0; bytes != NULL && i < names->n; i++)
	{
		struct varlena head;
		size_t		size = names->names[i].len;

		at = INTALIGN(at);
		if (at + VARHDRSZ + size > len)
			return false;
		memcpy(&head, bytes + at, VARHDRSZ);
		if (VARSIZE(&head) != VARHDRSZ + size ||
			memcmp(bytes + at + VARHDRSZ, names->names[i].data, size) != 0)
			return false;
		at += VARHDRSZ + size;
	}
	return bytes != NULL;
}

static bool
same_numbers(Datum stored, const GhcArray *numbers)
{
	size_t		len;
	const char *bytes = list_bytes(stored, INT8OID, numbers->n, &len);
	size_t		size = numbers->n * sizeof(int64);

	return bytes != NULL &&
		(size == 0 || (len == ITEMS_AT + size &&
					   memcmp(bytes + ITEMS_AT, numbers->numbers, size) == 0));
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
