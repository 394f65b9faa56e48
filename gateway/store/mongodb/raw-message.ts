/**
 * What the order of acceptance needs of a message's document, out of its BSON (https://bsonspec.org): the driver takes
 * three times as long for an object of the same.
 */

import { standsAt } from '../../../protocol/json-bytes.ts';

export type RawMessage = { readonly record: number; readonly at: number; readonly unit: Buffer };

/** With the byte that ends them. */
const names = {
  record: Buffer.from('record\0'),
  at: Buffer.from('at\0'),
  unit: Buffer.from('unit\0'),
} as const;
const high = 2 ** 32;

const types = { double: 0x01, binary: 0x05, int: 0x10, long: 0x12 } as const;

/** @param bytes a document with no other fields than these, in any order @throws RangeError for anything else */
export function readRawMessage(bytes: Buffer): RawMessage {
  let record: number | undefined;
  let at: number | undefined;
  let unit: Buffer | undefined;
  // After the length of the whole; its last byte is 0.
  for (let offset = 4; offset < bytes.byteLength - 1;) {
    const type = bytes[offset];
    const name = nameAt(bytes, offset + 1);
    const value = offset + 1 + names[name].byteLength;
    if (type === types.binary) {
      // Its length, and a byte for what kind of bytes it is.
      const start = value + 5;
      offset = start + bytes.readInt32LE(value);
      if (name !== 'unit') throw unexpected();
      unit = bytes.subarray(start, offset);
      continue;
    }
    const number = type === types.int ? bytes.readInt32LE(value) : readLong(type, bytes, value);
    if (number === undefined || name === 'unit') throw unexpected();
    offset = value + (type === types.int ? 4 : 8);
    if (name === 'record') record = number;
    else at = number;
  }
  if (record === undefined || at === undefined || unit === undefined) {
    throw new RangeError('a message lacks its place, its time or its unit');
  }
  return { record, at, unit };
}

function readLong(type: number | undefined, bytes: Buffer, at: number): number | undefined {
  if (type === types.double) return bytes.readDoubleLE(at);
  return type === types.long ? high * bytes.readInt32LE(at + 4) + bytes.readUInt32LE(at) : undefined;
}

function nameAt(bytes: Buffer, at: number): keyof typeof names {
  if (standsAt(bytes, at, names.at)) return 'at';
  if (standsAt(bytes, at, names.record)) return 'record';
  if (standsAt(bytes, at, names.unit)) return 'unit';
  throw unexpected();
}

function unexpected(): RangeError {
  return new RangeError('a message with an unexpected field or type');
}
