/** Synthetic values for tests of the protocol: keys from fixed seeds, an envelope, receipts. */
import { createPrivateKey } from 'node:crypto';
import { isCausewayError, type CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { batchSigner } from '../../protocol/proof/signing.ts';
import { envelopeSchema, type Envelope } from '../../protocol/wire/envelope.ts';
import type { Receipt } from '../../protocol/wire/receipt.ts';

const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The private key that is this byte 32 times, as PEM. For tests only. */
export function pemFromSeed(byte: number): string {
  const der = Buffer.concat([pkcs8Ed25519, Buffer.alloc(32, byte)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The signer whose private key is this byte 32 times. For tests only. */
export function signerFromSeed(byte: number): ReturnType<typeof batchSigner> {
  return batchSigner(pemFromSeed(byte));
}

export const sender = 'nhs-lanarkshire/emergency' as EndpointAddress;
export const recipient = 'north-social-work/duty' as EndpointAddress;
export const messageId = '01936d9c-7b2a-7c3d-8e4f-0123456789ab' as MessageId;

/** An envelope with every field, as a plain object that tests may spoil. */
export function plainEnvelope(): Record<string, unknown> {
  return {
    id: messageId,
    source: sender,
    type: 'notice',
    time: '2026-11-23T09:30:00.000Z',
    expires: '2026-11-30T09:30:00.000Z',
    to: [recipient, 'strathclyde-police/@duty'],
    sequence: [1, 7],
    category: 'concern',
    severity: 'urgent',
    purpose: 'child-protection',
    basis: 'public-task',
    dataschema: 'urn:causeway:dataset:concern-report:1.0',
    subjects: [{ epoch: 3, tokens: { 'name-dob': ['A'.repeat(22)] } }],
    thread: messageId,
    inReplyTo: messageId,
    payloadDigest: 'A'.repeat(43),
    payloadBytes: 2048,
    recipientKeys: ['a'.repeat(64), 'b'.repeat(64)],
    attachments: [],
    signingKey: 'B'.repeat(43),
  };
}

export function sampleEnvelope(): Envelope {
  return envelopeSchema.parse(plainEnvelope());
}

export function sampleReceipt(change: Partial<Receipt> = {}): Receipt {
  return {
    kind: 'stored',
    message: messageId,
    envelopeDigest: Buffer.alloc(32, 7),
    at: 1_795_426_200_000,
    issuer: recipient,
    recipient,
    detail: '',
    ...change,
  };
}

/** The error that a call throws, or undefined. Anything but a CausewayError is thrown on. */
export function refusalOf(call: () => unknown): CausewayError | undefined {
  try {
    call();
  } catch (error) {
    if (!isCausewayError(error)) throw error;
    return error;
  }
  return undefined;
}

/** A copy with one byte changed. */
export function flipped(bytes: Buffer, at: number, mask = 0x01): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= mask;
  return copy;
}
