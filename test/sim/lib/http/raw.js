/*
 * Answers that no HTTP library would send, written to the socket by hand, and answers without an end. What HTTP/2 has no words for
 * is an error on the stream there.
 */
import { STATUS_CODES } from 'node:http';
import { GZIP_HEAD, packedBlanks } from './bomb.js';
import { reset } from './reply.js';

const CHUNK = Buffer.alloc(65536, 'a');
const LINE = `X-Endless: ${'a'.repeat(200)}\r\n`;
const FLOOD = 10000;
const TRICKLE_MS = 250;
const BROKEN_CHUNKS = ['ZZZ\r\n', 'FFFFFFFFFFFFFFFFF\r\n', '-10\r\n', '10\r\nshort'];

/** name: (exchange, {status, headers, bytes}) => sends it. Those in the second group are well-formed HTTP. */
export const RAW = {
  resetHeaders: (exchange, { status, headers }) => byHand(exchange, head(status, headers).slice(0, 120), reset),
  endlessHeaders: (exchange, { status, headers }) => endlessly(exchange, head(status, headers), Buffer.from(LINE.repeat(300))),
  endlessHeader: (exchange, { status, headers }) => endlessly(exchange, `${head(status, headers)}X-Endless: `, CHUNK),
  shortLength: (exchange, { status, headers, bytes }) => whole(exchange, status, { ...headers, 'Content-Length': Math.floor(bytes.length / 2) }, bytes),
  negativeLength: (exchange, { status, headers, bytes }) => whole(exchange, status, { ...headers, 'Content-Length': -bytes.length }, bytes),
  twoLengths: (exchange, { status, headers, bytes }) => whole(exchange, status, { ...headers, 'content-length': Math.floor(bytes.length / 2) }, bytes),
  brokenChunks: (exchange, { status, headers: { 'Content-Length': length, ...headers } }) => {
    const size = exchange.sim.random.pick(BROKEN_CHUNKS);
    byHand(exchange, `${head(status, { ...headers, 'Transfer-Encoding': 'chunked' })}\r\n${size}`, hangUp);
  },
  informationFlood: (exchange, { status, headers, bytes }) => whole(exchange, status, headers, bytes, 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n'.repeat(exchange.fault.times ?? FLOOD)),
  http09: (exchange) => byHand(exchange, '{"data":{}}\n', hangUp),

  endlessBody: (exchange, { status, headers }) => pour(exchange, status, headers, Buffer.from('{"data":{"a":"'), () => CHUNK),
  endlessGzip: (exchange, { status, headers }) => pour(exchange, status, { ...headers, 'Content-Encoding': 'gzip' }, GZIP_HEAD, packedBlanks),
  trickle,
};

/** Status line and headers, without the empty line behind them. */
function head(status, headers) {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join('')}`;
}

function byHand(exchange, text, after) {
  const { req } = exchange;
  if (req.httpVersionMajor === 2) reset(exchange);
  else req.socket.write(text, 'latin1', () => after(exchange));
}

function whole(exchange, status, headers, bytes, before = '') {
  byHand(exchange, Buffer.concat([Buffer.from(`${before}${head(status, headers)}\r\n`), bytes]).toString('latin1'), hangUp);
}

function hangUp({ req }) {
  req.socket.end();
}

/** Headers for as long as the client takes them. */
function endlessly(exchange, start, piece) {
  if (exchange.req.httpVersionMajor === 2) return reset(exchange);
  exchange.req.socket.write(start);
  return keepWriting(exchange, exchange.req.socket, () => piece);
}

function pour(exchange, status, { 'Content-Length': length, ...headers }, start, next) {
  exchange.res.writeHead(status, headers);
  exchange.res.write(start);
  keepWriting(exchange, exchange.res, next);
}

function keepWriting(exchange, stream, next) {
  const more = () => {
    while (!exchange.isGone()) {
      if (!stream.write(next())) {
        stream.once('drain', more);
        return;
      }
    }
  };
  more();
}

/** A few bytes at a time, for ever: `rate` bytes a second of real time, so that it never looks like nothing. */
function trickle(exchange, { status, headers: { 'Content-Length': length, ...headers } }) {
  const { rate = 20 } = exchange.fault;
  const piece = 'a'.repeat(Math.max(1, Math.round(rate * TRICKLE_MS / 1000)));
  exchange.res.writeHead(status, headers);
  const timer = setInterval(() => {
    if (exchange.isGone()) clearInterval(timer);
    else exchange.res.write(piece);
  }, TRICKLE_MS);
  timer.unref();
}
