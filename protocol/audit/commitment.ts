/** What binds a leaf of the audit log to the body that stands outside the tree; see `leaf.ts`. */
import type { Digest } from '../ids.ts';
import { digestOf } from '../proof/merkle.ts';

/** Bytes of the salt before a body. */
export const saltBytes = 32;

/** What binds a leaf to its body. @param salted the salt and the body behind it */
export function commitmentOf(salted: Uint8Array): Digest {
  return digestOf(salted);
}
