/**
 * Whether what a store keeps beside the bytes of a message is what was accepted. Its columns decide who gets the receipts,
 * which case it belongs to and how long it is kept, so an edited one does harm although the bytes are whole. The envelope
 * says most of them again, and the leaf of its acceptance the others.
 */
import { encodeAcceptance } from '../../protocol/audit/leaf-text.ts';
import type { Digest, EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import { readTimestamp } from '../../protocol/wire/timestamp.ts';

export type AcceptedColumns = {
  readonly id: MessageId;
  /** Undefined where no endpoint has the number that stands there. */
  readonly source: EndpointAddress | undefined;
  /** Of the envelope. */
  readonly digest: Uint8Array;
  readonly at: number;
  readonly expiresAt: number | null | undefined;
  /** These three are gone once its case was erased. */
  readonly category: string | null | undefined;
  readonly severity: string | null | undefined;
  readonly thread: MessageId | null | undefined;
};

/** @param envelope the one that was accepted */
export function areOfEnvelope(columns: AcceptedColumns, envelope: Envelope): boolean {
  return (
    columns.id === envelope.id &&
    columns.source === envelope.source &&
    columns.expiresAt === readTimestamp(envelope.expires) &&
    columns.category === envelope.category &&
    columns.severity === envelope.severity &&
    columns.thread === envelope.thread
  );
}

/** @param leaf the one that they name; undefined where the log has none there */
export function areOfLeaf({ id, digest, at }: AcceptedColumns, leaf: Buffer | undefined): boolean {
  if (leaf === undefined) return false;
  // All of it but the commitment, which only its body tells.
  const envelope = Buffer.from(digest).toString('base64url') as Digest;
  const expected = encodeAcceptance(at, id, envelope, '' as Digest).slice(0, -'"}'.length);
  return leaf.toString('latin1', 0, expected.length) === expected;
}
