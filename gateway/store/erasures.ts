/**
 * Tells what an erasure took away from what somebody took away or changed in the store. An erased case has no secret, or
 * a new one where it lives on: neither opens the bodies from before. But no more does a secret that was deleted by hand,
 * nor an edited body. So the log itself says whether an erasure of the case came after the leaf. Only bodies that do not
 * open cost anything.
 *
 * Where the leaf of an erasure is, the engine has noted, so that nobody has to look for it. The note is only a hint: it
 * counts for nothing until the leaf says the same. What no note explains has the whole log looked through, once.
 */
import { splitLeaves } from './leaf-block.ts';
import { houseCase, type CaseId, type Store, type StoredLeaf } from './port.ts';

/** What is asked of an engine. */
export type ErasureSource = Pick<Store, 'readLeaves' | 'readLeafRuns'> & {
  /** The leaves by which a case was erased, rising, as far as they were noted. */
  readErasures(of: CaseId): Promise<readonly number[]>;
};

/** The beginning of a leaf that says so. */
const erasureLeaf = Buffer.from('{"kind":"case.erased"');

export class Erasures {
  /** Reads bodies without asking here. */
  readonly #source: ErasureSource;
  /** The leaves that erased a case, rising; under `undefined`, those that do not say which. */
  readonly #of = new Map<CaseId | undefined, readonly number[]>();
  #next = 0;
  #turn: Promise<void> = Promise.resolve();

  constructor(source: ErasureSource) {
    this.#source = source;
  }

  /** The same leaves; what is taken for tampered with and was erased is said to be erased. */
  async settle(leaves: readonly StoredLeaf[]): Promise<readonly StoredLeaf[]> {
    const doubtful = leaves.filter(isDoubtful);
    if (doubtful.length === 0) return leaves;
    this.#turn = this.#turn.catch(() => undefined).then(() => this.#learn(doubtful));
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

  async #learn(doubtful: readonly StoredLeaf[]): Promise<void> {
    const unexplained = () => doubtful.filter((leaf) => this.#erasureOf(leaf) === undefined);
    for (const of of new Set(unexplained().map((leaf) => leaf.case))) {
      if (of === undefined) continue;
      for (const index of await this.#source.readErasures(of)) {
        if ((await this.#caseErasedBy(index)) === of) this.#add(of, index);
      }
    }
    if (unexplained().length > 0) await this.#lookThroughLog();
  }

  async #lookThroughLog(): Promise<void> {
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
      if (index < this.#next || !isErasureLeaf(bytes)) continue;
      this.#add(await this.#caseErasedBy(index), index);
    }
  }

  /** Undefined where the leaf at an index is not that of an erasure, or does not say of which case. */
  async #caseErasedBy(index: number): Promise<CaseId | undefined> {
    const [leaf] = await this.#source.readLeaves(index, 1);
    if (leaf === undefined || !isErasureLeaf(Buffer.from(leaf.leaf))) return undefined;
    return typeof leaf.entry.case === 'string' ? (leaf.entry.case as CaseId) : undefined;
  }

  #add(of: CaseId | undefined, index: number): void {
    const known = this.#of.get(of) ?? [];
    if (!known.includes(index))
      this.#of.set(
        of,
        [...known, index].sort((one, other) => one - other),
      );
  }
}

function isErasureLeaf(leaf: Buffer): boolean {
  return leaf.subarray(0, erasureLeaf.byteLength).equals(erasureLeaf);
}

/** The gateway's own case is never erased. */
function isDoubtful({ tampered, case: of }: StoredLeaf): boolean {
  return tampered !== undefined && of !== undefined && of !== houseCase;
}
