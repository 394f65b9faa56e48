/** Carries out the operations of a group on its draft. */
import { limits } from '../../../protocol/limits.ts';
import type { BatchSigner } from '../../../protocol/proof/signing.ts';
import { signReceiptGroup } from '../../../protocol/wire/receipt-group.ts';
import { laterNumber } from '../later-number.ts';
import { enrol, permitEnrolment, replaceEntry } from './administration.ts';
import { expire, markDelivered, settle } from './deliveries.ts';
import type { ReceiptGroupDocument } from './documents.ts';
import type { Draft } from './draft.ts';
import { eraseCase } from './erasure.ts';
import { loadStreams, type Access } from './load.ts';
import type { Operation, OperationType, Results } from './operations.ts';
import { retirePayloads } from './payloads.ts';
import { submit } from './submit.ts';

/** @returns what the operation resolves with, once the draft is committed */
export function carryOut(draft: Draft, operation: Operation, signer: BatchSigner): Results[OperationType] {
  switch (operation.type) {
    case 'submit':
      return submit(draft, operation, signer);
    case 'mark-delivered':
      markDelivered(draft, operation.deliveries);
      return null;
    case 'settle':
      return settle(draft, operation);
    case 'expire':
      return expire(draft, operation);
    case 'forget-receipts': {
      const { endpoint, through } = operation;
      draft.forgetting.set(endpoint, Math.max(through, draft.forgetting.get(endpoint) ?? 0));
      return null;
    }
    case 'permit':
      permitEnrolment(draft, operation.permit, operation.line);
      return null;
    case 'enrol':
      return enrol(draft, operation);
    case 'replace-entry':
      return replaceEntry(draft, operation);
    case 'request-reload':
      draft.raise('policy');
      draft.leaves.entry(operation.line, draft.at);
      return null;
    case 'append-records': {
      const first = draft.nextRecord;
      for (const line of operation.lines) draft.leaves.entry(line, draft.at, operation.of);
      if (operation.mark !== undefined) draft.marks.set(operation.mark, first + 1);
      return first;
    }
    case 'retire-payloads':
      return retirePayloads(draft, operation);
    case 'erase-case':
      return eraseCase(draft, operation);
  }
}

/** A group that is new in a stream, and the position of the one before it, 0 for none. */
export type GrownGroup = { readonly document: ReceiptGroupDocument; readonly previous: number };

/** What a group does to the receipt streams. */
export type StreamChanges = {
  readonly groups: readonly GrownGroup[];
  /** Endpoint and position up to which its groups go. */
  readonly forgotten: readonly (readonly [ReceiptGroupDocument['_id']['endpoint'], number])[];
};

/**
 * Ends a draft: gives the streams that it lets grow their new groups, and those that are forgotten their marks.
 * The gateway's own receipts come first in each stream, signed as one group, so that `delivered` always stands
 * before the `stored` that follows it.
 */
export async function growStreams(draft: Draft, signer: BatchSigner, access: Access): Promise<StreamChanges> {
  await loadStreams(draft, [...draft.told.keys(), ...draft.forgetting.keys()], access);
  const forgotten: (readonly [ReceiptGroupDocument['_id']['endpoint'], number])[] = [];
  for (const [endpoint, through] of draft.forgetting) {
    const stream = draft.streams.get(endpoint);
    const until = Math.min(through, stream?.last ?? 0);
    if (stream === undefined || until <= stream.forgotten) continue;
    draft.streams.set(endpoint, { ...stream, forgotten: until });
    forgotten.push([endpoint, until]);
    const entry = { kind: 'receipts.forgotten', endpoint, through: until };
    draft.leaves.entry(JSON.stringify(entry), draft.at);
  }
  const groups: GrownGroup[] = [];
  for (const [endpoint, { own, passedOn }] of draft.told) {
    const stream = draft.streams.get(endpoint);
    let last = stream?.last ?? 0;
    for (const bytes of [...signGroups(own, signer), ...passedOn]) {
      const position = laterNumber(last, draft.at);
      groups.push({ document: { _id: { endpoint, position }, bytes }, previous: last });
      last = position;
    }
    draft.streams.set(endpoint, { _id: endpoint, last, forgotten: stream?.forgotten ?? 0 });
  }
  return { groups, forgotten };
}

function* signGroups(receipts: readonly Buffer[], signer: BatchSigner): Generator<Buffer> {
  for (let from = 0; from < receipts.length; from += limits.maxUnits) {
    yield signReceiptGroup(receipts.slice(from, from + limits.maxUnits), signer);
  }
}
