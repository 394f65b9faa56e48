/**
 * Tells what an erasure took away from what was changed in the store. A case that was erased and lives on has a new
 * secret, which does not open the bodies from before: so where a secret is there and does not open a body, the log
 * itself says whether an erasure of that case came after it. Only such bodies cost anything.
 */
import { splitLeaves } from './leaf-block.ts';
import { houseCase, type CaseId, type Store, type StoredLeaf } from './port.ts';

type LeafReader = Pick<Store, 'readLeaves' | 'readLeafRuns'>;

/** The beginning of a leaf that says so. */
const erasureLeaf = Buffer.from('{"kind":"case.erased"');

export class EarlierErasures {
  /** Reads bodies without asking here. */
  readonly #source: LeafReader;
  /** The last leaf that erased a case; under `undefined`, the last one that does not say which. */
  readonly #last = new Map<CaseId | undefined, number>();
  #next = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(source: LeafReader) {
    this.#source = source;
  }

  /** The same leaves; what is taken for changed and was erased is said to be erased. */
  async settle(leaves: readonly StoredLeaf[]): Promise<readonly StoredLeaf[]> {
    if (!leaves.some(isDoubtful)) return leaves;
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#catchUp());
    await this.#turn;
    return leaves.map((leaf) => {
      if (!isDoubtful(leaf) || !this.#wasErased(leaf)) return leaf;
      const { tampered: _, ...rest } = leaf;
      return { ...rest, erased: true };
    });
  }

  #wasErased({ case: of, index }: StoredLeaf): boolean {
    const last = Math.max(this.#last.get(of) ?? -1, this.#last.get(undefined) ?? -1);
    return last > index;
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const runs = await this.#source.readLeafRuns(this.#next);
      if (runs.length === 0) return;
      for (const { first, count, leaves } of runs) {
        if (leaves.includes(erasureLeaf)) await this.#take(first, leaves);
        this.#next = Math.max(this.#next, first + count);
      }
    }
  }

  async #take(first: number, run: Buffer): Promise<void> {
    for (const [place, bytes] of splitLeaves(run).entries()) {
      if (!bytes.subarray(0, erasureLeaf.byteLength).equals(erasureLeaf)) continue;
      const [leaf] = await this.#source.readLeaves(first + place, 1);
      const of = leaf?.entry.case;
      this.#last.set(typeof of === 'string' ? (of as CaseId) : undefined, first + place);
    }
  }
}

/** The gateway's own case is never erased. */
function isDoubtful({ tampered, case: of }: StoredLeaf): boolean {
  return tampered === true && of !== undefined && of !== houseCase;
}
