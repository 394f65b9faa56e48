/**
 * Compact JSON: text that stays the same when it is parsed and printed again.
 *
 * So it has no white space, no name twice in an object, no escape that is not needed, no number in an unusual
 * form, and no two parsers can read it differently.
 */
import { CausewayError, type ErrorCode } from '../errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const notJson = 'It is not JSON in UTF-8.';

/**
 * Parses compact JSON in UTF-8. Errors carry no cause: the engine's own words quote the text.
 * @throws CausewayError with the given code
 */
export function parseCompactJson(bytes: Uint8Array, code: ErrorCode): unknown {
  return parseCompactText(decodeText(bytes, code), code);
}

/** Decodes UTF-8 strictly. @throws CausewayError with the given code */
export function decodeText(bytes: Uint8Array, code: ErrorCode): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new CausewayError(code, { detail: notJson });
  }
}

/** Parses compact JSON. @throws CausewayError with the given code */
export function parseCompactText(text: string, code: ErrorCode): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CausewayError(code, { detail: notJson });
  }
  if (printAgain(value) !== text) {
    throw new CausewayError(code, {
      detail: 'Its JSON is not compact: white space, a repeated name, an unusual escape or deep nesting.',
    });
  }
  // Objects treat this one name apart, and schemas with open names would let it pass.
  if (text.includes('"__proto__"')) {
    throw new CausewayError(code, { detail: 'It uses the reserved name __proto__.' });
  }
  return value;
}

/** Printing recurses where parsing does not: a document of thousands of brackets cannot be printed. */
function printAgain(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
}
