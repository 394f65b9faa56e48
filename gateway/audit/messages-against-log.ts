/**
 * Holds all messages of the store against the leaves of their first outcomes, leaf by leaf: so a message that is gone is
 * found as well. With them, how far their deliveries have come, and what recipients signed. Keeps a portion of them in
 * memory, however many there are.
 */
import type { MessageId } from '../../protocol/ids.ts';
import type { KeptOutcome, Store, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { HeldDeliveries, type FaultyDelivery } from './deliveries-against-log.ts';
import { FaultList, type Faults } from './fault-list.ts';
import { HeldGroups, type FaultyGroup } from './groups-against-log.ts';
import { faultOf, firstOutcomeOf, type OutcomeFault } from './outcome-against-leaf.ts';
import { toldStepOf } from './step-against-leaf.ts';

/**
 * `gone`: the leaf has no message. `leaf-rewritten`: nothing else is amiss, but the leaf is not the one that was published,
 * so that the message cannot be held against it.
 */
export type MessageFault = OutcomeFault | 'gone' | 'leaf-rewritten';

export type FaultyMessage = {
  readonly message: MessageId;
  readonly leaf: number;
  readonly fault: MessageFault;
};

/** What is held of the store. */
export type HeldStore = Pick<Store, 'readOutcomes' | 'countKept' | 'readKeptGroups'>;

export type MessagesAgainstLog = {
  readonly looked: number;
  readonly faults: Faults<FaultyMessage>;
  /** How many messages the store has of which no leaf tells. */
  readonly unknown: number;
  readonly deliveries: {
    readonly looked: number;
    readonly faults: Faults<FaultyDelivery>;
    /** How many the store has besides those of the messages. */
    readonly unknown: number;
  };
  /** The groups of receipts that recipients signed. */
  readonly groups: Faults<FaultyGroup>;
};

const portion = 2_000;

export async function holdMessagesAgainst(
  store: HeldStore,
  leaves: Pick<Store, 'readLeaves'>,
  onProgress: (looked: number) => void = () => undefined,
): Promise<MessagesAgainstLog> {
  const held = new HeldMessages(store, leaves, onProgress);
  await held.advance();
  const kept = await store.countKept();
  // No further than what was counted: what came later would make up for what is too much.
  await held.advance(kept.leaves);
  await held.deliveries.finish();
  const { looked, faults, known, deliveries, groups } = held;
  return {
    looked,
    faults,
    unknown: Math.max(0, kept.messages - known),
    deliveries: {
      looked: deliveries.looked,
      faults: deliveries.faults,
      unknown: Math.max(0, kept.deliveries - deliveries.looked),
    },
    groups: groups.faults,
  };
}

class HeldMessages {
  readonly faults = new FaultList<FaultyMessage>();
  looked = 0;
  /** Messages of which a leaf tells, or may tell: what a leaf said that was rewritten, nobody knows. */
  known = 0;
  readonly deliveries: HeldDeliveries;
  readonly groups: HeldGroups;
  #next = 0;
  readonly #store: Pick<Store, 'readOutcomes'>;
  readonly #leaves: Pick<Store, 'readLeaves'>;
  readonly #onProgress: (looked: number) => void;

  constructor(store: HeldStore, leaves: Pick<Store, 'readLeaves'>, onProgress: (looked: number) => void) {
    this.#store = store;
    this.#leaves = leaves;
    this.deliveries = new HeldDeliveries(store, leaves);
    this.groups = new HeldGroups(store);
    this.#onProgress = onProgress;
  }

  /** Goes on to the end of the log, or until so many leaves were gone through. */
  async advance(size = Infinity): Promise<void> {
    while (this.#next < size) {
      const leaves = await this.#leaves.readLeaves(this.#next, Math.min(portion, size - this.#next));
      if (leaves.length === 0) return;
      await this.#hold(leaves);
      this.#next += leaves.length;
      this.#onProgress(this.looked);
    }
  }

  async #hold(leaves: readonly StoredLeaf[]): Promise<void> {
    const told = leaves.flatMap((leaf) => {
      const message = firstOutcomeOf(asWritten(leaf));
      if (message === undefined && leaf.tampered === 'rewritten') this.known += 1;
      return message === undefined ? [] : [{ leaf, message }];
    });
    for (let from = 0; from < told.length;) {
      const rest = told.slice(from);
      const { outcomes, looked } = await this.#store.readOutcomes(rest.map(({ message }) => message));
      const ofId = Map.groupBy(outcomes, ({ message }) => message);
      for (const { leaf, message } of rest.slice(0, looked))
        await this.#holdOne(message, leaf, ofId.get(message) ?? []);
      from += looked;
    }
    const steps = leaves.map((leaf) => ({ leaf, told: toldStepOf(leaf) }));
    await this.deliveries.hold(steps);
    await this.groups.hold(steps);
  }

  /** @param outcomes kept under its id, by whichever senders */
  async #holdOne(message: MessageId, leaf: StoredLeaf, outcomes: readonly KeptOutcome[]): Promise<void> {
    this.looked += 1;
    const kept = outcomes.find((one) => one.leaf === leaf.index);
    if (kept !== undefined) this.deliveries.expect(kept);
    // One that names another leaf is not unheard of: this leaf tells of its envelope.
    const isTold =
      kept !== undefined || outcomes.some(({ envelope }) => envelope === openLeaf(leaf).envelope);
    if (isTold || leaf.tampered === 'rewritten') this.known += 1;
    const fault = await this.#faultOf(kept, leaf, outcomes.length > 0);
    if (fault !== undefined) this.faults.add({ message, leaf: leaf.index, fault });
  }

  async #faultOf(
    kept: KeptOutcome | undefined,
    leaf: StoredLeaf,
    isIdKept: boolean,
  ): Promise<MessageFault | undefined> {
    if (kept === undefined)
      // Which message it told of before, nobody knows.
      return leaf.tampered === 'rewritten' ? undefined : isIdKept ? 'unlike' : 'gone';
    if (leaf.tampered === 'rewritten') return kept.matter === 'damaged' ? 'changed' : 'leaf-rewritten';
    const fault = faultOf(kept, leaf);
    if (fault !== 'emptied') return fault;
    // Its case may have been erased since the leaf was read, and its name went from the row with that.
    const [now = leaf] = await this.#leaves.readLeaves(leaf.index, 1);
    return now.erased && kept.matter === 'half-emptied' ? undefined : faultOf(kept, now);
  }
}

/** What it says now, also where it was rewritten. */
function asWritten({ tampered, ...leaf }: StoredLeaf): StoredLeaf {
  return tampered === 'rewritten' || tampered === undefined ? leaf : { ...leaf, tampered };
}
