/*
 * The world moves: drift, operations on demand, and the truth over an interval.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { DRIFTS } from '../lib/world/drift.js';
import { searchQuery, startSim, waitFor } from '../tools/harness.js';

const QUERIES = ['stars:>=0', 'stars:1..3 fork:true', 'archived:false pushed:>2024-01-01', 'stars:>0 -language:Python', 'parser fork:true'];

test('always and ever agree with looking at every moment', async (t) => {
  const { sim, control } = await startSim(t, { repositories: 2000 });
  const ids = (query) => Array.from(sim.engine.findAll(query), (row) => sim.world.columns.id[row]);
  const from = Date.now();
  const seen = QUERIES.map((query) => ({ always: new Set(ids(query)), ever: new Set(ids(query)) }));
  for (let step = 0; step < 280; step++) {
    sim.drift.apply(DRIFTS[step % DRIFTS.length]);
    QUERIES.forEach((query, i) => {
      const now = new Set(ids(query));
      for (const id of seen[i].always) if (!now.has(id)) seen[i].always.delete(id);
      for (const id of now) seen[i].ever.add(id);
    });
  }
  const sorted = (set) => [...set].sort((a, b) => a - b);
  for (let i = 0; i < QUERIES.length; i++) {
    const q = encodeURIComponent(QUERIES[i]);
    const told = await control(`truth?q=${q}&from=${from}`);
    assert.deepEqual(told.always, sorted(seen[i].always), QUERIES[i]);
    assert.deepEqual(told.ever, sorted(seen[i].ever), QUERIES[i]);
    const lines = await control(`truth?q=${q}&from=${from}&mode=ever`);
    assert.equal(lines.split('\n').filter(Boolean).length, seen[i].ever.size);
    assert.deepEqual(await control(`truth?q=${q}&from=${from}&count=1`), { always: seen[i].always.size, ever: seen[i].ever.size });
    assert.deepEqual(await control(`truth?q=${q}&from=${Date.now() + 1000}&mode=both`), { always: ids(QUERIES[i]), ever: ids(QUERIES[i]) });
  }
});

test('history tells every state of what changed, in order', async (t) => {
  const { sim, control } = await startSim(t, { repositories: 500 });
  const { columns } = sim.world;
  const look = (row) => ({ visible: sim.world.isVisible(row), stars: columns.stars[row], nameWithOwner: sim.world.nameWithOwner(row), isArchived: (columns.flags[row] & 2) !== 0 });
  const from = Date.now();
  const born = columns.length;
  const seen = Array.from({ length: born }, (unused, row) => [look(row)]);
  for (let step = 0; step < 400; step++) {
    sim.drift.apply(DRIFTS[step % DRIFTS.length]);
    for (let row = 0; row < columns.length; row++) {
      const now = look(row);
      seen[row] ??= [];
      if (JSON.stringify(now) !== JSON.stringify(seen[row].at(-1))) seen[row].push(now);
    }
  }
  const told = new Map();
  for (const line of (await control(`history?from=${from}&fields=stars,nameWithOwner,isArchived`)).split('\n').filter(Boolean)) {
    const { id, since, until, ...state } = JSON.parse(line);
    const states = told.get(id) ?? [];
    assert.ok(states.length === 0 ? since === null || columns.rowOf(id) >= born : since === states.at(-1).until, 'one follows the other');
    states.push({ until, state });
    told.set(id, states);
  }
  const changed = seen.map((states, row) => [columns.id[row], row, states]).filter(([, row, states]) => states.length > 1 || row >= born);
  for (const [id, , states] of changed) {
    const heard = told.get(id).map(({ state }) => state).filter((state, i, all) => i === 0 || JSON.stringify(state) !== JSON.stringify(all[i - 1]));
    assert.deepEqual(heard, states);
    assert.equal(told.get(id).at(-1).until, null);
  }
  assert.ok(changed.length > 100 && told.size >= changed.length);
  assert.equal(await control(`history?from=${Date.now() + 1000}`), '');
});

test('what was made private is published again', async (t) => {
  const { sim, truth } = await startSim(t, { repositories: 500 });
  const all = await truth('fork:true');
  for (let i = 0; i < 10; i++) sim.drift.apply('privatizations');
  assert.equal((await truth('fork:true')).length, 490);
  for (let i = 0; i < 10; i++) sim.drift.apply('publications');
  assert.deepEqual(await truth('fork:true'), all);
  sim.drift.apply('publications');
  assert.equal((await truth('fork:true')).length, 499, 'there was nothing to publish');
  sim.drift.apply('publications');
  assert.deepEqual(await truth('fork:true'), all);
});

test('drift runs at its rates, and what it does is seen', async (t) => {
  const { sim, graphql, control } = await startSim(t, { repositories: 2000, drift: 'stars=200,additions=20,renames=20,deletions=20' });
  const { applied } = await waitFor(async () => {
    const drift = await control('drift');
    return drift.applied.additions >= 5 ? drift : null;
  });
  assert.ok(applied.stars >= 5 * applied.additions && applied.archivings === 0);
  await control('drift', {});
  const quiet = (await control('health')).version;
  const now = await control('health');
  assert.equal(now.version, quiet);
  assert.equal(now.repositories, sim.engine.findAll('fork:true').length);
  const fresh = (await graphql(searchQuery('created:>=2026-09-01T00:00:00Z', { fields: 'databaseId createdAt owner { login } nameWithOwner' }))).data.search;
  assert.ok(fresh.repositoryCount >= 5);
  assert.match((await control('drift', { nonsense: 1 })).error, /unknown drift/);
});

test('search for stars keeps up with changes across all thresholds', async (t) => {
  const { sim, truth } = await startSim(t, { repositories: 3000 });
  const { world } = sim;
  const slow = (least) => {
    const found = [];
    for (let row = 0; row < world.columns.length; row++) if (world.isVisible(row) && world.columns.stars[row] >= least) found.push(world.columns.id[row]);
    return found;
  };
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 20; i++) {
      const row = (round * 977 + i * 131) % world.columns.length;
      world.change(row, { stars: [0, 1, 5, 11, 150, 2000][(round + i) % 6] });
    }
    for (const least of [1, 2, 10, 100, 1000]) assert.deepEqual(await truth(`stars:>=${least} fork:true`), slow(least));
  }
});

test('operations change the world and tell what changed', async (t) => {
  const { sim, graphql, control, truth } = await startSim(t, { repositories: 2000 });
  const { columns } = sim.world;
  const id = columns.id[7];
  const set = { stars: 77, forks: 8, size: 9, isArchived: true, archivedAt: '2026-08-01T00:00:00Z', language: 'Rust', license: 'mit', description: 'by hand \u0000', branch: 'develop', pushedAt: null, hasIssuesEnabled: false };
  assert.deepEqual(await control('world', { op: 'set', id, ...set }), { changed: 1, ids: [] });
  const [line] = (await control(`truth?q=${encodeURIComponent(`repo:${sim.world.nameWithOwner(7)} fork:true`)}&format=json&fields=stars,forkCount,diskUsage,isArchived,archivedAt,primaryLanguage,licenseInfo,description,defaultBranchRef,pushedAt,hasIssuesEnabled,owner`)).split('\n');
  assert.deepEqual(JSON.parse(line), {
    id, stars: 77, forkCount: 8, diskUsage: 9, isArchived: true, archivedAt: '2026-08-01T00:00:00Z', primaryLanguage: 'Rust', licenseInfo: 'mit', description: 'by hand \u0000',
    defaultBranchRef: 'develop', pushedAt: null, hasIssuesEnabled: false, owner: sim.world.ownerLogin(7),
  });
  const added = await control('world', [{ op: 'add', name: 'hand-made', owner: 'somebody-new', stars: 5 }, { op: 'delete', id: columns.id[8] }, { op: 'private', id: columns.id[9] }]);
  assert.deepEqual([added.changed, added.ids.length], [3, 1]);
  assert.deepEqual(await truth('user:somebody-new'), added.ids);
  const { data } = await graphql('{ repository(owner: "Somebody-New", name: "Hand-Made") { databaseId stargazerCount owner { __typename login id } } }');
  assert.deepEqual([data.repository.databaseId, data.repository.owner.login], [added.ids[0], 'somebody-new']);
  const all = await truth('fork:true');
  assert.ok(!all.includes(columns.id[8]) && !all.includes(columns.id[9]));
  await control('world', { op: 'restore', id: columns.id[8] });
  assert.ok((await truth('fork:true')).includes(columns.id[8]));
  for (const wrong of [{ op: 'nonsense' }, { op: 'delete', id: 999999 }, { op: 'set', id, nonsense: 1 }, { op: 'set', id, language: 'Klingon' }]) {
    assert.ok((await control('world', wrong)).error.length > 0);
  }
});

test('change_stars changes a share, tells whom, and repeats with its seed', async (t) => {
  const run = async (seed) => {
    const { sim, control, truth } = await startSim(t, { repositories: 4000 });
    const before = new Map(Array.from(sim.world.columns.id.subarray(0, sim.world.columns.length), (id, row) => [id, sim.world.columns.stars[row]]));
    const from = Date.now();
    const { changed, ids } = await control('world', { op: 'change_stars', share: 0.05, seed });
    assert.equal(changed, ids.length);
    const really = (await truth('fork:true')).filter((id) => before.get(id) !== sim.world.columns.stars[sim.world.columns.rowOf(id)]);
    assert.deepEqual(really, ids);
    assert.ok(Math.abs(changed / 4000 - 0.05) < 0.015);
    assert.equal((await control(`truth?q=fork:true&from=${from}`)).always.length, 4000, 'still there all the time');
    return ids;
  };
  assert.deepEqual(await run(2), await run(2));
  assert.notDeepEqual(await run(2), await run(3));
});

test('change_details changes topics or languages, and dates with them', async (t) => {
  const { sim, control, truth } = await startSim(t, { repositories: 4000 });
  const { columns } = sim.world;
  const state = () => new Map(Array.from(columns.id.subarray(0, columns.length), (id, row) => [id, {
    topics: sim.world.topics(row).join(), languages: JSON.stringify(sim.world.languages(row)), updated: columns.updated[row], pushed: columns.pushed[row],
  }]));
  const before = state();
  const from = Date.now();
  const { changed, ids } = await control('world', { op: 'change_details', share: 0.1, seed: 3 });
  assert.equal(changed, ids.length);
  assert.ok(Math.abs(changed / 4000 - 0.1) < 0.02);
  const after = state();
  const pushed = ids.filter((id) => after.get(id).pushed > before.get(id).pushed);
  assert.ok(pushed.length > changed / 4 && pushed.length < changed * 3 / 4);
  for (const id of ids) {
    assert.ok(after.get(id).updated > before.get(id).updated);
    if (!pushed.includes(id)) assert.equal(after.get(id).topics, before.get(id).topics + (before.get(id).topics ? ',' : '') + 'topic-3');
  }
  assert.ok(pushed.some((id) => after.get(id).languages !== before.get(id).languages));
  const others = [...before.keys()].filter((id) => JSON.stringify(after.get(id)) !== JSON.stringify(before.get(id)));
  assert.deepEqual(others.sort((a, b) => a - b), ids);
  assert.equal((await truth('topic:topic-3 fork:true')).length, changed - pushed.length);
  const tagged = ids.find((id) => !pushed.includes(id));
  const states = (await control(`history?from=${from}&fields=repositoryTopics`)).split('\n').filter(Boolean).map(JSON.parse).filter(({ id }) => id === tagged);
  assert.deepEqual(states.map(({ repositoryTopics }) => repositoryTopics.join()), [before.get(tagged).topics, after.get(tagged).topics]);

  await control('world', { op: 'set', id: ids[0], topics: ['by-hand'] });
  assert.deepEqual(await truth('topic:by-hand fork:true'), [ids[0]]);
});
