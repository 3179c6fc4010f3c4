/*
 * What the economy of a client is measured against: latency by rows, cliffs, clocks that are wrong, headers that are stale, budgets
 * that end at different times, tokens that are revoked, refusals without a reason; and the figures of /_sim/usage.
 */
import assert from 'node:assert/strict';
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { searchQuery, startSim } from '../tools/harness.js';

const VIEWER = '{ viewer { login } rateLimit { cost remaining used resetAt } }';
const page = (name, first, query = 'stars:>=0') => `${name}: ${searchQuery(query, { first }).slice(1, -1)}`;
const count = (name) => `${name}: search(query: "stars:0", type: REPOSITORY) { repositoryCount }`;

test('latency by rows is exact, searches that only count have a price of their own', async (t) => {
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
