/** What the gateway states by itself, in receipts and in the audit log: the same words in every engine. */
import type { ErrorCode } from '../../protocol/errors.ts';
import {
  gatewayAddress,
  type Digest,
  type EndpointAddress,
  type MessageId,
} from '../../protocol/id-forms.ts';
import { encodeReceipt, type Receipt } from '../../protocol/wire/receipt.ts';
import type { RecordEntry } from './port.ts';

/** The answer to a submitted message, encoded. @param detail JSON text */
export function outcomeReceipt(
  kind: 'accepted' | 'refused',
  message: MessageId,
  envelopeDigest: Buffer,
  at: number,
  detail: string,
): Buffer {
  return encodeReceipt({ kind, message, envelopeDigest, at, issuer: gatewayAddress, recipient: '', detail });
}

/** What became of one delivery, encoded. */
export function deliveryReceipt(
  kind: Extract<Receipt['kind'], 'delivered' | 'expired'>,
  facts: { readonly message: MessageId; readonly digest: Buffer; readonly recipient: EndpointAddress },
  at: number,
): Buffer {
  const { message, digest: envelopeDigest, recipient } = facts;
  return encodeReceipt({ kind, message, envelopeDigest, at, issuer: gatewayAddress, recipient, detail: '' });
}

/**
 * The detail of an `accepted` receipt.
 * @param record index of the record of the acceptance
 * @param presence made by {@link presenceText}
 */
export function acceptedDetailText(record: number, presence: string): string {
  return `{"record":${record},${presence}}`;
}

/** Bit n is set where recipient n listens; unsigned. */
export function listeningBits(recipients: readonly { readonly listening: boolean }[]): number {
  let bits = 0;
  for (const [nth, { listening }] of recipients.entries()) if (listening) bits |= 1 << nth;
  return bits >>> 0;
}

/**
 * Who was there and who was away: what the details of many receipts have in common.
 * @param listening bit n stands for recipient n
 */
export function presenceText(recipients: readonly EndpointAddress[], listening: number): string {
  const isListening = (_: unknown, index: number): boolean => ((listening >>> index) & 1) === 1;
  const isAway = (_: unknown, index: number): boolean => ((listening >>> index) & 1) === 0;
  const presence = { listening: recipients.filter(isListening), away: recipients.filter(isAway) };
  return JSON.stringify(presence).slice(1, -1);
}

/** The detail of a `refused` receipt. */
export function refusedDetailText(code: ErrorCode, text: string | undefined): string {
  return JSON.stringify({ code, text });
}

/**
 * What is logged where an id stands for another envelope already. It belongs to the case of the message that was
 * accepted under the id, and is erased with it.
 * @param source undefined where no such case is known, or it was erased: then nothing could take the sender away again
 * @param of the leaf of its first outcome
 */
export function conflictEntry(
  message: MessageId,
  source: EndpointAddress | undefined,
  of: number,
): RecordEntry {
  return { kind: 'message.refused', message, ...(source && { source }), code: 'id-conflict', of };
}

/** A digest as it stands in a leaf. */
export function digestText(digest: Buffer): Digest {
  return digest.toString('base64url') as Digest;
}
