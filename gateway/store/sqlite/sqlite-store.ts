/**
 * The embedded engine of the store: SQLite, one file.
 *
 * Three threads have a connection each. The writer commits in groups and signs receipts inside the commit; the
 * reader answers questions; the keeper notices commits of other processes and moves the log into the database. A fourth
 * comes with the first long reading of history.
 * The main thread touches no file. Several processes may have the store open at once.
 */
import { randomInt } from 'node:crypto';
import { resolve } from 'node:path';
import { CausewayError } from '../../../protocol/errors.ts';
import {
  nothingProposed,
  type DamagedMessage,
  type DeliveryId,
  type Store,
  type SubmissionOutcome,
  type SubmissionResult,
} from '../port.ts';
import { CaseVault } from '../case-vault.ts';
import { Acceptances } from './acceptances.ts';
import { addDigest, encodeSettlement, encodeSubmission } from './batch-encoder.ts';
import { KeeperClient } from './keeper-client.ts';
import type { PackedOutcome } from './operations.ts';
import { ReaderClient } from './reader-client.ts';
import type { ReadingMethod } from '../reading-method.ts';
import { readings } from './readings.ts';
import { StoreEvents } from './store-events.ts';
import { WriterClient } from './writer-client.ts';

export type SqliteStoreOptions = {
  /** The database file; created with mode 0600 where there is none. Its folder must exist. */
  readonly file: string;
  /** Ed25519 private key in PKCS#8 PEM, which signs the gateway's receipts. */
  readonly receiptKeyPem: string;
  /** 32 bytes, kept outside the store: with the secret of a case it opens the bodies of its leaves. */
  readonly auditKey: Buffer;
  /** Milliseconds since 1970. */
  readonly clock?: () => number;
  /** For tests of a full disk: the largest size of the file, in pages of 16 KiB. */
  readonly maxPages?: number;
  /** Bring a store of an older form to this one. Nothing else may have it open meanwhile. */
  readonly upgrade?: boolean;
  /** Opened without the lock of its gateway: nothing is committed any more once the store was moved away. */
  readonly mayBeMoved?: boolean;
  /** Told of failures that no caller waits for: those of the watch over other processes' commits. */
  readonly onError?: (error: unknown) => void;
  /** How long that watch may fail before the store counts as unavailable. Default 10 s. */
  readonly maxBlindMs?: number;
};

/**
 * Opens a store.
 * @throws CausewayError `store-incompatible` when the file is something else, `store-damaged` when it cannot be read,
 * `store-unavailable` when it cannot
 * be opened
 */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const { file, receiptKeyPem, auditKey, maxPages, upgrade, mayBeMoved, clock = Date.now, onError } = options;
  const { maxBlindMs = 10_000 } = options;
  const path = resolve(file);
  const number = randomInt(2 ** 47);
  const events = new StoreEvents();
  const writer = new WriterClient(
    { file: path, receiptKeyPem, auditKey, writer: number, maxPages, upgrade, mayBeMoved },
    clock,
    events,
  );
  const { versions, nextLeaf } = await writer.open();
  events.versions = versions;
  const onDamaged = (message: DamagedMessage): void => events.listener?.onDamaged?.(message);
  const readerOptions = { file: path, auditKey };
  const reader = new ReaderClient(readerOptions);
  const acceptances = new Acceptances(reader, readerOptions, onDamaged);
  const keeper = new KeeperClient(
    { file: path, writer: number, nextLeaf },
    { onNotice: (notice) => events.onNotice(notice), onError: (error) => onError?.(error) },
  );
  return {
    ...changes(writer, new CaseVault(auditKey)),
    ...readings(reader, acceptances, clock, onDamaged),
    probe: async () => {
      await writer.run(() => ({ type: 'probe' }));
      if (keeper.blindForMs <= maxBlindMs) return;
      throw new CausewayError('store-unavailable', { detail: 'Changes by other processes go unnoticed.' });
    },
    listen: (listener) => {
      events.listener = listener;
      return events.versions;
    },
    isListeningElsewhere: () => false,
    // One gateway at a time has the store open; see `path-lock.ts`.
    takeLease: (name) => Promise.resolve({ name, epoch: 1 }),
    releaseLease: () => Promise.resolve(),
    close: async () => {
      await writer.drain();
      await Promise.all([keeper.close(), reader.close(), acceptances.close()]);
      // Last, because the last connection to close copies the rest of the log into the database.
      await writer.close();
    },
  };
}

/** What only matters where several gateways share a store. */
type SharingMethod = 'isListeningElsewhere' | 'takeLease' | 'releaseLease';

function changes(
  writer: WriterClient,
  vault: CaseVault,
): Omit<Store, ReadingMethod | SharingMethod | 'probe' | 'listen' | 'close'> {
  return {
    ...removals(writer),
    submit: async (submission) => {
      const answer = await writer.run(encodeSubmission(submission, vault), submission.messages.length);
      return submissionResult(answer.result.outcomes, answer.group);
    },
    markDelivered: async (deliveries) => {
      if (deliveries.length === 0) return;
      await writer.run(() => ({ type: 'mark-delivered', deliveries }), deliveries.length, 'patient');
    },
    settle: async (settlement) => {
      const { result } = await writer.run(
        encodeSettlement(settlement),
        settlement.receipts.length,
        'patient',
      );
      return { outcome: result };
    },
    expire: async (now, limit) => (await writer.run(() => ({ type: 'expire', now, limit }))).result,
    forgetReceipts: async (endpoint, through) => {
      await writer.run(() => ({ type: 'forget-receipts', endpoint, through }), 1, 'patient');
    },
    permitEnrolment: async ({ secretDigest, endpoint, roles, expiresAt }, record) => {
      await writer.run((sink) => {
        addDigest(sink, secretDigest);
        return { type: 'permit', endpoint, roles, expiresAt, record: JSON.stringify(record) };
      });
    },
    enrol: async (secretDigest, entry, now, record) => {
      const { result } = await writer.run((sink) => {
        addDigest(sink, secretDigest);
        return { type: 'enrol', entry, now, record: JSON.stringify(record) };
      });
      return result;
    },
    replaceEntry: async (before, after, record) => {
      const text = JSON.stringify(record);
      return (await writer.run(() => ({ type: 'replace-entry', before, after, record: text }))).result;
    },
    requestPolicyReload: async (record) => {
      await writer.run(() => ({ type: 'request-reload', record: JSON.stringify(record) }));
    },
    appendRecords: async (records, _lease, of, mark) => {
      const texts = (): string[] => records.map((entry) => JSON.stringify(entry));
      const further = { ...(of && { of }), ...(mark !== undefined && { mark }) };
      const operation = () => ({ type: 'append-records', records: texts(), ...further }) as const;
      return (await writer.run(operation)).result;
    },
    setMarks: async (marks) => {
      await writer.run(() => ({ type: 'set-marks', marks: [...marks] }));
    },
  };
}

/** Taking away what must not be kept. */
function removals(writer: WriterClient): Pick<Store, 'eraseCase' | 'readResidue' | 'retirePayloads'> {
  return {
    eraseCase: async (id, record, underWay = 'wait', proposed = nothingProposed) => {
      const text = JSON.stringify(record);
      return (await writer.run(() => ({ type: 'erase-case', case: id, underWay, record: text, proposed })))
        .result;
    },
    readResidue: async () => {
      // A commit, so that what was left by this process or another is looked for.
      await writer.run(() => ({ type: 'probe' }));
      return writer.hasResidue ? 'write-ahead-log' : undefined;
    },
    retirePayloads: async (positions, record) => {
      const text = JSON.stringify(record);
      const count = positions.length;
      return (await writer.run(() => ({ type: 'retire-payloads', positions, record: text }), count)).result;
    },
  };
}

function submissionResult(
  outcomes: readonly PackedOutcome[],
  receipts: Buffer | undefined,
): SubmissionResult {
  if (receipts === undefined) throw new RangeError('a submission without receipts');
  return { outcomes: outcomes.map(submissionOutcome), receipts };
}

function submissionOutcome(outcome: PackedOutcome): SubmissionOutcome {
  if (outcome === 'duplicate') return { outcome };
  if ('code' in outcome) return { outcome: 'refused', code: outcome.code };
  const [first, count] = outcome;
  const deliveries: DeliveryId[] = [];
  for (let nth = 0; nth < count; nth++) deliveries.push(first + nth);
  return { outcome: 'accepted', deliveries };
}
