/*
 * Turns a parsed search into a scan over the columns. The loop is compiled to JavaScript once for every *shape* of search (which
 * columns are compared); numbers are handed over as parameters, so a crawl that asks for ten thousand ranges compiles one loop.
 * Only names of columns from the lists below and parameter positions get into the generated text, nothing that a client sent.
 */
import * as C from '../world/columns.js';
import { fraction, hash } from '../random.js';

const COLUMN_RANGES = new Set(['stars', 'forks', 'size', 'created', 'pushed']);
const FLAG_BITS = { archived: C.ARCHIVED, mirror: C.MIRROR, template: C.TEMPLATE };
const compiled = new Map();

/** {scan(columns, out), test or null, ranges}: what is needed to find and to check rows. */
export function compileSearch(world, wanted) {
  const conditions = [];
  const parameters = [];
  const parameter = (value) => `p[${parameters.push(value) - 1}]`;
  const slow = [];

  let forbidden = C.HIDDEN;
  let needed = 0;
  if (wanted.fork === 'no') forbidden |= C.FORK;
  if (wanted.fork === 'only') needed |= C.FORK;
  for (const [name, value] of wanted.flags) {
    if (value) needed |= FLAG_BITS[name];
    else forbidden |= FLAG_BITS[name];
  }
  conditions.push(`(flags[r] & ${parameter(forbidden | needed)}) === ${parameter(needed)}`);

  for (const [field, range] of Object.entries(wanted.ranges)) addRange(field, range, false);
  for (const [field, ...range] of wanted.notRanges) addRange(field, range, true);
  for (const [kind, values] of wanted.orEd) if (kind !== 'user' && kind !== 'repo') addTest({ kind, values, not: false });
  const place = placeTest(world, wanted.orEd);
  if (place) slow.push(place);
  for (const test of wanted.tests) addTest(test);
  if (wanted.words.length + wanted.notWords.length > 0) slow.push((row) => matchesWords(world, wanted, row));

  function addRange(field, [from, to], not) {
    if (!COLUMN_RANGES.has(field)) {
      slow.push((row) => (derivedNumber(world, field, row) >= from && derivedNumber(world, field, row) <= to) !== not);
      return;
    }
    const inside = `${field}[r] >= ${parameter(from)} && ${field}[r] <= ${parameter(to)}`;
    const exists = field === 'pushed' ? 'pushed[r] !== 0 && ' : '';
    conditions.push(not ? `!(${exists}${inside})` : `${exists}${inside}`);
  }

  function addTest({ kind, values, not }) {
    if (kind === 'language' || kind === 'license') {
      const codes = values.map((value) => (kind === 'language' ? world.languageCode(value) : world.licenseCode(value)));
      const any = codes.map((code) => `${kind}[r] === ${parameter(code)}`).join(' || ');
      conditions.push(not ? `!(${any})` : `(${any})`);
    } else {
      slow.push(slowTest(world, kind, values, not));
    }
  }

  const scan = scanner(conditions);
  const test = slow.length === 0 ? null : (row) => slow.every((check) => check(row));
  return { parameters, scan, test, rows: candidateRows(world, wanted) };
}

/** The compiled loop over rows from…to, or over the members of a list between them. */
function scanner(conditions) {
  const shape = conditions.join(' && ');
  let scan = compiled.get(shape);
  if (!scan) {
    scan = new Function('columns', 'p', 'list', 'from', 'to', 'test', 'out', `
      const { flags, stars, forks, size, created, pushed, language, license } = columns;
      let n = 0;
      if (list === null) {
        for (let r = from; r < to; r++) if (${shape} && (test === null || test(r))) out[n++] = r;
      } else {
        for (let i = from; i < to; i++) { const r = list[i]; if (${shape} && (test === null || test(r))) out[n++] = r; }
      }
      return n;`);
    if (compiled.size > 500) compiled.clear();
    compiled.set(shape, scan);
  }
  return scan;
}

/** Rows that `user:`, `org:` and `repo:` leave over now, ascending, or null if none of them is given: an access path, no test. */
function candidateRows(world, wanted) {
  const users = wanted.orEd.get('user');
  const repos = wanted.orEd.get('repo');
  if (!users && !repos) return null;
  const rows = new Set();
  for (const login of users ?? []) {
    const owner = world.owners.find(login);
    if (owner >= 0) for (const row of world.rowsOfOwner(owner)) rows.add(row);
  }
  for (const name of repos ?? []) {
    const { row } = world.findByName(...splitName(name));
    if (row >= 0) rows.add(row);
  }
  return Uint32Array.from(rows).sort();
}

function splitName(nameWithOwner) {
  const slash = nameWithOwner.indexOf('/');
  return slash < 0 ? ['', ''] : [nameWithOwner.slice(0, slash), nameWithOwner.slice(slash + 1)];
}

/** Test for `user:`, `org:` and `repo:`, which are OR-ed among each other, or null if none is given. */
function placeTest(world, orEd) {
  const users = new Set(orEd.get('user'));
  const repos = new Set(orEd.get('repo'));
  if (users.size + repos.size === 0) return null;
  return (row) => users.has(world.ownerLogin(row).toLowerCase()) || repos.has(world.nameWithOwner(row).toLowerCase());
}

function slowTest(world, kind, values, not) {
  const has = {
    topic: (row) => world.topics(row).includes(values[0]),
    is: () => values[0] === 'public',
    user: (row) => values.includes(world.ownerLogin(row).toLowerCase()),
    repo: (row) => values.includes(world.nameWithOwner(row).toLowerCase()),
  }[kind];
  return (row) => has(row) !== not;
}

function matchesWords(world, { words, notWords, in: places }, row) {
  const where = places ?? new Set(['name', 'description', 'topics']);
  let text = '';
  if (where.has('name')) text += `${world.nameWithOwner(row)}\n`;
  if (where.has('description')) text += `${world.description(row) ?? ''}\n`;
  if (where.has('topics')) text += world.topics(row).join('\n');
  const lower = text.toLowerCase();
  return words.every((group) => group.some((word) => lower.includes(word))) && !notWords.some((word) => lower.includes(word));
}

/** Numbers of a repository that have no column. */
export function derivedNumber(world, field, row) {
  const { columns, seed } = world;
  const id = columns.id[row];
  switch (field) {
    case 'topicCount': return world.topics(row).length;
    case 'followers': return Math.floor(columns.stars[row] * 0.04) + (hash(seed, id, 70) % 3);
    case 'goodFirstIssues': return Math.floor(Math.min(columns.stars[row], 5000) * 0.002 * fraction(seed, id, 71));
    case 'helpWantedIssues': return Math.floor(Math.min(columns.stars[row], 5000) * 0.003 * fraction(seed, id, 72));
    default: throw new Error(`no number ${field}`);
  }
}
