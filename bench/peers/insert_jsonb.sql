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
