/*
 * Secondary limits (fact sheet 4) of one account: requests in flight, points a minute (GraphQL all together, REST per endpoint),
 * and summed response time a minute. Who oversteps one is refused for a minute, whatever else he asks.
 */
import { Rolling } from './rolling.js';

const MINUTE = 60000;

export class SecondaryLimits {
  constructor(clock, limits) {
    this.clock = clock;
    this.limits = limits;
    this.running = new Set();
    this.graphqlPoints = new Rolling(clock, MINUTE);
    this.graphqlTime = new Rolling(clock, MINUTE);
    this.restTime = new Rolling(clock, MINUTE);
    this.endpoints = new Map();
    this.benchedUntil = 0;
  }

  /** Name of the limit that a request oversteps now, or null. A refusal benches the account. */
  check(kind, endpoint) {
    if (this.clock.now() < this.benchedUntil) return 'requests_while_benched';
    const violation = this.violation(kind, endpoint);
    if (violation) this.bench();
    return violation;
  }

  violation(kind, endpoint) {
    const { limits } = this;
    if (this.running.size >= limits.concurrent) return 'concurrent';
    if (kind === 'graphql' && this.graphqlPoints.sum() >= limits.minutePoints) return 'minute_points';
    if (kind === 'rest' && this.pointsOf(endpoint).sum() >= limits.restMinutePoints) return 'rest_minute_points';
    const graphql = this.timeSpent('graphql');
    if (kind === 'graphql' && graphql >= this.clock.real(limits.graphqlSeconds * 1000)) return 'response_time';
    if (graphql + this.timeSpent('rest') >= this.clock.real(limits.totalSeconds * 1000)) return 'response_time';
    return null;
  }

  bench() {
    this.benchedUntil = this.clock.now() + this.clock.real(MINUTE);
  }

  /** Seconds for a retry-after header. */
  retryAfter() {
    return this.clock.realSeconds(MINUTE);
  }

  pointsOf(endpoint) {
    if (!this.endpoints.has(endpoint)) this.endpoints.set(endpoint, new Rolling(this.clock, MINUTE));
    return this.endpoints.get(endpoint);
  }

  /** Response time of the last minute, that of requests still running included. */
  timeSpent(kind) {
    let sum = (kind === 'graphql' ? this.graphqlTime : this.restTime).sum();
    for (const request of this.running) if (request.kind === kind) sum += this.timeOf(request);
    return sum;
  }

  /** Response time of a request so far, at most what it is expected to take. */
  timeOf(request) {
    return Math.min(this.clock.now() - request.startedAt, request.expected);
  }

  /**
   * Notes a request that was let in. On the result call `expect` with its modelled response time in real milliseconds, if there is
   * one, and `end` when it is over.
   */
  begin(kind, endpoint, points) {
    const request = { kind, startedAt: this.clock.now(), expected: Infinity };
    this.running.add(request);
    if (kind === 'graphql') this.graphqlPoints.add(points);
    else this.pointsOf(endpoint).add(points);
    return {
      expect: (milliseconds) => { request.expected = milliseconds; },
      end: () => {
        if (!this.running.delete(request)) return;
        (kind === 'graphql' ? this.graphqlTime : this.restTime).add(this.timeOf(request));
      },
    };
  }
}
