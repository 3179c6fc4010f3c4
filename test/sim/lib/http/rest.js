/*
 * REST: not there yet.
 */
import { problem } from './gate.js';

export async function handleRest(exchange) {
  problem(exchange, 404, 'Not Found');
}
