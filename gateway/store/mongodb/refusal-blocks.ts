/**
 * The blocks that say what was told of messages that were refused and come again. Each may stand in another block, and the
 * members end a transaction after five seconds; so the transaction that wants them ends, they are fetched, and the next one
 * has them at hand. A block never changes. What may go meanwhile is the secret that opens it: the transaction reads that.
 */
import type { BlockRow } from '../stored-leaf.ts';
import type { CausalTime } from './causal-time.ts';
import type { Collections } from './documents.ts';
import { blocksOf } from './leaf-runs.ts';

/** What ends a transaction that wants blocks which were not fetched. */
export class UnfetchedBlocks extends Error {
  constructor() {
    super('blocks of refusals are to be fetched first');
  }
}

export class RefusalBlocks {
  readonly #blocks: Collections['block'];
  readonly #causal: CausalTime;
  /** By the leaf of the refusal; undefined where no block has it. */
  readonly #fetched = new Map<number, BlockRow | undefined>();
  #wanted: readonly number[] = [];

  constructor(blocks: Collections['block'], causal: CausalTime) {
    this.#blocks = blocks;
    this.#causal = causal;
  }

  /** The blocks with these leaves, by leaf. @throws UnfetchedBlocks where one of them is yet to be fetched */
  of(leaves: readonly number[]): ReadonlyMap<number, BlockRow> {
    this.#wanted = leaves.filter((leaf) => !this.#fetched.has(leaf));
    if (this.#wanted.length > 0) throw new UnfetchedBlocks();
    return new Map(
      leaves.flatMap((leaf) => {
        const row = this.#fetched.get(leaf);
        return row === undefined ? [] : [[leaf, row]];
      }),
    );
  }

  /** Fetches what was wanted. @throws the driver's error */
  async fetch(): Promise<void> {
    const wanted = this.#wanted;
    if (wanted.length === 0) return;
    const rows: (BlockRow & { readonly count: number })[] = [];
    await this.#causal.within(async (session) => {
      for await (const row of blocksOf(this.#blocks, wanted, session)) rows.push(row);
    });
    for (const leaf of wanted) {
      const row = rows.find(({ first, count }) => first <= leaf && leaf < first + count);
      this.#fetched.set(leaf, row);
    }
  }
}
