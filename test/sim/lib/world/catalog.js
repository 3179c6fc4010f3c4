/*
 * What the world is drawn from: languages, licences, stars, growth of the id space. Weights are rounded from section 9 of the
 * fact sheet where it has figures; the rest is plausible.
 */

/** [name, colour, weight]; weights add up to 1,000. Code 0 of a repository means no language. */
const LANGUAGE_TABLE = [
  ['JavaScript', '#f1e05a', 180], ['Python', '#3572A5', 175], ['HTML', '#e34c26', 120], ['Java', '#b07219', 95],
  ['TypeScript', '#3178c6', 85], ['Jupyter Notebook', '#DA5B0B', 50], ['CSS', '#663399', 40], ['C++', '#f34b7d', 38],
  ['C', '#555555', 30], ['C#', '#178600', 32], ['PHP', '#4F5D95', 30], ['Shell', '#89e051', 20], ['Go', '#00ADD8', 20],
  ['Ruby', '#701516', 18], ['Kotlin', '#A97BFF', 12], ['Dart', '#00B4AB', 12], ['Rust', '#dea584', 10], ['Swift', '#F05138', 8],
  ['R', '#198CE7', 5], ['Vue', '#41b883', 5], ['SCSS', '#c6538c', 3], ['Lua', '#000080', 2], ['Dockerfile', '#384d54', 2],
  ['Vim Script', '#199f4b', 1], ['Haskell', '#5e5086', 1], ['Elixir', '#6e4a7e', 1], ['Perl', '#0298c3', 1], ['TeX', '#3D6117', 1],
  ['Objective-C', '#438eff', 1], ['PLpgSQL', '#336790', 1], ['Makefile', '#427819', 1],
];
export const LANGUAGES = [null, ...LANGUAGE_TABLE.map(([name, color]) => ({ name, color }))];

/** [key, name, SPDX id, weight]; weights add up to 1,000. Code 0 means no licence. */
const LICENSE_TABLE = [
  ['mit', 'MIT License', 'MIT', 540], ['apache-2.0', 'Apache License 2.0', 'Apache-2.0', 130],
  ['gpl-3.0', 'GNU General Public License v3.0', 'GPL-3.0', 90], ['other', 'Other', 'NOASSERTION', 110],
  ['bsd-3-clause', 'BSD 3-Clause "New" or "Revised" License', 'BSD-3-Clause', 25], ['agpl-3.0', 'GNU Affero General Public License v3.0', 'AGPL-3.0', 20],
  ['gpl-2.0', 'GNU General Public License v2.0', 'GPL-2.0', 20], ['unlicense', 'The Unlicense', 'Unlicense', 15],
  ['mpl-2.0', 'Mozilla Public License 2.0', 'MPL-2.0', 12], ['cc0-1.0', 'Creative Commons Zero v1.0 Universal', 'CC0-1.0', 12],
  ['bsd-2-clause', 'BSD 2-Clause "Simplified" License', 'BSD-2-Clause', 10], ['lgpl-3.0', 'GNU Lesser General Public License v3.0', 'LGPL-3.0', 8],
  ['isc', 'ISC License', 'ISC', 4], ['wtfpl', 'Do What The F*ck You Want To Public License', 'WTFPL', 3], ['postgresql', 'PostgreSQL License', 'PostgreSQL', 1],
];
export const LICENSES = [null, ...LICENSE_TABLE.map(([key, name, spdxId]) => ({ key, name, spdxId }))];

/** Turns weights (of 1,000) into a table of 1,000 codes. */
function codeTable(rows, weightAt) {
  const table = new Uint8Array(1000);
  let filled = 0;
  rows.forEach((row, i) => {
    table.fill(i + 1, filled, filled + row[weightAt]);
    filled += row[weightAt];
  });
  if (filled !== 1000) throw new Error(`weights add up to ${filled}`);
  return table;
}
export const LANGUAGE_CODES = codeTable(LANGUAGE_TABLE, 2);
export const LICENSE_CODES = codeTable(LICENSE_TABLE, 3);

/** [stars, share of public repositories with at least as many], fact sheet 9.2. */
const STAR_TAIL = [
  [1, 0.084], [2, 0.0311], [3, 0.0202], [4, 0.0151], [5, 0.0122], [6, 0.0100], [10, 0.0070], [16, 0.0050], [53, 0.0020], [100, 0.00125], [134, 0.0010],
  [336, 0.0005], [927, 0.0002], [2162, 0.0001], [10000, 0.00001], [515586, 2.5e-9],
];

/**
 * Stars of the repository whose share of repositories above it is `share` (0 = most starred). Between two known points stars
 * grow with 1 / share, in the last and steepest piece with its square root: power laws of exponents 1 and 2, close to the
 * measured ones and free of Math.pow.
 */
export function starsForShare(share) {
  if (share >= STAR_TAIL[0][1]) return 0;
  let i = 1;
  while (i < STAR_TAIL.length - 1 && share < STAR_TAIL[i][1]) i++;
  const [lowStars, lowShare] = STAR_TAIL[i - 1];
  const [highStars, highShare] = STAR_TAIL[i];
  if (highStars - lowStars === 1 && share >= highShare) return lowStars;
  const bend = i === STAR_TAIL.length - 1 ? Math.sqrt : (x) => x;
  const from = bend(1 / lowShare);
  const part = (bend(1 / Math.max(share, highShare)) - from) / (bend(1 / highShare) - from);
  return Math.floor(lowStars + (highStars - lowStars) * part);
}

/** Share of forks among public repositories, share of forks with a star, and how much more often others have stars [chosen]. */
export const FORK_SHARE = 0.2;
export const FORK_STARRED = 0.005;
export const OWN_TAIL_FACTOR = 1.25;

/** [id, epoch seconds]: how GitHub's id space grew, fact sheet 9.1. */
const GROWTH = [
  [1, '2007-10-29T14:37:16Z'], [1296269, '2011-01-26T19:01:12Z'], [9384267, '2013-04-12T01:47:36Z'], [44838949, '2015-10-23T21:15:07Z'],
  [103703892, '2017-09-15T00:00:00Z'], [515435885, '2022-07-19T00:00:00Z'], [747887377, '2024-01-24T00:00:00Z'],
  [1000000000, '2025-06-11T00:00:00Z'], [1346874286, '2026-09-04T00:00:00Z'],
].map(([id, date]) => [id, Date.parse(date) / 1000]);
const IDS_PER_SECOND = 8.9;

/** GitHub's newest id at a time. */
export function idAtTime(seconds) {
  const [lastId, lastTime] = GROWTH[GROWTH.length - 1];
  if (seconds >= lastTime) return lastId + (seconds - lastTime) * IDS_PER_SECOND;
  for (let i = GROWTH.length - 2; i >= 0; i--) {
    const [id, time] = GROWTH[i];
    const [nextId, nextTime] = GROWTH[i + 1];
    if (seconds >= time) return id + ((nextId - id) * (seconds - time)) / (nextTime - time);
  }
  return 1;
}

/** When GitHub handed out an id. */
export function timeOfId(id) {
  for (let i = 1; i < GROWTH.length; i++) {
    const [from, start] = GROWTH[i - 1];
    const [to, end] = GROWTH[i];
    if (id <= to) return start + ((end - start) * (id - from)) / (to - from);
  }
  const [lastId, lastTime] = GROWTH[GROWTH.length - 1];
  return lastTime + (id - lastId) / IDS_PER_SECOND;
}
