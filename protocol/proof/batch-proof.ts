/**
 * Batch proofs: each envelope of a signed batch stands alone with its own path.
 *
 * ```
 * proof   Ed25519 signature 64 | index u16 | size u16 | path 32 × k      (k follows from index and size)
 * ```
 */
import { CausewayError } from '../errors.ts';
import { limits } from '../limits.ts';
import { hashBytes, leafHash, pathLength, rootFromPath } from './merkle.ts';
import { signatureBytes, verifyRoot, type BatchSigner, type SigningKey } from './signing.ts';
import { SmallTree } from './small-tree.ts';

const headerBytes = signatureBytes + 4;

/** The longest proof: a batch of 64 has paths of six hashes. */
export const maxProofBytes = headerBytes + pathLength(0, limits.maxBatch) * hashBytes;

/** Signs 1 to 64 envelopes together and gives each its proof, in order. */
export function proveBatch(envelopes: readonly Uint8Array[], signer: BatchSigner): Buffer[] {
  const size = envelopes.length;
  if (size < 1 || size > limits.maxBatch)
    throw new RangeError(`a batch has 1 to ${limits.maxBatch} envelopes`);
  const tree = new SmallTree(envelopes);
  const proofs: Buffer[] = [];
  eachProof(tree, size, signer.signRoot('envelopes', size, tree.root), (proof) => {
    proofs.push(Buffer.from(proof));
  });
  return proofs;
}

/**
 * Makes the proofs of a batch one after the other.
 * @param told gets each, good until it returns; where that is false, no more are made
 * @returns false where it was ended so
 */
function eachProof(
  tree: SmallTree,
  size: number,
  signature: Uint8Array,
  told: (proof: Buffer, index: number) => boolean | undefined,
): boolean {
  const proof = Buffer.allocUnsafe(maxProofBytes);
  proof.set(signature, 0);
  proof.writeUInt16BE(size, signatureBytes + 2);
  return tree.eachPath(proof, headerBytes, (index, pathBytes) => {
    proof.writeUInt16BE(index, signatureBytes);
    return told(proof.subarray(0, headerBytes + pathBytes), index);
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

/** An envelope with its proof. */
export type ProvenEnvelope = { readonly envelope: Uint8Array; readonly proof: Buffer };

/**
 * The members of whole batches among these, each batch checked with one tree in place of a path for every member.
 *
 * A batch counts when all of its members stand here one behind the other, its tree gives exactly the paths that
 * their proofs hold, byte for byte, and the key signed its root. Whatever is left out of the result is not wrong:
 * it is to be checked by itself with {@link verifyBatchProof}, which also says what is wrong with it.
 */
export function findWholeBatches<T extends ProvenEnvelope>(
  members: readonly T[],
  key: SigningKey,
  verified: VerifiedRoots,
): ReadonlySet<T> {
  const proven = new Set<T>();
  for (let from = 0; from < members.length;) {
    const proof = members[from]?.proof;
    const size =
      proof !== undefined && proof.byteLength >= headerBytes ? proof.readUInt16BE(signatureBytes + 2) : 0;
    const batch = members.slice(from, from + size);
    if (size < 2 || size > limits.maxBatch || batch.length < size || !isWholeBatch(batch, key, verified)) {
      from++;
      continue;
    }
    for (const member of batch) proven.add(member);
    from += size;
  }
  return proven;
}

function isWholeBatch(batch: readonly ProvenEnvelope[], key: SigningKey, verified: VerifiedRoots): boolean {
  const signature = batch[0]?.proof.subarray(0, signatureBytes);
  if (
    signature === undefined ||
    !batch.every(({ proof }, index) => isMember(proof, index, batch.length, signature))
  ) {
    return false;
  }
  const tree = new SmallTree(batch.map(({ envelope }) => envelope));
  const isAsExpected = eachProof(
    tree,
    batch.length,
    signature,
    (proof, index) => batch[index]?.proof.equals(proof) === true,
  );
  return isAsExpected && isRootSigned(tree.root, batch.length, signature, key, verified);
}

/** The cheap part, before anything is hashed: does this proof claim that place in that batch? */
function isMember(proof: Buffer, index: number, size: number, signature: Buffer): boolean {
  return (
    proof.byteLength === headerBytes + pathLength(index, size) * hashBytes &&
    proof.readUInt16BE(signatureBytes) === index &&
    proof.readUInt16BE(signatureBytes + 2) === size &&
    proof.subarray(0, signatureBytes).equals(signature)
  );
}

function isRootSigned(
  root: Buffer,
  size: number,
  signature: Buffer,
  key: SigningKey,
  verified: VerifiedRoots,
): boolean {
  const name = `${key.keyId}${size}${root.toString('latin1')}${signature.toString('latin1')}`;
  if (verified.has(name)) return true;
  if (!verifyRoot('envelopes', size, root, signature, key)) return false;
  verified.add(name);
  return true;
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
  if (!isRootSigned(root, size, signature, key, verified)) throw new CausewayError('proof-invalid');
}
