/**
 * Which leaves an erasure took the bodies of. The leaf of the erasure says how many, and the one behind it which: so nobody
 * can pass off what he has taken away or changed in the store as erased with a case that it is not of. The list has a leaf
 * of its own, since certificates and evidence open that of the erasure, and have no need to tell what belonged together.
 */
import type { CaseVault } from './case-vault.ts';
import type { CaseId, ProposedBodies, RecordEntry, RecordText } from './port.ts';
import { openBlockOf, type BlockRow } from './stored-leaf.ts';

/** The kind of the leaf that says which. */
export const erasedBodiesKind = 'case.erased-bodies';

/** What the leaves of an erasure say, in their order. */
export type ErasureRecords = readonly [RecordText, RecordText?];

/** What an erasure found of its case. */
export type ErasureFindings = {
  /** Whose bodies opened, rising. */
  readonly leaves: readonly number[];
  /** False where somebody had deleted the secret of the case before. */
  readonly hadSecret: boolean;
};

/** @param order the record of the erasure as its caller gives it */
export function erasureRecords(
  order: RecordText,
  of: CaseId,
  { leaves, hadSecret }: ErasureFindings,
): ErasureRecords {
  const given = JSON.parse(order) as RecordEntry;
  const erasure = JSON.stringify({ ...given, bodies: leaves.length, ...(!hadSecret && { hadSecret }) });
  if (leaves.length === 0) return [erasure];
  return [erasure, JSON.stringify({ kind: erasedBodiesKind, case: of, leaves } satisfies RecordEntry)];
}

/**
 * The leaves of a case whose bodies open. Wherever they are looked for, each is opened here under the secret that goes: who
 * says where bodies of the case are need not be believed.
 */
export class OpenBodies {
  readonly #leaves = new Set<number>();
  readonly #open: (row: BlockRow) => readonly number[];

  constructor(of: CaseId, vault: CaseVault, secret: Uint8Array) {
    this.#open = (row) => openBlockOf(row, of, vault, secret);
  }

  /** Takes a block, in any order, and once more without harm. */
  take(row: BlockRow): void {
    for (const index of this.#open(row)) this.#leaves.add(index);
  }

  /** Rising. */
  get leaves(): number[] {
    return [...this.#leaves].sort((one, other) => one - other);
  }
}

/** Leaves of the first `asOf`, each once and rising, of which somebody says that their bodies are of a case. */
export function proposedLeaves(proposed: ProposedBodies, others: readonly number[] = []): number[] {
  const before = [...proposed.leaves, ...others].filter((leaf) => leaf < proposed.asOf);
  return [...new Set(before)].sort((one, other) => one - other);
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
