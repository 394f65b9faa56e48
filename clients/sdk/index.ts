/**
 * Causeway SDK: send and receive end-to-end encrypted notices between agencies.
 *
 * ```ts
 * await using client = await connect({ home: './nl-social-work' });
 * await client.send({ to: 'nhs-lanarkshire/@duty', category: 'concern', …, content: { text: '…' } });
 * for await (const notice of client.notices()) store(notice);
 * ```
 */
import './require-node.ts';

export { connect, Client, type ClientStatus } from './client.ts';
export type { ConnectOptions, FollowOptions } from './client-options.ts';
export type { ClientLog } from './log/client-log.ts';
export type { LogHalt } from './log/log-halt.ts';
export type { LogStatus } from './log/log-status.ts';
export type { LogFault, LogFaultKind, LookedAt, OwnChange } from './log/log-table.ts';
export type { FileContent, OutgoingNotice, TextContent } from './outgoing-notice.ts';
export type { SubjectDetails } from './linkage/subject.ts';
export { checkSubject, type SubjectWarning } from './linkage/check-subject.ts';
export type { SendResult } from './outbox.ts';
export type { KeptAnswer } from './kept-answer.ts';
export type { DeliveryRecord, MessageQuery, MessageRecord } from './ladder-table.ts';
export type { LossSign, LostMessage } from './lost-table.ts';
export type { ReceiptEvent } from './receipt-book.ts';
export type { RenewalRefusal } from './renewal-refusal.ts';
export { Notice } from './notice.ts';
export type { NoticeStream, NoticeStreamOptions } from './notice-stream.ts';
export type { ClientEvents, HeldNotice } from './events.ts';
export type { ClientDirectory, DirectoryListing, TrustState } from './directory.ts';
export type { UnreadDirectory } from './directory-reading.ts';
export type { DatasetBook } from './datasets/dataset-book.ts';
export { DatasetRegistry, type DatasetSummary } from './datasets/datasets.ts';
export type { Log, LogFields } from './logger.ts';

export { enrol, renew, renewalDueAt, type Enrolment, type EnrolOptions } from './enrol.ts';
export { trustWitnesses } from './log/witness-trust.ts';
export { openHome, type Home, type HomeIdentity, type HomeLog, type WitnessTrust } from './home.ts';

export { openLink, Link, type LinkHandlers, type LinkOptions, type LinkState } from './link.ts';
export { Batcher, signMessages, type UnsignedMessage } from './batcher.ts';

export {
  catalogue,
  CausewayError,
  errorCodes,
  isCausewayError,
  type CatalogueEntry,
  type ErrorCode,
  type Problem,
} from '../../protocol/errors.ts';
export type { Digest, EndpointAddress, Fingerprint, MessageId } from '../../protocol/ids.ts';
export type { Envelope, Severity } from '../../protocol/wire/envelope.ts';
export type { ReceiptKind } from '../../protocol/wire/receipt.ts';
