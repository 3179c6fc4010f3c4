/*
 * /events: what it tells of changes, pages, delay, conditional requests, how often one may look.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startSim } from '../tools/harness.js';

test('events tell of stars, pushes, new and published repositories, and of nothing else', async (t) => {
  const { sim, call, control } = await startSim(t, { repositories: 500, 'event-latency': 0 });
  const { columns } = sim.world;
  const [a, b, c] = [10, 20, 30].map((row) => columns.id[row]);
  const events = async () => (await call('/events?per_page=100')).json();
  assert.deepEqual(await events(), []);
  await control('world', [{ op: 'set', id: a, stars: columns.stars[10] + 2 }, { op: 'set', id: b, pushedAt: '2026-09-01T00:00:01Z' }]);
  await control('world', [{ op: 'set', id: a, stars: 0 }, { op: 'rename', id: b, name: 'moved' }, { op: 'archive', id: b }, { op: 'private', id: c }]);
  await control('world', [{ op: 'private', id: c, value: false }, { op: 'delete', id: a }]);
  const { ids: [d] } = await control('world', [{ op: 'add', name: 'new' }]);
  const list = await events();
  assert.deepEqual(list.map(({ type, repo }) => [type, repo.id]), [['CreateEvent', d], ['PublicEvent', c], ['PushEvent', b], ['WatchEvent', a], ['WatchEvent', a]]);
  assert.match(list[0].id, /^\d+$/);
  assert.ok(Number(list[0].id) > Number(list[1].id));
  assert.deepEqual(Object.keys(list[0]), ['id', 'type', 'actor', 'repo', 'payload', 'public', 'created_at']);
});

test('the last 300, 15 a page unless asked, and links', async (t) => {
  const { call, control, sim } = await startSim(t, { repositories: 500, 'event-latency': 0 });
  for (let i = 0; i < 40; i++) await control('world', [{ op: 'set', id: sim.world.columns.id[i], stars: sim.world.columns.stars[i] + 10 }]);
  const page = async (more) => {
    const response = await call(`/events?${more}`);
    return { ids: (await response.json()).map(({ id }) => id), link: response.headers.get('link') ?? '' };
  };
  assert.equal((await page('')).ids.length, 15);
  const pages = [await page('per_page=100'), await page('per_page=100&page=2'), await page('per_page=100&page=3')];
  assert.deepEqual(pages.map(({ ids, link }) => [ids.length, /rel="next"/.test(link)]), [[100, true], [100, true], [100, false]]);
  assert.equal(new Set(pages.flatMap(({ ids }) => ids)).size, 300);
  assert.deepEqual((await page('per_page=100&page=4')).ids, []);
});

test('they are late', async (t) => {
  const { call, control, sim } = await startSim(t, { repositories: 500, 'event-latency': 3600 });
  await control('world', [{ op: 'set', id: sim.world.columns.id[5], stars: 999 }]);
  assert.deepEqual(await (await call('/events')).json(), []);
  await control('settings', { eventLatency: 0 });
  assert.notEqual((await (await call('/events')).json()).length, 0);
});

test('an ETag of its token, free 304s, X-Poll-Interval and looks that come too early', async (t) => {
  const { call, control, ready, sim } = await startSim(t, { repositories: 500, users: 2, 'event-latency': 0 });
  const first = await call('/events');
  assert.equal(first.headers.get('x-poll-interval'), '60');
  const headers = { 'If-None-Match': first.headers.get('etag') };
  const again = await call('/events', { headers });
  assert.deepEqual([again.status, again.headers.get('x-poll-interval'), again.headers.get('x-ratelimit-used')], [304, '60', '1']);
  assert.equal((await call('/events', { token: ready.tokens[1], headers })).status, 200);
  assert.equal(sim.counters.violations.early_polls, 1);
  await control('world', [{ op: 'set', id: sim.world.columns.id[5], stars: sim.world.columns.stars[5] + 1 }]);
  assert.equal((await call('/events', { headers })).status, 200);
});
