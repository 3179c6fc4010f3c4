/*
 * The /_sim/ paths: truth, counters, faults, changes to the world. For tests on the same machine; no token, no limits, not counted.
 */
import { UnknownFault } from '../faults.js';
import { fingerprint } from '../limits/accounts.js';
import { SearchError } from '../search/parse.js';
import { applyOperations } from '../world/operations.js';
import { answerHistory, answerTruth } from './truth.js';

const LOOPBACK = /^(::1|127\.|::ffff:127\.)/;
const MAX_BODY = 64000000;

class BadRequest extends Error {}

const ROUTES = {
  'GET health': (sim) => ({ ok: true, repositories: sim.world.visibleCount, now: sim.clock.now(), server_now: sim.clock.serverNow(), world_now: sim.clock.worldSeconds(), version: sim.world.version }),
  'GET counters': (sim) => sim.counters.view(),
  'POST counters/reset': (sim) => {
    sim.counters.reset();
    for (const account of sim.accounts.list) account.forgetUsage();
    return { ok: true };
  },
  'GET usage': usage,
  'POST revoke': (sim, parameters, body) => revoke(sim, body),
  'GET faults': (sim) => sim.faults.rates,
  'POST faults': (sim, parameters, body) => sim.faults.setRates(body),
  'POST script': (sim, parameters, body) => ({ waiting: sim.faults.addScript(body) }),
  'POST certificate': (sim, parameters, body) => sim.servers.showCertificate(body.kind),
  'POST listening': (sim, parameters, body) => sim.servers.takeConnections(body.https === true),
  'POST drift': (sim, parameters, body) => {
    sim.drift.step();
    sim.drift.setRates(body);
    return body;
  },
  'GET drift': (sim) => ({ rates: sim.drift.rates, applied: sim.drift.applied }),
  'POST settings': (sim, parameters, body) => changeSettings(sim.settings, body),
  'GET settings': (sim) => sim.settings,
  'POST world': (sim, parameters, body) => applyOperations(sim.world, body),
  'GET requests': (sim, parameters) => {
    const last = Number(parameters.get('last') ?? 100);
    return last > 0 ? sim.counters.last.slice(-last).map((record) => ({ ...record, cost: record.points })) : [];
  },
  'GET tokens': (sim) => [...sim.accounts.byToken].map(([secret, { account, revoked = false }]) => ({ token: secret, fingerprint: fingerprint(secret), user: account.name, revoked })),
  'GET limits': (sim) => Object.fromEntries([...new Set([...sim.accounts.byToken.values()].map(({ account }) => account))].map((account) => [account.name, {
    graphql: account.budgets.graphql.windows.map((window) => window.view()),
    core: account.budgets.core.windows.map((window) => window.view()),
    response_ms: Math.round(account.secondary.timeSpent('graphql')),
    benched_until: account.secondary.benchedUntil,
  }])),
  'POST stop': (sim) => {
    sim.clock.wait(20, () => (sim.onStop ? sim.onStop() : sim.stop()));
    return { ok: true };
  },
};

/** All that benches compare with the limits: times of windows are epoch seconds of the server's clock. */
function usage(sim) {
  const { clock, counters, accounts, apps } = sim;
  return {
    now: clock.now(), server_now: clock.serverNow(), time_scale: clock.scale, totals: counters.totals(), violations: counters.violations,
    accounts: Object.fromEntries(accounts.list.map((account) => [account.name, account.usageView()])),
    apps: Object.fromEntries(apps.list.map((app) => [app.id, { token_requests: app.tokenRequests }])),
  };
}

function revoke(sim, body) {
  if ((body.token === undefined) === (body.user === undefined)) throw new BadRequest('wants a token or a user');
  return { revoked: sim.accounts.revoke(body) };
}

/** Changes switches at run time: those of the command line that are read at each request. */
function changeSettings(settings, body) {
  for (const [name, value] of Object.entries(body)) {
    if (name !== 'latency') change(settings, name, value);
    else if (typeof value === 'object' && value !== null) changeSettings(settings.latency, value);
    else change(settings.latency, 'flat', value);
  }
  return settings;
}

/** What is a number stays one: "300" + 8 would be half a minute. A flat latency may be none. */
function change(settings, name, value) {
  const old = settings[name];
  if (!Object.hasOwn(settings, name) || name === 'faultRates') throw new BadRequest(`unknown setting ${name}`);
  if (typeof value === 'string' && (typeof old === 'number' || name === 'flat')) throw new BadRequest(`${name} is a number`);
  settings[name] = value;
}

export async function handleControl(sim, req, res) {
  const url = new URL(req.url, 'http://localhost');
  const path = url.pathname.slice('/_sim/'.length);
  try {
    if (!LOOPBACK.test(req.socket.remoteAddress ?? '')) return reply(res, 403, { error: 'loopback only' });
    if (path === 'truth' && req.method === 'GET') return answerTruth(sim, url.searchParams, res);
    if (path === 'history' && req.method === 'GET') return answerHistory(sim, url.searchParams, res);
    const route = ROUTES[`${req.method} ${path}`];
    if (!route) return reply(res, 404, { error: `no ${req.method} ${path}`, known: Object.keys(ROUTES) });
    return reply(res, 200, await route(sim, url.searchParams, req.method === 'POST' ? await readJson(req) : null));
  } catch (error) {
    const isTheirs = [BadRequest, UnknownFault, SearchError, RangeError, SyntaxError].some((kind) => error instanceof kind);
    if (!isTheirs) process.stderr.write(`ghsim: ${error.stack}\n`);
    return reply(res, isTheirs ? 400 : 500, { error: error.message });
  }
}

async function readJson(req) {
  const chunks = [];
  let length = 0;
  for await (const chunk of req) {
    length += chunk.length;
    if (length > MAX_BODY) throw new BadRequest('too long');
    chunks.push(chunk);
  }
  const body = length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString('utf8'));
  if (body === null || typeof body !== 'object') throw new BadRequest('wants an object or a list');
  return body;
}

function reply(res, status, body) {
  const text = JSON.stringify(body);
  res.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  res.end(text);
}
