/*
 * Pages a second, of the profiles `stars`, `flat` (all that costs no points) and `full`, over HTTP with keep-alive, gzip on and off, in a
 * world of a million on one core.
 *
 *   node bench/pages.js [--repositories 1000000] [--rows 100] [--profiles stars,flat,full] [--seconds 5] [--connections 4] [--core 0]
 *
 * The server is pinned to one core where there is taskset; the client runs wherever it likes. Every range is asked for all of its
 * ten pages, with the range written into the query, as a crawler does.
 */
import { spawn, spawnSync } from 'node:child_process';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const settings = { rows: '100', profiles: 'stars,flat,full', repositories: '1000000', seconds: '5', connections: '4', core: '0' };
for (let i = 2; i < process.argv.length; i += 2) settings[process.argv[i].replace(/^--/, '')] = process.argv[i + 1];

const FLAT = `databaseId id name nameWithOwner description homepageUrl stargazerCount forkCount diskUsage isFork isArchived isTemplate isMirror isDisabled isEmpty
    isLocked isPrivate isInOrganization hasIssuesEnabled hasWikiEnabled hasProjectsEnabled hasDiscussionsEnabled createdAt updatedAt pushedAt archivedAt
    primaryLanguage{name} licenseInfo{key spdxId} defaultBranchRef{name} parent{databaseId}
    owner{__typename login ... on User{databaseId} ... on Organization{databaseId}}`;
const FIELDS = {
  stars: 'databaseId nameWithOwner stargazerCount createdAt pushedAt',
  flat: FLAT,
  full: `${FLAT} languages(first:10,orderBy:{field:SIZE,direction:DESC}){edges{size node{name}}} repositoryTopics(first:20){nodes{topic{name}}}`,
};

function startServer() {
  const script = fileURLToPath(new URL('../ghsim.js', import.meta.url));
  const words = [script, '--repositories', settings.repositories, '--latency', '0', '--limits', 'off', '--until', '2026-09-01T00:00:00Z', '--exit-with-parent'];
  const pinned = spawnSync('taskset', ['--version']).status === 0;
  const [command, all] = pinned ? ['taskset', ['-c', settings.core, process.execPath, ...words]] : [process.execPath, words];
  const child = spawn(command, all, { stdio: ['pipe', 'pipe', 'inherit'] });
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve({ child, pinned, ready: JSON.parse(line) }));
  });
}

function post(agent, url, token, body, gzip) {
  return new Promise((resolve, reject) => {
    const req = http.request(`${url}/graphql`, {
      agent, method: 'POST',
      headers: { 'Authorization': `bearer ${token}`, 'User-Agent': 'ghsim-bench', 'Content-Length': Buffer.byteLength(body), ...(gzip ? { 'Accept-Encoding': 'gzip' } : {}) },
    }, (res) => {
      let bytes = 0;
      res.on('data', (chunk) => { bytes += chunk.length; });
      res.on('end', () => (res.statusCode === 200 ? resolve(bytes) : reject(new Error(`status ${res.statusCode}`))));
    });
    req.on('error', reject);
    req.end(body);
  });
}

const SPAN = Math.ceil(4000000 / Number(settings.repositories)) * 86400000;

/** Texts of queries: windows that hold a little more than 1,000 repositories in a world of a million, ten pages each. */
function* queries(profile) {
  for (let day = Date.UTC(2023, 0, 1); ; day += SPAN) {
    if (day > Date.UTC(2026, 0, 1)) day = Date.UTC(2023, 0, 1);
    const [from, to] = [day, day + SPAN - 1000].map((ms) => new Date(ms).toISOString().replace('.000', ''));
    for (let page = 0; page < 10; page++) {
      const after = page === 0 ? '' : `,after:\\"${Buffer.from(`cursor:${page * settings.rows}`).toString('base64')}\\"`;
      yield `{"query":"{search(type:REPOSITORY,first:${settings.rows}${after},query:\\"stars:>=0 fork:true created:${from}..${to} sort:updated-asc\\"){repositoryCount pageInfo{hasNextPage endCursor} nodes{... on Repository{${FIELDS[profile].replace(/\s+/g, ' ')}}}} rateLimit{cost remaining}}"}`;
    }
  }
}

async function run(ready, profile, gzip) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number(settings.connections) });
  const source = queries(profile);
  let pages = 0;
  let bytes = 0;
  const measure = async (seconds) => {
    const until = performance.now() + seconds * 1000;
    const worker = async () => {
      while (performance.now() < until) {
        const length = await post(agent, ready.http, ready.tokens[0], source.next().value, gzip);
        bytes += length;
        pages++;
      }
    };
    await Promise.all(Array.from({ length: Number(settings.connections) }, worker));
  };
  await measure(1);
  pages = 0;
  bytes = 0;
  const start = performance.now();
  const cpuBefore = serverCpu(ready.pid);
  await measure(Number(settings.seconds));
  const seconds = (performance.now() - start) / 1000;
  const cpu = serverCpu(ready.pid) - cpuBefore;
  agent.destroy();
  return { profile, gzip: gzip ? 'on' : 'off', pages_per_second: Math.round(pages / seconds), rows_per_second: Math.round((pages * settings.rows) / seconds), cpu_ms_per_page: Math.round((cpu * 1000) / pages * 100) / 100, bytes_per_page: Math.round(bytes / pages) };
}

/** CPU seconds of a process so far, where there is /proc. */
function serverCpu(pid) {
  const { stdout } = spawnSync('cat', [`/proc/${pid}/stat`]);
  const fields = String(stdout).split(') ')[1]?.split(' ');
  return fields ? (Number(fields[11]) + Number(fields[12])) / 100 : NaN;
}

const started = performance.now();
const { child, pinned, ready } = await startServer();
console.log(JSON.stringify({ repositories: ready.repositories, ready_ms: Math.round(performance.now() - started), pinned_to_core: pinned ? Number(settings.core) : null }));
for (const profile of settings.profiles.split(',')) for (const gzip of [false, true]) console.log(JSON.stringify(await run(ready, profile, gzip)));
child.stdin.end();
