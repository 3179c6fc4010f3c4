/*
 * What every request passes before any work is done for it: user agent, token, secondary limits, primary limit, faults that answer
 * in place of the API. Each function returns true when it has answered.
 */
import { somethingWentWrong } from '../graphql/errors.js';
import { fingerprint } from '../limits/accounts.js';
import { goAway, reset, send } from './reply.js';

const DOCS = 'https://docs.github.com/rest';
const RATE_DOCS = 'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api';
export const SECONDARY_DOCS = `${RATE_DOCS}#about-secondary-rate-limits`;

/** A REST-style error object. */
export function problem(exchange, status, message, extra = {}) {
  const { documentation_url: url = DOCS, headers, ...rest } = extra;
  send(exchange, { status, headers, body: { message, ...rest, documentation_url: url, status: String(status) } });
  return true;
}

export function refuseAgent(exchange) {
  if ((exchange.req.headers['user-agent'] ?? '').trim() !== '') return false;
  note(exchange, 'missing_user_agent');
  send(exchange, {
    status: 403, type: 'text/html; charset=utf-8',
    body: '\r\nRequest forbidden by administrative rules. Please make sure your request has a User-Agent header '
      + '(https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). Check https://developer.github.com for other possible causes.\r\n',
  });
  return true;
}

/** Finds the account; `anonymous` allows requests without a token. */
export function refuseToken(exchange, anonymous) {
  const { account, secret } = exchange.sim.accounts.authenticate(exchange.req.headers.authorization);
  exchange.secret = secret;
  exchange.record.token = secret ? fingerprint(secret) : null;
  exchange.account = account ?? (secret === null && anonymous ? exchange.sim.accounts.ofAddress(exchange.req.socket.remoteAddress) : null);
  exchange.record.user = exchange.account?.name;
  if (exchange.account) return false;
  if (!exchange.sim.accounts.isNews(secret)) note(exchange, 'unauthorized');
  return problem(exchange, 401, secret === null ? 'This endpoint requires you to be authenticated.' : 'Bad credentials');
}

/** Meets the limits of the account. */
export function refuseLimits(exchange, kind, endpoint, resource, isFree = false) {
  const { sim, account } = exchange;
  exchange.resource = resource;
  exchange.window = account.budgets[resource].pick(sim.random);
  if (!sim.settings.limits) return false;
  const violation = account.secondary.check(kind, endpoint);
  if (violation) {
    if (violation === 'unfair') noteUnfair(exchange);
    else note(exchange, violation);
    return refuseSecondary(exchange, kind, sim.random.chance(sim.settings.retryAfter), kind === 'graphql' && sim.random.chance(0.25));
  }
  if (!isFree && exchange.window.isExhausted()) {
    note(exchange, 'primary_after_exhausted');
    return refusePrimary(exchange, kind, sim.random.chance(0.5) ? 'RATE_LIMITED' : 'RATE_LIMIT');
  }
  return false;
}

/** Counts the request as running, until its answer is sent. */
export function admit(exchange, kind, endpoint) {
  exchange.secondary = exchange.account.secondary.begin(kind, endpoint, 1);
}

/** Counts a violation. */
export function note(exchange, violation) {
  exchange.sim.counters.violation(violation);
  exchange.account?.usage.violation(violation);
  exchange.record.violation = violation;
}

function noteUnfair(exchange) {
  exchange.sim.counters.fault('secondaryEvery');
  exchange.account.usage.unfair++;
  exchange.record.fault = 'secondaryEvery';
}

export function secondaryMessage({ requestId, clock }) {
  return `You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, `
    + `please include the request ID ${requestId} and timestamp ${new Date(clock.serverNow()).toISOString().slice(0, 19).replace('T', ' ')} UTC.`;
}

export function refuseSecondary(exchange, kind, withRetryAfter, as200) {
  const { account } = exchange;
  exchange.record.refused = true;
  account.usage.refused++;
  const message = secondaryMessage(exchange);
  const headers = withRetryAfter ? { 'Retry-After': String(account.secondary.retryAfter()) } : {};
  if (as200) send(exchange, { status: 200, headers, body: { errors: [{ message, documentation_url: SECONDARY_DOCS }] } });
  else send(exchange, { status: kind === 'rest' && exchange.sim.random.chance(0.3) ? 429 : 403, headers, body: { documentation_url: SECONDARY_DOCS, message } });
  return true;
}

export function refusePrimary(exchange, kind, type) {
  const { account } = exchange;
  exchange.record.refused = true;
  account.usage.refused++;
  const who = account.viewer ? `user ID ${account.viewer.databaseId}` : account.name.replace(/^ip:/, '');
  if (kind === 'rest') {
    return problem(exchange, exchange.sim.random.chance(0.3) ? 429 : 403, `API rate limit exceeded for ${who}.`, { documentation_url: RATE_DOCS });
  }
  const error = type === 'RATE_LIMIT'
    ? { type, code: 'graphql_rate_limit', message: `API rate limit already exceeded for ${who}.` }
    : { type, message: `API rate limit exceeded for ${who}.` };
  send(exchange, { body: { errors: [error] } });
  return true;
}

const HTML_502 = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';
const HTML_504 = HTML_502.replaceAll('502 Bad Gateway', '504 Gateway Time-out');
const HTML_200 = '<!DOCTYPE html>\n<html>\n<head><title>Unicorn! &middot; GitHub</title></head>\n<body><p><strong>No server is currently available to service your request.</strong></p></body>\n</html>\n';

export function timeoutBody(exchange) {
  return { data: null, errors: [{ message: somethingWentWrong(exchange.requestId, exchange.clock.serverNow()) }] };
}

/** Faults that take the place of the answer. */
export function answerWithFault(exchange, kind) {
  const { fault } = exchange;
  if (!fault) return false;
  exchange.sim.counters.fault(fault.name);
  exchange.record.fault = fault.name;
  if (fault.stage === 'refuse') return answerWithRefusal(exchange, kind);
  if (fault.stage !== 'instead') return false;
  const html = 'text/html; charset=utf-8';
  switch (fault.name) {
    case 'json502': send(exchange, { status: 502, body: kind === 'rest' ? { message: 'Server Error' } : timeoutBody(exchange) }); break;
    case 'html502': send(exchange, { status: 502, type: html, body: HTML_502 }); break;
    case 'json504': send(exchange, { status: 504, body: { message: "We couldn't respond to your request in time. Sorry about that. Please try resubmitting your request and contact us if the problem persists." } }); break;
    case 'html504': send(exchange, { status: 504, type: html, body: HTML_504 }); break;
    case 'timeout200': send(exchange, { body: timeoutBody(exchange) }); break;
    case 'html200': send(exchange, { type: html, body: HTML_200 }); break;
    case 'serverError': send(exchange, { status: 500, body: { message: 'Server Error' } }); break;
    case 'unauthorized': problem(exchange, 401, 'Bad credentials'); break;
    case 'redirect': sendRedirect(exchange); break;
    case 'reset': reset(exchange); break;
    case 'goaway': goAway(exchange); break;
    default: /* stall: never answers */
  }
  return true;
}

function sendRedirect(exchange) {
  const status = exchange.fault.status ?? 307;
  const location = exchange.fault.location ?? `${exchange.baseUrl()}${exchange.route}`;
  send(exchange, { status, headers: { Location: location }, body: { message: status === 301 ? 'Moved Permanently' : 'Temporary Redirect', url: location, documentation_url: DOCS } });
}

function answerWithRefusal(exchange, kind) {
  const { fault, account } = exchange;
  if (fault.name === 'rateLimited' || fault.name === 'rateLimit') {
    return refusePrimary(exchange, kind, fault.name === 'rateLimit' ? 'RATE_LIMIT' : 'RATE_LIMITED');
  }
  account.secondary.bench();
  return refuseSecondary(exchange, kind, fault.name === 'secondary', fault.name === 'secondary200');
}
