/** JSON in UTF-8 with white space and escapes as whoever wrote it likes, which no two parsers may read differently. */
import { CausewayError, type ErrorCode } from '../errors.ts';
import { hasRepeatedName } from './repeated-name.ts';

/**
 * Errors carry no cause: the engine's own words quote the text.
 * @param repeated what to say where a name stands twice in an object
 * @throws CausewayError with the given code
 */
export function parseLaidOutJson(
  bytes: Uint8Array,
  code: ErrorCode,
  repeated = 'A name stands twice in one object.',
): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new CausewayError(code, { detail: 'It is not JSON in UTF-8.' });
  }
  if (hasRepeatedName(text)) throw new CausewayError(code, { detail: repeated });
  return value;
}
