/*
 * POST /graphql: limits, faults, work, latency, answer.
 */
import { admit, answerWithFault, problem, refuseAgent, refuseLimits, refuseToken, timeoutBody } from './gate.js';
import { readBody } from './body.js';
import { answerAfter } from './pace.js';
import { send } from './reply.js';
import { spoilTypes, SPOILING } from './spoil.js';

const GRAPHQL_DOCS = 'https://docs.github.com/graphql';

export async function handleGraphql(exchange) {
  const { sim, record } = exchange;
  record.isGraphql = true;
  record.endpoint = '/graphql';
  exchange.route = '/graphql';
  exchange.extraHeaders['X-GitHub-Media-Type'] = 'github.v4; format=json';
  if (refuseAgent(exchange)) return;
  if (exchange.req.method !== 'POST') {
    problem(exchange, 404, 'Not Found', { documentation_url: GRAPHQL_DOCS });
    return;
  }
  const text = await readBody(exchange);
  if (text === null || refuseToken(exchange, false)) return;
  const question = parseQuestion(text);
  record.query = question?.query;
  record.variables = question?.variables;
  exchange.fault = sim.faults.draw('graphql');
  if (exchange.fault?.stage === 'instead' && answerWithFault(exchange, 'graphql')) return;
  if (refuseLimits(exchange, 'graphql', '/graphql', 'graphql')) return;
  if (exchange.fault && answerWithFault(exchange, 'graphql')) return;
  admit(exchange, 'graphql', '/graphql');
  if (question === null) problem(exchange, 400, 'Problems parsing JSON', { documentation_url: GRAPHQL_DOCS });
  else if (typeof question.query !== 'string') answer(exchange, { body: { errors: [{ message: 'A query attribute must be specified and must be a string.' }] }, stats: null });
  else answer(exchange, work(exchange, question));
}

function parseQuestion(text) {
  try {
    const question = JSON.parse(text);
    return question !== null && typeof question === 'object' ? question : null;
  } catch {
    return null;
  }
}

/** Prices, charges and runs the query. */
function work(exchange, question) {
  const { sim, record, window, account, req } = exchange;
  const prepared = sim.graphql.prepare(question);
  const points = prepared.price && !prepared.errors ? prepared.price.points : 1;
  record.points = points;
  window.charge(points);
  if (prepared.errors) {
    record.errors = prepared.errors.length;
    return { body: prepared.nullData ? { data: null, errors: prepared.errors } : { errors: prepared.errors }, stats: null };
  }
  const result = sim.graphql.execute(prepared, {
    viewer: { typeName: 'User', viewer: account.viewer },
    rate: rateView(exchange, prepared.price),
    newIds: req.headers['x-github-next-global-id'] === '1',
    fault: exchange.fault,
    asBytes: exchange.fault?.stage !== 'result',
    text: `${question.query}${JSON.stringify(question.variables ?? null)}`,
  });
  exchange.stats = result.stats;
  record.errors = result.errors;
  record.repositories = result.stats.repositories;
  record.pages = result.stats.pages;
  if (SPOILING.has(exchange.fault?.name)) {
    result.body = spoilTypes(result.body, { random: sim.random, how: exchange.fault.name, schema: sim.graphql.schema, tally: sim.counters.spoiledBy(exchange.fault.name) });
  }
  if (exchange.fault?.name === 'somethingWrong') result.body.errors = [...(result.body.errors ?? []), timeoutBody(exchange).errors[0]];
  if (result.forbidden) exchange.extraHeaders['X-GitHub-SSO'] = 'partial-results; organizations=21955855,20582480';
  return { ...result, price: prepared.price };
}

/** The fields of `rateLimit`, or null where limits are off. */
function rateView(exchange, price) {
  if (!exchange.settings.limits) return null;
  const { limit, used, remaining, reset } = exchange.window.view();
  return { cost: price.points, nodeCount: price.nodes, limit, used, remaining, resetAt: `${new Date(reset * 1000).toISOString().slice(0, 19)}Z` };
}

/** Waits as long as GitHub would, then answers; what takes too long ends as a time-out. */
function answer(exchange, { body, stats, price }) {
  const { sim, settings } = exchange;
  const modelled = latencyOf(settings.latency, stats, sim.random);
  const isTimeout = (settings.latency.flat === null && modelled > settings.timeoutMs) || isOverCliff(settings, price);
  answerAfter(exchange, isTimeout ? settings.timeoutMs : modelled, () => {
    if (isTimeout) answerTimeout(exchange);
    else send(exchange, { body });
  });
}

/** Is a query one that the settings let time out, whatever its modelled time? */
function isOverCliff({ timeoutAliases, timeoutRows }, price) {
  if (!price || price.dryRun) return false;
  return (timeoutAliases > 0 && price.roots >= timeoutAliases) || (timeoutRows > 0 && price.rows >= timeoutRows);
}

/** Milliseconds of GitHub's for the work of a request. */
export function latencyOf({ flat, base, node, count, connection, byId, alias, jitter }, stats, random) {
  if (flat !== null) return flat;
  const { nodes = 0, lookedUp = 0, counts = 0, connections = 0, countedSearches = 0 } = stats ?? {};
  const wobble = jitter > 0 ? 1 + jitter * (random.next() * 2 - 1) : 1;
  const share = nodes > 0 ? 1 - (1 - byId) * lookedUp / nodes : 1;
  return (base + (node * nodes + count * counts + connection * connections) * share + alias * countedSearches) * wobble;
}

function answerTimeout(exchange) {
  const { sim } = exchange;
  if (sim.settings.limits) exchange.window.debt += sim.settings.penalty;
  Object.assign(exchange.record, { timeout: true, repositories: 0, pages: 0 });
  exchange.fault = { name: sim.random.pick(['json502', 'html502', 'json504', 'html504']), stage: 'instead' };
  answerWithFault(exchange, 'graphql');
}
