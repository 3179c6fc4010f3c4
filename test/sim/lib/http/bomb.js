/*
 * Gzip files that unpack to far more than they are, made without ever having in memory what they unpack to: one piece of deflate,
 * which stands for 16 MB of blanks, again and again. Checksums of the parts are combined by arithmetic, as zlib does it.
 */
import { constants, deflateRawSync, gzipSync } from 'node:zlib';

const PIECE = 16 * 1024 * 1024;
const POLYNOMIAL = 0xedb88320;
/** Magic number, deflate, no name, no time, Unix. */
export const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

/** Deflate of some text that more can follow. */
const openEnd = (text) => deflateRawSync(text, { finishFlush: constants.Z_FULL_FLUSH });

let blanks = null;
/** 16 MB of blanks in 16 kB, and more can follow. */
export function packedBlanks() {
  blanks ??= openEnd(Buffer.alloc(PIECE, ' '));
  return blanks;
}

/** Multiplies two polynomials modulo that of the checksum, their bits reflected. */
function multiply(a, b) {
  let product = 0;
  for (let mask = 0x80000000, factor = b; mask !== 0; mask >>>= 1) {
    if (a & mask) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** Checksum of two texts, one after the other, from theirs and the second one's length. */
function combine(first, second, bytes) {
  let power = 0x00800000; /* x^8: one byte */
  let shift = 0x80000000; /* 1 */
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) shift = multiply(power, shift);
    power = multiply(power, power);
  }
  return (multiply(shift, first) ^ second) >>> 0;
}

/** The checksum that gzip writes. */
const crcOf = (bytes) => gzipSync(bytes).subarray(-8).readUInt32LE(0);

/**
 * A gzip file of `{"data":"` and so many pieces of blanks and `"}`: about a thousandth of that. It says its true size (modulo 2^32,
 * as gzip does), or `size`.
 */
export function gzipBomb(bytes, size = null) {
  const pieces = Math.max(1, Math.round(bytes / PIECE));
  const [head, tail] = [Buffer.from('{"data":"'), Buffer.from('"}')];
  const crcOfPiece = crcOf(Buffer.alloc(PIECE, ' '));
  let crc = crcOf(head);
  for (let i = 0; i < pieces; i++) crc = combine(crc, crcOfPiece, PIECE);
  crc = combine(crc, crcOf(tail), tail.length);
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc, 0);
  end.writeUInt32LE(size ?? (head.length + pieces * PIECE + tail.length) % 4294967296, 4);
  return Buffer.concat([GZIP_HEAD, openEnd(head), ...Array(pieces).fill(packedBlanks()), deflateRawSync(tail), end]);
}
