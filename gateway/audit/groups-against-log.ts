/**
 * Holds the groups of receipts that recipients signed against the leaves that they brought about, which say their digest.
 * A group stands under the first of its leaves, and is that of all which follow up to the next group.
 */
import type { Digest } from '../../protocol/ids.ts';
import type { KeptGroup, Store } from '../store/port.ts';
import { FaultList } from './fault-list.ts';
import type { ToldLeaf } from './step-against-leaf.ts';

export type FaultyGroup = {
  /** The first leaf that says another digest than that of the group which stands there. */
  readonly leaf: number;
  readonly fault: 'changed' | 'gone';
};

export class HeldGroups {
  readonly faults = new FaultList<FaultyGroup>();
  readonly #store: Pick<Store, 'readKeptGroups'>;
  #group: KeptGroup | undefined;
  /** What the leaf before said, and whether it was the group that stands there. */
  #before: { readonly receipt: Digest; readonly isFaulty: boolean } | undefined;

  constructor(store: Pick<Store, 'readKeptGroups'>) {
    this.#store = store;
  }

  /** @param leaves the next of the log, in order */
  async hold(leaves: readonly ToldLeaf[]): Promise<void> {
    const signed = leaves.flatMap(({ told }) => (told?.receipt === undefined ? [] : told));
    const [first, last] = [leaves[0], leaves.at(-1)];
    if (first === undefined || last === undefined) return;
    // Also where no leaf tells of one: a group stands under its first leaf, which may have been rewritten.
    const groups = await this.#store.readKeptGroups(first.leaf.index, last.leaf.index + 1);
    let next = 0;
    for (const { index, receipt } of signed) {
      for (let group = groups[next]; group !== undefined && group.leaf <= index; group = groups[++next])
        this.#group = group;
      if (receipt !== undefined) this.#holdOne(index, receipt);
    }
    this.#group = groups.at(-1) ?? this.#group;
  }

  #holdOne(leaf: number, receipt: Digest): void {
    const isFaulty = this.#group?.digest !== receipt;
    const isTold = this.#before?.receipt === receipt && this.#before.isFaulty;
    this.#before = { receipt, isFaulty };
    if (!isFaulty || isTold) return;
    const fault = this.#group?.leaf === leaf ? 'changed' : 'gone';
    this.faults.add({ leaf, fault });
  }
}
