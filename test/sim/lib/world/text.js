/*
 * Texts of a repository, derived from its id and the seed whenever they are asked for.
 *
 * A name spells the (scrambled) id in words, so it is unique in the world and can be read back: a lookup by name needs no index.
 * A fork carries the name of its parent.
 */
import { fraction, hash } from '../random.js';
import { LANGUAGES } from './catalog.js';
import { NAME_WORDS, NASTY_TEXTS, PHRASES, TOPICS } from './words.js';

const P_STYLE = 1;
const P_DESCRIPTION = 2;
const P_WORDS = 3;
const P_HOMEPAGE = 4;
const P_TOPICS = 5;
const P_LANGUAGES = 6;

const SIZES = NAME_WORDS.map((list) => list.length);
const WORDS = SIZES[0] * SIZES[1] * SIZES[2];
const WORD_AT = NAME_WORDS.map((list) => new Map(list.map((word, i) => [word, i])));
const SEPARATORS = ['-', '-', '-', '_', '.', '-', '-', '_'];
const FACTOR = 0x2c1b3c6d;
const INVERSE = inverseOf(FACTOR);

/** Inverse of an odd number modulo 2^32 (Newton's iteration). */
function inverseOf(odd) {
  let inverse = odd;
  for (let i = 0; i < 5; i++) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}

function scramble(low) {
  const x = Math.imul(low ^ (low >>> 16), FACTOR);
  return (x ^ (x >>> 16)) >>> 0;
}

function unscramble(value) {
  const x = Math.imul(value ^ (value >>> 16), INVERSE);
  return (x ^ (x >>> 16)) >>> 0;
}

/** Name that belongs to an id by birth. */
export function nameOfId(seed, id) {
  let x = scramble((id ^ seed) | 0);
  const parts = NAME_WORDS.map((list, i) => {
    const word = list[x % SIZES[i]];
    x = Math.floor(x / SIZES[i]);
    return word;
  });
  const style = hash(seed, id, P_STYLE);
  if ((style & 0xf00) === 0) parts[0] = parts[0][0].toUpperCase() + parts[0].slice(1);
  if (x > 0) parts.push(String(x));
  const high = Math.floor(id / 4294967296);
  if (high > 0) parts.push(String(x > 0 ? high : `0${high}`));
  return parts.join(SEPARATORS[style & 7]);
}

/** Id whose name by birth this is, or -1. */
export function idOfName(seed, name) {
  const parts = name.toLowerCase().split(/[-_.]/);
  if (parts.length < 3 || parts.length > 5) return -1;
  const at = WORD_AT.map((map, i) => map.get(parts[i]));
  if (at.includes(undefined) || parts.slice(3).some((part) => !/^\d{1,9}$/.test(part))) return -1;
  const highOnly = parts.length === 4 && parts[3][0] === '0';
  const rest = parts.length > 3 && !highOnly ? Number(parts[3]) : 0;
  const high = Number((highOnly ? parts[3] : parts[4]) ?? 0);
  const value = rest * WORDS + (at[2] * SIZES[1] + at[1]) * SIZES[0] + at[0];
  if (value > 0xffffffff) return -1;
  const id = high * 4294967296 + ((unscramble(value) ^ seed) >>> 0);
  return nameOfId(seed, id).toLowerCase() === name.toLowerCase() ? id : -1;
}

function sentence(seed, id, words) {
  const out = [];
  for (let i = 0; i < words; i++) {
    const h = hash(seed, id, 1000 + i);
    const list = NAME_WORDS[h % 3];
    out.push(list[(h >>> 8) % list.length]);
  }
  return out.join(' ');
}

/** Description or null: 30 % have none, 2 % a nasty one, 0.5 % one of exactly 350 characters. */
export function description(seed, id) {
  const draw = fraction(seed, id, P_DESCRIPTION);
  if (draw < 0.3) return null;
  const h = hash(seed, id, P_WORDS);
  if (draw < 0.32) return NASTY_TEXTS[h % NASTY_TEXTS.length];
  if (draw < 0.325) return longText(seed, id, h);
  if (draw < 0.327) return '';
  const text = `${PHRASES[h % PHRASES.length]} ${sentence(seed, id, 2 + ((h >>> 8) % 9))}`;
  return (h >>> 16) % 10 === 0 ? `${text} — ${NASTY_TEXTS[3]}` : text;
}

function longText(seed, id, h) {
  const wide = h % 2 === 0;
  const text = wide ? '长描述'.repeat(117) : sentence(seed, id, 90);
  return text.slice(0, 350);
}

/** Homepage or null: 15 % have one, some of them are no URLs at all, as on GitHub. */
export function homepage(seed, id) {
  const draw = fraction(seed, id, P_HOMEPAGE);
  if (draw >= 0.15) return null;
  if (draw < 0.02) return '';
  if (draw < 0.022) return 'my site (under construction)';
  if (draw < 0.024) return 'https://例え.example/?q="a b"&x=\\';
  return `https://${sentence(seed, id, 1)}-${id.toString(36)}.example.${draw < 0.1 ? 'com' : 'io'}/`;
}

/** Topics: 15 % have some, one to five as a rule, rarely twenty. */
export function topics(seed, id) {
  const draw = fraction(seed, id, P_TOPICS);
  if (draw >= 0.15) return [];
  const count = draw < 0.001 ? 20 : 1 + (hash(seed, id, P_TOPICS + 100) % 5);
  const found = new Set();
  for (let i = 0; found.size < count; i++) {
    const h = hash(seed, id, 2000 + i);
    const f = h / 4294967296;
    found.add(TOPICS[Math.floor(f * f * TOPICS.length)]);
  }
  return [...found].sort();
}

// sizes are Int in GitHub's schema, their sum as well
const MOST_BYTES = 2_000_000_000;

/** Languages with their bytes, largest first; the first is the primary one. */
export function languages(seed, id, primary, kilobytes) {
  if (primary === 0) return [];
  const h = hash(seed, id, P_LANGUAGES);
  const found = new Map([[primary, 0]]);
  const count = (h & 7) === 0 ? 1 + ((h >>> 3) % 12) : 1 + ((h >>> 3) % 3);
  for (let i = 0; found.size < count; i++) {
    const code = 1 + (hash(seed, id, 3000 + i) % (LANGUAGES.length - 1));
    if (!found.has(code)) found.set(code, 0);
  }
  let left = Math.min(MOST_BYTES, Math.max(1, kilobytes) * 700 + (h % 500));
  return [...found.keys()].map((code) => {
    const size = Math.max(1, Math.floor(left * 0.6));
    left = Math.max(1, left - size);
    return { language: LANGUAGES[code], size };
  });
}
