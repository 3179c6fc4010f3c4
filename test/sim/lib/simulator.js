/*
 * Puts the parts together: world, search, GraphQL, accounts, faults, drift, servers. One object is one GitHub.
 */
import { Clock } from './clock.js';
import { Counters } from './counters.js';
import { Faults } from './faults.js';
import { GraphQLService } from './graphql/request.js';
import { Servers } from './http/servers.js';
import { Accounts } from './limits/accounts.js';
import { Random } from './random.js';
import { SearchEngine } from './search/search.js';
import { Drift } from './world/drift.js';
import { World } from './world/world.js';
import { Apps } from './limits/apps.js';

export class Simulator {
  /** `options` as made by options.js. */
  constructor(options) {
    this.options = options;
    this.seed = options.seed;
    this.clock = new Clock({ scale: options.timeScale, until: options.until, skew: options.clockSkew });
    this.faults = new Faults(options.seed, options.faults);
    this.settings = settingsOf(options, this.faults);
    this.random = new Random(options.seed + 3);
    this.counters = new Counters();
    this.world = new World({
      seed: options.seed, repositories: options.repositories, until: this.clock.worldStart, firstId: options.firstId, shape: options.world,
      clock: this.clock,
    });
    this.engine = new SearchEngine(this.world, this.clock, this.settings);
    this.graphql = new GraphQLService({ world: this.world, engine: this.engine, settings: this.settings, seed: options.seed, clock: this.clock });
    this.accounts = new Accounts({ clock: this.clock, options, settings: this.settings });
    this.apps = new Apps({ options, clock: this.clock, accounts: this.accounts });
    this.drift = new Drift({ world: this.world, clock: this.clock, seed: options.seed, rates: options.drift });
    this.earlierAnswers = new Map(); /* the last good one of each end point */
    this.servers = new Servers(this);
  }

  /** Starts to listen; returns what the ready line says. */
  async start() {
    const addresses = await this.servers.start();
    this.drift.start();
    return {
      ready: true, ...addresses, pid: process.pid, tokens: this.accounts.tokens, repositories: this.world.visibleCount,
      ...(this.apps.list.length > 0 ? { apps: this.apps.view() } : {}),
    };
  }

  async stop() {
    this.drift.stop();
    await this.servers.stop();
  }
}

/** Switches that are read anew at each request, so that tests may change them while the simulator runs. */
function settingsOf(options, faults) {
  return {
    limits: options.limits, workBudget: options.workBudget, unstableOrder: options.unstableOrder, unstableTies: options.unstableTies,
    countJitter: options.countJitter, indexLag: options.indexLag * 1000, sticky: options.sticky * 1000, flapping: options.flapping,
    secondaryEvery: options.secondaryEvery * 1000, secondaryBench: options.secondaryBench * 1000, retryAfter: options.retryAfter,
    pollInterval: options.pollInterval, eventLatency: options.eventLatency, staleHeaders: options.staleHeaders, closed: options.closed, stargazers: options.stargazers, gzipLevel: options.gzipLevel,
    timeoutMs: options.timeout, timeoutAliases: options.timeoutAliases, timeoutRows: options.timeoutRows, penalty: options.penalty, faultRates: faults.rates,
    latency: {
      flat: options.latency, base: options.latencyBase, node: options.latencyNode, count: options.latencyCount,
      connection: options.latencyConnection, byId: options.latencyById, alias: options.latencyAlias, jitter: options.latencyJitter,
    },
  };
}
