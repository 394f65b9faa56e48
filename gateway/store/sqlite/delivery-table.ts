/** Deliveries on their way to an end: delivered, settled by the recipient, or expired. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { uuidToBytes, type EndpointAddress, type MessageId } from '../../../protocol/ids.ts';
import type { DeliveryId, DeliveryState, SettlementResult } from '../port.ts';
import { deliveryNote, deliveryReceipt } from '../statements.ts';
import type { ByteSource } from './byte-stream.ts';
import { allRows, firstRow, prepare } from './database.ts';
import type { DeliveryFacts } from './delivery-facts.ts';
import type { EndpointNumber, EndpointTable } from './endpoint-table.ts';
import { digestBytes, type Operation, type PackedSettlementReceipt, type Results } from './operations.ts';
import type { ReceiptStreams } from './receipt-streams.ts';
import type { RecordJournal } from './record-journal.ts';
import { stateNumbers } from './schema.ts';

type Settle = Extract<Operation, { type: 'settle' }>;

/** Delivery id, source. */
type SettlementRow = readonly [DeliveryId, EndpointNumber];

export class DeliveryTable {
  readonly #endpoints: EndpointTable;
  readonly #journal: RecordJournal;
  readonly #streams: ReceiptStreams;
  readonly #setDelivered: StatementSync;
  readonly #setFinal: StatementSync;
  readonly #facts: DeliveryFacts;
  readonly #byMessage: StatementSync;
  readonly #due: StatementSync;
  readonly #nextDue: StatementSync;

  constructor(
    database: DatabaseSync,
    endpoints: EndpointTable,
    journal: RecordJournal,
    streams: ReceiptStreams,
    facts: DeliveryFacts,
  ) {
    this.#facts = facts;
    this.#endpoints = endpoints;
    this.#journal = journal;
    this.#streams = streams;
    this.#setDelivered = prepare(
      database,
      'UPDATE delivery SET state = 1, delivered_at = ? WHERE id = ? AND state = 0',
    );
    // Final states stay, with one exception: what expired here may have reached the recipient all the same.
    this.#setFinal = prepare(
      database,
      `UPDATE delivery SET state = ?1, settled_at = ?2 WHERE id = ?3
       AND (settled_at IS NULL OR (state = ${stateNumbers.expired} AND ?1 = ${stateNumbers.stored}))`,
    );
    this.#byMessage = prepare(
      database,
      `SELECT d.id, m.source FROM message m JOIN delivery d
       ON d.id >= m.first_delivery AND d.id < m.first_delivery + m.recipients
       WHERE m.id = ? AND m.digest = ? AND d.recipient = ?`,
    );
    this.#due = prepare(
      database,
      `SELECT id FROM delivery WHERE settled_at IS NULL AND expires_at <= ? ORDER BY expires_at LIMIT ?`,
    );
    this.#nextDue = prepare(database, 'SELECT min(expires_at) FROM delivery WHERE settled_at IS NULL');
  }

  markDelivered(deliveries: readonly DeliveryId[], at: number): void {
    for (const delivery of deliveries) {
      if (this.#setDelivered.run(at, delivery).changes !== 0) this.#tellSender('delivered', delivery, at);
    }
  }

  expire(now: number, limit: number, at: number): Results['expire'] {
    const expired = allRows<[DeliveryId]>(this.#due, now, limit).map(([delivery]) => delivery);
    for (const delivery of expired) {
      this.#setFinal.run(stateNumbers.expired, at, delivery);
      this.#tellSender('expired', delivery, at);
    }
    return { expired, nextDueAt: firstRow<[number | null]>(this.#nextDue)?.[0] ?? null };
  }

  settle(operation: Settle, bytes: ByteSource, at: number): SettlementResult['outcome'] {
    const { recipient, groupBytes, receipts } = operation;
    const group = bytes.take(groupBytes);
    const number = this.#endpoints.find(recipient);
    if (number === undefined) return 'unmatched';
    let source: EndpointNumber | undefined;
    const settled: DeliveryId[] = [];
    for (const receipt of receipts) {
      const found = this.#resolve(number, receipt, bytes.take(digestBytes));
      if (found === undefined) return 'unmatched';
      const [delivery, sender] = found;
      if (sender !== (source ?? sender)) return 'unmatched';
      source = sender;
      settled.push(delivery);
    }
    if (source === undefined) return 'unmatched';
    let changes = 0;
    for (const [index, { kind, message }] of receipts.entries()) {
      if (this.#setFinal.run(stateNumbers[kind], at, settled[index] ?? 0).changes === 0) continue;
      this.#note(kind, message, recipient);
      changes++;
    }
    if (changes === 0) return 'repeated';
    this.#streams.passOn(source, group);
    return 'settled';
  }

  /** By the delivery that the caller names, if it fits; otherwise by the message. */
  #resolve(
    recipient: EndpointNumber,
    { message, delivery }: PackedSettlementReceipt,
    digest: Buffer,
  ): SettlementRow | undefined {
    if (delivery !== undefined) {
      const named = this.#facts.read(delivery);
      const fits = named?.recipient === recipient && named.message === message && named.digest.equals(digest);
      if (fits) return [delivery, named.source];
    }
    return firstRow<SettlementRow>(this.#byMessage, uuidToBytes(message), digest, recipient);
  }

  #tellSender(kind: 'delivered' | 'expired', delivery: DeliveryId, at: number): void {
    const facts = this.#facts.read(delivery);
    if (facts === undefined) throw new Error('a delivery has no message');
    const { message, source, digest } = facts;
    const recipient = this.#endpoints.addressOf(facts.recipient);
    this.#note(kind, message, recipient);
    this.#streams.tell(source, deliveryReceipt(kind, { message, digest, recipient }, at));
  }

  #note(state: Exclude<DeliveryState, 'queued'>, message: MessageId, recipient: EndpointAddress): void {
    this.#journal.appendAscii(deliveryNote(state, message, recipient));
  }
}
