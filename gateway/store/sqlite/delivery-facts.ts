/**
 * What never changes about a delivery, kept for the newest ones: most are delivered and settled soon after they
 * were accepted, and need not be read again for it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { MessageId } from '../../../protocol/ids.ts';
import { uuidFromBytes } from '../../../protocol/uuid.ts';
import type { DeliveryId } from '../port.ts';
import { bufferOf, firstRow, prepare } from './database.ts';
import type { EndpointNumber } from './endpoint-table.ts';

type DeliveryFact = {
  readonly message: MessageId;
  /** SHA-256 of the envelope. */
  readonly digest: Buffer;
  readonly source: EndpointNumber;
  readonly recipient: EndpointNumber;
  /** The leaf of its message's acceptance. */
  readonly record: number;
  /** Which of the message's recipients, from 0. */
  readonly nth: number;
};

type FactRow = readonly [
  id: Uint8Array,
  digest: Uint8Array,
  source: EndpointNumber,
  recipient: EndpointNumber,
  record: number,
  nth: number,
];

const capacity = 4_096;

export class DeliveryFacts {
  readonly #read: StatementSync;
  /** By their ids, modulo the capacity: ids follow each other, so the newest take the places of the oldest. */
  readonly #known: ({ readonly delivery: DeliveryId; readonly fact: DeliveryFact } | undefined)[] = [];

  constructor(database: DatabaseSync) {
    this.#read = prepare(
      database,
      `SELECT m.id, m.digest, m.source, d.recipient, m.record, d.id - m.first_delivery FROM delivery d JOIN message m ON m.seq = d.message
       WHERE d.id = ?`,
    );
  }

  /** Keeps the facts of a delivery that has just been written. */
  keep(delivery: DeliveryId, fact: DeliveryFact): void {
    this.#known[delivery % capacity] = { delivery, fact };
  }

  read(delivery: DeliveryId): DeliveryFact | undefined {
    const known = this.#known[delivery % capacity];
    if (known?.delivery === delivery) return known.fact;
    const row = firstRow<FactRow>(this.#read, delivery);
    if (row === undefined) return undefined;
    const [id, digest, source, recipient, record, nth] = row;
    return { message: uuidFromBytes(id), digest: bufferOf(digest), source, recipient, record, nth };
  }

  /** The delivery has come to its end: hardly anybody will ask again. */
  drop(delivery: DeliveryId): void {
    if (this.#known[delivery % capacity]?.delivery === delivery) this.#known[delivery % capacity] = undefined;
  }

  /** Forgets everything: what was written last has been rolled back, and its ids will be given again. */
  forget(): void {
    this.#known.length = 0;
  }
}
