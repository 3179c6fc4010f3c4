/*
 * One request and its answer: what both kinds of API need to know about it, and the book-keeping at its end.
 */
import { hash } from '../random.js';
import { note } from './gate.js';

let serial = 0;

export class Exchange {
  constructor(sim, req, res) {
    this.sim = sim;
    this.req = req;
    this.res = res;
    this.clock = sim.clock;
    this.settings = sim.settings;
    this.startedAt = sim.clock.ticks();
    this.acceptsGzip = /\bgzip\b/i.test(req.headers['accept-encoding'] ?? '');
    this.fault = null;
    this.window = null; /* the budget window this request meets */
    this.resource = null;
    this.secondary = null;
    this.account = null;
    this.stats = null; /* what a query asked for and found */
    this.over = false;
    this.requestId = requestId(sim.seed, sim.clock.now());
    this.extraHeaders = {};
    this.record = { at: sim.clock.now(), scheme: req.socket.encrypted ? 'https' : 'http', method: req.method, path: req.url, status: 0, points: 0 };
    sim.counters.begin();
    res.on('close', () => this.finish());
  }

  /** The address that the client used, with the prefix of the API: what Link and Location headers point to. */
  baseUrl() {
    const scheme = this.req.socket.encrypted ? 'https' : 'http';
    const host = this.req.headers[':authority'] ?? this.req.headers.host ?? 'localhost';
    return `${scheme}://${host}${this.prefix ?? ''}`;
  }

  commonHeaders() {
    const headers = {
      'Server': 'github.com', 'Date': new Date(this.clock.serverNow()).toUTCString(), 'X-GitHub-Request-Id': this.requestId, 'X-Content-Type-Options': 'nosniff',
      'Vary': 'Accept, Authorization, Cookie, X-GitHub-OTP', ...this.extraHeaders,
    };
    if (this.secret?.startsWith('ghp_')) Object.assign(headers, { 'X-OAuth-Scopes': 'public_repo', 'X-Accepted-OAuth-Scopes': 'repo' });
    if (this.window && this.settings.limits) {
      const { limit, used, remaining, reset } = this.shownWindow();
      headers['X-RateLimit-Limit'] = String(limit);
      headers['X-RateLimit-Remaining'] = String(remaining);
      headers['X-RateLimit-Used'] = String(used);
      headers['X-RateLimit-Reset'] = String(reset);
      headers['X-RateLimit-Resource'] = this.resource;
    }
    return headers;
  }

  /** What the headers say of the budget; one fault lets them lag behind. */
  shownWindow() {
    const { random } = this.sim;
    const view = this.window.view(random.chance(this.settings.staleHeaders) ? random : null);
    if (this.fault?.name === 'staleRemaining') view.remaining = Math.min(view.limit, view.remaining + 1 + random.below(200));
    return view;
  }

  /** True once an answer was begun or the client went away. */
  isOver() {
    return this.over || this.res.headersSent || this.res.writableEnded || this.isGone();
  }

  isGone() {
    return this.over || this.res.destroyed || (this.req.httpVersionMajor === 1 && this.req.socket.destroyed);
  }

  /** Milliseconds since the request arrived. */
  elapsed() {
    return this.clock.ticks() - this.startedAt;
  }

  /** Books the end of the exchange, once. */
  finish() {
    if (this.over) return;
    this.over = true;
    this.record.ms = Math.round(this.elapsed() * 100) / 100;
    this.record.aborted = !this.res.writableFinished;
    const isOver = this.secondary?.end(!this.record.aborted) ?? false;
    if (isOver && this.settings.limits) note(this, 'response_time_strict');
    this.bookDelivery();
    this.sim.counters.end(this.record);
  }

  /** Adds points and what was delivered to the account's sums, and to those of all. */
  bookDelivery() {
    const { account, record, stats, sim } = this;
    if (!account) return;
    account.usage.points += record.isGraphql ? record.points : 0;
    if (stats) sim.counters.asked(stats.parts);
    if (!stats || record.aborted || record.timeout) return;
    account.usage.repositories += stats.repositories;
    sim.counters.delivered(stats.rows);
  }
}

/** Something in the shape of GitHub's request ids. */
function requestId(seed, now) {
  serial++;
  const part = (purpose, digits) => hash(seed, serial, purpose).toString(16).toUpperCase().padStart(8, '0').slice(0, digits);
  return `${part(200, 4)}:${part(201, 6)}:${part(202, 6)}:${part(203, 6)}:${Math.floor(now / 1000).toString(16).toUpperCase()}`;
}
