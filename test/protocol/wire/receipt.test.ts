import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { acceptedDetail, refusedDetail } from '../../../protocol/wire/receipt-detail.ts';
import {
  decodeReceipt,
  encodeReceipt,
  receiptKinds,
  unreadableId,
  type Receipt,
  type ReceiptKind,
} from '../../../protocol/wire/receipt.ts';
import { messageId, recipient, refusalOf, sampleReceipt, sender } from '../samples.ts';

const name = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,10}[a-z0-9])?$/);
const address = fc.tuple(name, name).map(([agency, endpoint]) => `${agency}/${endpoint}` as EndpointAddress);
const receipt: fc.Arbitrary<Receipt> = fc
  .record({
    kind: fc.constantFrom(...(Object.keys(receiptKinds) as ReceiptKind[])),
    message: fc.oneof(
      fc.uuid({ version: 7 }).map((id) => id as MessageId),
      fc.constant(unreadableId),
    ),
    envelopeDigest: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
    at: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
    issuer: address,
    recipient: fc.oneof(address, fc.constant('' as const)),
    detail: fc.string({ unit: 'grapheme', maxLength: 200 }),
  })
  .map((receipt) =>
    receipt.kind === 'accepted' || receipt.kind === 'refused' ? receipt : { ...receipt, detail: '' },
  );

const codeOf = (call: () => unknown): string => refusalOf(call)?.code ?? 'accepted';

describe('Receipts', () => {
  it('come back as they were, and their bytes too', () => {
    fc.assert(
      fc.property(receipt, (receipt) => {
        const bytes = encodeReceipt(receipt);
        expect(decodeReceipt(bytes)).toEqual(receipt);
        expect(encodeReceipt(decodeReceipt(bytes))).toEqual(bytes);
      }),
    );
  });

  it('are read alike, whoever spoke in those that were read before', () => {
    const few = fc.constantFrom('a/b', 'a/bc', 'ab/c', 'abc/d') as fc.Arbitrary<EndpointAddress>;
    const alike = fc
      .record({ issuer: few, recipient: fc.oneof(few, fc.constant('' as const)) })
      .map((parties) => ({ ...sampleReceipt(), ...parties }));
    fc.assert(
      fc.property(fc.array(alike, { minLength: 2, maxLength: 20 }), (receipts) => {
        expect(receipts.map(encodeReceipt).map(decodeReceipt)).toEqual(receipts);
      }),
    );
  });

  it('are read in one way only: bytes that are accepted are those that writing them again gives', () => {
    const whole = encodeReceipt(sampleReceipt({ kind: 'refused', detail: '{"code":"key-changed"}' }));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        if (codeOf(() => decodeReceipt(changed)) === 'accepted') {
          expect(encodeReceipt(decodeReceipt(changed))).toEqual(changed);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused when cut anywhere, and when bytes follow', () => {
    const bytes = encodeReceipt(sampleReceipt({ kind: 'refused', detail: '{}' }));
    for (let length = 0; length < bytes.length; length++) {
      expect(codeOf(() => decodeReceipt(bytes.subarray(0, length)))).toBe('receipt-malformed');
    }
    expect(codeOf(() => decodeReceipt(Buffer.concat([bytes, Buffer.alloc(1)])))).toBe('receipt-malformed');
  });

  it('are refused with an unknown kind, a strange id, a time beyond calendars or a bad address', () => {
    const spoil = (change: (bytes: Buffer) => void, receipt = sampleReceipt()): string => {
      const bytes = encodeReceipt(receipt);
      change(bytes);
      return codeOf(() => decodeReceipt(bytes));
    };
    expect(spoil(() => undefined)).toBe('accepted');
    expect(spoil((bytes) => (bytes[0] = 0))).toBe('receipt-malformed');
    expect(spoil((bytes) => (bytes[0] = 6))).toBe('receipt-malformed');
    expect(spoil((bytes) => (bytes[1 + 6] = 0x40))).toBe('receipt-malformed');
    expect(spoil((bytes) => (bytes[1 + 8] = 0x00))).toBe('receipt-malformed');
    expect(spoil((bytes) => bytes.fill(0xff, 49, 57))).toBe('receipt-malformed');
    expect(spoil((bytes) => (bytes[58] = 0x41))).toBe('receipt-malformed');
    expect(spoil((bytes) => (bytes[bytes.length - 3] = 0x20))).toBe('receipt-malformed');
    const noIssuer = encodeReceipt({ ...sampleReceipt(), issuer: '' as EndpointAddress });
    expect(codeOf(() => decodeReceipt(noIssuer))).toBe('receipt-malformed');
  });

  it('have a detail only where it has a meaning, in UTF-8', () => {
    for (const kind of ['delivered', 'stored', 'expired'] as const) {
      const bytes = encodeReceipt(sampleReceipt({ kind, detail: '{}' }));
      expect(codeOf(() => decodeReceipt(bytes))).toBe('receipt-malformed');
    }
    const bytes = encodeReceipt(sampleReceipt({ kind: 'accepted', detail: '{}' }));
    bytes[bytes.length - 1] = 0xff;
    expect(codeOf(() => decodeReceipt(bytes))).toBe('receipt-malformed');
  });

  it('never throw anything but receipt-malformed for random bytes', () => {
    const head = encodeReceipt(sampleReceipt()).subarray(0, 58);
    const bytes = fc.uint8Array({ maxLength: 200, size: 'max' }).map((bytes) => Buffer.from(bytes));
    const headed = bytes.map((rest) => Buffer.concat([head, rest]));
    fc.assert(
      fc.property(fc.oneof(bytes, headed), (bytes) => {
        expect(['accepted', 'receipt-malformed']).toContain(codeOf(() => decodeReceipt(bytes)));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('Details of receipts', () => {
  it('tell who is listening and why something was refused', () => {
    const accepted = { record: 12, listening: [recipient], away: [sender] };
    expect(acceptedDetail(sampleReceipt({ kind: 'accepted', detail: JSON.stringify(accepted) }))).toEqual(
      accepted,
    );
    for (const code of errorCodes) {
      const refused = { code, text: 'Because.' };
      expect(refusedDetail(sampleReceipt({ kind: 'refused', detail: JSON.stringify(refused) }))).toEqual(
        refused,
      );
    }
  });

  it('are refused when they are not JSON, incomplete, or hold more than they should', () => {
    for (const detail of ['', '{', '[]', 'null', '{"code":"no-such-code"}', '{"code":"draining","x":1}']) {
      const receipt = sampleReceipt({ kind: 'refused', detail });
      expect(codeOf(() => refusedDetail(receipt))).toBe('receipt-malformed');
      expect(codeOf(() => acceptedDetail(receipt))).toBe('receipt-malformed');
    }
    const detail = '{"record":-1,"listening":[],"away":["nobody"]}';
    const refusal = refusalOf(() => acceptedDetail(sampleReceipt({ kind: 'accepted', detail })));
    expect(refusal?.problems.map(({ at }) => at)).toEqual(['/record', '/away/0']);
  });

  it('never throw anything but receipt-malformed for random text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (detail) => {
        const receipt = sampleReceipt({ message: messageId, detail });
        for (const read of [acceptedDetail, refusedDetail]) {
          expect(['accepted', 'receipt-malformed']).toContain(codeOf(() => read(receipt)));
        }
      }),
    );
  });
});
