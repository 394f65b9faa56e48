/** The writer's side of the database: carries out operations, one transaction for many. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BatchSigner } from '../../../protocol/proof/signing.ts';
import { uuidToBytes } from '../../../protocol/uuid.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import {
  endedAtOnce,
  erasureMark,
  houseCase,
  openDeliveriesWanted,
  type ErasureOutcome,
  type RecordEntry,
  type StoreVersions,
} from '../port.ts';
import { erasureRecords } from '../erased-bodies.ts';
import { erasureStep } from '../erasure-step.ts';
import type { CaseVault } from '../case-vault.ts';
import { retirementLine } from '../retired-unit.ts';
import { AuditJournal } from './audit-journal.ts';
import type { ByteSource } from '../byte-stream.ts';
import { firstRow, overwritingAll, prepare } from './database.ts';
import { DeliveryFacts } from './delivery-facts.ts';
import { DeliveryTable } from './delivery-table.ts';
import { DirectoryTable } from './directory-table.ts';
import { EndpointTable } from './endpoint-table.ts';
import { ExpirySpans } from './expiry-spans.ts';
import { ForeignRules } from './foreign-rules.ts';
import { MessageTable } from './message-table.ts';
import { PayloadTable } from './payload-table.ts';
import { digestBytes, type Operation, type Results } from './operations.ts';
import { ReceiptStreams, type Growth } from './receipt-streams.ts';

/** An operation, and its share of the batch's bytes from their beginning: it may be carried out twice. */
export type Task = { readonly operation: Operation; readonly bytes: () => ByteSource };

/** An operation carried out; the receipts of a submission beside it. */
type Carried = { readonly value: Results[Operation['type']]; readonly group?: Buffer };

/** What one transaction did. */
export type Committed = {
  readonly carried: readonly Carried[];
  readonly growth: readonly Growth[];
  /** The versions that it has raised, where it has any. */
  readonly raised: Partial<StoreVersions> | undefined;
};

/** Who writes. */
export type LedgerUser = {
  /** Tells this process's commits from those of others. */
  readonly writer: number;
  /** Asked in each transaction, while nobody else can write: throws where the file is written no more. */
  readonly refuse: (() => void) | undefined;
};

export class Ledger {
  readonly endpoints: EndpointTable;
  readonly journal: AuditJournal;
  readonly #database: DatabaseSync;
  readonly #streams: ReceiptStreams;
  readonly #facts: DeliveryFacts;
  readonly #spans: ExpirySpans;
  readonly #messages: MessageTable;
  readonly #payloads: PayloadTable;
  readonly #deliveries: DeliveryTable;
  readonly #directory: DirectoryTable;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #dataVersion: StatementSync;
  readonly #countErasures: StatementSync;
  readonly #rules: ForeignRules;
  readonly #refuse: LedgerUser['refuse'];
  #erased = false;
  #knownErasures = 0;
  /** Of the last commit after which what is held in memory was true. */
  #knownVersion: number | undefined;

  constructor(database: DatabaseSync, signer: BatchSigner, vault: CaseVault, { writer, refuse }: LedgerUser) {
    this.#database = database;
    this.#refuse = refuse;
    this.endpoints = new EndpointTable(database);
    this.journal = new AuditJournal(database, vault);
    this.#streams = new ReceiptStreams(database, signer, writer);
    this.#facts = new DeliveryFacts(database);
    this.#spans = new ExpirySpans(database);
    this.#messages = new MessageTable(database, this.endpoints, this.journal, signer, {
      facts: this.#facts,
      spans: this.#spans,
    });
    this.#payloads = new PayloadTable(database);
    this.#deliveries = new DeliveryTable(database, this.endpoints, this.journal, this.#streams, {
      facts: this.#facts,
      spans: this.#spans,
    });
    this.#directory = new DirectoryTable(database, this.endpoints);
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rules = new ForeignRules(database);
    this.#dataVersion = prepare(database, 'PRAGMA data_version');
    this.#countErasures = prepare(database, 'SELECT count(*) FROM case_erasure');
    this.journal.reload();
  }

  /** @throws MissingPartError */
  versions(): StoreVersions {
    return this.#directory.versions();
  }

  /** True once after something was erased: older copies of its pages may still stand in the log. */
  takeErased(): boolean {
    const erased = this.#erased;
    this.#erased = false;
    return erased;
  }

  /** Carries out all of the tasks in one durable transaction, or none. */
  transact(tasks: readonly Task[], at: number): Committed {
    this.#begin.run();
    try {
      // Behind the wait for the lock, which the move of a store holds until the file is marked.
      this.#refuse?.();
      this.#reloadAfterOthers();
      const carried = tasks.map((task) => this.#carryOut(task, at));
      this.#spans.flush();
      const growth = this.#streams.flush(this.journal.next, at);
      this.journal.flush(at);
      const raised = this.#raisedBy(tasks);
      this.#commit.run();
      return { carried, growth, raised };
    } catch (error) {
      this.#undo();
      throw error;
    }
  }

  #raisedBy(tasks: readonly Task[]): Committed['raised'] {
    const has = (name: keyof StoreVersions): boolean =>
      tasks.some(({ operation: { type } }) => versionRaisedBy[type] === name);
    const isRaised = { directory: has('directory'), policy: has('policy') };
    if (!isRaised.directory && !isRaised.policy) return undefined;
    const { directory, policy } = this.versions();
    return { ...(isRaised.directory && { directory }), ...(isRaised.policy && { policy }) };
  }

  /**
   * Another connection's commit shows in `data_version`; inside the transaction nobody else can commit. Nothing is
   * committed by rules that somebody has put into the file meanwhile, nor where a version is gone from it.
   */
  #reloadAfterOthers(): void {
    const version = firstRow<[number]>(this.#dataVersion)?.[0];
    if (version === this.#knownVersion) return;
    this.#rules.refuse();
    this.versions();
    this.journal.reload();
    this.#messages.reload();
    this.#noticeErasures();
    this.#knownVersion = version;
  }

  /** Another process, or this one before a crash, may have ended before it could empty the log. */
  #noticeErasures(): void {
    const count = firstRow<[number]>(this.#countErasures)?.[0] ?? 0;
    if (count !== this.#knownErasures) this.#erased = true;
    this.#knownErasures = count;
  }

  #undo(): void {
    this.#knownVersion = undefined;
    this.endpoints.forget();
    this.#facts.forget();
    this.#streams.discard();
    this.#spans.discard();
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  #carryOut({ operation, bytes }: Task, at: number): Carried {
    switch (operation.type) {
      case 'submit': {
        const { outcomes, group } = this.#messages.submit(operation, bytes(), at);
        return { value: { outcomes, groupBytes: group.byteLength }, group };
      }
      case 'mark-delivered':
        this.#deliveries.markDelivered(operation.deliveries, at);
        return { value: null };
      case 'settle':
        return { value: this.#deliveries.settle(operation, bytes(), at) };
      case 'expire':
        return { value: this.#deliveries.expire(operation.now, operation.limit, at) };
      case 'forget-receipts':
        this.#forgetReceipts(operation, at);
        return { value: null };
      default:
        return { value: this.#administer(operation, bytes, at) };
    }
  }

  #forgetReceipts({ endpoint, through }: Extract<Operation, { type: 'forget-receipts' }>, at: number): void {
    const number = this.endpoints.find(endpoint);
    const until = number === undefined ? undefined : this.#streams.forget(number, through);
    if (until === undefined) return;
    this.journal.leaves.entry(JSON.stringify({ kind: 'receipts.forgotten', endpoint, through: until }), at);
  }

  /** The store itself says what the entry became, so that the leaf binds what is served. */
  #logEntry(record: string, entry: DirectoryEntry, at: number): void {
    this.journal.leaves.directory(JSON.parse(record) as RecordEntry, entry, at);
  }

  #eraseCase(operation: Extract<Operation, { type: 'erase-case' }>, at: number): ErasureOutcome {
    if (operation.case === houseCase) return 'unknown';
    let leaves: readonly number[] = [];
    let hadSecret = false;
    const outcome = overwritingAll(this.#database, () => {
      const { messages, records } = this.#messages.ofCase(operation.case);
      const wanted = openDeliveriesWanted(operation.underWay);
      const open = this.#messages.openDeliveriesOf(messages, wanted);
      const hasSecret = this.journal.isKnownCase(uuidToBytes(operation.case));
      const facts = { hasSecret, messages: messages.length, open: open.length };
      const step = erasureStep(facts, operation.underWay);
      if (step === 'unknown' || step === 'pending') return step;
      this.#deliveries.end(open.slice(0, endedAtOnce), at);
      if (step === 'end-some') return 'pending';
      this.#messages.erase(messages);
      leaves = this.journal.bodiesOf(operation.case, operation.proposed, records);
      hadSecret = this.journal.destroySecret(operation.case);
      return 'erased';
    });
    if (outcome !== 'erased') return outcome;
    this.#erased = true;
    this.#directory.setMarks([[erasureMark, this.journal.next]]);
    const records = erasureRecords(operation.record, operation.case, { leaves, hadSecret });
    this.journal.erasure(operation.case, records, at);
    return outcome;
  }

  #retirePayloads(
    { positions, record }: Extract<Operation, { type: 'retire-payloads' }>,
    at: number,
  ): number {
    const leaves = this.#payloads.retire(positions);
    if (leaves.length > 0) this.journal.leaves.entry(retirementLine(record, leaves), at);
    return leaves.length;
  }

  #administer(operation: AdministrativeOperation, bytes: () => ByteSource, at: number): Carried['value'] {
    switch (operation.type) {
      case 'permit': {
        const { endpoint, roles, expiresAt, record } = operation;
        this.#directory.permit(bytes().take(digestBytes), endpoint, roles, expiresAt);
        this.journal.leaves.entry(record, at);
        return null;
      }
      case 'enrol': {
        const { entry, now, record } = operation;
        const enrolment = { entry, now, at, record: this.journal.next };
        const outcome = this.#directory.enrol(bytes().take(digestBytes), enrolment);
        if (outcome === 'enrolled') this.#logEntry(record, entry, at);
        return outcome;
      }
      case 'replace-entry': {
        const { before, after, record } = operation;
        const outcome = this.#directory.replaceEntry(before, after, { at, record: this.journal.next });
        if (outcome === 'replaced') this.#logEntry(record, after, at);
        return outcome;
      }
      case 'request-reload':
        this.#directory.raise('policy', at);
        this.journal.leaves.entry(operation.record, at);
        return null;
      case 'append-records': {
        const first = this.journal.next;
        for (const record of operation.records) this.journal.leaves.entry(record, at, operation.of);
        if (operation.mark !== undefined) this.#directory.setMarks([[operation.mark, first + 1]]);
        return first;
      }
      case 'set-marks':
        this.#directory.setMarks(operation.marks);
        return null;
      case 'retire-payloads':
        return this.#retirePayloads(operation, at);
      case 'erase-case':
        return this.#eraseCase(operation, at);
      case 'probe':
        this.#directory.touch();
        return null;
    }
  }
}

type AdministrativeOperation = Exclude<
  Operation,
  { type: 'submit' | 'mark-delivered' | 'settle' | 'expire' | 'forget-receipts' }
>;

const versionRaisedBy: Readonly<Partial<Record<Operation['type'], keyof StoreVersions>>> = {
  enrol: 'directory',
  'replace-entry': 'directory',
  'request-reload': 'policy',
};
