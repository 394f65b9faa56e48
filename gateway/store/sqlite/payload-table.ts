/** Takes payloads out of messages whose time is over. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { withoutPayload } from '../retired-unit.ts';
import { bufferOf, firstRow, overwritingAll, prepare } from './database.ts';
import { RecordSearch } from './record-search.ts';

export class PayloadTable {
  readonly #database: DatabaseSync;
  readonly #search: RecordSearch;
  readonly #unit: StatementSync;
  readonly #replace: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#search = new RecordSearch(database);
    this.#unit = prepare(
      database,
      `SELECT unit FROM message m WHERE seq = ? AND record = ? AND refusal IS NULL AND NOT EXISTS
       (SELECT 1 FROM delivery d WHERE d.id >= m.first_delivery AND d.id < m.first_delivery + m.recipients
        AND d.settled_at IS NULL)`,
    );
    this.#replace = prepare(database, 'UPDATE message SET unit = ? WHERE seq = ?');
  }

  /** @returns the leaves of the acceptances whose payload was there and went */
  retire(positions: readonly number[]): number[] {
    return overwritingAll(this.#database, () =>
      positions.map((position) => position - 1).filter((record) => this.#retire(record)),
    );
  }

  #retire(record: number): boolean {
    const seq = this.#search.firstFrom(record);
    const unit = firstRow<[Uint8Array]>(this.#unit, seq, record)?.[0];
    const rest = unit === undefined ? undefined : withoutPayload(bufferOf(unit));
    if (rest === undefined) return false;
    this.#replace.run(rest, seq);
    return true;
  }
}
