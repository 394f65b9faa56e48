/** Everything that is read from the store, on the reader's connection. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress, MessageId } from '../../../protocol/ids.ts';
import { uuidFromBytes, uuidToBytes } from '../../../protocol/uuid.ts';
import type { DirectoryEntry } from '../../../protocol/wire/directory.ts';
import type {
  CaseId,
  DamagedMessage,
  DeliveryId,
  DirectoryRow,
  DirectorySnapshot,
  MessageState,
  StoredLeaf,
} from '../port.ts';
import { AcceptedBatchWriter } from '../accepted-batch.ts';
import { unitWithItsEnvelope, wholeUnit } from '../accepted-unit.ts';
import type { CaseVault } from '../case-vault.ts';
import { openBlock } from '../stored-leaf.ts';
import type { ByteSink } from '../byte-stream.ts';
import { caseErasuresQuery, caseSecretQuery } from './case-table.ts';
import { allRows, firstRow, prepare } from './database.ts';
import { versionsOf } from './directory-table.ts';
import { EndpointTable, type EndpointNumber } from './endpoint-table.ts';
import { EvidenceQuery } from './evidence-query.ts';
import { BlockQuery } from './leaf-source.ts';
import { OutcomeQuery } from './outcome-query.ts';
import { PayloadQuery } from './payload-query.ts';
import type { Question, Questions } from './questions.ts';
import { RecordSearch } from './record-search.ts';
import { deliveryStates } from './schema.ts';

/** What one read of a queue or of a receipt stream gives back, about. */
const maxReadBytes = 1024 * 1024;

type MessageRow = readonly [seq: number, at: number, record: number, first: DeliveryId, count: number];

export class ReaderQueries {
  readonly #endpoints: EndpointTable;
  readonly #statements: ReturnType<typeof prepareAll>;
  readonly #vault: CaseVault;
  readonly #blocks: BlockQuery;
  readonly #evidence: EvidenceQuery;
  readonly #search: RecordSearch;
  readonly #payloads: PayloadQuery;
  readonly #outcomes: OutcomeQuery;

  constructor(database: DatabaseSync, vault: CaseVault) {
    this.#vault = vault;
    this.#endpoints = new EndpointTable(database);
    this.#blocks = new BlockQuery(database);
    this.#evidence = new EvidenceQuery(database, this.#endpoints);
    this.#search = new RecordSearch(database);
    this.#payloads = new PayloadQuery(database, this.#search);
    this.#outcomes = new OutcomeQuery(database);
    this.#statements = prepareAll(database);
  }

  /** Answers a question; bytes go into the sink. */
  answer(question: Question, sink: ByteSink): Questions[Question['kind']]['answer'] {
    switch (question.kind) {
      case 'queue':
        return this.#queue(question, sink);
      case 'pending':
        return this.#count(question);
      case 'receipts':
        return this.#receipts(question, sink);
      case 'receipts-end':
        return this.#receiptsEnd(question.endpoint);
      case 'receipt-position':
        return this.#hasReceiptPosition(question);
      case 'message':
        return this.#message(question.source, question.id);
      case 'evidence':
        return this.#evidence.read(question.id, sink);
      case 'acceptances':
        return this.#acceptances(question, sink);
      case 'outcomes':
        return this.#outcomes.read(question.ids);
      case 'kept-count':
        return this.#outcomes.count();
      case 'kept-groups':
        return this.#outcomes.readGroups(question.from, question.to);
      case 'payloads':
        return this.#payloads.read(question.after, question.limit, question.before);
      case 'marks':
        return allRows<[string, number]>(this.#statements.marks);
      case 'directory':
        return this.#directory();
      case 'entry':
        return this.#entry(question.endpoint);
      case 'newest-changes':
        return allRows<[EndpointAddress, number]>(this.#statements.newestChanges);
      case 'permit':
        return this.#permit(question.secretDigest, question.now);
      case 'reusable-bytes':
        return firstRow<[number]>(this.#statements.reusableBytes)?.[0] ?? 0;
      case 'erasures':
        return allRows<[number]>(this.#statements.erasures, uuidToBytes(question.of)).flat();
      case 'leafCount':
        return firstRow<[number]>(this.#statements.leafCount)?.[0] ?? 0;
      case 'leaves':
        return this.#leaves(question.from, question.limit);
      case 'leafRuns':
        return this.#readLeafRuns(question.from, sink);
    }
  }

  #queue(
    { recipient, lane, after, limit, now }: Questions['queue']['ask'],
    sink: ByteSink,
  ): Questions['queue']['answer'] {
    const number = this.#endpoints.find(recipient);
    const queued: Questions['queue']['answer'] = [];
    if (number === undefined) return queued;
    type QueueRow = readonly [DeliveryId, number, Uint8Array, number, Uint8Array, Uint8Array | null];
    for (const row of this.#statements.queue.iterate(number, lane, after, now, limit)) {
      const [delivery, expiresAt, id, leaf, digest, unit] = row as unknown as QueueRow;
      const whole = wholeUnit({ unit, digest });
      if (whole !== undefined) sink.add(digest);
      const unitBytes = whole === undefined ? 0 : sink.add(whole.bytes);
      queued.push({ delivery, message: uuidFromBytes(id), leaf, expiresAt, unitBytes });
      if (sink.total >= maxReadBytes) break;
    }
    return queued;
  }

  #count({ recipient, most }: Questions['pending']['ask']): number {
    const number = this.#endpoints.find(recipient);
    return number === undefined ? 0 : (firstRow<[number]>(this.#statements.pending, number, most)?.[0] ?? 0);
  }

  #receipts(
    { endpoint, after, limit }: Questions['receipts']['ask'],
    sink: ByteSink,
  ): Questions['receipts']['answer'] {
    const number = this.#endpoints.find(endpoint);
    if (number === undefined) return [];
    const groups: Questions['receipts']['answer'] = [];
    for (const row of this.#statements.receipts.iterate(number, after, limit)) {
      const [position, group] = row as unknown as readonly [number, Uint8Array];
      groups.push({ position, groupBytes: sink.add(group) });
      if (sink.total >= maxReadBytes) break;
    }
    return groups;
  }

  #receiptsEnd(endpoint: EndpointAddress): number {
    const number = this.#endpoints.find(endpoint);
    return number === undefined ? 0 : (firstRow<[number]>(this.#statements.receiptsEnd, number)?.[0] ?? 0);
  }

  #hasReceiptPosition({ endpoint, position }: Questions['receipt-position']['ask']): boolean {
    const number = this.#endpoints.find(endpoint);
    return number !== undefined && firstRow(this.#statements.receiptPosition, number, position) !== undefined;
  }

  #message(source: EndpointAddress, id: MessageId): MessageState | null {
    const number = this.#endpoints.find(source);
    const row =
      number === undefined
        ? undefined
        : firstRow<MessageRow>(this.#statements.message, uuidToBytes(id), number);
    if (row === undefined) return null;
    const [, acceptedAt, record, first, count] = row;
    type DeliveryRow = [EndpointNumber, number, number | null, number | null];
    const deliveries = allRows<DeliveryRow>(this.#statements.deliveries, first, first + count);
    return {
      id,
      source,
      acceptedAt,
      record,
      deliveries: deliveries.map(([recipient, state, deliveredAt, settledAt]) => ({
        recipient: this.#endpoints.addressOf(recipient),
        state: deliveryStates[state] ?? 'queued',
        deliveredAt,
        settledAt,
      })),
    };
  }

  #acceptances(
    { after, limit, since }: Questions['acceptances']['ask'],
    sink: ByteSink,
  ): Questions['acceptances']['answer'] {
    const found = new AcceptedBatchWriter();
    const damaged: DamagedMessage[] = [];
    let isFull = false;
    const first = after === 0 ? this.#search.firstSince(since) : this.#search.firstFrom(after);
    type Row = readonly [seq: number, leaf: number, at: number, digest: string, Uint8Array | null];
    for (const row of this.#statements.acceptances.iterate(first, since)) {
      const [seq, leaf, at, digest, unit] = row as unknown as Row;
      const kept = unitWithItsEnvelope({ unit, digest });
      if (kept === undefined || !found.tryAdd(leaf + 1, at, kept.envelope))
        damaged.push({ message: this.#idOf(seq), leaf });
      isFull = found.count >= limit || found.readBytes >= maxReadBytes;
      if (isFull) break;
    }
    return { batch: found.finish(sink), damaged, isFull };
  }

  #idOf(seq: number): MessageId {
    const [id = new Uint8Array(16)] = firstRow<[Uint8Array]>(this.#statements.messageId, seq) ?? [];
    return uuidFromBytes(id);
  }

  #directory(): DirectorySnapshot {
    // One transaction: the version must be that of the entries.
    this.#statements.begin.run();
    try {
      const rows = allRows<[string, number, number]>(this.#statements.entries);
      return {
        version: versionsOf(this.#statements.versions).directory,
        entries: rows.map(([entry]) => JSON.parse(entry) as DirectoryEntry),
        leaves: rows.map(([, record]) => record),
        versions: rows.map(([, , version]) => version),
      };
    } finally {
      this.#statements.end.run();
    }
  }

  #entry(endpoint: EndpointAddress): DirectoryRow | null {
    const number = this.#endpoints.find(endpoint);
    if (number === undefined) return null;
    const [entry, leaf] = firstRow<[string, number]>(this.#statements.entry, number) ?? [];
    if (entry === undefined || leaf === undefined) return null;
    return { entry: JSON.parse(entry) as DirectoryEntry, leaf };
  }

  #permit(secretDigest: string, now: number): Questions['permit']['answer'] {
    type PermitRow = [EndpointAddress, string, number, number | null];
    const row = firstRow<PermitRow>(this.#statements.permit, Buffer.from(secretDigest, 'hex'));
    if (row === undefined) return 'token-invalid';
    const [endpoint, roles, expiresAt, usedAt] = row;
    if (expiresAt <= now) return 'token-expired';
    return { endpoint, roles: JSON.parse(roles) as string[], expiresAt, isUsed: usedAt !== null };
  }

  #leaves(from: number, limit: number): StoredLeaf[] {
    const leaves: StoredLeaf[] = [];
    let bytes = 0;
    const secretOf = (id: CaseId): Uint8Array | undefined =>
      firstRow<[Uint8Array]>(this.#statements.caseSecret, uuidToBytes(id))?.[0];
    for (const block of this.#blocks.from(from)) {
      leaves.push(...openBlock(block, from, this.#vault, secretOf));
      bytes += block.leaves.byteLength + block.bodies.byteLength;
      if (leaves.length >= limit || bytes >= maxReadBytes) break;
    }
    return leaves.slice(0, limit);
  }

  #readLeafRuns(from: number, sink: ByteSink): Questions['leafRuns']['answer'] {
    return this.#blocks
      .readLeafRuns(from)
      .map(({ first, count, leaves }) => ({ first, count, leavesBytes: sink.add(leaves) }));
  }
}

function prepareAll(database: DatabaseSync): Record<StatementName, StatementSync> {
  const statements = Object.entries(statementTexts).map(([name, sql]) => [name, prepare(database, sql)]);
  return Object.fromEntries(statements) as Record<StatementName, StatementSync>;
}

type StatementName = keyof typeof statementTexts;

const statementTexts = {
  queue: `SELECT d.id, d.expires_at, m.id, m.record, m.digest, m.unit
    FROM delivery d JOIN message m ON m.seq = d.message
    WHERE d.recipient = ? AND d.lane = ? AND d.id > ? AND d.settled_at IS NULL AND d.expires_at > ?
    ORDER BY d.id LIMIT ?`,
  pending: 'SELECT count(*) FROM (SELECT 1 FROM delivery WHERE recipient = ? AND settled_at IS NULL LIMIT ?)',
  receipts: `SELECT position, bytes FROM receipt_group WHERE endpoint = ? AND position > ?
    ORDER BY position LIMIT ?`,
  receiptsEnd: 'SELECT last FROM receipt_stream WHERE endpoint = ?',
  receiptPosition: `SELECT 1 FROM receipt_stream WHERE endpoint = ?1 AND forgotten >= ?2
    UNION ALL SELECT 1 FROM receipt_group WHERE endpoint = ?1 AND position = ?2`,
  message: `SELECT seq, at, record, first_delivery, recipients FROM message
    WHERE id = ? AND source = ? AND refusal IS NULL`,
  deliveries: `SELECT recipient, state, delivered_at, settled_at FROM delivery
    WHERE id >= ? AND id < ? ORDER BY id`,
  entries: `SELECT entry, record, version FROM directory_entry JOIN endpoint ON endpoint.id = directory_entry.endpoint
    ORDER BY address`,
  entry: 'SELECT entry, record FROM directory_entry WHERE endpoint = ?',
  newestChanges: `SELECT address, max(record) FROM directory_change JOIN endpoint ON endpoint.id = directory_change.endpoint
    GROUP BY directory_change.endpoint`,
  // Each blob of a row is memory of its own outside the heap, and many rows are read: so no more of them than needed.
  acceptances: `SELECT seq, record, at, lower(hex(digest)), unit FROM message
    WHERE seq >= ? AND at >= ? AND refusal IS NULL AND (length(unit) > 0 OR thread IS NOT NULL)
    ORDER BY seq`,
  messageId: 'SELECT id FROM message WHERE seq = ?',
  marks: 'SELECT name, value FROM mark',
  versions: 'SELECT name, value FROM meta',
  permit: `SELECT address, roles, expires_at, used_at FROM permit JOIN endpoint ON endpoint.id = permit.endpoint
    WHERE secret = ?`,
  leafCount: 'SELECT first + count FROM audit_block ORDER BY first DESC LIMIT 1',
  caseSecret: caseSecretQuery,
  erasures: caseErasuresQuery,
  reusableBytes: 'SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size',
  begin: 'BEGIN',
  end: 'COMMIT',
} as const;
