/**
 * Tells what an erasure took away from what somebody took away or changed in the store. An erased case has no secret, or
 * a new one where it lives on: neither opens the bodies from before. But no more does a secret that was deleted by hand,
 * nor an edited body. So the log itself says whether an erasure of the case came after the leaf. Only bodies that do not
 * open cost anything.
 */
import { splitLeaves } from './leaf-block.ts';
import { houseCase, type CaseId, type Store, type StoredLeaf } from './port.ts';

type LeafReader = Pick<Store, 'readLeaves' | 'readLeafRuns'>;

/** The beginning of a leaf that says so. */
const erasureLeaf = Buffer.from('{"kind":"case.erased"');

export class Erasures {
  /** Reads bodies without asking here. */
  readonly #source: LeafReader;
  /** The leaves that erased a case, rising; under `undefined`, those that do not say which. */
  readonly #of = new Map<CaseId | undefined, number[]>();
  #next = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(source: LeafReader) {
    this.#source = source;
  }

  /** The same leaves; what is taken for tampered with and was erased is said to be erased. */
  async settle(leaves: readonly StoredLeaf[]): Promise<readonly StoredLeaf[]> {
    if (!leaves.some(isDoubtful)) return leaves;
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#catchUp());
    await this.#turn;
    return leaves.map((leaf) => {
      const erasedBy = isDoubtful(leaf) ? this.#erasureOf(leaf) : undefined;
      if (erasedBy === undefined) return leaf;
      const { tampered: _, ...rest } = leaf;
      return { ...rest, erased: true, erasedBy };
    });
  }

  /** The first erasure of its case behind a leaf: later ones found it erased. */
  #erasureOf({ case: of, index }: StoredLeaf): number | undefined {
    const isBehind = (erasure: number): boolean => erasure > index;
    return this.#of.get(of)?.find(isBehind) ?? this.#of.get(undefined)?.find(isBehind);
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
      const index = first + place;
      if (index < this.#next || !bytes.subarray(0, erasureLeaf.byteLength).equals(erasureLeaf)) continue;
      const [leaf] = await this.#source.readLeaves(index, 1);
      const of = typeof leaf?.entry.case === 'string' ? (leaf.entry.case as CaseId) : undefined;
      this.#of.set(of, [...(this.#of.get(of) ?? []), index]);
    }
  }
}

/** The gateway's own case is never erased. */
function isDoubtful({ tampered, case: of }: StoredLeaf): boolean {
  return tampered !== undefined && of !== undefined && of !== houseCase;
}
