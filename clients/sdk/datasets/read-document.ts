/** The document of a data set, as it comes out of a payload. */
import { CausewayError } from '../../../protocol/errors.ts';
import { hasRepeatedName } from '../../../protocol/wire/repeated-name.ts';

/**
 * Reads it strictly: of a name that stands twice in a group, one reader would show the first value and another the last.
 * @throws CausewayError `dataset-invalid`
 */
export function readDocument(body: Uint8Array): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    value = JSON.parse(text);
  } catch {
    // The parser's own words would repeat content.
    throw invalid('It is not JSON in UTF-8.');
  }
  if (hasRepeatedName(text)) throw invalid('It names a field twice in one group.');
  return value;
}

function invalid(detail: string): CausewayError {
  return new CausewayError('dataset-invalid', { detail });
}
