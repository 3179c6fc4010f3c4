/*-------------------------------------------------------------------------
 *
 * indexes.c
 *	  Indexes that users may want on the data tables; see indexes.h.
 *
 * CREATE INDEX CONCURRENTLY can't run in a function, so functions can only
 * say what is to be run.  It can't be run on a table with partitions either: there
 * the index is made on each, and these are joined into one.
 *
 * IDENTIFICATION
 *	  src/store/indexes.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "store/columns.h"
#include "store/indexes.h"

#define KEY "key"
#define NAMES "names"

/* of table repository, by a field as views show it */
static const GhcField offered[] = {
	GHC_FIELD_STARS, GHC_FIELD_FORKS, GHC_FIELD_LANGUAGE, GHC_FIELD_LICENSE,
	GHC_FIELD_OWNER_ID, GHC_FIELD_PARENT_ID, GHC_FIELD_NAME_WITH_OWNER,
	GHC_FIELD_CREATED_AT, GHC_FIELD_PUSHED_AT, GHC_FIELD_UPDATED_AT,
	GHC_FIELD_TOPICS, GHC_FIELD_LANGUAGES
};

/* an index that is wanted */
typedef struct Wish
{
	const char *schema;
	Oid			namespace;
	const char *name;			/* behind that of the table */
	char	   *on;				/* method and columns */
	List	   *statements;
} Wish;

static char *
columns_of(GhcField field)
{
	switch (ghc_columns_form(field))
	{
		case GHC_FORM_NAMES:
			return psprintf("USING gin (%s)", ghc_columns_shown(field, ""));
		case GHC_FORM_TIME:
			return psprintf("((%s))", ghc_columns_shown(field, ""));
		default:
			return psprintf("(%s)", ghc_columns_name(field));
	}
}

static void
add(Wish *index, char *statement)
{
	index->statements = lappend(index->statements, statement);
}

static char *
qualify(const Wish *index, const char *name)
{
	return quote_qualified_identifier(index->schema, name);
}

/* The index of one table that has rows. */
static void
add_on_table(Wish *index, Oid table)
{
	const char *name = get_rel_name(table);
	char	   *index_name = psprintf("%s_%s_idx", name, index->name);
	Oid			there = get_relname_relid(index_name, index->namespace);

	if (OidIsValid(there) && get_index_isvalid(there))
		return;
	/* what an earlier try that failed has left */
	if (OidIsValid(there))
		add(index, psprintf("DROP INDEX CONCURRENTLY %s", qualify(index, index_name)));
	add(index, psprintf("CREATE INDEX CONCURRENTLY %s ON %s %s",
						quote_identifier(index_name), qualify(index, name), index->on));
}

static void
add_on_parts(Wish *index, Oid table)
{
	const char *name = get_rel_name(table);
	char	   *index_name = psprintf("%s_%s_idx", name, index->name);
	Oid			there = get_relname_relid(index_name, index->namespace);
	ListCell   *cell;

	if (OidIsValid(there) && get_index_isvalid(there))
		return;
	if (!OidIsValid(there))
		add(index, psprintf("CREATE INDEX %s ON ONLY %s %s",
							quote_identifier(index_name), qualify(index, name), index->on));
	foreach(cell, find_inheritance_children(table, NoLock))
	{
		Oid			part = lfirst_oid(cell);
		char	   *part_name = psprintf("%s_%s_idx", get_rel_name(part), index->name);

		add_on_table(index, part);
		add(index, psprintf("ALTER INDEX %s ATTACH PARTITION %s",
							qualify(index, index_name), qualify(index, part_name)));
	}
}

static void
add_on(Wish *index, const char *name)
{
	Oid			table = get_relname_relid(name, index->namespace);

	if (!OidIsValid(table))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("there is no table \"%s\" in schema \"%s\"", name, index->schema)));
	if (get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
		add_on_parts(index, table);
	else
		add_on_table(index, table);
}

/* What ghcrawl_find looks into: few changes of the history are of names. */
static void
add_names(Wish *index)
{
	index->name = "lower_name";
	index->on = "(pg_catalog.lower(name_with_owner))";
	add_on(index, "repository");
	index->on = "(pg_catalog.lower(name_with_owner)) WHERE name_with_owner IS NOT NULL";
	add_on(index, "repository_history");
	index->name = "named";
	index->on = "(repo_id) WHERE name_with_owner IS NOT NULL";
	add_on(index, "repository_history");
}

static void
refuse(const char *wanted)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < (int) lengthof(offered); i++)
		appendStringInfo(&names, "%s, ", ghc_fields[offered[i]].column);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("there is no index \"%s\" to be had", wanted),
			 errhint("There are: %shistory, " KEY ", " NAMES ".", names.data)));
}

List *
ghc_indexes_statements(const char *schema, const char *wanted)
{
	Wish		index = {
		schema, get_namespace_oid(schema, false), wanted, NULL, NIL
	};

	if (strcmp(wanted, KEY) == 0)
	{
		add(&index, psprintf("REINDEX INDEX CONCURRENTLY %s",
							 qualify(&index, "repository_pkey")));
		return index.statements;
	}
	if (strcmp(wanted, NAMES) == 0)
	{
		add_names(&index);
		return index.statements;
	}
	if (strcmp(wanted, "history") == 0)
	{
		index.name = "repo_id";
		index.on = "(repo_id, changed_at)";
		add_on(&index, "repository_history");
		return index.statements;
	}
	for (int i = 0; i < (int) lengthof(offered); i++)
		if (strcmp(wanted, ghc_fields[offered[i]].column) == 0)
		{
			index.on = columns_of(offered[i]);
			add_on(&index, "repository");
			return index.statements;
		}
	refuse(wanted);
	return NIL;					/* keep compilers quiet */
}
