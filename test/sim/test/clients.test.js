/*
 * Real clients against the simulator: @octokit/graphql, and @octokit/rest with throttling and retries.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { graphql } from '@octokit/graphql';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import { startSim } from '../tools/harness.js';

const SEARCH = `query($q: String!, $after: String) { search(query: $q, type: REPOSITORY, first: 100, after: $after) {
  repositoryCount pageInfo { hasNextPage endCursor } nodes { ... on Repository { databaseId } } } }`;

function client(ready, handlers = {}) {
  const Patient = Octokit.plugin(throttling, retry);
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  return new Patient({
    baseUrl: ready.http, auth: ready.tokens[0], userAgent: 'ghsim-test', log: quiet,
    throttle: { onRateLimit: () => false, onSecondaryRateLimit: () => false, ...handlers },
  });
}

test('@octokit/graphql pages through a search and meets typed errors', async (t) => {
  const { ready, truth } = await startSim(t, { repositories: 5000, 'unstable-ties': 0 });
  const ask = graphql.defaults({ baseUrl: ready.http, headers: { authorization: `token ${ready.tokens[0]}` } });
  const q = 'created:2024-01-01..2024-06-30 sort:updated-asc';
  const ids = [];
  for (let after = null; ;) {
    const { search } = await ask(SEARCH, { q, after });
    ids.push(...search.nodes.map((node) => node.databaseId));
    if (!search.pageInfo.hasNextPage) break;
    after = search.pageInfo.endCursor;
  }
  assert.deepEqual(ids.sort((a, b) => a - b), await truth(q));
  await assert.rejects(ask('{ repository(owner: "no", name: "body") { id } }'), (error) => error.errors[0].type === 'NOT_FOUND' && error.data.repository === null);
  const enterprise = graphql.defaults({ baseUrl: `${ready.http}/api/v3`, headers: { authorization: `token ${ready.tokens[0]}` } });
  assert.ok((await enterprise('{ viewer { login } }')).viewer.login, '/api/v3 becomes /api/graphql');
});

test('@octokit/rest walks all public repositories, follows renames, sees what is gone', async (t) => {
  const { sim, ready, control, truth } = await startSim(t, { repositories: 1000 });
  const octokit = client(ready);
  const ids = [];
  for await (const { data } of octokit.paginate.iterator('GET /repositories')) {
    if (data.length === 0) break;
    ids.push(...data.map(({ id }) => id));
  }
  assert.deepEqual(ids, await truth('fork:true'));
  const id = sim.world.columns.id[5];
  const [owner, repo] = sim.world.nameWithOwner(5).split('/');
  await control('world', { op: 'rename', id, name: 'elsewhere' });
  const { data } = await octokit.rest.repos.get({ owner, repo });
  assert.deepEqual([data.id, data.name], [id, 'elsewhere']);
  await assert.rejects(octokit.rest.repos.get({ owner: 'no', repo: 'body' }), { status: 404 });
  const found = await octokit.rest.search.repos({ q: 'stars:>1', per_page: 5 });
  assert.equal(found.data.items.length, 5);
  assert.equal((await octokit.rest.rateLimit.get()).data.resources.core.limit, 5000);
});

test('the throttling plugin sees both kinds of limit, waits as told and goes on', async (t) => {
  const { ready, control } = await startSim(t, { repositories: 1000, 'time-scale': 60 });
  const seen = [];
  const octokit = client(ready, {
    onRateLimit: (after, options, self, count) => { seen.push(['primary', after]); return count < 1; },
    onSecondaryRateLimit: (after, options, self, count) => { seen.push(['secondary', after]); return count < 1; },
  });
  await control('script', [{ fault: 'secondary' }]);
  const answer = await octokit.graphql('{ viewer { login } }');
  assert.ok(answer.viewer.login);
  assert.deepEqual(seen, [['secondary', 1]]);
  const { violations } = await control('counters');
  assert.deepEqual([violations.requests_while_benched, violations.concurrent], [0, 0]);
});

test('the throttling plugin recognises an exhausted budget by RATE_LIMITED, but not by RATE_LIMIT', async (t) => {
  const { ready } = await startSim(t, { repositories: 1000, points: 1 });
  const seen = [];
  const octokit = client(ready, { onRateLimit: (after) => { seen.push(after); return false; } });
  await octokit.graphql('{ viewer { login } }');
  for (let i = 0; i < 20 && seen.length === 0; i++) await assert.rejects(octokit.graphql('{ viewer { login } }'), /rate limit/i);
  assert.equal(seen.length, 1);
  assert.ok(seen[0] > 3500 && seen[0] <= 3602);
});

test('the retry plugin outlives a 502', async (t) => {
  const { ready, control } = await startSim(t, { repositories: 1000 });
  await control('script', [{ fault: 'html502' }]);
  assert.ok((await client(ready).graphql('{ viewer { login } }')).viewer.login);
  assert.deepEqual((await control('requests?last=2')).map(({ status }) => status), [502, 200]);
});
