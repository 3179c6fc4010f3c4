/*
 * What makes a live index differ from a database (fact sheet 1.2), drawn anew for each request: an order that moves, a count that
 * wobbles, items dropped by a search that timed out, an empty reply that is not one, two copies of the index that differ.
 */
import { hash, hashText } from '../random.js';
import { primaryKey } from './search.js';

const JITTER_FROM = 10000;
const P_COPY = 81;
const COPY_LACKS = 0.03;

/** {count, rows} as the client sees them. `settings`: unstableOrder, unstableTies, countJitter, flapping. `fault` is its name. */
export function disturbPage({ world, random, settings, fault, found, query }) {
  if (fault === 'emptyResults') return { count: 0, rows: found.rows.subarray(0, 0) };
  let { count, rows } = flap({ world, random, share: settings.flapping, query, found });
  if (fault === 'droppedItems') {
    const kept = rows.filter(() => !random.chance(0.1));
    count -= rows.length - kept.length;
    rows = kept;
  }
  if (count > JITTER_FROM && settings.countJitter > 0) count = Math.round(count * (1 + (random.next() * 2 - 1) * settings.countJitter));
  rows = found.sort === null ? moveSome(random, settings.unstableOrder, rows) : swapTies(world, random, settings.unstableTies, found.sort, rows);
  return { count, rows };
}

/** A search as it reads without its order, so that all orders of it fare alike. */
export const unsorted = (query) => query.replace(/\s*\bsort:\S+/g, '').trim();

/** Some searches, always the same ones, are answered by either of two copies of the index; one lacks some of the repositories. */
function flap({ world, random, share, query, found }) {
  if (!(share > 0) || hashText(unsorted(query), world.seed) / 4294967296 >= share || random.chance(0.5)) return found;
  const rows = found.rows.filter((row) => hash(world.seed, world.columns.id[row], P_COPY) / 4294967296 >= COPY_LACKS);
  return { count: found.count - (found.rows.length - rows.length), rows };
}

/** Without a sort: with each request a share of the results stands elsewhere. */
function moveSome(random, share, rows) {
  const moves = Math.ceil(rows.length * share);
  if (!(share > 0) || rows.length < 2) return rows;
  const moved = rows.slice();
  for (let i = 0; i < moves; i++) swap(moved, random.below(rows.length), random.below(rows.length));
  return moved;
}

/** With a sort: now and then two repositories of equal key swap places. */
function swapTies(world, random, chance, sort, rows) {
  if (!random.chance(chance) || rows.length < 2) return rows;
  const key = primaryKey(world, sort.field);
  const moved = rows.slice();
  for (let i = 0; i < 10; i++) {
    const a = random.below(rows.length);
    const b = Math.min(rows.length - 1, a + 1 + random.below(150));
    if (key(moved[a]) === key(moved[b])) swap(moved, a, b);
  }
  return moved;
}

function swap(rows, a, b) {
  [rows[a], rows[b]] = [rows[b], rows[a]];
}
