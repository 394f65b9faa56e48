/**
 * What never changes about a delivery, kept for the newest ones: most are delivered and settled soon after they
 * were accepted, and need not be read again for it.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { uuidFromBytes, type MessageId } from '../../../protocol/ids.ts';
import type { DeliveryId } from '../port.ts';
import { bufferOf, firstRow, prepare } from './database.ts';
import type { EndpointNumber } from './endpoint-table.ts';

type DeliveryFact = {
  readonly message: MessageId;
  /** SHA-256 of the envelope. */
  readonly digest: Buffer;
  readonly source: EndpointNumber;
  readonly recipient: EndpointNumber;
};

const capacity = 4_096;

export class DeliveryFacts {
  readonly #read: StatementSync;
  readonly #known = new Map<DeliveryId, DeliveryFact>();

  constructor(database: DatabaseSync) {
    this.#read = prepare(
      database,
      `SELECT m.id, m.digest, m.source, d.recipient FROM delivery d JOIN message m ON m.seq = d.message
       WHERE d.id = ?`,
    );
  }

  /** Keeps the facts of a delivery that has just been written. */
  keep(delivery: DeliveryId, fact: DeliveryFact): void {
    if (this.#known.size >= capacity) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(delivery, fact);
  }

  read(delivery: DeliveryId): DeliveryFact | undefined {
    const known = this.#known.get(delivery);
    if (known !== undefined) return known;
    const row = firstRow<[Uint8Array, Uint8Array, EndpointNumber, EndpointNumber]>(this.#read, delivery);
    if (row === undefined) return undefined;
    const [id, digest, source, recipient] = row;
    return { message: uuidFromBytes(id), digest: bufferOf(digest), source, recipient };
  }

  /** Forgets everything: what was written last has been rolled back, and its ids will be given again. */
  forget(): void {
    this.#known.clear();
  }
}
