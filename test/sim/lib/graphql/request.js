/*
 * One GraphQL request from text to result: parse, validate, choose the operation, price, execute. Knows nothing of HTTP and limits:
 * the caller charges the price between the two steps and hands over what `rateLimit` shows.
 */
import { getOperationAST, getVariableValues, GraphQLError, Kind } from 'graphql';
import { fraction, hashText, longHashText, Random } from '../random.js';
import { disturbPage, unsorted } from '../search/noise.js';
import { Documents, loadSchema } from './documents.js';
import { forbiddenAllowList, forbiddenSaml, formatError, resourceLimits } from './errors.js';
import { bytesOf } from './emit.js';
import { executeQuery } from './execute.js';
import { priceOperation } from './price.js';
import { Repo } from './repository.js';
import { resolverOf } from './resolvers.js';

const WORK_OF_A_COUNT = 10;
const P_CLOSED = 82;
const STICKY = new Set(['emptyResults', 'droppedItems']);

export class GraphQLService {
  constructor({ world, engine, settings, seed, clock }) {
    this.schema = loadSchema();
    this.documents = new Documents(this.schema);
    this.world = world;
    this.engine = engine;
    this.settings = settings;
    this.seed = seed;
    this.random = new Random(seed + 11);
    this.clock = clock;
    this.stuck = new Map(); /* search -> {fault, until}, oldest first */
  }

  /**
   * Everything up to the price: {errors} (entries of a reply) or {operation, fragments, variables, price}.
   */
  prepare({ query, variables, operationName }) {
    const { document, errors } = this.documents.prepare(query);
    if (errors.length > 0) return { errors: errors.map(formatError) };
    const operation = getOperationAST(document, operationName);
    if (!operation) return { errors: [{ message: operationName ? `No operation named "${operationName}"` : 'An operation name is required' }] };
    if (operation.operation !== 'query') return { errors: [{ type: 'FORBIDDEN', message: 'Resource not accessible by personal access token' }] };
    const coerced = getVariableValues(this.schema, operation.variableDefinitions ?? [], variables ?? {});
    if (coerced.errors) return { errors: coerced.errors.map(formatError) };
    const fragments = new Map(document.definitions.filter(({ kind }) => kind === Kind.FRAGMENT_DEFINITION).map((node) => [node.name.value, node]));
    const work = { schema: this.schema, document, operation, fragments, variables: coerced.coerced };
    const price = priceOperation(work);
    return { ...work, price, errors: price.errors.length > 0 ? price.errors.map(entryOf) : null, nullData: price.errors.some((error) => error.nullData) };
  }

  /** Runs what `prepare` returned: {body, stats, forbidden}. With `asBytes` the body is JSON already. */
  execute(work, { viewer, rate, newIds, webUrl, fault, text, asBytes = false }) {
    const context = this.context({ viewer, rate, newIds, webUrl, fault, text });
    if (work.price.dryRun) return { body: { data: dryRunData(work, rate) }, errors: 0, stats: context.stats, forbidden: false };
    const { data, errors } = executeQuery({ ...work, context, resolverOf, asBytes });
    const body = { data };
    if (errors.length > 0) body.errors = errors.map(entryOf);
    if (context.warnings.length > 0) body.extensions = { warnings: context.warnings };
    return { body: asBytes ? bytesOf(body) : body, errors: errors.length, stats: context.stats, forbidden: context.forbidden };
  }

  /** What resolvers see of the request. */
  context({ viewer, rate, newIds = false, webUrl = 'https://github.com', fault = null, text = '' }) {
    const { world, engine, settings, random } = this;
    const stats = { nodes: 0, lookedUp: 0, pages: 0, repositories: 0, counts: 0, countedSearches: 0, connections: 0, work: 0, parts: [], rows: [] };
    const budget = this.workBudget(text, fault);
    const context = { world, engine, settings, viewer, rate, newIds, webUrl, warnings: [], stats, forbidden: false };
    context.spend = (amount) => (stats.work += amount) <= budget;
    context.noteNodes = (count) => {
      stats.nodes += count;
      stats.pages++;
    };
    context.noteLookUp = (count) => {
      stats.lookedUp += count;
      context.noteNodes(count);
    };
    context.noteCountedSearch = () => { stats.countedSearches++; };
    context.notePart = (kind, text) => { stats.parts.push({ kind, key: longHashText(text) }); };
    context.noteRepository = (row) => {
      stats.repositories++;
      stats.rows.push(row);
    };
    context.noteCount = () => {
      stats.counts++;
      if (!context.spend(WORK_OF_A_COUNT)) throw resourceLimits();
    };
    context.noteConnection = (items) => {
      stats.connections++;
      if (!context.spend(1 + items)) throw resourceLimits();
    };
    context.search = (query) => disturbPage({ world, random, settings, fault: this.faultOfSearch(query, fault), found: engine.find(query), query });
    context.disturb = (repo) => {
      if (!this.isClosed(repo.row)) return disturbNode(context, repo, fault, random);
      context.forbidden = true;
      return forbiddenSaml();
    };
    return context;
  }

  /** Name of the fault that a search meets: that of the request, or one that has stuck to this search. */
  faultOfSearch(query, fault) {
    const lasts = this.clock.real(this.settings.sticky);
    if (lasts === 0) return fault?.name;
    const now = this.clock.now();
    for (const [text, { until }] of this.stuck) {
      if (until > now) break;
      this.stuck.delete(text);
    }
    const text = unsorted(query);
    if (STICKY.has(fault?.name) && !this.stuck.has(text)) this.stuck.set(text, { fault: fault.name, until: now + lasts });
    return this.stuck.get(text)?.fault ?? fault?.name;
  }

  /** Is access to a repository denied to everybody, for good? */
  isClosed(row) {
    return this.settings.closed > 0 && fraction(this.world.seed, this.world.columns.id[row], P_CLOSED) < this.settings.closed;
  }

  /**
   * The secret budget of work. With the fault `resourceLimits` some queries, always the same ones, have a tiny one.
   */
  workBudget(text, fault) {
    if (fault?.name === 'resourceLimits') return fault.budget ?? 50;
    const share = this.settings.faultRates.resourceLimits ?? 0;
    if (share > 0 && hashText(text, this.seed) / 4294967296 < share) return 50;
    return this.settings.workBudget > 0 ? this.settings.workBudget : Infinity;
  }
}

/** Entry of `errors` for an error with its place. */
export function entryOf({ error, path, nodes }) {
  const located = error instanceof GraphQLError && error.path ? error
    : new GraphQLError(error.message, { nodes: nodes?.length > 0 ? nodes : undefined, path, originalError: error });
  return formatError(located);
}

/** A dry run shows the rate limit and nothing else [chosen]. */
function dryRunData(work, rate) {
  const data = {};
  for (const selection of work.operation.selectionSet.selections) {
    if (selection.kind !== Kind.FIELD || selection.name.value !== 'rateLimit') continue;
    const fields = selection.selectionSet.selections.filter(({ kind }) => kind === Kind.FIELD);
    const values = { __typename: 'RateLimit', ...rate };
    data[selection.alias?.value ?? 'rateLimit'] = rate && Object.fromEntries(fields.map((field) => [field.alias?.value ?? field.name.value, values[field.name.value]]));
  }
  return data;
}

const DISTURBING = new Set(['nullNodes', 'forbiddenNodes', 'foreignNodes']);

/** A node that a fault hides: null, an error, or another repository; the first one of a reply always, others one time in ten (or `share`). */
function disturbNode(context, repo, fault, random) {
  if (!DISTURBING.has(fault?.name)) return repo;
  const isFirst = !context.disturbed;
  context.disturbed = true;
  if (!isFirst && !random.chance(fault.share ?? 0.1)) return repo;
  if (fault.name === 'nullNodes') return null;
  if (fault.name === 'foreignNodes') return anyOther(context.world, repo, random);
  context.forbidden = fault.kind !== 'allowList';
  return fault.kind === 'allowList' ? forbiddenAllowList() : forbiddenSaml();
}

/** A visible repository that is not this one, if there is any. */
function anyOther(world, repo, random) {
  for (let tries = 0; tries < 1000; tries++) {
    const row = random.below(world.columns.length);
    if (row !== repo.row && world.isVisible(row)) return new Repo(row);
  }
  return repo;
}
