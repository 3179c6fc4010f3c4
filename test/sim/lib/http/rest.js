/*
 * REST: routing, versions, tokens or JWTs, limits, conditional requests, latency.
 */
import { createHash } from 'node:crypto';
import { JwtError } from '../limits/apps.js';
import { readBody } from './body.js';
import { admit, answerWithFault, problem, refuseAgent, refuseLimits, refuseToken } from './gate.js';
import { latencyOf } from './graphql.js';
import { answerAfter } from './pace.js';
import { send } from './reply.js';
import { problemBody, ROUTES } from './restroutes.js';

const VERSIONS = ['2022-11-28', '2026-03-10'];
const DEFAULT_VERSION = VERSIONS[0];

export async function handleRest(exchange) {
  const { sim, req, record } = exchange;
  record.isRest = true;
  const [full, query = ''] = splitOnce(req.url, '?');
  const path = full.startsWith('/api/v3/') ? full.slice('/api/v3'.length) : full;
  const parameters = new URLSearchParams(query);
  exchange.route = path + req.url.slice(full.length);
  if (refuseAgent(exchange)) return;
  const found = findRoute(req.method, path);
  record.endpoint = found ? found.endpoint : 'other';
  const body = ['POST', 'PUT', 'PATCH'].includes(req.method) ? await readBody(exchange) : '';
  if (body === null || refuseVersion(exchange)) return;
  exchange.json = parseBody(body);
  if (found?.settings.jwt) {
    answerApp(exchange, found, parameters);
    return;
  }
  if (refuseToken(exchange, true)) return;
  exchange.fault = sim.faults.draw('rest');
  if (exchange.fault && answerWithFault(exchange, 'rest')) return;
  if (refuseLimits(exchange, 'rest', record.endpoint, found?.settings.resource ?? 'core', path === '/rate_limit')) return;
  admit(exchange, 'rest', record.endpoint);
  const answer = found ? found.handler({ sim, exchange, parameters, match: found.match }) : problemBody(404, 'Not Found');
  deliver(exchange, answer);
}

function splitOnce(text, separator) {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function findRoute(method, path) {
  const asked = method === 'HEAD' ? 'GET' : method;
  for (const [routeMethod, pattern, endpoint, handler, settings = {}] of ROUTES) {
    const match = routeMethod === asked ? pattern.exec(path) : null;
    if (match) return { match, endpoint, handler, settings };
  }
  return null;
}

/** The version asked for must exist; the answer says which one was taken. */
function refuseVersion(exchange) {
  const asked = exchange.req.headers['x-github-api-version'] ?? DEFAULT_VERSION;
  if (!VERSIONS.includes(asked)) return problem(exchange, 400, `"${asked}" is not a supported version. Supported versions are ${VERSIONS.join(', ')}.`);
  exchange.apiVersion = asked;
  exchange.extraHeaders['X-GitHub-Api-Version-Selected'] = asked;
  exchange.extraHeaders['X-GitHub-Media-Type'] = 'github.v3; format=json';
  return false;
}

function parseBody(text) {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** End points of an App authenticate by JWT and meet no limit here. */
function answerApp(exchange, { handler, match }, parameters) {
  exchange.fault = exchange.sim.faults.draw('rest');
  if (exchange.fault && answerWithFault(exchange, 'rest')) return;
  try {
    const answer = handler({ sim: exchange.sim, exchange, parameters, match });
    pace(exchange, () => send(exchange, { status: 200, ...answer }));
  } catch (error) {
    if (!(error instanceof JwtError)) throw error;
    problem(exchange, 401, error.message);
  }
}

/** Adds ETag and charge; a 304 is free. */
function deliver(exchange, { status = 200, body, headers = {}, free = false, uncached = false }) {
  const { req } = exchange;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const all = { ...headers };
  let unchanged = false;
  if (status === 200 && !uncached) {
    all.ETag = `"${createHash('sha256').update(exchange.secret ?? '').update(text).digest('hex')}"`;
    all['Cache-Control'] = exchange.secret ? 'private, max-age=60, s-maxage=60' : 'public, max-age=60, s-maxage=60';
    unchanged = isUnchanged(req.headers, all);
  } else if (uncached) {
    all['Cache-Control'] = 'no-cache';
  }
  if (!free && !(unchanged && exchange.secret)) exchange.window.charge(1);
  pace(exchange, () => send(exchange, unchanged ? { status: 304, headers: all } : { status, body: text, headers: all }));
}

/** If-None-Match wins over If-Modified-Since. */
function isUnchanged(asked, { ETag: etag, 'Last-Modified': modified }) {
  const tags = asked['if-none-match'];
  if (tags !== undefined) return tags === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
  const since = Date.parse(asked['if-modified-since'] ?? '');
  return modified !== undefined && !Number.isNaN(since) && Date.parse(modified) <= since;
}

function pace(exchange, finish) {
  answerAfter(exchange, latencyOf(exchange.settings.latency, null, exchange.sim.random), finish);
}
