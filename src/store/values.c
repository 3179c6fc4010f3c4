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
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "store/columns.h"
#include "store/dictionary.h"
#include "store/values.h"

TimestampTz
ghc_values_timestamp(int64 seconds)
{
	return (seconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
			(int64) SECS_PER_DAY) * USECS_PER_SEC;
}

/* Seconds since 1970 as they are stored. */
static int32
stored_time(int64 seconds)
{
	return (int32) (seconds - (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
					(int64) SECS_PER_DAY);
}

/* A comma, which GitHub's names don't have, would make two of one. */
static void
put_name(StringInfo text, GhcSlice name)
{
	const char *comma;

	while ((comma = memchr(name.data, ',', name.len)) != NULL)
	{
		size_t		len = comma - name.data;

		appendBinaryStringInfo(text, name.data, (int) len);
		appendStringInfoString(text, "\xef\xbf\xbd");
		name.data += len + 1;
		name.len -= len + 1;
	}
	appendBinaryStringInfo(text, name.data, (int) name.len);
}

static Datum
names_datum(const GhcArray *array)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < array->n; i++)
	{
		if (i > 0)
			appendStringInfoChar(&text, ',');
		put_name(&text, array->names[i]);
	}
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
}

static Datum
numbers_datum(const GhcArray *array)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < array->n; i++)
	{
		char		digits[MAXINT8LEN + 1];

		if (i > 0)
			appendStringInfoChar(&text, ',');
		appendBinaryStringInfo(&text, digits, pg_lltoa(array->numbers[i], digits));
	}
	return PointerGetDatum(cstring_to_text_with_len(text.data, text.len));
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
ghc_values_text_array(char *const *texts, int n)
{
	Datum	   *items = palloc(n * sizeof(Datum));
	bool	   *nulls = palloc(n * sizeof(bool));
	int			first = 1;

	for (int i = 0; i < n; i++)
	{
		nulls[i] = texts[i] == NULL;
		items[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(texts[i]);
	}
	return PointerGetDatum(construct_md_array(items, nulls, 1, &n, &first, TEXTOID,
											  -1, false, TYPALIGN_INT));
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
ghc_values_take(GhcBuffer *buf)
{
	char	   *copy = buf->failed ? NULL :
		pnstrdup(buf->data ? buf->data : "", buf->len);

	ghc_buffer_free(buf);
	if (copy == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while composing a text.")));
	return copy;
}

char *
ghc_values_range(const GhcRange *range)
{
	GhcBuffer	text = {0};

	ghc_range_format(range, &text);
	return ghc_values_take(&text);
}

Datum
ghc_values_datum(const GhcRepository *repo, GhcField field)
{
	const GhcValue *value = &repo->value[field];

	switch (ghc_columns_form(field))
	{
		case GHC_FORM_INT8:
			return Int64GetDatum(value->number);
		case GHC_FORM_INT4:
			return Int32GetDatum((int32) value->number);
		case GHC_FORM_TIME:
			return Int32GetDatum(stored_time(value->number));
		case GHC_FORM_NAME:
			return Int16GetDatum((int16) ghc_dictionary_find(field, value->text));
		case GHC_FORM_TEXT:
			return PointerGetDatum(cstring_to_text_with_len(value->text.data,
															(int) value->text.len));
		case GHC_FORM_NAMES:
			return names_datum(value->array);
		case GHC_FORM_NUMBERS:
			return numbers_datum(value->array);
		case GHC_FORM_JSON:
			return DirectFunctionCall1(jsonb_in,
									   CStringGetDatum(pnstrdup(value->text.data,
																value->text.len)));
		case GHC_FORM_FLAG:
			break;
	}
	elog(ERROR, "field %d has no value of its own", (int) field);
	return (Datum) 0;			/* keep compilers quiet */
}

bool
ghc_values_is_null(GhcField field, Datum stored, bool isnull)
{
	return isnull || (ghc_columns_form(field) == GHC_FORM_FLAG &&
					  (DatumGetInt32(stored) & ghc_columns_known(field)) == 0);
}

/* The bytes of a stored variable-length value. */
static inline GhcSlice
bytes_of(Datum stored)
{
	struct varlena *value = (struct varlena *) DatumGetPointer(stored);

	if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
		value = PG_DETOAST_DATUM_PACKED(stored);
	return (GhcSlice) {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

/* Takes what a list's text has next off it; false if it has something else. */
static bool
take(GhcSlice *text, const char *data, size_t len)
{
	if (text->len < len || memcmp(text->data, data, len) != 0)
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

/*
 * Is a list's text these names with commas between?  Names are short, so they
 * are looked through byte by byte; none with a comma is stored as it is.
 */
static bool
same_names(GhcSlice text, const GhcArray *array)
{
	const char *p = text.data;
	const char *end = text.data + text.len;

	for (int i = 0; i < array->n; i++)
	{
		GhcSlice	name = array->names[i];

		if (i > 0 && (p == end || *p++ != ','))
			return false;
		if ((size_t) (end - p) < name.len)
			return false;
		for (size_t k = 0; k < name.len; k++)
			if (p[k] != name.data[k] || p[k] == ',')
				return false;
		p += name.len;
	}
	return p == end;
}

static bool
same_numbers(GhcSlice text, const GhcArray *array)
{
	for (int i = 0; i < array->n; i++)
	{
		char		digits[MAXINT8LEN + 1];
		int			len = pg_lltoa(array->numbers[i], digits);

		if ((i > 0 && !take(&text, ",", 1)) || !take(&text, digits, len))
			return false;
	}
	return text.len == 0;
}

static bool
has_comma(const GhcArray *array)
{
	for (int i = 0; i < array->n; i++)
		if (memchr(array->names[i].data, ',', array->names[i].len) != NULL)
			return true;
	return false;
}

/* Is a list, or jsonb, the same?  Made from equal values they have equal bytes. */
static bool
same_made(const GhcRepository *repo, GhcField field, Datum stored)
{
	const GhcArray *array = repo->value[field].array;
	GhcForm		form = ghc_columns_form(field);
	GhcSlice	text = bytes_of(stored);
	struct varlena *made;

	if (form == GHC_FORM_NUMBERS)
		return same_numbers(text, array);
	if (form == GHC_FORM_NAMES)
	{
		if (same_names(text, array))
			return true;
		if (!has_comma(array))
			return false;
	}
	made = (struct varlena *) DatumGetPointer(ghc_values_datum(repo, field));
	return text.len == VARSIZE(made) - VARHDRSZ &&
		memcmp(text.data, VARDATA(made), text.len) == 0;
}

/* The same of a value that was read and of one that is stored and not null. */
static inline bool
same_value(const GhcRepository *repo, GhcField field, Datum stored)
{
	const GhcValue *value = &repo->value[field];

	switch (ghc_columns_form(field))
	{
		case GHC_FORM_INT8:
			return DatumGetInt64(stored) == value->number;
		case GHC_FORM_INT4:
			return DatumGetInt32(stored) == value->number;
		case GHC_FORM_TIME:
			return DatumGetInt32(stored) == stored_time(value->number);
		case GHC_FORM_FLAG:
			return ((DatumGetInt32(stored) & ghc_columns_true(field)) != 0) ==
				(value->number != 0);
		case GHC_FORM_NAME:
			return ghc_dictionary_is(field, DatumGetInt16(stored), value->text);
		case GHC_FORM_TEXT:
			return ghc_slice_equals(bytes_of(stored), value->text);
		default:
			return same_made(repo, field, stored);
	}
}

/* The same of a field and of what is stored of it, which may be null. */
static inline bool
same_field(const GhcRepository *repo, GhcField field, Datum stored, bool isnull)
{
	if (repo->null & GHC_FIELD_BIT(field))
		return isnull;
	if (!(repo->set & GHC_FIELD_BIT(field)))
		return true;
	return !isnull && same_value(repo, field, stored);
}

bool
ghc_values_same(const GhcRepository *repo, GhcField field, Datum stored,
				bool isnull)
{
	return same_field(repo, field, stored,
					  ghc_values_is_null(field, stored, isnull));
}

/* The bits, from the lowest on, of the flags among these fields. */
static inline uint32
flags_among(GhcFieldSet fields)
{
	return (uint32) (fields >> GHC_COLUMNS_FIRST_FLAG) & ((1 << GHC_COLUMNS_FLAG_COUNT) - 1);
}

/* The same of all flags of a row at once, but for what "fields" lacks. */
static bool
same_flags(const GhcRepository *repo, GhcFieldSet fields, Datum stored, bool isnull)
{
	uint32		flags = isnull ? 0 : DatumGetUInt32(stored);
	uint32		known = flags >> GHC_COLUMNS_FLAG_COUNT;
	uint32		null = flags_among(repo->null & fields);
	uint32		set = flags_among(repo->set & fields & ~repo->null);
	uint32		shown = 0;

	for (int i = 0; i < GHC_COLUMNS_FLAG_COUNT; i++)
		shown |= (uint32) (repo->value[GHC_COLUMNS_FIRST_FLAG + i].number != 0) << i;
	return ((null & known) | (set & (~known | (flags ^ shown)))) == 0;
}

bool
ghc_values_same_row(const GhcRepository *repo, GhcFieldSet set,
					const GhcField *fields, int n, const Datum *stored,
					const bool *isnull)
{
	bool		flags_seen = false;

	for (int i = 0; i < n; i++)
	{
		GhcField	field = fields[i];

		if (ghc_columns_form(field) == GHC_FORM_FLAG)
		{
			if (!flags_seen && !same_flags(repo, set, stored[i], isnull[i]))
				return false;
			flags_seen = true;
		}
		else if (!same_field(repo, field, stored[i], isnull[i]))
			return false;
	}
	return true;
}
