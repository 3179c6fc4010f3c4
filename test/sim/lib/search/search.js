/*
 * Finds, counts and orders repositories. Only the first 1,000 of an order can be reached, so only those are sorted and kept.
 * Results are cached until the world changes: ten pages of one search cost one scan.
 */
import { hash } from '../random.js';
import { compileSearch, derivedNumber } from './match.js';
import { parseSearch } from './parse.js';

export const REACHABLE = 1000;
const CACHE_SIZE = 200;
const TIE_STEPS = 1048576;
const P_ORDER = 80;

export class SearchEngine {
  /** `settings` holds the switches {indexLag} in GitHub's milliseconds; read at each search, so they can change. */
  constructor(world, clock, settings) {
    this.world = world;
    this.clock = clock;
    this.settings = settings;
    this.cache = new Map();
    this.scratch = new Uint32Array(1024);
  }

  /** {count, rows}: how many match, and up to 1,000 of them in order. Hidden rows appear only through index lag. */
  find(query) {
    const { world } = this;
    const cached = this.cache.get(query);
    if (cached && cached.version === world.version && cached.until > this.clock.now()) return cached;
    const wanted = parseSearch(query);
    const found = this.scan(wanted);
    const lagging = this.applyLag(wanted, found);
    const result = {
      version: world.version,
      until: lagging.settledAt > this.clock.now() ? 0 : Infinity,
      count: lagging.rows.length,
      rows: firstInOrder(world, wanted.sort, lagging.rows),
      sort: wanted.sort,
    };
    this.remember(query, result);
    return result;
  }

  remember(query, result) {
    if (this.cache.size >= CACHE_SIZE) this.cache.delete(this.cache.keys().next().value);
    this.cache.set(query, result);
  }

  /** All rows that match now, ascending, without lag or cap. */
  findAll(query) {
    return this.scan(parseSearch(query)).slice();
  }

  scan(wanted) {
    const { columns } = this.world;
    const plan = compileSearch(this.world, wanted);
    let list = plan.rows;
    const [from, to] = this.rowsCreatedIn(wanted.ranges.created);
    let [low, high] = [from, to];
    if (list === null && wanted.ranges.stars && wanted.ranges.stars[0] > 0) list = this.world.stars.atLeast(wanted.ranges.stars[0]);
    if (list !== null) [low, high] = [lowerBound(list, from), lowerBound(list, to)];
    if (this.scratch.length < high - low) this.scratch = new Uint32Array(Math.ceil((high - low) * 1.25));
    const n = plan.scan(columns, plan.parameters, list, low, high, plan.test, this.scratch);
    return this.scratch.subarray(0, n);
  }

  rowsCreatedIn(range) {
    const { columns } = this.world;
    if (!range) return [0, columns.length];
    const from = columns.lowerBound('created', range[0]);
    return [from, Math.max(from, range[1] >= 0xffffffff ? columns.length : columns.lowerBound('created', range[1] + 1))];
  }

  /** Function that tells whether a row matches in the state it is in. */
  matcher(query) {
    return this.rowMatcher(parseSearch(query));
  }

  rowMatcher(wanted) {
    const plan = compileSearch(this.world, wanted);
    const out = new Uint32Array(1);
    return (row) => plan.scan(this.world.columns, plan.parameters, null, row, row + 1, plan.test, out) === 1;
  }

  /** Replaces rows that changed within the lag of the index by what the index still holds of them. */
  applyLag(wanted, rows) {
    const lag = this.clock.real(this.settings.indexLag ?? 0);
    if (lag === 0 || this.world.log.length === 0) return { rows, settledAt: 0 };
    const changes = this.world.changesSince(this.clock.now() - lag);
    if (changes.size === 0) return { rows, settledAt: 0 };
    const matchedThen = this.rowMatcher(wanted);
    const kept = Array.from(rows).filter((row) => !changes.has(row));
    for (const [row, [oldest]] of changes) {
      if (this.world.during(oldest, matchedThen)) kept.push(row);
    }
    return { rows: Uint32Array.from(kept).sort(), settledAt: this.clock.now() + lag };
  }
}

/** The first 1,000 rows of an order: by the sort, ties by a hash of the id. Without a sort: by a rough "best match". */
function firstInOrder(world, sort, rows) {
  const key = orderKey(world, sort);
  const keyed = [];
  let worst = -Infinity;
  for (let i = 0; i < rows.length; i++) {
    const value = key(rows[i]);
    if (value <= worst) continue;
    keyed.push({ value, row: rows[i] });
    if (keyed.length === 8 * REACHABLE) worst = keepBest(keyed);
  }
  keepBest(keyed);
  return Uint32Array.from(keyed, (entry) => entry.row);
}

function keepBest(keyed) {
  keyed.sort((a, b) => b.value - a.value);
  if (keyed.length > REACHABLE) keyed.length = REACHABLE;
  return keyed.length < REACHABLE ? -Infinity : keyed[keyed.length - 1].value;
}

/** A number for each row; greater comes first. The lower 20 bits order ties. */
function orderKey(world, sort) {
  const { columns, seed } = world;
  const tie = (row) => hash(seed, columns.id[row], P_ORDER) >>> 12;
  if (sort === null) return (row) => Math.min(columns.stars[row], 1023) * TIE_STEPS + tie(row);
  const primary = primaryKey(world, sort.field);
  const sign = sort.descending ? 1 : -1;
  return (row) => sign * primary(row) * TIE_STEPS + tie(row);
}

export function primaryKey(world, field) {
  const { columns } = world;
  switch (field) {
    case 'stars': return (row) => columns.stars[row];
    case 'forks': return (row) => columns.forks[row];
    case 'updated': return (row) => columns.updated[row];
    default: return (row) => derivedNumber(world, 'helpWantedIssues', row);
  }
}

function lowerBound(list, value) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
