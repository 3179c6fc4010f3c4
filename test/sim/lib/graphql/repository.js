/*
 * Resolvers of Repository and of the small objects below it. A source is {typeName, row}; everything is read from the world at the
 * moment it is asked for.
 */
import * as C from '../world/columns.js';
import { LANGUAGES, LICENSES } from '../world/catalog.js';
import { fraction, hash } from '../random.js';
import { derivedNumber } from '../search/match.js';
import { connection, countOnly, pageOf } from './connections.js';
import { GitHubError } from './errors.js';
import { legacyId, newId } from './nodeid.js';

/** Repositories created before this show their legacy id unless the client asks for the new one [chosen]. */
const NEW_IDS_SINCE = Date.UTC(2022, 0, 1) / 1000;

export class Repo {
  constructor(row) {
    this.row = row;
  }
}
Repo.prototype.typeName = 'Repository';

/** Owner of repositories, by the number the world gave it. */
export class Owner {
  constructor(world, owner) {
    this.owner = owner;
    this.typeName = world.owners.isOrganization(owner) ? 'Organization' : 'User';
  }
}

const TWO_DIGITS = Array.from({ length: 60 }, (none, i) => String(i).padStart(2, '0'));
const days = new Map();

/** Epoch seconds as GitHub writes times; 0 is null. Dates are remembered, as making one costs more than the rest of a field. */
export function isoTime(seconds) {
  if (seconds === 0) return null;
  const day = Math.floor(seconds / 86400);
  let date = days.get(day);
  if (date === undefined) days.set(day, date = new Date(day * 86400000).toISOString().slice(0, 11));
  const rest = seconds - day * 86400;
  return `${date}${TWO_DIGITS[Math.floor(rest / 3600)]}:${TWO_DIGITS[Math.floor(rest / 60) % 60]}:${TWO_DIGITS[rest % 60]}Z`;
}

/** `id` as GitHub shows it by default, or in the new form where the client asked for it. */
export function shownId(world, row, forceNew) {
  const id = world.columns.id[row];
  const isNew = forceNew || id > 0xffffffff || world.columns.created[row] >= NEW_IDS_SINCE;
  return isNew ? newId('Repository', id) : legacyId('Repository', id);
}

const flag = (bit) => (repo, args, { world }) => (world.columns.flags[repo.row] & bit) !== 0;
const noFlag = (bit) => (repo, args, { world }) => (world.columns.flags[repo.row] & bit) === 0;
const number = (column) => (repo, args, { world }) => world.columns[column][repo.row];
const time = (column) => (repo, args, { world }) => isoTime(world.columns[column][repo.row]);
const chance = (purpose, share) => (repo, args, { world }) => fraction(world.seed, world.columns.id[repo.row], purpose) < share;
const always = (value) => () => value;

const escapeHtml = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

/** A connection of which only the number is known: items that the simulator has no data for. */
const counted = (count) => (repo, args, context) => countOnly(context, args, count(repo, context));
const activity = (purpose, factor) => counted(({ row }, { world }) => {
  const id = world.columns.id[row];
  return Math.floor((Math.min(world.columns.stars[row], 100000) + 2) * factor * fraction(world.seed, id, purpose));
});

export const Repository = {
  id: (repo, args, { world, newIds }) => shownId(world, repo.row, newIds),
  databaseId: (repo, args, { world }) => world.columns.id[repo.row],
  name: (repo, args, { world }) => world.name(repo.row),
  nameWithOwner: (repo, args, { world }) => world.nameWithOwner(repo.row),
  owner: (repo, args, { world }) => new Owner(world, world.columns.owner[repo.row]),
  description: (repo, args, { world }) => world.description(repo.row),
  descriptionHTML: (repo, args, { world }) => `<div>${escapeHtml(world.description(repo.row) ?? '')}</div>`,
  shortDescriptionHTML: (repo, { limit }, { world }) => escapeHtml((world.description(repo.row) ?? '').slice(0, limit ?? 200)),
  homepageUrl: (repo, args, { world }) => world.homepage(repo.row),
  url: (repo, args, { world, webUrl }) => `${webUrl}/${world.nameWithOwner(repo.row)}`,
  sshUrl: (repo, args, { world }) => `git@github.com:${world.nameWithOwner(repo.row)}.git`,
  resourcePath: (repo, args, { world }) => `/${world.nameWithOwner(repo.row)}`,
  openGraphImageUrl: (repo, args, { world }) => `https://opengraph.githubassets.com/${hash(world.seed, world.columns.id[repo.row], 61).toString(16)}/${world.nameWithOwner(repo.row)}`,
  usesCustomOpenGraphImage: always(false),
  stargazerCount: number('stars'),
  forkCount: number('forks'),
  diskUsage: number('size'),
  createdAt: time('created'),
  updatedAt: time('updated'),
  pushedAt: time('pushed'),
  archivedAt: (repo, args, { world }) => (world.columns.flags[repo.row] & C.ARCHIVED ? isoTime(world.columns.archivedAt[repo.row]) : null),
  isFork: flag(C.FORK),
  isArchived: flag(C.ARCHIVED),
  isTemplate: flag(C.TEMPLATE),
  isMirror: flag(C.MIRROR),
  isDisabled: flag(C.DISABLED),
  isEmpty: flag(C.EMPTY),
  isLocked: flag(C.LOCKED),
  isPrivate: flag(C.PRIVATE),
  visibility: (repo, args, { world }) => (world.columns.flags[repo.row] & C.PRIVATE ? 'PRIVATE' : 'PUBLIC'),
  isInOrganization: (repo, args, { world }) => world.owners.isOrganization(world.columns.owner[repo.row]),
  isUserConfigurationRepository: (repo, args, { world }) => world.name(repo.row).toLowerCase() === world.ownerLogin(repo.row).toLowerCase(),
  lockReason: (repo, args, { world }) => (world.columns.flags[repo.row] & C.LOCKED ? 'MIGRATING' : null),
  mirrorUrl: (repo, args, { world }) => (world.columns.flags[repo.row] & C.MIRROR ? `https://git.example.org/${world.name(repo.row)}.git` : null),
  hasIssuesEnabled: noFlag(C.NO_ISSUES),
  hasWikiEnabled: noFlag(C.NO_WIKI),
  hasProjectsEnabled: noFlag(C.NO_PROJECTS),
  hasDiscussionsEnabled: flag(C.DISCUSSIONS),
  hasSponsorshipsEnabled: chance(62, 0.03),
  forkingAllowed: always(true),
  webCommitSignoffRequired: chance(63, 0.01),
  mergeCommitAllowed: chance(64, 0.95),
  squashMergeAllowed: chance(65, 0.95),
  rebaseMergeAllowed: chance(66, 0.9),
  autoMergeAllowed: chance(67, 0.1),
  deleteBranchOnMerge: chance(68, 0.1),
  isSecurityPolicyEnabled: chance(69, 0.02),
  isBlankIssuesEnabled: always(true),
  viewerCanAdminister: always(false),
  viewerHasStarred: always(false),
  viewerCanSubscribe: always(true),
  viewerCanUpdateTopics: always(false),
  viewerPermission: always('READ'),
  fundingLinks: always([]),
  primaryLanguage: (repo, args, { world }) => LANGUAGES[world.columns.language[repo.row]],
  licenseInfo: (repo, args, { world }) => LICENSES[world.columns.license[repo.row]],
  defaultBranchRef: (repo, args, { world }) => {
    const name = world.branch(repo.row);
    return name === null ? null : { typeName: 'Ref', name, repo };
  },
  parent: (repo, args, { world }) => parentOf(repo, world),
  languages: (repo, args, context) => languages(repo, args, context),
  repositoryTopics: (repo, args, context) => connection(context, args, context.world.topics(repo.row).map((name) => ({ typeName: 'RepositoryTopic', name, repo }))),
  forks: (repo, args, context) => countOnly(context, args, context.world.columns.forks[repo.row]),
  watchers: counted((repo, { world }) => derivedNumber(world, 'followers', repo.row)),
  stargazers: (repo, args, context) => stargazers(context, args),
  issues: activity(73, 0.05),
  pullRequests: activity(74, 0.04),
  releases: activity(75, 0.01),
  labels: activity(76, 0.01),
  milestones: activity(77, 0.005),
  discussions: activity(78, 0.003),
  commitComments: activity(79, 0.002),
  assignableUsers: activity(85, 0.005),
  mentionableUsers: activity(86, 0.03),
  deployments: activity(87, 0.01),
  environments: activity(88, 0.001),
  refs: activity(89, 0.01),
};

function parentOf(repo, world) {
  const row = world.columns.parent[repo.row] - 1;
  return row >= 0 && world.isVisible(row) ? new Repo(row) : null;
}

/** Closed to outsiders since July 2026: forbidden, or an empty list, whichever the settings say (fact sheet 6.10). */
function stargazers(context, args) {
  if (context.settings.stargazers === 'empty') return connection(context, args, []);
  throw new GitHubError('FORBIDDEN', 'Resource not accessible by personal access token');
}

function languages(repo, args, context) {
  const list = context.world.languages(repo.row);
  if (args.orderBy?.direction === 'ASC') list.reverse();
  const found = connection(context, args, list, ({ language }) => language);
  found.totalSize = list.reduce((sum, { size }) => sum + size, 0);
  return found;
}

export const Language = {
  id: (language) => Buffer.from(`08:Language${LANGUAGES.indexOf(language)}`).toString('base64'),
  name: (language) => language.name,
  color: (language) => language.color,
};
export const LanguageEdge = {
  size: (edge) => edge.item.size,
  node: (edge) => edge.item.language,
  cursor: (edge) => edge.cursor,
};
export const LanguageConnection = { totalSize: (found) => found.totalSize };

export const License = {
  id: (license) => Buffer.from(`07:License${LICENSES.indexOf(license)}`).toString('base64'),
  key: (license) => license.key,
  name: (license) => license.name,
  spdxId: (license) => license.spdxId,
  pseudoLicense: (license) => license.key === 'other',
  hidden: always(false),
  featured: (license) => ['mit', 'apache-2.0', 'gpl-3.0'].includes(license.key),
};

export const Ref = {
  id: (ref, args, { world }) => Buffer.from(`03:Ref${world.columns.id[ref.repo.row]}:refs/heads/${ref.name}`).toString('base64'),
  name: (ref) => ref.name,
  prefix: always('refs/heads/'),
  repository: (ref) => ref.repo,
};

export const RepositoryTopic = {
  id: (topic, args, { world }) => Buffer.from(`015:RepositoryTopic${hash(world.columns.id[topic.repo.row], topic.name.length, 1)}`).toString('base64'),
  topic: (topic) => ({ typeName: 'Topic', name: topic.name }),
  url: (topic, args, { webUrl }) => `${webUrl}/topics/${topic.name}`,
  resourcePath: (topic) => `/topics/${topic.name}`,
};
export const Topic = {
  id: (topic) => Buffer.from(`05:Topic${topic.name}`).toString('base64'),
  name: (topic) => topic.name,
  viewerHasStarred: always(false),
};

/** Repositories of an owner, newest first unless asked otherwise. */
export function ownedRepositories(owner, args, context) {
  const { world } = context;
  const rows = world.rowsOfOwner(owner).filter((row) => world.isVisible(row) && (args.isFork === undefined || world.isFork(row) === args.isFork));
  const column = { CREATED_AT: 'created', PUSHED_AT: 'pushed', STARGAZERS: 'stars', UPDATED_AT: 'updated' }[args.orderBy?.field];
  if (column) rows.sort((a, b) => world.columns[column][a] - world.columns[column][b]);
  if (args.orderBy?.direction === 'DESC') rows.reverse();
  return pageOf(context, args, rows.length, (from, to) => rows.slice(from, to).map((row) => new Repo(row)));
}
