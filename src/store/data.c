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
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "base/version.h"
#include "store/absence.h"
#include "store/columns.h"
#include "store/data.h"
#include "store/db.h"
#include "store/dictionary.h"
#include "store/history.h"
#include "store/locks.h"
#include "store/looks.h"
#include "store/names.h"
#include "store/past.h"
#include "store/popular.h"
#include "store/star_history.h"
#include "store/states.h"
#include "store/tombstones.h"

static void
add_comment(StringInfo sql, const char *kind, const char *name,
			const char *comment)
{
	appendStringInfo(sql, "COMMENT ON %s %s IS %s;\n", kind, name,
					 quote_literal_cstr(comment));
}

/* What the column of a field is for; flags have one for all. */
static char *
column_comment(GhcField field)
{
	const char *comment = ghc_fields[field].comment;
	StringInfoData text;

	switch (ghc_columns_form(field))
	{
		case GHC_FORM_TIME:
			return psprintf("%s; seconds since 2000-01-01 UTC", comment);
		case GHC_FORM_NAME:
			return psprintf("%s; a number of table %s", comment,
							ghc_fields[field].column);
		case GHC_FORM_NAMES:
		case GHC_FORM_NUMBERS:
			return psprintf("%s; commas between", comment);
		case GHC_FORM_FLAG:
			break;
		default:
			return pstrdup(comment);
	}
	initStringInfo(&text);
	appendStringInfoString(&text, "Bits (in brackets: that it is known):");
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (ghc_columns_form(i) == GHC_FORM_FLAG)
			appendStringInfo(&text, " %d (%d) %s", ghc_columns_true(i),
							 ghc_columns_known(i), ghc_fields[i].column);
	return text.data;
}

static void
add_partitions(StringInfo sql, const char *schema, int n)
{
	for (int i = 0; i < n; i++)
	{
		char	   *name = psprintf("%s.repository_%d", schema, i);

		appendStringInfo(sql, "CREATE TABLE %s (LIKE %s.repository"
						 " INCLUDING COMMENTS) WITH (fillfactor = 90);\n"
						 "ALTER TABLE %s.repository ATTACH PARTITION %s"
						 " FOR VALUES WITH (MODULUS %d, REMAINDER %d);\n",
						 name, schema, schema, name, n, i);
		add_comment(sql, "TABLE", name, "A part of table repository, by repo_id");
	}
}

static void
add_repository(StringInfo sql, const char *schema, int n_partitions)
{
	char	   *table = psprintf("%s.repository", schema);

	appendStringInfo(sql, "CREATE TABLE %s (\n"
					 "repo_id bigint PRIMARY KEY,\n"
					 "changed_at timestamptz NOT NULL", table);
	for (int i = 0; i < GHC_COLUMN_COUNT; i++)
		appendStringInfo(sql, ",\n%s %s%s", ghc_columns_name(ghc_columns[i]),
						 ghc_columns_type(ghc_columns[i]),
						 ghc_columns[i] == GHC_FIELD_NAME_WITH_OWNER ? " NOT NULL" : "");
	appendStringInfoString(sql, n_partitions > 0 ?
						   ") PARTITION BY HASH (repo_id);\n" :
						   ") WITH (fillfactor = 90);\n");
	add_comment(sql, "TABLE", table,
				"Repositories as last seen on GitHub, packed; view repositories is for reading. A column that no crawl asked for is null");
	add_comment(sql, "COLUMN", psprintf("%s.repo_id", table),
				ghc_fields[GHC_FIELD_REPO_ID].comment);
	add_comment(sql, "COLUMN", psprintf("%s.changed_at", table),
				"When a crawl last found anything changed here, or stored it first");
	for (int i = 0; i < GHC_COLUMN_COUNT; i++)
		add_comment(sql, "COLUMN",
					psprintf("%s.%s", table, ghc_columns_name(ghc_columns[i])),
					column_comment(ghc_columns[i]));
	add_partitions(sql, schema, n_partitions);
}

static void
add_dictionary(StringInfo sql, const char *schema, GhcField field)
{
	const char *name = ghc_fields[field].column;
	char	   *table = psprintf("%s.%s", schema, name);

	appendStringInfo(sql, "CREATE TABLE %s (%s_id smallint PRIMARY KEY,"
					 " name text NOT NULL UNIQUE);\n"
					 "INSERT INTO %s VALUES (%d, '(other)');\n"
					 "GRANT SELECT ON %s TO ghcrawl_reader, ghcrawl_admin;\n",
					 table, name, table, GHC_DICTIONARY_OTHER, table);
	add_comment(sql, "TABLE", table,
				"Names that stand in table repository as numbers; added by workers, never to be changed");
	add_comment(sql, "COLUMN", psprintf("%s.%s_id", table, name),
				"The number; 0 stands for names there was no room for");
	add_comment(sql, "COLUMN", psprintf("%s.name", table),
				ghc_fields[field].comment);
}

/* The columns of the views, in the order people read. */
static void
add_shown(StringInfo sql, const char *stars_from)
{
	static const GhcField order[] = {
		GHC_FIELD_NAME_WITH_OWNER, GHC_FIELD_STARS, GHC_FIELD_FORKS,
		GHC_FIELD_LANGUAGE, GHC_FIELD_TOPICS, GHC_FIELD_LICENSE,
		GHC_FIELD_DESCRIPTION, GHC_FIELD_CREATED_AT, GHC_FIELD_PUSHED_AT,
		GHC_FIELD_UPDATED_AT, GHC_FIELD_ARCHIVED_AT, GHC_FIELD_COUNT,
		GHC_FIELD_IS_FORK, GHC_FIELD_IS_ARCHIVED, GHC_FIELD_IS_TEMPLATE,
		GHC_FIELD_IS_MIRROR, GHC_FIELD_IS_DISABLED, GHC_FIELD_IS_EMPTY,
		GHC_FIELD_IS_LOCKED, GHC_FIELD_DISK_KB, GHC_FIELD_HOMEPAGE,
		GHC_FIELD_DEFAULT_BRANCH, GHC_FIELD_LANGUAGES,
		GHC_FIELD_LANGUAGE_BYTES, GHC_FIELD_OWNER_ID,
		GHC_FIELD_IS_IN_ORGANIZATION, GHC_FIELD_PARENT_ID,
		GHC_FIELD_HAS_ISSUES, GHC_FIELD_HAS_PROJECTS, GHC_FIELD_HAS_WIKI,
		GHC_FIELD_HAS_DISCUSSIONS, GHC_FIELD_EXTRA
	};

	appendStringInfoString(sql, "r.repo_id");
	for (int i = 0; i < (int) lengthof(order); i++)
	{
		if (order[i] == GHC_FIELD_COUNT)
			appendStringInfoString(sql, ", r.changed_at");
		else if (order[i] == GHC_FIELD_STARS)
			appendStringInfo(sql, ", %s.stars", stars_from);
		else
			appendStringInfo(sql, ", %s AS %s", ghc_columns_shown(order[i], "r."),
							 ghc_fields[order[i]].column);
	}
	appendStringInfoString(sql, ", a.missed_at");
}

static void
add_view(StringInfo sql, const char *schema, const char *name,
		 const char *stars_from, const char *join, const char *comment)
{
	char	   *view = psprintf("%s.%s", schema, name);

	appendStringInfo(sql, "CREATE VIEW %s AS SELECT ", view);
	add_shown(sql, stars_from);
	appendStringInfo(sql, " FROM %s.repository r%s"
					 " LEFT JOIN %s.language language ON language.language_id = r.language_id"
					 " LEFT JOIN %s.license license ON license.license_id = r.license_id"
					 " LEFT JOIN %s.repository_absence a ON a.repo_id = r.repo_id;\n"
					 "GRANT SELECT ON %s TO ghcrawl_reader, ghcrawl_admin;\n",
					 schema, join, schema, schema, schema, view);
	add_comment(sql, "VIEW", view, comment);
}

static void
add_repositories(StringInfo sql, const char *schema)
{
	add_view(sql, schema, "repositories", "r", "",
			 "Repositories with the columns in the order people read");
}

static void
add_popular(StringInfo sql, const char *schema)
{
	add_view(sql, schema, "popular", "p",
			 psprintf(" JOIN %s.repository_popular p ON p.repo_id = r.repo_id", schema),
			 psprintf("Repositories with %d stars or more, like view repositories; quick in the order of stars",
					  GHC_POPULAR_STARS));
}

static char *
compose_tables(const char *quoted, const char *api_url, int n_partitions)
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
	add_repository(&sql, quoted, n_partitions);
	add_dictionary(&sql, quoted, GHC_FIELD_LANGUAGE);
	add_dictionary(&sql, quoted, GHC_FIELD_LICENSE);
	ghc_history_compose(&sql, quoted);
	ghc_absence_compose(&sql, quoted);
	ghc_absence_extend(&sql, quoted);
	ghc_tombstones_compose(&sql, quoted);
	ghc_popular_compose(&sql, quoted);
	ghc_looks_compose(&sql, quoted);
	ghc_star_history_compose(&sql, quoted);
	add_repositories(&sql, quoted);
	add_popular(&sql, quoted);
	ghc_names_compose(&sql, quoted);
	ghc_states_compose(&sql, quoted);
	ghc_past_compose_rising(&sql, quoted);
	ghc_past_compose_falling(&sql, quoted);
	appendStringInfo(&sql, "GRANT USAGE ON SCHEMA %s TO ghcrawl_reader, ghcrawl_admin;\n"
					 "GRANT SELECT ON %s.repository, %s.repository_history,"
					 " %s.history TO ghcrawl_reader, ghcrawl_admin;\n",
					 quoted, quoted, quoted, quoted);
	return sql.data;
}

/*
 * Owner of a table that is locked first; InvalidOid if there is none, or it
 * was replaced while we waited.  Needs no rights on the schema.
 */
static Oid
lock_table(const char *schema, const char *name, LOCKMODE mode)
{
	Oid			namespace = get_namespace_oid(schema, true);
	Oid			relid = OidIsValid(namespace) ?
		get_relname_relid(name, namespace) : InvalidOid;
	HeapTuple	tuple;
	Form_pg_class form;
	Oid			owner = InvalidOid;

	if (!OidIsValid(relid))
		return InvalidOid;
	LockRelationOid(relid, mode);
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
	Oid			owner = lock_table(schema, "ghcrawl_schema", RowExclusiveLock);
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
		if (*api_url == NULL)
			*api_url = pstrdup("");
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
				 errhint("Let their owner or a superuser call ghcrawl_create_tables(%s).",
						 quote_literal_cstr(schema))));
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
				 errhint("Let a role that may create schemas in this database call ghcrawl_create_tables(%s), once.",
						 quote_literal_cstr(schema))));
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

static bool
is_missing(Oid namespace, const char *name, const char *column)
{
	Oid			relid = get_relname_relid(name, namespace);

	return !OidIsValid(relid) ||
		(column != NULL && get_attnum(relid, column) == InvalidAttrNumber);
}

/* Adds, in their owner's name, what is missing beside the tables of rows. */
static void
complete_tables(const char *schema)
{
	static const struct
	{
		const char *name;
		const char *column;		/* the part is missing where this is; or NULL */
		void		(*add) (StringInfo sql, const char *quoted);
	}			parts[] = {
		{"repository_absence", NULL, ghc_absence_compose},
		{"repository_absence", "reason", ghc_absence_extend},
		{"tombstone", NULL, ghc_tombstones_compose},
		{"repository_popular", NULL, ghc_popular_compose},
		{"repository_look", NULL, ghc_looks_compose},
		{GHC_STAR_HISTORY_TABLE, NULL, ghc_star_history_compose},
		{"repositories", NULL, add_repositories},
		{"popular", NULL, add_popular},
		{"names", NULL, ghc_names_compose},
		{"repository_state", NULL, ghc_states_compose},
		{"rising", NULL, ghc_past_compose_rising},
		{"falling", NULL, ghc_past_compose_falling},
	};
	Oid			namespace = get_namespace_oid(schema, false);
	StringInfoData sql;
	GhcDbScope	scope;

	initStringInfo(&sql);
	for (int i = 0; i < (int) lengthof(parts); i++)
		if (is_missing(namespace, parts[i].name, parts[i].column))
			parts[i].add(&sql, quote_identifier(schema));
	ghc_db_become(ghc_data_owner(schema), &scope);
	if (sql.len > 0)
		ghc_db_run_text(sql.data);
	(void) ghc_history_extend(schema);
	ghc_db_restore_user(&scope);
}

/* Are the tables there parted as they are wanted?  0 takes them as they are. */
static void
check_partitions(const char *schema, int n_partitions)
{
	uint64		n;

	if (n_partitions == 0)
		return;
	n = ghc_db_run_text(psprintf("SELECT FROM pg_catalog.pg_inherits WHERE inhparent = %u",
								 get_relname_relid("repository",
												   get_namespace_oid(schema, false))));
	if (n != (uint64) n_partitions)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s.repository\" is there already, and has " UINT64_FORMAT " hash partitions",
						schema, n),
				 errhint("Tables are parted when they are made; load their rows into new ones.")));
}

/* As the caller: make the tables, or check that they can be taken over. */
static void
make_tables(const char *schema, const char *api_url, int n_partitions)
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
		check_partitions(schema, n_partitions);
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
	ghc_db_run_text(compose_tables(quoted, api_url, n_partitions));
	(void) ghc_history_extend(schema);
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
ghc_data_create(const char *schema, const char *api_url, int n_partitions)
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
	make_tables(schema, api_url, n_partitions);
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
	Oid			owner = lock_table(schema, "repository", RowExclusiveLock);

	/* who adds names to these locks others out */
	return owner == lock_table(schema, "repository_history", RowExclusiveLock) &&
		owner == lock_table(schema, "language", AccessShareLock) &&
		owner == lock_table(schema, "license", AccessShareLock) ?
		owner : InvalidOid;
}

bool
ghc_data_has_table(const char *schema, const char *table, Oid owner)
{
	return lock_table(schema, table, RowExclusiveLock) == owner;
}
