/**
 * Tells what an erasure took away from what somebody took away or changed in the store. An erased case has no secret, or
 * a new one where it lives on: neither opens the bodies from before. But no more does a secret that was deleted by hand,
 * nor an edited body. So the log itself says whether an erasure of the case came after the leaf. Only bodies that do not
 * open cost anything. An erasure also says which bodies it took: with another one that does not open it has nothing to do.
 *
 * Where the leaf of an erasure is, the engine has noted, so that nobody has to look for it. The note is only a hint: it
 * counts for nothing until the leaf says the same. What no note explains has the whole log looked through, once.
 */
import { bodiesTakenBy, type TookBody } from './erased-bodies.ts';
import { splitLeaves } from './leaf-block.ts';
import { houseCase, type CaseId, type Store, type StoredLeaf } from './port.ts';

/** What is asked of an engine. */
export type ErasureSource = Pick<Store, 'readLeaves' | 'readLeafRuns'> & {
  /** The leaves by which a case was erased, rising, as far as they were noted. */
  readErasures(of: CaseId): Promise<readonly number[]>;
};

/** The beginning of a leaf that says so. */
const erasureLeaf = Buffer.from('{"kind":"case.erased"');

type Erasure = {
  readonly of: CaseId | undefined;
  readonly index: number;
  readonly took: TookBody;
  readonly hadSecret: boolean;
};

export class Erasures {
  /** Reads bodies without asking here. */
  readonly #source: ErasureSource;
  /** The erasures of a case, rising; under `undefined`, those that do not say of which. */
  readonly #of = new Map<CaseId | undefined, readonly Erasure[]>();
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
    return leaves.map((leaf) => (isDoubtful(leaf) ? this.#judge(leaf) : leaf));
  }

  #judge(leaf: StoredLeaf): StoredLeaf {
    const erasedBy = this.#erasureOf(leaf);
    if (erasedBy === undefined) {
      // Its secret went with the case, but it did not open by then.
      return this.#lostItsSecret(leaf) ? { ...leaf, tampered: 'changed' } : leaf;
    }
    const { tampered: _, ...rest } = leaf;
    return { ...rest, erased: true, erasedBy };
  }

  /** Whether an erasure of its case behind a leaf found the secret. Where it was gone by then, it is gone as before. */
  #lostItsSecret({ case: of, index }: StoredLeaf): boolean {
    return this.#of.get(of)?.some((erasure) => erasure.index > index && erasure.hadSecret) === true;
  }

  /** The first erasure of its case behind a leaf that took its body: later ones found it erased. */
  #erasureOf({ case: of, index }: StoredLeaf): number | undefined {
    const explains = (erasure: Erasure): boolean => erasure.index > index && erasure.took(index);
    return (this.#of.get(of)?.find(explains) ?? this.#of.get(undefined)?.find(explains))?.index;
  }

  async #learn(doubtful: readonly StoredLeaf[]): Promise<void> {
    const unexplained = () => doubtful.filter((leaf) => this.#erasureOf(leaf) === undefined);
    for (const of of new Set(unexplained().map((leaf) => leaf.case))) {
      if (of === undefined) continue;
      const known = new Set(this.#of.get(of)?.map(({ index }) => index));
      for (const index of await this.#source.readErasures(of)) {
        // Its list may be long, and what it does not explain comes with each page.
        if (known.has(index)) continue;
        const erasure = await this.#erasureAt(index);
        if (erasure?.of === of) this.#add(erasure);
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
      const erasure = await this.#erasureAt(index);
      if (erasure !== undefined) this.#add(erasure);
    }
  }

  /** Undefined where the leaf at an index is not that of an erasure. */
  async #erasureAt(index: number): Promise<Erasure | undefined> {
    const [leaf, next] = await this.#source.readLeaves(index, 2);
    if (leaf === undefined || !isErasureLeaf(Buffer.from(leaf.leaf))) return undefined;
    // What it took, nobody can say.
    if (leaf.tampered !== undefined) return undefined;
    const { entry } = leaf;
    const of = typeof entry.case === 'string' ? (entry.case as CaseId) : undefined;
    return { of, index, took: bodiesTakenBy(entry, next?.entry), hadSecret: entry.hadSecret !== false };
  }

  #add(erasure: Erasure): void {
    const known = this.#of.get(erasure.of) ?? [];
    if (known.some(({ index }) => index === erasure.index)) return;
    this.#of.set(
      erasure.of,
      [...known, erasure].sort((one, other) => one.index - other.index),
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
