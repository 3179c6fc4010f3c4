/*
 * Owners are numbers from 0; login, kind and database id are derived. A login spells its number in words, so it can be read back
 * without an index. Owners made by an operation (`add` with a login of its own) are kept in a list behind the derived ones.
 */
import { hash } from '../random.js';
import { LOGIN_WORDS } from './words.js';

const [FIRST, LAST] = LOGIN_WORDS;
const PAIRS = FIRST.length * LAST.length;
const FIRST_AT = new Map(FIRST.map((word, i) => [word, i]));
const LAST_AT = new Map(LAST.map((word, i) => [word, i]));
const PURPOSE_KIND = 60;
/** Numbers of named owners start here, far above any derived one. */
const NAMED_FROM = 0x40000000;

export class Owners {
  constructor(seed, count) {
    this.seed = seed;
    this.count = count;
    this.named = [];
    this.namedAt = new Map();
  }

  login(owner) {
    if (owner >= NAMED_FROM) return this.named[owner - NAMED_FROM];
    const first = FIRST[owner % FIRST.length];
    const last = LAST[Math.floor(owner / FIRST.length) % LAST.length];
    const round = Math.floor(owner / PAIRS);
    const style = hash(this.seed, owner, PURPOSE_KIND) & 3;
    const name = style === 0 ? `${first[0].toUpperCase()}${first.slice(1)}-${last}` : `${first}-${last}`;
    return round === 0 ? name : `${name}-${round}`;
  }

  /** Number of a login in any case, or -1. */
  find(login) {
    const lower = login.toLowerCase();
    const named = this.namedAt.get(lower);
    if (named !== undefined) return named;
    const [first, last, round = '0', rest] = lower.split('-');
    if (rest !== undefined || !FIRST_AT.has(first) || !LAST_AT.has(last) || !/^\d{1,9}$/.test(round)) return -1;
    const owner = Number(round) * PAIRS + LAST_AT.get(last) * FIRST.length + FIRST_AT.get(first);
    return owner < this.count && this.login(owner).toLowerCase() === lower ? owner : -1;
  }

  /** Number of a login, which is made if nobody has it. */
  ensure(login) {
    const known = this.find(login);
    if (known >= 0) return known;
    this.named.push(login);
    this.namedAt.set(login.toLowerCase(), NAMED_FROM + this.named.length - 1);
    return NAMED_FROM + this.named.length - 1;
  }

  isOrganization(owner) {
    return hash(this.seed, owner, PURPOSE_KIND) % 100 >= 85;
  }

  databaseId(owner) {
    return owner >= NAMED_FROM ? 100000000 + (owner - NAMED_FROM) : 1000 + owner * 3;
  }

  /** Owner of a database id, or -1. */
  byDatabaseId(id) {
    if (id >= 100000000) return id - 100000000 < this.named.length ? NAMED_FROM + id - 100000000 : -1;
    const owner = (id - 1000) / 3;
    return Number.isInteger(owner) && owner >= 0 && owner < this.count ? owner : -1;
  }
}
