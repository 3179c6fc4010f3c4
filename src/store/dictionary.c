/*-------------------------------------------------------------------------
 *
 * dictionary.c
 *	  Names that come again and again, as small numbers; see dictionary.h.
 *
 * A dictionary is an ordinary table of the data schema, of which each worker
 * has a copy in memory.  Names are only ever added: by whoever meets one first, in
 * the transaction that stores its rows, under a lock that has others wait for
 * its end.  So a number is never given twice, a rollback uses none up, and the
 * copy is read anew after names were added, as they may be rolled back.
 *
 * GitHub knows some 700 languages and 50 licences.  A server that makes up
 * more than there is room for costs their names, and nothing else.
 *
 * IDENTIFICATION
 *	  src/store/dictionary.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "store/db.h"
#include "store/dictionary.h"

/* what a copy in memory may cost at most; a name has to fit into an index */
#define MAX_NAMES 10000
#define MAX_NAME_BYTES 200

/* what others added, and what somebody changed by hand, is seen after this */
#define RELOAD_MS 10000

typedef struct Entry
{
	GhcSlice	name;
	int			number;
	uint32		hash;
	char		status;
} Entry;

#define SH_PREFIX names
#define SH_ELEMENT_TYPE Entry
#define SH_KEY_TYPE GhcSlice
#define SH_KEY name
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) (key).data, (int) (key).len)
#define SH_EQUAL(tb, a, b) ghc_slice_equals(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* a table and the copy of it */
typedef struct Dictionary
{
	const char *table;			/* unquoted */
	Oid			relid;
	Oid			file;
	TimestampTz loaded_at;		/* 0: not to be relied on */
	MemoryContext context;
	names_hash *names;
	int			last;			/* the largest number */
	GhcSlice   *by_number;		/* names by their numbers, 0 to last */
	int			room;			/* of by_number */
	GhcStatement load;
	GhcStatement lock;
	GhcStatement add;
} Dictionary;

typedef struct Shelf
{
	char		schema[NAMEDATALEN];
	Dictionary	language;
	Dictionary	license;
} Shelf;

static Shelf *shelf;			/* the open one */

static void
prepare(Dictionary *dictionary, const char *schema, const char *table)
{
	const char *quoted = quote_identifier(schema);

	dictionary->table = table;
	dictionary->context = AllocSetContextCreate(TopMemoryContext,
												"ghcrawl dictionary",
												ALLOCSET_DEFAULT_SIZES);
	dictionary->load = (GhcStatement) {
		psprintf("SELECT %s_id::int, name FROM %s.%s", table, quoted, table),
		"", NULL
	};
	dictionary->lock = (GhcStatement) {
		psprintf("LOCK TABLE %s.%s IN SHARE ROW EXCLUSIVE MODE", quoted, table),
		"", NULL
	};
	dictionary->add = (GhcStatement) {
		psprintf("INSERT INTO %s.%s (%s_id, name)"
				 " SELECT u.i, u.n FROM unnest($1, $2) AS u (i, n)",
				 quoted, table, table), "IT", NULL
	};
}

static Shelf *
find_shelf(const char *schema)
{
	static List *shelves = NIL;	/* a few: one for each data schema in use */
	ListCell   *cell;
	MemoryContext before;
	Shelf	   *found;

	foreach(cell, shelves)
	{
		found = lfirst(cell);
		if (strcmp(found->schema, schema) == 0)
			return found;
	}
	before = MemoryContextSwitchTo(TopMemoryContext);
	found = palloc0(sizeof(Shelf));
	strlcpy(found->schema, schema, NAMEDATALEN);
	prepare(&found->language, schema, "language");
	prepare(&found->license, schema, "license");
	shelves = lappend(shelves, found);
	MemoryContextSwitchTo(before);
	return found;
}

/* Makes room for a name's number, with nothing at those before it. */
static void
make_room(Dictionary *dictionary, int number)
{
	int			room = Max(number + 1, dictionary->room * 2);

	if (number < dictionary->room)
		return;
	dictionary->by_number = repalloc(dictionary->by_number, room * sizeof(GhcSlice));
	memset(dictionary->by_number + dictionary->room, 0,
		   (room - dictionary->room) * sizeof(GhcSlice));
	dictionary->room = room;
}

static void
remember(Dictionary *dictionary, GhcSlice name, int number)
{
	MemoryContext before = MemoryContextSwitchTo(dictionary->context);
	bool		found;
	Entry	   *entry;

	name.data = pnstrdup(name.data, name.len);
	entry = names_insert(dictionary->names, name, &found);
	entry->number = number;
	dictionary->last = Max(dictionary->last, number);
	make_room(dictionary, number);
	if (number >= 0)
		dictionary->by_number[number] = name;
	MemoryContextSwitchTo(before);
}

static void
load(Dictionary *dictionary)
{
	uint64		n = ghc_db_run(&dictionary->load, NULL, NULL);

	dictionary->loaded_at = 0;
	MemoryContextReset(dictionary->context);
	dictionary->names = names_create(dictionary->context, 1024, NULL);
	dictionary->last = dictionary->room = 0;
	dictionary->by_number = MemoryContextAlloc(dictionary->context, sizeof(GhcSlice));
	for (uint64 row = 0; row < n; row++)
		remember(dictionary, ghc_slice_of(ghc_db_get_text(row, 2)),
				 ghc_db_get_int4(row, 1));
	dictionary->loaded_at = GetCurrentTransactionStartTimestamp();
}

/* Is the table another, or emptied?  Notes which it is. */
static bool
is_replaced(Dictionary *dictionary, Oid namespace)
{
	Oid			relid = get_relname_relid(dictionary->table, namespace);
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			file = InvalidOid;
	bool		replaced;

	if (HeapTupleIsValid(tuple))
	{
		file = ((Form_pg_class) GETSTRUCT(tuple))->relfilenode;
		ReleaseSysCache(tuple);
	}
	replaced = relid != dictionary->relid || file != dictionary->file;
	dictionary->relid = relid;
	dictionary->file = file;
	return replaced;
}

static void
freshen(Dictionary *dictionary, Oid namespace)
{
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	int64		age_us = now - dictionary->loaded_at;

	if (is_replaced(dictionary, namespace) || dictionary->loaded_at == 0 ||
		age_us < 0 || age_us > RELOAD_MS * INT64CONST(1000))
		load(dictionary);
}

void
ghc_dictionary_open(const char *schema)
{
	Oid			namespace = get_namespace_oid(schema, false);

	shelf = find_shelf(schema);
	freshen(&shelf->language, namespace);
	freshen(&shelf->license, namespace);
}

static Dictionary *
dictionary_of(GhcField field)
{
	return field == GHC_FIELD_LANGUAGE ? &shelf->language : &shelf->license;
}

static bool
is_full(const Dictionary *dictionary)
{
	return dictionary->names->members >= MAX_NAMES ||
		dictionary->last >= PG_INT16_MAX;
}

int
ghc_dictionary_find(GhcField field, GhcSlice name)
{
	Dictionary *dictionary = dictionary_of(field);
	Entry	   *entry = names_lookup(dictionary->names, name);

	if (entry != NULL)
		return entry->number;
	return name.len > MAX_NAME_BYTES || is_full(dictionary) ?
		GHC_DICTIONARY_OTHER : -1;
}

void
ghc_dictionary_add(GhcField field, const GhcSlice *names, int n)
{
	Dictionary *dictionary = dictionary_of(field);
	Datum	   *numbers = palloc(n * sizeof(Datum));
	Datum	   *texts = palloc(n * sizeof(Datum));
	Datum		values[2];
	int			n_new = 0;

	/* somebody else may have added some; nobody will from now on */
	ghc_db_run(&dictionary->lock, NULL, NULL);
	load(dictionary);
	for (int i = 0; i < n; i++)
	{
		if (ghc_dictionary_find(field, names[i]) >= 0)
			continue;
		remember(dictionary, names[i], dictionary->last + 1);
		numbers[n_new] = Int32GetDatum(dictionary->last);
		texts[n_new++] = PointerGetDatum(cstring_to_text_with_len(names[i].data,
																  (int) names[i].len));
	}
	dictionary->loaded_at = 0;
	if (n_new == 0)
		return;
	values[0] = PointerGetDatum(construct_array(numbers, n_new, INT4OID, sizeof(int32),
												true, TYPALIGN_INT));
	values[1] = PointerGetDatum(construct_array(texts, n_new, TEXTOID, -1, false,
												TYPALIGN_INT));
	ghc_db_run(&dictionary->add, values, NULL);
}

/* The name of a number; without data if there is none. */
static GhcSlice
name_of(const Dictionary *dictionary, int number)
{
	if (number < 0 || number >= dictionary->room)
		return (GhcSlice) {0};
	return dictionary->by_number[number];
}

bool
ghc_dictionary_is(GhcField field, int number, GhcSlice name)
{
	GhcSlice	known = name_of(dictionary_of(field), number);

	return (known.data != NULL && ghc_slice_equals(known, name)) ||
		number == ghc_dictionary_find(field, name);
}

GhcSlice
ghc_dictionary_name(GhcField field, int number)
{
	GhcSlice	name = name_of(dictionary_of(field), number);

	return name.data != NULL ? name : ghc_slice_of("(other)");
}
