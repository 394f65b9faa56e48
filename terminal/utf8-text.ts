/** Bytes that people hand in as text. What is not UTF-8 is refused: taken all the same, names would be spoiled silently. */
import { positionAt } from '../files/source-position.ts';
import { CausewayError } from '../protocol/errors.ts';

/**
 * The text, without a byte order mark, which some editors put first.
 * @param name the path of its file, or `-` for stdin
 * @param remedy what to do, in a sentence
 * @throws CausewayError `usage-invalid`, with the place and never the text
 */
export function decodeInput(name: string, bytes: Buffer, remedy = 'Save it as UTF-8.'): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Errors carry no cause: it would say nothing more.
    const { line, column } = placeOfFault(bytes);
    const what = name === '-' ? 'stdin' : name;
    throw new CausewayError('usage-invalid', {
      detail: `${what} is not text in UTF-8 (line ${line}, column ${column}). ${remedy}`,
    });
  }
}

/** Where the bytes are no longer those that the text, read leniently, would be written as. */
function placeOfFault(bytes: Buffer): { readonly line: number; readonly column: number } {
  const again = Buffer.from(bytes.toString('utf8'), 'utf8');
  let at = 0;
  while (at < bytes.length && bytes[at] === again[at]) at += 1;
  const before = new TextDecoder('utf-8').decode(bytes.subarray(0, at));
  return positionAt(before, before.length);
}
