/*-------------------------------------------------------------------------
 *
 * forget.c
 *	  Erases repositories and owners for good; see forget.h.
 *
 * The history may be long, and has no index by repository unless somebody made
 * one.  So it is gone through while workers go on writing; then they are locked
 * out, tombstones are set up, and only what they added meanwhile is looked for
 * once more.  Who stores after that sees the tombstones (tombstones.h).
 *
 * Tables are taken by the look of them: those of the data schema that are called
 * repository… and those of schema ghcrawl, as far as they have a column repo_id.
 * So a table that is thought of later can't be forgotten here.
 *
 * IDENTIFICATION
 *	  src/store/forget.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "store/data.h"
#include "store/db.h"
#include "store/forget.h"
#include "store/names.h"
#include "store/tombstones.h"
#include "store/values.h"

/* a request that was sent before may be stored so much later */
#define LATE_US (INT64CONST(6) * USECS_PER_HOUR)

#define LOGIN_OF(column) "pg_catalog.lower(pg_catalog.split_part(" column ", '/', 1))"

/* work in hand */
typedef struct Work
{
	const char *schema;
	const char *quoted;
	const GhcForget *what;
	int64		owner_id;		/* 0: not known, or it is about a repository */
	Datum		logins;			/* text[]: of the owner, in lower case */
	Datum		ids;			/* bigint[]: of the repositories */
	Datum		names;			/* text[]: of these, present and former, in lower case */
	List	   *erased;
} Work;

static void
count(Work *work, const char *table, uint64 n)
{
	GhcErased  *erased;
	ListCell   *cell;

	foreach(cell, work->erased)
	{
		erased = lfirst(cell);
		if (strcmp(erased->table, table) != 0)
			continue;
		erased->n += n;
		return;
	}
	erased = palloc(sizeof(GhcErased));
	*erased = (GhcErased) {pstrdup(table), n};
	work->erased = lappend(work->erased, erased);
}

/* An array that a statement gives as its only value. */
static Datum
get_array(void)
{
	bool		isnull;
	Datum		value = ghc_db_get(0, 1, &isnull);

	return PointerGetDatum(DatumGetArrayTypePCopy(value));
}

/* Ids of the last result's first column with commas, for a hint. */
static char *
list_ids(uint64 n)
{
	StringInfoData text;

	initStringInfo(&text);
	for (uint64 i = 0; i < n; i++)
		appendStringInfo(&text, "%s%lld", i > 0 ? ", " : "",
						 (long long) ghc_db_get_int8(i, 1));
	return text.data;
}

static void
refuse(const char *name, uint64 n, const char *function)
{
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("nothing by the name of \"%s\" is stored", name),
				 errhint("Use %s with GitHub's number of it.", function)));
	ereport(ERROR,
			(errcode(ERRCODE_AMBIGUOUS_PARAMETER),
			 errmsg("\"%s\" has been the name of several", name),
			 errhint("Use %s with one of the numbers: %s.", function, list_ids(n))));
}

/* The id of the repository that has or had a name. */
static int64
find_repository(const Work *work)
{
	uint64		n = ghc_names_find(work->schema, work->what->name, NULL);
	int64		id = n > 0 ? ghc_db_get_int8(0, 1) : 0;

	for (uint64 i = 1; i < n; i++)
		if (ghc_db_get_int8(i, 1) != id)
			refuse(work->what->name, n, "ghcrawl_forget");
	if (n == 0)
		refuse(work->what->name, n, "ghcrawl_forget");
	return id;
}

/* The owner's number and logins, by whichever of them is given. */
static void
find_owner(Work *work)
{
	Datum		value;
	uint64		n;

	if (work->what->name != NULL)
	{
		value = CStringGetTextDatum(work->what->name);
		n = ghc_db_run_once(psprintf("SELECT DISTINCT coalesce(owner_id, 0) FROM %s.repository"
									 " WHERE " LOGIN_OF("name_with_owner") " = pg_catalog.lower($1)"
									 " ORDER BY 1 DESC",
									 work->quoted), "t", &value, NULL);
		/* those of whom no crawl asked are taken for his */
		if (n == 0 || (n > 1 && ghc_db_get_int8(1, 1) != 0))
			refuse(work->what->name, n, "ghcrawl_forget_owner");
		work->owner_id = ghc_db_get_int8(0, 1);
		if (work->owner_id == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("GitHub's number of the owner is not stored"),
					 errdetail("No crawl asked for owner_id."),
					 errhint("Find it at GitHub (https://api.github.com/users/…, \"id\") and use it, after ghcrawl_forget of those repositories.")));
	}
	else
		work->owner_id = work->what->id;
	value = Int64GetDatum(work->owner_id);
	ghc_db_run_once(psprintf("SELECT ARRAY(SELECT DISTINCT " LOGIN_OF("name_with_owner")
							 " FROM %s.repository WHERE owner_id = $1)",
							 work->quoted), "b", &value, NULL);
	work->logins = get_array();
}

/* The repositories that are to be forgotten, as far as they are stored. */
static void
find_repositories(Work *work)
{
	Datum		values[] = {Int64GetDatum(work->owner_id), work->logins};

	ghc_db_run_once(psprintf("SELECT ARRAY(SELECT repo_id FROM %s.repository"
							 " WHERE owner_id = $1 OR (owner_id IS NULL AND "
							 LOGIN_OF("name_with_owner") " = ANY ($2)) ORDER BY repo_id)",
							 work->quoted), "bT", values, NULL);
	work->ids = get_array();
}

/* What they are and were called, for the control tables. */
static void
find_names(Work *work)
{
	ghc_db_run_once(psprintf("SELECT ARRAY(SELECT pg_catalog.lower(name_with_owner) FROM %s.repository"
							 " WHERE repo_id = ANY ($1) UNION"
							 " SELECT pg_catalog.lower(name_with_owner) FROM %s.repository_history"
							 " WHERE repo_id = ANY ($1) AND name_with_owner IS NOT NULL)",
							 work->quoted, work->quoted), "B", &work->ids, NULL);
	work->names = get_array();
}

/* Erases changes that were found since a moment. */
static void
erase_history(Work *work, TimestampTz since)
{
	Datum		values[] = {
		work->ids, TimestampTzGetDatum(since), Int64GetDatum(work->owner_id),
		work->logins
	};

	count(work, "repository_history",
		  ghc_db_run_once(psprintf("DELETE FROM %s.repository_history"
								   " WHERE repo_id = ANY ($1) AND changed_at >= $2",
								   work->quoted), "Bz", values, NULL));
	if (!work->what->is_owner)
		return;
	/* what is another's now may have been his */
	count(work, "repository_history",
		  ghc_db_run_once(psprintf("UPDATE %s.repository_history"
								   " SET name_with_owner = NULL, owner_id = NULL"
								   " WHERE changed_at >= $2 AND repo_id <> ALL ($1) AND (owner_id = $3 OR "
								   LOGIN_OF("name_with_owner") " = ANY ($4))",
								   work->quoted), "BzbT", values, NULL));
}

/* Tables of a schema that have rows of repositories, the history apart. */
static List *
list_tables(const char *schema, const char *pattern)
{
	Datum		values[] = {CStringGetTextDatum(schema), CStringGetTextDatum(pattern)};
	List	   *tables = NIL;
	uint64		n = ghc_db_run_once("SELECT c.relname::text FROM pg_class c"
									" JOIN pg_attribute a ON a.attrelid = c.oid"
									" WHERE c.relnamespace = $1::regnamespace AND c.relname ~ $2"
									" AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
									" AND c.relname <> 'repository_history'"
									" AND a.attname = 'repo_id' AND NOT a.attisdropped"
									" ORDER BY c.relname DESC", "tt", values, NULL);

	for (uint64 i = 0; i < n; i++)
		tables = lappend(tables, ghc_db_get_text(i, 1));
	return tables;
}

static void
erase_rows(Work *work, const char *schema, const char *pattern)
{
	ListCell   *cell;

	foreach(cell, list_tables(quote_identifier(schema), pattern))
	{
		char	   *table = lfirst(cell);

		count(work, table,
			  ghc_db_run_once(psprintf("DELETE FROM %s WHERE repo_id = ANY ($1)",
									   quote_qualified_identifier(schema, table)),
							  "B", &work->ids, NULL));
	}
}

static void
add_tombstones(const Work *work)
{
	char	   *sql = psprintf("INSERT INTO %s." GHC_TOMBSTONES_TABLE " (kind, id, reason)"
							   " SELECT $1, u, $3 FROM pg_catalog.unnest($2) u"
							   " ON CONFLICT (kind, id) DO NOTHING", work->quoted);
	const char *nulls = work->what->reason ? "   " : "  n";
	Datum		values[] = {
		CStringGetTextDatum("repository"), work->ids,
		work->what->reason ? CStringGetTextDatum(work->what->reason) : (Datum) 0
	};

	ghc_db_run_once(sql, "tBt", values, nulls);
	if (!work->what->is_owner)
		return;
	values[0] = CStringGetTextDatum("owner");
	values[1] = ghc_values_int8_array(&work->owner_id, 1);
	ghc_db_run_once(sql, "tBt", values, nulls);
}

/* As the tables' owner: everything in the data schema. */
static void
erase_data(Work *work)
{
	TimestampTz began = GetCurrentTimestamp();
	Oid			table = get_relname_relid("repository",
										  get_namespace_oid(work->schema, false));
	Datum		before;

	if (work->what->is_owner)
	{
		find_owner(work);
		find_repositories(work);
	}
	else
	{
		int64		id = work->what->name ? find_repository(work) : work->what->id;

		work->ids = ghc_values_int8_array(&id, 1);
	}
	find_names(work);
	erase_history(work, DT_NOBEGIN);

	before = work->ids;
	LockRelationOid(table, ShareRowExclusiveLock);
	if (work->what->is_owner)
		find_repositories(work);
	add_tombstones(work);
	erase_history(work, datumIsEqual(before, work->ids, false, -1) ? began - LATE_US : DT_NOBEGIN);
	erase_rows(work, work->schema, "^repository");
}

/* As the extension's owner: what the control tables say of them. */
static void
erase_control(Work *work)
{
	Datum		values[] = {work->ids, work->names};

	erase_rows(work, "ghcrawl", ".");
	count(work, "listed",
		  ghc_db_run_once("DELETE FROM ghcrawl.listed WHERE lower(asked_as) = ANY ($1)",
						  "T", &work->names, NULL));
	count(work, "error",
		  ghc_db_run_once("UPDATE ghcrawl.error SET sample = NULL"
						  " WHERE sample ~ '^repository [0-9]+' AND"
						  " (regexp_match(sample, '^repository ([0-9]{1,18})'))[1]::bigint = ANY ($1)"
						  " OR EXISTS (SELECT FROM unnest($2) u WHERE strpos(lower(sample), u) > 0)",
						  "BT", values, NULL));
}

static void
require_tombstones(const char *schema, Oid owner)
{
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("forgetting needs a transaction of isolation level READ COMMITTED"),
				 errdetail("Others see rows that were stored meanwhile, and these must go, too.")));
	if (!ghc_data_has_table(schema, GHC_TOMBSTONES_TABLE, owner))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table \"" GHC_TOMBSTONES_TABLE "\" in schema \"%s\"", schema),
				 errhint("SELECT ghcrawl_create_tables(%s) adds it.",
						 quote_literal_cstr(schema))));
}

List *
ghc_forget(const char *schema, const GhcForget *what)
{
	Work		work = {
		.schema = schema, .quoted = quote_identifier(schema), .what = what,
		.logins = PointerGetDatum(construct_empty_array(TEXTOID))
	};
	Oid			owner = ghc_data_owner(schema);
	MemoryContext context = CurrentMemoryContext;
	GhcDbScope	outer;
	GhcDbScope	scope;

	require_tombstones(schema, owner);
	ghc_db_enter(&outer);
	/* what is kept must outlive SPI's own memory */
	MemoryContextSwitchTo(context);
	ghc_db_become(owner, &scope);
	erase_data(&work);
	ghc_db_restore_user(&scope);
	erase_control(&work);
	ghc_db_leave(&outer);
	return work.erased;
}
