/*
 * What the tests share: a simulator in this process, requests to it, waiting for a state.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { withDefaults } from '../lib/options.js';
import { Simulator } from '../lib/simulator.js';

/** A fixed "now", so that results do not depend on the day of the test. */
export const UNTIL = '2026-09-01T00:00:00Z';

/** Starts a simulator; options as on the command line, with no latency unless given. Stops it after the tests of `t`. */
export async function startSim(t, options = {}) {
  const sim = new Simulator(withDefaults({ latency: 0, until: UNTIL, ...options }));
  const ready = await sim.start();
  t.after(() => sim.stop());
  return { sim, ready, ...requestsTo(ready) };
}

/** Helpers to ask a running simulator, given its ready line. */
export function requestsTo(ready) {
  const call = (path, { method = 'GET', token = ready.tokens[0], headers = {}, body } = {}) => fetch(ready.http + path, {
    method, redirect: 'manual', body: body === undefined ? undefined : (typeof body === 'string' ? body : JSON.stringify(body)),
    headers: { 'User-Agent': 'ghsim-test', ...(token ? { Authorization: `bearer ${token}` } : {}), ...headers },
  });
  const graphql = async (query, { variables, token, headers, path = '/graphql' } = {}) => {
    const response = await call(path, { method: 'POST', token, headers, body: { query, variables } });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ...tryJson(text) };
  };
  const control = async (path, body) => {
    const response = await fetch(`${ready.http}/_sim/${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
    const text = await response.text();
    return /json$/.test(response.headers.get('content-type') ?? '') && !/ndjson/.test(response.headers.get('content-type')) ? JSON.parse(text) : text;
  };
  const truth = async (query, more = '') => (await control(`truth?q=${encodeURIComponent(query)}${more}`)).split('\n').filter(Boolean).map(Number);
  return { call, graphql, control, truth };
}

function tryJson(text) {
  try {
    const json = JSON.parse(text);
    return { json, data: json.data, errors: json.errors, extensions: json.extensions };
  } catch {
    return {};
  }
}

/** Polls until `check` gives something true, and returns it; fails after `seconds`. */
export async function waitFor(check, seconds = 10, what = 'state') {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for ${what}`);
    await sleep(20);
  }
}

/** Query of one search page. */
export function searchQuery(query, { first = 100, after, fields = 'databaseId' } = {}) {
  const position = after === undefined ? '' : `, after: ${JSON.stringify(after)}`;
  return `{ search(query: ${JSON.stringify(query)}, type: REPOSITORY, first: ${first}${position}) {
    repositoryCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } nodes { ... on Repository { ${fields} } } } }`;
}
