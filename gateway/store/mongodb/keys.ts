/** Keys of documents, and the ranges that find them. The order of the members matters to the server. */
import { Binary, MaxKey, type Filter } from 'mongodb';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../../protocol/uuid.ts';
import type { CaseId } from '../port.ts';
import type {
  CaseErasureDocument,
  DirectoryChangeDocument,
  MessageDocument,
  MessageKey,
  ReceiptGroupDocument,
} from './documents.ts';

export function messageKey(source: EndpointAddress, id: MessageId): MessageKey {
  return { id: idBinary(id), source };
}

/** The id in a key that was read: the driver gives it back as plain bytes. */
export function messageIdOf({ id }: MessageKey): MessageId {
  return idOf(id);
}

/** See {@link messageIdOf}. */
export function idOf(id: Binary): MessageId {
  return uuidFromBytes(id as unknown as Uint8Array);
}

/** A message's or case's id as the server keeps it: a UUID. */
export function idBinary(id: MessageId): Binary {
  return new Binary(uuidToBytes(id), Binary.SUBTYPE_UUID);
}

/** Every sender's message of this id. */
export function messagesOfId(id: MessageId): Filter<MessageDocument> {
  const bytes = idBinary(id);
  return { _id: { $gte: { id: bytes }, $lt: { id: bytes, source: new MaxKey() } } } as never;
}

/** The leaves that changed an endpoint's entry up to an index. */
export function entriesUntil(endpoint: EndpointAddress, record: number): Filter<DirectoryChangeDocument> {
  return { _id: { $gte: { endpoint, record: 0 }, $lte: { endpoint, record } } };
}

/** The leaves by which a case was erased. */
export function erasuresOf(id: CaseId): Filter<CaseErasureDocument> {
  const of = idBinary(id);
  return { _id: { $gte: { case: of, record: 0 }, $lte: { case: of, record: Number.MAX_SAFE_INTEGER } } };
}

/** An endpoint's receipt groups after one position, up to another. */
export function groupsBetween(
  endpoint: EndpointAddress,
  after: number,
  through = Number.MAX_SAFE_INTEGER,
): Filter<ReceiptGroupDocument> {
  return { _id: { $gt: { endpoint, position: after }, $lte: { endpoint, position: through } } };
}
