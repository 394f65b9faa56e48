/** Messages and the first outcome of every id: acceptance, refusal, duplicates and conflicts. */
import type { ErrorCode } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import type { BatchSigner } from '../../../protocol/proof/signing.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { unreadableId } from '../../../protocol/wire/receipt.ts';
import { keptRefusal, toldAgain } from '../kept-refusal.ts';
import { houseCase, type SubmissionOutcome, type SubmissionResult } from '../port.ts';
import {
  acceptedDetailText,
  conflictEntry,
  digestText,
  outcomeReceipt,
  presenceText,
  refusedDetailText,
} from '../statements.ts';
import type { MessageDocument } from './documents.ts';
import type { Draft } from './draft.ts';
import { idBinary, idOf, messageKey } from './keys.ts';
import type { OperationOf, ReadyAcceptable, ReadyRefusable } from './operations.ts';

type Verdict = { readonly outcome: SubmissionOutcome; readonly receipt: Buffer };

/** Takes one submission. The draft knows every message that had an outcome before. */
export function submit(
  draft: Draft,
  { source, messages }: OperationOf<'submit'>,
  signer: BatchSigner,
): SubmissionResult {
  const verdicts = messages.map((message) =>
    message.verdict === 'accept' ? accept(draft, source, message) : refuse(draft, source, message),
  );
  return {
    outcomes: verdicts.map(({ outcome }) => outcome),
    receipts: signReceiptGroup(
      verdicts.map(({ receipt }) => receipt),
      signer,
    ),
  };
}

function accept(draft: Draft, source: EndpointAddress, message: ReadyAcceptable): Verdict {
  const { id, envelopeDigest: digest, recipients, lane, expiresAt, listening, unit } = message;
  const before = draft.message(source, id);
  if (before !== undefined) return repeat(draft, source, message, before);
  const firstDelivery = draft.nextDelivery;
  const record = draft.nextRecord;
  draft.addMessage(id, {
    _id: messageKey(source, id),
    digest,
    at: draft.at,
    record,
    expiresAt,
    lane,
    category: message.category,
    severity: message.severity,
    thread: idBinary(message.thread),
    firstDelivery,
    recipients,
    listening,
    unit,
  });
  const facts = { message: id, source, digest, lane, expiresAt, record, unitBytes: unit.byteLength };
  for (const [nth, recipient] of recipients.entries()) {
    draft.addDelivery({ _id: firstDelivery + nth, ...facts, nth, recipient, state: 'queued', open: true });
  }
  const leaf = { message: id, envelope: digestText(digest) };
  draft.leaves.accepted(leaf, message.thread, Buffer.from(message.line), draft.at);
  if (message.meaning !== undefined) draft.leaves.entry(message.meaning, draft.at, message.thread);
  const detail = acceptedDetailText(record, presenceText(recipients, listening));
  const deliveries = recipients.map((_, index) => firstDelivery + index);
  return {
    outcome: { outcome: 'accepted', deliveries },
    receipt: outcomeReceipt('accepted', id, digest, draft.at, detail),
  };
}

function refuse(draft: Draft, source: EndpointAddress, message: ReadyRefusable): Verdict {
  const { id, envelopeDigest: digest, code, text, final, line, thread: of = houseCase } = message;
  if (final && id !== unreadableId) {
    const before = draft.message(source, id);
    if (before !== undefined) return repeat(draft, source, message, before);
    draft.addMessage(id, {
      _id: messageKey(source, id),
      digest,
      at: draft.at,
      record: draft.nextRecord,
      refusal: keptRefusal(code),
    });
  }
  const detail = refusedDetailText(code, text);
  const leaf = { message: id, envelope: digestText(digest), code };
  draft.leaves.refused(leaf, of, Buffer.from(line), draft.at);
  return refused(code, outcomeReceipt('refused', id, digest, draft.at, detail));
}

/** The id had an outcome before: the same envelope gets it again, another one is refused. Both are recorded. */
function repeat(
  draft: Draft,
  source: EndpointAddress,
  { id, envelopeDigest: digest }: ReadyAcceptable | ReadyRefusable,
  before: MessageDocument,
): Verdict {
  if (!digest.equals(before.digest)) {
    const code = 'id-conflict';
    const leaf = { message: id, envelope: digestText(digest), code } as const;
    const of = before.thread && idOf(before.thread);
    const body = Buffer.from(JSON.stringify(conflictEntry(id, of && source, before.record)));
    draft.leaves.refused(leaf, of ?? houseCase, body, draft.at);
    const detail = refusedDetailText(code, undefined);
    return refused(code, outcomeReceipt('refused', id, digest, draft.at, detail));
  }
  draft.leaves.repeated(before.record, draft.at);
  const { at, record, refusal, recipients = [], listening = 0 } = before;
  if (refusal !== undefined) {
    const about = { message: id, envelope: digestText(digest) };
    const { code, detail } = toldAgain(refusal, () => draft.wordsOfRefusal(record, about));
    return refused(code, outcomeReceipt('refused', id, digest, at, detail));
  }
  const detail = acceptedDetailText(record, presenceText(recipients, listening));
  return {
    outcome: { outcome: 'duplicate' },
    receipt: outcomeReceipt('accepted', id, digest, at, detail),
  };
}

function refused(code: ErrorCode, receipt: Buffer): Verdict {
  return { outcome: { outcome: 'refused', code }, receipt };
}
