import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  findWholeBatches,
  proveBatch,
  verifyBatchProof,
  VerifiedRoots,
} from '../../../protocol/proof/batch-proof.ts';
import { batchSigner } from '../../../protocol/proof/signing.ts';

function newSigner() {
  const { privateKey } = generateKeyPairSync('ed25519');
  return batchSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
}

const signer = newSigner();

function members(size: number, name = 'envelope'): { envelope: Buffer; proof: Buffer }[] {
  const envelopes = Array.from({ length: size }, (_, index) => Buffer.from(`${name} ${index} of ${size}`));
  const proofs = proveBatch(envelopes, signer);
  return envelopes.map((envelope, index) => ({ envelope, proof: proofs[index]! }));
}

function verifiesAlone({ envelope, proof }: { envelope: Buffer; proof: Buffer }): boolean {
  try {
    verifyBatchProof(envelope, proof, signer.publicKey, new VerifiedRoots());
    return true;
  } catch {
    return false;
  }
}

describe('finding whole batches', () => {
  it('proves every member of a batch of any size from two, and of several batches in a row', () => {
    for (let size = 2; size <= 64; size++) {
      const batch = members(size);
      expect(findWholeBatches(batch, signer.publicKey, new VerifiedRoots()).size).toBe(size);
    }
    const row = [...members(3, 'a'), ...members(1, 'b'), ...members(64, 'c'), ...members(2, 'd')];
    const proven = findWholeBatches(row, signer.publicKey, new VerifiedRoots());
    expect(row.filter((member) => !proven.has(member))).toEqual([row[3]]);
  });

  it('leaves out batches that are cut, reordered or interrupted', () => {
    const batch = members(8);
    const stranger = members(2, 'other')[0]!;
    for (const broken of [
      batch.slice(1),
      batch.slice(0, -1),
      batch.toReversed(),
      [...batch.slice(0, 4), stranger, ...batch.slice(4)],
    ]) {
      expect(findWholeBatches(broken, signer.publicKey, new VerifiedRoots()).size).toBe(0);
    }
  });

  it('leaves out batches that another key signed', () => {
    expect(findWholeBatches(members(8), newSigner().publicKey, new VerifiedRoots()).size).toBe(0);
  });

  it('never proves what does not verify alone, whatever byte is changed, also when the root is known', () => {
    const verified = new VerifiedRoots();
    expect(findWholeBatches(members(8), signer.publicKey, verified).size).toBe(8);
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.boolean(),
        fc.integer({ min: 1, max: 255 }),
        (which, where, inProof, flip) => {
          const batch = members(8);
          const member = batch[which % 8]!;
          const part = inProof ? 'proof' : 'envelope';
          const changed = Buffer.from(member[part]);
          changed[where % changed.length]! ^= flip;
          batch[which % 8] = { ...member, [part]: changed };
          expect(verifiesAlone(batch[which % 8]!)).toBe(false);
          expect(findWholeBatches(batch, signer.publicKey, verified).size).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes any bytes for proofs without throwing', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (proofs) => {
        const batch = proofs.map((proof) => ({ envelope: Buffer.from('x'), proof: Buffer.from(proof) }));
        expect(findWholeBatches(batch, signer.publicKey, new VerifiedRoots()).size).toBe(0);
      }),
    );
  });
});
