/** Whose cosignatures an endpoint asks for before it believes a checkpoint of the audit log. */
import { CausewayError, isCausewayError } from '../../../protocol/errors.ts';
import { parseVerifierKey, signatureTypes } from '../../../protocol/proof/verifier-key.ts';
import { openHome, replaceWitnesses, type WitnessTrust } from '../home.ts';

/**
 * Names the witnesses of a home anew. They count from the next start of a client; what was verified before stays.
 * @param witnesses verifier keys, as you heard from their owners
 * @param witnessesNeeded how many of them must have cosigned a checkpoint
 * @throws CausewayError `request-malformed`, `home-invalid`
 */
export async function trustWitnesses(
  home: string,
  witnesses: readonly string[],
  witnessesNeeded: number,
): Promise<void> {
  await replaceWitnesses(await openHome(home), checkWitnesses(witnesses, witnessesNeeded));
}

/** @throws CausewayError `request-malformed` where a key is none, stands twice, or fewer are known than are needed */
export function checkWitnesses(witnesses: readonly string[], witnessesNeeded: number): WitnessTrust {
  const names = witnesses.map(nameOf);
  const isCount = Number.isInteger(witnessesNeeded) && witnessesNeeded >= 0;
  if (!isCount || witnessesNeeded > witnesses.length) {
    throw malformed(`Of ${witnesses.length} witnesses, ${witnessesNeeded} cannot be needed.`);
  }
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw malformed(`The witness ${twice} is named twice.`);
  return { witnesses: [...witnesses], witnessesNeeded };
}

function nameOf(key: string): string {
  try {
    const { name, type } = parseVerifierKey(key);
    // A log's own key would let the log be its own witness.
    if (type === signatureTypes.cosignature) return name;
  } catch (cause) {
    if (!isCausewayError(cause)) throw cause;
    throw malformed('A witness is named by its verifier key: name+hash+key.', cause);
  }
  throw malformed('This is the verifier key of a log, not that of a witness.');
}

function malformed(detail: string, cause?: unknown): CausewayError {
  return new CausewayError('request-malformed', { detail, cause });
}
