-- Stores a page of which $1 is the text; only rows that changed are written.
INSERT INTO repository AS t (id, name_with_owner, description, homepage, owner_id, parent_id, stars, forks, disk_kb, language,
	license, default_branch, topics, languages, language_bytes, is_fork, is_archived, is_disabled, is_empty, is_locked,
	is_mirror, is_template, is_in_organization, has_issues, has_projects, has_wiki, has_discussions, created_at, pushed_at,
	updated_at, archived_at)
SELECT "databaseId", "nameWithOwner", description, "homepageUrl", (owner->>'databaseId')::bigint, (parent->>'databaseId')::bigint,
	"stargazerCount", "forkCount", "diskUsage", "primaryLanguage"->>'name', "licenseInfo"->>'key', "defaultBranchRef"->>'name',
	ARRAY(SELECT e #>> '{topic,name}' FROM jsonb_array_elements("repositoryTopics"->'nodes') e),
	ARRAY(SELECT e #>> '{node,name}' FROM jsonb_array_elements(languages->'edges') e),
	ARRAY(SELECT (e ->> 'size')::bigint FROM jsonb_array_elements(languages->'edges') e),
	"isFork", "isArchived", "isDisabled", "isEmpty", "isLocked", "isMirror", "isTemplate", "isInOrganization", "hasIssuesEnabled",
	"hasProjectsEnabled", "hasWikiEnabled", "hasDiscussionsEnabled", "createdAt", "pushedAt", "updatedAt", "archivedAt"
FROM jsonb_to_recordset($1::jsonb #> '{data,search,nodes}') AS x("databaseId" bigint, "nameWithOwner" text, description text,
	"homepageUrl" text, owner jsonb, parent jsonb, "stargazerCount" int, "forkCount" int, "diskUsage" int, "primaryLanguage" jsonb,
	"licenseInfo" jsonb, "defaultBranchRef" jsonb, "repositoryTopics" jsonb, languages jsonb, "isFork" boolean,
	"isArchived" boolean, "isDisabled" boolean, "isEmpty" boolean, "isLocked" boolean, "isMirror" boolean, "isTemplate" boolean,
	"isInOrganization" boolean, "hasIssuesEnabled" boolean, "hasProjectsEnabled" boolean, "hasWikiEnabled" boolean,
	"hasDiscussionsEnabled" boolean, "createdAt" timestamptz, "pushedAt" timestamptz, "updatedAt" timestamptz,
	"archivedAt" timestamptz)
ON CONFLICT (id) DO UPDATE SET (
	name_with_owner, description, homepage, owner_id, parent_id, stars, forks, disk_kb, language, license, default_branch,
	topics, languages, language_bytes, is_fork, is_archived, is_disabled, is_empty, is_locked, is_mirror, is_template,
	is_in_organization, has_issues, has_projects, has_wiki, has_discussions, created_at, pushed_at, updated_at, archived_at)
= (
	excluded.name_with_owner, excluded.description, excluded.homepage, excluded.owner_id, excluded.parent_id, excluded.stars,
	excluded.forks, excluded.disk_kb, excluded.language, excluded.license, excluded.default_branch, excluded.topics,
	excluded.languages, excluded.language_bytes, excluded.is_fork, excluded.is_archived, excluded.is_disabled,
	excluded.is_empty, excluded.is_locked, excluded.is_mirror, excluded.is_template, excluded.is_in_organization,
	excluded.has_issues, excluded.has_projects, excluded.has_wiki, excluded.has_discussions, excluded.created_at,
	excluded.pushed_at, excluded.updated_at, excluded.archived_at)
WHERE (
	t.name_with_owner, t.description, t.homepage, t.owner_id, t.parent_id, t.stars, t.forks, t.disk_kb, t.language, t.license,
	t.default_branch, t.topics, t.languages, t.language_bytes, t.is_fork, t.is_archived, t.is_disabled, t.is_empty,
	t.is_locked, t.is_mirror, t.is_template, t.is_in_organization, t.has_issues, t.has_projects, t.has_wiki, t.has_discussions,
	t.created_at, t.pushed_at, t.updated_at, t.archived_at)
IS DISTINCT FROM (
	excluded.name_with_owner, excluded.description, excluded.homepage, excluded.owner_id, excluded.parent_id, excluded.stars,
	excluded.forks, excluded.disk_kb, excluded.language, excluded.license, excluded.default_branch, excluded.topics,
	excluded.languages, excluded.language_bytes, excluded.is_fork, excluded.is_archived, excluded.is_disabled,
	excluded.is_empty, excluded.is_locked, excluded.is_mirror, excluded.is_template, excluded.is_in_organization,
	excluded.has_issues, excluded.has_projects, excluded.has_wiki, excluded.has_discussions, excluded.created_at,
	excluded.pushed_at, excluded.updated_at, excluded.archived_at)
