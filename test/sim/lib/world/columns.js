/*
 * Storage of the world: one typed array per attribute, one row per repository that is or was public, in ascending order of id,
 * which is also the order of creation. About 54 bytes a row; texts are not stored but derived (text.js). Arrays are replaced
 * when they grow, so nobody may keep a reference across a change.
 */
export const FORK = 1 << 0;
export const ARCHIVED = 1 << 1;
export const TEMPLATE = 1 << 2;
export const MIRROR = 1 << 3;
export const DISABLED = 1 << 4;
export const EMPTY = 1 << 5;
export const LOCKED = 1 << 6;
export const PRIVATE = 1 << 7;
export const DELETED = 1 << 8;
export const DMCA = 1 << 9;
export const TOS = 1 << 10;
export const NO_ISSUES = 1 << 11;
export const NO_WIKI = 1 << 12;
export const NO_PROJECTS = 1 << 13;
export const DISCUSSIONS = 1 << 14;
export const BOT = 1 << 15;
/** A row with one of these is shown by no list, no search and no node lookup. */
export const HIDDEN = PRIVATE | DELETED | DMCA | TOS;

export const BRANCHES = [null, 'main', 'master', 'develop', 'trunk', 'gh-pages', 'feature/ünï-cödé'];

const LAYOUT = {
  id: Float64Array, created: Uint32Array, pushed: Uint32Array, updated: Uint32Array, archivedAt: Uint32Array, stars: Uint32Array,
  forks: Uint32Array, size: Uint32Array, owner: Uint32Array, parent: Uint32Array, flags: Uint16Array, language: Uint8Array,
  license: Uint8Array, branch: Uint8Array,
};

/** Attributes that drift or an operation can change; a change is logged with their old values. `id`, `created` and `parent` stay. */
export const MUTABLE = ['pushed', 'updated', 'archivedAt', 'stars', 'forks', 'size', 'owner', 'flags', 'language', 'license', 'branch'];

export class Columns {
  constructor(capacity) {
    this.length = 0;
    this.capacity = capacity;
    for (const [name, Type] of Object.entries(LAYOUT)) this[name] = new Type(capacity);
  }

  /** Makes room for one more row and returns its number. */
  append() {
    if (this.length === this.capacity) this.grow(Math.ceil(this.capacity * 1.25) + 1024);
    return this.length++;
  }

  grow(capacity) {
    for (const [name, Type] of Object.entries(LAYOUT)) {
      const wider = new Type(capacity);
      wider.set(this[name]);
      this[name] = wider;
    }
    this.capacity = capacity;
  }

  /** First row whose value in an ascending column is at least `value`. */
  lowerBound(column, value) {
    const array = this[column];
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (array[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Row of an id, or -1. */
  rowOf(id) {
    const row = this.lowerBound('id', id);
    return row < this.length && this.id[row] === id ? row : -1;
  }
}
