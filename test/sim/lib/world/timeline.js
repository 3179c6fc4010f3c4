/*
 * When the repositories of a world were created: a broken line from the place of an id among all ids of the world, counted from 1, to
 * epoch seconds, that never falls. Only additions, products and quotients are used, so it is the same on every machine.
 */
import { fraction, hash } from '../random.js';
import { idAtTime, timeOfId } from './catalog.js';

const START = Date.UTC(2008, 0, 1) / 1000;
const DAY = 86400;
const MONTH = 30 * DAY;
/** Growth of creations from month to month of the skewed world: twice as many each year. */
const MONTHLY_GROWTH = 1.0595;
const P_BURST = 41;

/** Kinds of bursts in the bursty world: seconds each lasts, repositories from and to, share of all repositories. */
const BURSTS = [
  { length: 0, least: 1200, most: 4000, share: 0.15 },
  { length: 59, least: 1500, most: 5000, share: 0.15 },
  { length: DAY - 1, least: 3000, most: 8000, share: 0.15 },
];

/** Shapes of `--world`; the first one is the default. */
export const SHAPES = ['github', 'uniform', 'skewed', 'bursty'];

/** Function from place to epoch seconds, for `count` ids, so many of them a repository, handed out before `until`. */
export function timelineOf({ shape, count, idsPerRepository, until, seed }) {
  switch (shape) {
    case 'uniform': return along([[0, START], [count, until]]);
    case 'skewed': return along(skewed(count, until));
    case 'bursty': return along(bursty({ count, idsPerRepository, until, seed }));
    default: {
      const stretch = idAtTime(until) / count;
      return (place) => timeOfId(place * stretch);
    }
  }
}

/** Knots [place, seconds] of exponential growth. */
function skewed(count, until) {
  const months = Math.floor((until - START) / MONTH);
  const weights = [1];
  while (weights.length < months) weights.push(weights[weights.length - 1] * MONTHLY_GROWTH);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const knots = [[0, START]];
  let sum = 0;
  weights.forEach((weight, i) => knots.push([(count * (sum += weight)) / total, i === months - 1 ? until : START + (i + 1) * MONTH]));
  return knots;
}

/** Knots of an even growth in which bots made thousands within a second, a minute or a day. */
function bursty({ count, idsPerRepository, until, seed }) {
  const bursts = BURSTS.flatMap((kind, k) => burstsOf(kind, k, count / idsPerRepository, seed)).sort((a, b) => a.when - b.when);
  for (const burst of bursts) burst.size *= idsPerRepository;
  const quiet = count - bursts.reduce((sum, { size }) => sum + size, 0);
  const knots = [[0, START]];
  let made = 0;
  for (const { when, size, length } of bursts) {
    const at = Math.max(Math.floor(START + when * (until - START)), knots[knots.length - 1][1]);
    knots.push([made + when * quiet, at], [made + when * quiet + size, at + length + 0.999]);
    made += size;
  }
  knots.push([count, Math.max(until, knots[knots.length - 1][1])]);
  return knots;
}

function burstsOf({ length, least, most, share }, kind, count, seed) {
  const found = [];
  let left = Math.floor(count * share);
  for (let i = 0; left > 0; i++) {
    const size = Math.min(left, least + (hash(seed, i, P_BURST + kind) % (most - least + 1)));
    found.push({ when: fraction(seed, i, P_BURST + 10 + kind), size, length });
    left -= size;
  }
  return found;
}

/** The broken line through knots in ascending order. Looks from where it was last, as places mostly ascend. */
function along(knots) {
  let at = 0;
  return (place) => {
    if (place < knots[at][0]) at = 0;
    while (at + 2 < knots.length && place >= knots[at + 1][0]) at++;
    const [from, start] = knots[at];
    const [to, end] = knots[at + 1];
    return to > from ? start + ((end - start) * (place - from)) / (to - from) : end;
  };
}
