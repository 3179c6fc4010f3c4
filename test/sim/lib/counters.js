/*
 * What was asked and what was overstepped, in all, by token and by account; and the last requests in full, for tests.
 */
const KEPT_REQUESTS = 5000;

const VIOLATIONS = [
  'concurrent', 'minute_points', 'rest_minute_points', 'response_time', 'primary_after_exhausted', 'requests_while_benched',
  'response_time_strict', 'missing_user_agent', 'unauthorized', 'token_requests', 'early_polls',
];

const group = () => ({ requests: 0, points: 0, rest_requests: 0, refused: 0, response_ms: 0, violations: 0 });

export class Counters {
  constructor() {
    this.inFlight = 0;
    this.reset();
  }

  reset() {
    this.requests = 0;
    this.byPath = {};
    this.byStatus = {};
    this.graphql = { documents: 0, points: 0, repositories: 0, pages: 0, errors: 0 };
    this.rest = { requests: 0, not_modified: 0 };
    this.violations = Object.fromEntries(VIOLATIONS.map((name) => [name, 0]));
    this.byToken = {};
    this.byUser = {};
    this.faults = {};
    this.spoiled = {};
    this.bytes = { sent: 0, body: 0 };
    this.maxInFlight = this.inFlight;
    this.last = [];
    this.timeouts = 0;
    this.refused = 0;
    this.parts = Object.fromEntries(['search', 'nodes', 'repository', 'count'].map((kind) => [kind, { asked: 0, keys: new Set() }]));
    this.repositories = { delivered: 0, distinct: 0, seen: new Uint8Array(0) };
  }

  /** Root fields of a query that was run: pages of searches, lists of ids, repositories by name, searches that only count. */
  asked(parts) {
    for (const { kind, key } of parts) {
      this.parts[kind].asked++;
      this.parts[kind].keys.add(key);
    }
  }

  /** Rows of repositories that reached the client. */
  delivered(rows) {
    const { repositories } = this;
    repositories.delivered += rows.length;
    for (const row of rows) {
      if (row >= repositories.seen.length) repositories.seen = grown(repositories.seen, row);
      repositories.distinct += 1 - repositories.seen[row];
      repositories.seen[row] = 1;
    }
  }

  /** The sums that benches read. */
  totals() {
    const { delivered, distinct } = this.repositories;
    return {
      requests: this.requests, points: this.graphql.points, rest_requests: this.rest.requests, refused: this.refused, timeouts: this.timeouts,
      repositories: delivered, distinct_repositories: distinct,
      parts: Object.fromEntries(Object.entries(this.parts).map(([kind, { asked, keys }]) => [kind, { asked, distinct: keys.size }])),
    };
  }

  /** A request arrived. */
  begin() {
    this.requests++;
    this.inFlight++;
    this.maxInFlight = Math.max(this.maxInFlight, this.inFlight);
  }

  /** A request ended, one way or the other. `record` is what the handlers noted about it. */
  end(record) {
    this.inFlight--;
    add(this.byPath, record.endpoint ?? record.path);
    add(this.byStatus, String(record.status));
    this.bytes.sent += record.bytes ?? 0;
    this.bytes.body += record.bodyBytes ?? 0;
    if (record.isGraphql && record.points > 0) this.graphql.documents++;
    this.graphql.points += record.points ?? 0;
    this.graphql.repositories += record.repositories ?? 0;
    this.graphql.pages += record.pages ?? 0;
    this.graphql.errors += record.errors ?? 0;
    if (record.isRest) this.rest.requests++;
    if (record.timeout) this.timeouts++;
    if (record.refused) this.refused++;
    if (record.status === 304) this.rest.not_modified++;
    for (const [groups, key] of [[this.byToken, record.token], [this.byUser, record.user]]) {
      if (key) this.addTo(groups[key] ??= group(), record);
    }
    this.last.push(record);
    if (this.last.length > 2 * KEPT_REQUESTS) this.last.splice(0, KEPT_REQUESTS);
  }

  addTo(into, record) {
    into.requests++;
    into.points += record.points ?? 0;
    into.rest_requests += record.isRest ? 1 : 0;
    into.refused += record.refused ? 1 : 0;
    into.violations += record.violation ? 1 : 0;
    into.response_ms = Math.round(into.response_ms + record.ms);
  }

  violation(name) {
    add(this.violations, name);
  }

  fault(name) {
    add(this.faults, name);
  }

  /** How often each field was spoiled by a fault: counts by name, to be raised. */
  spoiledBy(fault) {
    return (this.spoiled[fault] ??= {});
  }

  view() {
    return {
      requests: this.requests, by_path: this.byPath, by_status: this.byStatus, points: this.graphql.points, graphql: this.graphql,
      rest: this.rest, violations: this.violations, by_token: this.byToken, by_user: this.byUser, in_flight: this.inFlight,
      max_in_flight: this.maxInFlight, faults: this.faults, spoiled: this.spoiled, bytes: this.bytes,
    };
  }
}

function grown(seen, row) {
  const wider = new Uint8Array(Math.ceil(row * 1.5) + 1024);
  wider.set(seen);
  return wider;
}

function add(table, key) {
  table[key] = (table[key] ?? 0) + 1;
}
