/*
 * Connections other than search: pages of a list that is known in full, or of which only the number is known. Cursors are base64
 * of `cursor:N`, N being the position of the item, counted from 1.
 */
import { GitHubError } from './errors.js';

export const encodeCursor = (position) => Buffer.from(`cursor:${position}`).toString('base64');

/** Position in a cursor; throws for what is none. */
export function decodeCursor(cursor) {
  const match = /^cursor:(\d{1,9})$/.exec(Buffer.from(cursor, 'base64').toString('latin1'));
  if (!match) throw new GitHubError('INVALID_CURSOR_ARGUMENTS', `\`${cursor}\` does not appear to be a valid cursor.`);
  return Number(match[1]);
}

/** [from, to) of the items that first/after/last/before ask for, out of `reachable`. */
export function pageBounds(args, reachable) {
  let from = args.after ? Math.min(decodeCursor(args.after), reachable) : 0;
  let to = args.before ? Math.min(Math.max(decodeCursor(args.before) - 1, 0), reachable) : reachable;
  to = Math.max(from, to);
  if (args.first !== undefined && args.first !== null) to = Math.min(to, from + args.first);
  else if (args.last !== undefined && args.last !== null) from = Math.max(from, to - args.last);
  else to = from;
  return [from, to];
}

/** A page of a list: `items(from, to)` gives a slice, `nodeOf(item)` the node of an item. */
export function pageOf(context, args, total, items, nodeOf = (item) => item) {
  const asked = (args.first ?? args.last ?? null) !== null;
  const [from, to] = pageBounds(args, total);
  const slice = asked ? items(from, to) : [];
  if (asked) context.noteConnection(slice.length);
  return { totalCount: total, from, to, slice, nodeOf, total };
}

export function connection(context, args, list, nodeOf) {
  return pageOf(context, args, list.length, (from, to) => (from === 0 && to === list.length ? list : list.slice(from, to)), nodeOf);
}

/** A connection whose items the simulator does not have: `nodes` and `edges` are null, the number is given. */
export function countOnly(context, args, total) {
  if ((args.first ?? args.last ?? null) !== null) context.noteConnection(0);
  return { totalCount: total, from: 0, to: 0, slice: null, total };
}

/** Resolvers that every ...Connection type shares. */
export const Connection = {
  totalCount: (page, args, context) => {
    context.noteCount();
    return page.totalCount;
  },
  nodes: (page) => (page.slice === null ? null : page.slice.map(page.nodeOf)),
  edges: (page) => (page.slice === null ? null : page.slice.map((item, i) => ({ item, node: page.nodeOf(item), cursor: encodeCursor(page.from + i + 1) }))),
  pageInfo: (page) => page,
  totalDiskUsage: () => 0,
};

export const Edge = {
  cursor: (edge) => edge.cursor,
  node: (edge) => edge.node,
};

export const PageInfo = {
  hasNextPage: (page) => page.to < page.total && page.slice !== null,
  hasPreviousPage: (page) => page.from > 0,
  startCursor: (page) => (page.to > page.from ? encodeCursor(page.from + 1) : null),
  endCursor: (page) => (page.to > page.from ? encodeCursor(page.to) : null),
};
