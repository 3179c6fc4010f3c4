/*
 * The command line, HTTP and HTTPS, HTTP/2, gzip, keep-alive, the ready line, ends.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { requestsTo, searchQuery } from '../tools/harness.js';

const SCRIPT = fileURLToPath(new URL('../ghsim.js', import.meta.url));

/** Starts the command; resolves to {child, ready, lines, exit}. */
async function run(t, ...words) {
  const child = spawn(process.execPath, [SCRIPT, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => child.kill());
  const lines = [];
  let errors = '';
  child.stderr.on('data', (chunk) => { errors += chunk; });
  const reader = createInterface({ input: child.stdout });
  reader.on('line', (line) => lines.push(line));
  const exit = once(child, 'exit').then(([code, signal]) => ({ code, signal, errors }));
  await Promise.race([once(reader, 'line'), exit]);
  return { child, ready: lines[0] && JSON.parse(lines[0]), lines, exit };
}

const QUERY = JSON.stringify({ query: searchQuery('stars:>=0', { fields: 'databaseId nameWithOwner description' }) });

/** One request over HTTP/2: {status, headers, bytes}. */
function over2(session, token, headers = {}) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': '/graphql', 'authorization': `bearer ${token}`, 'user-agent': 'ghsim-test', ...headers });
    const chunks = [];
    let answer;
    stream.on('response', (received) => { answer = received; });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('end', () => resolve({ status: answer?.[':status'], headers: answer, bytes: Buffer.concat(chunks) }));
    stream.on('error', reject);
    stream.end(QUERY);
  });
}

test('one ready line; TLS by a throw-away CA; HTTP/2 and HTTP/1.1 by ALPN; gzip where it is accepted', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'ghsim-test-'));
  const { child, ready, lines, exit } = await run(t, '--repositories', '2000', '--latency', '0', '--tls', '--tls-dir', folder, '--users', '2');
  assert.equal(ready.ready, true);
  assert.deepEqual(Object.keys(ready), ['ready', 'http', 'https', 'ca', 'pid', 'tokens', 'repositories']);
  assert.deepEqual([ready.pid, ready.repositories, ready.tokens.length], [child.pid, 2000, 2]);
  const ca = readFileSync(ready.ca);

  const session = http2.connect(ready.https, { ca });
  const answers = await Promise.all(Array.from({ length: 20 }, () => over2(session, ready.tokens[0], { 'accept-encoding': 'gzip, deflate' })));
  assert.equal(session.alpnProtocol, 'h2');
  for (const { status, headers, bytes } of answers) {
    assert.equal(status, 200);
    assert.equal(headers['content-encoding'], 'gzip');
    assert.ok(headers['x-ratelimit-remaining'] && headers.date && headers['x-github-request-id']);
    assert.equal(JSON.parse(gunzipSync(bytes)).data.search.nodes.length, 100);
  }
  const { control } = requestsTo(ready);
  for (const fault of ['reset', 'resetBody']) {
    await control('script', [{ fault }]);
    await assert.rejects(over2(session, ready.tokens[0]), /INTERNAL_ERROR/, fault);
  }
  assert.equal((await over2(session, ready.tokens[0])).status, 200, 'the connection outlives the stream');
  session.close();

  const plain = await new Promise((resolve, reject) => {
    https.request(`${ready.https.replace('127.0.0.1', 'localhost')}/graphql`, { ca, method: 'POST', headers: { 'authorization': `bearer ${ready.tokens[0]}`, 'user-agent': 'x' } }, (res) => {
      let text = '';
      res.on('data', (chunk) => { text += chunk; });
      res.on('end', () => resolve({ res, text }));
    }).on('error', reject).end(QUERY);
  });
  assert.equal(plain.res.httpVersion, '1.1');
  assert.equal(plain.res.headers['content-encoding'], undefined);
  assert.equal(JSON.parse(plain.text).data.search.nodes.length, 100);
  assert.ok(plain.res.rawHeaders.includes('X-RateLimit-Limit'), 'any case over HTTP/1.1');
  await assert.rejects(new Promise((resolve, reject) => { https.get(ready.https, resolve).on('error', reject); }), /certificate/);

  child.kill('SIGTERM');
  assert.equal((await exit).code, 0);
  assert.equal(lines.length, 1);
});

test('ends when standard input closes, when told to, on SIGINT', async (t) => {
  const words = ['--repositories', '1000', '--latency', '0'];
  const [parent, told, signalled] = await Promise.all([run(t, ...words, '--exit-with-parent'), run(t, ...words), run(t, ...words)]);
  parent.child.stdin.end();
  assert.equal((await parent.exit).code, 0);
  const { graphql, control } = requestsTo(told.ready);
  await control('script', [{ fault: 'stall' }]);
  const hanging = graphql('{ viewer { login } }').catch((error) => error);
  assert.deepEqual(await control('stop', {}), { ok: true });
  assert.equal((await told.exit).code, 0);
  assert.ok(await hanging instanceof Error);
  signalled.child.kill('SIGINT');
  assert.equal((await signalled.exit).code, 0);
});

test('options from a file; the command line wins; wrong ones are named', async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), 'ghsim-test-')), 'options.json');
  writeFileSync(file, JSON.stringify({ repositories: 1234, users: 3, 'tokens-per-user': 2, faults: { json502: 1 }, until: '2020-01-01T00:00:00Z', latency: 0 }));
  const { ready } = await run(t, '--config', file, '--users=2');
  assert.deepEqual([ready.repositories, ready.tokens.length], [1234, 4]);
  const { graphql, control } = requestsTo(ready);
  assert.equal((await graphql('{ viewer { login } }')).status, 502);
  assert.equal(Math.round((await control('health')).world_now / 100), Math.round(Date.UTC(2020, 0, 1) / 100000));
  for (const [words, message] of [[['--nonsense'], /unknown option --nonsense/], [['--port', 'x'], /--port wants a number/], [['--faults', 'nonsense=1'], /unknown fault/], [['--limits', 'maybe'], /wants on or off/]]) {
    const { exit } = await run(t, ...words);
    const { code, errors } = await exit;
    assert.ok(code > 0);
    assert.match(errors, message);
  }
});

test('the same seed gives the same tokens and the same world in another process', async (t) => {
  const words = ['--repositories', '1500', '--until', '2026-09-01T00:00:00Z', '--seed', '42', '--latency', '0'];
  const [one, two] = await Promise.all([run(t, ...words), run(t, ...words)]);
  assert.deepEqual(one.ready.tokens, two.ready.tokens);
  const all = async ({ ready }) => requestsTo(ready).control('truth?q=fork:true&format=json&fields=nameWithOwner,stars,description,topics,languages,createdAt,updatedAt');
  assert.equal(await all(one), await all(two));
});

test('a connection that the server gives up: GOAWAY over HTTP/2, a close over HTTP/1.1', async (t) => {
  const { ready } = await run(t, '--repositories', '1000', '--latency', '0', '--tls');
  const { control, graphql } = requestsTo(ready);
  const ca = readFileSync(ready.ca);
  const session = http2.connect(ready.https, { ca });
  session.on('error', () => {});
  const gone = once(session, 'goaway');
  await control('script', [{ fault: null }, { fault: 'goaway' }]);
  assert.equal((await over2(session, ready.tokens[0])).status, 200);
  const refused = await over2(session, ready.tokens[0]).catch(() => ({}));
  assert.equal(refused.status, undefined);
  await gone;
  session.destroy();
  const second = http2.connect(ready.https, { ca });
  const closed = once(second, 'close');
  await control('script', [{ fault: 'closing' }]);
  assert.equal(JSON.parse((await over2(second, ready.tokens[0])).bytes).data.search.nodes.length, 100);
  await closed;
  await control('script', [{ fault: 'goaway' }]);
  await assert.rejects(graphql('{ viewer { login } }'));
  await control('script', [{ fault: 'closing' }]);
  assert.equal((await graphql('{ viewer { login } }')).headers.get('connection'), 'close');
});
