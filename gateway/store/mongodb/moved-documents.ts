/** The documents that stand for everything another store holds, collection by collection. */
import { Binary, type Collection, type Document } from 'mongodb';
import { LeafBlock, splitLeaves } from '../leaf-block.ts';
import type { HeldDelivery, HeldMessage, StoreContents } from '../store-contents.ts';
import { bodiesOf, type BlockRow } from '../stored-leaf.ts';
import { acceptanceOf } from './acceptance-document.ts';
import { emptyHead, headAfter, nextBlock } from './block.ts';
import type { BlockDocument, Collections, DeliveryDocument, MessageDocument } from './documents.ts';
import { idBinary, messageKey } from './keys.ts';

type DocumentOf<K extends keyof Collections> = Collections[K] extends Collection<infer D> ? D : never;

export type MovedDocument = Document & { readonly _id: unknown };

/** What goes into one collection: the same documents in the same order, whenever it is asked. */
export type MovedCollection = {
  readonly name: keyof Collections;
  documents(contents: StoreContents): Iterable<MovedDocument>;
};

/** A document holds 16 MiB; a group of the embedded engine has no such bound. */
const largestBlockBytes = 8 * 1024 * 1024;
/** Blocks that were moved bear it as their writer, and the one that says so. */
export const mover = 'moved';

/** What stays of no use elsewhere: who runs, who holds which lease, and the database's own marks. */
export const collectionsOfTheMoment = ['gateway', 'lease', 'meta'] as const satisfies (keyof Collections)[];

/** In the order in which they are moved. */
export const movedCollections: readonly MovedCollection[] = [
  moved('caseSecret', function* (contents) {
    for (const { id, secret } of contents.caseSecrets()) yield { _id: idBinary(id), secret };
  }),
  moved('message', function* (contents) {
    for (const message of contents.messages()) yield messageDocument(message);
  }),
  moved('acceptance', function* (contents) {
    for (const message of contents.messages()) yield* acceptanceOf(messageDocument(message));
  }),
  moved('delivery', function* (contents) {
    for (const delivery of contents.deliveries()) yield deliveryDocument(delivery);
  }),
  moved('stream', function* (contents) {
    for (const { endpoint, ...positions } of contents.streams()) yield { _id: endpoint, ...positions };
  }),
  moved('receiptGroup', function* (contents) {
    for (const { endpoint, position, group } of contents.receiptGroups()) {
      yield { _id: { endpoint, position }, bytes: group };
    }
  }),
  moved('settledGroup', function* (contents) {
    for (const { record, group } of contents.settledGroups()) yield { _id: record, bytes: group };
  }),
  moved('permit', function* (contents) {
    for (const { secretDigest, ...permit } of contents.permits()) {
      yield { _id: new Binary(secretDigest), ...permit };
    }
  }),
  moved('entry', function* (contents) {
    for (const { endpoint, ...entry } of contents.entries()) yield { _id: endpoint, ...entry };
  }),
  moved('directoryChange', function* (contents) {
    for (const { endpoint, record } of contents.directoryChanges()) yield { _id: { endpoint, record } };
  }),
  moved('mark', function* (contents) {
    for (const { name, value } of contents.marks()) yield { _id: name, value };
  }),
  moved('block', blockDocuments),
  moved('caseErasure', function* (contents) {
    for (const { id, record } of contents.caseErasures()) yield { _id: { case: idBinary(id), record } };
  }),
];

function moved<K extends keyof Collections>(
  name: K,
  documents: (contents: StoreContents) => Iterable<DocumentOf<K>>,
): MovedCollection {
  return { name, documents: documents as (contents: StoreContents) => Iterable<MovedDocument> };
}

/**
 * The chain over the moved leaves. Where numbers and versions stand is read from the last block only, so every one
 * says how they stood at the move.
 */
function* blockDocuments(contents: StoreContents): Generator<BlockDocument> {
  const { nextDelivery, versions } = contents;
  let head = emptyHead;
  for (const row of contents.blocks()) {
    if (row.first !== head.nextRecord) throw new Error('the leaves of the store have a gap');
    for (const part of splitBlock(row, largestBlockBytes)) {
      const content = { at: row.at, block: part, nextDelivery, news: { queues: [], streams: [], versions } };
      const document = nextBlock(head, content, { writer: mover, attempt: 0 });
      head = headAfter(document);
      yield document;
    }
  }
}

type Part = Pick<LeafBlock, 'count' | 'leaves' | 'bodies'>;

/** A block as it is, or in parts where it is larger than so many bytes; each part has a leaf at least. */
export function* splitBlock(row: BlockRow & { readonly count: number }, maxBytes: number): Generator<Part> {
  if (row.leaves.byteLength + row.bodies.byteLength <= maxBytes) {
    yield row;
    return;
  }
  const bodies = bodiesOf(row);
  let part = new LeafBlock();
  for (const [place, leaf] of splitLeaves(row.leaves).entries()) {
    const body = bodies.get(place);
    const bytes = leaf.byteLength + (body?.sealed.byteLength ?? 0);
    if (part.count > 0 && part.leaves.byteLength + part.bodies.byteLength + bytes > maxBytes) {
      yield part;
      // Not the same one again: what was given away are views of it.
      part = new LeafBlock();
    }
    part.add(leaf.toString('latin1'), body);
  }
  yield part;
}

function messageDocument({ id, source, digest, at, record, outcome }: HeldMessage): MessageDocument {
  const document = { _id: messageKey(source, id), digest, at, record };
  if ('refusal' in outcome) return { ...document, refusal: outcome.refusal };
  const { matter, ...accepted } = outcome;
  if (matter === undefined) return { ...document, ...accepted };
  return { ...document, ...accepted, ...matter, thread: idBinary(matter.thread) };
}

function deliveryDocument({
  id,
  deliveredAt,
  settledAt,
  deliveredRecord,
  settledRecord,
  ...rest
}: HeldDelivery): DeliveryDocument {
  return {
    _id: id,
    ...rest,
    ...(settledAt === null && { open: true }),
    ...(deliveredAt !== null && { deliveredAt }),
    ...(settledAt !== null && { settledAt }),
    ...(deliveredRecord !== null && { deliveredRecord }),
    ...(settledRecord !== null && { settledRecord }),
  };
}
