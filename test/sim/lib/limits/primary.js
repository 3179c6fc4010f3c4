/*
 * Primary limits (fact sheet 3): a fixed window that opens with the first request and holds so many points. A budget may be kept in
 * several shards whose windows open at different times; each request meets one of them by chance, so one token sees two resets.
 */
const HOUR = 3600000;
const MINUTE = 60000;
export const WINDOWS = { graphql: HOUR, core: HOUR, search: MINUTE };

class Window {
  constructor(clock, limit, length) {
    this.clock = clock;
    this.limit = limit;
    this.length = length;
    this.used = 0;
    this.reset = 0; /* epoch seconds by the server's clock; 0: not open */
    this.debt = 0; /* points that a time-out takes from the next window */
  }

  /** Brings the window up to date; `open` opens it if need be. */
  refresh(open) {
    const now = this.clock.serverNow();
    if (this.reset !== 0 && now >= this.reset * 1000) {
      this.reset = 0;
      this.used = 0;
    }
    if (this.reset === 0 && open) {
      this.reset = this.endOfWindow(now);
      this.used = this.debt;
      this.debt = 0;
    }
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
  }

  /** What the x-ratelimit headers say. */
  view() {
    this.refresh(false);
    const reset = this.reset || this.endOfWindow(this.clock.serverNow());
    return { limit: this.limit, used: this.used, remaining: Math.max(0, this.limit - this.used), reset };
  }
}

export class PrimaryBudget {
  constructor(clock, resource, limit, shards) {
    this.resource = resource;
    this.windows = Array.from({ length: shards }, () => new Window(clock, limit, WINDOWS[resource]));
  }

  /** The window that a request meets: the first one nine times in ten. */
  pick(random) {
    if (this.windows.length === 1 || !random.chance(0.1)) return this.windows[0];
    return this.windows[1 + random.below(this.windows.length - 1)];
  }
}
