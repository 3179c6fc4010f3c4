/*
 * Spoils values of a reply: numbers as strings, strings as numbers, objects in place of scalars, null where the schema forbids it.
 */
const SHARE = 0.02;

/** Changes some leaves of `data` in place, at least one. */
export function spoilTypes(data, random, how) {
  const places = [];
  collect(data, places);
  if (places.length === 0) return;
  const forced = random.below(places.length);
  places.forEach(([holder, key], i) => {
    if (i === forced || random.chance(SHARE)) holder[key] = how === 'nullFields' ? null : spoiled(holder[key], random);
  });
}

function collect(value, places) {
  for (const [key, inner] of Object.entries(value ?? {})) {
    if (inner !== null && typeof inner === 'object') collect(inner, places);
    else if (key !== '__typename' && key !== 'hasNextPage') places.push([value, key]);
  }
}

function spoiled(value, random) {
  if (typeof value === 'number') return random.pick([String(value), value + 0.5, [value], 1e30, true]);
  if (typeof value === 'string') return random.pick([12345, { text: value }, [value], false]);
  if (typeof value === 'boolean') return random.pick(['true', 1, null, []]);
  return random.pick([0, '', {}, []]);
}
