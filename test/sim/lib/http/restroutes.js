/*
 * The REST end points. Each takes {sim, exchange, parameters, match} and returns an answer: {status, body, headers}, to which
 * rest.js adds ETag, limits and the rest.
 */
import * as C from '../world/columns.js';
import { fraction, hash } from '../random.js';
import { eventObject } from '../world/events.js';
import { REACHABLE } from '../search/search.js';
import { SearchError } from '../search/parse.js';
import { note, secondaryMessage, SECONDARY_DOCS } from './gate.js';
import { accountObject, fullRepository, minimalRepository, ownerObject } from './restobjects.js';

const DOCS = 'https://docs.github.com/rest';
const MAX_PAGE = 100;
const DAY = 86400;
const EPOCH_SUNDAY = 259200; /* 1970-01-04T00:00:00Z */

export const problemBody = (status, message, extra = {}) => ({
  status, body: { message, ...extra, documentation_url: extra.documentation_url ?? DOCS, status: String(status) },
});
const notFound = () => problemBody(404, 'Not Found');

/** A whole number among the parameters, within bounds. */
function whole(parameters, name, standard, low, high) {
  const text = parameters.get(name);
  const value = text !== null && /^\d{1,15}$/.test(text) ? Number(text) : standard;
  return Math.min(high, Math.max(low, value));
}

/** Part of a path in plain text; what is badly encoded names nothing. */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function link(entries) {
  const text = entries.filter(([, url]) => url).map(([rel, url]) => `<${url}>; rel="${rel}"`).join(', ');
  return text ? { Link: text } : {};
}

/** Public repositories with an id above `since`, ascending. */
function listRepositories({ sim, exchange, parameters }) {
  const { world } = sim;
  const size = whole(parameters, 'per_page', MAX_PAGE, 1, MAX_PAGE);
  const rows = [];
  let row = world.columns.lowerBound('id', whole(parameters, 'since', 0, 0, Number.MAX_SAFE_INTEGER) + 1);
  for (; row < world.columns.length && rows.length < size; row++) if (world.isVisible(row)) rows.push(row);
  const base = exchange.baseUrl();
  const last = rows[rows.length - 1];
  const perPage = parameters.has('per_page') ? `&per_page=${size}` : '';
  const next = last === undefined ? null : `${base}/repositories?since=${world.columns.id[last]}${perPage}`;
  return { body: rows.map((each) => minimalRepository(world, each, base)), headers: link([['next', next], ['first', `${base}/repositories{?since}`]]) };
}

/** Public events, newest first: the last 300, and late. How often one may look is said by X-Poll-Interval. */
function listEvents({ sim, exchange, parameters }) {
  const size = whole(parameters, 'per_page', 15, 1, MAX_PAGE);
  const page = whole(parameters, 'page', 1, 1, 1000);
  const interval = exchange.settings.pollInterval;
  const shown = sim.world.events.shown(sim.clock.real(exchange.settings.eventLatency * 1000));
  const lastPage = Math.max(1, Math.ceil(shown.length / size));
  if (page === 1) notePoll(exchange, sim.clock.now(), sim.clock.real(interval * 1000));
  const body = shown.slice((page - 1) * size, page * size).map((each) => eventObject(each, exchange.baseUrl()));
  return { body, headers: { ...pageLinks({ exchange, parameters }, '/events', page, lastPage), 'X-Poll-Interval': String(interval) } };
}

/** Looks that come too early, by user. */
function notePoll(exchange, now, interval) {
  const { account } = exchange;
  if (!account) return;
  if (account.polledAt !== undefined && now - account.polledAt < interval) note(exchange, 'early_polls');
  account.polledAt = now;
}

/** Answer for a repository that is there but not to be shown, or null. */
function blocked(world, row) {
  if (row < 0 || (world.columns.flags[row] & (C.DELETED | C.PRIVATE))) return notFound();
  const flags = world.columns.flags[row];
  if ((flags & (C.DMCA | C.TOS)) === 0) return null;
  const isDmca = (flags & C.DMCA) !== 0;
  const created = new Date((world.columns.updated[row] + 1) * 1000).toISOString().replace(/\.\d+Z/, 'Z');
  const notice = isDmca ? `https://github.com/github/dmca/blob/master/${created.slice(0, 4)}/${created.slice(5, 7)}/${created.slice(0, 10)}-ghsim.md` : 'https://github.com/tos';
  return {
    status: isDmca ? 451 : 403,
    body: { message: 'Repository access blocked', block: { reason: isDmca ? 'dmca' : 'tos', created_at: created, html_url: notice } },
  };
}

function oneRepository(sim, exchange, row) {
  const { world } = sim;
  const refusal = blocked(world, row);
  if (refusal) return refusal;
  return { body: fullRepository(world, row, exchange.baseUrl(), 1), headers: { 'Last-Modified': new Date(world.columns.updated[row] * 1000).toUTCString() } };
}

function repositoryById({ sim, exchange, match }) {
  return oneRepository(sim, exchange, sim.world.columns.rowOf(Number(match[1])));
}

/** {row} of the name in the path, or {answer}: a redirect, or the refusal. */
function byName({ sim, exchange, match }, rest = '') {
  const { row, renamed } = sim.world.findByName(decode(match[1]), decode(match[2]));
  const refusal = blocked(sim.world, row);
  if (refusal) return { answer: refusal };
  if (!renamed) return { row };
  const url = `${exchange.baseUrl()}/repositories/${sim.world.columns.id[row]}${rest}`;
  const isRead = ['GET', 'HEAD'].includes(exchange.req.method);
  return {
    answer: {
      status: isRead ? 301 : 307, headers: { Location: url },
      body: { message: isRead ? 'Moved Permanently' : 'Temporary Redirect', url, documentation_url: `${DOCS}/guides/best-practices-for-using-the-rest-api#follow-redirects` },
    },
  };
}

function repositoryByName(request) {
  const { row, answer } = byName(request);
  return answer ?? oneRepository(request.sim, request.exchange, row);
}

/** End points below a repository, reached by name or by id. */
function belowRepository(path, make) {
  return (request) => {
    const { sim, match } = request;
    const byId = match.length === 2 || match[2] === undefined;
    if (byId) {
      const row = sim.world.columns.rowOf(Number(match[1]));
      return blocked(sim.world, row) ?? make(request, row);
    }
    const { row, answer } = byName(request, path);
    return answer ?? make(request, row);
  };
}

const languages = belowRepository('/languages', ({ sim }, row) => ({ body: Object.fromEntries(sim.world.languages(row).map(({ language, size }) => [language.name, size])) }));
const topics = belowRepository('/topics', ({ sim }, row) => ({ body: { names: sim.world.topics(row) } }));
const starCount = belowRepository('/stargazers/count', ({ sim }, row) => ({ body: { count: sim.world.columns.stars[row] } }));

/** Closed since July 2026 (fact sheet 6.10). */
const stargazers = belowRepository('/stargazers', ({ exchange }) => (exchange.secret === null
  ? problemBody(401, 'Requires authentication') : notFound()));

/** Stars a week, newest first; those still in place, spread over the life of the repository. */
const starHistory = belowRepository('/stargazers/history', ({ sim, exchange, parameters }, row) => {
  const { columns, seed } = sim.world;
  const size = whole(parameters, 'per_page', 30, 1, 30);
  const page = whole(parameters, 'page', 1, 1, 100);
  const weekOf = (seconds) => Math.floor((seconds - EPOCH_SUNDAY) / (7 * DAY));
  const [first, last] = [weekOf(columns.created[row]), weekOf(sim.clock.worldSeconds())];
  const from = last - (page - 1) * size;
  const weeks = [];
  for (let week = from; week > from - size && week >= first; week--) weeks.push(weekOfStars(columns.stars[row], seed, columns.id[row], week, first, last));
  const more = from - size >= first && page < 100;
  const url = `${exchange.baseUrl()}/repositories/${columns.id[row]}/stargazers/history?per_page=${size}&page=${page + 1}`;
  return { body: weeks, headers: link([['next', more ? url : null]]) };
});

function weekOfStars(stars, seed, id, week, first, last) {
  const upTo = (w) => Math.floor((stars * (w - first + 1)) / (last - first + 1));
  const total = upTo(week) - (week > first ? upTo(week - 1) : 0);
  const days = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < Math.min(total, 700); i++) days[hash(seed, id + week, 300 + i) % 7]++;
  days[0] += Math.max(0, total - 700);
  return { week: EPOCH_SUNDAY + week * 7 * DAY, total, days };
}

function archive({ sim, exchange, match }) {
  const { row, answer } = byName({ sim, exchange, match });
  if (answer) return answer;
  const kind = match[3] === 'tarball' ? 'legacy.tar.gz' : 'legacy.zip';
  const ref = match[4] ? decode(match[4].slice(1)) : `refs/heads/${sim.world.branch(row) ?? 'main'}`;
  return { status: 302, body: '', free: true, headers: { Location: `https://codeload.github.com/${sim.world.nameWithOwner(row)}/${kind}/${ref}` } };
}

function searchRepositories({ sim, exchange, parameters }) {
  const query = parameters.get('q') ?? '';
  const invalid = (message, code) => problemBody(422, 'Validation Failed', { errors: [{ ...(message ? { message } : {}), resource: 'Search', field: 'q', code }], documentation_url: `${DOCS}/search/search` });
  if (query.trim() === '') return invalid(null, 'missing');
  const size = whole(parameters, 'per_page', 30, 1, MAX_PAGE);
  const page = whole(parameters, 'page', 1, 1, 1000000);
  const from = (page - 1) * size;
  if (from >= REACHABLE) return problemBody(422, 'Only the first 1000 search results are available', { documentation_url: `${DOCS}/search/search` });
  const sort = parameters.get('sort');
  let found;
  try {
    found = sim.graphql.context({}).search(sort ? `${query} sort:${sort}-${parameters.get('order') ?? 'desc'}` : query);
  } catch (error) {
    if (error instanceof SearchError) return invalid(error.message, 'invalid');
    throw error;
  }
  const base = exchange.baseUrl();
  const rows = Array.from(found.rows.subarray(from, from + size)).filter((row) => sim.world.isVisible(row));
  const lastPage = Math.max(1, Math.ceil(found.rows.length / size));
  const headers = pageLinks({ exchange, parameters }, '/search/repositories', page, lastPage);
  const items = rows.map((row) => ({ ...fullRepository(sim.world, row, base), score: 1 }));
  return { body: { total_count: found.count, incomplete_results: false, items }, headers, uncached: true };
}

function rateLimit({ exchange }) {
  const { account } = exchange;
  if (!exchange.settings.limits) return problemBody(404, 'Rate limiting is not enabled.');
  const view = (resource) => ({ ...account.budgets[resource].windows[0].view(), resource });
  const fixed = (resource, limit) => ({ limit, used: 0, remaining: limit, reset: Math.floor(exchange.clock.serverNow() / 1000) + 60, resource });
  const resources = {
    core: view('core'), search: view('search'), graphql: view('graphql'), code_search: fixed('code_search', 9), source_import: fixed('source_import', 100),
    integration_manifest: fixed('integration_manifest', 5000), actions_runner_registration: fixed('actions_runner_registration', 10000), scim: fixed('scim', 15000),
    dependency_snapshots: fixed('dependency_snapshots', 100), dependency_sbom: fixed('dependency_sbom', 100), code_scanning_autofix: fixed('code_scanning_autofix', 10),
  };
  const withRate = exchange.apiVersion === '2022-11-28' ? { rate: resources.core } : {};
  return { body: { resources, ...withRate }, free: true, uncached: true };
}

function user({ sim, exchange, match }) {
  const base = exchange.baseUrl();
  if (match[1] === undefined) {
    const { viewer } = exchange.account;
    if (!viewer) return problemBody(401, 'Requires authentication');
    return { body: { ...accountObject({ login: viewer.login, id: viewer.databaseId, type: 'User' }, base), name: viewer.name, created_at: viewer.createdAt } };
  }
  const owner = sim.world.owners.find(decode(match[1]));
  if (owner < 0) return notFound();
  return { body: { ...ownerObject(sim.world, owner, base), public_repos: sim.world.rowsOfOwner(owner).filter((row) => sim.world.isVisible(row)).length, followers: Math.floor(fraction(sim.world.seed, owner, 310) * 50) } };
}

/** An Enterprise Server tells its version here. */
function meta({ exchange }) {
  return { body: { verifiable_password_authentication: false, ...(exchange.prefix ? { installed_version: '3.17.0' } : {}) } };
}

/** The App whose JWT came with the request; throws JwtError. */
function appOf({ sim, exchange }) {
  const app = sim.apps.verify(exchange.req.headers.authorization);
  exchange.record.user = `app:${app.id}`;
  return app;
}
const isoMs = (ms) => new Date(ms).toISOString().replace(/\.\d+Z/, 'Z');

function appObject(app) {
  return { id: app.id, slug: `ghsim-app-${app.id}`, client_id: app.clientId, node_id: Buffer.from(`03:App${app.id}`).toString('base64'), name: `ghsim app ${app.id}`, permissions: { metadata: 'read' }, events: [], installations_count: app.installations.length };
}

function installationObject(app, installation, base) {
  const account = accountObject(installation.account, base);
  return {
    id: installation.id, app_id: app.id, app_slug: `ghsim-app-${app.id}`, account, target_id: account.id, target_type: 'Organization', repository_selection: 'all',
    access_tokens_url: `${base}/app/installations/${installation.id}/access_tokens`, repositories_url: `${base}/installation/repositories`,
    html_url: `https://github.com/organizations/${account.login}/settings/installations/${installation.id}`, permissions: { metadata: 'read' }, events: [],
    created_at: '2025-01-01T00:00:00Z', updated_at: '2025-01-01T00:00:00Z', suspended_at: installation.suspendedAt,
    suspended_by: installation.suspendedAt && installation.account, single_file_name: null,
  };
}

/** Link header of a list with numbered pages. */
function pageLinks({ exchange, parameters }, path, page, lastPage) {
  const at = (number) => {
    const copy = new URLSearchParams(parameters);
    copy.set('page', String(number));
    return `${exchange.baseUrl()}${path}?${copy}`;
  };
  return link([['next', page < lastPage && at(page + 1)], ['last', page < lastPage && at(lastPage)], ['first', page > 1 && at(1)], ['prev', page > 1 && at(page - 1)]]);
}

function listInstallations(request) {
  const { exchange, parameters } = request;
  const app = appOf(request);
  const size = whole(parameters, 'per_page', 30, 1, MAX_PAGE);
  const page = whole(parameters, 'page', 1, 1, 1000000);
  const shown = app.installations.slice((page - 1) * size, page * size);
  const headers = pageLinks(request, '/app/installations', page, Math.max(1, Math.ceil(app.installations.length / size)));
  return { body: shown.map((installation) => installationObject(app, installation, exchange.baseUrl())), headers };
}

function accessToken(request) {
  const { sim, exchange, match } = request;
  const app = appOf(request);
  if (!sim.apps.mayAskForToken(app)) return tooManyTokens(exchange);
  const installation = app.installations.find(({ id }) => id === Number(match[1]));
  if (!installation) return notFound();
  if (installation.suspendedAt) return problemBody(403, 'This installation has been suspended');
  if ((exchange.json?.repository_ids?.length ?? 0) > 500) return problemBody(422, 'Validation Failed');
  const standard = exchange.prefix ? 'disabled' : 'enabled'; /* an Enterprise Server has the short form still */
  const stateless = (exchange.req.headers['x-github-stateless-s2s-token'] ?? standard) !== 'disabled';
  const { token, expires } = sim.apps.createToken(app, installation, stateless);
  return { status: 201, body: { token, expires_at: isoMs(expires), permissions: { metadata: 'read' }, repository_selection: 'all' }, uncached: true };
}

function tooManyTokens(exchange) {
  note(exchange, 'token_requests');
  exchange.record.refused = true;
  return problemBody(403, secondaryMessage(exchange), { documentation_url: SECONDARY_DOCS });
}

/** [method, path, name for counters, handler, {resource, jwt}]. */
export const ROUTES = [
  ['GET', /^\/rate_limit$/, '/rate_limit', rateLimit],
  ['GET', /^\/repositories$/, '/repositories', listRepositories],
  ['GET', /^\/repositories\/(\d{1,15})$/, '/repositories/:id', repositoryById],
  ['GET', /^\/repos\/([^/]+)\/([^/]+)$/, '/repos/:owner/:repo', repositoryByName],
  ['PATCH', /^\/repos\/([^/]+)\/([^/]+)$/, '/repos/:owner/:repo', (request) => byName(request).answer ?? problemBody(403, 'Must have admin rights to Repository.')],
  ...below('languages', languages), ...below('topics', topics), ...below('stargazers', stargazers),
  ...below('stargazers/count', starCount), ...below('stargazers/history', starHistory),
  ['GET', /^\/repos\/([^/]+)\/([^/]+)\/(tarball|zipball)(\/.+)?$/, '/repos/:owner/:repo/tarball', archive],
  ['GET', /^\/search\/repositories$/, '/search/repositories', searchRepositories, { resource: 'search' }],
  ['GET', /^\/events$/, '/events', listEvents],
  ['GET', /^\/meta$/, '/meta', meta],
  ['GET', /^\/user$/, '/user', user],
  ['GET', /^\/users\/([^/]+)$/, '/users/:login', user],
  ['GET', /^\/app$/, '/app', (request) => ({ body: appObject(appOf(request)) }), { jwt: true }],
  ['GET', /^\/app\/installations$/, '/app/installations', listInstallations, { jwt: true }],
  ['POST', /^\/app\/installations\/(\d{1,15})\/access_tokens$/, '/app/installations/:id/access_tokens', accessToken, { jwt: true }],
];

function below(path, handler) {
  return [
    ['GET', new RegExp(`^/repos/([^/]+)/([^/]+)/${path}$`), `/repos/:owner/:repo/${path}`, handler],
    ['GET', new RegExp(`^/repositories/(\\d{1,15})/${path}$`), `/repositories/:id/${path}`, handler],
  ];
}
