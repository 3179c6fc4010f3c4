/*
 * Faults that change the text of a body. Each takes the bytes that would have been sent and gives others; what of it a client can
 * make use of is its own affair.
 */
const DEEP = 100000;
const HUGE = 100000000;
const LONG = 20000000;

/** name: (bytes, fault, exchange) => bytes. */
export const MANGLE = {
  brokenJson: (bytes) => Buffer.concat([bytes.subarray(0, Math.floor(bytes.length * 0.7)), Buffer.from('}')]),
  deepNesting: (bytes, { depth = DEEP }) => inFront(bytes, `"extensions":${'['.repeat(depth)}${']'.repeat(depth)}`),
  duplicateKeys,
  hugeNumber: (bytes, { digits = HUGE }) => atNumber(bytes, Buffer.alloc(digits, '7')),
  hugeExponent: (bytes, { number = '1e999999999' }) => atNumber(bytes, Buffer.from(number)),
  hugeString: (bytes, { length = LONG }) => atText(bytes, Buffer.alloc(length, 'x')),
  utf16: (bytes) => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(bytes.toString(), 'utf16le')]),
  bom: (bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]),
  invalidUtf8: (bytes) => atText(bytes, Buffer.from([0x61, 0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80])),
  emptyBody: () => Buffer.alloc(0),
  otherAnswer: (bytes, fault, { sim, record }) => sim.earlierAnswers.get(record.endpoint) ?? bytes,
  unaskedKeys,
};

/** A member before all others of the outermost object. */
function inFront(bytes, member) {
  return Buffer.concat([Buffer.from(`{${member}${bytes[1] === 0x7d ? '' : ','}`), bytes.subarray(1)]);
}

function replaced(bytes, pattern, piece) {
  const found = pattern.exec(bytes.toString('latin1'));
  if (!found) return bytes;
  const from = found.index + found[1].length;
  return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from + found[2].length)]);
}

/** In place of the first number of a list's first member, or else of the first one at all. */
function atNumber(bytes, piece) {
  const inList = replaced(bytes, /(\[\{[^[\]]*?":)(\d+)(?=[,}])/, piece);
  return inList === bytes ? replaced(bytes, /(":)(\d+)(?=[,}])/, piece) : inList;
}

/** In place of the first text that names or describes, or else of the first one at all. */
function atText(bytes, piece) {
  const named = replaced(bytes, /("(?:description|nameWithOwner|full_name|name)":")((?:[^"\\]|\\.)*)(?=")/, piece);
  return named === bytes ? replaced(bytes, /(":")((?:[^"\\]|\\.)*)(?=")/, piece) : named;
}

/**
 * Keys that come twice with values that differ: `place` is data, nodes or repository, the lie comes first or `last`; both are drawn
 * unless given.
 */
function duplicateKeys(bytes, { place, last }, { sim: { random } }) {
  const where = place ?? random.pick(['data', 'nodes', 'repository']);
  const isLast = last ?? random.chance(0.5);
  const isWhere = {
    data: (key, depth) => depth === 0 && key === 'data',
    nodes: (key) => key === 'nodes',
    repository: (key, depth, value) => depth > 1 && ['number', 'string'].includes(typeof value),
  }[where];
  const write = (value, depth) => {
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join()}]`;
    return `{${Object.entries(value).flatMap(([key, inner]) => {
      const own = `${JSON.stringify(key)}:${write(inner, depth + 1)}`;
      if (!isWhere(key, depth, inner)) return [own];
      const lie = `${JSON.stringify(key)}:${JSON.stringify(other(inner))}`;
      return isLast ? [own, lie] : [lie, own];
    }).join()}}`;
  };
  return Buffer.from(write(JSON.parse(bytes), 0));
}

/** Another value of the same type. */
function other(value) {
  if (typeof value === 'number') return value + 1000;
  if (typeof value === 'string') return `${value}x`;
  return Array.isArray(value) ? [] : {};
}

/** Names beside those that were asked for, and like them, with copies of the first answer. */
function unaskedKeys(bytes) {
  const body = JSON.parse(bytes);
  const [first] = Object.entries(body.data ?? {});
  if (!first) return bytes;
  const stem = first[0].replace(/\d+$/, '');
  for (const name of [...Array(100).keys()].map((i) => `${stem}${i}`).concat('unasked', '')) body.data[name] ??= first[1];
  return Buffer.from(JSON.stringify(body));
}
