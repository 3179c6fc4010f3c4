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
import { CERTIFICATES, makeCertificates } from './tls.js';

const KEEP_ALIVE = 75000;

export class Servers {
  constructor(sim) {
    this.sim = sim;
    this.listening = [];
    this.connections = new Map(); /* socket -> its server */
  }

  async start() {
    const { options, apps } = this.sim;
    const addresses = {};
    const folder = options.tlsDir ?? (options.tls || apps.list.length > 0 ? mkdtempSync(join(tmpdir(), 'ghsim-')) : null);
    const onRequest = (req, res) => dispatch(this.sim, req, res);
    const plain = http.createServer({ keepAliveTimeout: KEEP_ALIVE, maxHeaderSize: 65536 }, onRequest);
    addresses.http = `http://${await this.listen(plain, options.host, options.port)}`;
    if (options.tls) {
      const { ca, certificates } = makeCertificates(folder);
      const secure = http2.createSecureServer({ ...certificates[options.certificate], allowHTTP1: true, settings: { maxConcurrentStreams: 200 } }, onRequest);
      secure.on('sessionError', () => {});
      Object.assign(this, { secure, certificates });
      addresses.https = `https://${await this.listen(secure, options.host, options.httpsPort)}`;
      this.securePort = secure.address().port;
      addresses.ca = ca;
    }
    apps.writeKeys(folder);
    return addresses;
  }

  listen(server, host, port) {
    server.on('connection', (socket) => {
      socket.setNoDelay(true);
      this.connections.set(socket, server);
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

  /** Shows another certificate from now on; connections that saw the one before are broken off. */
  showCertificate(kind) {
    if (!this.secure) throw new RangeError('there is no HTTPS');
    if (!Object.hasOwn(this.certificates, kind)) throw new RangeError(`unknown certificate ${kind}; known are ${CERTIFICATES.join(', ')}`);
    this.secure.setSecureContext(this.certificates[kind]);
    this.breakOff(this.secure);
    return { certificate: kind };
  }

  /** Refuses connections on the port of HTTPS, or takes them again on the same one. */
  async takeConnections(isOpen) {
    if (!this.secure) throw new RangeError('there is no HTTPS; the port of HTTP hears this');
    if (this.secure.listening !== isOpen) {
      if (isOpen) await new Promise((resolve) => { this.secure.listen(this.securePort, this.sim.options.host, resolve); });
      else this.secure.close();
    }
    if (!isOpen) this.breakOff(this.secure);
    return { https: isOpen };
  }

  breakOff(server) {
    for (const [socket, of] of this.connections) if (of === server) socket.destroy();
  }

  async stop() {
    for (const server of this.listening) server.close();
    for (const socket of this.connections.keys()) socket.destroy();
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
