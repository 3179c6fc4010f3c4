/*
 * Faults of a server that is broken or hostile: bodies and headers that no honest one sends, certificates, a port that refuses.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import test from 'node:test';
import { createGunzip, gunzipSync } from 'node:zlib';
import { gzipBomb } from '../lib/http/bomb.js';
import { searchQuery, startSim, waitFor } from '../tools/harness.js';

const FIELDS = 'databaseId nameWithOwner description createdAt stargazerCount isFork';
const QUERY = searchQuery('stars:>=0 sort:stars', { fields: FIELDS });

/** What comes over the wire, up to `most` bytes or the end of the connection. */
function wire(ready, { path = '/graphql', method = 'POST', most = Infinity, query = QUERY, headers = {} } = {}) {
  return new Promise((resolve) => {
    const body = method === 'POST' ? JSON.stringify({ query }) : '';
    const socket = net.connect(new URL(ready.http).port, '127.0.0.1');
    const chunks = [];
    let length = 0;
    let error = null;
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= most) socket.destroy();
    });
    socket.on('error', (reason) => { error = reason; });
    socket.on('close', () => {
      const bytes = Buffer.concat(chunks);
      const end = bytes.indexOf('\r\n\r\n');
      resolve({ bytes, length, error, head: bytes.subarray(0, Math.max(0, end)).toString('latin1'), body: bytes.subarray(end + 4) });
    });
    const lines = Object.entries({ 'Host': 'x', 'User-Agent': 'ghsim-test', 'Authorization': `bearer ${ready.tokens[0]}`, 'Connection': 'close', 'Content-Length': Buffer.byteLength(body), ...headers });
    socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`);
  });
}

async function meet(sim, fault, options = {}) {
  const { parameters, ...rest } = options;
  await sim.control('script', [{ fault, ...parameters }]);
  return wire(sim.ready, rest);
}

const length = ({ head }) => Number(/content-length: (-?\d+)/i.exec(head)[1]);

test('connections and headers that go wrong', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const reset = await meet(sim, 'resetHeaders');
  assert.ok(reset.length <= 120 && !reset.bytes.includes('\r\n\r\n'), 'some headers, or the RST has overtaken them');
  assert.ok((await sim.control('requests?last=1'))[0].aborted);
  const lines = await meet(sim, 'endlessHeaders', { most: 500000 });
  assert.ok(lines.length >= 500000 && !lines.bytes.includes('\r\n\r\n') && lines.bytes.includes('\r\nX-Endless: a'));
  const line = await meet(sim, 'endlessHeader', { most: 500000 });
  assert.ok(line.bytes.subarray(2000).every((byte) => byte === 0x61));
  const flood = await meet(sim, 'informationFlood', { parameters: { times: 50 } });
  assert.equal(flood.bytes.toString().split('HTTP/1.1 103 Early Hints').length, 51);
  assert.ok(flood.bytes.includes('HTTP/1.1 200 OK'));
  assert.equal((await meet(sim, 'http09')).bytes.toString(), '{"data":{}}\n');
  await waitFor(async () => (await sim.control('counters')).in_flight === 0);
});

test('bodies without an end', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const body = await meet(sim, 'endlessBody', { most: 3000000 });
  assert.ok(/chunked/.test(body.head) && !/content-encoding/i.test(body.head) && body.length >= 3000000);
  const packed = await meet(sim, 'endlessGzip', { most: 300000 });
  assert.ok(/content-encoding: gzip/i.test(packed.head) && packed.length >= 300000);
  const start = performance.now();
  const trickle = await meet(sim, 'trickle', { most: 600, parameters: { rate: 100 } });
  assert.ok(trickle.bytes.includes('aaaa') && performance.now() - start > 400);
  await waitFor(async () => (await sim.control('counters')).in_flight === 0);
});

test('lengths and chunks that lie', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const honest = (await wire(sim.ready)).body.length;
  const short = await meet(sim, 'shortLength');
  assert.ok(length(short) < short.body.length && short.body.length > honest * 0.99);
  assert.ok(length(await meet(sim, 'negativeLength')) < -1000);
  assert.equal((await meet(sim, 'twoLengths')).head.match(/content-length/gi).length, 2);
  const seen = new Set();
  for (let i = 0; i < 20; i++) {
    const { head, body } = await meet(sim, 'brokenChunks');
    assert.match(head, /chunked/);
    seen.add(body.toString());
  }
  assert.ok(seen.size === 4 && seen.has('ZZZ\r\n'));
});

test('encodings that lie', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const claimed = await meet(sim, 'claimedGzip');
  assert.ok(/content-encoding: gzip/i.test(claimed.head) && JSON.parse(claimed.body).data.search);
  const unclaimed = await meet(sim, 'unclaimedGzip');
  assert.ok(!/content-encoding/i.test(unclaimed.head) && JSON.parse(gunzipSync(unclaimed.body)).data.search);
  const typed = await meet(sim, 'wrongContentType');
  assert.ok(/content-type: text\/html; charset=utf-16/i.test(typed.head) && JSON.parse(typed.body).data.search);
});

test('a gzip bomb unpacks to what it says, or to more', async (t) => {
  const size = async (bytes) => {
    let unpacked = 0;
    const gunzip = createGunzip();
    gunzip.end(bytes);
    for await (const chunk of gunzip) unpacked += chunk.length; /* it checks sum and size */
    return unpacked;
  };
  const small = gzipBomb(48 * 1024 * 1024);
  assert.ok(small.length < 60000);
  assert.equal(await size(small), 48 * 1024 * 1024 + 11);
  assert.equal(small.readUInt32LE(small.length - 4), 48 * 1024 * 1024 + 11);
  assert.equal(gzipBomb(48 * 1024 * 1024, 1000).readUInt32LE(small.length - 4), 1000);
  const sim = await startSim(t, { repositories: 1000 });
  const bomb = await meet(sim, 'gzipBomb');
  assert.ok(/content-encoding: gzip/i.test(bomb.head) && bomb.body.length > 2000000 && bomb.body.length < 2500000);
  const lying = await meet(sim, 'gzipBombLying', { parameters: { bytes: 16777216 } });
  assert.ok(lying.body.length < 30000 && lying.body.readUInt32LE(lying.body.length - 4) < 100000);
});

test('texts that are no JSON, or hardly', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const text = async (fault, parameters) => (await meet(sim, fault, { parameters })).body;
  const deep = (await text('deepNesting', { depth: 1000 })).toString();
  assert.ok(deep.startsWith(`{"extensions":${'['.repeat(1000)}]`) && JSON.parse(deep).data.search.nodes.length === 100);
  const number = (await text('hugeNumber', { digits: 5000 })).toString();
  assert.match(number, /"databaseId":7{5000},/);
  assert.equal(JSON.parse((await text('hugeExponent', { number: '1e400' })).toString()).data.search.nodes[0].databaseId, Infinity);
  assert.match((await text('hugeString', { length: 30000 })).toString(), /"nameWithOwner":"x{30000}"/);
  const wide = await text('utf16');
  assert.ok(wide.readUInt16LE(0) === 0xfeff && JSON.parse(wide.subarray(2).toString('utf16le')).data);
  assert.ok((await text('bom')).toString('latin1').startsWith('\xef\xbb\xbf{"data"'));
  const invalid = await text('invalidUtf8');
  assert.throws(() => new TextDecoder('utf-8', { fatal: true }).decode(invalid), TypeError);
  const empty = await meet(sim, 'emptyBody');
  assert.ok(/200 OK/.test(empty.head) && empty.body.length === 0 && length(empty) === 0);
});

test('keys that come twice, with values that differ', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const honest = JSON.parse((await wire(sim.ready)).body).data.search;
  const read = async (parameters) => (await meet(sim, 'duplicateKeys', { parameters })).body.toString();
  for (const [place, count] of [['data', 1], ['nodes', 1]]) {
    const [first, last] = [await read({ place, last: false }), await read({ place, last: true })];
    assert.equal(first.split(`"${place}":`).length, count + 2);
    assert.deepEqual(JSON.parse(first).data.search, honest, 'JavaScript believes the last');
    assert.notDeepEqual(JSON.parse(last).data.search, honest);
  }
  const lies = JSON.parse(await read({ place: 'repository', last: true })).data.search;
  assert.equal(lies.nodes[0].stargazerCount, honest.nodes[0].stargazerCount + 1000);
  assert.deepEqual(JSON.parse(await read({ place: 'repository', last: false })).data.search.nodes, honest.nodes);
});

test('answers to something else', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const other = searchQuery('stars:1..3', { fields: FIELDS });
  const [mine, theirs] = [JSON.parse((await wire(sim.ready)).body), JSON.parse((await wire(sim.ready, { query: other })).body)];
  assert.deepEqual(JSON.parse((await meet(sim, 'otherAnswer')).body), theirs);
  assert.notDeepEqual(mine, theirs);
  const more = JSON.parse((await meet(sim, 'unaskedKeys')).body).data;
  assert.ok(Object.keys(more).length > 90 && more.search7.nodes.length === 100 && more.unasked);
  const foreign = JSON.parse((await meet(sim, 'foreignNodes')).body).data.search.nodes;
  const swapped = foreign.filter((node, i) => node.databaseId !== mine.data.search.nodes[i].databaseId);
  assert.ok(swapped.length >= 1 && swapped.length < 30 && swapped.every((node) => node.nameWithOwner.includes('/')));
  const all = JSON.parse((await meet(sim, 'foreignNodes', { parameters: { share: 1 } })).body).data.search.nodes;
  assert.ok(all.every((node, i) => node.databaseId !== mine.data.search.nodes[i].databaseId));
});

test('wrong types and absurd values go through every field in turn, and it is told which', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  const fields = FIELDS.split(' ');
  const query = `{ search(query: "stars:>=0", type: REPOSITORY, first: 30) { repositoryCount pageInfo { endCursor } nodes { ... on Repository { ${FIELDS} } } } rateLimit { cost } }`;
  await sim.control('faults', { wrongTypes: 1 });
  for (let i = 0; i < 15; i++) await wire(sim.ready, { query });
  const { wrongTypes } = (await sim.control('counters')).spoiled;
  for (const field of [...fields, 'repositoryCount', 'endCursor', 'cost']) assert.ok(wrongTypes[field] > 0, field);
  await sim.control('faults', { wrongTypes: 0, absurdValues: 1 });
  let text = '';
  for (let i = 0; i < 40; i++) text += (await wire(sim.ready, { query })).body.toString();
  const { absurdValues } = (await sim.control('counters')).spoiled;
  for (const field of ['repositoryCount', 'endCursor', 'cost', 'databaseId', 'stargazerCount', 'nameWithOwner', 'createdAt']) assert.ok(absurdValues[field] > 1, field);
  assert.match(text, /:9223372036854775807[,}]/);
  assert.match(text, /"createdAt":"300000-01-01T00:00:00Z"/);
  assert.match(text, /"nameWithOwner":"[0-9a-f]{1000000}"/);
  assert.ok(!text.includes('@@'));
});

test('rates with parameters: redirects to wherever a test wants them', async (t) => {
  const sim = await startSim(t, { repositories: 1000 });
  for (const location of ['http://elsewhere.invalid/graphql', '/graphql', 'file:///etc/passwd']) {
    assert.deepEqual(await sim.control('faults', { redirect: { rate: 1, status: 308, location } }), { redirect: 1 });
    const { head } = await wire(sim.ready);
    assert.ok(head.startsWith('HTTP/1.1 308') && head.includes(`Location: ${location}\r\n`), head);
  }
  await sim.control('faults', { redirect: 0, foreignLink: { rate: 1, location: 'http://elsewhere.invalid' } });
  const { head } = await wire(sim.ready, { method: 'GET', path: '/repositories' });
  assert.match(head, /Link: <http:\/\/elsewhere\.invalid\/repositories\?since=\d+>; rel="next"/);
  const single = await wire(sim.ready, { method: 'GET', path: '/user' });
  assert.match(single.head, /Link: <http:\/\/elsewhere\.invalid\/user>; rel="next"/);
});

/** How a client that trusts `ca` gets on: the status, or the code of its error. */
function ask(ready, ca) {
  return new Promise((resolve) => {
    const req = https.get(`${ready.https}/meta`, { ca: readFileSync(ca), agent: false, headers: { 'user-agent': 'ghsim-test' } }, (res) => {
      res.resume();
      resolve(res.statusCode);
    });
    req.on('error', ({ code }) => resolve(code));
  });
}

test('certificates that a client must refuse, and good ones again', async (t) => {
  const sim = await startSim(t, { repositories: 100, tls: true, certificate: 'expired' });
  assert.equal(await ask(sim.ready, sim.ready.ca), 'CERT_HAS_EXPIRED');
  const refused = { otherName: 'ERR_TLS_CERT_ALTNAME_INVALID', otherCa: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' };
  for (const [kind, code] of Object.entries(refused)) {
    assert.deepEqual(await sim.control('certificate', { kind }), { certificate: kind });
    assert.equal(await ask(sim.ready, sim.ready.ca), code);
  }
  await sim.control('certificate', { kind: 'good' });
  assert.equal(await ask(sim.ready, sim.ready.ca), 200);
  assert.match((await sim.control('certificate', { kind: 'nonsense' })).error, /known are good, expired/);
});

test('a change of certificate ends connections; the port of HTTPS can refuse and come back', async (t) => {
  const sim = await startSim(t, { repositories: 100, tls: true });
  const agent = new https.Agent({ keepAlive: true, ca: readFileSync(sim.ready.ca) });
  t.after(() => agent.destroy());
  await new Promise((resolve) => { https.get(`${sim.ready.https}/meta`, { agent, headers: { 'user-agent': 'ghsim-test' } }, (res) => res.resume().on('end', resolve)); });
  const socket = Object.values(agent.freeSockets).flat()[0] ?? Object.values(agent.sockets).flat()[0];
  const closed = new Promise((resolve) => { socket.on('close', resolve); });
  await sim.control('certificate', { kind: 'otherCa' });
  await closed;
  await sim.control('certificate', { kind: 'good' });
  assert.deepEqual(await sim.control('listening', { https: false }), { https: false });
  assert.equal(await ask(sim.ready, sim.ready.ca), 'ECONNREFUSED');
  assert.deepEqual(await sim.control('listening', { https: true }), { https: true });
  assert.equal(await ask(sim.ready, sim.ready.ca), 200);
});

test('over HTTP/2 what it has no words for is an error on the stream', async (t) => {
  const http2 = await import('node:http2');
  const sim = await startSim(t, { repositories: 100, tls: true });
  const session = http2.connect(sim.ready.https, { ca: readFileSync(sim.ready.ca) });
  t.after(() => session.destroy());
  const query = (fault) => new Promise((resolve) => {
    sim.control('script', [{ fault }]).then(() => {
      const stream = session.request({ ':method': 'POST', ':path': '/graphql', 'user-agent': 'ghsim-test', 'authorization': `bearer ${sim.ready.tokens[0]}` });
      stream.on('error', () => {});
      stream.on('close', () => resolve(stream.rstCode));
      stream.resume();
      stream.end(JSON.stringify({ query: QUERY }));
    });
  });
  for (const fault of ['resetHeaders', 'endlessHeaders', 'shortLength', 'http09', 'brokenChunks']) assert.equal(await query(fault), http2.constants.NGHTTP2_INTERNAL_ERROR, fault);
  assert.equal(await query('bom'), 0);
});
