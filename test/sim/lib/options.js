/*
 * Options: one table for the command line, the configuration file and the documentation.
 */
import { readFileSync } from 'node:fs';
import { CERTIFICATES } from './http/tls.js';
import { SHAPES } from './world/timeline.js';

const flag = Symbol('flag');
const text = String;
const number = (value) => {
  const n = Number(value);
  if (value === '' || Number.isNaN(n)) throw new Error('wants a number');
  return n;
};
/** One number, several with commas, or a list. */
const numbers = (value) => (Array.isArray(value) ? value : String(value).split(',')).map(number);
const onOff = (value) => {
  if (value === true || value === 'on' || value === 'true') return true;
  if (value === false || value === 'off' || value === 'false') return false;
  throw new Error('wants on or off');
};
const moment = (value) => {
  const at = typeof value === 'number' ? value : Date.parse(value);
  if (Number.isNaN(at)) throw new Error('wants a time such as 2026-09-01T00:00:00Z');
  return at;
};
const shape = (value) => {
  if (!SHAPES.includes(value)) throw new Error(`wants one of ${SHAPES.join(', ')}`);
  return value;
};
const certificate = (value) => {
  if (!CERTIFICATES.includes(value)) throw new Error(`wants one of ${CERTIFICATES.join(', ')}`);
  return value;
};
/** `a=1,b=2` or an object. */
const rates = (value) => (typeof value === 'object' ? value : Object.fromEntries(value.split(',').filter(Boolean).map((pair) => {
  const [name, rate = '1'] = pair.split('=');
  return [name.trim(), number(rate)];
})));

/** name: [how to read it, default, meaning]. */
export const OPTIONS = {
  'config': [text, null, 'file with these options as JSON (same names); the command line wins'],
  'host': [text, '127.0.0.1', 'address to listen on'],
  'port': [number, 0, 'port of HTTP; 0 lets the system choose'],
  'https-port': [number, 0, 'port of HTTPS'],
  'tls': [flag, false, 'serve HTTPS with HTTP/2 too'],
  'tls-dir': [text, null, 'folder for ca.pem, cert.pem, key.pem and App keys; a temporary one by default'],
  'certificate': [certificate, 'good', `which certificate HTTPS shows at first: ${CERTIFICATES.join(', ')}`],
  'exit-with-parent': [flag, false, 'end when standard input closes'],
  'seed': [number, 1, 'what world, tokens and all chance follow from'],
  'repositories': [number, 10000, 'public repositories at start'],
  'first-id': [number, 1, 'where ids begin'],
  'world': [shape, SHAPES[0], `how creations are spread over time: ${SHAPES.join(', ')}`],
  'until': [moment, null, "the world's time at start; now by default"],
  'clock-skew': [number, 0, "seconds by which the server's clock is ahead of this machine's"],
  'time-scale': [number, 1, 'how many times faster hour, minute, latency and retry-after pass'],
  'latency': [number, null, 'flat latency in ms, in place of the model'],
  'latency-base': [number, 300, 'model: ms of a request'],
  'latency-node': [number, 10, 'model: ms of each node of a root list'],
  'latency-count': [number, 40, 'model: ms of each totalCount'],
  'latency-connection': [number, 2.5, 'model: ms of each nested connection'],
  'latency-by-id': [number, 1, 'model: what nodes looked up by id, and what is asked of them, take times as long as in a search'],
  'latency-alias': [number, 5, 'model: ms of each root search that only counts'],
  'latency-jitter': [number, 0.2, 'model: share by which it varies'],
  'timeout': [number, 10000, 'modelled ms after which a request ends as 502 or 504'],
  'timeout-aliases': [number, 0, 'a request with so many root aliases of search, node or nodes, or more, times out; 0: none does'],
  'timeout-rows': [number, 0, 'a request with a root search of so many rows a page, or more, times out; 0: none does'],
  'penalty': [number, 10, 'points that a time-out takes from the next hour'],
  'users': [number, 1, 'users with tokens'],
  'tokens-per-user': [number, 1, 'tokens of each user; they share one budget'],
  'apps': [number, 0, 'Apps; their keys are written to the TLS folder'],
  'installations': [number, 1, 'installations of each App, each with its own budget'],
  'suspended': [number, 0, 'suspended installations of each App, besides'],
  'limits': [onOff, true, 'limits on or off, as on an Enterprise Server'],
  'points': [numbers, [5000], 'GraphQL points an hour of each user; the last one holds for the rest'],
  'installation-repositories': [numbers, [20], 'repositories of each installation, from which its points follow'],
  'installation-points': [numbers, null, 'GraphQL points, and REST requests, an hour of each installation, whatever its repositories'],
  'rest-requests': [number, 5000, 'REST requests an hour of a user'],
  'search-requests': [number, 30, 'REST search requests a minute'],
  'reset-spread': [number, 0, 'share of the hour over which the resets of all budgets are spread, their windows being open at start; 0: they open with the first request'],
  'stale-headers': [number, 0, 'share of answers whose x-ratelimit headers show an earlier state'],
  'secondary-every': [number, 0, 'seconds after which each account is refused although it did nothing wrong, and again so long after the end of that'],
  'secondary-bench': [number, 60, 'seconds for which such a refusal lasts'],
  'retry-after': [number, 0.7, 'share of refusals by secondary limits that carry retry-after'],
  'concurrent': [number, 100, 'requests in flight of an account'],
  'minute-points': [number, 2000, 'GraphQL requests a minute'],
  'rest-minute-points': [number, 900, 'REST requests a minute and endpoint'],
  'graphql-seconds': [number, 60, 'summed GraphQL response time a minute'],
  'total-seconds': [number, 90, 'summed response time a minute, REST included'],
  'shards': [number, 1, 'places that keep a budget, each with its own window'],
  'work-budget': [number, 30000, 'secret work budget of a query; 0 for none'],
  'unstable-order': [number, 0.1, 'share of the results of an unsorted search that move with each request'],
  'unstable-ties': [number, 0.005, 'chance that a sorted search swaps some ties'],
  'count-jitter': [number, 0, 'share by which counts above 10,000 wobble'],
  'index-lag': [number, 0, 'seconds by which the search index trails'],
  'sticky': [number, 0, 'seconds for which a search goes on to show what emptyResults or droppedItems made of it'],
  'flapping': [number, 0, 'share of searches that answer from two copies of the index by turns, one lacking some'],
  'poll-interval': [number, 60, 'seconds between two looks at /events, as X-Poll-Interval says'],
  'event-latency': [number, 30, 'seconds until /events shows what happened'],
  'closed': [number, 0, 'share of repositories that are FORBIDDEN to everybody'],
  'stargazers': [text, 'forbidden', 'what the closed stargazers connection does: forbidden or empty'],
  'gzip-level': [number, 1, 'level of gzip'],
  'drift': [rates, {}, 'changes per second: stars=10,renames=1,deletions=1,additions=1,archivings=1,pushes=5,privatizations=0'],
  'faults': [rates, {}, 'faults with their rates: json502=0.1,stall=0.01'],
};

const camel = (name) => name.replace(/-([a-z])/g, (match, letter) => letter.toUpperCase());

/** Options by camel-case name from the words of a command line. */
export function readOptions(words) {
  const given = {};
  for (let i = 0; i < words.length; i++) {
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(words[i]);
    if (!match || !Object.hasOwn(OPTIONS, match[1])) throw new Error(`unknown option ${words[i]}`);
    const [, name, inline] = match;
    if (OPTIONS[name][0] === flag) given[name] = inline === undefined ? true : onOff(inline);
    else if (inline === undefined && i + 1 >= words.length) throw new Error(`--${name} wants a value`);
    else given[name] = inline ?? words[++i];
  }
  return withDefaults(given);
}

/** The same from an object with the names of the table, in either spelling. */
export function withDefaults(given) {
  const inFile = given.config ? JSON.parse(readFileSync(given.config, 'utf8')) : {};
  const options = {};
  const known = new Set();
  for (const [name, [read, standard]] of Object.entries(OPTIONS)) {
    const value = given[name] ?? given[camel(name)] ?? inFile[name] ?? inFile[camel(name)];
    known.add(name).add(camel(name));
    try {
      options[camel(name)] = value === undefined || value === null ? standard : (read === flag ? onOff(value) : read(value));
    } catch (error) {
      throw new Error(`--${name} ${error.message}, not ${value}`);
    }
  }
  for (const name of [...Object.keys(given), ...Object.keys(inFile)]) if (!known.has(name)) throw new Error(`unknown option ${name}`);
  options.limitValues = {
    concurrent: options.concurrent, minutePoints: options.minutePoints, restMinutePoints: options.restMinutePoints,
    graphqlSeconds: options.graphqlSeconds, totalSeconds: options.totalSeconds,
  };
  return options;
}

export function helpText() {
  const lines = Object.entries(OPTIONS).map(([name, [read, standard, meaning]]) => {
    const shown = standard === null || standard === false || (typeof standard === 'object' && !Array.isArray(standard)) ? '' : ` (${standard === true ? 'on' : standard})`;
    return `  --${name.padEnd(22)} ${meaning}${shown}`;
  });
  return `ghsim: a stand-in for the GitHub API\n\nusage: node ghsim.js [options]\n\n${lines.join('\n')}\n`;
}
