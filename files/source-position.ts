/** Where something stands in a text file, for people: lines and columns from 1. */

export type Position = { readonly line: number; readonly column: number };

/** The position of a UTF-16 offset. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: before.length - lineStart + 1 };
}

/** The position of a byte offset in the text's UTF-8 form, as Cedar reports it. */
export function positionAtByte(text: string, byteOffset: number): Position {
  const offset = Buffer.from(text, 'utf8').subarray(0, byteOffset).toString('utf8').length;
  return positionAt(text, offset);
}
