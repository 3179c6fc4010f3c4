/*
 * The world: columns, owners, what was renamed, and the log of changes. Everything that reads or changes a repository goes
 * through here.
 *
 * Each change is logged with the old values of the row, so that the state at any earlier moment can be brought back for one row
 * (`stateAt`, used for the truth over an interval and for index lag).
 */
import { BOT, BRANCHES, Columns, DELETED, FORK, HIDDEN, MUTABLE } from './columns.js';
import { Events } from './events.js';
import { Generator, primeFrom } from './generate.js';
import { Owners } from './owners.js';
import { LANGUAGES, LICENSES } from './catalog.js';
import { mix } from '../random.js';
import * as text from './text.js';
import { StarLists } from './starlists.js';

export class World {
  constructor({ seed = 1, repositories = 10000, until, firstId = 1, shape = 'github', clock }) {
    this.clock = clock;
    this.seed = mix(seed);
    const owners = primeFrom(Math.max(50, Math.ceil(repositories / 4)));
    this.owners = new Owners(this.seed, owners);
    this.columns = new Generator({ seed, repositories, until, firstId, owners, shape }).run();
    this.visibleCount = repositories;
    this.version = 0;
    this.names = new Map(); /* row -> name, where it is not the one by birth */
    this.descriptions = new Map(); /* row -> description, likewise */
    this.chosenTopics = new Map(); /* row -> topics, likewise */
    this.current = new Map(); /* lower-case owner/name -> row, for rows renamed or transferred or named by hand */
    this.former = new Map(); /* lower-case former owner/name -> row */
    this.events = new Events(clock);
    this.log = []; /* {at, row, existed, old: values of MUTABLE, name, description, topics}, ascending in time */
    this.ownerIndex = null;
    this.lastNamed = { origin: -1, name: '' }; /* as name and nameWithOwner are mostly asked for together */
    this.stars = new StarLists(this.columns);
  }

  /* ---- reading ---- */

  isVisible(row) {
    return row >= 0 && (this.columns.flags[row] & HIDDEN) === 0;
  }

  /** Row of a visible repository, or -1. */
  visibleRow(id) {
    const row = this.columns.rowOf(id);
    return this.isVisible(row) ? row : -1;
  }

  name(row) {
    return this.names.get(row) ?? this.birthName(row);
  }

  /** Name before any renaming; a fork has that of its parent. */
  birthName(row) {
    const { parent, id } = this.columns;
    const origin = id[parent[row] > 0 ? parent[row] - 1 : row];
    if (origin !== this.lastNamed.origin) this.lastNamed = { origin, name: text.nameOfId(this.seed, origin) };
    return this.lastNamed.name;
  }

  ownerLogin(row) {
    return this.owners.login(this.columns.owner[row]);
  }

  nameWithOwner(row) {
    return `${this.ownerLogin(row)}/${this.name(row)}`;
  }

  description(row) {
    const { columns } = this;
    const own = this.descriptions.get(row);
    if (own !== undefined) return own;
    return columns.flags[row] & BOT ? null : text.description(this.seed, columns.id[row]);
  }

  homepage(row) {
    return this.columns.flags[row] & BOT ? null : text.homepage(this.seed, this.columns.id[row]);
  }

  topics(row) {
    const own = this.chosenTopics.get(row);
    if (own !== undefined) return own;
    return this.columns.flags[row] & BOT ? [] : text.topics(this.seed, this.columns.id[row]);
  }

  languages(row) {
    const { columns } = this;
    if (columns.flags[row] & BOT) return columns.language[row] ? [{ language: LANGUAGES[columns.language[row]], size: 1000 }] : [];
    return text.languages(this.seed, columns.id[row], columns.language[row], columns.size[row]);
  }

  branch(row) {
    return BRANCHES[this.columns.branch[row]];
  }

  /**
   * Row with this name, hidden ones included, or -1. `renamed` tells that the name is a former one.
   */
  findByName(login, name) {
    const wanted = `${login}/${name}`.toLowerCase();
    const known = this.current.get(wanted);
    if (known !== undefined && this.nameWithOwner(known).toLowerCase() === wanted) return { row: known, renamed: false };
    const row = this.findByBirth(wanted, login, name);
    if (row >= 0) return { row, renamed: false };
    const former = this.former.get(wanted);
    return former === undefined ? { row: -1, renamed: false } : { row: former, renamed: true };
  }

  findByBirth(wanted, login, name) {
    const owner = this.owners.find(login);
    const id = owner < 0 ? -1 : text.idOfName(this.seed, name);
    if (id < 0) return -1;
    const row = this.columns.rowOf(id);
    const isIt = (candidate) => this.nameWithOwner(candidate).toLowerCase() === wanted;
    if (row >= 0 && isIt(row)) return row;
    return this.rowsOfOwner(owner).find((candidate) => this.columns.parent[candidate] === row + 1 && isIt(candidate)) ?? -1;
  }

  /** Rows of an owner in ascending order, hidden ones included. The index is made on first use. */
  rowsOfOwner(owner) {
    const { columns } = this;
    if (this.ownerIndex === null || this.ownerIndex.upTo < columns.length) this.ownerIndex = this.buildOwnerIndex();
    const { starts, rows, extra } = this.ownerIndex;
    const own = owner + 1 < starts.length ? Array.from(rows.subarray(starts[owner], starts[owner + 1])) : [];
    return [...own, ...(extra.get(owner) ?? [])].filter((row) => columns.owner[row] === owner);
  }

  buildOwnerIndex() {
    const { columns } = this;
    const count = this.owners.count;
    const starts = new Uint32Array(count + 1);
    const extra = new Map();
    for (let row = 0; row < columns.length; row++) {
      const owner = columns.owner[row];
      if (owner < count) starts[owner + 1]++;
      else extra.set(owner, [...(extra.get(owner) ?? []), row]);
    }
    for (let i = 0; i < count; i++) starts[i + 1] += starts[i];
    const next = starts.slice();
    const rows = new Uint32Array(starts[count]);
    for (let row = 0; row < columns.length; row++) {
      if (columns.owner[row] < count) rows[next[columns.owner[row]]++] = row;
    }
    return { starts, rows, extra, upTo: columns.length };
  }

  /* ---- changing ---- */

  snapshot(row) {
    const old = MUTABLE.map((name) => this.columns[name][row]);
    return { old, name: this.names.get(row), description: this.descriptions.get(row), topics: this.chosenTopics.get(row) };
  }

  restore(row, state) {
    MUTABLE.forEach((name, i) => { this.columns[name][row] = state.old[i]; });
    setOrDelete(this.names, row, state.name);
    setOrDelete(this.descriptions, row, state.description);
    setOrDelete(this.chosenTopics, row, state.topics);
  }

  /** Changes attributes of a row: any of MUTABLE, and `name`, `description`, `topics`. */
  change(row, values) {
    const { columns } = this;
    const wasVisible = this.isVisible(row);
    const before = this.nameWithOwner(row);
    const old = { stars: columns.stars[row], pushed: columns.pushed[row], flags: columns.flags[row] };
    this.log.push({ at: this.clock.now(), row, existed: true, ...this.snapshot(row) });
    for (const [name, value] of Object.entries(values)) {
      if (name === 'name') this.names.set(row, value);
      else if (name === 'description') this.descriptions.set(row, value);
      else if (name === 'topics') this.chosenTopics.set(row, value);
      else columns[name][row] = value;
    }
    if (values.name !== undefined || values.owner !== undefined) this.registerName(row, before);
    if (values.owner !== undefined) this.ownerIndex = null;
    if (values.stars !== undefined) this.stars.changed(row);
    this.events.note(this, row, old);
    this.visibleCount += Number(this.isVisible(row)) - Number(wasVisible);
    this.version++;
  }

  registerName(row, before) {
    this.former.set(before.toLowerCase(), row);
    this.current.set(this.nameWithOwner(row).toLowerCase(), row);
  }

  /** A new repository, created now. Returns its row. */
  add({ name, description, topics, id, ...values }) {
    const { columns } = this;
    const now = this.clock.worldSeconds();
    const last = columns.length - 1;
    const row = columns.append();
    columns.id[row] = Math.max(id ?? 0, columns.id[last] + 1);
    columns.created[row] = Math.max(now, columns.created[last]);
    columns.pushed[row] = columns.created[row];
    columns.updated[row] = columns.created[row];
    columns.branch[row] = 1;
    for (const [column, value] of Object.entries(values)) columns[column][row] = value;
    if (name !== undefined) this.names.set(row, name);
    if (description !== undefined) this.descriptions.set(row, description);
    if (topics !== undefined) this.chosenTopics.set(row, topics);
    if (name !== undefined) this.current.set(this.nameWithOwner(row).toLowerCase(), row);
    this.stars.changed(row);
    this.visibleCount++;
    this.log.push({ at: this.clock.now(), row, existed: false, ...this.snapshot(row) });
    this.events.add('CreateEvent', row, this);
    this.version++;
    return row;
  }

  /* ---- the past ---- */

  /** Entries of the log at or after a moment, by row, oldest first. */
  changesSince(at) {
    const byRow = new Map();
    for (let i = this.log.length - 1; i >= 0 && this.log[i].at >= at; i--) {
      const entry = this.log[i];
      if (byRow.has(entry.row)) byRow.get(entry.row).unshift(entry);
      else byRow.set(entry.row, [entry]);
    }
    return byRow;
  }

  /** Calls back with the row put into an earlier state. A row that did not exist then counts as deleted. */
  during(entry, callback) {
    const { row } = entry;
    const now = this.snapshot(row);
    this.restore(row, entry);
    if (!entry.existed) this.columns.flags[row] |= DELETED;
    try {
      return callback(row);
    } finally {
      this.restore(row, now);
    }
  }

  languageCode(name) {
    const lower = name.toLowerCase();
    return LANGUAGES.findIndex((language) => language !== null && language.name.toLowerCase() === lower);
  }

  licenseCode(key) {
    const lower = key.toLowerCase();
    return LICENSES.findIndex((license) => license !== null && (license.key === lower || license.spdxId.toLowerCase() === lower));
  }

  isFork(row) {
    return (this.columns.flags[row] & FORK) !== 0;
  }
}

function setOrDelete(map, key, value) {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
