/** Fingerprints as people read them to each other. */
import { InvalidArgumentError } from 'commander';

/** Hexadecimal digits of the fingerprint of an OpenPGP key of version 6 (RFC 9580, section 5.5.4). */
const digits = 64;

/** Groups of four hexadecimal digits: `1a2b 3c4d …`. */
export function spaceFingerprint(fingerprint: string): string {
  return fingerprint.replace(/(.{4})(?=.)/g, '$1 ');
}

/** What somebody has typed: spaces and case do not matter. A slip of the hand must not pass for a key that has changed. */
export function typedFingerprint(text: string): string {
  const typed = text.replace(/\s/g, '');
  if (typed.length !== digits)
    throw new InvalidArgumentError(`A fingerprint has ${digits} characters; this one has ${typed.length}.`);
  if (!/^[0-9a-f]+$/i.test(typed))
    throw new InvalidArgumentError('A fingerprint has the digits 0 to 9 and the letters a to f only.');
  return typed.toLowerCase();
}
