/*
 * What makes a live index differ from a database (fact sheet 1.2), drawn anew for each request: an order that moves, a count that
 * wobbles, items dropped by a search that timed out, an empty reply that is not one.
 */
import { primaryKey } from './search.js';

const JITTER_FROM = 10000;

/** {count, rows} as the client sees them. `settings`: unstableOrder, unstableTies, countJitter. */
export function disturbPage({ world, random, settings, fault, found }) {
  if (fault?.name === 'emptyResults') return { count: 0, rows: found.rows.subarray(0, 0) };
  let { count, rows } = found;
  if (fault?.name === 'droppedItems') {
    rows = rows.filter(() => !random.chance(0.1));
    count -= found.rows.length - rows.length;
  }
  if (count > JITTER_FROM && settings.countJitter > 0) count = Math.round(count * (1 + (random.next() * 2 - 1) * settings.countJitter));
  rows = found.sort === null ? moveSome(random, settings.unstableOrder, rows) : swapTies(world, random, settings.unstableTies, found.sort, rows);
  return { count, rows };
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
