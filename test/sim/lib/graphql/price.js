/*
 * What a document costs before it runs (fact sheet 2.1, 2.2), and the refusals that follow from its arguments alone.
 *
 * Points: requests = for each connection asked with `first` or `last`, the product of the `first` values above it; the sum divided
 * by 100, rounded, at least 1. Nodes: the sum of the products down each path. `nodes(ids:)` is no connection, but multiplies what
 * is below it by its number of ids.
 *
 * Roots and rows are what a slow server may choke on: root fields that read (search, node, nodes), and the widest page of a root search.
 */
import { getArgumentValues, getNamedType, isAbstractType, isObjectType } from 'graphql';
import { collectFields } from './collect.js';
import { GitHubError } from './errors.js';

const MAX_NODES = 500000;
const MAX_IDS = 100;
const MAX_PAGE = 100;
const READING_ROOTS = new Set(['search', 'node', 'nodes']);

/** {points, requests, nodes, roots, rows, dryRun, errors}; errors are [{error, path, nodes}]. */
export function priceOperation({ schema, operation, fragments, variables }) {
  const tally = { schema, fragments, variables, requests: 0, nodes: 0, roots: 0, rows: 0, dryRun: false, errors: [] };
  walk(tally, schema.getQueryType(), [operation.selectionSet], 1, []);
  if (tally.nodes > MAX_NODES && tally.errors.length === 0) {
    const message = `This query requests up to ${tally.nodes.toLocaleString('en-US')} possible nodes which exceeds the maximum limit of `
      + `${MAX_NODES.toLocaleString('en-US')}.`;
    tally.errors.push({ error: new GitHubError('MAX_NODE_LIMIT_EXCEEDED', message), path: undefined, nodes: [] });
  }
  const points = Math.max(1, Math.round(tally.requests / 100));
  const { requests, nodes, roots, rows, dryRun, errors } = tally;
  return { points, requests, nodes, roots, rows, dryRun, errors };
}

/** Visits all fields that can be reached; `factor` is the product of the page sizes above. */
function walk(tally, type, selectionSets, factor, path) {
  for (const [key, nodes] of reachableFields(tally, type, selectionSets)) {
    const { parent, fields } = nodes;
    const name = fields[0].name.value;
    if (name.startsWith('__')) continue;
    const definition = parent.getFields()[name];
    const here = [...path, key];
    const below = visit(tally, definition, fields, factor, here);
    const inner = fields.filter((node) => node.selectionSet).map((node) => node.selectionSet);
    if (inner.length > 0 && below > 0) walk(tally, getNamedType(definition.type), inner, below, here);
  }
}

/**
 * Response name -> {parent, fields}. On an abstract type the fields of each possible type that a fragment names are taken
 * together, the dearest reading.
 */
function reachableFields(tally, type, selectionSets) {
  const found = new Map();
  const types = isAbstractType(type) ? concreteTypes(tally, type, selectionSets) : [type];
  for (const parent of types) {
    for (const [key, fields] of collectFields(tally, parent, selectionSets)) {
      if (!found.has(key)) found.set(key, { parent, fields });
    }
  }
  return found;
}

/** Possible types named in the fragments of a selection; any one of them stands for the rest. */
function concreteTypes(tally, type, selectionSets) {
  const named = new Set();
  const possible = tally.schema.getPossibleTypes(type);
  const visited = new Set();
  const look = (selectionSet) => {
    for (const selection of selectionSet.selections) {
      const fragment = selection.kind === 'FragmentSpread' ? tally.fragments.get(selection.name.value) : selection;
      if (!fragment || fragment.kind === 'Field' || visited.has(fragment)) continue;
      visited.add(fragment);
      const wanted = fragment.typeCondition ? tally.schema.getType(fragment.typeCondition.name.value) : type;
      if (isObjectType(wanted)) named.add(wanted);
      look(fragment.selectionSet);
    }
  };
  selectionSets.forEach(look);
  const rest = possible.find((candidate) => !named.has(candidate));
  return [...possible.filter((candidate) => named.has(candidate)), ...(rest ? [rest] : [])];
}

/** Counts one field; returns the factor for what is below it, 0 if it is refused. */
function visit(tally, definition, fields, factor, path) {
  if (path.length === 1 && READING_ROOTS.has(definition.name)) tally.roots++;
  if (definition.name === 'rateLimit' && path.length === 1) {
    tally.dryRun ||= argumentsOf(tally, definition, fields).dryRun === true;
    return 0;
  }
  if (definition.name === 'nodes' && path.length === 1) return visitIds(tally, definition, fields, path);
  if (!isConnection(definition)) return factor;
  const { first, last } = argumentsOf(tally, definition, fields);
  const size = first ?? last;
  if (size === undefined || size === null) {
    if (asksForItems(tally, definition, fields)) refuse(tally, fields, path, missingBoundaries(definition.name));
    return factor;
  }
  const refusal = pageRefusal(definition.name, first, last);
  if (refusal) return refuse(tally, fields, path, refusal);
  if (path.length === 1) tally.rows = Math.max(tally.rows, size);
  tally.requests += factor;
  tally.nodes += factor * size;
  return factor * size;
}

function visitIds(tally, definition, fields, path) {
  const count = argumentsOf(tally, definition, fields).ids?.length ?? 0;
  tally.nodes += count;
  if (count > MAX_IDS) {
    return refuse(tally, fields, path, new GitHubError('ARGUMENT_LIMIT', `You may not provide more than ${MAX_IDS} node ids; you provided ${count}.`), true);
  }
  return Math.max(1, count);
}

function refuse(tally, fields, path, error, nullData = false) {
  tally.errors.push({ error, path, nodes: fields, nullData });
  return 0;
}

function pageRefusal(connection, first, last) {
  for (const [name, size] of [['first', first], ['last', last]]) {
    if (size > MAX_PAGE) {
      return new GitHubError('EXCESSIVE_PAGINATION', `Requesting ${size} records on the \`${connection}\` connection exceeds the \`${name}\` limit of ${MAX_PAGE} records.`);
    }
    if (size !== undefined && size !== null && size < 1) {
      return new GitHubError('ARGUMENT_LIMIT', `\`${name}\` on the \`${connection}\` connection must be between 1 and ${MAX_PAGE}.`);
    }
  }
  return null;
}

function missingBoundaries(connection) {
  return new GitHubError('MISSING_PAGINATION_BOUNDARIES', `You must provide a \`first\` or \`last\` value to properly paginate the \`${connection}\` connection.`);
}

function isConnection(definition) {
  return getNamedType(definition.type).name.endsWith('Connection') && definition.args.some((arg) => arg.name === 'first');
}

function asksForItems(tally, definition, fields) {
  const inner = fields.map((node) => node.selectionSet).filter(Boolean);
  const names = [...collectFields(tally, getNamedType(definition.type), inner).values()].map((nodes) => nodes[0].name.value);
  return names.includes('nodes') || names.includes('edges');
}

function argumentsOf(tally, definition, fields) {
  try {
    return getArgumentValues(definition, fields[0], tally.variables);
  } catch {
    return {};
  }
}
