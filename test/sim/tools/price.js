#!/usr/bin/env node
/*
 * Prices requests as the simulator does: reads bodies ({"query": …}) from standard input, one a line, and writes a line for each,
 * "points requests nodes", or what is wrong with it. Used by test/t/007_price.pl.
 */
import { createInterface } from 'node:readline';
import { GraphQLService } from '../lib/graphql/request.js';

const service = new GraphQLService({ seed: 1 });

/** A query that could reach too many nodes is refused, but has its price. */
function describe({ price, errors }) {
  const refused = (errors ?? []).filter(({ type }) => type !== 'MAX_NODE_LIMIT_EXCEEDED');
  if (refused.length > 0) return `refused: ${refused[0].message}`;
  return `${price.points} ${price.requests} ${price.nodes}`;
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(describe(service.prepare(JSON.parse(line))));
}
