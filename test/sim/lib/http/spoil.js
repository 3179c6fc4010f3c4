/*
 * Spoils values of a reply: numbers as strings, strings as numbers, objects in place of scalars, null where the schema forbids it;
 * or values of the right type that are absurd. What comes out is never a value that could be meant: a client can tell each one.
 *
 * Every field has its turn: each reply spoils at least one value of a field that was spoiled least so far, in a way that was not
 * its last. How often each was is in the counters, under `spoiled`.
 */
const SHARE = 0.02;

/** Faults that are done here. */
export const SPOILING = new Set(['wrongTypes', 'nullFields', 'absurdValues']);

/** Types whose fields a page shows. */
const TYPES = ['Repository', 'SearchResultItemConnection', 'PageInfo', 'Language', 'LanguageEdge', 'License', 'Ref', 'Topic', 'RateLimit'];

/** Of what is absurd the forced one only: each can be told from what a client does about it. */
const SHARES = { wrongTypes: SHARE, nullFields: SHARE, absurdValues: 0 };

/** Changes some leaves of the data of `body`, at least one if there is any that can be. Returns the body to be sent. */
export function spoilTypes(body, { random, how, schema, tally }) {
  const places = [];
  collect(body.data, places);
  const possible = places.filter(([holder, key]) => isPossible(how, holder[key], key, schema));
  if (possible.length === 0) return body;
  const forced = random.pick(leastSpoiled(possible, tally));
  for (const place of possible) {
    if (place !== forced && !random.chance(SHARES[how])) continue;
    const [holder, key] = place;
    holder[key] = spoiled(how, holder[key], tally[key] ?? 0, random);
    tally[key] = (tally[key] ?? 0) + 1;
  }
  return how === 'absurdValues' ? withNumbers(body) : body;
}

function isPossible(how, value, key, schema) {
  if (how === 'nullFields') return neverNull(schema).has(key);
  return how === 'wrongTypes' || typeof value === 'number' || typeof value === 'string';
}

/** Places of the fields that were spoiled least. */
function leastSpoiled(places, tally) {
  const least = Math.min(...new Set(places.map(([, key]) => tally[key] ?? 0)));
  return places.filter(([, key]) => (tally[key] ?? 0) === least);
}

function collect(value, places) {
  for (const [key, inner] of Object.entries(value ?? {})) {
    if (inner !== null && typeof inner === 'object') collect(inner, places);
    else if (key !== '__typename' && key !== 'hasNextPage' && !Array.isArray(value)) places.push([value, key]);
  }
}

/** Names of fields that the schema allows to be null in none of the types. */
function neverNull(schema) {
  if (neverNull.names) return neverNull.names;
  const fields = TYPES.flatMap((type) => Object.values(schema.getType(type).getFields()));
  const isNonNull = ({ type }) => String(type).endsWith('!');
  const nullable = new Set(fields.filter((field) => !isNonNull(field)).map(({ name }) => name));
  neverNull.names = new Set(fields.filter((field) => isNonNull(field) && !nullable.has(field.name)).map(({ name }) => name));
  return neverNull.names;
}

function spoiled(how, value, turn, random) {
  if (how === 'nullFields') return null;
  const ways = how === 'absurdValues' ? absurd(value, random) : wrong(value);
  return ways[turn % ways.length];
}

function wrong(value) {
  if (typeof value === 'number') return [String(value), value + 0.5, [value], 1e30, true];
  if (typeof value === 'string') return [12345, { text: value }, [value], false];
  if (typeof value === 'boolean') return ['true', 1, null, []];
  return [0, false, 1.5, []];
}

/** Numbers that a double cannot hold travel as marked strings until the body is text. */
const marked = (digits) => `@@${digits}@@`;
const INTEGERS = ['9223372036854775807', '-1', '18446744073709551616', '-9223372036854775808', '999999999999999999'].map(marked);
const MOMENTS = ['300000-01-01T00:00:00Z', '2026-02-30T25:61:61Z', '0000-00-00T00:00:00Z', '+99999-12-31T23:59:59Z'];
const LONG = 1000000;

function absurd(value, random) {
  if (typeof value === 'number') return INTEGERS;
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return MOMENTS;
  const noise = Array.from({ length: LONG / 8 }, () => random.below(0xffffffff).toString(16).padStart(8, '0')).join('');
  return [noise, `${value}\u0000${value}`];
}

function withNumbers(body) {
  return Buffer.from(JSON.stringify(body).replace(/"@@(-?\d+)@@"/g, '$1'));
}
