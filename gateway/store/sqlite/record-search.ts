/** Finds rows of `message` by the leaf of their first outcome. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { clockSkewMs } from '../clock-skew.ts';
import { firstRow, prepare } from './database.ts';

export class RecordSearch {
  readonly #last: StatementSync;
  readonly #recordFrom: StatementSync;
  readonly #timeFrom: StatementSync;

  constructor(database: DatabaseSync) {
    this.#last = prepare(database, 'SELECT max(seq) FROM message');
    this.#recordFrom = prepare(database, 'SELECT record FROM message WHERE seq >= ? ORDER BY seq LIMIT 1');
    this.#timeFrom = prepare(database, 'SELECT at FROM message WHERE seq >= ? ORDER BY seq LIMIT 1');
  }

  /** The first row whose leaf has this index or a later one: both grow together, so halving finds it. */
  firstFrom(record: number): number {
    return this.#halve(this.#recordFrom, record);
  }

  /** A row before which none was made at this time or later: times grow as well, but for what clocks differ by. */
  firstSince(time: number): number {
    return this.#halve(this.#timeFrom, time - clockSkewMs);
  }

  /** The first row whose value is this or a higher one. */
  #halve(valueFrom: StatementSync, wanted: number): number {
    let low = 1;
    let high = (firstRow<[number | null]>(this.#last)?.[0] ?? 0) + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const found = firstRow<[number]>(valueFrom, middle)?.[0] ?? wanted;
      if (found >= wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
