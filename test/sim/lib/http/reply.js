/*
 * Sends an answer: common headers, gzip, and the faults that concern the way of sending.
 */
import { gzipSync } from 'node:zlib';
import { gzipBomb } from './bomb.js';
import { MANGLE } from './mangle.js';
import { RAW } from './raw.js';

const GZIP_FROM = 800;
const DRIP_PIECES = 20;
const DRIP_TOTAL = 5000;
const H2_INTERNAL_ERROR = 2;
const BOMB = 2 ** 31;

/** `exchange` is the request being answered (exchange.js); `body` a string, a buffer, or an object to be sent as JSON. */
export function send(exchange, { status = 200, body = '', headers = {}, type = 'application/json; charset=utf-8' }) {
  if (exchange.isOver()) return;
  const fault = exchange.fault?.stage === 'reply' ? exchange.fault.name : null;
  const asked = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const plain = MANGLE[fault] ? MANGLE[fault](asked, exchange.fault, exchange) : asked;
  const { bytes, zipped } = pack(exchange, plain, fault);
  if (fault === null && status === 200) exchange.sim.earlierAnswers.set(exchange.record.endpoint, asked);

  const all = { ...exchange.commonHeaders(), ...headers };
  if (status !== 304 && status !== 204) {
    all['Content-Type'] = fault === 'wrongContentType' ? 'text/html; charset=utf-16' : type;
    all['Content-Length'] = String(fault === 'wrongLength' ? bytes.length + 1000 : bytes.length);
    if (zipped) all['Content-Encoding'] = 'gzip';
  }
  if (fault === 'closing' && exchange.req.httpVersionMajor === 1) all.Connection = 'close';
  if (fault === 'foreignLink') all.Link = foreignLink(exchange, all.Link);
  exchange.record.status = status;
  exchange.record.bytes = bytes.length;
  exchange.record.bodyBytes = plain.length;
  if (RAW[fault]) {
    RAW[fault](exchange, { status, headers: all, bytes });
    return;
  }
  exchange.res.writeHead(status, all);
  sendBody(exchange, bytes, fault);
}

/** The body as it travels: {bytes, zipped}, where `zipped` is what the header says. */
function pack({ acceptsGzip, settings, fault: parameters }, plain, fault) {
  const unpacked = parameters?.bytes ?? BOMB;
  if (fault === 'gzipBomb') return { bytes: gzipBomb(unpacked), zipped: true };
  if (fault === 'gzipBombLying') return { bytes: gzipBomb(unpacked, plain.length), zipped: true };
  if (fault === 'claimedGzip') return { bytes: plain, zipped: true };
  const zipped = fault === 'unclaimedGzip' || (acceptsGzip && (plain.length >= GZIP_FROM || fault === 'truncatedGzip'));
  const bytes = zipped ? gzipSync(plain, { level: settings.gzipLevel }) : plain;
  if (fault === 'truncatedGzip') return { bytes: bytes.subarray(0, Math.max(12, Math.floor(bytes.length * 0.6))), zipped };
  return { bytes, zipped: zipped && fault !== 'unclaimedGzip' };
}

/** Links to the same pages elsewhere; there is a next page in any case. */
function foreignLink({ fault: { location = 'http://elsewhere.invalid' }, route }, link = `<http://x${route}>; rel="next"`) {
  return link.replace(/<https?:\/\/[^/>]*/g, `<${location}`);
}

function sendBody(exchange, bytes, fault) {
  const { res } = exchange;
  const empty = exchange.req.method === 'HEAD' || exchange.record.status === 304 || exchange.record.status === 204;
  if (empty) res.end();
  else if (fault === 'resetBody') res.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => reset(exchange));
  else if (fault === 'wrongLength') res.write(bytes, () => hangUp(exchange));
  else if (fault === 'drip') drip(exchange, bytes);
  else res.end(bytes);
  if (fault === 'closing' && exchange.req.httpVersionMajor === 2) res.stream.session.close();
}

function drip(exchange, bytes) {
  const piece = Math.max(1, Math.ceil(bytes.length / DRIP_PIECES));
  const next = (from) => {
    if (exchange.isGone()) return;
    if (from + piece >= bytes.length) {
      exchange.res.end(bytes.subarray(from));
      return;
    }
    exchange.res.write(bytes.subarray(from, from + piece));
    exchange.clock.after(DRIP_TOTAL / DRIP_PIECES, () => next(from + piece));
  };
  next(0);
}

/** Breaks the connection off: RST over HTTP/1.1, an error on the stream over HTTP/2. */
export function reset({ req, res }) {
  if (req.httpVersionMajor === 2) res.stream.close(H2_INTERNAL_ERROR);
  else if (req.socket.resetAndDestroy && !req.socket.encrypted) req.socket.resetAndDestroy();
  else req.socket.destroy();
}

/**
 * Gives the connection up without having looked at the request: over HTTP/2 a GOAWAY that leaves this stream out, after which it is
 * the client that closes; over HTTP/1.1 a plain close.
 */
export function goAway({ req, res }) {
  if (req.httpVersionMajor === 2) res.stream.session.goaway(0, Math.max(0, res.stream.id - 2));
  else req.socket.end();
}

/** Ends the connection in good order although more was promised. */
function hangUp({ req, res }) {
  if (req.httpVersionMajor === 2) res.end();
  else req.socket.end();
}
