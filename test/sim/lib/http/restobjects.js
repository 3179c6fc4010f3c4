/*
 * Objects of the REST API: a repository in its minimal form (lists) and in full, owners, licences.
 */
import * as C from '../world/columns.js';
import { LANGUAGES, LICENSES } from '../world/catalog.js';
import { isoTime, shownId } from '../graphql/repository.js';
import { newId } from '../graphql/nodeid.js';
import { derivedNumber } from '../search/match.js';
import { fraction } from '../random.js';

const TEMPLATES = {
  forks_url: '/forks', keys_url: '/keys{/key_id}', collaborators_url: '/collaborators{/collaborator}', teams_url: '/teams', hooks_url: '/hooks',
  issue_events_url: '/issues/events{/number}', events_url: '/events', assignees_url: '/assignees{/user}', branches_url: '/branches{/branch}',
  tags_url: '/tags', blobs_url: '/git/blobs{/sha}', git_tags_url: '/git/tags{/sha}', git_refs_url: '/git/refs{/sha}', trees_url: '/git/trees{/sha}',
  statuses_url: '/statuses/{sha}', languages_url: '/languages', stargazers_url: '/stargazers', contributors_url: '/contributors',
  subscribers_url: '/subscribers', subscription_url: '/subscription', commits_url: '/commits{/sha}', git_commits_url: '/git/commits{/sha}',
  comments_url: '/comments{/number}', issue_comment_url: '/issues/comments{/number}', contents_url: '/contents/{+path}',
  compare_url: '/compare/{base}...{head}', merges_url: '/merges', archive_url: '/{archive_format}{/ref}', downloads_url: '/downloads',
  issues_url: '/issues{/number}', pulls_url: '/pulls{/number}', milestones_url: '/milestones{/number}', notifications_url: '/notifications{?since,all,participating}',
  labels_url: '/labels{/name}', releases_url: '/releases{/id}', deployments_url: '/deployments',
};
const USER_TEMPLATES = {
  followers_url: '/followers', following_url: '/following{/other_user}', gists_url: '/gists{/gist_id}', starred_url: '/starred{/owner}{/repo}',
  subscriptions_url: '/subscriptions', organizations_url: '/orgs', repos_url: '/repos', events_url: '/events{/privacy}', received_events_url: '/received_events',
};
const WEB = 'https://github.com';

function withUrls(base, templates) {
  const urls = {};
  for (const name of Object.keys(templates)) urls[name] = base + templates[name];
  return urls;
}

/** A user or an organisation by its number in the world. */
export function ownerObject(world, owner, baseUrl) {
  const typeName = world.owners.isOrganization(owner) ? 'Organization' : 'User';
  return accountObject({ login: world.owners.login(owner), id: world.owners.databaseId(owner), type: typeName }, baseUrl);
}

export function accountObject({ login, id, type }, baseUrl) {
  const url = `${baseUrl}/users/${login}`;
  return {
    login, id, node_id: newId(type === 'Organization' ? 'Organization' : 'User', id), avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`, gravatar_id: '',
    url, html_url: `${WEB}/${login}`, ...withUrls(url, USER_TEMPLATES), type, user_view_type: 'public', site_admin: false,
  };
}

/** What lists such as /repositories show. */
export function minimalRepository(world, row, baseUrl) {
  const full = world.nameWithOwner(row);
  const url = `${baseUrl}/repos/${full}`;
  return {
    id: world.columns.id[row], node_id: shownId(world, row, false), name: world.name(row), full_name: full,
    private: (world.columns.flags[row] & C.PRIVATE) !== 0, owner: ownerObject(world, world.columns.owner[row], baseUrl),
    html_url: `${WEB}/${full}`, description: world.description(row), fork: world.isFork(row), url, ...withUrls(url, TEMPLATES),
  };
}

/** The full object; `depth` 1 adds parent and source. */
export function fullRepository(world, row, baseUrl, depth = 0) {
  const { columns } = world;
  const flags = columns.flags[row];
  const has = (bit) => (flags & bit) !== 0;
  const full = world.nameWithOwner(row);
  const openIssues = Math.floor(Math.min(columns.stars[row], 10000) * 0.05 * fraction(world.seed, columns.id[row], 73));
  const repository = {
    ...minimalRepository(world, row, baseUrl),
    created_at: isoTime(columns.created[row]), updated_at: isoTime(columns.updated[row]), pushed_at: isoTime(columns.pushed[row]),
    git_url: `git://github.com/${full}.git`, ssh_url: `git@github.com:${full}.git`, clone_url: `${WEB}/${full}.git`, svn_url: `${WEB}/${full}`,
    homepage: world.homepage(row), size: columns.size[row], stargazers_count: columns.stars[row], watchers_count: columns.stars[row],
    language: LANGUAGES[columns.language[row]]?.name ?? null,
    has_issues: !has(C.NO_ISSUES), has_projects: !has(C.NO_PROJECTS), has_downloads: true, has_wiki: !has(C.NO_WIKI), has_pages: false,
    has_discussions: has(C.DISCUSSIONS), forks_count: columns.forks[row], mirror_url: has(C.MIRROR) ? `https://git.example.org/${world.name(row)}.git` : null,
    archived: has(C.ARCHIVED), disabled: has(C.DISABLED), open_issues_count: openIssues, license: licenseObject(LICENSES[columns.license[row]], baseUrl),
    allow_forking: true, is_template: has(C.TEMPLATE), web_commit_signoff_required: false, topics: world.topics(row),
    visibility: has(C.PRIVATE) ? 'private' : 'public', forks: columns.forks[row], open_issues: openIssues, watchers: columns.stars[row],
    default_branch: world.branch(row) ?? 'main', permissions: { admin: false, maintain: false, push: false, triage: false, pull: true },
  };
  if (depth === 0) return repository;
  const parent = columns.parent[row] - 1;
  const origin = parent >= 0 && world.isVisible(parent) ? fullRepository(world, parent, baseUrl) : null;
  const organization = world.owners.isOrganization(columns.owner[row]) ? { organization: repository.owner } : {};
  return {
    ...repository, temp_clone_token: '', custom_properties: {}, ...organization, ...(origin ? { parent: origin, source: origin } : {}),
    network_count: columns.forks[row], subscribers_count: derivedNumber(world, 'followers', row),
  };
}

function licenseObject(license, baseUrl) {
  if (license === null) return null;
  return {
    key: license.key, name: license.name, spdx_id: license.spdxId, url: license.key === 'other' ? null : `${baseUrl}/licenses/${license.key}`,
    node_id: Buffer.from(`07:License${LICENSES.indexOf(license)}`).toString('base64'),
  };
}
