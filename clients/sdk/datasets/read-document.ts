/** The document of a data set, as it comes out of a payload. */
import { parseLaidOutJson } from '../../../protocol/wire/laid-out-json.ts';

/**
 * Reads it strictly: of a name that stands twice in a group, one reader would show the first value and another the last.
 * @throws CausewayError `dataset-invalid`
 */
export function readDocument(body: Uint8Array): unknown {
  return parseLaidOutJson(body, 'dataset-invalid', 'It names a field twice in one group.');
}
