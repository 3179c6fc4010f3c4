/*
 * Executes a validated query synchronously: no promise, no path object, no look-up of a type per value. What a selection means on
 * an object type is worked out once a request (`plan`), then applied to each object. Its results equal those of graphql-js with
 * the same resolvers; tests compare the two. Where bytes are wanted, repositories and whatever else is of abstract type are written as such
 * (emit.js), if nothing about them is unusual.
 *
 * A resolver is (source, args, context, info); objects carry `typeName` where the schema says union or interface.
 */
import {
  getArgumentValues, getNullableType, isAbstractType, isEnumType, isLeafType, isListType, isNonNullType, SchemaMetaFieldDef,
  TypeMetaFieldDef,
} from 'graphql';
import { collectFields } from './collect.js';
import { emitted, emitterOf, startBytes } from './emit.js';

/** An error with its place; thrown up to the nearest field that may be null. */
class Located {
  constructor(error, path, nodes) {
    this.error = error;
    this.path = path;
    this.nodes = nodes;
  }
}

/**
 * Returns {data, errors}; errors are {error, path, nodes}. `resolverOf(typeName, field)` gives the resolver of a field. With `asBytes`
 * parts of the data are bytes, for `bytesOf`.
 */
export function executeQuery({ schema, operation, fragments, variables, context, resolverOf, asBytes = false }) {
  const state = { asBytes, schema, fragments, variables, context, resolverOf, path: [], depth: 0, errors: [] };
  const root = schema.getQueryType();
  if (asBytes) startBytes();
  try {
    const plan = planSelection(state, root, [operation.selectionSet]);
    return { data: executeFields(plan, {}, state), errors: state.errors };
  } catch (thrown) {
    state.errors.push(locate(thrown, null, state));
    return { data: null, errors: state.errors };
  }
}

function planSelection(state, type, selectionSets) {
  const plan = [];
  for (const [key, nodes] of collectFields(state, type, selectionSets)) plan.push(planField(state, type, key, nodes));
  return plan;
}

function planField(state, parentType, key, nodes) {
  const name = nodes[0].name.value;
  if (name === '__typename') return { key, constant: parentType.name };
  const definition = fieldDefinition(parentType, name);
  const field = {
    key, nodes, schema: state.schema, parentType, fieldName: name, type: definition.type, nonNull: isNonNullType(definition.type), args: null, argsError: null,
    selectionSets: nodes.filter((node) => node.selectionSet).map((node) => node.selectionSet), plans: new Map(),
    resolve: definition.resolve ?? state.resolverOf(parentType.name, definition),
  };
  try {
    field.args = getArgumentValues(definition, nodes[0], state.variables);
  } catch (error) {
    field.argsError = error;
  }
  field.leaf = leafCompleter(getNullableType(definition.type));
  field.complete = field.leaf ?? completer(getNullableType(definition.type), field);
  return field;
}

/** Introspection's fields of the root have no place in the type. */
function fieldDefinition(parentType, name) {
  return { __schema: SchemaMetaFieldDef, __type: TypeMetaFieldDef }[name] ?? parentType.getFields()[name];
}

function executeFields(plan, source, state) {
  const out = {};
  for (let i = 0; i < plan.length; i++) {
    const field = plan[i];
    out[field.key] = field.constant ?? executeField(field, source, state);
  }
  return out;
}

function executeField(field, source, state) {
  const { depth } = state;
  state.path[depth] = field.key;
  state.depth = depth + 1;
  try {
    if (field.argsError !== null) throw field.argsError;
    const value = field.resolve(source, field.args, state.context, field);
    const result = completeNullable(value, field.complete, field, state);
    if (result === null && field.nonNull) throw nullError(field);
    state.depth = depth;
    return result;
  } catch (thrown) {
    const located = locate(thrown, field, state);
    state.depth = depth;
    if (field.nonNull) throw located;
    state.errors.push(located);
    return null;
  }
}

function nullError({ parentType, fieldName }) {
  return new Error(`Cannot return null for non-nullable field ${parentType.name}.${fieldName}.`);
}

function locate(thrown, field, state) {
  return thrown instanceof Located ? thrown : new Located(thrown, state.path.slice(0, state.depth), field ? field.nodes : []);
}

/** An error in place of a value counts as if it had been thrown here. */
function completeNullable(value, complete, field, state) {
  if (value === null || value === undefined) return null;
  if (value instanceof Error) throw value;
  return complete(value, field, state);
}

function completer(type, field) {
  if (isListType(type)) return listCompleter(type, field);
  const leaf = leafCompleter(type);
  if (leaf) return leaf;
  return isAbstractType(type) ? completeAbstract : objectCompleter(type);
}

function leafCompleter(type) {
  if (!isLeafType(type)) return null;
  if (type.name === 'Boolean') return (value) => (typeof value === 'boolean' ? value : type.serialize(value));
  if (type.name === 'Int') return (value) => ((value | 0) === value ? value : type.serialize(value));
  if (type.name === 'String') return (value) => (typeof value === 'string' ? value : type.serialize(value));
  return isEnumType(type) || type.name === 'ID' ? (value) => type.serialize(value) : (value) => value;
}

function objectCompleter(type) {
  let plan = null;
  return (value, field, state) => {
    plan ??= planSelection(state, type, field.selectionSets);
    return executeFields(plan, value, state);
  };
}

function completeAbstract(value, field, state) {
  let plan = field.plans.get(value.typeName);
  if (!plan) {
    plan = planSelection(state, state.schema.getType(value.typeName), field.selectionSets);
    field.plans.set(value.typeName, plan);
    const planOf = (type, { selectionSets }) => planSelection(state, type, selectionSets);
    plan.emit = state.asBytes ? emitterOf(plan, planOf, state.schema) : null;
  }
  return (plan.emit && emitted(plan.emit, value, state.context)) ?? executeFields(plan, value, state);
}

function listCompleter(type, field) {
  const nonNull = isNonNullType(type.ofType);
  const complete = completer(getNullableType(type.ofType), field);
  return (values, _field, state) => {
    const out = new Array(values.length);
    const { depth } = state;
    for (let i = 0; i < values.length; i++) {
      state.path[depth] = i;
      state.depth = depth + 1;
      try {
        out[i] = completeNullable(values[i], complete, field, state);
        if (out[i] === null && nonNull) throw nullError(field);
      } catch (thrown) {
        const located = locate(thrown, field, state);
        state.depth = depth;
        if (nonNull) throw located;
        state.errors.push(located);
        out[i] = null;
      }
    }
    state.depth = depth;
    return out;
  };
}
