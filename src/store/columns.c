/*-------------------------------------------------------------------------
 *
 * columns.c
 *	  How fields lie in the data tables; see columns.h.
 *
 * IDENTIFICATION
 *	  src/store/columns.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "store/columns.h"

const GhcField ghc_columns[GHC_COLUMN_COUNT] = {
	GHC_FIELD_OWNER_ID, GHC_FIELD_PARENT_ID,
	GHC_FIELD_CREATED_AT, GHC_FIELD_PUSHED_AT, GHC_FIELD_UPDATED_AT,
	GHC_FIELD_ARCHIVED_AT, GHC_FIELD_STARS, GHC_FIELD_FORKS, GHC_FIELD_DISK_KB,
	GHC_FIELD_IS_FORK,			/* stands for all flags */
	GHC_FIELD_LANGUAGE, GHC_FIELD_LICENSE,
	GHC_FIELD_NAME_WITH_OWNER, GHC_FIELD_DESCRIPTION, GHC_FIELD_HOMEPAGE,
	GHC_FIELD_DEFAULT_BRANCH, GHC_FIELD_TOPICS, GHC_FIELD_LANGUAGES,
	GHC_FIELD_LANGUAGE_BYTES, GHC_FIELD_EXTRA
};

/* eight with repo_id and changed_at: so many cost no bytes to say which are null */
const GhcField ghc_history_columns[GHC_HISTORY_COLUMN_COUNT] = {
	GHC_FIELD_OWNER_ID, GHC_FIELD_STARS, GHC_FIELD_FORKS, GHC_FIELD_IS_ARCHIVED,
	GHC_FIELD_NAME_WITH_OWNER, GHC_FIELD_LICENSE
};

const GhcForm ghc_columns_forms[GHC_FIELD_COUNT] = {
	[GHC_FIELD_REPO_ID] = GHC_FORM_INT8,
	[GHC_FIELD_CREATED_AT] = GHC_FORM_TIME,
	[GHC_FIELD_PUSHED_AT] = GHC_FORM_TIME,
	[GHC_FIELD_UPDATED_AT] = GHC_FORM_TIME,
	[GHC_FIELD_ARCHIVED_AT] = GHC_FORM_TIME,
	[GHC_FIELD_OWNER_ID] = GHC_FORM_INT8,
	[GHC_FIELD_PARENT_ID] = GHC_FORM_INT8,
	[GHC_FIELD_STARS] = GHC_FORM_INT4,
	[GHC_FIELD_FORKS] = GHC_FORM_INT4,
	[GHC_FIELD_DISK_KB] = GHC_FORM_INT4,
	[GHC_FIELD_IS_FORK] = GHC_FORM_FLAG,
	[GHC_FIELD_IS_ARCHIVED] = GHC_FORM_FLAG,
	[GHC_FIELD_IS_DISABLED] = GHC_FORM_FLAG,
	[GHC_FIELD_IS_EMPTY] = GHC_FORM_FLAG,
	[GHC_FIELD_IS_LOCKED] = GHC_FORM_FLAG,
	[GHC_FIELD_IS_MIRROR] = GHC_FORM_FLAG,
	[GHC_FIELD_IS_TEMPLATE] = GHC_FORM_FLAG,
	[GHC_FIELD_IS_IN_ORGANIZATION] = GHC_FORM_FLAG,
	[GHC_FIELD_HAS_ISSUES] = GHC_FORM_FLAG,
	[GHC_FIELD_HAS_PROJECTS] = GHC_FORM_FLAG,
	[GHC_FIELD_HAS_WIKI] = GHC_FORM_FLAG,
	[GHC_FIELD_HAS_DISCUSSIONS] = GHC_FORM_FLAG,
	[GHC_FIELD_NAME_WITH_OWNER] = GHC_FORM_TEXT,
	[GHC_FIELD_DESCRIPTION] = GHC_FORM_TEXT,
	[GHC_FIELD_HOMEPAGE] = GHC_FORM_TEXT,
	[GHC_FIELD_LANGUAGE] = GHC_FORM_NAME,
	[GHC_FIELD_LICENSE] = GHC_FORM_NAME,
	[GHC_FIELD_DEFAULT_BRANCH] = GHC_FORM_TEXT,
	[GHC_FIELD_TOPICS] = GHC_FORM_NAMES,
	[GHC_FIELD_LANGUAGES] = GHC_FORM_NAMES,
	[GHC_FIELD_LANGUAGE_BYTES] = GHC_FORM_NUMBERS,
	[GHC_FIELD_EXTRA] = GHC_FORM_JSON,
};

StaticAssertDecl(GHC_FIELD_HAS_DISCUSSIONS - GHC_COLUMNS_FIRST_FLAG + 1 ==
				 GHC_COLUMNS_FLAG_COUNT, "flags don't stand together");

const char *
ghc_columns_name(GhcField field)
{
	switch (ghc_columns_form(field))
	{
		case GHC_FORM_FLAG:
			return "flags";
		case GHC_FORM_NAME:
			return field == GHC_FIELD_LANGUAGE ? "language_id" : "license_id";
		default:
			return ghc_fields[field].column;
	}
}

const char *
ghc_columns_history_name(GhcField field)
{
	return ghc_columns_form(field) == GHC_FORM_NAME ?
		ghc_fields[field].column : ghc_columns_name(field);
}

const char *
ghc_columns_type(GhcField field)
{
	static const char *const names[] = {
		[GHC_FORM_INT8] = "bigint",
		[GHC_FORM_INT4] = "integer",
		[GHC_FORM_TIME] = "integer",
		[GHC_FORM_FLAG] = "integer",
		[GHC_FORM_NAME] = "smallint",
		[GHC_FORM_TEXT] = "text",
		[GHC_FORM_NAMES] = "text",
		[GHC_FORM_NUMBERS] = "text",
		[GHC_FORM_JSON] = "jsonb",
	};

	return names[ghc_columns_form(field)];
}

Oid
ghc_columns_type_oid(GhcField field)
{
	static const Oid oids[] = {
		[GHC_FORM_INT8] = INT8OID,
		[GHC_FORM_INT4] = INT4OID,
		[GHC_FORM_TIME] = INT4OID,
		[GHC_FORM_FLAG] = INT4OID,
		[GHC_FORM_NAME] = INT2OID,
		[GHC_FORM_TEXT] = TEXTOID,
		[GHC_FORM_NAMES] = TEXTOID,
		[GHC_FORM_NUMBERS] = TEXTOID,
		[GHC_FORM_JSON] = JSONBOID,
	};

	return oids[ghc_columns_form(field)];
}

char *
ghc_columns_shown(GhcField field, const char *of)
{
	const char *name = ghc_fields[field].column;

	switch (ghc_columns_form(field))
	{
		case GHC_FORM_TIME:
			/* immutable, so that it can be indexed */
			return psprintf("pg_catalog.to_timestamp(%s%s + 946684800::bigint)", of, name);
		case GHC_FORM_FLAG:
			return psprintf("CASE WHEN %sflags & %d <> 0 THEN %sflags & %d <> 0 END",
							of, ghc_columns_known(field), of, ghc_columns_true(field));
		case GHC_FORM_NAME:
			return psprintf("%s.name", name);
		case GHC_FORM_NAMES:
			return psprintf("pg_catalog.string_to_array(%s%s, ',')", of, name);
		case GHC_FORM_NUMBERS:
			return psprintf("pg_catalog.string_to_array(%s%s, ',')::bigint[]", of, name);
		default:
			return psprintf("%s%s", of, name);
	}
}
