/** The blocks of a SQLite store's audit log, and the leaves in them as they stand in the tree. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CausewayError } from '../../../protocol/errors.ts';
import { JoinedBlocks } from '../joined-blocks.ts';
import type { LeafRun, LeafSource } from '../port.ts';
import type { BlockRow } from '../stored-leaf.ts';
import { damageIn } from './failures.ts';
import { bufferOf, firstRow, openForReading, prepare } from './database.ts';

/** What one reading gives back, about. */
const maxReadBytes = 1024 * 1024;

export class BlockQuery {
  readonly #blocks: StatementSync;
  /** Without the bodies, which are the larger part. */
  readonly #bareBlocks: StatementSync;
  readonly #endBefore: StatementSync;

  constructor(database: DatabaseSync) {
    const found = `FROM audit_block
      WHERE first >= ifnull((SELECT max(first) FROM audit_block WHERE first <= ?), 0) ORDER BY first`;
    this.#blocks = prepare(database, `SELECT first, count, at, leaves, bodies ${found}`);
    this.#bareBlocks = prepare(database, `SELECT first, count, at, leaves, x'' ${found}`);
    this.#endBefore = prepare(
      database,
      'SELECT first + count FROM audit_block WHERE first < ? ORDER BY first DESC LIMIT 1',
    );
  }

  /**
   * The blocks with the leaves from an index on, in order; the first may begin before it.
   * @throws BrokenLogError
   */
  from(from: number): Generator<BlockRow & { readonly count: number }> {
    return this.#joined(this.#blocks, from);
  }

  /** See `Store.readLeafRuns`. @throws BrokenLogError */
  readLeafRuns(from: number): LeafRun[] {
    const runs: LeafRun[] = [];
    let bytes = 0;
    for (const { first, count, leaves } of this.#joined(this.#bareBlocks, from)) {
      runs.push({ first, count, leaves });
      bytes += leaves.byteLength;
      if (bytes >= maxReadBytes) break;
    }
    return runs;
  }

  *#joined(blocks: StatementSync, from: number): Generator<BlockRow & { readonly count: number }> {
    let joined: JoinedBlocks | undefined;
    for (const row of blocks.iterate(from)) {
      const [first, count, at, run, bodies] = row as unknown as BlockColumns;
      joined ??= new JoinedBlocks(firstRow<[number]>(this.#endBefore, first)?.[0] ?? 0);
      const leaves = bufferOf(run);
      joined.take({ first, count, leaves });
      if (first + count > from) yield { first, count, at, leaves, bodies: bufferOf(bodies) };
    }
  }
}

type BlockColumns = readonly [
  first: number,
  count: number,
  at: number,
  leaves: Uint8Array,
  bodies: Uint8Array,
];

/** Opens the file of an existing store for reading. @throws from reading, CausewayError `store-damaged` */
export function openSqliteLeaves(file: string): LeafSource {
  const database = openForReading(file);
  const query = new BlockQuery(database);
  const readLeafRuns = (from: number): LeafRun[] => {
    try {
      return query.readLeafRuns(from);
    } catch (error) {
      const what = damageIn(error);
      throw what === undefined ? error : new CausewayError('store-damaged', { detail: what });
    }
  };
  return { readLeafRuns, close: () => database.close() };
}
