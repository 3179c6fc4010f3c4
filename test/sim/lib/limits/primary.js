/*
 * Primary limits (fact sheet 3): a fixed window that opens with the first request and holds so many points. A budget may be kept in
 * several shards whose windows open at different times; each request meets one of them by chance, so one token sees two resets.
 */
const HOUR = 3600000;
const MINUTE = 60000;
const KEPT_STATES = 30;
/** Seconds between the resets of two shards whose windows are open at start; two recorded windows were so far apart. */
const SHARDS_APART = 5;
export const WINDOWS = { graphql: HOUR, core: HOUR, search: MINUTE };

class Window {
  constructor(clock, limit, length) {
    this.clock = clock;
    this.limit = limit;
    this.length = length;
    this.used = 0;
    this.reset = 0; /* epoch seconds by the server's clock; 0: not open */
    this.debt = 0; /* points that a time-out takes from the next window */
    this.penalty = 0;
    this.opened = 0;
    this.closed = []; /* records of windows that are over */
    this.earlier = [0]; /* some values that `used` had in this window */
  }

  /** Brings the window up to date; `open` opens it if need be. */
  refresh(open) {
    const now = this.clock.serverNow();
    if (this.reset !== 0 && now >= this.reset * 1000) {
      this.closed.push(this.record());
      this.reset = 0;
      this.used = 0;
    }
    if (this.reset === 0 && open) this.open(this.endOfWindow(now));
  }

  /** Opens the window now, to end at a moment in epoch seconds. */
  open(reset) {
    this.opened = Math.floor(this.clock.serverNow() / 1000);
    this.reset = reset;
    this.penalty = this.debt;
    this.used = this.debt;
    this.debt = 0;
    this.earlier = [this.used];
  }

  /** What became of this window: `used` begins with the penalty taken from it. */
  record() {
    const { limit, used, penalty, opened, reset } = this;
    return { limit, used, penalty, opened, reset };
  }

  /** A window opened now ends so many whole seconds after the second of the Date header. */
  endOfWindow(now) {
    return Math.floor(now / 1000) + this.clock.realSeconds(this.length);
  }

  isExhausted() {
    this.refresh(true);
    return this.used >= this.limit;
  }

  charge(points) {
    this.refresh(true);
    this.used += points;
    if (this.earlier.push(this.used) > 2 * KEPT_STATES) this.earlier.splice(0, KEPT_STATES);
  }

  /** What the x-ratelimit headers say; `random` given, that of an earlier moment of the window. */
  view(random = null) {
    this.refresh(false);
    const reset = this.reset || this.endOfWindow(this.clock.serverNow());
    const used = random && this.reset !== 0 ? random.pick(this.earlier) : this.used;
    return { limit: this.limit, used, remaining: Math.max(0, this.limit - used), reset };
  }
}

export class PrimaryBudget {
  constructor(clock, resource, limit, shards) {
    this.resource = resource;
    this.windows = Array.from({ length: shards }, () => new Window(clock, limit, WINDOWS[resource]));
  }

  /** Opens all windows at start, to end after a share of their length; each shard a little later. */
  openFor(share) {
    this.windows.forEach((window, i) => {
      const length = window.length * share + i * SHARDS_APART * 1000;
      window.open(Math.floor(window.clock.serverNow() / 1000) + window.clock.realSeconds(length));
    });
  }

  /** Every window so far: those that are over, oldest first, and that which is open. */
  history() {
    return this.windows.flatMap((window, shard) => {
      window.refresh(false);
      const running = window.reset === 0 ? [] : [{ shard, ...window.record(), running: true }];
      return [...window.closed.map((record) => ({ shard, ...record, running: false })), ...running];
    });
  }

  forget() {
    for (const window of this.windows) window.closed = [];
  }

  /** The window that a request meets: the first one nine times in ten. */
  pick(random) {
    if (this.windows.length === 1 || !random.chance(0.1)) return this.windows[0];
    return this.windows[1 + random.below(this.windows.length - 1)];
  }
}
