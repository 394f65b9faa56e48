/** Which messages are not, or no more, what was accepted. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { EndpointAddress } from '../../../protocol/ids.ts';
import { uuidFromBytes } from '../../../protocol/uuid.ts';
import { isDamaged } from '../accepted-unit.ts';
import { countLeaves, splitLeaves } from '../leaf-block.ts';
import type { DamagedMessage, DamagedPortion } from '../port.ts';
import { bufferOf, firstRow, prepare } from './database.ts';
import type { RecordSearch } from './record-search.ts';

/** What one reading looks at, about. */
const maxReadBytes = 1024 * 1024;

type MessageRow = readonly [
  leaf: number,
  id: Uint8Array,
  unit: Uint8Array | null,
  source: EndpointAddress | null,
  digest: Uint8Array,
  at: number,
  expiresAt: number | null,
  category: string | null,
  severity: string | null,
  thread: Uint8Array | null,
  isUnderWay: number,
];

export class DamageQuery {
  readonly #search: RecordSearch;
  readonly #messages: StatementSync;
  readonly #block: StatementSync;
  /** The block that was looked at last. */
  #read: { readonly first: number; readonly leaves: readonly Buffer[] } | undefined;

  constructor(database: DatabaseSync, search: RecordSearch) {
    this.#search = search;
    this.#messages = prepare(
      database,
      `SELECT record, id, unit, (SELECT address FROM endpoint e WHERE e.id = m.source), digest, at, expires_at, category,
       severity, thread, EXISTS
       (SELECT 1 FROM delivery d WHERE d.id >= m.first_delivery AND d.id < m.first_delivery + m.recipients
        AND d.settled_at IS NULL)
       FROM message m WHERE seq >= ? AND refusal IS NULL ORDER BY seq LIMIT ?`,
    );
    this.#block = prepare(
      database,
      'SELECT first, leaves FROM audit_block WHERE first <= ? ORDER BY first DESC LIMIT 1',
    );
  }

  /** See `Store.readDamaged`. */
  read(after: number, limit: number): DamagedPortion {
    const damaged: DamagedMessage[] = [];
    let [through, looked, bytes] = [after, 0, 0];
    this.#read = undefined;
    for (const row of this.#messages.iterate(this.#search.firstFrom(after), limit)) {
      const message = row as unknown as MessageRow;
      const [leaf, id, unit] = message;
      if (this.#isDamaged(message)) damaged.push({ message: uuidFromBytes(id), leaf });
      // Somebody may have put a lower one there.
      [through, looked] = [Math.max(through, leaf + 1), looked + 1];
      bytes += unit?.byteLength ?? 0;
      if (bytes >= maxReadBytes) break;
    }
    return { damaged, through, looked };
  }

  #isDamaged(message: MessageRow): boolean {
    const [record, id, unit, source, digest, at, expiresAt, category, severity, thread, isUnderWay] = message;
    const columns = {
      ...{ id: uuidFromBytes(id), source: source ?? undefined, digest, at, expiresAt, category, severity },
      thread: thread === null ? null : uuidFromBytes(thread),
    };
    return isDamaged({ ...columns, unit }, { leaf: this.#leafAt(record), isUnderWay: isUnderWay === 1 });
  }

  #leafAt(record: number): Buffer | undefined {
    const known = this.#read === undefined ? undefined : this.#read.leaves[record - this.#read.first];
    if (known !== undefined) return known;
    const row = firstRow<[number, Uint8Array]>(this.#block, record);
    if (row === undefined) return undefined;
    const leaves = bufferOf(row[1]);
    this.#read = { first: row[0], leaves: countLeaves(leaves) === undefined ? [] : splitLeaves(leaves) };
    return this.#read.leaves[record - row[0]];
  }
}
