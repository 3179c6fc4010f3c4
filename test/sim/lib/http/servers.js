/*
 * Listens: HTTP/1.1 without TLS, and HTTPS with HTTP/2 or HTTP/1.1 as the client chooses. Every request of either goes through
 * `dispatch`.
 */
import http from 'node:http';
import http2 from 'node:http2';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { handleControl } from './control.js';
import { Exchange } from './exchange.js';
import { handleGraphql } from './graphql.js';
import { handleRest } from './rest.js';
import { makeCertificates } from './tls.js';

const KEEP_ALIVE = 75000;

export class Servers {
  constructor(sim) {
    this.sim = sim;
    this.listening = [];
    this.connections = new Set();
  }

  async start() {
    const { options, apps } = this.sim;
    const addresses = {};
    const folder = options.tlsDir ?? (options.tls || apps.list.length > 0 ? mkdtempSync(join(tmpdir(), 'ghsim-')) : null);
    const onRequest = (req, res) => dispatch(this.sim, req, res);
    const plain = http.createServer({ keepAliveTimeout: KEEP_ALIVE, maxHeaderSize: 65536 }, onRequest);
    addresses.http = `http://${await this.listen(plain, options.host, options.port)}`;
    if (options.tls) {
      const { ca, cert, key } = makeCertificates(folder);
      const secure = http2.createSecureServer({ cert, key, allowHTTP1: true, settings: { maxConcurrentStreams: 200 } }, onRequest);
      secure.on('sessionError', () => {});
      addresses.https = `https://${await this.listen(secure, options.host, options.httpsPort)}`;
      addresses.ca = ca;
    }
    apps.writeKeys(folder);
    return addresses;
  }

  listen(server, host, port) {
    server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.connections.add(socket);
      socket.on('close', () => this.connections.delete(socket));
      socket.on('error', () => {});
    });
    server.on('clientError', (error, socket) => socket.destroy());
    this.listening.push(server);
    return new Promise((resolve, reject) => {
      server.on('error', reject);
      server.listen(port, host, () => resolve(`${host}:${server.address().port}`));
    });
  }

  async stop() {
    for (const server of this.listening) server.close();
    for (const socket of this.connections) socket.destroy();
  }
}

/** Chooses the API by the path; Enterprise Server's prefixes serve the same. */
function dispatch(sim, req, res) {
  const path = req.url;
  if (path.startsWith('/_sim/')) {
    handleControl(sim, req, res);
    return;
  }
  const exchange = new Exchange(sim, req, res);
  const query = path.indexOf('?');
  const bare = query < 0 ? path : path.slice(0, query);
  const handler = bare === '/graphql' || bare === '/api/graphql' ? handleGraphql : handleRest;
  exchange.prefix = bare.startsWith('/api/v3/') ? '/api/v3' : (bare === '/api/graphql' ? '/api' : '');
  Promise.resolve().then(() => handler(exchange)).catch((error) => fail(exchange, error));
}

/** A defect of the simulator itself: said loudly. */
function fail(exchange, error) {
  process.stderr.write(`ghsim: ${error.stack}\n`);
  if (exchange.isOver()) return;
  exchange.record.status = 500;
  exchange.res.writeHead(500, { 'Content-Type': 'application/json' });
  exchange.res.end(JSON.stringify({ message: `simulator defect: ${error.message}` }));
}
