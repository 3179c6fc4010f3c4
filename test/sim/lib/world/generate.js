/*
 * Makes the first state of the world: the public repositories with the skew of fact sheet section 9, in one pass in ascending
 * order of id, so that a fork can choose among the repositories that were there before it.
 *
 * Ids run from `firstId` through three times the number of repositories, and every third one is public; creation times follow the
 * growth of GitHub's own id space, stretched to that range, or another shape (timeline.js).
 */
import { fraction, hash, mix } from '../random.js';
import { FORK_SHARE, FORK_STARRED, LANGUAGE_CODES, LICENSE_CODES, OWN_TAIL_FACTOR, starsForShare } from './catalog.js';
import * as C from './columns.js';
import { timelineOf } from './timeline.js';

const P_PUBLIC = 20;
const P_FORK = 21;
const P_STARS = 22;
const P_FORKS = 23;
const P_PARENT = 24;
const P_OWNER = 25;
const P_LANGUAGE = 26;
const P_LICENSE = 27;
const P_SIZE = 28;
const P_PUSHED = 29;
const P_FLAGS = 30;
const P_BRANCH = 31;
const P_BLOCKED = 32;
const P_CROWD = 40;

/** Ids for each public repository. */
export const IDS_PER_REPOSITORY = 3;
/** The crowd: so many repositories of one bot, created within one second. The first part differs as bots' repositories do. */
const CROWD = 1500;
const CROWD_VARIED = 600;
const CROWD_FROM_WORLD = 50000;
const WITHOUT_CROWD = new Set(['uniform', 'skewed']);

/** The smallest prime from `from` upwards. */
export function primeFrom(from) {
  for (let n = Math.max(7, from | 1); ; n += 2) {
    let prime = true;
    for (let d = 3; d * d <= n && prime; d += 2) prime = n % d !== 0;
    if (prime) return n;
  }
}

export class Generator {
  constructor({ seed, repositories, until, firstId, owners, shape }) {
    this.seed = mix(seed);
    this.until = until;
    this.firstId = firstId;
    this.owners = owners;
    this.repositories = repositories;
    this.hasCrowd = repositories >= CROWD_FROM_WORLD && !WITHOUT_CROWD.has(shape);
    this.columns = new C.Columns(Math.ceil(repositories * 1.02) + 4096);
    this.popular = new Uint32Array(Math.ceil(repositories / 8) + 16);
    this.popularCount = 0;
    this.forkRows = new Map();
    this.timeAt = timelineOf({ shape, count: repositories * IDS_PER_REPOSITORY, idsPerRepository: IDS_PER_REPOSITORY, until, seed: this.seed });
  }

  /** Fills the columns. Exactly `repositories` rows are visible; rows blocked for legal reasons come on top. */
  run() {
    const { seed, columns } = this;
    const crowdAt = this.hasCrowd ? Math.floor(this.repositories * 0.7) : Infinity;
    for (let made = 0; made < this.repositories; made++) {
      const base = this.firstId + made * IDS_PER_REPOSITORY;
      const pick = hash(seed, base, P_PUBLIC) % IDS_PER_REPOSITORY;
      const row = columns.append();
      const place = made - crowdAt;
      columns.id[row] = base + pick;
      if (place >= 0 && place < CROWD) this.fillCrowd(row, place);
      else this.fill(row);
      const blocked = fraction(seed, base, P_BLOCKED) < 0.001 && pick < IDS_PER_REPOSITORY - 1;
      if (blocked && !(place >= 0 && place < CROWD)) this.addBlocked(base + pick + 1);
    }
    this.forkRows = null;
    return columns;
  }

  /** A repository that is there but taken down: DMCA or terms of service. */
  addBlocked(id) {
    const row = this.columns.append();
    this.columns.id[row] = id;
    this.fill(row);
    this.columns.flags[row] |= hash(this.seed, id, P_BLOCKED + 1) % 3 === 0 ? C.TOS : C.DMCA;
  }

  /** All attributes of one new row whose id is set. */
  fill(row) {
    const { columns } = this;
    const id = columns.id[row];
    columns.created[row] = this.createdAt(row);
    const isFork = this.chooseOrigin(row, id);
    this.fillPopularity(row, id, isFork);
    const bits = this.fillFlags(row, id, isFork);
    this.fillContent(row, id, bits);
    this.fillTimes(row, id);
  }

  /** Decides whether the row is a fork, of what, and whose. */
  chooseOrigin(row, id) {
    const { seed, columns } = this;
    const wantsFork = fraction(seed, id, P_FORK) < FORK_SHARE;
    const parent = wantsFork ? this.chooseParent(row, id) : -1;
    if (parent < 0) {
      const u = fraction(seed, id, P_OWNER);
      columns.owner[row] = Math.floor(u * u * this.owners);
      return false;
    }
    // The j-th fork of a repository belongs to the owner j steps from its parent's; the number of owners is prime,
    // so no two forks of one repository, which share its name, have the same owner.
    const step = 1 + (hash(seed, columns.id[parent], P_OWNER) % (this.owners - 1));
    const ordinal = this.nextFork(parent);
    columns.owner[row] = (columns.owner[parent] + ordinal * step) % this.owners;
    columns.parent[row] = parent + 1;
    columns.flags[row] = C.FORK;
    return true;
  }

  nextFork(parent) {
    const ordinal = (this.forkRows.get(parent) ?? 0) + 1;
    this.forkRows.set(parent, ordinal);
    if (this.columns.forks[parent] < ordinal) this.columns.forks[parent] = ordinal;
    return ordinal;
  }

  chooseParent(row, id) {
    const { seed, columns } = this;
    const h = hash(seed, id, P_PARENT);
    if (this.popularCount > 0 && h % 10 < 8) {
      const u = mix(h) / 4294967296;
      return this.popular[Math.floor(u * u * this.popularCount)];
    }
    for (let attempt = 1; attempt <= 8 && row > 0; attempt++) {
      const candidate = mix(h + attempt) % row;
      if ((columns.flags[candidate] & (C.FORK | C.HIDDEN | C.BOT)) === 0) return candidate;
    }
    return -1;
  }

  fillPopularity(row, id, isFork) {
    const { seed, columns } = this;
    const draw = fraction(seed, id, P_STARS);
    columns.stars[row] = isFork ? (draw < FORK_STARRED ? 1 + (hash(seed, id, P_STARS + 50) & 1) : 0) : starsForShare(draw / OWN_TAIL_FACTOR);
    const stars = columns.stars[row];
    const luck = fraction(seed, id, P_FORKS);
    const forks = isFork ? 0 : Math.floor(stars * luck * 0.35 + (luck < 0.04 ? 1 : 0));
    columns.forks[row] = forks;
    if (forks > 0 && this.popularCount < this.popular.length) this.popular[this.popularCount++] = row;
  }

  fillFlags(row, id, isFork) {
    const { seed, columns } = this;
    const draw = (purpose) => fraction(seed, id, P_FLAGS + purpose * 7);
    let flags = columns.flags[row];
    if (draw(1) < 0.04) flags |= C.ARCHIVED;
    if (!isFork && draw(2) < 0.005) flags |= C.TEMPLATE;
    if (!isFork && draw(3) < 0.001) flags |= C.MIRROR;
    if (draw(4) < 0.0005) flags |= C.DISABLED;
    if (!isFork && columns.stars[row] < 3 && draw(5) < 0.06) flags |= C.EMPTY;
    if (draw(6) < 0.0005) flags |= C.LOCKED;
    if (isFork ? draw(7) < 0.9 : draw(7) < 0.03) flags |= C.NO_ISSUES;
    if (draw(8) < 0.1) flags |= C.NO_WIKI;
    if (draw(9) < 0.05) flags |= C.NO_PROJECTS;
    if (draw(10) < 0.02) flags |= C.DISCUSSIONS;
    columns.flags[row] = flags;
    return flags;
  }

  fillContent(row, id, flags) {
    const { seed, columns } = this;
    if (flags & C.EMPTY) return;
    const size = fraction(seed, id, P_SIZE);
    columns.size[row] = Math.floor(20 / (1.02 - size) - 19 + hash(seed, id, P_SIZE + 50) % 40);
    if (size > 0.999) columns.size[row] = hash(seed, id, P_SIZE + 51) % 40000000;
    if (fraction(seed, id, P_LANGUAGE) < 0.77) columns.language[row] = LANGUAGE_CODES[hash(seed, id, P_LANGUAGE + 50) % 1000];
    const licensed = columns.stars[row] > 4 ? 0.75 : 0.25;
    if (fraction(seed, id, P_LICENSE) < licensed) columns.license[row] = LICENSE_CODES[hash(seed, id, P_LICENSE + 50) % 1000];
    const branch = hash(seed, id, P_BRANCH) % 1000;
    const recent = columns.created[row] > 1601510400;
    if (branch < 940) columns.branch[row] = recent ? 1 : 2;
    else if (branch < 980) columns.branch[row] = 3;
    else if (branch < 990) columns.branch[row] = 4;
    else if (branch < 998) columns.branch[row] = 5;
    else columns.branch[row] = 6;
  }

  fillTimes(row, id) {
    const { seed, columns } = this;
    const created = columns.created[row];
    const life = Math.max(0, this.until - created);
    const u = fraction(seed, id, P_PUSHED);
    const pushed = created + Math.floor(life * u * u * u);
    const after = Math.floor((this.until - pushed) * fraction(seed, id, P_PUSHED + 50) * 0.2);
    const neverPushed = (columns.flags[row] & C.EMPTY) !== 0 && hash(seed, id, P_PUSHED + 51) % 2 === 0;
    columns.pushed[row] = neverPushed ? 0 : pushed;
    columns.updated[row] = pushed + Math.max(0, after);
    if (columns.flags[row] & C.ARCHIVED) columns.archivedAt[row] = columns.updated[row];
  }

  /** One of the crowd: a bot made more than 1,000 repositories within one second. */
  fillCrowd(row, place) {
    const { seed, columns } = this;
    if (place === 0) this.crowdSecond = this.createdAt(row);
    const varied = place < CROWD_VARIED;
    const h = hash(seed, columns.id[row], P_CROWD);
    columns.created[row] = this.crowdSecond;
    columns.pushed[row] = this.crowdSecond;
    columns.updated[row] = this.crowdSecond;
    columns.owner[row] = this.owners - 1;
    columns.flags[row] = C.BOT | (varied && h % 8 === 0 ? C.FORK : 0);
    columns.language[row] = varied ? LANGUAGE_CODES[(h >>> 8) % 1000] : 1;
    columns.license[row] = varied && h % 3 === 0 ? 1 : 0;
    columns.size[row] = 1 + ((h >>> 4) % 800);
    columns.branch[row] = 1;
  }

  /** When the row was created: by its id, and never before the row in front of it. */
  createdAt(row) {
    const { columns } = this;
    const created = Math.floor(this.timeAt(columns.id[row] - this.firstId + 1));
    return Math.max(Math.min(created, this.until - 1), row > 0 ? columns.created[row - 1] : 0);
  }
}
