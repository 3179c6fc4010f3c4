/*
 * What one account has used: for benches that compare it with what the limits allow. Times are in GitHub's milliseconds, so a
 * minute is 60,000 of them at every time scale. A request counts at its end, with the whole of its response time.
 */
import { Rolling } from './rolling.js';

const MINUTE = 60000;

export class Usage {
  constructor(clock) {
    this.clock = clock;
    this.requestsOf = { graphql: new Rolling(clock, MINUTE), rest: new Rolling(clock, MINUTE) };
    this.timeOf = { graphql: new Rolling(clock, MINUTE), total: new Rolling(clock, MINUTE) };
    this.reset();
  }

  reset() {
    Object.assign(this, { since: this.clock.now(), points: 0, repositories: 0, refused: 0, unfair: 0, maxConcurrent: 0 });
    this.requests = { graphql: 0, rest: 0 };
    this.responseMs = { graphql: 0, rest: 0 };
    this.minutes = [];
    this.violations = {};
    for (const rolling of [...Object.values(this.requestsOf), ...Object.values(this.timeOf)]) rolling.forgetMax();
  }

  begin(kind, running) {
    this.requests[kind]++;
    this.requestsOf[kind].add(1);
    this.maxConcurrent = Math.max(this.maxConcurrent, running);
  }

  end(kind, milliseconds) {
    this.responseMs[kind] += milliseconds;
    this.timeOf.total.add(milliseconds);
    if (kind !== 'graphql') return;
    this.timeOf.graphql.add(milliseconds);
    const minute = Math.floor((this.clock.now() - this.since) / this.clock.real(MINUTE));
    while (this.minutes.length <= minute) this.minutes.push(0);
    this.minutes[minute] += milliseconds;
  }

  /** Response time of the requests that ended within the last minute. */
  ended(kind) {
    return this.timeOf[kind].sum();
  }

  violation(name) {
    this.violations[name] = (this.violations[name] ?? 0) + 1;
  }

  view() {
    const { requests, refused, unfair, points, repositories, violations, minutes } = this;
    return {
      requests, refused, unfair, points, repositories, violations, max_concurrent: this.maxConcurrent,
      max_requests_minute: { graphql: this.requestsOf.graphql.max, rest: this.requestsOf.rest.max },
      response_ms: {
        graphql: Math.round(this.responseMs.graphql), rest: Math.round(this.responseMs.rest), graphql_minutes: minutes.map(Math.round),
        max_minute_graphql: Math.round(this.timeOf.graphql.max), max_minute_total: Math.round(this.timeOf.total.max),
      },
    };
  }
}
