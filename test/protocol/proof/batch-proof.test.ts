import { verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  maxProofBytes,
  proveBatch,
  VerifiedRoots,
  verifyBatchProof,
} from '../../../protocol/proof/batch-proof.ts';
import { hashBytes, leafHash, treeRoot } from '../../../protocol/proof/merkle.ts';
import { signedBytes, signingKeyFromRaw, verifyRoot } from '../../../protocol/proof/signing.ts';
import { flipped, refusalOf, signerFromSeed } from '../samples.ts';

const alice = signerFromSeed(1);
const bob = signerFromSeed(2);
const headerBytes = 68;

const batchOf = (size: number, name = 'envelope'): Buffer[] =>
  Array.from({ length: size }, (_, index) => Buffer.from(`{"${name}":${index}}`));

function codeOf(envelope: Buffer, proof: Buffer, verified = new VerifiedRoots()): string {
  const refusal = refusalOf(() => verifyBatchProof(envelope, proof, alice.publicKey, verified));
  return refusal?.code ?? 'accepted';
}

const refusals = ['proof-malformed', 'proof-invalid'];

describe('Batch proofs', () => {
  it('hold for every envelope of a batch of 1 to 64, with and without the root known', () => {
    for (let size = 1; size <= 64; size++) {
      const envelopes = batchOf(size);
      const verified = new VerifiedRoots();
      proveBatch(envelopes, alice).forEach((proof, index) => {
        expect(proof.length).toBeLessThanOrEqual(maxProofBytes);
        expect(codeOf(envelopes[index]!, proof, verified)).toBe('accepted');
      });
    }
    expect(codeOf(batchOf(64)[63]!, proveBatch(batchOf(64), alice)[63]!)).toBe('accepted');
  });

  it('are refused after a change of any single byte of proof or envelope, also when the root is known', () => {
    for (const size of [1, 2, 3, 7, 64]) {
      const envelopes = batchOf(size);
      const proofs = proveBatch(envelopes, alice);
      const warm = new VerifiedRoots();
      envelopes.forEach((envelope, index) =>
        verifyBatchProof(envelope, proofs[index]!, alice.publicKey, warm),
      );
      const index = Math.min(size - 1, 5);
      const [envelope, proof] = [envelopes[index]!, proofs[index]!];
      for (const mask of [0x01, 0x80, 0xff]) {
        for (let at = 0; at < proof.length; at++) {
          expect(refusals).toContain(codeOf(envelope, flipped(proof, at, mask), warm));
        }
        for (let at = 0; at < envelope.length; at++) {
          expect(codeOf(flipped(envelope, at, mask), proof, warm)).toBe('proof-invalid');
        }
      }
    }
  });

  it('are refused with a broken tail of the path while the root of their batch is known', () => {
    const envelopes = batchOf(64);
    const proofs = proveBatch(envelopes, alice);
    const warm = new VerifiedRoots();
    expect(codeOf(envelopes[10]!, proofs[10]!, warm)).toBe('accepted');
    const proof = proofs[11]!;
    for (let at = proof.length - hashBytes; at < proof.length; at++) {
      expect(codeOf(envelopes[11]!, flipped(proof, at), warm)).toBe('proof-invalid');
    }
    // The lower part of the path leads to a node that the good proof of the neighbour passes through.
    expect(codeOf(envelopes[11]!, proof.subarray(0, -hashBytes), warm)).toBe('proof-malformed');
    expect(codeOf(envelopes[11]!, proof, warm)).toBe('accepted');
  });

  it('do not carry over to another batch, another envelope or another key', () => {
    const [first, second] = [batchOf(8), batchOf(8, 'other')];
    const [proofs, others] = [proveBatch(first, alice), proveBatch(second, alice)];
    const warm = new VerifiedRoots();
    verifyBatchProof(first[3]!, proofs[3]!, alice.publicKey, warm);
    verifyBatchProof(second[3]!, others[3]!, alice.publicKey, warm);
    expect(codeOf(first[3]!, others[3]!, warm)).toBe('proof-invalid');
    expect(codeOf(first[2]!, proofs[3]!, warm)).toBe('proof-invalid');
    const mixed = Buffer.concat([others[3]!.subarray(0, 64), proofs[3]!.subarray(64)]);
    expect(codeOf(first[3]!, mixed, warm)).toBe('proof-invalid');
    expect(codeOf(first[3]!, proveBatch(first, bob)[3]!, warm)).toBe('proof-invalid');
  });

  it('are refused when the size under the signature is another, although path and root fit', () => {
    const envelopes = batchOf(3);
    const leaves = envelopes.map(leafHash);
    const signature = alice.signRoot('envelopes', 4, treeRoot(leaves));
    const proof = Buffer.concat([signature, Buffer.of(0, 0, 0, 3), leaves[1]!, leaves[2]!]);
    expect(codeOf(envelopes[0]!, proof)).toBe('proof-invalid');
  });

  it('are refused when the signature was made for receipts', () => {
    const [envelope] = batchOf(1);
    const leaf = leafHash(envelope!);
    const signature = alice.signRoot('receipts', 1, leaf);
    expect(verifyRoot('receipts', 1, leaf, signature, alice.publicKey)).toBe(true);
    expect(codeOf(envelope!, Buffer.concat([signature, Buffer.of(0, 0, 0, 1)]))).toBe('proof-invalid');
  });

  it('are malformed when too short, too long, of size 0 or above 64, or with an index outside', () => {
    const [envelope] = batchOf(1);
    const proof = proveBatch([envelope!], alice)[0]!;
    const withNumbers = (index: number, size: number, hashes: number): Buffer => {
      const bytes = Buffer.concat([proof.subarray(0, headerBytes), Buffer.alloc(hashes * hashBytes)]);
      bytes.writeUInt16BE(index, 64);
      bytes.writeUInt16BE(size, 66);
      return bytes;
    };
    const bad = [
      Buffer.alloc(0),
      proof.subarray(0, headerBytes - 1),
      Buffer.concat([proof, Buffer.alloc(1)]),
      Buffer.alloc(maxProofBytes + 1),
      withNumbers(0, 0, 0),
      withNumbers(0, 65, 6),
      withNumbers(0, 65_535, 6),
      withNumbers(1, 1, 0),
      withNumbers(64, 64, 6),
      withNumbers(0, 1, 1),
      withNumbers(0, 2, 0),
    ];
    for (const bytes of bad) expect(codeOf(envelope!, bytes)).toBe('proof-malformed');
  });

  it('never throw anything but proof-malformed and proof-invalid for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 100 }), (proof, envelope) => {
        expect(refusals).toContain(codeOf(Buffer.from(envelope), Buffer.from(proof)));
      }),
      { numRuns: 500 },
    );
  });

  it('are made for 1 to 64 envelopes only', () => {
    expect(() => proveBatch([], alice)).toThrow(RangeError);
    expect(() => proveBatch(batchOf(65), alice)).toThrow(RangeError);
  });
});

describe('The memory of verified roots', () => {
  it('forgets the oldest first and never grows above its capacity', () => {
    const roots = new VerifiedRoots(2);
    for (const name of ['a', 'b', 'c']) roots.add(name);
    expect(['a', 'b', 'c'].map((name) => roots.has(name))).toEqual([false, true, true]);
  });
});

describe('Signing keys', () => {
  it('are named by the SHA-256 of the raw public key and sign domain, size and root', () => {
    expect(alice.keyId).toBe(alice.publicKey.keyId);
    expect(alice.keyId).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const root = Buffer.alloc(32, 9);
    const bytes = signedBytes('envelopes', 2, root);
    expect(bytes.toString('latin1', 0, 22)).toBe('causeway/v1/envelopes\0');
    expect(bytes.subarray(22).toString('hex')).toBe(`00000002${'09'.repeat(32)}`);
    expect(verify(null, bytes, alice.publicKey.key, alice.signRoot('envelopes', 2, root))).toBe(true);
  });

  it('have 32 bytes, and a private key of another kind is refused', () => {
    expect(() => signingKeyFromRaw(Buffer.alloc(31))).toThrow(RangeError);
    expect(alice.publicKey.raw).toHaveLength(32);
  });

  it('of small order verify nothing, so that no key fits every signature', () => {
    const identity = Buffer.alloc(32);
    identity[0] = 1;
    const signature = Buffer.concat([identity, Buffer.alloc(32)]);
    const key = signingKeyFromRaw(identity);
    expect(verifyRoot('envelopes', 1, Buffer.alloc(32), signature, key)).toBe(false);
  });
});
