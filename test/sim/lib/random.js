/*
 * Seeded hashes and random numbers, the same on every machine: 32-bit integer arithmetic only, no Math.log or Math.pow,
 * whose last bits differ between engines.
 */

/** Mixes the bits of a 32-bit number (the finaliser of murmur3). */
export function mix(value) {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of a seed, an id (up to 2^53) and a purpose: the 32 bits from which one attribute of one repository is derived. */
export function hash(seed, id, purpose) {
  const low = id | 0;
  const high = id > 0xffffffff ? (id / 4294967296) | 0 : 0;
  return mix(mix(low ^ Math.imul(purpose + 1, 0x9e3779b1)) ^ Math.imul(seed + high * 31 + 1, 0x27d4eb2f));
}

/** The same as a fraction in [0, 1). */
export function fraction(seed, id, purpose) {
  return hash(seed, id, purpose) / 4294967296;
}

/** Hash of a text. */
export function hashText(text, seed = 0) {
  let h = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  return mix(h);
}

/** The same with 53 bits. */
export function longHashText(text) {
  return hashText(text, 1) * 2097152 + (hashText(text, 2) >>> 11);
}

/** A stream of random numbers (splitmix32). */
export class Random {
  constructor(seed) {
    this.state = mix(seed ^ 0x5bd1e995);
  }

  /** 32 random bits. */
  bits() {
    this.state = (this.state + 0x9e3779b9) | 0;
    return mix(this.state);
  }

  /** A fraction in [0, 1). */
  next() {
    return this.bits() / 4294967296;
  }

  /** A whole number in [0, below). */
  below(below) {
    return Math.floor(this.next() * below);
  }

  /** True with the given chance. Draws nothing when the chance is 0, so unused faults do not shift the others. */
  chance(probability) {
    return probability > 0 && this.next() < probability;
  }

  pick(list) {
    return list[this.below(list.length)];
  }
}
