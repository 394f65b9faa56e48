/**
 * Blocks of the audit log that are read in a row. Each begins where the one before it ends and holds as many leaves as it
 * says; a store in which one does not was edited or spoilt, and nothing may be concluded from the leaves behind that
 * place, least of all a signed log.
 */
import { CausewayError } from '../../protocol/errors.ts';
import { countLeaves } from './leaf-block.ts';

/** What a row says of its place: the index of its first leaf, and how many it holds. */
type BlockPlace = { readonly first: number; readonly count: number };

/** `store-damaged`; its detail names the leaf and no file, and may be told to whoever asks. */
export class BrokenLogError extends CausewayError {
  constructor(detail: string) {
    super('store-damaged', { detail });
  }
}

export class JoinedBlocks {
  #end: number;

  /** @param end where the block before the first one ends; 0 where there is none */
  constructor(end: number) {
    this.#end = end;
  }

  /** Takes the next block. @throws BrokenLogError */
  take({ first, count, leaves }: BlockPlace & { readonly leaves: Buffer }): void {
    refuseGap(this.#end, first);
    const held = countLeaves(leaves);
    if (held !== count || count === 0) {
      const found = held === undefined ? 'cannot be told apart' : `are ${held}`;
      throw new BrokenLogError(
        `The block of the audit log that begins with leaf ${first} is damaged: ${count} leaves should be in it, and what is there ${found}.`,
      );
    }
    this.#end = first + count;
  }
}

/**
 * @param end where a block ends @param first where the next one begins
 * @throws BrokenLogError
 */
export function refuseGap(end: number, first: number): void {
  if (first === end) return;
  const what =
    first > end ? 'leaves before it are missing, or somebody has put it there' : 'two of them overlap';
  throw new BrokenLogError(
    `The blocks of the audit log do not join: one begins with leaf ${first} where leaf ${end} is due; ${what}.`,
  );
}
