/** Deliveries on their way to an end: delivered, settled by the recipient, or expired. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { uuidToBytes } from '../../../protocol/uuid.ts';
import { digestOf } from '../../../protocol/proof/merkle.ts';
import type { DeliveryId, SettlementResult } from '../port.ts';
import { deliveryReceipt } from '../statements.ts';
import type { ByteSource } from '../byte-stream.ts';
import { firstRow, prepare } from './database.ts';
import type { DeliveryFacts } from './delivery-facts.ts';
import type { EndpointNumber, EndpointTable } from './endpoint-table.ts';
import type { ExpirySpans } from './expiry-spans.ts';
import { digestBytes, type Operation, type PackedSettlementReceipt, type Results } from './operations.ts';
import type { ReceiptStreams } from './receipt-streams.ts';
import type { AuditJournal } from './audit-journal.ts';
import { stateNumbers } from './schema.ts';

type Settle = Extract<Operation, { type: 'settle' }>;

type SettledDelivery = {
  readonly delivery: DeliveryId;
  readonly source: EndpointNumber;
  readonly record: number;
  readonly nth: number;
};

export class DeliveryTable {
  readonly #endpoints: EndpointTable;
  readonly #journal: AuditJournal;
  readonly #streams: ReceiptStreams;
  readonly #setDelivered: StatementSync;
  readonly #setFinal: StatementSync;
  readonly #countQueued: StatementSync;
  readonly #countOpen: StatementSync;
  readonly #facts: DeliveryFacts;
  readonly #byMessage: StatementSync;
  readonly #spans: ExpirySpans;
  readonly #keepGroup: StatementSync;

  constructor(
    database: DatabaseSync,
    endpoints: EndpointTable,
    journal: AuditJournal,
    streams: ReceiptStreams,
    { facts, spans }: { readonly facts: DeliveryFacts; readonly spans: ExpirySpans },
  ) {
    this.#facts = facts;
    this.#spans = spans;
    this.#endpoints = endpoints;
    this.#journal = journal;
    this.#streams = streams;
    this.#setDelivered = prepare(
      database,
      `UPDATE delivery SET state = 1, delivered_at = ?1, delivered_record = ?2 + id - ?3
       WHERE id BETWEEN ?3 AND ?4 AND state = 0`,
    );
    this.#countQueued = prepare(
      database,
      'SELECT count(*) FROM delivery WHERE id BETWEEN ? AND ? AND state = 0',
    );
    this.#countOpen = prepare(
      database,
      'SELECT count(*) FROM delivery WHERE id BETWEEN ? AND ? AND settled_at IS NULL',
    );
    // Final states stay, with one exception: what expired here may have reached the recipient all the same.
    this.#setFinal = prepare(
      database,
      `UPDATE delivery SET state = ?1, settled_at = ?2, settled_record = ?5 + id - ?3 WHERE id BETWEEN ?3 AND ?4
       AND (settled_at IS NULL OR (state = ${stateNumbers.expired} AND ?1 = ${stateNumbers.stored}))`,
    );
    this.#byMessage = prepare(
      database,
      `SELECT d.id, m.source, m.record, d.id - m.first_delivery FROM message m JOIN delivery d
       ON d.id >= m.first_delivery AND d.id < m.first_delivery + m.recipients
       WHERE m.id = ? AND m.digest = ? AND d.recipient = ?`,
    );
    this.#keepGroup = prepare(database, 'INSERT INTO settled_group (record, bytes) VALUES (?, ?)');
  }

  markDelivered(deliveries: readonly DeliveryId[], at: number): void {
    for (const run of runsOf(deliveries, this.#countQueued)) {
      const { changes } = this.#setDelivered.run(at, this.#journal.next, run.first, run.last);
      if (changes === 0) continue;
      for (let delivery = run.first; delivery <= run.last; delivery++) {
        this.#tellSender('delivered', delivery, at);
      }
    }
  }

  expire(now: number, limit: number, at: number): Results['expire'] {
    const expired = this.#spans.due(now, limit);
    this.end(expired, at);
    return { expired, nextDueAt: this.#spans.settle(now) };
  }

  /** Ends open deliveries as expired. */
  end(deliveries: readonly DeliveryId[], at: number): void {
    for (const delivery of deliveries) {
      this.#setFinal.run(stateNumbers.expired, at, delivery, delivery, this.#journal.next);
      this.#tellSender('expired', delivery, at);
    }
  }

  settle(operation: Settle, bytes: ByteSource, at: number): SettlementResult['outcome'] {
    const { recipient, groupBytes, receipts } = operation;
    const group = bytes.take(groupBytes);
    const number = this.#endpoints.find(recipient);
    if (number === undefined) return 'unmatched';
    let source: EndpointNumber | undefined;
    const settled: SettledDelivery[] = [];
    for (const receipt of receipts) {
      const found = this.#resolve(number, receipt, bytes.take(digestBytes));
      if (found === undefined) return 'unmatched';
      if (found.source !== (source ?? found.source)) return 'unmatched';
      source = found.source;
      settled.push(found);
    }
    if (source === undefined) return 'unmatched';
    let changes = 0;
    const receipt = digestOf(group);
    const firstLeaf = this.#journal.next;
    let next = 0;
    const ids = settled.map(({ delivery }) => delivery);
    for (const { first, last } of runsOf(ids, this.#countOpen, (index) => receipts[index]?.kind)) {
      const run = settled.slice(next, next + 1 + last - first);
      const kind = receipts[next]?.kind ?? 'stored';
      next += run.length;
      const { changes: changed } = this.#setFinal.run(
        stateNumbers[kind],
        at,
        first,
        last,
        this.#journal.next,
      );
      if (changed === 0) continue;
      for (const { delivery, record: of, nth } of run) {
        this.#journal.leaves.delivery(kind, { of, nth, receipt }, at);
        this.#facts.drop(delivery);
      }
      changes++;
    }
    if (changes === 0) return 'repeated';
    this.#keepGroup.run(firstLeaf, group);
    this.#streams.passOn(source, group);
    return 'settled';
  }

  /** By the delivery that the caller names, if it fits; otherwise by the message. */
  #resolve(
    recipient: EndpointNumber,
    { message, delivery }: PackedSettlementReceipt,
    digest: Buffer,
  ): SettledDelivery | undefined {
    if (delivery !== undefined) {
      const named = this.#facts.read(delivery);
      const fits = named?.recipient === recipient && named.message === message && named.digest.equals(digest);
      if (fits) return { delivery, source: named.source, record: named.record, nth: named.nth };
    }
    type Row = readonly [DeliveryId, EndpointNumber, record: number, nth: number];
    const row = firstRow<Row>(this.#byMessage, uuidToBytes(message), digest, recipient);
    if (row === undefined) return undefined;
    return { delivery: row[0], source: row[1], record: row[2], nth: row[3] };
  }

  #tellSender(kind: 'delivered' | 'expired', delivery: DeliveryId, at: number): void {
    const facts = this.#facts.read(delivery);
    if (facts === undefined) throw new Error('a delivery has no message');
    const { message, source, digest } = facts;
    const recipient = this.#endpoints.addressOf(facts.recipient);
    this.#journal.leaves.delivery(kind, { of: facts.record, nth: facts.nth }, at);
    this.#streams.tell(source, deliveryReceipt(kind, { message, digest, recipient }, at));
  }
}

/** Deliveries with consecutive ids, to be changed by one statement. */
type Run = { readonly first: DeliveryId; readonly last: DeliveryId };

/**
 * Splits deliveries, in their order, into runs that will change as a whole or, being alone, not at all.
 * @param countChanging counts those between two ids that a change concerns, at the moment
 * @param kindOf what is to become of the delivery with this index; a run has one kind
 */
function* runsOf(
  deliveries: readonly DeliveryId[],
  countChanging: StatementSync,
  kindOf: (index: number) => unknown = () => undefined,
): Generator<Run> {
  for (let from = 0; from < deliveries.length;) {
    const first = deliveries[from] ?? 0;
    let length = 1;
    while (deliveries[from + length] === first + length && kindOf(from + length) === kindOf(from)) length++;
    const last = first + length - 1;
    if (length === 1 || firstRow<[number]>(countChanging, first, last)?.[0] === length) yield { first, last };
    else for (let id = first; id <= last; id++) yield { first: id, last: id };
    from += length;
  }
}
