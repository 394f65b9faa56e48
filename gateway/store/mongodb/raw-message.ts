/**
 * What the order of acceptance needs of a document, out of its BSON (https://bsonspec.org): the driver takes three
 * times as long for an object of the same.
 */
import { standsAt } from '../../../protocol/json-bytes.ts';

export type RawMessage = {
  readonly record: number;
  readonly at: number;
  /** The unit, or what was packed of it, as asked for. */
  readonly bytes: Buffer | undefined;
  /** Of the envelope in the unit. */
  readonly digest: Buffer | undefined;
};

type Field = keyof RawMessage;

/** Names in documents, with the byte that ends them. */
const names = (
  [
    ['at', 'at'],
    ['_id', 'record'],
    ['record', 'record'],
    ['packed', 'bytes'],
    ['unit', 'bytes'],
    ['digest', 'digest'],
  ] as const
).map(([name, field]): { readonly bytes: Buffer; readonly field: Field } => ({
  bytes: Buffer.from(`${name}\0`),
  field,
}));
const high = 2 ** 32;

const types = { double: 0x01, binary: 0x05, int: 0x10, long: 0x12 } as const;

/**
 * @param document with a message's leaf as `record` or `_id`, `at`, perhaps `unit` with its `digest` or `packed`, and nothing else
 * @throws RangeError for anything else
 */
export function readRawMessage(document: Buffer): RawMessage {
  let record: number | undefined;
  let at: number | undefined;
  let bytes: Buffer | undefined;
  let digest: Buffer | undefined;
  // After the length of the whole; its last byte is 0.
  for (let offset = 4; offset < document.byteLength - 1;) {
    const type = document[offset];
    const name = nameAt(document, offset + 1);
    const value = offset + 1 + name.bytes.byteLength;
    if (type === types.binary) {
      // Its length, and a byte for what kind of bytes it is.
      const start = value + 5;
      offset = start + document.readInt32LE(value);
      if (name.field === 'bytes') bytes = document.subarray(start, offset);
      else if (name.field === 'digest') digest = document.subarray(start, offset);
      else throw unexpected();
      continue;
    }
    const number = type === types.int ? document.readInt32LE(value) : readLong(type, document, value);
    offset = value + (type === types.int ? 4 : 8);
    if (number !== undefined && name.field === 'record') record = number;
    else if (number !== undefined && name.field === 'at') at = number;
    else throw unexpected();
  }
  if (record === undefined || at === undefined) throw new RangeError('a message lacks its place or its time');
  return { record, at, bytes, digest };
}

function readLong(type: number | undefined, bytes: Buffer, at: number): number | undefined {
  if (type === types.double) return bytes.readDoubleLE(at);
  return type === types.long ? high * bytes.readInt32LE(at + 4) + bytes.readUInt32LE(at) : undefined;
}

function nameAt(document: Buffer, at: number): (typeof names)[number] {
  for (const name of names) if (standsAt(document, at, name.bytes)) return name;
  throw unexpected();
}

function unexpected(): RangeError {
  return new RangeError('a message with an unexpected field or type');
}
