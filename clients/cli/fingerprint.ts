/** Fingerprints as people read them to each other. */

/** Groups of four hexadecimal digits: `1a2b 3c4d …`. */
export function spaceFingerprint(fingerprint: string): string {
  return fingerprint.replace(/(.{4})(?=.)/g, '$1 ');
}
