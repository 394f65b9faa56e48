/**
 * Batch proofs: each envelope of a signed batch stands alone with its own path.
 *
 * ```
 * proof   Ed25519 signature 64 | index u16 | size u16 | path 32 × k      (k follows from index and size)
 * ```
 */
import { CausewayError } from '../errors.ts';
import { limits } from '../wire/limits.ts';
import { buildTree, hashBytes, leafHash, pathLength, rootFromPath } from './merkle.ts';
import { signatureBytes, verifyRoot, type BatchSigner, type SigningKey } from './signing.ts';

const headerBytes = signatureBytes + 4;

/** The longest proof: a batch of 64 has paths of six hashes. */
export const maxProofBytes = headerBytes + pathLength(0, limits.maxBatch) * hashBytes;

/** Signs 1 to 64 envelopes together and gives each its proof, in order. */
export function proveBatch(envelopes: readonly Uint8Array[], signer: BatchSigner): Buffer[] {
  const size = envelopes.length;
  if (size < 1 || size > limits.maxBatch)
    throw new RangeError(`a batch has 1 to ${limits.maxBatch} envelopes`);
  const { root, paths } = buildTree(envelopes.map(leafHash));
  const signature = signer.signRoot('envelopes', size, root);
  return paths.map((path, index) => {
    const proof = Buffer.allocUnsafe(headerBytes + path.length * hashBytes);
    proof.set(signature, 0);
    proof.writeUInt16BE(index, signatureBytes);
    proof.writeUInt16BE(size, signatureBytes + 2);
    path.forEach((hash, step) => proof.set(hash, headerBytes + step * hashBytes));
    return proof;
  });
}

/**
 * Remembers which roots a key's signature has been seen to cover, so that a batch costs one verification.
 *
 * Only whole signed roots are kept. A cache of inner nodes would let an envelope through whose path is
 * right at the bottom and broken further up.
 */
export class VerifiedRoots {
  readonly #seen = new Set<string>();
  readonly #capacity: number;

  constructor(capacity = 256) {
    this.#capacity = capacity;
  }

  has(name: string): boolean {
    return this.#seen.has(name);
  }

  add(name: string): void {
    if (this.#seen.size >= this.#capacity) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    this.#seen.add(name);
  }
}

/**
 * Checks that `proof` ties `envelope` to a signature of `key`.
 * @throws CausewayError `proof-malformed` when it does not parse, `proof-invalid` when it does not verify
 */
export function verifyBatchProof(
  envelope: Uint8Array,
  proof: Buffer,
  key: SigningKey,
  verified: VerifiedRoots,
): void {
  if (proof.byteLength < headerBytes || proof.byteLength > maxProofBytes) {
    throw new CausewayError('proof-malformed', { detail: 'Its length is impossible.' });
  }
  const index = proof.readUInt16BE(signatureBytes);
  const size = proof.readUInt16BE(signatureBytes + 2);
  if (size < 1 || size > limits.maxBatch || index >= size) {
    throw new CausewayError('proof-malformed', { detail: 'Its index or size is out of range.' });
  }
  const root = rootFromPath(leafHash(envelope), index, size, proof.subarray(headerBytes));
  if (root === undefined) {
    throw new CausewayError('proof-malformed', { detail: 'Its path does not fit its index and size.' });
  }
  const signature = proof.subarray(0, signatureBytes);
  const name = `${key.keyId}${size}${root.toString('latin1')}${signature.toString('latin1')}`;
  if (verified.has(name)) return;
  if (!verifyRoot('envelopes', size, root, signature, key)) throw new CausewayError('proof-invalid');
  verified.add(name);
}
