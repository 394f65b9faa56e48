/** The leaves of a SQLite store as they stand in the tree. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LeafRun, LeafSource } from '../port.ts';
import { bufferOf, openForReading, prepare } from './database.ts';

/** What one reading gives back, about. */
const maxReadBytes = 1024 * 1024;

export class LeafRunQuery {
  readonly #runs: StatementSync;

  constructor(database: DatabaseSync) {
    this.#runs = prepare(
      database,
      `SELECT first, count, leaves FROM audit_block
       WHERE first >= ifnull((SELECT max(first) FROM audit_block WHERE first <= ?), 0) ORDER BY first`,
    );
  }

  /** See `Store.readLeafRuns`. */
  read(from: number): LeafRun[] {
    const runs: LeafRun[] = [];
    let bytes = 0;
    for (const row of this.#runs.iterate(from)) {
      const [first, count, leaves] = row as unknown as readonly [number, number, Uint8Array];
      if (first + count <= from) continue;
      runs.push({ first, count, leaves: bufferOf(leaves) });
      bytes += leaves.byteLength;
      if (bytes >= maxReadBytes) break;
    }
    return runs;
  }
}

/** Opens the file of an existing store for reading. */
export function openSqliteLeaves(file: string): LeafSource {
  const database = openForReading(file);
  const query = new LeafRunQuery(database);
  return { readLeafRuns: (from) => query.read(from), close: () => database.close() };
}
