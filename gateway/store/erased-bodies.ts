/**
 * Which leaves an erasure took the bodies of. The leaf of the erasure says how many, and the one behind it which: so nobody
 * can pass off what he has taken away or changed in the store as erased with a case that it is not of. The list has a leaf
 * of its own, since certificates and evidence open that of the erasure, and have no need to tell what belonged together.
 */
import type { CaseVault } from './case-vault.ts';
import type { CaseId, KnownBodies, RecordEntry, RecordText } from './port.ts';
import { openBlockOf, type BlockRow } from './stored-leaf.ts';

/** The kind of the leaf that says which. */
export const erasedBodiesKind = 'case.erased-bodies';

/** What the leaves of an erasure say, in their order. */
export type ErasureRecords = readonly [RecordText, RecordText?];

/** @param order the record of the erasure as its caller gives it @param leaves rising */
export function erasureRecords(order: RecordText, of: CaseId, leaves: readonly number[]): ErasureRecords {
  const erasure = JSON.stringify({ ...(JSON.parse(order) as RecordEntry), bodies: leaves.length });
  if (leaves.length === 0) return [erasure];
  return [erasure, JSON.stringify({ kind: erasedBodiesKind, case: of, leaves } satisfies RecordEntry)];
}

/** The leaves of a case whose bodies open: those that are known, and those that blocks hold behind them. */
export class OpenBodies {
  readonly leaves: number[];
  readonly #of: CaseId;
  readonly #asOf: number;
  readonly #open: (row: BlockRow) => readonly number[];

  /** @param secret of the case; without one, none of its bodies opens */
  constructor(of: CaseId, known: KnownBodies, vault: CaseVault, secret: Uint8Array | undefined) {
    this.#of = of;
    this.#asOf = known.asOf;
    this.leaves = secret === undefined ? [] : [...known.leaves];
    this.#open = (row) => (secret === undefined ? [] : openBlockOf(row, this.#of, vault, secret));
  }

  /** Takes a block that ends behind what is known; such blocks come in their order. */
  take(row: BlockRow): void {
    for (const index of this.#open(row)) if (index >= this.#asOf) this.leaves.push(index);
  }
}

/** Whether an erasure took the body of a leaf. */
export type TookBody = (index: number) => boolean;

/**
 * @param erasure the entry of its leaf @param next that of the leaf behind it
 * @returns for one of a version that did not say which: true of all
 */
export function bodiesTakenBy(erasure: RecordEntry, next: RecordEntry | undefined): TookBody {
  if (erasure.bodies === undefined) return () => true;
  if (next?.kind !== erasedBodiesKind || !Array.isArray(next.leaves)) return () => false;
  const taken = new Set<unknown>(next.leaves);
  return (index) => taken.has(index);
}
