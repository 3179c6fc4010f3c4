/*-------------------------------------------------------------------------
 *
 * list_api.c
 *	  SQL-callable functions that crawl repositories which somebody names.
 *
 * A list is sorted, and what is in it twice is taken once: names without regard
 * to case, as GitHub compares them.  So a list has one hash however it was
 * written, by which the same one is known again while it is under way.  A million
 * items are no more than 16 bytes each beside the array they come in.
 *
 * View ghcrawl.wanted takes lists from INSERT and COPY: its triggers collect the
 * rows of a statement and start a crawl for each source at its end, so that
 * nothing is stored on the way.
 *
 * IDENTIFICATION
 *	  src/api/list_api.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "api/api.h"
#include "api/crawl_api.h"
#include "base/settings.h"
#include "github/item.h"
#include "github/members.h"
#include "store/db.h"
#include "store/tasks.h"

PG_FUNCTION_INFO_V1(ghcrawl_add_repositories);
PG_FUNCTION_INFO_V1(ghcrawl_add_repositories_variadic);
PG_FUNCTION_INFO_V1(ghcrawl_want);

/* items that an error shows, and how much of each */
#define MAX_SHOWN 3
#define MAX_SHOWN_BYTES 100

/* tasks that are inserted at once: half a megabyte of text */
#define TASKS_AT_ONCE 256

/* sources in a statement on ghcrawl.wanted */
#define MAX_SOURCES 1000

/* an item that could be read, in memory of the array it came in */
typedef struct Entry
{
	int64		id;				/* 0: by name */
	GhcName		name;
} Entry;

/* what a user asked for */
typedef struct Wish
{
	const char *profile;
	const char *source;
	int			priority;
	bool		skip_invalid;

	Entry	   *entries;		/* sorted, each once */
	int			n;
	int			n_items;
	int			n_invalid;
	StringInfoData shown;		/* some of the invalid ones */
} Wish;

/* ---------------------------------------------------------------------------
 * reading items
 * ---------------------------------------------------------------------------
 */

static void
note_invalid(Wish *wish, Datum item, bool isnull)
{
	const char *separator = wish->n_invalid > 0 ? ", " : "";
	text	   *value;
	int			len;

	if (++wish->n_invalid > MAX_SHOWN)
		return;
	if (isnull)
	{
		appendStringInfo(&wish->shown, "%snull", separator);
		return;
	}
	value = DatumGetTextPP(item);
	len = pg_mbcliplen(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), MAX_SHOWN_BYTES);
	appendStringInfo(&wish->shown, "%s\"%.*s%s\"", separator, len, VARDATA_ANY(value),
					 len < (int) VARSIZE_ANY_EXHDR(value) ? "..." : "");
}

static int
compare_slices(GhcSlice a, GhcSlice b)
{
	int			order = pg_strncasecmp(a.data, b.data, Min(a.len, b.len));

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int
compare_entries(const void *a, const void *b)
{
	const Entry *left = a;
	const Entry *right = b;
	int			order = (left->id > right->id) - (left->id < right->id);

	if (order != 0 || left->id != 0)
		return order;
	order = compare_slices(left->name.owner, right->name.owner);
	return order != 0 ? order : compare_slices(left->name.name, right->name.name);
}

/* Sorts the entries, and leaves out those that are there already. */
static void
sort_entries(Wish *wish)
{
	int			n = 0;

	qsort(wish->entries, wish->n, sizeof(Entry), compare_entries);
	for (int i = 0; i < wish->n; i++)
		if (n == 0 || compare_entries(&wish->entries[n - 1], &wish->entries[i]) != 0)
			wish->entries[n++] = wish->entries[i];
	wish->n = n;
}

static void
read_items(Wish *wish, ArrayType *array)
{
	GhcSlice	host = ghc_item_host(ghc_slice_of(ghc_api_url));
	Datum	   *items;
	bool	   *nulls;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls,
					  &wish->n_items);
	wish->entries = palloc_extended(Max(wish->n_items, 1) * sizeof(Entry),
									MCXT_ALLOC_HUGE);
	initStringInfo(&wish->shown);
	for (int i = 0; i < wish->n_items; i++)
	{
		Entry	   *entry = &wish->entries[wish->n];
		GhcItem		item;
		text	   *value = nulls[i] ? NULL : DatumGetTextPP(items[i]);

		CHECK_FOR_INTERRUPTS();
		if (value == NULL ||
			!ghc_item_parse((GhcSlice) {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)},
							host, &item))
		{
			note_invalid(wish, items[i], nulls[i]);
			continue;
		}
		entry->id = item.id;
		entry->name = item.name;
		wish->n++;
	}
	sort_entries(wish);
}

/* Says which items name no repository; throws unless they are to be skipped. */
static void
report_invalid(const Wish *wish)
{
	GhcSlice	host = ghc_item_host(ghc_slice_of(ghc_api_url));

	if (wish->n_invalid == 0)
		return;
	ereport(wish->skip_invalid ? NOTICE : ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg_plural("%d of %d items names no repository",
						   "%d of %d items name no repository",
						   wish->n_invalid, wish->n_invalid, wish->n_items),
			 errdetail("Such as %s.", wish->shown.data),
			 wish->skip_invalid ? 0 :
			 errhint("An item is owner/name, an address of the repository at %.*s, its id or its node id. ghcrawl_add_repositories(..., skip_invalid => true) leaves others out.",
					 (int) host.len, host.data)));
}

/* ---------------------------------------------------------------------------
 * starting the crawl
 * ---------------------------------------------------------------------------
 */

static void
hash_text(pg_cryptohash_ctx *context, const char *text, size_t len)
{
	uint8		end = 0;

	if (pg_cryptohash_update(context, (const uint8 *) text, len) < 0 ||
		pg_cryptohash_update(context, &end, 1) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(context));
}

/* What tells the list from others: half a hash is as good as a UUID. */
static char *
name_query(const Wish *wish)
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	uint8		hash[PG_SHA256_DIGEST_LENGTH];
	StringInfoData query;

	if (pg_cryptohash_init(context) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(context));
	hash_text(context, wish->source, strlen(wish->source));
	for (int i = 0; i < wish->n; i++)
	{
		const Entry *entry = &wish->entries[i];
		char		text[256];
		int			len = snprintf(text, sizeof(text), INT64_FORMAT " %.*s/%.*s", entry->id,
								   (int) entry->name.owner.len, entry->name.owner.data,
								   (int) entry->name.name.len, entry->name.name.data);

		for (int k = 0; k < len; k++)
			text[k] = pg_ascii_tolower((unsigned char) text[k]);
		hash_text(context, text, len);
	}
	if (pg_cryptohash_final(context, hash, sizeof(hash)) < 0)
		elog(ERROR, "could not compute SHA-256: %s", pg_cryptohash_error(context));
	pg_cryptohash_free(context);

	initStringInfo(&query);
	appendStringInfoString(&query, "list:");
	for (size_t i = 0; i < sizeof(hash) / 2; i++)
		appendStringInfo(&query, "%02x", hash[i]);
	return query.data;
}

/* Writes the task that looks up entries of one kind from "from" on; how many? */
static int
format_task(const Wish *wish, int from, GhcBuffer *text)
{
	bool		by_name = wish->entries[from].id == 0;
	GhcMembers	members = {0};
	GhcNames	names = {0};
	int			n = 0;

	ghc_range_init(&members.range);
	for (int i = from; i < wish->n && n < GHC_MAX_MEMBERS; i++, n++)
	{
		const Entry *entry = &wish->entries[i];

		if ((entry->id == 0) != by_name)
			break;
		members.ids[members.n++] = entry->id;
		names.names[names.n++] = entry->name;
	}
	ghc_buffer_reset(text);
	if (by_name)
		ghc_names_format(&names, text);
	else
		ghc_members_format(&members, text);
	return n;
}

/* Adds some tasks of one kind, from entry "from" on; where do the next begin? */
static int
add_some_tasks(int64 crawl_id, const Wish *wish, int from)
{
	bool		by_name = wish->entries[from].id == 0;
	char	   *queries[TASKS_AT_ONCE];
	int64		positions[TASKS_AT_ONCE];
	int64		promised[TASKS_AT_ONCE];
	double		shares[TASKS_AT_ONCE];
	GhcChildRows rows = {
		.kind = by_name ? "names" : "fill",.queries = queries,
		.positions = positions,.promised = promised,.weights = shares
	};
	GhcBuffer	text = {0};

	while (rows.n < TASKS_AT_ONCE && from < wish->n &&
		   (wish->entries[from].id == 0) == by_name)
	{
		int			n = format_task(wish, from, &text);

		if (text.failed)
		{
			ghc_buffer_free(&text);
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY),
					 errmsg("out of memory")));
		}
		queries[rows.n] = pstrdup(text.data);
		positions[rows.n] = from;
		promised[rows.n] = n;
		shares[rows.n++] = (double) n / wish->n;
		from += n;
	}
	ghc_buffer_free(&text);
	ghc_tasks_add_roots(crawl_id, &rows);
	return from;
}

static void
add_tasks(int64 crawl_id, const Wish *wish)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ghcrawl list",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext before = MemoryContextSwitchTo(context);

	for (int from = 0; from < wish->n;)
	{
		CHECK_FOR_INTERRUPTS();
		from = add_some_tasks(crawl_id, wish, from);
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(before);
	MemoryContextDelete(context);
}

/* Starts crawling what an array names; 0 if it names nothing. */
static int64
start_list(Wish *wish, ArrayType *array)
{
	GhcNewCrawl crawl = {.max_repositories = -1};
	GhcDbScope	scope;
	int64		id;
	bool		is_new;

	ghc_api_require_writable();
	read_items(wish, array);
	report_invalid(wish);
	if (wish->n == 0)
	{
		ereport(NOTICE, (errmsg("there are no repositories to add")));
		return 0;
	}
	crawl.selection = psprintf("list of %d %s%s%s", wish->n,
							   wish->n == 1 ? "repository" : "repositories",
							   wish->source[0] ? ": " : "", wish->source);
	crawl.query = name_query(wish);
	crawl.profile = wish->profile;
	crawl.priority = wish->priority;
	crawl.source = wish->source;
	ghc_crawl_api_prepare(&crawl);

	ghc_db_enter(&scope);
	id = ghc_crawl_api_insert(&crawl, &is_new);
	if (is_new)
		add_tasks(id, wish);
	ghc_crawl_api_start_workers();
	ghc_db_leave(&scope);
	return id;
}

Datum
ghcrawl_add_repositories(PG_FUNCTION_ARGS)
{
	Wish		wish = {0};
	int64		id;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(3) || PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("profile, priority and skip_invalid must not be null")));
	wish.profile = text_to_cstring(PG_GETARG_TEXT_PP(1));
	wish.source = PG_ARGISNULL(2) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(2));
	wish.priority = PG_GETARG_INT32(3);
	wish.skip_invalid = PG_GETARG_BOOL(4);
	/* array_agg of no rows is null */
	id = start_list(&wish, PG_ARGISNULL(0) ? construct_empty_array(TEXTOID) :
					PG_GETARG_ARRAYTYPE_P(0));
	if (id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}

Datum
ghcrawl_add_repositories_variadic(PG_FUNCTION_ARGS)
{
	Wish		wish = {.profile = "full",.source = ""};
	int64		id = start_list(&wish, PG_ARGISNULL(0) ? construct_empty_array(TEXTOID) :
								PG_GETARG_ARRAYTYPE_P(0));

	if (id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(id);
}

/* ---------------------------------------------------------------------------
 * ghcrawl.wanted
 * ---------------------------------------------------------------------------
 */

/* rows of one source */
typedef struct Source
{
	char	   *name;
	ArrayBuildState *items;
} Source;

/* a statement that inserts */
typedef struct Statement
{
	struct Statement *outer;
	int			level;			/* of the transaction that it began in */
	MemoryContext context;
	Source	   *sources;
	int			n;
} Statement;

/*
 * The innermost one.  What an error leaves here is never looked at: rows come
 * between the beginning of their own statement and its end.
 */
static Statement *statement = NULL;

static void
begin_statement(void)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "ghcrawl.wanted",
												  ALLOCSET_DEFAULT_SIZES);
	Statement  *inner = MemoryContextAllocZero(context, sizeof(Statement));

	inner->outer = statement;
	inner->level = GetCurrentTransactionNestLevel();
	inner->context = context;
	inner->sources = MemoryContextAllocZero(context, MAX_SOURCES * sizeof(Source));
	statement = inner;
}

/* Leaves those that an error ended which somebody caught: they began further inside. */
static void
leave_failed(void)
{
	while (statement->level > GetCurrentTransactionNestLevel())
		statement = statement->outer;
}

/* The source of that name; the last ones are likely to be it. */
static Source *
find_source(const char *name)
{
	Source	   *source;

	for (int i = statement->n - 1; i >= 0; i--)
		if (strcmp(statement->sources[i].name, name) == 0)
			return &statement->sources[i];
	if (statement->n == MAX_SOURCES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d sources in one statement", MAX_SOURCES),
				 errdetail("Each becomes a crawl of its own.")));
	source = &statement->sources[statement->n++];
	source->name = MemoryContextStrdup(statement->context, name);
	source->items = initArrayResult(TEXTOID, statement->context, false);
	return source;
}

static void
take_row(const TriggerData *trigger)
{
	TupleDesc	desc = trigger->tg_relation->rd_att;
	bool		isnull;
	Datum		item;
	char	   *name = SPI_getvalue(trigger->tg_trigtuple, desc, SPI_fnumber(desc, "source"));
	Source	   *source;

	leave_failed();
	source = find_source(name != NULL ? name : "");
	item = SPI_getbinval(trigger->tg_trigtuple, desc, SPI_fnumber(desc, "repository"), &isnull);
	(void) accumArrayResult(source->items, item, isnull, TEXTOID, statement->context);
}

static void
end_statement(void)
{
	Statement  *inner;

	leave_failed();
	inner = statement;
	statement = inner->outer;
	for (int i = 0; i < inner->n; i++)
	{
		Wish		wish = {.profile = "full",.source = inner->sources[i].name};

		(void) start_list(&wish, DatumGetArrayTypeP(makeArrayResult(inner->sources[i].items,
																	inner->context)));
	}
	MemoryContextDelete(inner->context);
}

/* Of INSERT and COPY on view ghcrawl.wanted: before, for each row, after. */
Datum
ghcrawl_want(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = (const TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not called by trigger manager")));
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
	{
		take_row(trigger);
		return PointerGetDatum(trigger->tg_trigtuple);
	}
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		begin_statement();
	else
		end_statement();
	return PointerGetDatum(NULL);
}
