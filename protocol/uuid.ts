/** UUIDs as text and as bytes. Apart from the schemas, for threads that check nothing and so need not load them. */
import type { MessageId } from './ids.ts';

/** Digit's character code → its value; byte → the character codes of its two digits. Ids are converted for every message. */
const valueOfDigit = new Uint8Array(128);
for (let value = 0; value < 16; value++) valueOfDigit[value.toString(16).charCodeAt(0)] = value;
const digitsOfByte = Buffer.from(
  Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join(''),
);
/** Where the first digit of each byte stands in a UUID's text. */
const digitOffsets = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** The 16 bytes of a UUID. */
export function uuidToBytes(uuid: MessageId): Buffer {
  const bytes = Buffer.allocUnsafe(16);
  for (let index = 0; index < 16; index++) {
    const at = digitOffsets[index] ?? 0;
    const high = valueOfDigit[uuid.charCodeAt(at)] ?? 0;
    const low = valueOfDigit[uuid.charCodeAt(at + 1)] ?? 0;
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

/** Where texts are written: one that is read from bytes is one piece, and cheaper as the key of a map than one of joined pieces. */
const text = Buffer.alloc(36, '-');

/** The UUID whose 16 bytes stand at `offset`. */
export function uuidFromBytes(bytes: Uint8Array, offset = 0): MessageId {
  for (let index = 0; index < 16; index++) {
    const at = digitOffsets[index] ?? 0;
    const digits = 2 * (bytes[offset + index] ?? 0);
    text[at] = digitsOfByte[digits] ?? 0;
    text[at + 1] = digitsOfByte[digits + 1] ?? 0;
  }
  return text.toString('latin1') as MessageId;
}
