/*
 * Writes objects as JSON in bytes at once, without an object, a tree walk, a string and its encoding in between: that was more than half the
 * work of a page. Only for what is ordinary: whatever is not (an error, a null where none may be, a value of the wrong type) throws
 * `UNUSUAL`, and the caller executes the same selection in the ordinary way, which knows what to do about it. So the bytes are always
 * those of JSON.stringify.
 *
 * All of it goes into one buffer that is used again for each request: from `startBytes` to `bytesOf` nothing may wait.
 */
import { getNullableType, isAbstractType, isEnumType, isLeafType, isListType, isNonNullType } from 'graphql';

const UNUSUAL = Symbol('unusual');
const QUOTE = 34;
const BACKSLASH = 92;
/** Bytes that a UTF-16 unit may need, at most: `\u0000`. */
const WIDEST = 6;

let out = Buffer.allocUnsafe(1 << 20);
let at = 0;

/** A part of a result that is in the buffer already. */
export class Json {
  constructor(from, to) {
    this.from = from;
    this.to = to;
  }
}

export function startBytes() {
  at = 0;
}

/** The bytes of a result that may hold such parts, in a buffer of their own. */
export function bytesOf(value) {
  const from = at;
  put(value);
  return Buffer.from(out.subarray(from, at));
}

function put(value) {
  if (value instanceof Json) {
    need(value.to - value.from);
    out.copyWithin(at, value.from, value.to);
    at += value.to - value.from;
  } else if (value === null || typeof value !== 'object') {
    putText(JSON.stringify(value));
  } else if (Array.isArray(value)) {
    value.forEach((item, i) => {
      putText(i === 0 ? '[' : ',');
      put(item);
    });
    putText(value.length === 0 ? '[]' : ']');
  } else {
    putObject(value);
  }
}

function putObject(value) {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  keys.forEach((key, i) => {
    putText(`${i === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    put(value[key]);
  });
  putText(keys.length === 0 ? '{}' : '}');
}

function need(bytes) {
  if (at + bytes <= out.length) return;
  const wider = Buffer.allocUnsafe(2 * (at + bytes));
  out.copy(wider, 0, 0, at);
  out = wider;
}

function putText(text) {
  need(3 * text.length);
  at += out.write(text, at, 'utf8');
}

/** Text of which all characters are ASCII. */
function putAscii(text) {
  const { length } = text;
  need(length);
  for (let i = 0; i < length; i++) out[at + i] = text.charCodeAt(i);
  at += length;
}

/** A string with its quotes. Plain ones are copied here, as calling out of JavaScript costs more. */
function putString(text) {
  const { length } = text;
  need(WIDEST * length + 2);
  const buffer = out;
  let to = at;
  buffer[to++] = QUOTE;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 32 || unit > 126 || unit === QUOTE || unit === BACKSLASH) {
      putText(JSON.stringify(text));
      return;
    }
    buffer[to++] = unit;
  }
  buffer[to++] = QUOTE;
  at = to;
}

/** Function (source, context) that writes a planned selection, for `emitted`. `planOf(type, field)` plans the selection of a field on a type. */
export function emitterOf(plan, planOf, schema) {
  const steps = plan.map((field, i) => {
    const prefix = `${i === 0 ? '{' : ','}${JSON.stringify(field.key)}:`;
    if (field.constant !== undefined) return { prefix: prefix + JSON.stringify(field.constant), field: null, write: null };
    return { prefix, field, write: writerOf(field.type, field, planOf, schema) };
  });
  return (source, context) => {
    for (let i = 0; i < steps.length; i++) {
      const { prefix, field, write } = steps[i];
      putAscii(prefix);
      if (field === null) continue;
      if (field.argsError !== null) throw UNUSUAL;
      write(field.resolve(source, field.args, context, field), context);
    }
    putAscii(steps.length === 0 ? '{}' : '}');
  };
}

/** The object as a part in the buffer; null if there is something unusual about it, and then as if nothing had been tried. */
export function emitted(emit, source, context) {
  const stats = { ...context.stats };
  const from = at;
  try {
    emit(source, context);
    return new Json(from, at);
  } catch {
    at = from;
    Object.assign(context.stats, stats);
    return null;
  }
}

function writerOf(type, field, planOf, schema) {
  const write = writerOfPresent(getNullableType(type), field, planOf, schema);
  const isNeeded = isNonNullType(type);
  return (value, context) => {
    if (value !== null && value !== undefined) write(value, context);
    else if (isNeeded) throw UNUSUAL;
    else putAscii('null');
  };
}

function writerOfPresent(type, field, planOf, schema) {
  if (isLeafType(type)) return leafWriter(type);
  return isListType(type) ? listWriter(writerOf(type.ofType, field, planOf, schema)) : objectWriter(type, field, planOf, schema);
}

function listWriter(write) {
  return (values, context) => {
    if (!Array.isArray(values)) throw UNUSUAL;
    putAscii('[');
    for (let i = 0; i < values.length; i++) {
      if (i > 0) putAscii(',');
      write(values[i], context);
    }
    putAscii(']');
  };
}

function objectWriter(type, field, planOf, schema) {
  const emitters = new Map();
  const ownName = isAbstractType(type) ? null : type.name;
  return (value, context) => {
    if (value instanceof Error) throw UNUSUAL;
    const name = ownName ?? value.typeName;
    let emit = emitters.get(name);
    if (emit === undefined) emitters.set(name, emit = emitterOf(planOf(schema.getType(name), field), planOf, schema));
    emit(value, context);
  };
}

function leafWriter(type) {
  const mustBe = (kind, write) => (value) => {
    if (typeof value !== kind) throw UNUSUAL;
    write(value);
  };
  if (type.name === 'Boolean') return mustBe('boolean', (value) => putAscii(value ? 'true' : 'false'));
  if (isEnumType(type)) return (value) => putString(type.serialize(value));
  if (type.name !== 'Int') return mustBe('string', putString);
  return (value) => {
    if ((value | 0) !== value) throw UNUSUAL;
    putAscii(String(value));
  };
}
