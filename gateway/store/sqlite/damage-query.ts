/** Which messages are not, or no more, what was accepted. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { uuidFromBytes } from '../../../protocol/uuid.ts';
import { isDamaged } from '../accepted-unit.ts';
import type { DamagedMessage, DamagedPortion } from '../port.ts';
import { prepare } from './database.ts';
import type { RecordSearch } from './record-search.ts';

/** What one reading looks at, about. */
const maxReadBytes = 1024 * 1024;

type MessageRow = readonly [
  leaf: number,
  id: Uint8Array,
  digest: Uint8Array,
  unit: Uint8Array | null,
  isErased: number,
  isUnderWay: number,
];

export class DamageQuery {
  readonly #search: RecordSearch;
  readonly #messages: StatementSync;

  constructor(database: DatabaseSync, search: RecordSearch) {
    this.#search = search;
    this.#messages = prepare(
      database,
      `SELECT record, id, digest, unit, thread IS NULL, EXISTS
       (SELECT 1 FROM delivery d WHERE d.id >= m.first_delivery AND d.id < m.first_delivery + m.recipients
        AND d.settled_at IS NULL)
       FROM message m WHERE seq >= ? AND refusal IS NULL ORDER BY seq LIMIT ?`,
    );
  }

  /** See `Store.readDamaged`. */
  read(after: number, limit: number): DamagedPortion {
    const damaged: DamagedMessage[] = [];
    let [through, looked, bytes] = [after, 0, 0];
    for (const row of this.#messages.iterate(this.#search.firstFrom(after), limit)) {
      const [leaf, id, digest, unit, isErased, isUnderWay] = row as unknown as MessageRow;
      const state = { isErased: isErased === 1, isUnderWay: isUnderWay === 1 };
      if (isDamaged({ unit, digest }, state)) damaged.push({ message: uuidFromBytes(id), leaf });
      [through, looked] = [leaf + 1, looked + 1];
      bytes += unit?.byteLength ?? 0;
      if (bytes >= maxReadBytes) break;
    }
    return { damaged, through, looked };
  }
}
