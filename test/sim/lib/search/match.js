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

/** {scan, parameters, test, rows}: the compiled loop, its numbers, the test of what has no column, and rows to look at or null. */
export function compileSearch(world, wanted) {
  const conditions = new Conditions(world);
  conditions.addFlags(wanted);
  for (const [field, range] of Object.entries(wanted.ranges)) conditions.addRange(field, range, false);
  for (const [field, ...range] of wanted.notRanges) conditions.addRange(field, range, true);
  for (const [kind, values] of wanted.orEd) if (kind !== 'user' && kind !== 'repo') conditions.addTest({ kind, values, not: false });
  for (const test of wanted.tests) conditions.addTest(test);
  const { slow } = conditions;
  const place = placeTest(world, wanted.orEd);
  if (place) slow.push(place);
  if (wanted.words.length + wanted.notWords.length > 0) slow.push((row) => matchesWords(world, wanted, row));
  const test = slow.length === 0 ? null : (row) => slow.every((check) => check(row));
  return { parameters: conditions.parameters, scan: scanner(conditions.fast), test, rows: candidateRows(world, wanted) };
}

/** Collects conditions: `fast` ones as text over columns and parameters, `slow` ones as functions of a row. */
class Conditions {
  constructor(world) {
    this.world = world;
    this.fast = [];
    this.slow = [];
    this.parameters = [];
  }

  parameter(value) {
    return `p[${this.parameters.push(value) - 1}]`;
  }

  addFlags({ fork, flags }) {
    let forbidden = C.HIDDEN;
    let needed = 0;
    if (fork === 'no') forbidden |= C.FORK;
    if (fork === 'only') needed |= C.FORK;
    for (const [name, value] of flags) {
      if (value) needed |= FLAG_BITS[name];
      else forbidden |= FLAG_BITS[name];
    }
    this.fast.push(`(flags[r] & ${this.parameter(forbidden | needed)}) === ${this.parameter(needed)}`);
  }

  addRange(field, [from, to], not) {
    if (!COLUMN_RANGES.has(field)) {
      const inside = (value) => value >= from && value <= to;
      this.slow.push((row) => inside(derivedNumber(this.world, field, row)) !== not);
      return;
    }
    const exists = field === 'pushed' ? 'pushed[r] !== 0 && ' : '';
    const inside = `${exists}${field}[r] >= ${this.parameter(from)} && ${field}[r] <= ${this.parameter(to)}`;
    this.fast.push(not ? `!(${inside})` : inside);
  }

  addTest({ kind, values, not }) {
    if (kind !== 'language' && kind !== 'license') {
      this.slow.push(slowTest(this.world, kind, values, not));
      return;
    }
    const codeOf = (value) => (kind === 'language' ? this.world.languageCode(value) : this.world.licenseCode(value));
    const any = values.map((value) => `${kind}[r] === ${this.parameter(codeOf(value))}`).join(' || ');
    this.fast.push(not ? `!(${any})` : `(${any})`);
  }
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
