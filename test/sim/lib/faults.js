/*
 * Faults on demand: each has a rate, and a script can name the faults of the next requests. What a fault does is decided where
 * it takes effect: here only its name, its stage and its chance.
 *
 *   instead: answered (or not) without any work, costs nothing      refuse: refused like a limit
 *   result:  changes what the query finds                            reply:   changes how the answer is sent
 */
import { Random } from './random.js';

export const FAULTS = {
  json502: 'instead', html502: 'instead', json504: 'instead', html504: 'instead', timeout200: 'instead', html200: 'instead',
  unauthorized: 'instead', redirect: 'instead', reset: 'instead', goaway: 'instead', stall: 'instead', serverError: 'instead',
  rateLimited: 'refuse', rateLimit: 'refuse', secondary: 'refuse', secondaryBare: 'refuse', secondary200: 'refuse',
  resourceLimits: 'result', nullNodes: 'result', forbiddenNodes: 'result', emptyResults: 'result', droppedItems: 'result',
  wrongTypes: 'result', nullFields: 'result', somethingWrong: 'result', absurdValues: 'result', foreignNodes: 'result',
  resetBody: 'reply', drip: 'reply', truncatedGzip: 'reply', brokenJson: 'reply', wrongLength: 'reply', staleRemaining: 'reply', slow: 'reply', closing: 'reply',
  /* the text of the body (http/mangle.js) */
  deepNesting: 'reply', duplicateKeys: 'reply', hugeNumber: 'reply', hugeExponent: 'reply', hugeString: 'reply', utf16: 'reply', bom: 'reply',
  invalidUtf8: 'reply', emptyBody: 'reply', otherAnswer: 'reply', unaskedKeys: 'reply',
  /* what is said of it (http/reply.js) */
  gzipBomb: 'reply', gzipBombLying: 'reply', claimedGzip: 'reply', unclaimedGzip: 'reply', wrongContentType: 'reply', foreignLink: 'reply',
  /* bytes that no HTTP library would send (http/raw.js) */
  resetHeaders: 'reply', endlessHeaders: 'reply', endlessHeader: 'reply', endlessBody: 'reply', endlessGzip: 'reply', trickle: 'reply',
  shortLength: 'reply', negativeLength: 'reply', twoLengths: 'reply', brokenChunks: 'reply', informationFlood: 'reply', http09: 'reply',
};
/** Faults that make sense for REST too. */
const REST_STAGES = new Set(['instead', 'reply']);
const GRAPHQL_ONLY = new Set(['timeout200', 'somethingWrong', 'unaskedKeys']);

export class UnknownFault extends Error {}

export class Faults {
  constructor(seed, rates = {}) {
    this.random = new Random(seed + 7);
    this.rates = {};
    this.parameters = {}; /* of faults by rate */
    this.script = [];
    this.setRates(rates);
  }

  /** A rate, or {rate, …parameters}, of each. */
  setRates(rates) {
    for (const [name, given] of Object.entries(rates)) {
      const { rate, ...parameters } = given !== null && typeof given === 'object' ? given : { rate: given };
      mustExist(name);
      if (!(Number(rate) >= 0 && Number(rate) <= 1)) throw new UnknownFault(`rate of ${name} must be between 0 and 1`);
      if (Number(rate) === 0) delete this.rates[name];
      else this.rates[name] = Number(rate);
      this.parameters[name] = parameters;
    }
    return this.rates;
  }

  /** Faults of the next GraphQL requests, in order: [{fault: name or null, …parameters}]. */
  addScript(steps) {
    if (!Array.isArray(steps)) throw new UnknownFault('a script is a list');
    for (const { fault } of steps) if (fault !== null && fault !== undefined) mustExist(fault);
    this.script.push(...steps);
    return this.script.length;
  }

  /** {name, stage, …parameters} for a request, or null. */
  draw(kind) {
    if (kind === 'graphql' && this.script.length > 0) {
      const { fault, ...parameters } = this.script.shift();
      return fault ? { name: fault, stage: FAULTS[fault], ...parameters } : null;
    }
    for (const [name, rate] of Object.entries(this.rates)) {
      if (kind === 'rest' && (!REST_STAGES.has(FAULTS[name]) || GRAPHQL_ONLY.has(name))) continue;
      if (name === 'resourceLimits') continue; /* by query, see request.js */
      if (this.random.chance(rate)) return { name, stage: FAULTS[name], ...this.parameters[name] };
    }
    return null;
  }
}

function mustExist(name) {
  if (!Object.hasOwn(FAULTS, name)) throw new UnknownFault(`unknown fault ${name}; known are ${Object.keys(FAULTS).join(', ')}`);
}
