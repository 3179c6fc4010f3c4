/*
 * Node ids: every row of fact sheet 5.1, both directions, and how the API shows and takes them.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { legacyId, newId, parseNodeId } from '../lib/graphql/nodeid.js';
import { startSim } from '../tools/harness.js';

const ROWS = [
  [1296269, 'MDEwOlJlcG9zaXRvcnkxMjk2MjY5', 'R_kgDOABPHjQ'], [9384267, 'MDEwOlJlcG9zaXRvcnk5Mzg0MjY3', null],
  [103703892, 'MDEwOlJlcG9zaXRvcnkxMDM3MDM4OTI=', 'R_kgDOBi5lVA'], [445650657, null, 'R_kgDOGpAW4Q'],
  [515435885, 'MDEwOlJlcG9zaXRvcnk1MTU0MzU4ODU=', 'R_kgDOHrjtbQ'], [747887377, null, 'R_kgDOLJPbEQ'], [1346874286, null, 'R_kgDOUEerrg'],
  [1, 'MDEwOlJlcG9zaXRvcnkx', 'R_kgAB'], [4294967296, null, 'R_kgDPAAAAAQAAAAA'],
];

test('every row of the table', () => {
  for (const [id, legacy, modern] of ROWS) {
    if (legacy) {
      assert.equal(legacyId('Repository', id), legacy);
      assert.deepEqual(parseNodeId(legacy), { typeName: 'Repository', databaseId: id, legacy: true });
    }
    if (modern) {
      assert.equal(newId('Repository', id), modern);
      assert.deepEqual(parseNodeId(modern), { typeName: 'Repository', databaseId: id, legacy: false });
    }
  }
  assert.equal(legacyId('User', 3407303), 'MDQ6VXNlcjM0MDczMDM=');
  assert.equal(newId('User', 3407303), 'U_kgDOADP9xw');
  assert.equal(newId('User', 2), 'U_kgAC');
  assert.equal(newId('Organization', 4), 'O_kgAE');
});

test('all lengths of ids go there and back; ids between 65,536 and 2^32 have 12 characters', () => {
  for (const id of [0, 1, 127, 128, 255, 256, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 40, 2 ** 53 - 1]) {
    assert.equal(parseNodeId(newId('Repository', id)).databaseId, id);
    if (id >= 65536 && id < 2 ** 32) assert.match(newId('Repository', id), /^R_kgDO.{6}$/);
  }
});

test('what is no id is none', () => {
  const none = ['', 'R_', 'R_kgAB=', 'R_kgDOAAAAAQ', 'R_AAAA', 'X_kgAB', 'MDEwOlJlcG9zaXRvcnk=', 'MDExOlJlcG9zaXRvcnkx', 'nonsense', 'MDU6SXNzdWUx'];
  for (const text of none) assert.equal(parseNodeId(text), null, text);
});

test('nodes(ids): order kept, null and NOT_FOUND for what is missing, a warning for a legacy id', async (t) => {
  const { sim, graphql, control } = await startSim(t, { repositories: 1000 });
  const { columns } = sim.world;
  const known = Array.from({ length: 50 }, (none, i) => columns.id[columns.length - 1 - i]).filter((id) => sim.world.visibleRow(id) >= 0);
  const missing = [];
  for (let id = 1; missing.length < 20; id++) if (columns.rowOf(id) < 0) missing.push(id);
  const ids = known.slice(0, 30).flatMap((id, i) => (i < 20 ? [newId('Repository', id), newId('Repository', missing[i])] : [legacyId('Repository', id)]));
  const { data, errors, extensions } = await graphql('query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on Repository { databaseId id } } rateLimit { cost nodeCount } }', { variables: { ids } });
  assert.equal(data.nodes.length, 50);
  assert.deepEqual(data.nodes.filter(Boolean).map((node) => node.databaseId), known.slice(0, 30));
  assert.deepEqual(errors.map((error) => error.path), Array.from({ length: 20 }, (none, i) => ['nodes', 2 * i + 1]));
  assert.ok(errors.every(({ type, message }) => type === 'NOT_FOUND' && message.startsWith('Could not resolve to a node with the global id of')));
  assert.equal(extensions.warnings.length, 10);
  assert.equal(extensions.warnings[0].type, 'DEPRECATION');
  assert.equal(extensions.warnings[0].data.next_global_id, newId('Repository', known[20]));
  assert.deepEqual(data.rateLimit, { cost: 1, nodeCount: 50 });
  await control('script', [{ fault: 'nullNodes' }]);
  const hidden = await graphql('query($ids: [ID!]!) { nodes(ids: $ids) { id } }', { variables: { ids: [newId('Repository', known[0]), newId('Repository', missing[0])] } });
  assert.deepEqual([hidden.data.nodes, hidden.errors.map(({ path }) => path)], [[null, null], [['nodes', 1]]], 'a hidden one is null without an error');
});

test('the form of id that is shown: legacy for old repositories, new on demand; other types by their id', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 1000 });
  const id = sim.world.columns.id[5];
  const query = `{ node(id: "${newId('Repository', id)}") { id ... on Repository { owner { __typename id login ... on User { databaseId } ... on Organization { databaseId } } } } }`;
  assert.equal((await graphql(query)).data.node.id, legacyId('Repository', id));
  const modern = (await graphql(query, { headers: { 'X-Github-Next-Global-ID': '1' } })).data.node;
  assert.equal(modern.id, newId('Repository', id));
  const owner = (await graphql(`{ node(id: "${modern.owner.id}") { __typename ... on RepositoryOwner { login } } }`)).data.node;
  assert.deepEqual(owner, { __typename: modern.owner.__typename, login: modern.owner.login });
});

test('hidden repositories are not found by id', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 5000 });
  const { columns } = sim.world;
  const blocked = Array.from(columns.id.subarray(0, columns.length)).filter((id) => sim.world.visibleRow(id) < 0);
  assert.ok(blocked.length > 0);
  const { data, errors } = await graphql(`{ node(id: "${newId('Repository', blocked[0])}") { id } }`);
  assert.equal(data.node, null);
  assert.equal(errors[0].type, 'NOT_FOUND');
});

test('an id that does not fit an Int is an error of its field, as in graphql-js', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 1000, 'first-id': 2 ** 32 + 5 });
  const id = sim.world.columns.id[3];
  assert.ok(id > 2 ** 32);
  const { data, errors } = await graphql(`{ node(id: "${newId('Repository', id)}") { ... on Repository { id databaseId nameWithOwner } } }`);
  assert.equal(data.node.id, newId('Repository', id));
  assert.equal(data.node.databaseId, null);
  assert.match(errors[0].message, /Int cannot represent non 32-bit signed integer value/);
  const [owner, name] = data.node.nameWithOwner.split('/');
  assert.equal((await graphql(`{ repository(owner: "${owner}", name: "${name}") { id } }`)).data.repository.id, data.node.id);
});
