/*
 * Spoils values of a reply: numbers as strings, strings as numbers, objects in place of scalars, null where the schema forbids it.
 * What comes out is never a value that could be meant: a client can tell each one.
 */
const SHARE = 0.02;

/** Types whose fields a page shows. */
const TYPES = ['Repository', 'SearchResultItemConnection', 'PageInfo', 'Language', 'LanguageEdge', 'License', 'Ref', 'Topic', 'RateLimit'];

/** Changes some leaves of `data` in place, at least one if there is any that can be. */
export function spoilTypes(data, random, how, schema) {
  const places = [];
  collect(data, places);
  const possible = how === 'nullFields' ? places.filter(([, key]) => neverNull(schema).has(key)) : places;
  if (possible.length === 0) return;
  const forced = random.below(possible.length);
  possible.forEach(([holder, key], i) => {
    if (i === forced || random.chance(SHARE)) holder[key] = how === 'nullFields' ? null : spoiled(holder[key], random);
  });
}

function collect(value, places) {
  for (const [key, inner] of Object.entries(value ?? {})) {
    if (inner !== null && typeof inner === 'object') collect(inner, places);
    else if (key !== '__typename' && key !== 'hasNextPage') places.push([value, key]);
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

function spoiled(value, random) {
  if (typeof value === 'number') return random.pick([String(value), value + 0.5, [value], 1e30, true]);
  if (typeof value === 'string') return random.pick([12345, { text: value }, [value], false]);
  if (typeof value === 'boolean') return random.pick(['true', 1, null, []]);
  return random.pick([0, false, 1.5, []]);
}
