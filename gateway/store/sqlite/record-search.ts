/** Finds rows of `message` by the leaf of their first outcome. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { firstRow, prepare } from './database.ts';

export class RecordSearch {
  readonly #last: StatementSync;
  readonly #recordFrom: StatementSync;

  constructor(database: DatabaseSync) {
    this.#last = prepare(database, 'SELECT max(seq) FROM message');
    this.#recordFrom = prepare(database, 'SELECT record FROM message WHERE seq >= ? ORDER BY seq LIMIT 1');
  }

  /** The first row whose leaf has this index or a later one: both grow together, so halving finds it. */
  firstFrom(record: number): number {
    let low = 1;
    let high = (firstRow<[number | null]>(this.#last)?.[0] ?? 0) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = firstRow<[number]>(this.#recordFrom, middle)?.[0] ?? record;
      if (found >= record) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
