/*
 * All resolvers by type and field, used by the simulator's executor and, in tests, by graphql-js.
 *
 * A field of the schema without a resolver has no data here: null if it may be null, an error that names it otherwise.
 *
 * The context of a request is made by request.js.
 */
import { isNonNullType } from 'graphql';
import { SearchError } from '../search/parse.js';
import { Connection, Edge, encodeCursor, pageBounds, PageInfo } from './connections.js';
import { GitHubError, notFoundNode, notFoundRepository, resourceLimits } from './errors.js';
import { legacyId, newId, parseNodeId } from './nodeid.js';
import * as repository from './repository.js';
import { isoTime, Owner, ownedRepositories, Repo } from './repository.js';

const LEGACY_LINK = 'https://docs.github.com/graphql/guides/migrating-graphql-global-node-ids';

const Query = {
  search: (source, args, context) => search(args, context),
  node: (source, { id }, context) => {
    const node = resolveNode(id, context);
    context.noteLookUp(1);
    context.notePart('nodes', id);
    return node ?? notFoundNode(id);
  },
  nodes: (source, { ids }, context) => {
    context.noteLookUp(ids.length);
    context.notePart('nodes', ids.join());
    return ids.map((id) => {
      const node = afford(context, resolveNode(id, context));
      return node === undefined ? notFoundNode(id) : node;
    });
  },
  repository: (source, args, context) => repositoryByName(args, context),
  user: (source, { login }, context) => ownerByLogin(login, 'User', context),
  organization: (source, { login }, context) => ownerByLogin(login, 'Organization', context),
  repositoryOwner: (source, { login }, context) => ownerByLogin(login, null, context),
  viewer: (source, args, { viewer }) => viewer,
  rateLimit: (source, args, { rate }) => rate,
  relay: () => ({}),
  id: () => 'Q_kgA',
};

function repositoryByName({ owner, name, followRenames }, context) {
  const { world } = context;
  const { row, renamed } = world.findByName(owner, name);
  context.noteLookUp(1);
  context.notePart('repository', `${owner}/${name}`.toLowerCase());
  if (!world.isVisible(row) || (renamed && followRenames === false)) return notFoundRepository(`${owner}/${name}`);
  return afford(context, showNode(context, row));
}

function ownerByLogin(login, typeName, { world }) {
  const number = world.owners.find(login);
  const owner = number < 0 ? null : new Owner(world, number);
  if (owner && (typeName === null || owner.typeName === typeName)) return owner;
  if (typeName === null) return null;
  return new GitHubError('NOT_FOUND', `Could not resolve to ${typeName === 'User' ? 'a User' : 'an Organization'} with the login of '${login}'.`);
}

/** The object of a node id: undefined if there is none, null if a fault hides it. A legacy id leaves a warning. */
function resolveNode(id, context) {
  const { world } = context;
  const parsed = parseNodeId(id);
  if (parsed === null) return undefined;
  if (parsed.legacy) warnLegacy(id, newId(parsed.typeName, parsed.databaseId), context);
  if (parsed.typeName === 'Repository') {
    const row = world.visibleRow(parsed.databaseId);
    return row < 0 ? undefined : showNode(context, row);
  }
  const number = world.owners.byDatabaseId(parsed.databaseId);
  const owner = number < 0 ? null : new Owner(world, number);
  return owner?.typeName === parsed.typeName ? owner : undefined;
}

function warnLegacy(legacy, next, { warnings }) {
  warnings.push({
    type: 'DEPRECATION',
    message: `The id ${legacy} is deprecated. Update your cache to use the next_global_id from the data payload.`,
    data: { legacy_global_id: legacy, next_global_id: next },
    link: LEGACY_LINK,
  });
}

function search({ query, type, ...args }, context) {
  if (type !== 'REPOSITORY') throw new GitHubError(undefined, `The simulator has no data for search(type: ${type}).`);
  let found;
  try {
    found = context.search(query);
  } catch (error) {
    if (error instanceof SearchError) throw new GitHubError('UNPROCESSABLE', error.message);
    throw error;
  }
  const [from, to] = pageBounds(args, found.rows.length);
  const asked = (args.first ?? args.last ?? null) !== null;
  notePart(context, query, args, asked, to - from);
  return { count: found.count, rows: found.rows, from, to, total: found.rows.length, slice: [], nodes: asked ? null : [] };
}

function notePart(context, query, { first, last, after, before }, asked, rows) {
  if (asked) context.noteNodes(rows);
  else context.noteCountedSearch();
  context.notePart(asked ? 'search' : 'count', asked ? `${query} ${first} ${last} ${after} ${before}` : query);
}

/** Nodes of a page of search results: null where the index knows a repository that is gone, an error where access is denied. */
function searchNodes(page, context) {
  page.nodes ??= Array.from(page.rows.subarray(page.from, page.to), (row) => {
    const { world } = context;
    return afford(context, world.isVisible(row) ? showNode(context, row) : null);
  });
  return page.nodes;
}

/** A visible repository, unless a fault hides it. */
function showNode(context, row) {
  context.noteRepository(row);
  return context.disturb(new Repo(row));
}

/** The node, or the refusal once the work of the query exceeds the secret budget. */
function afford(context, node) {
  return context.spend(1) ? node : resourceLimits();
}

const SearchResultItemConnection = {
  repositoryCount: (page) => page.count,
  issueCount: () => 0,
  userCount: () => 0,
  codeCount: () => 0,
  discussionCount: () => 0,
  wikiCount: () => 0,
  nodes: (page, args, context) => searchNodes(page, context),
  edges: (page, args, context) => searchNodes(page, context).map((node, i) => ({ node, cursor: encodeCursor(page.from + i + 1) })),
  pageInfo: (page) => page,
};

const ownerFields = {
  login: ({ owner }, args, { world }) => world.owners.login(owner),
  databaseId: ({ owner }, args, { world }) => world.owners.databaseId(owner),
  id: ({ owner, typeName }, args, { world, newIds }) => {
    const databaseId = world.owners.databaseId(owner);
    return newIds || owner % 2 === 0 ? newId(typeName, databaseId) : legacyId(typeName, databaseId);
  },
  name: ({ owner }, args, { world }) => world.owners.login(owner).replace(/-/g, ' '),
  avatarUrl: ({ owner }, args, { world }) => `https://avatars.githubusercontent.com/u/${world.owners.databaseId(owner)}?v=4`,
  url: ({ owner }, args, { world, webUrl }) => `${webUrl}/${world.owners.login(owner)}`,
  resourcePath: ({ owner }, args, { world }) => `/${world.owners.login(owner)}`,
  repositories: ({ owner }, args, context) => ownedRepositories(owner, args, context),
  repository: ({ owner }, { name, followRenames }, context) => repositoryByName({ owner: context.world.owners.login(owner), name, followRenames }, context),
  createdAt: ({ owner }, args, { world }) => isoTime(1199145600 + world.owners.databaseId(owner)),
};

/** The viewer is a user who owns nothing; its source carries its own values. */
const viewerOr = (field) => (source, args, context) => (source.viewer ? source.viewer[field] : ownerFields[field]?.(source, args, context));

const User = {
  ...ownerFields,
  login: viewerOr('login'),
  databaseId: viewerOr('databaseId'),
  name: viewerOr('name'),
  id: viewerOr('id'),
  url: viewerOr('url'),
  resourcePath: viewerOr('resourcePath'),
  avatarUrl: viewerOr('avatarUrl'),
  createdAt: viewerOr('createdAt'),
  repositories: (source, args, context) => (source.viewer ? ownedRepositories(-1, args, context) : ownerFields.repositories(source, args, context)),
  email: () => '',
  isViewer: (source) => Boolean(source.viewer),
};

const TYPES = {
  Query, User, Organization: ownerFields, SearchResultItemConnection, PageInfo, SearchResultItemEdge: Edge,
  Repository: repository.Repository, Language: repository.Language, LanguageEdge: repository.LanguageEdge, License: repository.License,
  LanguageConnection: { ...Connection, ...repository.LanguageConnection }, Ref: repository.Ref, RepositoryTopic: repository.RepositoryTopic,
  Topic: repository.Topic,
  RateLimit: Object.fromEntries(['cost', 'limit', 'nodeCount', 'remaining', 'used', 'resetAt'].map((name) => [name, (rate) => rate[name]])),
};

/** Resolver of a field (fact sheet: all of 7.1, some of 7.2), or the one that says there is no data. */
export function resolverOf(typeName, definition) {
  const { name } = definition;
  const own = TYPES[typeName];
  if (own && Object.hasOwn(own, name)) return own[name];
  if (!own && typeName.endsWith('Connection') && Object.hasOwn(Connection, name)) return Connection[name];
  if (!own && typeName.endsWith('Edge') && Object.hasOwn(Edge, name)) return Edge[name];
  return isNonNullType(definition.type) ? () => noData(typeName, name) : () => null;
}

function noData(typeName, field) {
  return new GitHubError(undefined, `The simulator has no data for ${typeName}.${field}.`);
}
