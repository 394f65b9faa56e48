/**
 * What the order of acceptance needs of a message's document, out of its BSON (https://bsonspec.org): the driver takes
 * three times as long for an object of the same.
 */

export type RawMessage = { readonly record: number; readonly at: number; readonly unit: Buffer };

const types = { double: 0x01, binary: 0x05, int: 0x10, long: 0x12 } as const;

/** @param bytes a document with no other fields than these, in any order @throws RangeError for anything else */
export function readRawMessage(bytes: Buffer): RawMessage {
  let record: number | undefined;
  let at: number | undefined;
  let unit: Buffer | undefined;
  // After the length of the whole; its last byte is 0.
  for (let offset = 4; offset < bytes.byteLength - 1;) {
    const type = bytes[offset];
    const nameEnd = bytes.indexOf(0, offset + 1);
    const name = bytes.toString('latin1', offset + 1, nameEnd);
    const value = nameEnd + 1;
    if (type === types.binary) {
      // Its length, and a byte for what kind of bytes it is.
      const start = value + 5;
      offset = start + bytes.readInt32LE(value);
      if (name !== 'unit') throw unknownField(name);
      unit = bytes.subarray(start, offset);
      continue;
    }
    const number = type === types.int ? bytes.readInt32LE(value) : readLong(type, bytes, value);
    if (number === undefined) throw unknownField(name);
    offset = value + (type === types.int ? 4 : 8);
    if (name === 'record') record = number;
    else if (name === 'at') at = number;
    else throw unknownField(name);
  }
  if (record === undefined || at === undefined || unit === undefined) {
    throw new RangeError('a message lacks its place, its time or its unit');
  }
  return { record, at, unit };
}

function readLong(type: number | undefined, bytes: Buffer, at: number): number | undefined {
  if (type === types.double) return bytes.readDoubleLE(at);
  return type === types.long ? Number(bytes.readBigInt64LE(at)) : undefined;
}

function unknownField(name: string): RangeError {
  return new RangeError(`a message with an unexpected field or type: ${name}`);
}
