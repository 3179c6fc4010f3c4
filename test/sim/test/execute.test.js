/*
 * The simulator's executor against graphql-js's own, with the same resolvers, on fixed and on generated queries.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  execute, getNamedType, getNullableType, isAbstractType, isEnumType, isLeafType, isListType, isObjectType, isRequiredArgument, parse, validate,
} from 'graphql';
import { loadSchema } from '../lib/graphql/documents.js';
import { bytesOf } from '../lib/graphql/emit.js';
import { executeQuery } from '../lib/graphql/execute.js';
import { entryOf, GraphQLService } from '../lib/graphql/request.js';
import { resolverOf } from '../lib/graphql/resolvers.js';
import { Clock } from '../lib/clock.js';
import { Random } from '../lib/random.js';
import { SearchEngine } from '../lib/search/search.js';
import { World } from '../lib/world/world.js';
import { newId } from '../lib/graphql/nodeid.js';
import { UNTIL } from '../tools/harness.js';

const schema = loadSchema();
const clock = new Clock({ until: Date.parse(UNTIL) });
const world = new World({ seed: 1, repositories: 2000, until: clock.worldSeconds(), clock });
const settings = { sticky: 0, flapping: 0, indexLag: 0, closed: 0, unstableOrder: 0, unstableTies: 0, countJitter: 0, workBudget: 0, stargazers: 'forbidden', faultRates: {} };
const engine = new SearchEngine(world, clock, settings);
const service = new GraphQLService({ world, engine, settings, seed: 1, clock });
const rate = { cost: 1, limit: 5000, nodeCount: 3, remaining: 4999, used: 1, resetAt: '2026-09-01T01:00:00Z' };
const viewer = { typeName: 'User', viewer: { typeName: 'User', login: 'me', databaseId: 7, id: 'U_kgAH', name: 'Me', url: 'https://github.com/me', resourcePath: '/me', avatarUrl: 'https://x', createdAt: '2020-01-01T00:00:00Z' } };

const plain = (value) => JSON.parse(JSON.stringify(value));

/** Runs a query with parts written as bytes at once, and compares with what was found without; what it counts must be the same too. */
function compareBytes(prepared, own, context, query) {
  const again = service.context({ viewer, rate });
  const written = executeQuery({ ...prepared, context: again, resolverOf, asBytes: true });
  assert.equal(bytesOf({ data: written.data }).toString(), JSON.stringify({ data: own.data }), query);
  assert.deepEqual(plain(written.errors.map(entryOf)), plain(own.errors.map(entryOf)), query);
  assert.deepEqual(again.stats, context.stats, query);
}

/** Runs a query both ways and compares data and errors. */
function compare(query, variables = {}) {
  const document = parse(query);
  const invalid = validate(schema, document);
  assert.deepEqual(invalid.map((error) => error.message), [], query);
  const prepared = service.prepare({ query, variables });
  if (!prepared.operation) {
    const theirs = execute({ schema, document, variableValues: variables, rootValue: {} });
    assert.deepEqual(prepared.errors.map((error) => error.message), theirs.errors.map((error) => error.message), query);
    return null;
  }
  const context = service.context({ viewer, rate });
  const own = executeQuery({ ...prepared, context, resolverOf });
  compareBytes(prepared, own, context, query);
  const theirs = execute({
    schema, document, rootValue: {}, variableValues: variables, contextValue: service.context({ viewer, rate }), typeResolver: (value) => value.typeName,
    fieldResolver: (source, args, context, info) => resolverOf(info.parentType.name, info.parentType.getFields()[info.fieldName])(source, args, context, info),
  });
  assert.equal(typeof theirs.then, 'undefined');
  assert.deepEqual(plain(own.data ?? null), plain(theirs.data ?? null), query);
  const ours = own.errors.map(entryOf);
  const expected = (theirs.errors ?? []).map((error) => ({ message: error.message, path: error.path, locations: error.locations }));
  assert.deepEqual(plain(ours.map(({ message, path, locations }) => ({ message, path, locations }))), plain(expected), query);
  return own.data;
}

const someIds = Array.from({ length: 30 }, (none, i) => newId('Repository', i + 1));

test('fixed queries give what graphql-js gives', () => {
  const repo = world.nameWithOwner(10).split('/');
  const queries = [
    '{ viewer { login __typename } rateLimit { cost remaining resetAt } }',
    '{ a: search(query: "stars:>=0", type: REPOSITORY, first: 5) { repositoryCount edges { cursor node { __typename ... on Repository { name } } } } }',
    'query($n: Int!) { search(query: "fork:true", type: REPOSITORY, first: $n) { nodes { ...R } } } fragment R on Repository { id owner { login ... on User { name } } ...R2 } fragment R2 on Repository { name owner { id } }',
    `{ repository(owner: "${repo[0]}", name: "${repo[1]}") { nameWithOwner languages(first: 3) { totalSize edges { size node { name color } } } } }`,
    '{ repository(owner: "nobody", name: "nothing") { id } b: viewer { login } }',
    `{ nodes(ids: ${JSON.stringify(someIds)}) { __typename id ... on Repository { databaseId name } } }`,
    '{ node(id: "R_kgDOABPHjQ") { id } }',
    '{ search(query: "stars:>=0", type: REPOSITORY, first: 2) { nodes { ... on Repository { stargazers { totalCount } } } } }',
    '{ search(query: "stars:>=0", type: REPOSITORY, first: 2) { nodes { ... on Repository { issues(first: 3) { totalCount nodes { title } pageInfo { hasNextPage } } } } } }',
    '{ search(query: "stars:>=0", type: REPOSITORY, first: 2, after: "nonsense") { nodes { __typename } } }',
    '{ search(query: "x", type: ISSUE, first: 2) { nodes { __typename } } }',
    '{ search(query: "stars:>=0", type: REPOSITORY, first: 3) { nodes { ... on Repository { latestRelease { name } codeOfConduct { key } tempCloneToken interactionAbility { limit } } } } }',
    'query($yes: Boolean!, $no: Boolean!) { viewer @include(if: $yes) { login @skip(if: $yes) id @include(if: $yes) name @include(if: $no) } rateLimit @skip(if: $yes) { cost } }',
    '{ __schema { queryType { name } } __type(name: "Repository") { name fields { name } } }',
  ];
  for (const query of queries) compare(query, { n: 3, yes: true, no: false });
});

test('a variable of the wrong type is refused as graphql-js refuses it', () => {
  compare('query($n: Int!) { search(query: "a", type: REPOSITORY, first: $n) { repositoryCount } }', { n: 'three' });
  compare('query($n: Int!) { search(query: "a", type: REPOSITORY, first: $n) { repositoryCount } }', {});
});

/* ---- generated queries ---- */

const TEXTS = ['stars:>=0', 'stars:0..10 fork:true', 'language:Python', 'zzz', 'fork:only', 'created:2020-01-01..2021-01-01'];

class Writer {
  constructor(seed) {
    this.random = new Random(seed);
    this.names = 0;
    this.fragments = [];
  }

  query() {
    const fields = Array.from({ length: 1 + this.random.below(3) }, () => this.rootField());
    return `query($yes: Boolean = true, $no: Boolean = false) { u: viewer @include(if: $yes) @skip(if: $no) { login } ${fields.join(' ')} } ${this.fragments.join(' ')}`;
  }

  alias() {
    this.names++;
    return `f${this.names}: `;
  }

  rootField() {
    const { random } = this;
    const root = schema.getQueryType().getFields();
    const pages = `first: ${1 + random.below(5)}${random.chance(0.2) ? `, after: "${Buffer.from(`cursor:${random.below(1100)}`).toString('base64')}"` : ''}`;
    const id = () => JSON.stringify(random.chance(0.2) ? 'nonsense' : newId('Repository', 1 + random.below(6000)));
    const name = () => (random.chance(0.2) ? ['no', 'body'] : world.nameWithOwner(random.below(2000)).split('/'));
    const [owner, repo] = name();
    const choices = [
      ['search', `query: "${random.pick(TEXTS)}", type: REPOSITORY, ${pages}`], ['node', `id: ${id()}`], ['nodes', `ids: [${id()}, ${id()}, ${id()}]`],
      ['repository', `owner: "${owner}", name: "${repo}"`], ['viewer', ''], ['rateLimit', ''],
    ];
    const [field, args] = random.pick(choices);
    return `${this.alias()}${field}${args ? `(${args})` : ''}${this.selection(root[field].type, 4)}`;
  }

  /** Selection set for a type, or nothing for a leaf. */
  selection(type, depth) {
    const named = getNamedType(type);
    if (isLeafType(named)) return '';
    const parts = ['__typename'];
    if (isAbstractType(named)) {
      const wanted = schema.getPossibleTypes(named).filter(({ name }) => ['Repository', 'User', 'Organization'].includes(name));
      for (const inner of wanted) parts.push(`... on ${inner.name} ${this.fields(inner, depth)}`);
    }
    if (!isAbstractType(named) || named.getFields) {
      const body = this.fields(named, depth).slice(1, -1);
      if (this.random.chance(0.2) && isObjectType(named)) {
        this.fragments.push(`fragment F${this.fragments.length} on ${named.name} { ${body} }`);
        parts.push(`...F${this.fragments.length - 1}`);
      } else {
        parts.push(body);
      }
    }
    return ` { ${parts.join(' ')} }`;
  }

  fields(type, depth) {
    const { random } = this;
    const all = Object.values(type.getFields()).filter((field) => this.usable(field, depth));
    const chosen = Array.from({ length: Math.min(all.length, 2 + random.below(5)) }, () => random.pick(all));
    const written = chosen.map((field) => `${this.alias()}${field.name}${this.arguments(field)}${random.chance(0.1) ? ' @include(if: $yes)' : ''}${this.selection(field.type, depth - 1)}`);
    return `{ __typename ${written.join(' ')} }`;
  }

  usable(field, depth) {
    if (field.args.some((arg) => isRequiredArgument(arg))) return false;
    return isLeafType(getNamedType(field.type)) || depth > 1;
  }

  arguments(field) {
    if (field.args.some((arg) => arg.name === 'first')) return `(first: ${1 + this.random.below(4)})`;
    const optional = field.args.find((arg) => isEnumType(getNullableType(arg.type)) && !isListType(arg.type));
    return optional && this.random.chance(0.3) ? `(${optional.name}: ${optional.type.getValues()[0].name})` : '';
  }
}

test('texts of all kinds, in pages that are longer than the buffer, are written as JSON.stringify does', () => {
  const fields = 'databaseId name description homepageUrl owner { login } repositoryTopics(first: 20) { nodes { topic { name } } } languages(first: 10) { totalSize edges { size node { name } } }';
  const query = `{ ${Array.from({ length: 30 }, (none, i) => `a${i}: search(query: "stars:>=0", type: REPOSITORY, first: 100, after: ${JSON.stringify(Buffer.from(`cursor:${(i % 10) * 100}`).toString('base64'))}) { nodes { ... on Repository { ${fields} x${i}: descriptionHTML } } }`).join(' ')} }`;
  const data = compare(query);
  assert.equal(Object.values(data).flatMap(({ nodes }) => nodes).filter(Boolean).length, 3000);
});

test('300 generated queries give what graphql-js gives', () => {
  let withErrors = 0;
  for (let seed = 1; seed <= 300; seed++) {
    const query = new Writer(seed).query();
    compare(query, {});
    if (/"nonsense"/.test(query)) withErrors++;
  }
  assert.ok(withErrors > 20);
});
