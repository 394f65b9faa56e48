/**
 * Whether what a store keeps beside the bytes of a message is what its envelope says. These columns decide who gets the
 * receipts, which case it belongs to and how long it is kept, so an edited one does harm although the bytes are whole.
 */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import { readTimestamp } from '../../protocol/wire/timestamp.ts';

export type AcceptedColumns = {
  readonly id: MessageId;
  /** Undefined where no endpoint has the number that stands there. */
  readonly source: EndpointAddress | undefined;
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
