/*
 * Reads a repository search (fact sheet 1.3) into a plain description of what is wanted. No access to the world here.
 *
 * Where a qualifier is repeated: `user`, `org`, `repo`, `language` and `license` are OR-ed, `topic` is AND-ed, of the others the
 * last one takes effect. Exclusions (`-qualifier`) all take effect. What looks like a qualifier but is none, or has a value that
 * cannot be read, is looked for as a word, so it finds nothing rather than everything.
 */
export class SearchError extends Error {}

const MAX_TEXT = 256;
const MAX_OPERATORS = 5;
const FOREVER = Number.MAX_SAFE_INTEGER;

const NUMERIC = {
  stars: 'stars', forks: 'forks', size: 'size', followers: 'followers', topics: 'topicCount',
  'good-first-issues': 'goodFirstIssues', 'help-wanted-issues': 'helpWantedIssues',
};
const DATES = new Set(['created', 'pushed']);
const TRUE_FALSE = new Set(['archived', 'mirror', 'template']);
const OR_ED = new Set(['user', 'org', 'repo', 'language', 'license']);
const SORTS = new Set(['stars', 'forks', 'help-wanted-issues', 'updated']);

/** Splits at blanks outside of double quotes. */
export function tokenize(query) {
  return query.match(/(?:"[^"]*"?|[^\s"])+/g) ?? [];
}

const unquote = (text) => text.replace(/"/g, '');

/**
 * Returns {words: [[word…] …], notWords, ranges: {field: [from, to]}, notRanges: [[field, from, to]], tests: [{kind, values, not}],
 * fork: 'no' | 'yes' | 'only', in: Set, sort: {field, descending} | null}.
 */
export function parseSearch(query) {
  const wanted = {
    words: [], notWords: [], ranges: {}, notRanges: [], tests: [], orEd: new Map(), flags: new Map(), fork: 'no', in: null, sort: null,
  };
  let text = 0;
  let operators = 0;
  let negateNext = false;
  let orNext = false;
  for (const token of tokenize(query)) {
    if (token === 'AND' || token === 'OR' || token === 'NOT') {
      operators++;
      if (token === 'NOT') negateNext = true;
      if (token === 'OR') orNext = true;
      continue;
    }
    if (!takeQualifier(wanted, token)) {
      text += token.length + (text > 0 ? 1 : 0);
      takeWord(wanted, token, negateNext, orNext);
    }
    negateNext = false;
    orNext = false;
  }
  if (text > MAX_TEXT) throw new SearchError(`The search is longer than ${MAX_TEXT} characters.`);
  if (operators > MAX_OPERATORS) throw new SearchError(`More than ${MAX_OPERATORS} AND / OR / NOT operators were used.`);
  return wanted;
}

function takeWord(wanted, token, negated, joined) {
  const minus = token.length > 1 && token[0] === '-';
  const word = unquote(minus ? token.slice(1) : token).toLowerCase();
  if (word === '') return;
  if (negated || minus) wanted.notWords.push(word);
  else if (joined && wanted.words.length > 0) wanted.words[wanted.words.length - 1].push(word);
  else wanted.words.push([word]);
}

/** Takes `name:value` or `-name:value`; false if it is none that GitHub knows. */
function takeQualifier(wanted, token) {
  const match = /^(-?)([A-Za-z-]+):(.+)$/.exec(token);
  if (!match) return false;
  const not = match[1] === '-';
  const name = match[2].toLowerCase();
  const value = unquote(match[3]);
  if (Object.hasOwn(NUMERIC, name)) return takeRange(wanted, NUMERIC[name], numberRange(value), not);
  if (DATES.has(name)) return takeRange(wanted, name, dateRange(value), not);
  if (TRUE_FALSE.has(name)) return takeFlag(wanted, name, value, not);
  if (OR_ED.has(name)) return takeOrEd(wanted, name === 'org' ? 'user' : name, value.toLowerCase(), not);
  if (name === 'topic') return Boolean(wanted.tests.push({ kind: 'topic', values: [value.toLowerCase()], not }));
  return takeOther(wanted, name, value.toLowerCase(), not);
}

function takeOther(wanted, name, value, not) {
  if (name === 'fork') {
    if (!['true', 'only', 'false'].includes(value)) return false;
    wanted.fork = { true: 'yes', only: not ? 'no' : 'only', false: 'no' }[value];
    return true;
  }
  if (name === 'is') return ['public', 'private', 'internal'].includes(value) && Boolean(wanted.tests.push({ kind: 'is', values: [value], not }));
  if (name === 'in') {
    wanted.in = new Set(value.split(','));
    return true;
  }
  return name === 'sort' && takeSort(wanted, value);
}

function takeSort(wanted, value) {
  const match = /^(.*?)(?:-(asc|desc))?$/.exec(value);
  if (SORTS.has(match[1])) wanted.sort = { field: match[1], descending: match[2] !== 'asc' };
  return true;
}

function takeRange(wanted, field, range, not) {
  if (range === null) return false;
  if (not) wanted.notRanges.push([field, ...range]);
  else wanted.ranges[field] = range;
  return true;
}

function takeFlag(wanted, name, value, not) {
  if (value !== 'true' && value !== 'false') return false;
  wanted.flags.set(name, (value === 'true') !== not);
  return true;
}

function takeOrEd(wanted, kind, value, not) {
  if (not) wanted.tests.push({ kind, values: [value], not });
  else if (wanted.orEd.has(kind)) wanted.orEd.get(kind).push(value);
  else wanted.orEd.set(kind, [value]);
  return true;
}

/** [from, to], both ends included, or null. */
export function numberRange(value) {
  const number = (text) => (/^\d{1,15}$/.test(text) ? Number(text) : null);
  return range(value, (text) => {
    const n = number(text);
    return n === null ? null : { first: n, last: n };
  });
}

/** The same of dates, in epoch seconds. A date without a time stands for its whole UTC day. */
export function dateRange(value) {
  return range(value, (text) => {
    const day = /^\d{4}-\d{2}-\d{2}$/.test(text);
    const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/.test(text);
    if (!day && !time) return null;
    const zone = !day && !/(Z|[+-]\d{2}:?\d{2})$/.test(text) ? 'Z' : '';
    const first = Math.floor(Date.parse(text + zone) / 1000);
    if (Number.isNaN(first)) return null;
    return { first, last: day ? first + 86399 : first };
  });
}

/** Reads `n`, `>n`, `>=n`, `<n`, `<=n`, `a..b`, `a..*`, `*..b`. */
function range(value, read) {
  const dots = value.indexOf('..');
  if (dots >= 0) {
    const [low, high] = [value.slice(0, dots), value.slice(dots + 2)];
    const from = low === '*' ? { first: 0 } : read(low);
    const to = high === '*' ? { last: FOREVER } : read(high);
    return from === null || to === null ? null : [from.first, to.last];
  }
  const match = /^(>=|<=|>|<|)(.*)$/.exec(value);
  const bound = match[2] === '*' ? { first: 0, last: FOREVER } : read(match[2]);
  if (bound === null) return null;
  switch (match[1]) {
    case '>': return [bound.last + 1, FOREVER];
    case '>=': return [bound.first, FOREVER];
    case '<': return [0, bound.first - 1];
    case '<=': return [0, bound.last];
    default: return [bound.first, bound.last];
  }
}
