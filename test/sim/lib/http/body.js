/*
 * Reads the body of a request, up to a limit.
 */
import { problem } from './gate.js';

const MAX_BODY = 4000000;

/** The body as text, or null if it was too long (answered) or never came whole. */
export function readBody(exchange) {
  return new Promise((resolve) => {
    const chunks = [];
    let length = 0;
    const { req } = exchange;
    req.on('data', (chunk) => {
      length += chunk.length;
      if (length <= MAX_BODY) chunks.push(chunk);
    });
    req.on('end', () => {
      if (length <= MAX_BODY) {
        resolve(Buffer.concat(chunks).toString('utf8'));
      } else {
        problem(exchange, 413, 'Payload too large');
        resolve(null);
      }
    });
    req.on('error', () => resolve(null));
    req.on('close', () => resolve(null));
  });
}
