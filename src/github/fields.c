/*-------------------------------------------------------------------------
 *
 * fields.c
 *	  The table of columns; see fields.h.
 *
 * Every field here costs no points but languages and topics, which are
 * connections (github-api.md 2.1).  stargazers{...} is never asked, GitHub
 * closed it (6.10); counts of connections are left to the user's profiles,
 * because they are what makes a page slow (2.4).
 *
 * IDENTIFICATION
 *	  src/github/fields.c
 *
 *-------------------------------------------------------------------------
 */
#include "github/fields.h"

#define PLAIN(type, key) type, GHC_SHAPE_PLAIN, key, key, NULL
#define MEMBER(type, key, member) \
	type, GHC_SHAPE_MEMBER, key "{" member "}", key, member

const GhcFieldInfo ghc_fields[GHC_FIELD_COUNT] = {
	[GHC_FIELD_REPO_ID] = {"repo_id", GHC_TYPE_INT8, GHC_SHAPE_PLAIN,
	"id databaseId", "databaseId", NULL, false,
	"GitHub's number of the repository: names change, this never does"},
	[GHC_FIELD_CREATED_AT] = {"created_at", PLAIN(GHC_TYPE_TIME, "createdAt"), false,
	"When it was created"},
	[GHC_FIELD_PUSHED_AT] = {"pushed_at", PLAIN(GHC_TYPE_TIME, "pushedAt"), false,
	"When a commit was last pushed to any branch; null: never"},
	[GHC_FIELD_UPDATED_AT] = {"updated_at", PLAIN(GHC_TYPE_TIME, "updatedAt"), false,
	"When GitHub last changed anything of it"},
	[GHC_FIELD_ARCHIVED_AT] = {"archived_at", PLAIN(GHC_TYPE_TIME, "archivedAt"), false,
	"When it was archived; null: it is not"},
	[GHC_FIELD_OWNER_ID] = {"owner_id", GHC_TYPE_INT8, GHC_SHAPE_MEMBER,
		"owner{... on User{databaseId}... on Organization{databaseId}}",
	"owner", "databaseId", true,
	"GitHub's number of the user or organisation that owns it"},
	[GHC_FIELD_PARENT_ID] = {"parent_id", MEMBER(GHC_TYPE_INT8, "parent", "databaseId"), false,
	"For a fork: repo_id of what it was forked from, where that can be seen"},
	[GHC_FIELD_STARS] = {"stars", PLAIN(GHC_TYPE_INT4, "stargazerCount"), true,
	"Stars"},
	[GHC_FIELD_FORKS] = {"forks", PLAIN(GHC_TYPE_INT4, "forkCount"), true,
	"Forks"},
	[GHC_FIELD_DISK_KB] = {"disk_kb", PLAIN(GHC_TYPE_INT4, "diskUsage"), false,
	"Size on disk, kilobytes"},
	[GHC_FIELD_IS_FORK] = {"is_fork", PLAIN(GHC_TYPE_BOOL, "isFork"), false,
	"It is a fork"},
	[GHC_FIELD_IS_ARCHIVED] = {"is_archived", PLAIN(GHC_TYPE_BOOL, "isArchived"), true,
	"It is archived, so read-only"},
	[GHC_FIELD_IS_DISABLED] = {"is_disabled", PLAIN(GHC_TYPE_BOOL, "isDisabled"), true,
	"GitHub disabled it"},
	[GHC_FIELD_IS_EMPTY] = {"is_empty", PLAIN(GHC_TYPE_BOOL, "isEmpty"), false,
	"It has no commits"},
	[GHC_FIELD_IS_LOCKED] = {"is_locked", PLAIN(GHC_TYPE_BOOL, "isLocked"), false,
	"It is locked, e.g. while it moves"},
	[GHC_FIELD_IS_MIRROR] = {"is_mirror", PLAIN(GHC_TYPE_BOOL, "isMirror"), false,
	"It mirrors a repository elsewhere"},
	[GHC_FIELD_IS_TEMPLATE] = {"is_template", PLAIN(GHC_TYPE_BOOL, "isTemplate"), false,
	"It can be used as a template"},
	[GHC_FIELD_IS_IN_ORGANIZATION] = {"is_in_organization", PLAIN(GHC_TYPE_BOOL, "isInOrganization"), false,
	"Its owner is an organisation"},
	[GHC_FIELD_HAS_ISSUES] = {"has_issues", PLAIN(GHC_TYPE_BOOL, "hasIssuesEnabled"), false,
	"Issues are switched on"},
	[GHC_FIELD_HAS_PROJECTS] = {"has_projects", PLAIN(GHC_TYPE_BOOL, "hasProjectsEnabled"), false,
	"Projects are switched on"},
	[GHC_FIELD_HAS_WIKI] = {"has_wiki", PLAIN(GHC_TYPE_BOOL, "hasWikiEnabled"), false,
	"The wiki is switched on"},
	[GHC_FIELD_HAS_DISCUSSIONS] = {"has_discussions", PLAIN(GHC_TYPE_BOOL, "hasDiscussionsEnabled"), false,
	"Discussions are switched on"},
	[GHC_FIELD_NAME_WITH_OWNER] = {"name_with_owner", PLAIN(GHC_TYPE_TEXT, "nameWithOwner"), true,
	"owner/name, as of the last look"},
	[GHC_FIELD_DESCRIPTION] = {"description", PLAIN(GHC_TYPE_TEXT, "description"), false,
	"What its owner says of it"},
	[GHC_FIELD_HOMEPAGE] = {"homepage", PLAIN(GHC_TYPE_TEXT, "homepageUrl"), false,
	"Address of its home page"},
	[GHC_FIELD_LANGUAGE] = {"language", MEMBER(GHC_TYPE_TEXT, "primaryLanguage", "name"), false,
	"Language with the most bytes"},
	[GHC_FIELD_LICENSE] = {"license", MEMBER(GHC_TYPE_TEXT, "licenseInfo", "key"), true,
	"GitHub's keyword of the licence, e.g. apache-2.0"},
	[GHC_FIELD_DEFAULT_BRANCH] = {"default_branch", MEMBER(GHC_TYPE_TEXT, "defaultBranchRef", "name"), false,
	"Name of the default branch; null: empty repository"},
	[GHC_FIELD_TOPICS] = {"topics", GHC_TYPE_TEXT_ARRAY, GHC_SHAPE_TOPICS,
		"repositoryTopics(first:20){nodes{topic{name}}}",
	"repositoryTopics", NULL, false,
	"Topics, at most 20"},
	[GHC_FIELD_LANGUAGES] = {"languages", GHC_TYPE_TEXT_ARRAY, GHC_SHAPE_LANGUAGES,
		"languages(first:10,orderBy:{field:SIZE,direction:DESC}){edges{size node{name}}}",
	"languages", NULL, false,
	"Languages, most bytes first, at most 10"},
	[GHC_FIELD_LANGUAGE_BYTES] = {"language_bytes", GHC_TYPE_INT8_ARRAY,
	GHC_SHAPE_LANGUAGE_BYTES, NULL, NULL, NULL, false,
	"Bytes in each of languages, in its order"},
	[GHC_FIELD_EXTRA] = {"extra", GHC_TYPE_JSON, GHC_SHAPE_EXTRA, NULL, NULL, NULL, false,
	"GraphQL fields that a profile of your own asks for"},
};

/* diskUsage may be null, and so may dates of what never happened */
const GhcFieldSet ghc_fields_never_null =
	GHC_FIELD_BIT(GHC_FIELD_CREATED_AT) | GHC_FIELD_BIT(GHC_FIELD_UPDATED_AT) |
	GHC_FIELD_BIT(GHC_FIELD_STARS) | GHC_FIELD_BIT(GHC_FIELD_FORKS) |
	GHC_FIELD_BIT(GHC_FIELD_IS_FORK) | GHC_FIELD_BIT(GHC_FIELD_IS_ARCHIVED) |
	GHC_FIELD_BIT(GHC_FIELD_IS_DISABLED) | GHC_FIELD_BIT(GHC_FIELD_IS_EMPTY) |
	GHC_FIELD_BIT(GHC_FIELD_IS_LOCKED) | GHC_FIELD_BIT(GHC_FIELD_IS_MIRROR) |
	GHC_FIELD_BIT(GHC_FIELD_IS_TEMPLATE) |
	GHC_FIELD_BIT(GHC_FIELD_IS_IN_ORGANIZATION) |
	GHC_FIELD_BIT(GHC_FIELD_HAS_ISSUES) | GHC_FIELD_BIT(GHC_FIELD_HAS_PROJECTS) |
	GHC_FIELD_BIT(GHC_FIELD_HAS_WIKI) | GHC_FIELD_BIT(GHC_FIELD_HAS_DISCUSSIONS) |
	GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER);

const GhcFieldSet ghc_fields_names =
	GHC_FIELD_BIT(GHC_FIELD_NAME_WITH_OWNER) | GHC_FIELD_BIT(GHC_FIELD_LICENSE) |
	GHC_FIELD_BIT(GHC_FIELD_LANGUAGE);

int
ghc_field_find(GhcSlice column)
{
	for (int i = 0; i < GHC_FIELD_COUNT; i++)
		if (ghc_slice_equals(column, ghc_slice_of(ghc_fields[i].column)))
			return i;
	return -1;
}
