/** Compact JSON looked at byte by byte: for whoever finds something in it without parsing it. */

export const quote = 0x22;
export const comma = 0x2c;
export const colon = 0x3a;
export const listBegin = 0x5b;
export const listEnd = 0x5d;
export const objectEnd = 0x7d;
/** The digits follow it in their order. */
export const zero = 0x30;

/** True where these bytes stand at a place. */
export function standsAt(bytes: Uint8Array, at: number, wanted: Uint8Array): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    if (bytes[at + index] !== wanted[index]) return false;
  }
  return true;
}
