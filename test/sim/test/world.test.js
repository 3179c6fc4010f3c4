/*
 * The world: the same on every machine, with GitHub's skew, with the texts and crowds that break clients.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { Clock } from '../lib/clock.js';
import { SearchEngine } from '../lib/search/search.js';
import * as C from '../lib/world/columns.js';
import { World } from '../lib/world/world.js';
import { UNTIL } from '../tools/harness.js';

function makeWorld(repositories, seed = 1, more = {}) {
  const clock = new Clock({ until: Date.parse(UNTIL) });
  return new World({ seed, repositories, until: Date.parse(UNTIL) / 1000, clock, ...more });
}

const big = makeWorld(300000);
const share = (world, test) => {
  let n = 0;
  for (let row = 0; row < world.columns.length; row++) if (test(row)) n++;
  return n / world.columns.length;
};

/** Hash over all columns and derived texts of the first rows. */
function checksum(world) {
  const sum = createHash('sha256');
  const { columns } = world;
  for (const name of ['id', 'created', ...C.MUTABLE, 'parent']) sum.update(Buffer.from(columns[name].buffer, 0, columns.length * columns[name].BYTES_PER_ELEMENT));
  for (let row = 0; row < 3000; row++) {
    sum.update(JSON.stringify([world.nameWithOwner(row), world.description(row), world.homepage(row), world.topics(row), world.languages(row).map(({ language, size }) => [language.name, size])]));
  }
  return sum.digest('hex').slice(0, 32);
}

test('one seed gives one world, on every machine', () => {
  assert.equal(checksum(makeWorld(20000)), '43c6cba93d3b7fc139c5a7710a788bca');
  assert.equal(checksum(makeWorld(20000, 2)), '7a38dec289ad3c933660f55294bf58dd');
});

test('exactly as many visible repositories as asked for, ids ascending with creation, two thirds of the ids not public', () => {
  for (const world of [big, makeWorld(1000), makeWorld(5000, 9)]) {
    const { columns } = world;
    let visible = 0;
    for (let row = 0; row < columns.length; row++) {
      if (world.isVisible(row)) visible++;
      if (row > 0) assert.ok(columns.id[row] > columns.id[row - 1] && columns.created[row] >= columns.created[row - 1]);
    }
    assert.equal(visible, world.visibleCount);
    const span = columns.id[columns.length - 1] - columns.id[0] + 1;
    assert.ok(Math.abs(visible / span - 1 / 3) < 0.01);
  }
  const { created, length } = big.columns;
  assert.ok(created[length - 1] < Date.parse(UNTIL) / 1000 && created[length - 1] > Date.parse(UNTIL) / 1000 - 86400);
});

test('stars are as skewed as measured (fact sheet 9.2)', () => {
  const { stars } = big.columns;
  const figures = [[1, 0.084], [2, 0.031], [6, 0.01], [16, 0.005], [53, 0.002], [134, 0.001], [336, 0.0005]];
  for (const [least, expected] of figures) {
    const got = share(big, (row) => stars[row] >= least);
    assert.ok(got > expected * 0.8 && got < expected * 1.2, `${least} stars: ${got}, expected ${expected}`);
  }
  for (const value of [0, 1, 2, 3]) assert.ok(share(big, (row) => stars[row] === value) * big.columns.length > 1000);
});

test('creation grows as the id space did', () => {
  const year = (n) => Date.UTC(n, 0, 1) / 1000;
  const before = (n) => big.columns.lowerBound('created', year(n)) / big.columns.length;
  assert.ok(before(2015) < 0.05 && before(2020) > 0.12 && before(2020) < 0.4 && before(2024) > 0.45 && before(2024) < 0.6);
});

/** [first row, rows] of the second with most creations. */
function crowd(world) {
  const { created, length } = world.columns;
  let best = [0, 0];
  for (let row = 0; row < length;) {
    let end = row;
    while (end < length && created[end] === created[row]) end++;
    if (end - row > best[1]) best = [row, end - row];
    row = end;
  }
  return best;
}

test('one second holds more than 1,000 repositories, many of them equal in all but size', () => {
  const [first, count] = crowd(big);
  const { columns } = big;
  assert.ok(count > 1200);
  const rows = Array.from({ length: count }, (none, i) => first + i);
  const notForks = rows.filter((row) => !big.isFork(row));
  assert.ok(notForks.length > 1000);
  const alike = (row) => ['pushed', 'updated', 'stars', 'forks', 'owner', 'flags', 'language', 'license', 'branch'].map((name) => columns[name][row]).join();
  const groups = new Map();
  for (const row of rows) groups.set(alike(row), (groups.get(alike(row)) ?? 0) + 1);
  const largest = [...groups].sort((a, b) => b[1] - a[1])[0];
  assert.ok(largest[1] > 900 && groups.size > 20);
  const sizes = new Set(rows.filter((row) => alike(row) === largest[0]).map((row) => columns.size[row]));
  assert.ok(sizes.size > 200);
  assert.ok(crowd(makeWorld(49999))[1] < 100, 'only worlds from 50,000 on have it');
});

test('forks have parents before them, the same name and another owner; no two repositories share a name', () => {
  const { columns } = big;
  let withParent = 0;
  const names = new Set();
  for (let row = 0; row < 60000; row++) {
    names.add(big.nameWithOwner(row).toLowerCase());
    if (columns.parent[row] === 0) continue;
    const parent = columns.parent[row] - 1;
    withParent++;
    assert.ok(parent < row && big.isFork(row) && !big.isFork(parent) && columns.forks[parent] > 0);
    assert.equal(big.name(row), big.name(parent));
    assert.notEqual(columns.owner[row], columns.owner[parent]);
  }
  assert.ok(withParent > 10000);
  assert.equal(names.size, 60000);
});

test('names lead back to their repositories', () => {
  for (const world of [makeWorld(5000), makeWorld(1000, 3, { firstId: 2 ** 32 - 500 })]) {
    for (let row = 0; row < world.columns.length; row += 3) {
      const [owner, name] = world.nameWithOwner(row).split('/');
      assert.deepEqual(world.findByName(owner.toUpperCase(), name.toUpperCase()), { row, renamed: false });
    }
    assert.equal(world.findByName('nobody', 'nothing').row, -1);
    assert.equal(world.findByName(world.ownerLogin(0), 'nothing-at-all').row, -1);
  }
});

test('nasty texts, nulls and flags all occur', () => {
  const seen = { nul: 0, lone: 0, emoji: 0, long: 0, none: 0, empty: 0, cjk: 0, rtl: 0, quotes: 0 };
  const { columns } = big;
  for (let row = 0; row < 30000; row++) {
    const text = big.description(row);
    if (text === null) seen.none++;
    else if (text === '') seen.empty++;
    else {
      assert.ok(text.length <= 350);
      if (text.includes('\u0000')) seen.nul++;
      if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)) seen.lone++;
      if (text.includes('🚀')) seen.emoji++;
      if (text.length === 350) seen.long++;
      if (/[一-鿿]/.test(text)) seen.cjk++;
      if (/[\u0600-\u06ff]/.test(text)) seen.rtl++;
      if (text.includes('"double"')) seen.quotes++;
    }
  }
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 5, `${what}: ${count}`);
  for (const bit of [C.FORK, C.ARCHIVED, C.TEMPLATE, C.MIRROR, C.DISABLED, C.EMPTY, C.LOCKED, C.DMCA, C.TOS, C.DISCUSSIONS, C.NO_ISSUES]) {
    assert.ok(share(big, (row) => (columns.flags[row] & bit) !== 0) > 0, `flag ${bit}`);
  }
  for (const column of ['language', 'license', 'branch', 'pushed']) {
    const empty = share(big, (row) => columns[column][row] === 0);
    assert.ok(empty > 0.005 && empty < 0.9, `${column} ${empty}`);
  }
});

test('a million is ready in seconds, and five million would fit into a gigabyte', () => {
  const perRow = Object.values(big.columns).filter(ArrayBuffer.isView).reduce((sum, array) => sum + array.BYTES_PER_ELEMENT, 0);
  assert.ok(perRow <= 60, `${perRow} bytes a row`);
  const start = performance.now();
  makeWorld(100000);
  assert.ok(performance.now() - start < 3000);
});

test('names by hand, renames and transfers are found; the old name leads to the new place', () => {
  const world = makeWorld(1000);
  const row = world.findByName(...world.nameWithOwner(17).split('/')).row;
  const old = world.nameWithOwner(row).split('/');
  world.change(row, { name: 'brand-new', owner: world.owners.ensure('Some-New-Owner') });
  assert.equal(world.nameWithOwner(row), 'Some-New-Owner/brand-new');
  assert.deepEqual(world.findByName('some-new-owner', 'BRAND-new'), { row, renamed: false });
  assert.deepEqual(world.findByName(...old), { row, renamed: true });
  const other = world.add({ owner: world.owners.ensure('Some-New-Owner'), name: 'second' });
  assert.deepEqual(world.rowsOfOwner(world.owners.find('Some-New-Owner')), [row, other]);
  const engine = new SearchEngine(world, world.clock, {});
  assert.equal(engine.find('user:some-new-owner fork:true').count, 2);
});

test('worlds of other shapes: even, doubling each year, in bursts', () => {
  const year = 365 * 86400;
  const until = Date.parse(UNTIL) / 1000;
  const made = (world, from, to) => share(world, (row) => world.columns.created[row] >= from && world.columns.created[row] < to);
  const shapes = Object.fromEntries(['uniform', 'skewed', 'bursty'].map((shape) => [shape, makeWorld(200000, 1, { shape })]));
  for (const { columns } of Object.values(shapes)) {
    for (let row = 1; row < columns.length; row++) assert.ok(columns.id[row] > columns.id[row - 1] && columns.created[row] >= columns.created[row - 1]);
    assert.ok(columns.created[columns.length - 1] < until);
  }
  const mostWithin = ({ columns: { created, length } }, seconds, runs = []) => {
    for (let row = 0, first = 0; row < length; row++) {
      while (created[first] <= created[row] - seconds) first++;
      if (row - first + 1 > 1000) {
        runs.push(row);
        first = row;
      }
    }
    return runs.length;
  };
  for (const years of [1, 9, 18]) assert.ok(Math.abs(made(shapes.uniform, until - years * year, until - (years - 1) * year) - 1 / 18.67) < 0.001);
  assert.equal(mostWithin(shapes.uniform, 86400), 0);
  for (const years of [1, 2, 3]) assert.ok(Math.abs(made(shapes.skewed, until - years * year, until - (years - 1) * year) - 0.5 ** years) < 0.02);
  assert.equal(mostWithin(shapes.skewed, 60), 0);
  const bursts = [1, 60, 86400].map((seconds) => mostWithin(shapes.bursty, seconds));
  assert.ok(bursts[0] >= 12 && bursts[1] >= bursts[0] + 10 && bursts[2] >= bursts[1] + 10, String(bursts));
  assert.ok(Math.abs(shapes.uniform.visibleCount - 200000) === 0);
  assert.ok(Math.abs(share(shapes.bursty, (row) => shapes.bursty.columns.stars[row] > 0) - 0.085) < 0.01);
});
