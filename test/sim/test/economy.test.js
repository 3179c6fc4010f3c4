/*
 * What the economy of a client is measured against: latency by rows, cliffs, clocks that are wrong, headers that are stale, budgets
 * that end at different times, tokens that are revoked, refusals without a reason; and the figures of /_sim/usage.
 */
import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { searchQuery, startSim, waitFor } from '../tools/harness.js';

const VIEWER = '{ viewer { login } rateLimit { cost remaining used resetAt } }';
const page = (name, first, query = 'stars:>=0') => `${name}: ${searchQuery(query, { first }).slice(1, -1)}`;
const count = (name) => `${name}: search(query: "stars:0", type: REPOSITORY) { repositoryCount }`;

test('latency by rows is exact, searches that only count and look-ups by id have a price of their own', async (t) => {
  const { graphql, control } = await startSim(t, {
    repositories: 2000, latency: null, 'latency-base': 200, 'latency-node': 2, 'latency-connection': 0, 'latency-count': 0, 'latency-jitter': 0, 'time-scale': 100,
  });
  const nested = 'languages(first: 10) { totalCount nodes { name } } repositoryTopics(first: 20) { nodes { topic { name } } }';
  const figures = [
    [VIEWER, 200], [searchQuery('stars:>=0'), 400], [searchQuery('stars:>=0', { first: 74, fields: nested }), 348], [searchQuery('repo:no/thing'), 200],
    [`{ ${page('a', 50)} ${page('b', 100)} }`, 500], [`{ ${count('a')} }`, 205], [`{ ${count('a')} ${count('b')} ${page('c', 10)} }`, 230],
    ['{ nodes(ids: ["R_kgAB", "R_kgAC", "R_kgAD"]) { id } }', 206],
  ];
  for (const [query] of figures) await graphql(query);
  assert.deepEqual((await control('requests')).map((record) => record.modelled_ms), figures.map(([, ms]) => ms));
  assert.ok((await control('requests')).every(({ ms }, i) => ms >= figures[i][1] / 100 - 1.5));
  await control('settings', { latency: { alias: 50 } });
  await graphql(`{ ${count('a')} ${count('b')} }`);
  assert.equal((await control('requests?last=1'))[0].modelled_ms, 300);
  await control('settings', { latency: { byId: 0.5 } });
  await graphql('{ nodes(ids: ["R_kgAB", "R_kgAC", "R_kgAD", "R_kgAE"]) { id } }');
  assert.equal((await control('requests?last=1'))[0].modelled_ms, 204);
  for (const wrong of [{ latency: { base: '300' } }, { latency: '300' }, { timeoutMs: '5' }]) {
    assert.match((await control('settings', wrong)).error, /is a number/);
  }
  assert.match((await control('settings', { latency: { nonsense: 1 } })).error, /unknown setting nonsense/);
});

test('cliffs: from so many aliases, or so many rows a page, a request times out; switched at run time', async (t) => {
  const { sim, graphql, control } = await startSim(t, { repositories: 2000, 'timeout-aliases': 6, 'time-scale': 1000 });
  const aliases = (n, make) => `{ ${Array.from({ length: n }, (none, i) => make(`a${i}`)).join(' ')} rateLimit { cost } }`;
  const ten = (name) => page(name, 10);
  const isTimeout = ({ status }) => status === 502 || status === 504;
  assert.equal((await graphql(aliases(5, ten))).status, 200);
  const late = await graphql(aliases(6, ten));
  assert.ok(isTimeout(late));
  assert.equal((await control('requests?last=1'))[0].modelled_ms, 10000);
  assert.ok(isTimeout(await graphql(aliases(6, count))), 'a count is an alias too');
  assert.ok(isTimeout(await graphql(aliases(6, (name) => `${name}: nodes(ids: []) { id }`))));
  assert.equal((await graphql(aliases(6, ten).replace('rateLimit', 'rateLimit(dryRun: true)'))).status, 200);
  assert.equal((await control('counters')).graphql.repositories, 50, 'what timed out was not delivered');
  assert.equal(sim.accounts.byToken.values().next().value.account.budgets.graphql.windows[0].debt, 30);

  await control('settings', { timeoutAliases: 0, timeoutRows: 60 });
  assert.equal((await graphql(aliases(10, (name) => page(name, 59)))).status, 200);
  assert.ok(isTimeout(await graphql(searchQuery('stars:>=0', { first: 60 }))));
  assert.ok(isTimeout(await graphql(searchQuery('repo:no/thing', { first: 60 }))), 'what counts is what was asked for');
});

for (const skew of [3600, -90]) {
  test(`a server whose clock is ${skew} s off: Date, resets and JWTs follow it`, async (t) => {
    const { ready, call, graphql } = await startSim(t, { repositories: 1000, 'clock-skew': skew, apps: 1 });
    const { headers, data } = await graphql(VIEWER);
    const date = Date.parse(headers.get('date')) / 1000;
    assert.ok(Math.abs(date - Date.now() / 1000 - skew) < 5);
    const reset = Number(headers.get('x-ratelimit-reset'));
    assert.ok(Math.abs(reset - date - 3600) <= 1);
    assert.equal(Date.parse(data.rateLimit.resetAt) / 1000, reset);
    const [app] = ready.apps;
    const ask = (now) => call(`/app/installations/${app.installation}/access_tokens`, { method: 'POST', token: signedJwt(app, now) });
    const refused = await ask(Math.floor(Date.now() / 1000));
    assert.equal(refused.status, 401);
    assert.match((await refused.json()).message, skew > 0 ? /'exp'/ : /'Issued at' claim \('iat'\) must be an Integer/);
    const { token, expires_at: expires } = await (await ask(date)).json();
    assert.ok(Math.abs(Date.parse(expires) / 1000 - date - 3600) < 5);
    assert.equal((await graphql(VIEWER, { token })).status, 200);
  });
}

function signedJwt(app, now) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode({ iss: app.id, iat: now - 30, exp: now + 570 })}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(readFileSync(app.key, 'utf8'), 'base64url')}`;
}

const usedBy = async (control, account = 'user:90000001') => (await control('usage')).accounts[account];

test('stale headers show an earlier state of the window, with its reset; the field is right', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, 'stale-headers': 0.5 });
  const read = ({ headers }) => ['used', 'remaining', 'reset', 'limit'].map((name) => Number(headers.get(`x-ratelimit-${name}`)));
  let stale = 0;
  const resets = new Set();
  for (let i = 1; i <= 60; i++) {
    const answer = await graphql(VIEWER);
    const [used, remaining, reset, limit] = read(answer);
    assert.ok(used <= i && used + remaining === limit);
    assert.equal(answer.data.rateLimit.used, i);
    resets.add(reset);
    if (used < i) stale++;
  }
  assert.ok(stale >= 15 && stale <= 45, String(stale));
  assert.equal(resets.size, 1);
  await control('settings', { staleHeaders: 0 });
  assert.equal(read(await graphql(VIEWER))[0], 61);
});

test('budgets of different sizes whose hours end at different times', async (t) => {
  const { ready, graphql, control } = await startSim(t, {
    repositories: 1000, users: 3, apps: 1, points: '5000,12500', 'reset-spread': 1, shards: 2, 'time-scale': 10,
  });
  const { accounts } = await control('usage');
  const windows = Object.values(accounts).map((account) => account.windows.graphql);
  assert.deepEqual(windows.map(([window]) => window.limit), [5000, 12500, 12500, 5000]);
  assert.ok(windows.every((both) => both.length === 2 && both.every(({ used, running }) => used === 0 && running)));
  windows.forEach(([first, second], i) => {
    assert.ok(first.reset - first.opened === 90 * (i + 1), 'a quarter of an hour at ten times the speed');
    assert.ok(second.reset > first.reset && second.reset <= first.reset + 2);
  });
  const { headers } = await graphql(VIEWER, { token: ready.tokens[1] });
  assert.ok(windows[1].some(({ reset }) => reset === Number(headers.get('x-ratelimit-reset'))));
  assert.equal(headers.get('x-ratelimit-used'), '1');
});

test('windows that are over are kept with what was used of them', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, 'reset-spread': 0.5, 'time-scale': 1800 });
  await waitFor(async () => {
    await graphql(VIEWER);
    return (await usedBy(control)).windows.graphql.length >= 3;
  });
  const { windows: { graphql: windows }, points } = await usedBy(control);
  assert.equal(windows.reduce((sum, { used }) => sum + used, 0), points);
  assert.ok(windows.slice(1).every(({ opened, reset }, i) => opened >= windows[i].reset && reset === opened + 2));
  assert.deepEqual(windows.map(({ running }) => running), windows.map((each, i) => i === windows.length - 1));
});

test('a revoked token is refused from then on; of a user all; the first refusal is not held against the client', async (t) => {
  const { ready, graphql, control } = await startSim(t, { repositories: 1000, users: 2, 'tokens-per-user': 2 });
  const status = async () => Promise.all(ready.tokens.map(async (token) => (await graphql(VIEWER, { token })).status));
  assert.deepEqual(await control('revoke', { token: ready.tokens[0] }), { revoked: 1 });
  assert.deepEqual(await status(), [401, 200, 200, 200]);
  assert.equal((await graphql(VIEWER)).json.message, 'Bad credentials');
  assert.deepEqual(await control('revoke', { user: 'user:90000002' }), { revoked: 2 });
  assert.deepEqual(await status(), [401, 200, 401, 401]);
  assert.equal((await control('counters')).violations.unauthorized, 0);
  await waitFor(async () => {
    await graphql(VIEWER);
    return (await control('counters')).violations.unauthorized > 0;
  });
  assert.match((await control('revoke', {})).error, /token or a user/);
});

test('a refusal without a reason, time and again', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, 'secondary-every': 10, 'secondary-bench': 20, 'time-scale': 20, 'retry-after': 1 });
  const refused = [];
  const sent = [];
  await waitFor(async () => {
    const before = Date.now();
    const answer = await graphql(VIEWER);
    if (/secondary rate limit/.test(answer.text)) {
      assert.equal(answer.headers.get('retry-after'), '1');
      sent.push(before);
      refused.push(Date.now());
      if (refused.length === 2) assert.ok(/secondary/.test((await graphql(VIEWER)).text), 'benched');
      await waitFor(() => Date.now() > refused.at(-1) + 1000);
    }
    return refused.length === 3;
  });
  for (let i = 1; i < refused.length; i++) assert.ok(refused[i] - sent[i - 1] >= 1500, 'ten seconds after the end of the last one');
  const { violations, unfair } = await usedBy(control);
  assert.equal(unfair, 3);
  assert.deepEqual(violations, { requests_while_benched: 1 });
});

test('usage: what was asked, used and overstepped, by account', async (t) => {
  const { ready, call, graphql, control } = await startSim(t, { repositories: 2000, users: 2, latency: 1000, 'time-scale': 2 });
  const [first, second] = ready.tokens;
  const both = `{ ${page('a', 30)} ${page('b', 20)} ${count('c')} }`;
  await Promise.all([graphql(both, { token: first }), graphql(both, { token: first }), graphql(VIEWER, { token: first })]);
  await graphql(page('{ a', 30).concat('}'), { token: second });
  await graphql('{ nodes(ids: ["R_kgAB"]) { id } }', { token: second });
  await call('/repositories?per_page=1', { token: second });
  const { accounts, totals } = await control('usage');
  assert.deepEqual([totals.requests, totals.points, totals.rest_requests, totals.repositories], [6, 5, 1, 130]);
  assert.ok(totals.distinct_repositories >= 30 && totals.distinct_repositories < 130);
  assert.deepEqual(totals.parts, { search: { asked: 5, distinct: 2 }, nodes: { asked: 1, distinct: 1 }, repository: { asked: 0, distinct: 0 }, count: { asked: 2, distinct: 1 } });
  const [one, two] = ['user:90000001', 'user:90000002'].map((name) => accounts[name]);
  assert.deepEqual([one.points, one.repositories, one.max_concurrent, one.requests.graphql, one.max_requests_minute.graphql], [3, 100, 3, 3, 3]);
  assert.deepEqual([one.response_ms.graphql, one.response_ms.max_minute_graphql, one.response_ms.graphql_minutes[0]], [3000, 3000, 3000]);
  assert.deepEqual([two.response_ms.graphql, two.response_ms.rest, two.response_ms.max_minute_total], [2000, 1000, 3000]);
  assert.equal(two.windows.core[0].used, 1);
  assert.deepEqual([one.violations, one.refused], [{}, 0]);
  await control('counters/reset', {});
  const after = await control('usage');
  assert.deepEqual([after.totals.parts.search.distinct, after.totals.distinct_repositories, after.accounts['user:90000001'].points], [0, 0, 0]);
});

test('what ended within a minute is held against the limit strictly, though nobody was refused', async (t) => {
  const { graphql, control } = await startSim(t, { repositories: 1000, latency: 9000, 'time-scale': 20 });
  await Promise.all(Array.from({ length: 6 }, () => graphql(VIEWER)));
  assert.deepEqual((await usedBy(control)).violations, {}, '54 s');
  await graphql(VIEWER);
  const { violations, refused, response_ms: time } = await usedBy(control);
  assert.deepEqual(violations, { response_time_strict: 1 }, 'let in at 54 s, ended at 63');
  assert.deepEqual([refused, time.max_minute_graphql], [0, 63000]);
  assert.equal((await control('counters')).violations.response_time_strict, 1);
});
