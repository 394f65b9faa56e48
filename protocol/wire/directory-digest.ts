/** One digest over a whole directory: whoever holds one and is told what has changed can see that nothing is missing. */
import { createHash } from 'node:crypto';
import type { Digest, EndpointAddress } from '../ids.ts';

const domain = Buffer.from('causeway/v1/directory\0', 'latin1');

/** The digest of an endpoint's entry, as in its leaf, and the index of that leaf. */
export type PlacedEntry = {
  readonly endpoint: EndpointAddress;
  readonly entry: Digest;
  readonly leaf: number;
};

/**
 * ```
 * SHA-256( "causeway/v1/directory\0" | (entry digest 32 | leaf index u64) × entries )     in the order of the addresses
 * ```
 * @param placed one for each endpoint, in any order
 */
export function directoryDigest(placed: Iterable<PlacedEntry>): Digest {
  const hash = createHash('sha256').update(domain);
  const sorted = [...placed].sort((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
  for (const { entry, leaf } of sorted) {
    const index = Buffer.allocUnsafe(8);
    index.writeBigUInt64BE(BigInt(leaf));
    hash.update(Buffer.from(entry, 'base64url')).update(index);
  }
  return hash.digest('base64url') as Digest;
}
