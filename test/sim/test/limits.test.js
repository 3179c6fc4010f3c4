/*
 * Primary budgets and their windows, secondary limits, time-outs, the work budget. Hours are shortened by the time scale.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { searchQuery, startSim, waitFor } from '../tools/harness.js';

const VIEWER = '{ viewer { login databaseId } rateLimit { cost limit remaining used resetAt } }';
const isRefused = ({ errors }) => ['RATE_LIMITED', 'RATE_LIMIT'].includes(errors?.[0]?.type);
const isSecondary = ({ text }) => /secondary rate limit/.test(text);

test('the window opens with the first request and lasts an hour; headers and field agree', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000 });
  const { headers, data } = await graphql(VIEWER);
  const date = Date.parse(headers.get('date')) / 1000;
  const reset = Number(headers.get('x-ratelimit-reset'));
  assert.ok(reset - date >= 3599 && reset - date <= 3601, 'one second of tolerance for the clock between header and window');
  assert.equal(Date.parse(data.rateLimit.resetAt) / 1000, reset);
  assert.match(data.rateLimit.resetAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.deepEqual(['limit', 'remaining', 'used', 'resource'].map((name) => headers.get(`x-ratelimit-${name}`)), ['5000', '4999', '1', 'graphql']);
  assert.deepEqual([data.rateLimit.limit, data.rateLimit.remaining, data.rateLimit.used], [5000, 4999, 1]);
});

test('tokens of one user share a budget, users do not; the answer tells the user', async (t) => {
  const { ready, graphql, control } = await startSim(t, { repositories: 1000, users: 2, 'tokens-per-user': 2 });
  assert.equal(new Set(ready.tokens).size, 4);
  assert.ok(ready.tokens.every((token) => /^ghp_[A-Za-z0-9]{36}$/.test(token)));
  const answers = [];
  for (const token of ready.tokens) answers.push((await graphql(VIEWER, { token })).data);
  assert.deepEqual(answers.map(({ rateLimit }) => rateLimit.used), [1, 2, 1, 2]);
  const ids = answers.map(({ viewer }) => viewer.databaseId);
  assert.ok(ids[0] === ids[1] && ids[2] === ids[3] && ids[0] !== ids[2]);
  const counters = await control('counters');
  assert.equal(Object.keys(counters.by_token).length, 4);
  assert.equal(counters.by_user[`user:${ids[0]}`].points, 2);
});

test('an exhausted budget refuses in both wordings until its reset; used may exceed the limit by one query', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, points: 3, 'time-scale': 1800, users: 1 });
  const dear = searchQuery('stars:>=0', { fields: 'a: languages(first: 1) { totalCount } b: repositoryTopics(first: 1) { totalCount }' });
  await graphql(VIEWER);
  await graphql(VIEWER);
  const last = await graphql(dear);
  assert.equal(last.headers.get('x-ratelimit-used'), '4');
  assert.equal(last.headers.get('x-ratelimit-remaining'), '0');
  const types = new Set();
  let after = null;
  for (let i = 0; i < 20; i++) {
    const refused = await graphql(VIEWER);
    if (!isRefused(refused)) {
      after = refused;
      break;
    }
    assert.equal(refused.status, 200);
    assert.equal(refused.json.data, undefined);
    assert.match(refused.errors[0].message, /API rate limit (already )?exceeded for user ID 9000000\d/);
    assert.equal(refused.headers.get('x-ratelimit-remaining'), '0');
    types.add(refused.errors[0].type);
  }
  assert.deepEqual([...types].sort(), ['RATE_LIMIT', 'RATE_LIMITED']);
  const reset = Number(last.headers.get('x-ratelimit-reset')) * 1000;
  assert.ok(reset - Date.now() <= 3000);
  after ??= await waitFor(async () => {
    const answer = await graphql(VIEWER);
    return isRefused(answer) ? null : answer;
  });
  assert.ok(Date.now() >= reset);
  assert.equal(after.data.rateLimit.used, 1);
  assert.ok((await control('counters')).violations.primary_after_exhausted >= 1);
});

test('two shards show two windows to one token', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000, shards: 2, seed: 5 });
  const seen = new Map();
  for (let i = 0; i < 60; i++) {
    const { headers } = await graphql(VIEWER);
    const used = headers.get('x-ratelimit-used');
    seen.set(used, (seen.get(used) ?? 0) + 1);
  }
  assert.equal(seen.get('1'), 2, 'two counters began at one');
});

test('more requests in flight than allowed are refused, and the account is benched for a minute', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, concurrent: 3, latency: 20000, 'time-scale': 100 });
  const answers = await Promise.all(Array.from({ length: 6 }, () => graphql(VIEWER)));
  assert.equal(answers.filter(isSecondary).length, 3);
  const { violations } = await control('counters');
  assert.equal(violations.concurrent, 1, 'the first one over');
  assert.equal(violations.requests_while_benched, 2, 'those after it');
  assert.ok(isSecondary(await graphql(VIEWER)));
  await waitFor(async () => !isSecondary(await graphql(VIEWER)));
  const counters = await control('counters');
  assert.ok(counters.max_in_flight >= 4);
  assert.ok(Object.values(counters.by_token)[0].violations >= 4);
});

test('refusals come as 403 or 200, with retry-after and without', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000, 'minute-points': 2 });
  await graphql(VIEWER);
  await graphql(VIEWER);
  const forms = new Set();
  for (let i = 0; i < 60; i++) {
    const refused = await graphql(VIEWER);
    assert.ok(isSecondary(refused));
    const after = refused.headers.get('retry-after');
    if (after !== null) assert.equal(after, '60');
    if (refused.status === 403) assert.deepEqual(Object.keys(refused.json).sort(), ['documentation_url', 'message']);
    else assert.ok(refused.errors[0].message.length > 0);
    forms.add(`${refused.status} ${after !== null}`);
  }
  assert.deepEqual([...forms].sort(), ['200 false', '200 true', '403 false', '403 true']);
});

test('summed response time over 60 s a minute is refused; less is not', async (t) => {
  const options = { repositories: 1000, latency: 5000, 'time-scale': 50 };
  const { graphql, control } = await startSim(t, options);
  for (let i = 0; i < 10; i++) assert.ok(!isSecondary(await graphql(VIEWER)), 'one at a time stays within');
  assert.equal((await control('counters')).violations.response_time, 0);
  const other = await startSim(t, options);
  const answers = [];
  for (let round = 0; round < 5; round++) answers.push(...await Promise.all(Array.from({ length: 4 }, () => other.graphql(VIEWER))));
  assert.ok(answers.slice(0, 12).every((answer) => !isSecondary(answer)));
  assert.ok(answers.slice(16).some(isSecondary));
  assert.equal((await other.control('counters')).violations.response_time, 1);
});

test('limits off, as on an Enterprise Server: no headers, rateLimit null', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000, limits: 'off', points: 1 });
  for (let i = 0; i < 5; i++) {
    const { headers, data } = await graphql(VIEWER, { path: '/api/graphql' });
    assert.equal(data.rateLimit, null);
    assert.ok(data.viewer.login);
    assert.equal(headers.get('x-ratelimit-remaining'), null);
  }
});

test('who asks wrongly: no user agent, no token, unknown token, GET', async (t) => {
  const { call, graphql, control, ready } = await startSim(t, { repositories: 1000 });
  const { request } = await import('node:http');
  const bare = await new Promise((resolve) => {
    request(`${ready.http}/graphql`, { method: 'POST', headers: { authorization: `bearer ${ready.tokens[0]}` } }, (res) => { res.resume(); resolve(res.statusCode); }).end('{}');
  });
  assert.equal(bare, 403);
  assert.equal((await graphql(VIEWER, { token: 'ghp_unknown' })).status, 401);
  assert.equal((await graphql(VIEWER, { token: 'ghp_unknown' })).json.message, 'Bad credentials');
  assert.equal((await graphql(VIEWER, { token: null })).status, 401);
  assert.equal((await call('/graphql?query={viewer{login}}')).status, 404);
  assert.equal((await call('/graphql', { method: 'POST', token: null, headers: { authorization: `token ${ready.tokens[0]}` }, body: { query: VIEWER } })).status, 200);
  const { violations } = await control('counters');
  assert.equal(violations.missing_user_agent, 1);
  assert.equal(violations.unauthorized, 3);
});

test('the latency model: nodes and counts take time; over ten seconds ends as 502 or 504 and costs points of the next hour', async (t) => {
  const { sim, graphql, control } = await startSim(t, { repositories: 5000, latency: null, 'latency-jitter': 0, 'time-scale': 100, points: 5000 });
  const timed = async (query) => {
    const start = performance.now();
    const answer = await graphql(query);
    return { ms: performance.now() - start, answer };
  };
  await timed(VIEWER);
  const page = await timed(searchQuery('stars:>=0'));
  assert.ok(page.ms >= 12 && page.answer.status === 200, `a page of 100 is modelled as 1.3 s, took ${page.ms} ms at 100 times the speed`);
  const counts = 'issues { totalCount } pullRequests { totalCount } releases { totalCount }';
  const slow = await timed(searchQuery('stars:>=0', { fields: counts }));
  assert.ok([502, 504].includes(slow.answer.status) && slow.ms >= 95);
  const kinds = new Set();
  for (let i = 0; i < 12; i++) {
    const { answer } = await timed(searchQuery('stars:>=0', { fields: counts }));
    kinds.add(`${answer.status} ${answer.headers.get('content-type').split(';')[0]}`);
    sim.accounts.byToken.values().next().value.account.secondary.benchedUntil = 0;
  }
  assert.ok(kinds.size >= 2, [...kinds].join());
  const window = sim.accounts.byToken.values().next().value.account.budgets.graphql.windows[0];
  assert.ok(window.debt >= 20 && window.debt % 10 === 0);
  assert.equal((await control('counters')).requests, 15);
});

test('a penalty is taken from the next window', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 1000, 'time-scale': 3600 });
  await graphql(VIEWER);
  const window = sim.accounts.byToken.values().next().value.account.budgets.graphql.windows[0];
  window.debt = 10;
  assert.ok(await waitFor(async () => (await graphql(VIEWER)).data.rateLimit.used === 11));
});

test('the work budget is deterministic: part of the data null, and the same query fails again', async (t) => {
  const { graphql } = await startSim(t, { repositories: 5000, 'work-budget': 150 });
  const query = `{ a: ${searchQuery('stars:>=0 sort:stars').slice(1, -1)} b: ${searchQuery('stars:>=0 sort:forks').slice(1, -1)} }`;
  const first = await graphql(query);
  assert.equal(first.status, 200);
  assert.equal(first.data.a.nodes.filter(Boolean).length, 100);
  assert.equal(first.data.b.nodes.filter(Boolean).length, 50);
  assert.equal(first.errors[0].type, 'RESOURCE_LIMITS_EXCEEDED');
  assert.deepEqual(first.errors[0].path, ['b', 'nodes', 50]);
  assert.equal(first.errors.length, 50);
  assert.deepEqual((await graphql(query)).errors, first.errors);
});

test('REST has a budget of its own, anonymous addresses 60 an hour, /rate_limit is free', async (t) => {
  const { call, graphql, control } = await startSim(t, { repositories: 1000, 'rest-requests': 2 });
  await graphql(VIEWER);
  assert.equal((await call('/repositories')).headers.get('x-ratelimit-used'), '1');
  const free = await call('/rate_limit');
  const { resources, rate } = await free.json();
  assert.equal(resources.core.used, 1);
  assert.equal(resources.graphql.used, 1);
  assert.equal(resources.search.limit, 30);
  assert.equal(rate.used, 1);
  assert.equal((await (await call('/rate_limit', { headers: { 'X-GitHub-Api-Version': '2026-03-10' } })).json()).rate, undefined);
  await call('/repositories');
  const refused = await call('/repositories');
  assert.ok([403, 429].includes(refused.status));
  assert.equal(refused.headers.get('x-ratelimit-remaining'), '0');
  assert.match((await refused.json()).message, /^API rate limit exceeded for user ID/);
  assert.equal((await call('/rate_limit')).status, 200);
  const anonymous = await call('/repositories', { token: null });
  assert.equal(anonymous.headers.get('x-ratelimit-limit'), '60');
  assert.equal((await control('counters')).graphql.points, 1);
});

test('REST search has a window of a minute, REST 900 points a minute and end point', async (t) => {
  const { call } = await startSim(t, { repositories: 1000, 'search-requests': 2, 'rest-minute-points': 4 });
  const search = () => call('/search/repositories?q=stars:>1');
  const first = await search();
  assert.ok(Number(first.headers.get('x-ratelimit-reset')) - Date.parse(first.headers.get('date')) / 1000 <= 61);
  await search();
  assert.match((await (await search()).json()).message, /API rate limit exceeded/);
  for (let i = 0; i < 4; i++) assert.equal((await call('/repositories')).status, 200);
  assert.match(await (await call('/repositories')).text(), /secondary rate limit/);
});
