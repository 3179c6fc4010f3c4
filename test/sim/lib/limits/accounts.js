/*
 * Who asks: users with their tokens, App installations with theirs, and anonymous addresses. Budgets belong to the account, never
 * to the token (fact sheet 3.3). Token secrets follow from the seed.
 */
import { createHash } from 'node:crypto';
import { newId } from '../graphql/nodeid.js';
import { PrimaryBudget } from './primary.js';
import { SecondaryLimits } from './secondary.js';

/** Real milliseconds. */
const TIME_TO_TELL = 1000;
const FIRST_VIEWER_ID = 90000001;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const ANONYMOUS = { graphql: 0, core: 60, search: 10 };

/** The n-th value of a list, counted from 0; the last one holds for the rest. */
const nth = (list, n) => list[Math.min(n, list.length - 1)];

/** Points an hour of an installation outside GHEC (fact sheet 3.1). */
const pointsOfInstallation = (repositories) => Math.min(12500, 5000 + 50 * Math.max(0, repositories - 20));

/** Short hash of a secret, the only form in which the simulator shows it. */
export function fingerprint(secret) {
  return createHash('sha256').update(secret).digest('hex').slice(0, 12);
}

/** Secret of the j-th token of user i, both counted from 1: `ghp_` and 36 characters. */
export function tokenSecret(seed, user, token) {
  const digest = createHash('sha512').update(`ghsim ${seed} ${user} ${token}`).digest();
  return `ghp_${Array.from(digest.subarray(0, 36), (byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;
}

class Account {
  constructor({ clock, settings, limits, shards, ordinal, name, points, core, search, viewer }) {
    this.name = name;
    this.viewer = viewer;
    this.budgets = {
      graphql: new PrimaryBudget(clock, 'graphql', points, shards),
      core: new PrimaryBudget(clock, 'core', core, shards),
      search: new PrimaryBudget(clock, 'search', search, 1),
    };
    this.secondary = new SecondaryLimits(clock, limits, settings, ordinal);
    this.usage = this.secondary.usage;
  }

  /** {graphql, core, search}: all windows, and what else was used. */
  usageView() {
    return { ...this.usage.view(), windows: Object.fromEntries(Object.entries(this.budgets).map(([resource, budget]) => [resource, budget.history()])) };
  }

  forgetUsage() {
    this.usage.reset();
    for (const budget of Object.values(this.budgets)) budget.forget();
  }
}

export class Accounts {
  constructor({ clock, options, settings }) {
    this.clock = clock;
    this.options = options;
    this.settings = settings;
    this.list = [];
    this.byToken = new Map(); /* secret -> {account, expires, revoked, told} */
    this.anonymous = new Map();
    this.installations = new Map();
    this.tokens = [];
    for (let user = 1; user <= options.users; user++) this.addUser(user);
  }

  make(values) {
    const { clock, settings, options } = this;
    const account = new Account({ clock, settings, limits: options.limitValues, shards: options.shards, ordinal: this.list.length, ...values });
    this.list.push(account);
    return account;
  }

  /** The same for an account with tokens; with --reset-spread its hours have begun before, and end at different times. */
  makeOpen(values) {
    const { users, apps, installations, resetSpread } = this.options;
    const account = this.make(values);
    const share = (resetSpread * this.list.length) / (users + apps * installations);
    if (resetSpread > 0) for (const resource of ['graphql', 'core']) account.budgets[resource].openFor(share);
    return account;
  }

  addUser(number) {
    const { options } = this;
    const databaseId = FIRST_VIEWER_ID + number - 1;
    const login = `crawler-user-${number}`;
    const viewer = {
      typeName: 'User', login, databaseId, name: `Crawler User ${number}`, id: newId('User', databaseId), url: `https://github.com/${login}`,
      resourcePath: `/${login}`, avatarUrl: `https://avatars.githubusercontent.com/u/${databaseId}?v=4`, createdAt: '2020-01-01T00:00:00Z',
    };
    const account = this.makeOpen({
      name: `user:${databaseId}`, points: nth(options.points, number - 1), core: options.restRequests, search: options.searchRequests, viewer,
    });
    for (let token = 1; token <= options.tokensPerUser; token++) {
      const secret = tokenSecret(options.seed, number, token);
      this.tokens.push(secret);
      this.byToken.set(secret, { account, expires: Infinity });
    }
  }

  /** An installation with so many points, and REST requests, an hour. */
  addInstallation(id) {
    const { options } = this;
    const ordinal = this.installations.size;
    const viewer = {
      typeName: 'User', login: `ghsim-app-${id}[bot]`, databaseId: 95000000 + id, name: null, id: newId('User', 95000000 + id),
      url: 'https://github.com/apps/ghsim', resourcePath: '/apps/ghsim', avatarUrl: 'https://avatars.githubusercontent.com/in/1?v=4',
      createdAt: '2020-01-01T00:00:00Z',
    };
    const points = options.installationPoints ? nth(options.installationPoints, ordinal) : pointsOfInstallation(nth(options.installationRepositories, ordinal));
    this.installations.set(id, this.makeOpen({ name: `installation:${id}`, points, core: points, search: options.searchRequests, viewer }));
  }

  addInstallationToken(installation, secret, expires) {
    this.byToken.set(secret, { account: this.installations.get(installation), expires });
  }

  /** Makes tokens useless: one (by secret or fingerprint), or all that an account has now (by its name, login or number). */
  revoke({ token, user }) {
    let revoked = 0;
    for (const [secret, known] of this.byToken) {
      const { name, viewer } = known.account;
      const isMeant = token === undefined ? [name, viewer.login, viewer.databaseId].includes(user) : [secret, fingerprint(secret)].includes(token);
      if (!isMeant || known.revoked) continue;
      known.revoked = true;
      revoked++;
    }
    return revoked;
  }

  /** May a client not have known yet that this token is refused? True of a revoked one, until the refusal had time to reach it. */
  isNews(secret) {
    const known = this.byToken.get(secret);
    if (!known?.revoked) return false;
    known.told ??= this.clock.now();
    return this.clock.now() - known.told < TIME_TO_TELL;
  }

  /** {account, secret} of an Authorization header; account null if the token is unknown or void, secret null if none was sent. */
  authenticate(header) {
    const match = /^(bearer|token)\s+(\S+)$/i.exec(header ?? '');
    if (!match) return { account: null, secret: header ? '' : null };
    const [, scheme, secret] = match;
    const known = this.byToken.get(secret);
    const isJwtShaped = secret.split('.').length === 3;
    const isValid = known && !known.revoked && known.expires > this.clock.serverNow() && !(isJwtShaped && scheme.toLowerCase() === 'token');
    return { account: isValid ? known.account : null, secret };
  }

  ofAddress(address) {
    if (!this.anonymous.has(address)) {
      this.anonymous.set(address, this.make({ name: `ip:${address}`, points: ANONYMOUS.graphql, core: ANONYMOUS.core, search: ANONYMOUS.search, viewer: null }));
    }
    return this.anonymous.get(address);
  }
}
