/*
 * The simulator's only source of time and timers.
 *
 * Every duration of GitHub's (hour, minute, latency, retry-after, life of a token, index lag) is given in GitHub's own
 * milliseconds and divided by the time-scale factor here and nowhere else. Points in time (Date header, x-ratelimit-reset,
 * expires_at) stay on the real clock, because clients compare them with theirs: at factor 10 an hour ends 360 s from now.
 * A server whose clock is wrong tells and checks them all by `serverNow`, so many seconds off.
 *
 * The world has a clock of its own that starts at `until` and runs at real speed.
 */
export class Clock {
  constructor({ scale = 1, until = null, skew = 0 } = {}) {
    this.scale = scale;
    this.skew = skew * 1000;
    this.startedAt = Date.now();
    this.worldOffset = until === null ? 0 : until - this.startedAt;
    this.worldStart = Math.floor((until ?? this.startedAt) / 1000);
  }

  /** Real time in epoch milliseconds. */
  now() {
    return Date.now();
  }

  /** Epoch milliseconds by the server's clock, right or wrong: what answers show and what JWTs are held against. */
  serverNow() {
    return Date.now() + this.skew;
  }

  /** Milliseconds that only go forward, for durations. */
  ticks() {
    return performance.now();
  }

  /** The world's time in epoch seconds. */
  worldSeconds() {
    return Math.floor((Date.now() + this.worldOffset) / 1000);
  }

  /** Real milliseconds that a duration of GitHub's takes here. */
  real(milliseconds) {
    return milliseconds / this.scale;
  }

  /** Whole real seconds of a duration, never less than one: what a retry-after header can say. */
  realSeconds(milliseconds) {
    return Math.max(1, Math.ceil(this.real(milliseconds) / 1000));
  }

  /** Calls back after a duration of GitHub's; returns a function that cancels. */
  after(milliseconds, callback) {
    const timer = setTimeout(callback, this.real(milliseconds));
    return () => clearTimeout(timer);
  }

  /** Calls back after so many real milliseconds. */
  wait(milliseconds, callback) {
    setTimeout(callback, milliseconds);
  }

  /** Calls back every so many real milliseconds, without keeping the process alive. */
  every(milliseconds, callback) {
    const timer = setInterval(callback, milliseconds);
    timer.unref();
    return () => clearInterval(timer);
  }
}
