/** Erasing a case: what opens its bodies goes, its leaves stay. */
import type { CaseId, RecordEntry } from './records.ts';

/** The mark by which a store says which leaf tells of its latest erasure: who holds what was read looks for news here. */
export const erasureMark = 'case.erased';

/**
 * What becomes of deliveries of a case that is erased while they are under way: it waits for them, or they end now as
 * if their time had come, so that nobody can hold an erasure up by sending.
 */
export type UnderWay = 'wait' | 'end';

/** So many deliveries are ended at once: a case may have more under way than one commit can take. */
export const endedAtOnce = 500;

/** How many open deliveries of a case are looked for before it is erased: one keeps it waiting, one more than can end at once asks again. */
export function openDeliveriesWanted(underWay: UnderWay): number {
  return underWay === 'wait' ? 1 : endedAtOnce + 1;
}

/**
 * `pending`: some of its deliveries are still under way. Where they are to end, the first {@link endedAtOnce} of them
 * have ended now, and it is to be asked again.
 */
export type ErasureOutcome = 'erased' | 'pending' | 'unknown';

/**
 * Where bodies of a case may be among the first `asOf` leaves of the log. A store opens each, so that one too many is of no
 * consequence; one that is missing is found only where a message of the case has its row.
 */
export type ProposedBodies = { readonly asOf: number; readonly leaves: readonly number[] };
export const nothingProposed: ProposedBodies = { asOf: 0, leaves: [] };

/** A file of an engine's own in which bytes outlive their deletion for a while. */
export type ErasureResidue = 'write-ahead-log' | 'oplog';

/** What a store does for it: a part of `Store`. */
export type ErasureStore = {
  /**
   * Destroys the secret of a case, and with it every body and salt that its leaves are bound to; the ciphertexts of
   * its messages and what the store knows of their matter go as well. All leaves stay. The record is written with it, and
   * says how many bodies went; where some did, the leaf behind it says of which leaves, see `erased-bodies.ts`.
   * Where it fails with `store-unavailable`, ciphertexts of a large case may be gone already: it is to be asked again.
   * @param underWay default `wait`
   * @param proposed where to look: the store itself looks through the rest of the log, which else is all
   * @throws CausewayError `case-pending`, in the place of `pending`, where such ciphertexts are gone and then a message came
   */
  eraseCase(
    id: CaseId,
    record: RecordEntry,
    underWay?: UnderWay,
    proposed?: ProposedBodies,
  ): Promise<ErasureOutcome>;
  /**
   * Where bytes of what was erased may stand all the same: `write-ahead-log` while somebody still reads the store as
   * it was before, and each further commit tries again; `oplog` always, until it has gone round.
   * @returns undefined when nowhere
   */
  readResidue(): Promise<ErasureResidue | undefined>;
};
