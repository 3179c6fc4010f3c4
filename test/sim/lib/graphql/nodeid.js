/*
 * Global node ids in both formats (fact sheet 5.1): legacy base64 of `010:Repository123`, new `R_` + base64url of MessagePack
 * [0, id]. Ids of users and organisations likewise.
 */
const PREFIXES = { R_: 'Repository', U_: 'User', O_: 'Organization' };
const PREFIX_OF = { Repository: 'R_', User: 'U_', Organization: 'O_' };

export function newId(typeName, databaseId) {
  return PREFIX_OF[typeName] + packPair(databaseId).toString('base64url');
}

export function legacyId(typeName, databaseId) {
  return Buffer.from(`0${typeName.length}:${typeName}${databaseId}`).toString('base64');
}

/** MessagePack of [0, id], the id in its shortest form. */
function packPair(id) {
  if (id < 0x80) return Buffer.from([0x92, 0, id]);
  if (id < 0x100) return Buffer.from([0x92, 0, 0xcc, id]);
  if (id < 0x10000) return Buffer.from([0x92, 0, 0xcd, id >>> 8, id & 0xff]);
  if (id < 0x100000000) {
    const bytes = Buffer.from([0x92, 0, 0xce, 0, 0, 0, 0]);
    bytes.writeUInt32BE(id, 3);
    return bytes;
  }
  const bytes = Buffer.from([0x92, 0, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0]);
  bytes.writeBigUInt64BE(BigInt(id), 3);
  return bytes;
}

/** {typeName, databaseId, legacy} of an id in either format, or null. Only the canonical spelling is an id. */
export function parseNodeId(id) {
  const typeName = PREFIXES[id.slice(0, 2)];
  return typeName ? parseNew(typeName, id) : parseLegacy(id);
}

function parseNew(typeName, id) {
  const bytes = Buffer.from(id.slice(2), 'base64url');
  const databaseId = unpackPair(bytes);
  if (databaseId === null || newId(typeName, databaseId) !== id) return null;
  return { typeName, databaseId, legacy: false };
}

function unpackPair(bytes) {
  if (bytes.length < 3 || bytes[0] !== 0x92 || bytes[1] !== 0) return null;
  if (bytes.length === 3) return bytes[2] < 0x80 ? bytes[2] : null;
  const width = { 0xcc: 1, 0xcd: 2, 0xce: 4, 0xcf: 8 }[bytes[2]];
  if (width === undefined || bytes.length !== 3 + width) return null;
  const value = width === 8 ? Number(bytes.readBigUInt64BE(3)) : bytes.readUIntBE(3, width);
  return Number.isSafeInteger(value) ? value : null;
}

function parseLegacy(id) {
  const match = /^0(\d+):([A-Za-z]+)(\d{1,15})$/.exec(Buffer.from(id, 'base64').toString('latin1'));
  if (!match || Number(match[1]) !== match[2].length || !(match[2] in PREFIX_OF)) return null;
  const databaseId = Number(match[3]);
  if (legacyId(match[2], databaseId) !== id) return null;
  return { typeName: match[2], databaseId, legacy: true };
}
