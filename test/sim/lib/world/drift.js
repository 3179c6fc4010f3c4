/*
 * The world changes while it is crawled: so many changes per second of real time of each kind, chosen from the seed. They are
 * applied in small steps by a timer, each at its own moment in the log.
 */
import { Random } from '../random.js';
import * as C from './columns.js';

const STEP = 50;
export const DRIFTS = ['stars', 'renames', 'deletions', 'additions', 'archivings', 'pushes', 'privatizations', 'publications'];

export class Drift {
  constructor({ world, clock, seed, rates }) {
    this.world = world;
    this.clock = clock;
    this.random = new Random(seed + 5);
    this.due = {};
    this.hidden = []; /* rows made private, to be published again */
    this.applied = Object.fromEntries(DRIFTS.map((name) => [name, 0]));
    this.setRates(rates);
  }

  setRates(rates) {
    for (const [name, rate] of Object.entries(rates)) {
      if (!DRIFTS.includes(name)) throw new RangeError(`unknown drift ${name}; known are ${DRIFTS.join(', ')}`);
      if (!(rate >= 0)) throw new RangeError(`rate of drift ${name} must not be negative`);
    }
    this.rates = rates;
    this.lastStep = this.clock.now();
  }

  start() {
    this.cancel = this.clock.every(STEP, () => this.step());
  }

  stop() {
    this.cancel?.();
  }

  /** Applies what is due. */
  step() {
    const now = this.clock.now();
    const seconds = (now - this.lastStep) / 1000;
    this.lastStep = now;
    for (const [name, rate] of Object.entries(this.rates)) {
      this.due[name] = (this.due[name] ?? 0) + rate * seconds;
      for (; this.due[name] >= 1; this.due[name]--) this.apply(name);
    }
  }

  apply(name) {
    this.applied[name]++;
    if (name === 'additions') this.addOne();
    else if (name === 'publications') this.publishOne();
    else this.changeOne(name, this.anyRow());
  }

  /** Some visible row; starred ones are met more often, as they change more often. */
  anyRow() {
    const { columns } = this.world;
    for (;;) {
      const row = this.random.below(columns.length);
      if (this.world.isVisible(row) && (columns.stars[row] > 0 || this.random.chance(0.7))) return row;
    }
  }

  changeOne(name, row) {
    const { world, random } = this;
    const { columns } = world;
    const now = world.clock.worldSeconds();
    switch (name) {
      case 'stars': {
        const up = columns.stars[row] === 0 || random.chance(0.75);
        world.change(row, { stars: columns.stars[row] + (up ? 1 + random.below(3) : -1), updated: now });
        break;
      }
      case 'renames': world.change(row, { name: `${world.name(row).slice(0, 60)}-r${random.below(100000)}`, updated: now }); break;
      case 'deletions': world.change(row, { flags: columns.flags[row] | C.DELETED }); break;
      case 'privatizations':
        world.change(row, { flags: columns.flags[row] | C.PRIVATE });
        this.hidden.push(row);
        break;
      case 'archivings': world.change(row, { flags: columns.flags[row] | C.ARCHIVED, archivedAt: now, updated: now }); break;
      default: world.change(row, { pushed: now, updated: now, size: columns.size[row] + random.below(50), flags: columns.flags[row] & ~C.EMPTY, branch: columns.branch[row] || 1 });
    }
  }

  /** A private repository that some drift hid before becomes public again; while there is none, one is hidden. */
  publishOne() {
    const { world } = this;
    const row = this.hidden.pop();
    if (row === undefined) this.changeOne('privatizations', this.anyRow());
    else world.change(row, { flags: world.columns.flags[row] & ~C.PRIVATE, updated: world.clock.worldSeconds() });
  }

  addOne() {
    const { world, random } = this;
    const last = world.columns.id[world.columns.length - 1];
    world.add({ id: last + 1 + random.below(5), owner: random.below(world.owners.count), language: 1 + random.below(10), size: random.below(500) });
  }
}
