/** What callers ask, made ready: whatever can be wrong with one request alone has been found by then. */
import { CausewayError } from '../../../protocol/errors.ts';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { limits } from '../../../protocol/limits.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import type {
  AcceptableMessage,
  CaseId,
  DeliveryId,
  EnrolmentPermit,
  ErasureOutcome,
  KeyTaken,
  Lease,
  PermitRefusal,
  RecordEntry,
  RecordText,
  RefusableMessage,
  Replacement,
  Settlement,
  SettlementResult,
  Submission,
  SubmissionResult,
  UnderWay,
} from '../port.ts';
import { listeningBits } from '../statements.ts';
import type { FoundBodies } from './case-bodies.ts';
import type { CaseMessage } from './draft.ts';

const digestBytes = 32;

export type ReadyAcceptable = Omit<AcceptableMessage, 'record' | 'recipients'> & {
  readonly recipients: readonly EndpointAddress[];
  /** Bit n stands for recipient n; unsigned. */
  readonly listening: number;
  readonly line: RecordText;
};
export type ReadyRefusable = Omit<RefusableMessage, 'record'> & { readonly line: RecordText };

/** One change. */
export type Operation = Change & {
  /** Held by this process, or nothing is written. */
  readonly lease?: Lease | undefined;
};

type Change =
  | {
      readonly type: 'submit';
      readonly source: EndpointAddress;
      readonly messages: readonly (ReadyAcceptable | ReadyRefusable)[];
    }
  | { readonly type: 'mark-delivered'; readonly deliveries: readonly DeliveryId[] }
  | ({ readonly type: 'settle' } & Settlement)
  | { readonly type: 'expire'; readonly now: number; readonly limit: number }
  | { readonly type: 'forget-receipts'; readonly endpoint: EndpointAddress; readonly through: number }
  | { readonly type: 'permit'; readonly permit: EnrolmentPermit; readonly line: RecordText }
  | {
      readonly type: 'enrol';
      readonly secretDigest: Buffer;
      readonly entry: DirectoryEntry;
      readonly now: number;
      readonly line: RecordText;
    }
  | {
      readonly type: 'replace-entry';
      readonly before: DirectoryEntry;
      readonly after: DirectoryEntry;
      readonly line: RecordText;
    }
  | { readonly type: 'request-reload'; readonly line: RecordText }
  | {
      readonly type: 'append-records';
      readonly lines: readonly RecordText[];
      /** The gateway's own where it is undefined. */
      readonly of: CaseId | undefined;
      /** See `Store.appendRecords`. */
      readonly mark: string | undefined;
    }
  | { readonly type: 'retire-payloads'; readonly positions: readonly number[]; readonly line: RecordText }
  | {
      readonly type: 'erase-case';
      readonly id: CaseId;
      readonly underWay: UnderWay;
      readonly line: RecordText;
      /** Undefined where nobody has looked yet. */
      readonly found: FoundBodies | undefined;
    };

export type OperationType = Operation['type'];
export type OperationOf<T extends OperationType> = Extract<Operation, { type: T }>;

/** What each operation resolves with. */
export type Results = {
  submit: SubmissionResult;
  'mark-delivered': null;
  settle: SettlementResult['outcome'];
  expire: { readonly expired: readonly DeliveryId[]; readonly nextDueAt: number | null };
  'forget-receipts': null;
  permit: null;
  enrol: 'enrolled' | PermitRefusal | KeyTaken;
  'replace-entry': Replacement;
  'request-reload': null;
  /** The index of the first. */
  'append-records': number;
  'retire-payloads': number;
  /**
   * Or what is to be emptied first; `unsearched` where nobody has looked for its bodies under the secret that it has: nothing
   * has happened then.
   */
  'erase-case': ErasureOutcome | 'unsearched' | ToEmpty;
};

/** Messages of a case, none of them under way. */
export type ToEmpty = {
  readonly toEmpty: readonly CaseMessage[];
  /** Of so many, the first ones, also the name of the case goes. */
  readonly unnamed: number;
};

/** True for those that are carried out by themselves: they read what no other operation of their group may change. */
export function standsAlone({ type, lease }: Operation): boolean {
  if (lease !== undefined) return true;
  return (
    type === 'erase-case' ||
    type === 'retire-payloads' ||
    type === 'expire' ||
    type === 'permit' ||
    type === 'enrol' ||
    type === 'replace-entry'
  );
}

/** Messages or deliveries that an operation is about. */
export function weightOf(operation: Operation): number {
  switch (operation.type) {
    case 'submit':
      return operation.messages.length;
    case 'mark-delivered':
      return operation.deliveries.length;
    case 'settle':
      return operation.receipts.length;
    case 'append-records':
      return operation.lines.length;
    case 'retire-payloads':
      return operation.positions.length;
    default:
      return 1;
  }
}

/** @throws CausewayError `internal-error` when it cannot be kept or answered */
export function readySubmission({ source, messages }: Submission): OperationOf<'submit'> {
  return ready(() => {
    if (messages.length < 1 || messages.length > limits.maxUnits)
      throw new RangeError('wrong number of messages');
    return { type: 'submit', source, messages: messages.map(readyMessage) };
  });
}

/** @throws CausewayError `internal-error` */
export function readySettlement(settlement: Settlement): OperationOf<'settle'> {
  return ready(() => {
    for (const { envelopeDigest } of settlement.receipts) checkDigest(envelopeDigest);
    checkBytes(settlement.group);
    return { type: 'settle', ...settlement };
  });
}

/** @throws CausewayError `internal-error` when it is no JSON */
export function readyLine(record: RecordEntry): RecordText {
  return ready(() => JSON.stringify(record));
}

/** @throws CausewayError `internal-error` */
export function readyDigest(digest: Buffer): Buffer {
  return ready(() => checkDigest(digest));
}

function readyMessage(message: AcceptableMessage | RefusableMessage): ReadyAcceptable | ReadyRefusable {
  checkDigest(message.envelopeDigest);
  const { record: line } = message;
  if (message.verdict === 'refuse') return { ...message, line };
  checkBytes(message.unit);
  const recipients = message.recipients.map(({ endpoint }) => endpoint);
  return { ...message, recipients, listening: listeningBits(message.recipients), line };
}

function checkDigest(digest: Buffer): Buffer {
  if (checkBytes(digest).byteLength !== digestBytes) throw new RangeError('a digest has 32 bytes');
  return digest;
}

function checkBytes(bytes: unknown): Uint8Array {
  if (!(bytes instanceof Uint8Array)) throw new TypeError('not bytes');
  return bytes;
}

function ready<T>(prepare: () => T): T {
  try {
    return prepare();
  } catch (cause) {
    throw new CausewayError('internal-error', { cause });
  }
}
