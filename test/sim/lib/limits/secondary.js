/*
 * Secondary limits (fact sheet 4) of one account: requests in flight, points a minute (GraphQL all together, REST per endpoint),
 * and summed response time a minute. Who oversteps one is refused for a minute, whatever else he asks. With `secondaryEvery` an
 * account is refused now and then although it did nothing wrong.
 */
import { fraction } from '../random.js';
import { Rolling } from './rolling.js';
import { Usage } from './usage.js';

const MINUTE = 60000;
/** Milliseconds that sums of fractions may be off. */
const ROUNDING = 0.01;

export class SecondaryLimits {
  /** `settings` holds {secondaryEvery, secondaryBench} in GitHub's milliseconds, read at each request. */
  constructor(clock, limits, settings, ordinal) {
    this.clock = clock;
    this.limits = limits;
    this.settings = settings;
    this.ordinal = ordinal;
    this.usage = new Usage(clock);
    this.running = new Set();
    this.graphqlPoints = new Rolling(clock, MINUTE);
    this.endpoints = new Map();
    this.benchedUntil = 0;
    this.benchLength = MINUTE;
    this.unfairAt = null;
  }

  /** Name of the limit that a request oversteps now, 'unfair' if it is refused without a reason, or null. A refusal benches the account. */
  check(kind, endpoint) {
    if (this.clock.now() < this.benchedUntil) return 'requests_while_benched';
    if (this.isUnfairDue()) {
      this.bench(this.settings.secondaryBench);
      return 'unfair';
    }
    const violation = this.violation(kind, endpoint);
    if (violation) this.bench();
    return violation;
  }

  violation(kind, endpoint) {
    const { limits } = this;
    if (this.running.size >= limits.concurrent) return 'concurrent';
    if (kind === 'graphql' && this.graphqlPoints.sum() >= limits.minutePoints) return 'minute_points';
    if (kind === 'rest' && this.pointsOf(endpoint).sum() >= limits.restMinutePoints) return 'rest_minute_points';
    if (kind === 'graphql' && this.timeSpent('graphql') >= limits.graphqlSeconds * 1000) return 'response_time';
    if (this.timeSpent('total') >= limits.totalSeconds * 1000) return 'response_time';
    return null;
  }

  /** Refuses the account for so long. What comes without a reason comes next so long after the end of it. */
  bench(milliseconds = MINUTE) {
    this.benchLength = milliseconds;
    this.benchedUntil = this.clock.now() + this.clock.real(milliseconds);
    if (this.unfairAt !== null) this.unfairAt = this.benchedUntil + this.clock.real(this.settings.secondaryEvery);
  }

  /** Is it time for a refusal without a reason? The first one comes at a different moment for each account. */
  isUnfairDue() {
    const every = this.clock.real(this.settings.secondaryEvery);
    if (every === 0) this.unfairAt = null;
    else this.unfairAt ??= this.clock.now() + every * (0.2 + 0.8 * fraction(1, this.ordinal, 90));
    return this.unfairAt !== null && this.clock.now() >= this.unfairAt;
  }

  /** Seconds for a retry-after header. */
  retryAfter() {
    return this.clock.realSeconds(this.benchLength);
  }

  pointsOf(endpoint) {
    if (!this.endpoints.has(endpoint)) this.endpoints.set(endpoint, new Rolling(this.clock, MINUTE));
    return this.endpoints.get(endpoint);
  }

  /** Response time of the last minute in GitHub's milliseconds, 'graphql' or 'total', that of requests still running included. */
  timeSpent(which) {
    let sum = this.usage.ended(which);
    for (const request of this.running) if (which === 'total' || request.kind === which) sum += this.timeOf(request) * this.clock.scale;
    return sum;
  }

  /** Response time of a request so far, at most what it is expected to take. */
  timeOf(request) {
    return Math.min(this.clock.ticks() - request.startedAt, request.expected);
  }

  /**
   * Notes a request that was let in. On the result call `expect` with its modelled response time in real milliseconds, if there is
   * one, and `end` when it is over; `end` tells whether the requests that ended within the last minute took longer than is allowed.
   */
  begin(kind, endpoint, points) {
    const request = { kind, startedAt: this.clock.ticks(), expected: Infinity };
    this.running.add(request);
    this.usage.begin(kind, this.running.size);
    if (kind === 'graphql') this.graphqlPoints.add(points);
    else this.pointsOf(endpoint).add(points);
    return {
      expect: (milliseconds) => { request.expected = milliseconds; },
      end: (isComplete) => {
        if (!this.running.delete(request)) return false;
        const time = isComplete && request.expected < Infinity ? request.expected : this.timeOf(request);
        this.usage.end(kind, time * this.clock.scale);
        return this.isOverStrictly();
      },
    };
  }

  isOverStrictly() {
    const { limits, usage } = this;
    return usage.ended('graphql') > limits.graphqlSeconds * 1000 + ROUNDING || usage.ended('total') > limits.totalSeconds * 1000 + ROUNDING;
  }
}
