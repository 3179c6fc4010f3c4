/*
 * The world can be crawled: a small, patient crawler that splits ranges by creation and then by size, with two users of two tokens
 * and all limits on, ends up with exactly the truth, and oversteps nothing. Under drift, and with faults, it misses nothing that was
 * there all the time.
 */
import assert from 'node:assert/strict';
import test from 'node:test';
import { searchQuery, startSim } from '../tools/harness.js';

const iso = (seconds) => new Date(seconds * 1000).toISOString().replace('.000', '');
const START = Date.UTC(2007, 0, 1) / 1000;
const END = Date.UTC(2026, 8, 2) / 1000;

/** Texts of all searches that together cover the world, each at most 1,000 results. */
async function* ranges(count, from = START, to = END, sizes = '') {
  const query = `fork:true created:${iso(from)}..${iso(to)}${sizes}`;
  const found = await count(query);
  if (found === 0) return;
  if (found <= 1000) {
    yield [query, found];
  } else if (to > from) {
    const middle = Math.floor((from + to) / 2);
    yield* ranges(count, from, middle);
    yield* ranges(count, middle + 1, to);
  } else {
    const [low, high] = sizes === '' ? [0, 2 ** 31] : sizes.match(/\d+/g).map(Number);
    const middle = Math.floor((low + high) / 2);
    yield* ranges(count, from, to, ` size:${low}..${middle}`);
    yield* ranges(count, from, to, ` size:${middle + 1}..${high}`);
  }
}

async function crawl({ ready, graphql }) {
  const ids = new Set();
  let turn = 0;
  const ask = async (query) => {
    for (let attempt = 0; attempt < 8; attempt++) {
      const token = ready.tokens[turn++ % ready.tokens.length];
      const answer = await graphql(query, { token }).catch(() => ({}));
      if (answer.status === 200 && answer.data && !answer.errors) return answer.data.search;
    }
    throw new Error(`no answer to ${query}`);
  };
  const count = async (query) => (await ask(`{ search(query: "${query}", type: REPOSITORY) { repositoryCount } }`)).repositoryCount;
  for await (const [query, found] of ranges(count)) {
    for (let page = 0; page * 100 < found; page++) {
      const after = Buffer.from(`cursor:${page * 100}`).toString('base64');
      for (const node of (await ask(searchQuery(`${query} sort:updated-asc`, { after }))).nodes) if (node) ids.add(node.databaseId);
    }
  }
  return [...ids].sort((a, b) => a - b);
}

test('a crawl with all limits on gives the truth and oversteps nothing', async (t) => {
  const sim = await startSim(t, { repositories: 51000, users: 2, 'tokens-per-user': 2, 'unstable-ties': 0, 'time-scale': 1 });
  assert.deepEqual(await crawl(sim), await sim.truth('fork:true'));
  const { violations, graphql } = await sim.control('counters');
  assert.deepEqual(Object.values(violations).filter(Boolean), []);
  assert.equal(graphql.repositories, 51000);
});

test('a crawl through faults gives the truth too', async (t) => {
  const sim = await startSim(t, { repositories: 5000, 'unstable-ties': 0, 'time-scale': 100, faults: 'json502=0.05,html502=0.05,reset=0.02,resetBody=0.02,brokenJson=0.02,timeout200=0.02,html200=0.02,redirect=0.02' });
  assert.deepEqual(await crawl(sim), await sim.truth('fork:true'));
  assert.ok(Object.keys((await sim.control('counters')).faults).length >= 5);
});

test('under drift a crawl has nothing that never was, and nearly all that always was', async (t) => {
  const sim = await startSim(t, { repositories: 5000, 'unstable-ties': 0, drift: 'stars=50,additions=20,deletions=20,pushes=50,privatizations=5' });
  const from = Date.now();
  const ids = await crawl(sim);
  await sim.control('drift', {});
  const { always, ever } = await sim.control(`truth?q=fork:true&from=${from}`);
  const known = new Set(ever);
  assert.deepEqual(ids.filter((id) => !known.has(id)), []);
  const got = new Set(ids);
  const missed = always.filter((id) => !got.has(id));
  assert.ok(missed.length < always.length * 0.02, `${missed.length} of ${always.length} missed by paging over a moving order`);
  assert.ok(always.length < ever.length);
});
