/** An error that a gateway reports by its code. */
import { CausewayError, errorCodes } from '../../protocol/errors.ts';

const maxDetailCharacters = 2_000;

/** A code that is not in the catalogue comes from a gateway of a later version: it is `error-unknown`, and told as it is. */
export function reportedError(code: string, detail: string | undefined): CausewayError {
  const words = detail?.slice(0, maxDetailCharacters);
  const known = errorCodes.find((name) => name === code);
  if (known !== undefined) return new CausewayError(known, { detail: words === '' ? undefined : words });
  const said = words === undefined || words === '' ? '' : ` The gateway says: ${words}`;
  return new CausewayError('error-unknown', { detail: `Its code is ${code}.${said}` });
}
