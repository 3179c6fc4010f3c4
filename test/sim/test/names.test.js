/*
 * Repositories by name (fact sheet 2.1, 2.3, 6.5): a point for many aliases, renames followed, an error with the alias's path for what is not there,
 * and the refusals that look-ups by id meet as well.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startSim } from '../tools/harness.js';

/** A query of aliases r0, r1, … for names. */
const ask = (names) => `{ rateLimit { cost } ${names.map((name, i) => {
  const [owner, repo] = name.split('/');
  return `r${i}: repository(owner: "${owner}", name: "${repo}") { databaseId nameWithOwner }`;
}).join(' ')} }`;

/** Ids of the first visible repositories, and their names. */
function some(sim, count) {
  const rows = Array.from({ length: sim.world.columns.length }, (none, row) => row).filter((row) => sim.world.isVisible(row)).slice(0, count);
  return { ids: rows.map((row) => sim.world.columns.id[row]), names: rows.map((row) => sim.world.nameWithOwner(row)) };
}

test('a hundred aliases are a point, and count as repositories asked for by name', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 1000 });
  const { ids, names } = some(sim, 100);
  const { data, errors } = await graphql(ask(names.map((name) => name.toUpperCase())));
  assert.equal(errors, undefined);
  assert.equal(data.rateLimit.cost, 1);
  assert.deepEqual(ids.map((id, i) => data[`r${i}`].databaseId), ids);
  assert.deepEqual(sim.counters.totals().parts.repository, { asked: 100, distinct: 100 });
});

test('a former name leads to the present one; a name that nobody has is an error beside good data', async (t) => {
  const { sim, graphql, control } = await startSim(t, { repositories: 1000 });
  const { ids, names } = some(sim, 3);
  await control('world', [{ op: 'rename', id: ids[0], name: 'renamed' }, { op: 'delete', id: ids[1] }]);
  const { data, errors } = await graphql(ask([...names, 'no-body/nothing']));
  assert.equal(data.r0.databaseId, ids[0]);
  assert.match(data.r0.nameWithOwner, /\/renamed$/);
  assert.deepEqual([data.r1, data.r2.databaseId, data.r3], [null, ids[2], null]);
  assert.deepEqual(errors.map(({ type, path }) => [type, path]), [['NOT_FOUND', ['r1']], ['NOT_FOUND', ['r3']]]);
  assert.equal(errors[1].message, "Could not resolve to a Repository with the name 'no-body/nothing'.");
});

test('what is closed to everybody is FORBIDDEN by name, too', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 1000, closed: 1 });
  const { names } = some(sim, 1);
  const { data, errors } = await graphql(ask(names));
  assert.equal(data.r0, null);
  assert.deepEqual([errors[0].type, errors[0].path], ['FORBIDDEN', ['r0']]);
});
