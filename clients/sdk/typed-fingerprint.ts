/** Fingerprints as people type them. */
import { CausewayError } from '../../protocol/errors.ts';
import type { Fingerprint } from '../../protocol/ids.ts';

/** Hexadecimal digits of the fingerprint of an OpenPGP key of version 6 (RFC 9580, section 5.5.4). */
const digits = 64;

/**
 * Spaces and case do not matter. A slip of the hand must not pass for a key that has changed.
 * @throws CausewayError `request-malformed`
 */
export function typedFingerprint(text: string): Fingerprint {
  const typed = text.replace(/\s/g, '');
  if (typed.length !== digits)
    throw malformed(`A fingerprint has ${digits} characters; this one has ${typed.length}.`);
  if (!/^[0-9a-f]+$/i.test(typed))
    throw malformed('A fingerprint has the digits 0 to 9 and the letters a to f only.');
  return typed.toLowerCase() as Fingerprint;
}

function malformed(detail: string): CausewayError {
  return new CausewayError('request-malformed', { detail });
}
