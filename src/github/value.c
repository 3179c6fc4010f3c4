/*-------------------------------------------------------------------------
 *
 * value.c
 *	  Reads the value of one field of a repository; see repository.h.
 *
 * What a value may look like is in the table of fields.  A value that isn't
 * so is passed over and noted, and costs nothing but itself.
 *
 * IDENTIFICATION
 *	  src/github/value.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/instant.h"
#include "github/repository.h"

/* more than the lists asked for have (fields.c); they grow if need be */
#define FIRST_ITEMS 32

/* items of a list that are read: the longest that GitHub gives has 100 */
#define MAX_ITEMS 100

/* a name has 140 characters at most, owner and all; a description has 350 */
#define MAX_NAME_BYTES 1000
#define MAX_TEXT_BYTES 65536

/* Reads one item of a list and collects it; false if it is malformed. */
typedef bool (*GhcItemReader) (GhcRepositoryReader *reader);

/* Reads the next key, which is probably this one. */
static inline bool
next_key(GhcScan *scan, bool *first, GhcSlice probably, GhcSlice *key)
{
	if (!ghc_scan_try_key(scan, first, probably))
		return ghc_scan_next_key(scan, first, key);
	*key = probably;
	return true;
}

/* Was that this key?  Most are the one that was tried, not a copy of it. */
static inline bool
is_key(GhcSlice key, GhcSlice name)
{
	return key.data == name.data || ghc_slice_equals(key, name);
}

static bool
read_time(GhcScan *scan, int64_t *seconds)
{
	GhcSlice	text;
	bool		is_date;

	return ghc_scan_string(scan, &text) &&
		ghc_instant_parse(text, seconds, &is_date);
}

static inline bool
read_typed(GhcScan *scan, GhcFieldType type, GhcValue *value)
{
	bool		flag;

	switch (type)
	{
		case GHC_TYPE_INT8:
			return ghc_scan_int(scan, &value->number) &&
				value->number > 0 && value->number <= GHC_MAX_ID;
		case GHC_TYPE_INT4:
			return ghc_scan_int(scan, &value->number) &&
				value->number >= 0 && value->number <= INT32_MAX;
		case GHC_TYPE_TIME:
			return read_time(scan, &value->number) &&
				value->number >= GHC_TIME_MIN && value->number <= GHC_TIME_MAX;
		case GHC_TYPE_BOOL:
			if (!ghc_scan_bool(scan, &flag))
				return false;
			value->number = flag;
			return true;
		case GHC_TYPE_TEXT:
			return ghc_scan_string(scan, &value->text);
		case GHC_TYPE_TEXT_ARRAY:
		case GHC_TYPE_INT8_ARRAY:
		case GHC_TYPE_JSON:
			break;
	}

	/* these are never a single value */
	ghc_scan_skip(scan);
	return false;
}

/* Is a text what it says, if this much of it had to be replaced? */
static inline bool
is_believed(int field, GhcSlice text, uint32_t replaced)
{
	if ((ghc_fields_names & GHC_FIELD_BIT(field)) != 0)
		return replaced == 0 && text.len <= MAX_NAME_BYTES;
	return text.len <= MAX_TEXT_BYTES;
}

/*
 * Reads a value; a null where there can be none says nothing of it.  Most values
 * are read so, and a call takes as long as some of them do.
 */
static inline __attribute__((always_inline)) void
read_plain(GhcRepositoryReader *reader, GhcRepository *repo, int field,
		   bool nullable)
{
	GhcFieldSet bit = GHC_FIELD_BIT(field);
	uint32_t	replaced = reader->scan->replaced;

	if (ghc_scan_null(reader->scan))
	{
		if (nullable)
			repo->null |= bit;
		else
			repo->noted |= bit;
		return;
	}
	if (read_typed(reader->scan, ghc_fields[field].type, &repo->value[field]) &&
		(ghc_fields[field].type != GHC_TYPE_TEXT ||
		 is_believed(field, repo->value[field].text,
					 reader->scan->replaced - replaced)))
		repo->set |= bit;
	else
		repo->noted |= bit;
	if (reader->scan->replaced != replaced)
		repo->noted |= bit;
}

/* Forgets what was read of these fields. */
static inline void
clear_fields(GhcRepository *repo, GhcFieldSet bits)
{
	repo->set &= ~bits;
	repo->null &= ~bits;
	repo->noted &= ~bits;
}

/* Reads {"member": value}; null where the object or its member is missing. */
static __attribute__((noinline)) void
read_member(GhcRepositoryReader *reader, GhcRepository *repo, int field)
{
	GhcSlice	member = reader->members[field];
	GhcSlice	key;
	uint64_t	came = 0;
	bool		first = true;

	repo->null |= GHC_FIELD_BIT(field);
	if (ghc_scan_null(reader->scan))
		return;
	if (!ghc_scan_object(reader->scan))
	{
		clear_fields(repo, GHC_FIELD_BIT(field));
		repo->noted |= GHC_FIELD_BIT(field);
		return;
	}
	while (next_key(reader->scan, &first, member, &key))
	{
		if (is_key(key, member) && ghc_scan_once(reader->scan, &came, 0))
		{
			clear_fields(repo, GHC_FIELD_BIT(field));
			/* languages, licences and branches have names, users no number */
			read_plain(reader, repo, field,
					   ghc_fields[field].type != GHC_TYPE_TEXT);
		}
		else
			ghc_scan_skip(reader->scan);
	}
}

static bool
grow_items(GhcRepositoryReader *reader)
{
	GhcItems   *items = &reader->items;
	size_t		n = (size_t) items->n;
	size_t		capacity = n == 0 ? FIRST_ITEMS : n * 2;
	GhcSlice   *names;
	int64_t    *numbers;

	names = ghc_repository_alloc(reader, capacity * sizeof(*names));
	numbers = ghc_repository_alloc(reader, capacity * sizeof(*numbers));
	if (names == NULL || numbers == NULL)
		return false;
	if (n > 0)
	{
		memcpy(names, items->names, n * sizeof(*names));
		memcpy(numbers, items->numbers, n * sizeof(*numbers));
	}
	items->names = names;
	items->numbers = numbers;
	items->capacity = (int) capacity;
	return true;
}

/* Adds an item; false if there are too many, or memory ran out. */
static bool
collect(GhcRepositoryReader *reader, GhcSlice name, int64_t number)
{
	GhcItems   *items = &reader->items;

	if (items->n == MAX_ITEMS ||
		(items->n == items->capacity && !grow_items(reader)))
		return false;
	items->names[items->n] = name;
	items->numbers[items->n] = number;
	items->n++;
	return true;
}

/* Copies what was collected into an array; NULL if memory ran out. */
static GhcArray *
make_array(GhcRepositoryReader *reader)
{
	size_t		n = (size_t) reader->items.n;
	GhcArray   *array;

	array = ghc_repository_alloc(reader, sizeof(*array) +
								 n * (sizeof(GhcSlice) + sizeof(int64_t)));
	if (array == NULL)
		return NULL;
	array->n = (int) n;
	array->names = (GhcSlice *) (array + 1);
	array->numbers = (int64_t *) (array->names + n);
	if (n > 0)
	{
		memcpy(array->names, reader->items.names, n * sizeof(GhcSlice));
		memcpy(array->numbers, reader->items.numbers, n * sizeof(int64_t));
	}
	return array;
}

/* Reads {"name": "…"}; name->data is NULL for null.  False if malformed. */
static bool
read_name(GhcScan *scan, GhcSlice *name)
{
	GhcSlice	key;
	bool		first = true;

	name->data = NULL;
	if (ghc_scan_null(scan))
		return true;
	if (!ghc_scan_object(scan))
		return false;
	while (next_key(scan, &first, GHC_SLICE("name"), &key))
	{
		if (!ghc_slice_equals(key, GHC_SLICE("name")))
			ghc_scan_skip(scan);
		else if (!ghc_scan_string(scan, name))
			name->data = NULL;
	}
	return name->data != NULL;
}

/* {"size": 1, "node": {"name": "C"}} */
static bool
read_language(GhcRepositoryReader *reader)
{
	GhcScan    *scan = reader->scan;
	GhcSlice	key;
	GhcSlice	name = {0};
	int64_t		size = 0;
	bool		first = true;
	bool		has_name = false;
	bool		has_size = false;

	if (!ghc_scan_object(scan))
		return false;
	while (next_key(scan, &first,
					first ? GHC_SLICE("size") : GHC_SLICE("node"), &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("size")))
			has_size = ghc_scan_int(scan, &size) && size >= 0;
		else if (ghc_slice_equals(key, GHC_SLICE("node")))
			has_name = read_name(scan, &name);
		else
			ghc_scan_skip(scan);
	}
	if (has_name && name.data == NULL)
		return true;
	return has_name && has_size && collect(reader, name, size);
}

/* {"topic": {"name": "c"}} */
static bool
read_topic(GhcRepositoryReader *reader)
{
	GhcScan    *scan = reader->scan;
	GhcSlice	key;
	GhcSlice	name = {0};
	bool		first = true;
	bool		has_name = false;

	if (!ghc_scan_object(scan))
		return false;
	while (next_key(scan, &first, GHC_SLICE("topic"), &key))
	{
		if (ghc_slice_equals(key, GHC_SLICE("topic")))
			has_name = read_name(scan, &name);
		else
			ghc_scan_skip(scan);
	}
	if (has_name && name.data != NULL)
		return collect(reader, name, 0);
	return has_name;
}

/* Collects a list, but for its nulls; false if an item was malformed. */
static bool
read_list(GhcRepositoryReader *reader, GhcItemReader read_item)
{
	bool		first = true;
	bool		whole = true;

	reader->items.n = 0;
	ghc_scan_enter_array(reader->scan);
	while (ghc_scan_next_element(reader->scan, &first))
		if (!ghc_scan_null(reader->scan) && !read_item(reader))
			whole = false;
	return whole;
}

/*
 * Collects {"edges": […]} or {"nodes": […]}; returns what stood in place of
 * the list, GHC_SCAN_END if it was missing.  *whole says that no item was
 * malformed.
 */
static GhcScanType
read_connection(GhcRepositoryReader *reader, GhcSlice list,
				GhcItemReader read_item, bool *whole)
{
	GhcScan    *scan = reader->scan;
	GhcSlice	key;
	GhcScanType found = GHC_SCAN_END;
	uint64_t	came = 0;
	bool		first = true;

	*whole = true;
	if (ghc_scan_null(scan))
		return GHC_SCAN_NULL;
	if (!ghc_scan_object(scan))
		return GHC_SCAN_END;
	while (next_key(scan, &first, list, &key))
	{
		if (!is_key(key, list))
		{
			ghc_scan_skip(scan);
			continue;
		}
		if (!ghc_scan_once(scan, &came, 0))
			break;
		found = ghc_scan_peek(scan);
		if (found == GHC_SCAN_ARRAY)
			*whole = read_list(reader, read_item);
		else
			ghc_scan_skip(scan);
	}
	return found;
}

/*
 * Reads a connection into the array that these fields share.  A list with
 * malformed items is none, lest it replaces a good one.
 */
static __attribute__((noinline)) void
read_array(GhcRepositoryReader *reader, GhcRepository *repo,
		   GhcFieldSet bits, GhcArray **array)
{
	uint32_t	replaced = reader->scan->replaced;
	GhcScanType found;
	bool		whole;

	if ((bits & GHC_FIELD_BIT(GHC_FIELD_TOPICS)) != 0)
		found = read_connection(reader, GHC_SLICE("nodes"), read_topic,
								&whole);
	else
		found = read_connection(reader, GHC_SLICE("edges"), read_language,
								&whole);

	if (found == GHC_SCAN_NULL)
		repo->null |= bits;
	else if (found == GHC_SCAN_ARRAY && whole)
	{
		*array = make_array(reader);
		repo->set |= bits;
	}
	else
		whole = false;
	if (!whole || reader->scan->replaced != replaced)
		repo->noted |= bits;
}

void
ghc_value_read(GhcRepositoryReader *reader, GhcRepository *repo, int field)
{
	GhcFieldSet bits = GHC_FIELD_BIT(field);

	if (((repo->set | repo->null | repo->noted) & bits) != 0)
	{
		ghc_scan_fail(reader->scan, GHC_SCAN_REPEATED);
		return;
	}

	switch (ghc_fields[field].shape)
	{
		case GHC_SHAPE_PLAIN:
			read_plain(reader, repo, field,
					   (ghc_fields_never_null & bits) == 0);
			break;
		case GHC_SHAPE_MEMBER:
			read_member(reader, repo, field);
			break;
		case GHC_SHAPE_LANGUAGES:
			bits |= GHC_FIELD_BIT(GHC_FIELD_LANGUAGE_BYTES);
			read_array(reader, repo, bits, &repo->value[field].array);
			repo->value[GHC_FIELD_LANGUAGE_BYTES] = repo->value[field];
			break;
		case GHC_SHAPE_TOPICS:
			read_array(reader, repo, bits, &repo->value[field].array);
			break;
		case GHC_SHAPE_LANGUAGE_BYTES:
		case GHC_SHAPE_EXTRA:
			break;				/* they have no key of their own */
	}
}
