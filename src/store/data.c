/*-------------------------------------------------------------------------
 *
 * data.c
 *	  The data tables: making them, finding them, who owns them.
 *
 * They are ordinary objects of an ordinary owner, not members of the
 * extension: DROP EXTENSION leaves them, pg_dump takes them along.  A stamp
 * in the schema, table ghcrawl_schema, says whose ids they hold and which
 * version they are of.
 *
 * IDENTIFICATION
 *	  src/store/data.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/version.h"
#include "store/data.h"
#include "store/db.h"
#include "store/locks.h"

const char *
ghc_data_type(GhcFieldType type)
{
	static const char *const names[] = {
		[GHC_TYPE_INT8] = "bigint",
		[GHC_TYPE_INT4] = "integer",
		[GHC_TYPE_TIME] = "timestamptz",
		[GHC_TYPE_BOOL] = "boolean",
		[GHC_TYPE_TEXT] = "text",
		[GHC_TYPE_TEXT_ARRAY] = "text[]",
		[GHC_TYPE_INT8_ARRAY] = "bigint[]",
		[GHC_TYPE_JSON] = "jsonb",
	};

	return names[type];
}

Oid
ghc_data_type_oid(GhcFieldType type)
{
	static const Oid oids[] = {
		[GHC_TYPE_INT8] = INT8OID,
		[GHC_TYPE_INT4] = INT4OID,
		[GHC_TYPE_TIME] = TIMESTAMPTZOID,
		[GHC_TYPE_BOOL] = BOOLOID,
		[GHC_TYPE_TEXT] = TEXTOID,
		[GHC_TYPE_TEXT_ARRAY] = TEXTARRAYOID,
		[GHC_TYPE_INT8_ARRAY] = INT8ARRAYOID,
		[GHC_TYPE_JSON] = JSONBOID,
	};

	return oids[type];
}

static void
add_comment(StringInfo sql, const char *kind, const char *name,
			const char *comment)
{
	appendStringInfo(sql, "COMMENT ON %s %s IS %s;\n", kind, name,
					 quote_literal_cstr(comment));
}

static void
add_repository(StringInfo sql, const char *schema)
{
	appendStringInfo(sql, "CREATE TABLE %s.repository (\n"
					 "repo_id bigint PRIMARY KEY,\n"
					 "changed_at timestamptz NOT NULL", schema);
	for (int i = GHC_FIELD_REPO_ID + 1; i < GHC_FIELD_COUNT; i++)
		appendStringInfo(sql, ",\n%s %s%s", ghc_fields[i].column,
						 ghc_data_type(ghc_fields[i].type),
						 i == GHC_FIELD_NAME_WITH_OWNER ? " NOT NULL" : "");
	appendStringInfoString(sql, ") WITH (fillfactor = 90);\n");
	add_comment(sql, "TABLE", psprintf("%s.repository", schema),
				"Repositories as last seen on GitHub; a column that no crawl asked for is null");
	add_comment(sql, "COLUMN", psprintf("%s.repository.changed_at", schema),
				"When a crawl last found anything changed here, or stored it first");
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		add_comment(sql, "COLUMN",
					psprintf("%s.repository.%s", schema, ghc_fields[i].column),
					ghc_fields[i].comment);
}

/*
 * A change costs the values that it changed; null says "did not change", and
 * for values that can be null themselves 0 or '' says "there was none".
 */
static void
add_history(StringInfo sql, const char *schema)
{
	char	   *table = psprintf("%s.repository_history", schema);

	appendStringInfo(sql, "CREATE TABLE %s (\n"
					 "repo_id bigint NOT NULL,\n"
					 "changed_at timestamptz NOT NULL", table);
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (ghc_fields[i].tracked)
			appendStringInfo(sql, ",\n%s %s", ghc_fields[i].column,
							 ghc_data_type(ghc_fields[i].type));
	appendStringInfo(sql, ");\nCREATE INDEX ON %s (repo_id, changed_at);\n",
					 table);
	add_comment(sql, "TABLE", table,
				"Values that tracked columns had until changed_at; null: did not change then");
	add_comment(sql, "COLUMN", psprintf("%s.repo_id", table),
				ghc_fields[GHC_FIELD_REPO_ID].comment);
	add_comment(sql, "COLUMN", psprintf("%s.changed_at", table),
				"When a crawl found the change; the value held until some time between the look before and this");
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (ghc_fields[i].tracked)
			add_comment(sql, "COLUMN",
						psprintf("%s.%s", table, ghc_fields[i].column),
						psprintf("Before the change: %s%s", ghc_fields[i].comment,
								 ghc_fields[i].shape == GHC_SHAPE_MEMBER ?
								 " (0 or '': there was none)" : ""));
}

static void
add_absence(StringInfo sql, const char *schema)
{
	char	   *table = psprintf("%s.repository_absence", schema);

	appendStringInfo(sql, "CREATE TABLE %s (\n"
					 "repo_id bigint PRIMARY KEY,\n"
					 "missed_at timestamptz NOT NULL);\n"
					 "GRANT SELECT ON %s TO ghcrawl_reader, ghcrawl_admin;\n",
					 table, table);
	add_comment(sql, "TABLE", table,
				"Repositories that a crawl asked for by id and GitHub didn't know: deleted, made private, or blocked; until one is seen again");
	add_comment(sql, "COLUMN", psprintf("%s.repo_id", table),
				ghc_fields[GHC_FIELD_REPO_ID].comment);
	add_comment(sql, "COLUMN", psprintf("%s.missed_at", table),
				"When it was first asked for in vain");
}

static void
add_view(StringInfo sql, const char *schema)
{
	char	   *view = psprintf("%s.repositories", schema);

	appendStringInfo(sql, "CREATE VIEW %s AS SELECT repo_id, name_with_owner,"
					 " stars, forks, language, topics, license, description,"
					 " created_at, pushed_at, updated_at, archived_at, changed_at,"
					 " is_fork, is_archived, is_template, is_mirror, is_disabled,"
					 " is_empty, is_locked, disk_kb, homepage, default_branch,"
					 " languages, language_bytes, owner_id, is_in_organization,"
					 " parent_id, has_issues, has_projects, has_wiki,"
					 " has_discussions, extra, missed_at FROM %s.repository"
					 " LEFT JOIN %s.repository_absence USING (repo_id);\n",
					 view, schema, schema);
	add_comment(sql, "VIEW", view,
				"Repositories with the columns in the order people read");
}

static char *
compose_tables(const char *quoted, const char *api_url)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s.ghcrawl_schema ("
					 "version int NOT NULL, api_url text NOT NULL,"
					 " created_at timestamptz NOT NULL DEFAULT now());\n"
					 "INSERT INTO %s.ghcrawl_schema VALUES (%d, %s);\n",
					 quoted, quoted, GHC_DATA_VERSION,
					 quote_literal_cstr(api_url));
	add_comment(&sql, "TABLE", psprintf("%s.ghcrawl_schema", quoted),
				"Stamp of ghcrawl: version of these tables and the host whose ids they hold");
	add_repository(&sql, quoted);
	add_history(&sql, quoted);
	add_absence(&sql, quoted);
	add_view(&sql, quoted);
	appendStringInfo(&sql, "GRANT USAGE ON SCHEMA %s TO ghcrawl_reader, ghcrawl_admin;\n"
					 "GRANT SELECT ON %s.repository, %s.repository_history,"
					 " %s.repositories TO ghcrawl_reader, ghcrawl_admin;\n",
					 quoted, quoted, quoted, quoted);
	return sql.data;
}

/*
 * Owner of a table that is locked first; InvalidOid if there is none, or it
 * was replaced while we waited.  Needs no rights on the schema.
 */
static Oid
lock_table(const char *schema, const char *name)
{
	Oid			namespace = get_namespace_oid(schema, true);
	Oid			relid = OidIsValid(namespace) ?
		get_relname_relid(name, namespace) : InvalidOid;
	HeapTuple	tuple;
	Form_pg_class form;
	Oid			owner = InvalidOid;

	if (!OidIsValid(relid))
		return InvalidOid;
	LockRelationOid(relid, RowExclusiveLock);
	if (get_relname_relid(name, namespace) != relid)
		return InvalidOid;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (form->relkind == RELKIND_RELATION ||
		form->relkind == RELKIND_PARTITIONED_TABLE)
		owner = form->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * The stamp of a schema that exists; false if it has none.  Anybody may have
 * put one there, so it is read with the rights of its owner.
 */
static bool
read_stamp(const char *schema, int *version, char **api_url)
{
	Oid			owner = lock_table(schema, "ghcrawl_schema");
	GhcDbScope	scope;
	uint64		n;

	if (!OidIsValid(owner))
		return false;
	ghc_db_become(owner, &scope);
	n = ghc_db_run_text(psprintf("SELECT version, api_url FROM ONLY %s.ghcrawl_schema",
								 quote_identifier(schema)));
	if (n > 0)
	{
		*version = ghc_db_get_int4(0, 1);
		*api_url = ghc_db_get_text(0, 2);
	}
	ghc_db_restore_user(&scope);
	/* made after our snapshot, which doesn't see what catalog caches see */
	if (n == 0 && IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("another session made the data tables just now"),
				 errhint("Try again.")));
	return n > 0;
}

static bool
schema_is_empty(Oid namespace)
{
	return ghc_db_run_text(psprintf("SELECT FROM pg_catalog.pg_class"
									" WHERE relnamespace = %u LIMIT 1",
									namespace)) == 0;
}

/* Is what stands in the schema ours to use?  Throws if not. */
static void
check_stamp(const char *schema, int version, const char *stamped,
			const char *api_url)
{
	Oid			owner = ghc_data_owner(schema);

	if (strcmp(stamped, api_url) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema \"%s\" holds data of another GitHub host", schema),
				 errdetail("Its ids are those of \"%s\", and \"ghcrawl.api_url\" is \"%s\".",
						   stamped, api_url),
				 errhint("Use ghcrawl_create_tables('another_schema').")));
	if (version != GHC_DATA_VERSION)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("data tables in schema \"%s\" are of version %d, this library needs %d",
						schema, version, GHC_DATA_VERSION),
				 errhint("Install a ghcrawl that fits, or use another schema.")));
	if (!OidIsValid(owner))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("data tables in schema \"%s\" are not complete, or not of one owner", schema),
				 errhint("Mend that, or rename or drop the schema and call ghcrawl_create_tables again.")));
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of the data tables in schema \"%s\"", schema),
				 errhint("Let their owner or a superuser call ghcrawl_create_tables('%s').",
						 schema)));
}

static void
require_create(const char *schema)
{
	bool		isnull;

	ghc_db_run_text("SELECT pg_catalog.has_database_privilege("
					"pg_catalog.current_database(), 'CREATE')");
	if (!DatumGetBool(ghc_db_get(0, 1, &isnull)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to create schema \"%s\" for the data tables", schema),
				 errhint("Let a role that may create schemas in this database call ghcrawl_create_tables(), once.")));
}

/*
 * The owner of a schema can replace what is in it: tables made there in
 * somebody else's name would not be safe from him.
 */
static void
require_owner(const char *schema, Oid namespace)
{
	bool		isnull;
	Oid			owner;

	ghc_db_run_text(psprintf("SELECT nspowner FROM pg_catalog.pg_namespace"
							 " WHERE oid = %u", namespace));
	owner = DatumGetObjectId(ghc_db_get(0, 1, &isnull));
	if (owner != GetUserId())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("schema \"%s\" belongs to \"%s\"", schema,
						GetUserNameFromId(owner, false)),
				 errhint("Its owner must call ghcrawl_create_tables, or use another schema.")));
}

/* Adds, in their owner's name, what tables made before it was thought of lack. */
static void
complete_tables(const char *schema)
{
	StringInfoData sql;
	GhcDbScope	scope;

	if (OidIsValid(get_relname_relid("repository_absence",
									 get_namespace_oid(schema, false))))
		return;
	initStringInfo(&sql);
	add_absence(&sql, quote_identifier(schema));
	ghc_db_become(ghc_data_owner(schema), &scope);
	ghc_db_run_text(sql.data);
	ghc_db_restore_user(&scope);
}

/* As the caller: make the tables, or check that they can be taken over. */
static void
make_tables(const char *schema, const char *api_url)
{
	const char *quoted = quote_identifier(schema);
	Oid			namespace = get_namespace_oid(schema, true);
	int			version;
	char	   *stamped;

	if (!OidIsValid(namespace))
	{
		require_create(schema);
		ghc_db_run_text(psprintf("CREATE SCHEMA %s;\nCOMMENT ON SCHEMA %s IS"
								 " 'GitHub repositories, stored by ghcrawl'",
								 quoted, quoted));
	}
	else if (read_stamp(schema, &version, &stamped))
	{
		check_stamp(schema, version, stamped, api_url);
		complete_tables(schema);
		return;
	}
	else if (!schema_is_empty(namespace))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_SCHEMA),
				 errmsg("schema \"%s\" exists, is not empty and is not ghcrawl's", schema),
				 errhint("Use ghcrawl_create_tables('another_schema').")));
	else
		require_owner(schema, namespace);
	ghc_db_run_text(compose_tables(quoted, api_url));
}

/*
 * As the extension's owner: remember the schema, and let the tables' owner,
 * in whose name workers write, call the function that hands over rows.
 */
static void
register_tables(const char *schema, const char *api_url)
{
	static GhcStatement forget = {
		"DELETE FROM ghcrawl.data_schema WHERE schema_name = $1 AND api_url <> $2",
		"nt", NULL
	};
	static GhcStatement insert = {
		"INSERT INTO ghcrawl.data_schema (schema_name, api_url, version)"
		" VALUES ($1, $2, $3) ON CONFLICT (api_url) DO UPDATE SET"
		" schema_name = excluded.schema_name", "nti", NULL
	};
	const char *owner = quote_identifier(GetUserNameFromId(ghc_data_owner(schema),
														   false));
	NameData	name;
	Datum		values[] = {
		NameGetDatum(&name), CStringGetTextDatum(api_url),
		Int32GetDatum(GHC_DATA_VERSION)
	};

	namestrcpy(&name, schema);
	/* the schema's stamp says whose it is now */
	ghc_db_run(&forget, values, NULL);
	ghc_db_run(&insert, values, NULL);
	ghc_db_run_text(psprintf("GRANT USAGE ON SCHEMA ghcrawl TO %s", owner));
	ghc_db_run_text(psprintf("GRANT EXECUTE ON FUNCTION ghcrawl.batch() TO %s",
							 owner));
}

void
ghc_data_create(const char *schema, const char *api_url)
{
	GhcDbScope	scope;
	char	   *present;

	/* of two first crawls at once the second finds the tables of the first */
	ghc_locks_wait_for_data();
	present = ghc_data_find(api_url);
	if (present != NULL && strcmp(present, schema) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("data of \"%s\" is kept in schema \"%s\" already",
						api_url, present),
				 errhint("A host's repositories are in one schema of a database.")));
	ghc_db_enter_as_caller(&scope);
	make_tables(schema, api_url);
	ghc_db_leave(&scope);

	ghc_db_enter(&scope);
	register_tables(schema, api_url);
	ghc_db_leave(&scope);
}

char *
ghc_data_find(const char *api_url)
{
	static GhcStatement find = {
		"SELECT schema_name FROM ghcrawl.data_schema WHERE api_url = $1",
		"t", NULL
	};
	MemoryContext context = CurrentMemoryContext;
	GhcDbScope	scope;
	Datum		values[] = {CStringGetTextDatum(api_url)};
	char	   *schema = NULL;

	ghc_db_enter(&scope);
	if (ghc_db_run(&find, values, NULL) > 0)
		schema = MemoryContextStrdup(context, ghc_db_get_text(0, 1));
	ghc_db_leave(&scope);

	/* the schema may have been dropped or renamed by its owner */
	if (schema != NULL && !OidIsValid(ghc_data_owner(schema)))
		return NULL;
	return schema;
}

Oid
ghc_data_owner(const char *schema)
{
	Oid			owner = lock_table(schema, "repository");

	return owner == lock_table(schema, "repository_history") ?
		owner : InvalidOid;
}

bool
ghc_data_has_absence(const char *schema, Oid owner)
{
	return lock_table(schema, "repository_absence") == owner;
}
