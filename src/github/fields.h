/*-------------------------------------------------------------------------
 *
 * fields.h
 *	  The columns of a repository: what is asked of GitHub for each, how
 *	  its answer looks, what type it has.
 *
 * One table (ghc_fields) drives the composing of queries, the reading of
 * replies, the look-up, the storing and the data tables themselves; a new
 * column is a new row in it.  How it is stored is said in store/columns.c.
 *
 * Pure: no SPI, no curl, no clock.
 *
 * IDENTIFICATION
 *	  src/github/fields.h
 *
 *-------------------------------------------------------------------------
 */
#ifndef GHC_FIELDS_H
#define GHC_FIELDS_H

#include "base/buffer.h"

typedef enum GhcFieldType
{
	GHC_TYPE_INT8,				/* bigint: an id, up to GHC_MAX_ID */
	GHC_TYPE_INT4,				/* integer: a count; others are refused */
	GHC_TYPE_TIME,				/* seconds since 1970, others are refused */
	GHC_TYPE_BOOL,
	GHC_TYPE_TEXT,
	GHC_TYPE_TEXT_ARRAY,
	GHC_TYPE_INT8_ARRAY,
	GHC_TYPE_JSON,				/* jsonb */
} GhcFieldType;

/* how the value lies in the reply */
typedef enum GhcFieldShape
{
	GHC_SHAPE_PLAIN,			/* "key": value */
	GHC_SHAPE_MEMBER,			/* "key": {"member": value} or null */
	GHC_SHAPE_LANGUAGES,		/* edges: names and sizes, two columns */
	GHC_SHAPE_LANGUAGE_BYTES,	/* filled by the column before */
	GHC_SHAPE_TOPICS,
	GHC_SHAPE_EXTRA,			/* what the user added to the profile */
} GhcFieldShape;

typedef enum GhcField
{
	GHC_FIELD_REPO_ID,
	GHC_FIELD_CREATED_AT,
	GHC_FIELD_PUSHED_AT,
	GHC_FIELD_UPDATED_AT,
	GHC_FIELD_ARCHIVED_AT,
	GHC_FIELD_OWNER_ID,
	GHC_FIELD_PARENT_ID,
	GHC_FIELD_STARS,
	GHC_FIELD_FORKS,
	GHC_FIELD_DISK_KB,
	GHC_FIELD_IS_FORK,
	GHC_FIELD_IS_ARCHIVED,
	GHC_FIELD_IS_DISABLED,
	GHC_FIELD_IS_EMPTY,
	GHC_FIELD_IS_LOCKED,
	GHC_FIELD_IS_MIRROR,
	GHC_FIELD_IS_TEMPLATE,
	GHC_FIELD_IS_IN_ORGANIZATION,
	GHC_FIELD_HAS_ISSUES,
	GHC_FIELD_HAS_PROJECTS,
	GHC_FIELD_HAS_WIKI,
	GHC_FIELD_HAS_DISCUSSIONS,
	GHC_FIELD_NAME_WITH_OWNER,
	GHC_FIELD_DESCRIPTION,
	GHC_FIELD_HOMEPAGE,
	GHC_FIELD_LANGUAGE,
	GHC_FIELD_LICENSE,
	GHC_FIELD_DEFAULT_BRANCH,
	GHC_FIELD_TOPICS,
	GHC_FIELD_LANGUAGES,
	GHC_FIELD_LANGUAGE_BYTES,
	GHC_FIELD_EXTRA,
	GHC_FIELD_COUNT,
} GhcField;

/* GitHub's ids are a millionth of that */
#define GHC_MAX_ID INT64_C(1000000000000000)

/* moments that four bytes can hold, counted from 2000: 1931 to 2068 */
#define GHC_TIME_MIN (INT64_C(946684800) + INT32_MIN)
#define GHC_TIME_MAX (INT64_C(946684800) + INT32_MAX)

/* a set of fields, a bit each */
typedef uint64_t GhcFieldSet;

#define GHC_FIELD_BIT(field) (UINT64_C(1) << (field))

typedef struct GhcFieldInfo
{
	const char *column;			/* in github.repository and in profiles */
	GhcFieldType type;
	GhcFieldShape shape;
	const char *graphql;		/* what is asked; NULL: comes with another */
	const char *key;			/* in the reply */
	const char *member;			/* for GHC_SHAPE_MEMBER */
	bool		tracked;		/* a change of it goes to the history */
	const char *comment;		/* for COMMENT ON COLUMN */
} GhcFieldInfo;

extern const GhcFieldInfo ghc_fields[GHC_FIELD_COUNT];

/*
 * Fields that GitHub's schema declares never to be null.  It happens; then
 * nothing is known of the value, as if it were of the wrong type.
 */
extern const GhcFieldSet ghc_fields_never_null;

/*
 * Texts that are names and nothing else.  One that had to be mended, or is
 * longer than any, isn't the name of anything; nothing is known of it then.
 */
extern const GhcFieldSet ghc_fields_names;

/* Finds a field by its column's name; -1 if there is none. */
extern int	ghc_field_find(GhcSlice column);

#endif							/* GHC_FIELDS_H */
