/*
 * REST: the walk over all repositories, single repositories and what became of them, conditional requests, search, stars, versions,
 * Apps.
 */
import assert from 'node:assert/strict';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import * as C from '../lib/world/columns.js';
import { startSim } from '../tools/harness.js';

const nextOf = (response) => /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];

test('walking /repositories by Link gives every public repository once, in the minimal form', async (t) => {
  const { ready, call, truth } = await startSim(t, { repositories: 1500 });
  const ids = [];
  let path = '/repositories?since=0';
  for (;;) {
    const response = await call(path);
    const page = await response.json();
    ids.push(...page.map((repository) => repository.id));
    if (page.length === 0) break;
    assert.ok(page.length <= 100);
    assert.equal(page[0].stargazers_count, undefined);
    assert.equal(page[0].full_name, `${page[0].owner.login}/${page[0].name}`);
    const next = nextOf(response);
    assert.equal(next, `${ready.http}/repositories?since=${ids.at(-1)}`);
    path = next.slice(ready.http.length);
  }
  assert.deepEqual(ids, await truth('fork:true'));
  const one = await call('/repositories?since=100&per_page=1');
  assert.equal((await one.json()).length, 1);
  assert.deepEqual(await (await call('/api/v3/repositories?since=999999999')).json(), []);
  assert.match(nextOf(await call('/api/v3/repositories')), /\/api\/v3\/repositories\?since=/);
});

test('a repository by id and by name, in full', async (t) => {
  const { sim, call } = await startSim(t, { repositories: 3000 });
  const { world } = sim;
  const row = world.columns.stars.subarray(0, 3000).findIndex((stars, i) => stars > 20 && world.isVisible(i));
  const byName = await (await call(`/repos/${world.nameWithOwner(row)}`)).json();
  assert.deepEqual(await (await call(`/repositories/${byName.id}`)).json(), byName);
  assert.equal(byName.stargazers_count, world.columns.stars[row]);
  assert.equal(byName.watchers_count, byName.stargazers_count);
  assert.ok(Object.keys(byName).length >= 80);
  const fork = world.columns.parent.subarray(0, 3000).findIndex((parent, i) => parent > 0 && world.isVisible(i));
  const forked = await (await call(`/repos/${world.nameWithOwner(fork)}`)).json();
  assert.equal(forked.parent.id, world.columns.id[world.columns.parent[fork] - 1]);
  assert.equal(forked.fork, true);
  assert.deepEqual((await (await call(`/repos/${world.nameWithOwner(row)}/topics`)).json()).names, world.topics(row));
  assert.equal((await call(`/repos/${world.nameWithOwner(row)}/`)).status, 404, 'a trailing slash');
});

test('renamed 301 (and 307), deleted and private 404, DMCA 451, terms 403', async (t) => {
  const { sim, ready, call, control, graphql } = await startSim(t, { repositories: 9000 });
  const { world } = sim;
  const id = world.columns.id[10];
  const old = world.nameWithOwner(10);
  await control('world', [{ op: 'rename', id, name: 'moved-away' }]);
  const moved = await call(`/repos/${old}`);
  const body = await moved.json();
  assert.equal(moved.status, 301);
  assert.equal(moved.headers.get('location'), `${ready.http}/repositories/${id}`);
  assert.deepEqual([body.message, body.url], ['Moved Permanently', `${ready.http}/repositories/${id}`]);
  assert.equal((await call(`/repos/${old}`, { method: 'PATCH', body: {} })).status, 307);
  const [owner, name] = old.split('/');
  const follow = (more) => graphql(`{ repository(owner: "${owner}", name: "${name}"${more}) { databaseId name } }`);
  assert.deepEqual((await follow('')).data.repository, { databaseId: id, name: 'moved-away' });
  assert.equal((await follow(', followRenames: false')).errors[0].type, 'NOT_FOUND');

  for (const op of ['delete', 'private']) {
    const row = op === 'delete' ? 20 : 21;
    await control('world', [{ op, id: world.columns.id[row] }]);
    for (const path of [`/repos/${world.nameWithOwner(row)}`, `/repositories/${world.columns.id[row]}`]) {
      const gone = await call(path);
      assert.equal(gone.status, 404);
      assert.deepEqual((await gone.json()).status, '404');
    }
  }
  assert.equal((await call('/repos/nobody/nothing')).status, 404);
  for (const [bit, status, reason] of [[C.DMCA, 451, 'dmca'], [C.TOS, 403, 'tos']]) {
    const row = world.columns.flags.subarray(0, world.columns.length).findIndex((flags) => flags & bit);
    for (const path of [`/repos/${world.nameWithOwner(row)}`, `/repositories/${world.columns.id[row]}`]) {
      const blocked = await call(path);
      const json = await blocked.json();
      assert.equal(blocked.status, status);
      assert.deepEqual([json.message, json.block.reason], ['Repository access blocked', reason]);
    }
  }
});

test('conditional requests: 304 is free, an ETag belongs to its token, Last-Modified survives a change of token', async (t) => {
  const { sim, ready, call, control } = await startSim(t, { repositories: 1000, 'tokens-per-user': 2 });
  const id = sim.world.columns.id[10];
  const path = `/repositories/${id}`;
  const first = await call(path);
  const etag = first.headers.get('etag');
  const modified = first.headers.get('last-modified');
  const again = await call(path, { headers: { 'If-None-Match': etag } });
  assert.equal(again.status, 304);
  assert.equal(again.headers.get('x-ratelimit-used'), '1');
  assert.equal(await again.text(), '');
  assert.equal((await call(path, { token: ready.tokens[1], headers: { 'If-None-Match': etag } })).status, 200);
  assert.equal((await call(path, { token: ready.tokens[1], headers: { 'If-Modified-Since': modified } })).status, 304);
  await control('world', [{ op: 'set', id, stars: 12345, updatedAt: '2026-09-01T00:00:00Z' }]);
  assert.equal((await call(path, { headers: { 'If-None-Match': etag } })).status, 200);
  assert.equal((await call(path, { headers: { 'If-Modified-Since': modified } })).status, 200);
});

test('REST search: pages, links, the cap, errors', async (t) => {
  const { call, truth } = await startSim(t, { repositories: 20000, 'unstable-ties': 0, 'unstable-order': 0 });
  const search = async (more) => {
    const response = await call(`/search/repositories?${more}`);
    return { response, json: await response.json() };
  };
  const { response, json } = await search('q=stars:>20&sort=stars&order=asc&per_page=10&page=2');
  assert.equal(json.total_count, (await truth('stars:>20')).length);
  assert.equal(json.items.length, 10);
  assert.ok(json.items[0].stargazers_count <= json.items[9].stargazers_count);
  assert.equal(json.incomplete_results, false);
  for (const rel of ['next', 'last', 'first', 'prev']) assert.match(response.headers.get('link'), new RegExp(`rel="${rel}"`));
  assert.equal(response.headers.get('etag'), null);
  const over = await search('q=stars:>=0&per_page=100&page=11');
  assert.equal(over.response.status, 422);
  assert.equal(over.json.message, 'Only the first 1000 search results are available');
  assert.equal((await search('')).response.status, 422);
  const long = await search(`q=${'x'.repeat(257)}`);
  assert.equal(long.json.errors[0].message, 'The search is longer than 256 characters.');
});

test('stars: lists are closed, count and history are open', async (t) => {
  const { sim, call } = await startSim(t, { repositories: 3000 });
  const row = sim.world.columns.stars.subarray(0, 3000).findIndex((stars, i) => stars > 20 && sim.world.isVisible(i));
  const base = `/repos/${sim.world.nameWithOwner(row)}/stargazers`;
  assert.equal((await call(base)).status, 404);
  assert.equal((await call(base, { token: null })).status, 401);
  assert.deepEqual(await (await call(`${base}/count`)).json(), { count: sim.world.columns.stars[row] });
  let total = 0;
  let last = Infinity;
  for (let path = `${base}/history?per_page=30`; path;) {
    const response = await call(path);
    for (const week of await response.json()) {
      assert.ok(week.week < last && week.days.length === 7 && week.days.reduce((a, b) => a + b) === week.total);
      last = week.week;
      total += week.total;
    }
    path = nextOf(response)?.replace(/^http:\/\/[^/]+/, '');
  }
  assert.equal(total, sim.world.columns.stars[row]);
});

test('versions, archives, users', async (t) => {
  const { sim, call, control } = await startSim(t, { repositories: 1000 });
  const version = (value) => call('/repositories?per_page=1', { headers: { 'X-GitHub-Api-Version': value } });
  assert.equal((await version('2026-03-10')).headers.get('x-github-api-version-selected'), '2026-03-10');
  assert.equal((await version('2001-01-01')).status, 400);
  const used = async () => (await control('limits'))['user:90000001'].core[0].used;
  const before = await used();
  const archive = await call(`/repos/${sim.world.nameWithOwner(5)}/tarball/main`);
  assert.equal(archive.status, 302);
  assert.match(archive.headers.get('location'), /^https:\/\/codeload\.github\.com\/.*\/legacy\.tar\.gz\/main$/);
  assert.equal(await used(), before, 'an archive is free');
  assert.equal((await (await call('/user')).json()).id, 90000001);
  assert.equal((await (await call(`/users/${sim.world.ownerLogin(5)}`)).json()).login, sim.world.ownerLogin(5));
  assert.equal((await call('/nowhere')).status, 404);
});

/* ---- Apps ---- */

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function jwt(key, claims, alg = 'RS256') {
  const text = `${encode({ alg, typ: 'JWT' })}.${encode(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
}

test('an App exchanges a signed JWT for an installation token with a budget of its own', async (t) => {
  const { ready, call, graphql, control } = await startSim(t, { repositories: 1000, apps: 1, 'time-scale': 1 });
  const [app] = ready.apps;
  const key = readFileSync(app.key, 'utf8');
  const now = Math.floor(Date.now() / 1000);
  const good = { iss: String(app.id), iat: now - 30, exp: now + 570 };
  const exchange = (claims, { path = `/app/installations/${app.installation}/access_tokens`, signed = key, headers } = {}) => call(path, { method: 'POST', token: jwt(signed, claims), headers });
  const installations = await (await call('/app/installations', { token: jwt(key, good) })).json();
  assert.deepEqual([installations[0].id, installations[0].app_id], [app.installation, app.id]);

  const created = await exchange(good);
  const { token, expires_at: expires } = await created.json();
  assert.equal(created.status, 201);
  assert.ok(token.startsWith(`ghs_${app.id}_`) && token.split('.').length === 3 && token.length > 500 && token.length < 540);
  assert.ok(Math.abs(Date.parse(expires) - Date.now() - 3600000) < 5000);
  const { data, headers } = await graphql('{ viewer { login } rateLimit { used } }', { token });
  assert.equal(data.viewer.login, `ghsim-app-${app.installation}[bot]`);
  assert.equal(headers.get('x-ratelimit-used'), '1');
  assert.equal((await call('/graphql', { method: 'POST', token: null, headers: { authorization: `token ${token}` }, body: { query: '{ viewer { login } }' } })).status, 401, 'JWT-shaped: only as bearer');
  const short = await (await exchange(good, { headers: { 'X-GitHub-Stateless-S2S-Token': 'disabled' } })).json();
  assert.match(short.token, /^ghs_[A-Za-z0-9_]{36}$/);
  assert.ok((await control('counters')).by_user[`installation:${app.installation}`]);

  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const bad = [
    [{ ...good, exp: now + 700 }, /'exp'\) is too far in the future/], [{ ...good, exp: now - 5 }, /'exp'\) must be/],
    [{ ...good, iat: now + 60 }, /'iat'\) must be an Integer/], [{ ...good, iat: 'x' }, /'iat'/], [{ ...good, iss: '7' }, /'iss'/],
  ];
  for (const [claims, message] of bad) {
    const refused = await exchange(claims);
    assert.equal(refused.status, 401);
    assert.match((await refused.json()).message, message);
  }
  assert.equal((await exchange(good, { signed: stranger })).status, 401);
  assert.equal((await exchange(good, { path: '/app/installations/1/access_tokens' })).status, 404);
  assert.equal((await call('/app/installations')).status, 401, 'no JWT');
});

test('an installation token ends after its hour', async (t) => {
  const { ready, call, graphql } = await startSim(t, { repositories: 1000, apps: 1, 'time-scale': 7200 });
  const now = Math.floor(Date.now() / 1000);
  const key = readFileSync(ready.apps[0].key, 'utf8');
  const { token, expires_at: expires } = await (await call(`/app/installations/${ready.apps[0].installation}/access_tokens`, { method: 'POST', token: jwt(key, { iss: ready.apps[0].id, iat: now, exp: now + 60 }) })).json();
  for (;;) {
    const { status } = await graphql('{ viewer { login } }', { token });
    if (status === 401) break;
    assert.ok(Date.now() < Date.parse(expires) + 3000);
  }
});

test('an App with many installations: paged, some suspended; each has its own budget by its size', async (t) => {
  const { ready, call, graphql } = await startSim(t, { repositories: 1000, apps: 2, installations: 5, suspended: 1, 'installation-repositories': '20,70,500' });
  const [app, other] = ready.apps;
  assert.equal(app.installations.length, 5);
  assert.equal(new Set([...app.installations, ...app.suspended, ...other.installations, ...other.suspended]).size, 12);
  const now = Math.floor(Date.now() / 1000);
  const asApp = (path, more) => call(path, { token: jwt(readFileSync(app.key_pkcs8, 'utf8'), { iss: app.client_id, iat: now - 30, exp: now + 500 }), ...more });
  assert.match(readFileSync(app.key, 'utf8'), /BEGIN RSA PRIVATE KEY/);
  assert.match(readFileSync(app.key_pkcs8, 'utf8'), /BEGIN PRIVATE KEY/);
  const described = await (await asApp('/app')).json();
  assert.deepEqual([described.id, described.installations_count], [app.id, 6]);

  const found = [];
  for (let path = '/api/v3/app/installations?per_page=4', pages = 1; path; pages++) {
    const response = await asApp(path);
    found.push(...await response.json());
    path = nextOf(response)?.replace(ready.http, '');
    if (path) assert.ok(path.startsWith('/api/v3/app/installations?per_page=4&page='), 'the prefix stays');
    assert.ok(pages <= 2);
  }
  assert.deepEqual(found.map(({ id }) => id), [...app.installations, ...app.suspended]);
  assert.deepEqual(found.filter((each) => each.suspended_at).map(({ id }) => id), app.suspended);
  assert.ok(found.every(({ account }) => Number.isInteger(account.id) && account.login.length > 0));

  const post = (id, more) => asApp(`/app/installations/${id}/access_tokens`, { method: 'POST', ...more });
  const limits = [];
  for (const id of app.installations) {
    const { token } = await (await post(id)).json();
    const { headers } = await graphql('{ viewer { login } }', { token });
    limits.push([headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-used')].map(Number));
  }
  assert.deepEqual(limits, [[5000, 1], [7500, 1], [12500, 1], [12500, 1], [12500, 1]]);
  const suspended = await post(app.suspended[0]);
  assert.equal(suspended.status, 403);
  assert.match((await suspended.json()).message, /suspended/);
  assert.equal((await post(other.installations[0])).status, 404, "another App's");
});

test('a token of an Enterprise Server is short unless asked otherwise', async (t) => {
  const { ready, call } = await startSim(t, { repositories: 1000, apps: 1, limits: 'off' });
  const now = Math.floor(Date.now() / 1000);
  const token = jwt(readFileSync(ready.apps[0].key, 'utf8'), { iss: ready.apps[0].id, iat: now, exp: now + 60 });
  const ask = async (prefix, headers) => (await (await call(`${prefix}/app/installations/${ready.apps[0].installation}/access_tokens`, { method: 'POST', token, headers })).json()).token;
  assert.equal((await ask('/api/v3')).length, 40);
  assert.ok((await ask('/api/v3', { 'X-GitHub-Stateless-S2S-Token': 'enabled' })).length > 500);
  const own = await ask('/api/v3');
  const asked = await call('/api/v3/repositories?per_page=1', { token: own });
  assert.equal(asked.status, 200);
  assert.deepEqual([...asked.headers.keys()].filter((name) => name.startsWith('x-ratelimit')), []);
  assert.equal((await call('/api/v3/rate_limit', { token: own })).status, 404);
});

test('an App may ask for 2,000 tokens an hour', async (t) => {
  const { sim, ready, call, control } = await startSim(t, { repositories: 1000, apps: 1 });
  const now = Math.floor(Date.now() / 1000);
  const token = jwt(readFileSync(ready.apps[0].key, 'utf8'), { iss: ready.apps[0].id, iat: now, exp: now + 60 });
  const ask = () => call(`/app/installations/${ready.apps[0].installation}/access_tokens`, { method: 'POST', token });
  for (let i = 0; i < 1999; i++) sim.apps.mayAskForToken(sim.apps.list[0]);
  assert.equal((await ask()).status, 201);
  const refused = await ask();
  assert.equal(refused.status, 403);
  assert.match((await refused.json()).message, /secondary rate limit/);
  assert.equal((await control('counters')).violations.token_requests, 1);
});

test("an Enterprise Server's addresses: redirects, links and versions keep the prefix", async (t) => {
  const { sim, ready, call, graphql, control } = await startSim(t, { repositories: 2000, limits: 'off' });
  const id = sim.world.columns.id[10];
  const old = sim.world.nameWithOwner(10);
  await control('world', [{ op: 'rename', id, name: 'moved-away' }]);
  const moved = await call(`/api/v3/repos/${old}`);
  assert.equal(moved.headers.get('location'), `${ready.http}/api/v3/repositories/${id}`);
  assert.equal((await (await call(moved.headers.get('location').slice(ready.http.length))).json()).id, id);
  assert.ok(nextOf(await call('/api/v3/search/repositories?q=stars:0')).startsWith(`${ready.http}/api/v3/search/repositories?`));
  assert.ok((await (await call('/api/v3/meta')).json()).installed_version);
  await control('script', [{ fault: 'redirect' }]);
  const redirected = await call('/api/graphql', { method: 'POST', body: { query: '{ viewer { login } }' } });
  assert.deepEqual([redirected.status, redirected.headers.get('location')], [307, `${ready.http}/api/graphql`]);
  const { data, headers } = await graphql('{ viewer { login } rateLimit { cost } }', { path: '/api/graphql' });
  assert.equal(data.rateLimit, null);
  assert.deepEqual([...headers.keys()].filter((name) => name.startsWith('x-ratelimit')), []);
  assert.deepEqual(Object.values((await control('counters')).violations).filter(Boolean), []);
});
