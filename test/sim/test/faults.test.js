/*
 * Each fault, as a client meets it; rates and scripts; what a fault costs.
 */
import assert from 'node:assert/strict';
import http from 'node:http';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FAULTS } from '../lib/faults.js';
import { searchQuery, startSim, waitFor } from '../tools/harness.js';

const QUERY = searchQuery('stars:>=0 sort:stars', { fields: 'databaseId nameWithOwner stargazerCount' });

/** One request without a library in between: {status, headers, bytes, error, complete}. */
function raw(ready, { agent, timeout, headers = {} } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const result = { status: 0, headers: {}, complete: false, error: null };
    const finish = () => resolve({ ...result, bytes: Buffer.concat(chunks) });
    const req = http.request(`${ready.http}/graphql`, { agent, method: 'POST', headers: { 'authorization': `bearer ${ready.tokens[0]}`, 'user-agent': 'ghsim-test', ...headers } }, (res) => {
      Object.assign(result, { status: res.statusCode, headers: res.headers });
      res.on('data', (chunk) => chunks.push(chunk));
      res.on('error', (error) => { result.error = error; });
      res.on('close', () => {
        result.complete = res.complete;
        finish();
      });
    });
    if (timeout) setTimeout(() => req.destroy(new Error('client gave up')), timeout);
    req.on('error', (error) => {
      result.error = error;
      finish();
    });
    req.end(JSON.stringify({ query: QUERY }));
  });
}

/** Asks once with a fault scripted. */
async function meet(sim, fault, options) {
  await sim.control('script', [{ fault }]);
  return raw(sim.ready, options);
}

const json = ({ bytes }) => JSON.parse(bytes.toString());

test('answers in place of the API', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const j502 = await meet(sim, 'json502');
  assert.equal(j502.status, 502);
  assert.match(json(j502).errors[0].message, /^Something went wrong while executing your query on \d{4}-.*Please include `[0-9A-F:]+` when/);
  assert.equal(json(j502).data, null);
  const h502 = await meet(sim, 'html502');
  assert.equal(h502.status, 502);
  assert.match(h502.bytes.toString(), /<center><h1>502 Bad Gateway<\/h1><\/center>/);
  assert.match(h502.headers['content-type'], /text\/html/);
  assert.equal((await meet(sim, 'json504')).status, 504);
  assert.match((await meet(sim, 'html504')).bytes.toString(), /504 Gateway/);
  const t200 = await meet(sim, 'timeout200');
  assert.deepEqual([t200.status, json(t200).data], [200, null]);
  assert.match(json(t200).errors[0].message, /Something went wrong while executing your query/);
  const h200 = await meet(sim, 'html200');
  assert.ok(h200.status === 200 && h200.bytes.toString().startsWith('<!DOCTYPE html>'));
  assert.deepEqual([(await meet(sim, 'unauthorized')).status, (await meet(sim, 'serverError')).status], [401, 500]);
  const moved = await meet(sim, 'redirect');
  assert.equal(moved.status, 307);
  assert.equal(moved.headers.location, `${sim.ready.http}/graphql`);
  assert.equal((await sim.control('counters')).graphql.points, 0, 'these cost nothing');
});

test('refusals: with points left, with retry-after and without', async (t) => {
  const sim = await startSim(t, { repositories: 1000, 'time-scale': 600 });
  for (const [fault, type] of [['rateLimited', 'RATE_LIMITED'], ['rateLimit', 'RATE_LIMIT']]) {
    const refused = await meet(sim, fault);
    assert.equal(json(refused).errors[0].type, type);
    assert.ok(Number(refused.headers['x-ratelimit-remaining']) > 0);
  }
  const pause = () => waitFor(async () => !/secondary/.test((await raw(sim.ready)).bytes.toString()));
  const secondary = await meet(sim, 'secondary');
  assert.ok(secondary.status === 403 && secondary.headers['retry-after'] === '1');
  await pause();
  const bare = await meet(sim, 'secondaryBare');
  assert.ok(bare.status === 403 && bare.headers['retry-after'] === undefined);
  await pause();
  const as200 = await meet(sim, 'secondary200');
  assert.ok(as200.status === 200 && /secondary rate limit/.test(json(as200).errors[0].message));
});

test('connections that break', async (t) => {
  const sim = await startSim(t, { repositories: 1000, 'time-scale': 20 });
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => agent.destroy());
  await raw(sim.ready, { agent });
  const early = await meet(sim, 'reset', { agent });
  assert.equal(early.error.code, 'ECONNRESET');
  assert.equal(early.status, 0);
  const late = await meet(sim, 'resetBody');
  assert.ok(late.status === 200 && !late.complete && late.bytes.length > 0);
  const stalled = await meet(sim, 'stall', { timeout: 300 });
  assert.deepEqual([stalled.status, stalled.error.message], [0, 'client gave up']);
  const wrong = await meet(sim, 'wrongLength');
  assert.ok(wrong.status === 200 && !wrong.complete);
  assert.equal(Number(wrong.headers['content-length']), wrong.bytes.length + 1000);
  const start = performance.now();
  const dripped = await meet(sim, 'drip');
  assert.ok(dripped.complete && json(dripped).data.search.nodes.length === 100);
  assert.ok(performance.now() - start > 200, 'five seconds at 20 times the speed');
  const before = performance.now();
  await sim.control('settings', { latency: 1000 });
  await meet(sim, 'slow');
  assert.ok(performance.now() - before >= 240);
  await waitFor(async () => (await sim.control('counters')).in_flight === 0);
});

test('bodies that are broken', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const broken = await meet(sim, 'brokenJson');
  assert.ok(broken.status === 200 && broken.complete);
  assert.throws(() => json(broken), SyntaxError);
  const gzip = await meet(sim, 'truncatedGzip', { headers: { 'accept-encoding': 'gzip' } });
  assert.ok(gzip.complete && gzip.headers['content-encoding'] === 'gzip');
  assert.throws(() => gunzipSync(gzip.bytes), /unexpected end/);
  const whole = await raw(sim.ready, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(JSON.parse(gunzipSync(whole.bytes)).data.search.nodes.length, 100);
});

test('results that lie', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const honest = json(await raw(sim.ready)).data.search;
  const nulls = json(await meet(sim, 'nullNodes'));
  assert.ok(nulls.data.search.nodes[0] === null && nulls.errors === undefined && nulls.data.search.nodes.length === 100);
  const closed = await meet(sim, 'forbiddenNodes');
  const { data, errors } = json(closed);
  assert.equal(data.search.nodes[0], null);
  assert.deepEqual([errors[0].type, errors[0].path, errors[0].extensions], ['FORBIDDEN', ['search', 'nodes', 0], { saml_failure: true }]);
  assert.ok(closed.headers['x-github-sso']);
  const empty = json(await meet(sim, 'emptyResults')).data.search;
  assert.deepEqual([empty.repositoryCount, empty.nodes, empty.pageInfo.hasNextPage], [0, [], false]);
  const dropped = json(await meet(sim, 'droppedItems')).data.search;
  assert.ok(dropped.repositoryCount < honest.repositoryCount && dropped.nodes.some((node, i) => node.databaseId !== honest.nodes[i].databaseId));
  assert.notDeepEqual(json(await meet(sim, 'wrongTypes')).data.search, honest);
  assert.match(JSON.stringify(json(await meet(sim, 'nullFields')).data.search.nodes), /null/);
  const partial = json(await meet(sim, 'somethingWrong'));
  assert.ok(partial.data.search.nodes.length === 100 && /Something went wrong/.test(partial.errors[0].message));
  const limited = json(await meet(sim, 'resourceLimits'));
  assert.ok(limited.data.search.nodes.includes(null) && limited.errors[0].type === 'RESOURCE_LIMITS_EXCEEDED');
  const fresh = await raw(sim.ready);
  const stale = await meet(sim, 'staleRemaining');
  assert.ok(Number(stale.headers['x-ratelimit-remaining']) >= Number(fresh.headers['x-ratelimit-remaining']));
  assert.deepEqual(json(await raw(sim.ready)).data.search, honest, 'and then all is well again');
});

test('spoiled values can be told: none is one that could be meant', async (t) => {
  const fields = 'databaseId description homepageUrl pushedAt stargazerCount isFork nameWithOwner licenseInfo { key } primaryLanguage { name }';
  const query = searchQuery('stars:>=0 sort:stars', { fields });
  const { graphql, control } = await startSim(t, { repositories: 1000 });
  const honest = (await graphql(query)).data.search.nodes;
  const changes = async (fault) => {
    await control('faults', { wrongTypes: 0, nullFields: 0, [fault]: 1 });
    const found = [];
    for (let i = 0; i < 20; i++) {
      (await graphql(query)).data.search.nodes.forEach((node, at) => {
        for (const [key, value] of Object.entries(node ?? {})) {
          const was = honest[at][key];
          if (JSON.stringify(value) === JSON.stringify(was)) continue;
          if (was !== null && typeof was === 'object') found.push([key, Object.values(was)[0], Object.values(value)[0]]);
          else found.push([key, was, value]);
        }
      });
    }
    return found;
  };
  const spoiled = await changes('wrongTypes');
  assert.ok(spoiled.length > 100);
  for (const [key, was, is] of spoiled) assert.ok(was === null || typeof is !== typeof was || (typeof is === 'number' && !(Number.isInteger(is) && is < 1e12)), `${key}: ${was} as ${is}`);
  for (const [key, was, is] of spoiled) assert.ok(was !== null || (typeof is !== 'string' && JSON.stringify(is) !== '{}'), `${key}: null as ${is}`);
  const nulls = await changes('nullFields');
  assert.ok(nulls.length > 100 && nulls.every(([, was, is]) => is === null && was !== null));
  assert.deepEqual([...new Set(nulls.map(([key]) => key))].sort(), ['isFork', 'licenseInfo', 'nameWithOwner', 'primaryLanguage', 'stargazerCount']);
});

test('what happens to a search may stick to it for a while', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, sticky: 1 });
  const count = async (query) => (await graphql(searchQuery(query))).data.search.repositoryCount;
  await control('script', [{ fault: 'emptyResults' }]);
  assert.equal(await count('stars:>=0'), 0);
  assert.ok(await count('stars:>=1') > 0, 'others are as ever');
  assert.equal(await count('stars:>=0'), 0);
  assert.equal(await count('stars:>=0 sort:forks'), 0, 'in every order');
  await waitFor(async () => await count('stars:>=0') > 0);
  await control('script', [{ fault: 'emptyResults' }]);
  assert.equal(await count('stars:>=0'), 0, 'and again');
});

test('a flapping search answers from two copies by turns; all is in one of them', async (t) => {
  const { graphql, truth } = await startSim(t, { repositories: 900, flapping: 0.5 });
  const outcomes = new Map();
  for (let low = 0; low < 20; low++) {
    const query = `size:>=${low} fork:true`;
    const seen = new Map();
    for (let i = 0; i < 20; i++) {
      const { repositoryCount, nodes } = (await graphql(searchQuery(`${query} sort:stars`))).data.search;
      seen.set(repositoryCount, nodes.map(({ databaseId }) => databaseId));
    }
    const real = (await truth(query)).length;
    assert.ok(seen.has(real) && [...seen.keys()].every((n) => n === real || (n < real && n > real * 0.9)));
    outcomes.set(query, seen.size);
  }
  assert.deepEqual([...new Set(outcomes.values())].sort(), [1, 2], 'some flap, others do not');
});

test('closed repositories are FORBIDDEN in every search and by id', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, closed: 0.05 });
  const closed = (await control('truth?q=fork:true&closed=1')).split('\n').filter(Boolean).map(Number);
  assert.ok(closed.length > 25 && closed.length < 90);
  for (const sort of ['stars', 'updated', 'forks']) {
    const shown = new Set();
    let after;
    let hidden = 0;
    for (let more = true; more;) {
      const { data, errors, headers } = await graphql(searchQuery(`fork:true sort:${sort}`, { after }));
      for (const node of data.search.nodes) if (node) shown.add(node.databaseId);
      const nulls = data.search.nodes.filter((node) => node === null).length;
      hidden += nulls;
      assert.equal((errors ?? []).filter(({ type }) => type === 'FORBIDDEN').length, nulls);
      if (nulls > 0) assert.ok(headers.get('x-github-sso'));
      ({ hasNextPage: more, endCursor: after } = data.search.pageInfo);
    }
    assert.equal(hidden, closed.length);
    assert.ok(closed.every((id) => !shown.has(id)));
  }
});

test('rates: about as many as asked for, counted, off again, the same for one seed', async (t) => {
  const sequence = async () => {
    const sim = await startSim(t, { repositories: 1000, seed: 3, faults: 'json502=0.3,nullNodes=0.2' });
    const seen = [];
    for (let i = 0; i < 100; i++) {
      const { status, json: body } = await sim.graphql(QUERY);
      seen.push(status === 502 ? '5' : (body.data.search.nodes.includes(null) ? 'n' : '.'));
    }
    return { sim, seen: seen.join('') };
  };
  const [{ sim, seen }, again] = [await sequence(), await sequence()];
  assert.equal(seen, again.seen);
  const counters = await sim.control('counters');
  assert.equal(counters.faults.json502, seen.split('5').length - 1);
  assert.equal(counters.faults.nullNodes, seen.split('n').length - 1);
  assert.ok(counters.faults.json502 > 15 && counters.faults.json502 < 45);
  assert.deepEqual(await sim.control('faults', { json502: 0, nullNodes: 0 }), {});
  assert.equal((await sim.graphql(QUERY)).status, 200);
});

test('resource limits by rate strike the same queries each time', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000, faults: 'resourceLimits=0.4' });
  const strike = async (i) => Boolean((await graphql(searchQuery(`stars:>=0 size:>=${i} fork:true`))).errors);
  const first = [];
  const second = [];
  for (let i = 0; i < 30; i++) first.push(await strike(i));
  for (let i = 0; i < 30; i++) second.push(await strike(i));
  assert.deepEqual(first, second);
  assert.ok(first.includes(true) && first.includes(false));
});

test('a script says what the next requests meet; unknown names are refused', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  assert.deepEqual(await sim.control('script', [{ fault: 'json502' }, { fault: null }, { fault: 'html502' }]), { waiting: 3 });
  const statuses = [];
  for (let i = 0; i < 4; i++) statuses.push((await sim.graphql(QUERY)).status);
  assert.deepEqual(statuses, [502, 200, 502, 200]);
  assert.match((await sim.control('script', [{ fault: 'nonsense' }])).error, /unknown fault nonsense; known are json502/);
  assert.match((await sim.control('faults', { nonsense: 1 })).error, /unknown fault/);
  assert.match((await sim.control('faults', { stall: 2 })).error, /between 0 and 1/);
  assert.ok(Object.keys(FAULTS).length >= 28);
});

test('REST meets those that make sense there', async (t) => {
  const sim = await startSim(t, { repositories: 1000, faults: 'html502=1' });
  const answer = await sim.call('/repositories');
  assert.equal(answer.status, 502);
  await sim.control('faults', { html502: 0, nullNodes: 1 });
  assert.equal((await sim.call('/repositories')).status, 200);
});
