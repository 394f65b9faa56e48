/** Turns what callers of the store give into operations and their bytes; see `operations.ts`. */
import type { CaseVault, FreshlySealed } from '../case-vault.ts';
import type { AcceptableMessage, RefusableMessage, Settlement, Submission } from '../port.ts';
import type { ByteSink } from '../byte-stream.ts';
import { listeningBits } from '../statements.ts';
import {
  digestBytes,
  type Operation,
  type PackedAcceptable,
  type PackedRefusable,
  type PackedRoute,
  type PackedSettlementReceipt,
} from './operations.ts';

/** Puts an operation's bytes into the sink and gives the rest. */
export type Encode<T extends Operation['type'] = Operation['type']> = (
  sink: ByteSink,
) => Extract<Operation, { type: T }>;

export function encodeSubmission({ source, messages }: Submission, vault: CaseVault): Encode<'submit'> {
  return (sink) => {
    const routes: PackedRoute[] = [];
    const packed = messages.map((message) =>
      message.verdict === 'accept'
        ? packAcceptable(message, routes, sink, vault)
        : packRefusable(message, sink),
    );
    return { type: 'submit', source, routes, messages: packed };
  };
}

function packAcceptable(
  message: AcceptableMessage,
  routes: PackedRoute[],
  sink: ByteSink,
  vault: CaseVault,
): PackedAcceptable {
  const { id, thread, envelopeDigest, expiresAt, unit, record, meaning } = message;
  addDigest(sink, envelopeDigest);
  return {
    verdict: 'accept',
    id,
    route: routeOf(message, routes),
    expiresAt,
    unitBytes: sink.add(unit),
    ...(thread === id
      ? addSealed(sink, vault.sealFresh(Buffer.from(record)))
      : { thread, recordBytes: sink.addText(record) }),
    ...(meaning !== undefined && { meaningBytes: sink.addText(meaning) }),
  };
}

function addSealed(
  sink: ByteSink,
  { secret, sealed, commitment }: FreshlySealed,
): Pick<PackedAcceptable, 'commitment' | 'recordBytes'> {
  sink.add(secret);
  return { commitment, recordBytes: sink.add(sealed) };
}

function packRefusable(message: RefusableMessage, sink: ByteSink): PackedRefusable {
  const { id, envelopeDigest, code, text, final, thread, record } = message;
  addDigest(sink, envelopeDigest);
  return {
    verdict: 'refuse',
    id,
    code,
    ...(text !== undefined && { text }),
    final,
    ...(thread !== undefined && { thread }),
    recordBytes: sink.addText(record),
  };
}

/** Mostly it is that of the message before. @returns its place among the routes, to which it is added where it is new */
function routeOf({ lane, category, severity, recipients }: AcceptableMessage, routes: PackedRoute[]): number {
  const listening = listeningBits(recipients);
  const found = routes.findLastIndex(
    (route) =>
      route.lane === lane &&
      route.category === category &&
      route.severity === severity &&
      route.listening === listening &&
      route.recipients.length === recipients.length &&
      recipients.every(({ endpoint }, nth) => route.recipients[nth] === endpoint),
  );
  if (found >= 0) return found;
  const endpoints = recipients.map(({ endpoint }) => endpoint);
  return routes.push({ lane, category, severity, recipients: endpoints, listening }) - 1;
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
