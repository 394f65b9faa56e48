/** UUIDs as text and as bytes. Apart from the schemas, for threads that check nothing and so need not load them. */
import type { MessageId } from './ids.ts';

/** Byte → its two hexadecimal digits; digit's character code → its value. Ids are converted for every message. */
const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const valueOfDigit = new Uint8Array(128);
for (let value = 0; value < 16; value++) valueOfDigit[value.toString(16).charCodeAt(0)] = value;
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

/** The UUID whose 16 bytes stand at `offset`. */
export function uuidFromBytes(bytes: Uint8Array, offset = 0): MessageId {
  let text = '';
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-';
    text += hexOfByte[bytes[offset + index] ?? 0] ?? '';
  }
  return text as MessageId;
}
