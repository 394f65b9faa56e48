/**
 * The audit log's leaves, in order, without gaps. All leaves of one commit make one row, written in the transaction of
 * what they record. This is the only place that writes them.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { uuidToBytes } from '../../../protocol/uuid.ts';
import type { CaseVault } from '../case-vault.ts';
import { JoinedBlocks } from '../joined-blocks.ts';
import { OpenBodies, proposedLeaves, type ErasureRecords } from '../erased-bodies.ts';
import { countLeaves } from '../leaf-block.ts';
import { wordsInLeaf, type RefusedMessage } from '../kept-refusal.ts';
import { LeafMaker } from '../leaf-maker.ts';
import type { CaseId, ProposedBodies } from '../port.ts';
import type { BlockRow } from '../stored-leaf.ts';
import { CaseTable } from './case-table.ts';
import { allRows, bufferOf, prepare } from './database.ts';

export class AuditJournal {
  readonly #vault: CaseVault;
  readonly #maker: LeafMaker;
  readonly #cases: CaseTable;
  readonly #insert: StatementSync;
  readonly #last: StatementSync;
  readonly #blocksFrom: StatementSync;
  #first = 0;
  /** The block by which senders were last told again why something was refused, during one commit. */
  #told: { readonly row: BlockRow; readonly end: number } | undefined;

  constructor(database: DatabaseSync, vault: CaseVault) {
    this.#vault = vault;
    this.#cases = new CaseTable(database, vault);
    this.#maker = new LeafMaker(vault, this.#cases);
    this.#insert = prepare(
      database,
      'INSERT INTO audit_block (first, count, at, leaves, bodies) VALUES (?, ?, ?, ?, ?)',
    );
    this.#last = prepare(
      database,
      'SELECT first, count, leaves FROM audit_block ORDER BY first DESC LIMIT 2',
    );
    this.#blocksFrom = prepare(
      database,
      `SELECT first, at, leaves, bodies FROM audit_block
       WHERE first >= coalesce((SELECT max(first) FROM audit_block WHERE first <= ?), 0) ORDER BY first`,
    );
  }

  /** The index that the next leaf gets. */
  get next(): number {
    return this.#first + this.#maker.block.count;
  }

  /** Makes leaves, each with the index {@link next}. */
  get leaves(): Omit<LeafMaker, 'block' | 'forgetKeys'> {
    return this.#maker;
  }

  /**
   * Forgets what was not written, and reads where the log ends.
   * @throws BrokenLogError where its last block does not join the one before: nothing may be added behind it
   */
  reload(): void {
    this.#told = undefined;
    const [last, before] = allRows<readonly [number, number, Uint8Array]>(this.#last);
    if (last !== undefined) {
      const [first, count, leaves] = last;
      const joined = new JoinedBlocks(before === undefined ? 0 : before[0] + before[1]);
      joined.take({ first, count, leaves: bufferOf(leaves) });
    }
    this.#first = last === undefined ? 0 : last[0] + last[1];
    this.#maker.block.clear();
    this.#maker.forgetKeys();
  }

  /** Writes what was made since the last commit. @returns true when there was something */
  flush(at: number): boolean {
    this.#told = undefined;
    const { block } = this.#maker;
    if (block.count === 0) return false;
    this.#insert.run(this.#first, block.count, at, block.leaves, block.bodies);
    this.#first += block.count;
    block.clear();
    return true;
  }

  /** See `wordsInLeaf`: the leaf may be one that is not written yet. */
  wordsOfRefusal(record: number, about: RefusedMessage): string | undefined {
    const row = record < this.#first ? this.#toldBlockOf(record) : this.#unwritten();
    return row && wordsInLeaf(row, record, about, this.#vault, (id) => this.#cases.find(uuidToBytes(id)));
  }

  /** Whether a case has a secret. @param id 16 bytes */
  isKnownCase(id: Uint8Array): boolean {
    return this.#cases.has(id);
  }

  /** Destroys the secret of a case. @returns false when it has none */
  destroySecret(id: CaseId): boolean {
    this.#maker.forgetKeys();
    return this.#cases.destroy(id);
  }

  /**
   * The leaves of a case whose bodies open, rising.
   * @param records the leaves of its messages
   */
  bodiesOf(id: CaseId, proposed: ProposedBodies, records: readonly number[]): readonly number[] {
    const secret = this.#cases.find(uuidToBytes(id));
    if (secret === undefined) return [];
    const open = new OpenBodies(id, this.#vault, secret);
    for (const row of this.#blocksOf(proposedLeaves(proposed, records))) open.take(row);
    for (const row of this.#blocksFrom.iterate(proposed.asOf))
      open.take(blockRowOf(row as unknown as BlockColumns));
    open.take(this.#unwritten());
    return open.leaves;
  }

  /** Makes the leaves that say that a case was erased. */
  erasure(id: CaseId, records: ErasureRecords, at: number): void {
    this.#cases.noteErasure(id, this.next);
    for (const record of records) if (record !== undefined) this.#maker.entry(record, at);
  }

  /** As below. What was refused together comes again together: the block is read once for all of it. */
  #toldBlockOf(record: number): BlockRow | undefined {
    const told = this.#told;
    if (told !== undefined && record >= told.row.first && record < told.end) return told.row;
    const row = this.#blockOf(record);
    this.#told = row && { row, end: row.first + (countLeaves(row.leaves) ?? 0) };
    return row;
  }

  /** The block that has a leaf, if there is one. */
  #blockOf(record: number): BlockRow | undefined {
    for (const row of this.#blocksFrom.iterate(record)) return blockRowOf(row as unknown as BlockColumns);
    return undefined;
  }

  /** The blocks that have leaves. @param leaves rising */
  *#blocksOf(leaves: readonly number[]): Generator<BlockRow> {
    let end = 0;
    for (const leaf of leaves) {
      const row = leaf < end ? undefined : this.#blockOf(leaf);
      if (row === undefined) continue;
      yield row;
      end = row.first + (countLeaves(row.leaves) ?? 0);
    }
  }

  /** What was made since the last commit. */
  #unwritten(): BlockRow {
    const { leaves, bodies } = this.#maker.block;
    return { first: this.#first, at: 0, leaves, bodies };
  }
}

type BlockColumns = readonly [first: number, at: number, leaves: Uint8Array, bodies: Uint8Array];

function blockRowOf([first, at, leaves, bodies]: BlockColumns): BlockRow {
  return { first, at, leaves: bufferOf(leaves), bodies: bufferOf(bodies) };
}
