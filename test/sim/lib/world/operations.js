/*
 * Changes to the world on demand (POST /_sim/world): a list of operations, each logged like any drift.
 */
import { fraction } from '../random.js';
import * as C from './columns.js';

/** GraphQL names, and short ones, of what `set` and `add` can give: column or text. */
const NUMBERS = { stars: 'stars', stargazerCount: 'stars', forks: 'forks', forkCount: 'forks', size: 'size', diskUsage: 'size' };
const TIMES = { pushedAt: 'pushed', updatedAt: 'updated', archivedAt: 'archivedAt' };
const FLAGS = {
  isFork: C.FORK, isArchived: C.ARCHIVED, isTemplate: C.TEMPLATE, isMirror: C.MIRROR, isDisabled: C.DISABLED, isEmpty: C.EMPTY, isLocked: C.LOCKED,
  isPrivate: C.PRIVATE, hasDiscussionsEnabled: C.DISCUSSIONS, dmca: C.DMCA, tos: C.TOS,
};
const NOT_FLAGS = { hasIssuesEnabled: C.NO_ISSUES, hasWikiEnabled: C.NO_WIKI, hasProjectsEnabled: C.NO_PROJECTS };

/** {changed: number, ids?: [of change_stars, change_details and add]}. */
export function applyOperations(world, operations) {
  const list = Array.isArray(operations) ? operations : [operations];
  const ids = [];
  let changed = 0;
  for (const operation of list) {
    const done = applyOne(world, operation);
    changed += done.changed;
    if (done.ids) ids.push(...done.ids);
  }
  return { changed, ids };
}

function applyOne(world, { op, ...values }) {
  switch (op) {
    case 'set': return set(world, values);
    case 'rename': return set(world, { id: values.id, name: values.name, ...(values.owner ? { owner: values.owner } : {}) });
    case 'transfer': return set(world, { id: values.id, owner: values.owner });
    case 'delete': return flagged(world, values.id, C.DELETED, true);
    case 'restore': return flagged(world, values.id, C.HIDDEN, false);
    case 'private': return flagged(world, values.id, C.PRIVATE, values.value ?? true);
    case 'archive': return set(world, { id: values.id, isArchived: true, archivedAt: new Date(world.clock.worldSeconds() * 1000).toISOString() });
    case 'add': return add(world, values);
    case 'change_stars': return changeStars(world, values);
    case 'change_details': return changeDetails(world, values);
    default: throw new RangeError(`unknown operation ${op}`);
  }
}

function rowOf(world, id) {
  const row = world.columns.rowOf(id);
  if (row < 0) throw new RangeError(`no repository ${id}`);
  return row;
}

function flagged(world, id, bit, on) {
  const row = rowOf(world, id);
  const flags = world.columns.flags[row];
  world.change(row, { flags: on ? flags | bit : flags & ~bit });
  return { changed: 1 };
}

function set(world, { id, ...values }) {
  const row = rowOf(world, id);
  world.change(row, columnValues(world, values, world.columns.flags[row]));
  return { changed: 1 };
}

function add(world, { id, ...values }) {
  const row = world.add({ id, ...columnValues(world, values, 0) });
  return { changed: 1, ids: [world.columns.id[row]] };
}

/** Values by GraphQL name as values of columns. */
function columnValues(world, values, flags) {
  const out = {};
  let bits = flags;
  for (const [name, value] of Object.entries(values)) {
    if (NUMBERS[name]) out[NUMBERS[name]] = value;
    else if (TIMES[name]) out[TIMES[name]] = value === null ? 0 : Math.floor(Date.parse(value) / 1000);
    else if (FLAGS[name]) bits = value ? bits | FLAGS[name] : bits & ~FLAGS[name];
    else if (NOT_FLAGS[name]) bits = value ? bits & ~NOT_FLAGS[name] : bits | NOT_FLAGS[name];
    else if (name === 'name' || name === 'description' || name === 'topics') out[name] = value;
    else if (name === 'owner') out.owner = world.owners.ensure(value);
    else if (name === 'language' || name === 'primaryLanguage') out.language = codeOf(world.languageCode(value ?? ''), value, name);
    else if (name === 'license' || name === 'licenseInfo') out.license = codeOf(world.licenseCode(value ?? ''), value, name);
    else if (name === 'branch' || name === 'defaultBranchRef') out.branch = codeOf(C.BRANCHES.indexOf(value), value, name);
    else throw new RangeError(`cannot set ${name}`);
  }
  if (bits !== flags || flags === 0) out.flags = bits;
  return out;
}

function codeOf(code, value, name) {
  if (value === null) return 0;
  if (code < 0) throw new RangeError(`unknown ${name} ${value}`);
  return code;
}

/** Changes the stars of a share of all visible repositories by a few, seeded; `max` keeps them at or below a number. */
function changeStars(world, { share, seed = 1, max = Infinity }) {
  const ids = [];
  const { columns } = world;
  for (let row = 0; row < columns.length; row++) {
    if (!world.isVisible(row) || fraction(seed, columns.id[row], 500) >= share) continue;
    const stars = columns.stars[row];
    const step = 1 + Math.floor(fraction(seed, columns.id[row], 501) * 3);
    const next = stars + step <= max ? stars + step : Math.max(0, stars - step);
    if (next === stars) continue;
    world.change(row, { stars: next });
    ids.push(columns.id[row]);
  }
  return { changed: ids.length, ids };
}

/**
 * Changes the topics, or (by a push) the size and with it the languages, of a share of all visible repositories, seeded; as on
 * GitHub, dates move with them.
 */
function changeDetails(world, { share, seed = 1 }) {
  const ids = [];
  const { columns } = world;
  for (let row = 0; row < columns.length; row++) {
    if (!world.isVisible(row) || fraction(seed, columns.id[row], 510) >= share) continue;
    /* later than before even if both are within a second */
    const now = Math.max(world.clock.worldSeconds(), columns.updated[row] + 1, columns.pushed[row] + 1);
    if (fraction(seed, columns.id[row], 511) < 0.5) world.change(row, { topics: [...world.topics(row).slice(0, 18), `topic-${seed}`], updated: now });
    else world.change(row, { size: columns.size[row] + 1, pushed: now, updated: now });
    ids.push(columns.id[row]);
  }
  return { changed: ids.length, ids };
}
