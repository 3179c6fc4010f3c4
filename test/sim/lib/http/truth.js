/*
 * GET /_sim/truth: what matches a search, without caps, lags or faults, straight from the world.
 * GET /_sim/history: the states of what changed. See docs/simulator.md.
 */
import { Repo } from '../graphql/repository.js';
import { resolverOf } from '../graphql/resolvers.js';

const LINES_PER_CHUNK = 5000;

/** Object fields by the value that stands for them. */
const SHORT = {
  owner: 'login', primaryLanguage: 'name', licenseInfo: 'key', defaultBranchRef: 'name', parent: 'databaseId',
};

export function answerTruth(sim, parameters, res) {
  sim.drift.step();
  const query = parameters.get('q') ?? '';
  const from = parameters.get('from');
  const mode = parameters.get('mode') ?? 'both';
  const rows = from === null ? { now: sim.engine.findAll(query) } : rowsSince(sim, query, Number(from));
  if (parameters.has('closed')) for (const [name, list] of Object.entries(rows)) rows[name] = list.filter((row) => sim.graphql.isClosed(row));
  if (parameters.has('count')) {
    sendCounts(res, rows);
  } else if (from !== null && mode === 'both') {
    const ids = (list) => Array.from(list, (row) => sim.world.columns.id[row]);
    res.writeHead(200, { 'Content-Type': 'application/json' });
    res.end(JSON.stringify({ always: ids(rows.always), ever: ids(rows.ever) }));
  } else {
    sendRows(sim, parameters, rows.now ?? (mode === 'always' ? rows.always : rows.ever), res);
  }
}

function sendCounts(res, { now, always, ever }) {
  const body = now ? `${now.length}\n` : `${JSON.stringify({ always: always.length, ever: ever.length })}\n`;
  res.writeHead(200, { 'Content-Type': now ? 'text/plain' : 'application/json' });
  res.end(body);
}

/** All states, since a moment, of each repository that changed since: a line of JSON each, oldest first. */
export function answerHistory(sim, parameters, res) {
  sim.drift.step();
  const { world } = sim;
  const line = jsonLine(sim, (parameters.get('fields') ?? 'nameWithOwner').split(',').filter(Boolean));
  const state = (row, since, until) => line(row, { since, until, visible: world.isVisible(row) });
  res.writeHead(200, { 'Content-Type': 'application/x-ndjson' });
  for (const [row, entries] of world.changesSince(Number(parameters.get('from') ?? 0))) {
    const states = entries.map((entry, i) => (entry.existed ? world.during(entry, () => state(row, entries[i - 1]?.at ?? null, entry.at)) : ''));
    res.write(`${states.join('')}${state(row, entries.at(-1).at, null)}`);
  }
  res.end();
}

/** {always, ever}: rows that matched at every moment since, and at some moment since. */
function rowsSince(sim, query, from) {
  const { world, engine } = sim;
  const matches = engine.matcher(query);
  const always = new Set(engine.findAll(query));
  const ever = new Set(always);
  for (const [row, entries] of world.changesSince(from)) {
    for (const entry of entries) {
      if (world.during(entry, matches)) ever.add(row);
      else always.delete(row);
    }
  }
  const sorted = (set) => Uint32Array.from(set).sort();
  return { always: sorted(always), ever: sorted(ever) };
}

function sendRows(sim, parameters, rows, res) {
  const asJson = parameters.get('format') === 'json';
  const names = (parameters.get('fields') ?? 'nameWithOwner').split(',').filter(Boolean);
  const toJson = asJson ? jsonLine(sim, names) : null;
  const line = asJson ? (row) => toJson(row) : (row) => `${sim.world.columns.id[row]}\n`;
  res.writeHead(200, { 'Content-Type': asJson ? 'application/x-ndjson' : 'text/plain' });
  let at = 0;
  const more = () => {
    while (at < rows.length) {
      let chunk = '';
      for (const end = Math.min(at + LINES_PER_CHUNK, rows.length); at < end; at++) chunk += line(rows[at]);
      if (!res.write(chunk)) {
        res.once('drain', more);
        return;
      }
    }
    res.end();
  };
  more();
}

/** Writer of one JSON line: id and the fields asked for, as GraphQL shows them. */
function jsonLine(sim, names) {
  const context = valueContext(sim);
  const repository = sim.graphql.schema.getType('Repository').getFields();
  const readers = names.map((name) => {
    const field = name === 'stars' ? 'stargazerCount' : name;
    if (field === 'languages') return (repo) => sim.world.languages(repo.row).map(({ language, size }) => ({ name: language.name, size }));
    if (field === 'topics' || field === 'repositoryTopics') return (repo) => sim.world.topics(repo.row);
    if (!repository[field]) throw new RangeError(`Repository has no field ${field}`);
    const resolve = resolverOf('Repository', repository[field]);
    return (repo) => shorten(sim, context, field, resolve(repo, {}, context));
  });
  return (row, more) => {
    const repo = new Repo(row);
    const out = { id: sim.world.columns.id[row], ...more };
    names.forEach((name, i) => { out[name] = readers[i](repo); });
    return `${JSON.stringify(out)}\n`;
  };
}

function shorten(sim, context, field, value) {
  if (value === null || typeof value !== 'object' || !SHORT[field]) return value?.totalCount ?? value;
  const type = value.typeName ?? { primaryLanguage: 'Language', licenseInfo: 'License' }[field];
  const definition = sim.graphql.schema.getType(type).getFields()[SHORT[field]];
  return resolverOf(type, definition)(value, {}, context);
}

function valueContext(sim) {
  return sim.graphql.context({ viewer: null, rate: null });
}
