import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signatureBytes } from '../../../protocol/proof/signing.ts';
import { encodeReceipt } from '../../../protocol/wire/receipt.ts';
import {
  decodeReceiptFrame,
  decodeReceiptGroup,
  encodeReceiptFrame,
  signReceiptGroup,
  verifyReceiptGroup,
} from '../../../protocol/wire/receipt-group.ts';
import { flipped, refusalOf, sampleReceipt, sender, signerFromSeed } from '../samples.ts';

const signer = signerFromSeed(3);
const receiptsOf = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, index) => encodeReceipt(sampleReceipt({ at: 1_000 + index })));

function codeOf(group: Buffer, key = signer.publicKey): string {
  return refusalOf(() => verifyReceiptGroup(decodeReceiptGroup(group), key))?.code ?? 'accepted';
}

const refusals = ['receipt-malformed', 'receipt-invalid'];

describe('Receipt groups', () => {
  it('come back with every receipt, for 1 to 256 receipts', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), (count) => {
        const receipts = receiptsOf(count);
        const group = decodeReceiptGroup(signReceiptGroup(receipts, signer));
        expect(group.leaves).toEqual(receipts);
        expect(group.receipts.map(({ at }) => at)).toEqual(receipts.map((_, index) => 1_000 + index));
        expect(group.issuer).toBe(sampleReceipt().issuer);
        verifyReceiptGroup(group, signer.publicKey);
      }),
      { numRuns: 20 },
    );
    expect(codeOf(signReceiptGroup(receiptsOf(256), signer))).toBe('accepted');
    expect(() => signReceiptGroup([], signer)).toThrow(RangeError);
    expect(() => signReceiptGroup(receiptsOf(257), signer)).toThrow(RangeError);
  });

  it('are refused after a change of any single byte', () => {
    for (const count of [1, 2, 5]) {
      const group = signReceiptGroup(receiptsOf(count), signer);
      for (const mask of [0x01, 0x80, 0xff]) {
        for (let at = 0; at < group.length; at++)
          expect(refusals).toContain(codeOf(flipped(group, at, mask)));
      }
    }
  });

  it('are refused when cut anywhere, and when bytes follow', () => {
    const group = signReceiptGroup(receiptsOf(2), signer);
    for (let length = 0; length < group.length; length++) {
      expect(codeOf(group.subarray(0, length))).toBe('receipt-malformed');
    }
    expect(codeOf(Buffer.concat([group, Buffer.alloc(1)]))).toBe('receipt-malformed');
  });

  it('are refused when a receipt is left out, doubled or moved', () => {
    const receipts = receiptsOf(3);
    const signature = signReceiptGroup(receipts, signer).subarray(2, 2 + signatureBytes);
    const forge = (order: number[]): Buffer => {
      const group = signReceiptGroup(
        order.map((index) => receipts[index]!),
        signer,
      );
      group.set(signature, 2);
      return group;
    };
    expect(codeOf(forge([0, 1, 2]))).toBe('accepted');
    for (const order of [[0, 1], [0, 1, 2, 2], [1, 0, 2], [0]]) {
      expect(codeOf(forge(order))).toBe('receipt-invalid');
    }
  });

  it('are refused with another key, and with a signature made for envelopes', () => {
    const receipts = receiptsOf(1);
    expect(codeOf(signReceiptGroup(receipts, signer), signerFromSeed(4).publicKey)).toBe('receipt-invalid');
    const asEnvelopes = signReceiptGroup(receipts, {
      keyId: signer.keyId,
      signRoot: (_domain, size, root) => signer.signRoot('envelopes', size, root),
    });
    expect(codeOf(asEnvelopes)).toBe('receipt-invalid');
  });

  it('have one issuer', () => {
    const mixed = [sampleReceipt(), sampleReceipt({ issuer: sender })].map(encodeReceipt);
    expect(codeOf(signReceiptGroup(mixed, signer))).toBe('receipt-malformed');
  });

  it('are refused when their count is another, 0 or above 256', () => {
    for (const count of [0, 1, 3, 257, 65_535]) {
      const group = signReceiptGroup(receiptsOf(2), signer);
      group.writeUInt16BE(count, 0);
      expect(codeOf(group)).toBe('receipt-malformed');
    }
  });

  it('never throw anything but receipt-malformed and receipt-invalid for random bytes', () => {
    const head = signReceiptGroup(receiptsOf(1), signer).subarray(0, 2 + signatureBytes);
    const bytes = fc.uint8Array({ maxLength: 300, size: 'max' }).map((bytes) => Buffer.from(bytes));
    const headed = bytes.map((rest) => Buffer.concat([head, rest]));
    fc.assert(
      fc.property(fc.oneof(bytes, headed), (bytes) => {
        expect(refusals).toContain(codeOf(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('Receipt frames', () => {
  it('carry a position and a group', () => {
    const group = signReceiptGroup(receiptsOf(2), signer);
    fc.assert(
      fc.property(fc.maxSafeNat(), (position) => {
        const frame = encodeReceiptFrame(position, group);
        expect(frame[0]).toBe(3);
        expect(decodeReceiptFrame(frame)).toEqual({ position, group });
      }),
    );
  });

  it('are refused when too short, of another kind, or with a position beyond 2^53', () => {
    const frame = encodeReceiptFrame(1, signReceiptGroup(receiptsOf(1), signer));
    const cut = (length: number): string | undefined =>
      refusalOf(() => decodeReceiptFrame(frame.subarray(0, length)))?.code;
    for (let length = 0; length < 9 + 2 + signatureBytes; length++)
      expect(cut(length)).toBe('frame-malformed');
    for (const kind of [0, 1, 2, 4, 255]) {
      const other = Buffer.from(frame);
      other[0] = kind;
      expect(refusalOf(() => decodeReceiptFrame(other))?.code).toBe('frame-malformed');
    }
    const far = Buffer.from(frame);
    far.writeBigUInt64BE(2n ** 53n, 1);
    expect(refusalOf(() => decodeReceiptFrame(far))?.code).toBe('frame-malformed');
  });

  it('never throw anything but frame-malformed for random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), (bytes) => {
        const code = refusalOf(() => decodeReceiptFrame(Buffer.from(bytes)))?.code;
        expect([undefined, 'frame-malformed']).toContain(code);
      }),
      { numRuns: 1000 },
    );
  });
});
