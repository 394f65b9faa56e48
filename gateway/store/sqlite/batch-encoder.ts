/** Turns what callers of the store give into operations and their bytes; see `operations.ts`. */
import type { Settlement, Submission } from '../port.ts';
import type { ByteSink } from '../byte-stream.ts';
import {
  digestBytes,
  type Operation,
  type PackedAcceptable,
  type PackedRefusable,
  type PackedSettlementReceipt,
} from './operations.ts';

/** Puts an operation's bytes into the sink and gives the rest. */
export type Encode<T extends Operation['type'] = Operation['type']> = (
  sink: ByteSink,
) => Extract<Operation, { type: T }>;

export function encodeSubmission({ source, messages }: Submission): Encode<'submit'> {
  return (sink) => ({
    type: 'submit',
    source,
    messages: messages.map((message): PackedAcceptable | PackedRefusable => {
      addDigest(sink, message.envelopeDigest);
      if (message.verdict === 'refuse') {
        const { id, code, text, final, thread, record } = message;
        return {
          verdict: 'refuse',
          id,
          code,
          ...(text !== undefined && { text }),
          final,
          ...(thread !== undefined && { thread }),
          recordBytes: sink.addText(JSON.stringify(record)),
        };
      }
      let listening = 0;
      const recipients = message.recipients.map((recipient, index) => {
        if (recipient.listening) listening |= 1 << index;
        return recipient.endpoint;
      });
      return {
        verdict: 'accept',
        id: message.id,
        expiresAt: message.expiresAt,
        lane: message.lane,
        category: message.category,
        severity: message.severity,
        thread: message.thread,
        recipients,
        listening: listening >>> 0,
        unitBytes: sink.add(message.unit),
        recordBytes: sink.addText(JSON.stringify(message.record)),
      };
    }),
  });
}

export function encodeSettlement({ recipient, group, receipts }: Settlement): Encode<'settle'> {
  return (sink) => ({
    type: 'settle',
    recipient,
    groupBytes: sink.add(group),
    receipts: receipts.map(({ kind, message, envelopeDigest, delivery }): PackedSettlementReceipt => {
      addDigest(sink, envelopeDigest);
      return delivery === undefined ? { kind, message } : { kind, message, delivery };
    }),
  });
}

/** A digest has a fixed place; one of another length would shift what follows. */
export function addDigest(sink: ByteSink, digest: Buffer): void {
  if (digest.byteLength !== digestBytes) throw new RangeError('a digest has 32 bytes');
  sink.add(digest);
}
