/*
 * Points and nodes before a query runs: the table of fact sheet 2.1, the limits of 2.2, and the refusals of 2.3 that follow.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { startSim } from '../tools/harness.js';

const nested = (k) => ['languages', 'repositoryTopics', 'issues', 'pullRequests', 'releases', 'forks'].slice(0, k).map((name, i) => `c${i}: ${name}(first: 5) { totalCount }`).join(' ');
const search = (page, inner) => `search(query: "stars:>=0", type: REPOSITORY, first: ${page}) { nodes { ... on Repository { id ${inner} } } }`;
const aliases = (count, make) => Array.from({ length: count }, (none, i) => `a${i}: ${make(i)}`).join(' ');

/** [what, query without rateLimit, points, nodes]. */
const TABLE = [
  ['docs example', `viewer { repositories(first: 100) { edges { node { issues(first: 50) { totalCount edges { node { labels(first: 60) { totalCount } } } } } } } }`, 51, 100 + 5000 + 300000],
  ['search of 100 with 6 nested', search(100, nested(6)), 6, 100 + 3000],
  ['page 24 × 6', search(24, nested(6)), 1, 24 + 720],
  ['page 25 × 6', search(25, nested(6)), 2, 25 + 750],
  ['search of 100, flat', search(100, ''), 1, 100],
  ['search of 100, languages and topics', search(100, 'languages(first:10) { totalCount } repositoryTopics(first:20) { totalCount }'), 2, 100 + 3000],
  ['74 with two', search(74, nested(2)), 1, 74 + 740],
  ['75 with two', search(75, nested(2)), 2, 75 + 750],
  ['100 with one', search(100, nested(1)), 1, 600],
  ['totalCount without first is free', search(100, 'issues { totalCount } pullRequests { totalCount } forks { totalCount }'), 1, 100],
  ['ten aliased searches', aliases(10, () => search(100, '')), 1, 1000],
  ['ten aliased searches with two nested', aliases(10, () => search(100, nested(2))), 20, 11000],
  ['600 aliases of repository', aliases(600, () => 'repository(owner: "a", name: "b") { id }'), 1, 0],
  ['81 aliases with 6 nested', aliases(81, () => `repository(owner: "a", name: "b") { ${nested(6)} }`), 5, 81 * 30],
  ['counts by alias', aliases(20, (i) => `search(query: "stars:${i}", type: REPOSITORY) { repositoryCount }`), 1, 0],
  ['rateLimit alone', '', 1, 0],
  ['fragments and one field twice', `...F ... on Query { x: ${search(100, '')} } x: ${search(100, nested(1))}`, 1, 600, `fragment F on Query { x: ${search(100, nested(1))} }`],
];

test('points and nodes by the published rules', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000, points: 100000, 'work-budget': 0 });
  for (const [what, query, points, nodes, more = ''] of TABLE) {
    for (const dry of [true, false]) {
      const { data, errors } = await graphql(`{ rateLimit(dryRun: ${dry}) { cost nodeCount } ${query} } ${more}`);
      const prices = data?.rateLimit ?? errors;
      assert.deepEqual(prices, { cost: points, nodeCount: nodes }, `${what}, dryRun ${dry}`);
    }
  }
});

test('a hundred ids cost a point and count as a hundred nodes', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000 });
  const ids = Array.from({ length: 100 }, (none, i) => `MDEwOlJlcG9zaXRvcnk${i}`);
  const ask = (count) => graphql('query($ids: [ID!]!) { nodes(ids: $ids) { id } rateLimit { cost nodeCount } }', { variables: { ids: ids.slice(0, count) } });
  assert.deepEqual((await ask(100)).data.rateLimit, { cost: 1, nodeCount: 100 });
  const two = await graphql('query($ids: [ID!]!) { a: nodes(ids: $ids) { id } b: nodes(ids: $ids) { id } }', { variables: { ids: ids.slice(0, 99) } });
  assert.equal(two.data.a.length + two.data.b.length, 198);
});

const refusals = [
  ['{ search(query: "a", type: REPOSITORY, first: 101) { nodes { __typename } } }', 'EXCESSIVE_PAGINATION', 'Requesting 101 records on the `search` connection exceeds the `first` limit of 100 records.', ['search']],
  ['{ s: search(query: "a", type: REPOSITORY, last: 500) { edges { cursor } } }', 'EXCESSIVE_PAGINATION', 'Requesting 500 records on the `search` connection exceeds the `last` limit of 100 records.', ['s']],
  ['{ search(query: "a", type: REPOSITORY, first: 0) { nodes { __typename } } }', 'ARGUMENT_LIMIT', undefined, ['search']],
  ['{ search(query: "a", type: REPOSITORY, first: -1) { nodes { __typename } } }', 'ARGUMENT_LIMIT', undefined, ['search']],
  ['{ search(query: "a", type: REPOSITORY) { nodes { __typename } } }', 'MISSING_PAGINATION_BOUNDARIES', 'You must provide a `first` or `last` value to properly paginate the `search` connection.', ['search']],
  [`{ search(query: "a", type: REPOSITORY, first: 1) { nodes { ... on Repository { languages { edges { size } } } } } }`, 'MISSING_PAGINATION_BOUNDARIES', undefined, ['search', 'nodes', 'languages']],
  [`{ ${search(100, 'issues(first: 100) { nodes { comments(first: 51) { nodes { id } } } }')} }`, 'MAX_NODE_LIMIT_EXCEEDED', 'This query requests up to 520,100 possible nodes which exceeds the maximum limit of 500,000.', undefined],
  [`{ nodes(ids: ${JSON.stringify(Array(101).fill('x'))}) { id } }`, 'ARGUMENT_LIMIT', 'You may not provide more than 100 node ids; you provided 101.', ['nodes']],
];

test('refusals before execution: HTTP 200, type, path, no data', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000 });
  for (const [query, type, message, path] of refusals) {
    const { status, json } = await graphql(query);
    assert.equal(status, 200);
    assert.equal(json.errors[0].type, type, query);
    if (message) assert.equal(json.errors[0].message, message);
    assert.deepEqual(json.errors[0].path, path);
    assert.ok(json.data === undefined || json.data === null);
    if (path) assert.ok(json.errors[0].locations.length > 0);
  }
  const ids = await graphql(refusals.at(-1)[0]);
  assert.equal(ids.json.data, null);
});

test('what is no GraphQL, or asks for fields that GitHub does not have, is refused with HTTP 200 and costs a point', async (t) => {
  const { graphql, call, control } = await startSim(t, { repositories: 1000 });
  for (const query of ['{', '{ viewer { nonsense } }', 'query($x: Int!) { viewer { login } rateLimit { cost } }{ a }', 'mutation { addStar(input: {starrableId: "x"}) { clientMutationId } }', '{ search(query: 1) { nodes } }']) {
    const { status, json } = await graphql(query);
    assert.equal(status, 200);
    assert.ok(json.errors[0].message.length > 0, query);
    assert.equal(json.data, undefined);
  }
  assert.equal((await call('/graphql', { method: 'POST', body: '{"query": ' })).status, 400);
  assert.match((await graphql('query A { viewer { login } } query B { viewer { id } }')).errors[0].message, /operation name/);
  assert.equal((await control('counters')).graphql.points, 6);
});

test('validation is cached by shape without mixing up what differs', async (t) => {
  const { graphql } = await startSim(t, { repositories: 1000 });
  const query = (a, b) => `{ x: repository(owner: "${a}", name: "n") { id } x: repository(owner: "${b}", name: "n") { name } }`;
  assert.equal((await graphql(query('o', 'o'))).errors[0].type, 'NOT_FOUND');
  assert.match((await graphql(query('o', 'p'))).errors[0].message, /conflict/);
  assert.equal((await graphql(query('p', 'p'))).errors[0].type, 'NOT_FOUND');
});
