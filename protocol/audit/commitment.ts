/** What binds a leaf of the audit log to the body that stands outside the tree; see `leaf.ts`. */
import type { Digest } from '../ids.ts';
import { digestOf } from '../proof/merkle.ts';

/** Bytes of the salt before a body. */
export const saltBytes = 32;

/** What binds a leaf to its body. @param salted the salt and the body behind it */
export function commitmentOf(salted: Uint8Array): Digest {
  return digestOf(salted);
}

/** The salt that a text stands for, in base64url; undefined where it is not the one text that stands for its bytes. */
export function decodeSalt(text: string): Buffer | undefined {
  const salt = Buffer.from(text, 'base64url');
  return salt.byteLength === saltBytes && salt.toString('base64url') === text ? salt : undefined;
}
