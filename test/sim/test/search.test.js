/*
 * Search: what qualifiers mean, paging and its cap, orders and their instability. Compared with a second, slow implementation.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import * as C from '../lib/world/columns.js';
import { LANGUAGES, LICENSES } from '../lib/world/catalog.js';
import { dateRange, numberRange, parseSearch, SearchError } from '../lib/search/parse.js';
import { searchQuery, startSim } from '../tools/harness.js';

const cursor = (n) => Buffer.from(`cursor:${n}`).toString('base64');

test('numbers and dates in all forms', () => {
  const MAX = Number.MAX_SAFE_INTEGER;
  assert.deepEqual(['5', '>5', '>=5', '<5', '<=5', '5..9', '5..*', '*..9', '*'].map(numberRange), [[5, 5], [6, MAX], [5, MAX], [0, 4], [0, 5], [5, 9], [5, MAX], [0, 9], [0, MAX]]);
  for (const none of ['', 'x', '1.5', '-3', '5..x', '1,000']) assert.equal(numberRange(none), null);
  const day = Date.UTC(2020, 1, 1) / 1000;
  assert.deepEqual(dateRange('2020-02-01'), [day, day + 86399]);
  assert.deepEqual(dateRange('>2020-02-01'), [day + 86400, MAX]);
  assert.deepEqual(dateRange('>=2020-02-01'), [day, MAX]);
  assert.deepEqual(dateRange('<2020-02-01'), [0, day - 1]);
  assert.deepEqual(dateRange('<=2020-02-01'), [0, day + 86399]);
  assert.deepEqual(dateRange('2020-02-01..2020-02-02'), [day, day + 2 * 86400 - 1]);
  assert.deepEqual(dateRange('2020-02-01T12:00:00Z'), [day + 43200, day + 43200]);
  assert.deepEqual(dateRange('2020-02-01T12:00:00+02:00..2020-02-01T13:00:00-05:30'), [day + 36000, day + 66600]);
  assert.deepEqual(dateRange('*..2020-02-01T00:00:00Z'), [0, day]);
  for (const none of ['', '2020', '2020-2-1', 'yesterday', '2020-13-45']) assert.equal(dateRange(none), null);
});

test('too long, too many operators, odd tokens', () => {
  assert.throws(() => parseSearch('x'.repeat(257)), SearchError);
  assert.throws(() => parseSearch('a AND b AND c AND d AND e AND f AND g'), SearchError);
  assert.doesNotThrow(() => parseSearch(`${'x'.repeat(256)} ${Array.from({ length: 2000 }, (none, i) => `repo:a/b${i}`).join(' ')}`));
  assert.doesNotThrow(() => parseSearch('a OR b OR c OR d OR e OR f'));
  assert.deepEqual(parseSearch('language:"Jupyter Notebook" NOT foo -bar "two words"').notWords, ['foo', 'bar']);
  assert.deepEqual(parseSearch('stars:abc').words, [['stars:abc']]);
  assert.deepEqual(parseSearch('created:>2020-01-01 created:<2021-01-01').ranges.created[0], 0, 'the last of a repeated qualifier takes effect');
});

/** A second reading of a few queries: [query, test of a row]. */
function oracle(world) {
  const { columns } = world;
  const at = (text) => Date.parse(text) / 1000;
  const fork = (row) => world.isFork(row);
  const language = (row) => LANGUAGES[columns.language[row]]?.name;
  const text = (row) => `${world.nameWithOwner(row)}\n${world.description(row) ?? ''}\n${world.topics(row).join('\n')}`.toLowerCase();
  return [
    ['stars:>=0', (row) => !fork(row)],
    ['', (row) => !fork(row)],
    ['fork:true', () => true],
    ['fork:only stars:1', (row) => fork(row) && columns.stars[row] === 1],
    ['stars:0..10', (row) => !fork(row) && columns.stars[row] <= 10],
    ['stars:>10', (row) => !fork(row) && columns.stars[row] > 10],
    ['stars:2..5 fork:true', (row) => columns.stars[row] >= 2 && columns.stars[row] <= 5],
    ['-stars:0', (row) => !fork(row) && columns.stars[row] !== 0],
    ['forks:>3', (row) => !fork(row) && columns.forks[row] > 3],
    ['size:100..200 fork:true', (row) => columns.size[row] >= 100 && columns.size[row] <= 200],
    ['created:2022-05-01..2022-05-03 fork:true', (row) => columns.created[row] >= at('2022-05-01') && columns.created[row] < at('2022-05-04')],
    ['created:2022-05-01T00:00:00Z..2022-05-01T11:59:59Z', (row) => !fork(row) && columns.created[row] >= at('2022-05-01') && columns.created[row] < at('2022-05-01T12:00:00Z')],
    ['created:<2015-01-01', (row) => !fork(row) && columns.created[row] < at('2015-01-01')],
    ['-created:<2015-01-01', (row) => !fork(row) && columns.created[row] >= at('2015-01-01')],
    ['pushed:>=2024-01-01', (row) => !fork(row) && columns.pushed[row] >= at('2024-01-01')],
    ['-pushed:>=2024-01-01', (row) => !fork(row) && !(columns.pushed[row] >= at('2024-01-01'))],
    ['pushed:*..2012-01-01', (row) => !fork(row) && columns.pushed[row] > 0 && columns.pushed[row] < at('2012-01-02')],
    ['language:"jupyter notebook"', (row) => !fork(row) && language(row) === 'Jupyter Notebook'],
    ['language:c++ language:Rust', (row) => !fork(row) && ['C++', 'Rust'].includes(language(row))],
    ['-language:JavaScript', (row) => !fork(row) && language(row) !== 'JavaScript'],
    ['language:nonsense', () => false],
    ['license:mit', (row) => !fork(row) && LICENSES[columns.license[row]]?.key === 'mit'],
    ['license:apache-2.0 license:mit', (row) => !fork(row) && ['mit', 'apache-2.0'].includes(LICENSES[columns.license[row]]?.key)],
    ['topic:python', (row) => !fork(row) && world.topics(row).includes('python')],
    ['topic:python topic:react', (row) => !fork(row) && world.topics(row).includes('python') && world.topics(row).includes('react')],
    ['-topic:python topics:>0', (row) => !fork(row) && !world.topics(row).includes('python') && world.topics(row).length > 0],
    ['archived:true', (row) => !fork(row) && (columns.flags[row] & C.ARCHIVED) !== 0],
    ['archived:false mirror:false template:false', (row) => !fork(row) && (columns.flags[row] & (C.ARCHIVED | C.MIRROR | C.TEMPLATE)) === 0],
    ['is:public', (row) => !fork(row)],
    ['is:private', () => false],
    ['parser', (row) => !fork(row) && text(row).includes('parser')],
    ['parser in:name', (row) => !fork(row) && world.nameWithOwner(row).toLowerCase().includes('parser')],
    ['parser NOT tiny -json', (row) => !fork(row) && text(row).includes('parser') && !text(row).includes('tiny') && !text(row).includes('json')],
    ['kafka OR redis', (row) => !fork(row) && (text(row).includes('kafka') || text(row).includes('redis'))],
    ['Library "small library"', (row) => !fork(row) && text(row).includes('small library')],
    [`user:${world.ownerLogin(0)}`, (row) => !fork(row) && columns.owner[row] === columns.owner[0]],
    [`org:${world.ownerLogin(0)} user:${world.ownerLogin(5)} fork:true`, (row) => [columns.owner[0], columns.owner[5]].includes(columns.owner[row])],
    [`-user:${world.ownerLogin(0)}`, (row) => !fork(row) && columns.owner[row] !== columns.owner[0]],
    [`repo:${world.nameWithOwner(3)} repo:${world.nameWithOwner(4)} fork:true`, (row) => row === 3 || row === 4],
    ['repo:nobody/nothing', () => false],
  ];
}

test('every qualifier against a second implementation; GraphQL, truth and engine agree', async (t) => {
  const { sim, graphql, truth } = await startSim(t, { repositories: 20000 });
  const { world } = sim;
  for (const [query, matches] of oracle(world)) {
    const expected = [];
    for (let row = 0; row < world.columns.length; row++) if (world.isVisible(row) && matches(row)) expected.push(world.columns.id[row]);
    assert.deepEqual(await truth(query), expected, query);
    assert.equal(Number((await truth(query, '&count=1'))[0]), expected.length);
    const { data } = await graphql(`{ search(query: ${JSON.stringify(query)}, type: REPOSITORY) { repositoryCount } }`);
    assert.equal(data.search.repositoryCount, expected.length, query);
  }
});

async function readAll(graphql, query, first = 100) {
  const ids = [];
  for (let after; ;) {
    const { data } = await graphql(searchQuery(query, { first, after }));
    ids.push(...data.search.nodes.map((node) => node.databaseId));
    if (!data.search.pageInfo.hasNextPage) return ids;
    after = data.search.pageInfo.endCursor;
  }
}

test('pages of a sorted search add up to the whole, the cap of 1,000 is silent', async (t) => {
  const { graphql, truth } = await startSim(t, { repositories: 20000, 'unstable-ties': 0 });
  const small = 'created:2023-01-01..2023-01-20 sort:updated-asc';
  assert.deepEqual((await readAll(graphql, small, 30)).sort((a, b) => a - b), await truth(small));
  const large = await readAll(graphql, 'stars:>=0 sort:stars');
  assert.equal(large.length, 1000);
  assert.equal(new Set(large).size, 1000);
  const page = (after, first = 100) => graphql(searchQuery('stars:>=0 sort:stars', { first, after }));
  const last = (await page(cursor(900))).data.search;
  assert.deepEqual(last.pageInfo, { hasNextPage: false, hasPreviousPage: true, startCursor: cursor(901), endCursor: cursor(1000) });
  const over = (await page(cursor(1000))).data.search;
  assert.deepEqual(over.nodes, []);
  assert.deepEqual(over.pageInfo, { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null });
  assert.ok(over.repositoryCount > 1000);
  assert.equal((await page(cursor(950))).data.search.nodes.length, 50);
  assert.deepEqual((await page(cursor(500))).data.search.nodes.map((node) => node.databaseId), large.slice(500, 600), 'a cursor made by hand');
});

test('last, before, edges, cursors, an invalid cursor', async (t) => {
  const { graphql } = await startSim(t, { repositories: 20000, 'unstable-ties': 0 });
  const all = await readAll(graphql, 'stars:>5 sort:stars');
  const ask = async (args) => (await graphql(`{ search(query: "stars:>5 sort:stars", type: REPOSITORY, ${args}) { edges { cursor node { ... on Repository { databaseId } } } pageInfo { hasNextPage hasPreviousPage } } }`)).json;
  const before = await ask(`last: 5, before: "${cursor(11)}"`);
  assert.deepEqual(before.data.search.edges.map(({ node }) => node.databaseId), all.slice(5, 10));
  assert.deepEqual(before.data.search.edges.map((edge) => edge.cursor), [6, 7, 8, 9, 10].map(cursor));
  assert.deepEqual((await ask('last: 3')).data.search.edges.map(({ node }) => node.databaseId), all.slice(-3));
  const invalid = await ask('first: 3, after: "bm9uc2Vuc2U="');
  assert.equal(invalid.data, null);
  assert.equal(invalid.errors[0].type, 'INVALID_CURSOR_ARGUMENTS');
  assert.deepEqual(invalid.errors[0].path, ['search']);
});

test('sorts go by their key, both ways; without one the most starred come first', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 20000, 'unstable-order': 0 });
  const { columns } = sim.world;
  for (const [sort, column] of [['stars', 'stars'], ['forks', 'forks'], ['updated', 'updated']]) {
    for (const direction of ['asc', 'desc']) {
      const values = (await readAll(graphql, `stars:>2 sort:${sort}-${direction}`)).map((id) => columns[column][columns.rowOf(id)]);
      const sorted = [...values].sort((a, b) => (direction === 'asc' ? a - b : b - a));
      assert.deepEqual(values, sorted, `${sort}-${direction}`);
    }
  }
  const best = await readAll(graphql, 'stars:>2');
  assert.equal(columns.stars[columns.rowOf(best[0])], Math.max(...best.map((id) => columns.stars[columns.rowOf(id)])));
});

test('without a sort pages overlap and miss; with one only ties move, now and then', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 20000, points: 100000 });
  const unsorted = await readAll(graphql, 'stars:>=0');
  assert.ok(new Set(unsorted).size < 1000 && new Set(unsorted).size > 600);
  sim.settings.unstableTies = 1;
  const { columns } = sim.world;
  const query = 'stars:0 sort:stars-asc created:2023-01-01..2023-02-20';
  const passes = [await readAll(graphql, query, 20), await readAll(graphql, query, 20)];
  assert.notDeepEqual(passes[0], passes[1]);
  const stars = (await readAll(graphql, 'stars:>=1 sort:stars-desc', 50)).map((id) => columns.stars[columns.rowOf(id)]);
  assert.deepEqual(stars, [...stars].sort((a, b) => b - a));
});

test('an over-long query is an error inside a reply with HTTP 200', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000 });
  const { status, json } = await graphql(searchQuery('x'.repeat(257)));
  assert.equal(status, 200);
  assert.equal(json.data, null);
  assert.match(json.errors[0].message, /longer than 256 characters/);
});

test('counts wobble above 10,000 on demand', async (t) => {
  const { sim, graphql } = await startSim(t, { repositories: 20000, 'count-jitter': 0.05 });
  const count = async (query) => (await graphql(`{ search(query: "${query}", type: REPOSITORY) { repositoryCount } }`)).data.search.repositoryCount;
  const counts = await Promise.all(Array.from({ length: 10 }, () => count('fork:true')));
  assert.ok(new Set(counts).size > 3 && counts.every((n) => n > 18000 && n < 22000));
  assert.equal(await count('stars:>2'), sim.engine.findAll('stars:>2').length);
});

test('the index trails on demand: changed, deleted and new repositories show late', async (t) => {
  const { sim, graphql, control } = await startSim(t, { repositories: 2000, 'index-lag': 3600 });
  const page = async (query) => (await graphql(searchQuery(query, { fields: 'databaseId stargazerCount' }))).data.search;
  const before = (await page('stars:>20 sort:stars')).nodes;
  const [first, second] = before;
  await control('world', [{ op: 'set', id: first.databaseId, stars: 1 }, { op: 'delete', id: second.databaseId }, { op: 'add', name: 'fresh', owner: 'fresh-owner', stars: 100 }]);
  const during = (await page('stars:>20 sort:stars')).nodes;
  assert.equal(during.length, before.length);
  assert.equal(during.filter((node) => node === null).length, 1, 'a deleted one is null');
  assert.equal(during.find((node) => node?.databaseId === first.databaseId).stargazerCount, 1, 'the index trails the count beside it');
  assert.equal((await page('user:fresh-owner')).repositoryCount, 0);
  sim.settings.indexLag = 0;
  const after = (await page('stars:>20 sort:stars')).nodes.map((node) => node.databaseId);
  assert.ok(!after.includes(first.databaseId) && !after.includes(second.databaseId));
  assert.equal((await page('user:fresh-owner')).repositoryCount, 1);
});
