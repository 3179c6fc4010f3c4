/*-------------------------------------------------------------------------
 *
 * states.c
 *	  What has become of repositories; see states.h.
 *
 * Nothing is stored for it: a state follows from the row, its absence and the
 * history.  What is looked up in the history is a query for each row, that runs only
 * if its column is asked for.
 *
 * IDENTIFICATION
 *	  src/store/states.c
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "store/columns.h"
#include "store/states.h"

/* When a crawl last found a change of a row that has "what" in the history. */
static char *
last_change(const char *schema, const char *what)
{
	return psprintf("(SELECT pg_catalog.max(h.changed_at) FROM %s.repository_history h"
					" WHERE h.repo_id = r.repo_id AND %s)", schema, what);
}

static char *
has_flags(const char *of, int32 bits)
{
	return psprintf("%s.flags & %d <> 0", of, bits);
}

static char *
last_change_of(const char *schema, int32 bits)
{
	return last_change(schema, has_flags("h", bits));
}

static void
add_comments(StringInfo sql, const char *schema)
{
	static const char *const comments[][2] = {
		{"repo_id", "GitHub''s number of the repository"},
		{"name_with_owner", "owner/name, as of the last look"},
		{"state", "active, archived, disabled, empty; of what GitHub doesn''t show any more: private_or_deleted, blocked_dmca, blocked_tos, blocked; null: no crawl asked"},
		{"since", "When that began, as GitHub says; else when a crawl found it"},
		{"learnt_by", "crawl: its values say so; id: a look by id found nothing; rest: the REST API says why"},
		{"learnt_at", "When that was; of a crawl, when it last found anything changed"},
		{"renamed_at", "When a crawl last found another name"},
		{"transferred_at", "When a crawl last found another owner"},
	};

	appendStringInfo(sql, "COMMENT ON VIEW %s.repository_state IS"
					 " 'What has become of repositories, since when, and how it was learnt';\n",
					 schema);
	for (size_t i = 0; i < lengthof(comments); i++)
		appendStringInfo(sql, "COMMENT ON COLUMN %s.repository_state.%s IS '%s';\n",
						 schema, comments[i][0], comments[i][1]);
}

void
ghc_states_compose(StringInfo sql, const char *schema)
{
	char	   *archived = has_flags("r", ghc_columns_true(GHC_FIELD_IS_ARCHIVED));
	char	   *disabled = has_flags("r", ghc_columns_true(GHC_FIELD_IS_DISABLED));
	char	   *empty = has_flags("r", ghc_columns_true(GHC_FIELD_IS_EMPTY));
	char	   *asked = has_flags("r", ghc_columns_known(GHC_FIELD_IS_ARCHIVED));
	int32		was_archived = ghc_columns_known(GHC_FIELD_IS_ARCHIVED);
	int32		was_disabled = ghc_columns_known(GHC_FIELD_IS_DISABLED);

	appendStringInfo(sql, "CREATE VIEW %s.repository_state AS SELECT r.repo_id, r.name_with_owner,"
					 " CASE WHEN a.repo_id IS NOT NULL THEN coalesce(a.reason, 'private_or_deleted')"
					 " WHEN %s THEN 'disabled' WHEN %s THEN 'archived' WHEN %s THEN 'empty'"
					 " WHEN %s THEN 'active' END AS state,",
					 schema, disabled, archived, empty, asked);
	appendStringInfo(sql, " CASE WHEN a.repo_id IS NOT NULL THEN coalesce(a.blocked_at, a.missed_at)"
					 " WHEN %s THEN %s WHEN %s THEN coalesce(%s, %s) WHEN %s THEN %s"
					 " WHEN %s THEN coalesce(%s, %s) END AS since,",
					 disabled, last_change_of(schema, was_disabled), archived,
					 ghc_columns_shown(GHC_FIELD_ARCHIVED_AT, "r."),
					 last_change_of(schema, was_archived), empty,
					 ghc_columns_shown(GHC_FIELD_CREATED_AT, "r."), asked,
					 last_change_of(schema, was_archived | was_disabled),
					 ghc_columns_shown(GHC_FIELD_CREATED_AT, "r."));
	appendStringInfo(sql, " CASE WHEN a.repo_id IS NULL THEN 'crawl' WHEN a.reason IS NULL THEN 'id'"
					 " ELSE 'rest' END AS learnt_by,"
					 " coalesce(a.checked_at, a.missed_at, r.changed_at) AS learnt_at,"
					 " %s AS renamed_at, %s AS transferred_at"
					 " FROM %s.repository r"
					 " LEFT JOIN %s.repository_absence a ON a.repo_id = r.repo_id;\n"
					 "GRANT SELECT ON %s.repository_state TO ghcrawl_reader, ghcrawl_admin;\n",
					 last_change(schema, "h.name_with_owner IS NOT NULL"),
					 last_change(schema, "h.owner_id > 0"), schema, schema, schema);
	add_comments(sql, schema);
}
