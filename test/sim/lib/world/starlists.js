/*
 * For each of a few star counts the rows that have (or once had) at least so many, in ascending order: 92 % of all repositories
 * have no stars, so a search for starred ones need not look at them. Lists may hold rows that have fallen below; a search checks
 * the stars anyway.
 */
const LEVELS = [1, 2, 10, 100, 1000];

export class StarLists {
  constructor(columns) {
    this.columns = columns;
    this.lists = LEVELS.map(() => null);
    this.members = LEVELS.map(() => null);
    this.waiting = LEVELS.map(() => []);
  }

  /** Notes that the stars of a row changed. */
  changed(row) {
    const stars = this.columns.stars[row];
    for (let i = 0; i < LEVELS.length && stars >= LEVELS[i]; i++) {
      if (this.lists[i] !== null && !this.members[i].has(row)) {
        this.members[i].add(row);
        this.waiting[i].push(row);
      }
    }
  }

  /** The shortest list that holds every row with at least `stars`, or null if none does. */
  atLeast(stars) {
    let level = -1;
    while (level + 1 < LEVELS.length && LEVELS[level + 1] <= stars) level++;
    if (level < 0) return null;
    if (this.lists[level] === null) this.build(level);
    if (this.waiting[level].length > 0) this.merge(level);
    return this.lists[level];
  }

  build(level) {
    const { stars, length } = this.columns;
    const rows = [];
    for (let row = 0; row < length; row++) if (stars[row] >= LEVELS[level]) rows.push(row);
    this.lists[level] = Uint32Array.from(rows);
    this.members[level] = new Joiners(this.lists[level]);
  }

  merge(level) {
    const joined = new Uint32Array(this.lists[level].length + this.waiting[level].length);
    const waiting = this.waiting[level].sort((a, b) => a - b);
    const list = this.lists[level];
    let w = 0;
    let at = 0;
    for (let i = 0; i < list.length; i++) {
      while (w < waiting.length && waiting[w] < list[i]) joined[at++] = waiting[w++];
      joined[at++] = list[i];
    }
    while (w < waiting.length) joined[at++] = waiting[w++];
    this.lists[level] = joined;
    this.members[level] = new Joiners(joined);
    this.waiting[level] = [];
  }
}

/** Membership in a sorted list, plus rows that wait to join it. */
class Joiners {
  constructor(list) {
    this.list = list;
    this.joining = new Set();
  }

  has(row) {
    let low = 0;
    let high = this.list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.list[middle] < row) low = middle + 1;
      else high = middle;
    }
    return this.list[low] === row || this.joining.has(row);
  }

  add(row) {
    this.joining.add(row);
  }
}
