/**
 * Holds how far the store says that deliveries have come against the leaves that say so, both ways. Goes along with the
 * leaves: what the store says of a delivery is known when the leaf of its acceptance is come to, and waits for the leaf
 * that it names, which is a later one.
 *
 * A gateway may go on meanwhile, so that a leaf tells of what the store did not say yet: it is asked again. When much
 * waits, as of an endpoint that was away for long, the leaves that it names are read at once, and noted with a bit.
 *
 * A delivery that no message has is not come to in this way. The leaves of its steps are, once it was made; until then
 * the store has more of them than were looked at.
 */
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { KeptDelivery, KeptOutcome, Store, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';
import { FaultList } from './fault-list.ts';
import { LeafSet } from './leaf-set.ts';
import { leavesAt, rising } from './leaves-at.ts';
import { firstOutcomeOf } from './outcome-against-leaf.ts';
import {
  claimsOf,
  faultOfStep,
  isAbout,
  isOvertaken,
  toldStepOf,
  type DeliveryStep,
  type KeptClaim,
  type StepFault,
  type ToldLeaf,
  type ToldStep,
} from './step-against-leaf.ts';

export type FaultyDelivery = {
  /** Undefined where the leaf that should have accepted it tells of none. */
  readonly message: MessageId | undefined;
  readonly recipient: EndpointAddress | undefined;
  /** The leaf of the acceptance. */
  readonly accepted: number;
  readonly step: DeliveryStep;
  readonly fault: StepFault;
  /** The leaf that tells of the step, or that should; undefined where the store names none. */
  readonly leaf: number | undefined;
};

type Named = Pick<FaultyDelivery, 'message'> & Pick<KeptClaim, 'recipient' | 'of' | 'step' | 'leaf'>;

const defaultMostWaiting = 20_000;

export class HeldDeliveries {
  readonly faults = new FaultList<FaultyDelivery>();
  /** Those of messages that the leaves tell of. */
  looked = 0;
  #waiting: KeptClaim[] = [];
  /** Those that were named by what had to wait too long. */
  readonly #named = new LeafSet();
  readonly #store: Pick<Store, 'readOutcomes'>;
  readonly #leaves: Pick<Store, 'readLeaves'>;
  readonly #mostWaiting: number;

  /** @param mostWaiting how much of what the store says waits for its leaf to be come to */
  constructor(
    store: Pick<Store, 'readOutcomes'>,
    leaves: Pick<Store, 'readLeaves'>,
    mostWaiting = defaultMostWaiting,
  ) {
    this.#store = store;
    this.#leaves = leaves;
    this.#mostWaiting = mostWaiting;
  }

  /** @param kept of a leaf of the portion that is held next */
  expect(kept: KeptOutcome): void {
    for (const delivery of kept.deliveries) if (delivery !== undefined) this.#look(kept, delivery);
    for (const claim of claimsOf(kept)) {
      if (claim.leaf !== null && claim.leaf > claim.of) this.#waiting.push(claim);
      else this.#tell(claim, 'untold');
    }
  }

  #look({ message, leaf: accepted }: KeptOutcome, { recipient, state }: KeptDelivery): void {
    this.looked += 1;
    if (state !== undefined) return;
    const fault = { step: 'delivered', fault: 'no-state', leaf: undefined } as const;
    this.faults.add({ message, recipient, accepted, ...fault });
  }

  /** @param leaves the next of the log, in order */
  async hold(leaves: readonly ToldLeaf[]): Promise<void> {
    const first = leaves[0]?.leaf.index ?? 0;
    const named = new Set<number>();
    const waiting: KeptClaim[] = [];
    for (const claim of this.#waiting) {
      const its = leaves[(claim.leaf ?? 0) - first];
      if (its === undefined) waiting.push(claim);
      else if (this.#holdClaim(claim, its)) named.add(its.leaf.index);
    }
    this.#waiting = waiting;
    const unnamed = leaves.flatMap(({ told }) =>
      told === undefined || named.has(told.index) || this.#named.has(told.index) ? [] : told,
    );
    if (unnamed.length > 0) await this.#askAgain(unnamed);
    if (this.#waiting.length > this.#mostWaiting) await this.finish();
  }

  /** Holds what waits for leaves that were not come to. */
  async finish(): Promise<void> {
    const waiting = Map.groupBy(this.#waiting, ({ leaf }) => leaf ?? 0);
    this.#waiting = [];
    for await (const leaf of leavesAt(this.#leaves, rising(waiting.keys()))) {
      const its = { leaf, told: toldStepOf(leaf) };
      for (const claim of waiting.get(leaf.index) ?? [])
        if (this.#holdClaim(claim, its)) this.#named.add(leaf.index);
      waiting.delete(leaf.index);
    }
    for (const claim of [...waiting.values()].flat()) this.#tell(claim, 'untold');
  }

  /** @param its the leaf that it names @returns whether that leaf is done with */
  #holdClaim(claim: KeptClaim, { leaf, told }: ToldLeaf): boolean {
    if (leaf.tampered === 'rewritten') return false;
    const fault = faultOfStep(claim, told);
    if (fault !== undefined) this.#tell(claim, fault);
    return told !== undefined && isAbout(claim, told);
  }

  /** @param steps that the store did not say, when it was asked */
  async #askAgain(steps: readonly ToldStep[]): Promise<void> {
    const accepted = new Map<number, StoredLeaf>();
    for await (const leaf of leavesAt(this.#leaves, rising(steps.map(({ of }) => of))))
      accepted.set(leaf.index, leaf);
    const outcomes = await this.#outcomesOf([...accepted.values()]);
    for (const told of steps) {
      const kept = outcomes.get(told.of);
      const delivery = kept?.deliveries[told.nth];
      const { of, step, index: leaf } = told;
      if (kept === undefined || delivery === undefined) {
        const origin = accepted.get(of);
        const message = origin && openLeaf(origin).message;
        if (isUnheardOf(told, origin, kept))
          this.#tell({ message, recipient: undefined, of, step, leaf }, 'unheard-of');
        continue;
      }
      const claim = claimsOf(kept).find((each) => isAbout(each, told));
      const named = { message: kept.message, recipient: delivery.recipient, of, step, leaf };
      const fault = claim === undefined ? 'taken-back' : await this.#faultBeside(claim, told);
      if (fault !== undefined) this.#tell(named, fault);
    }
  }

  /** What is amiss with a leaf that is about the same as the claim, and need not be the one that this names. */
  async #faultBeside(claim: KeptClaim, told: ToldStep): Promise<StepFault | undefined> {
    if (claim.leaf === told.index) return faultOfStep(claim, told);
    if (claim.isToCome) return 'taken-back';
    if (isOvertaken(told, claim) || claim.leaf === null) return undefined;
    const [other] = await this.#leaves.readLeaves(claim.leaf, 1);
    // Where the leaf that it names does not say so, this was told before.
    const isTold = other !== undefined && faultOfStep(claim, toldStepOf(other)) === undefined;
    return isTold ? 'otherwise' : undefined;
  }

  /** By the leaves that they name, which are those of their acceptances. */
  async #outcomesOf(accepted: readonly StoredLeaf[]): Promise<ReadonlyMap<number, KeptOutcome>> {
    const found = new Map<number, KeptOutcome>();
    const messages = new Map(accepted.map((leaf) => [leaf.index, firstOutcomeOf(leaf)]));
    let rest = [...new Set(messages.values())].filter((message) => message !== undefined);
    while (rest.length > 0) {
      const { outcomes, looked } = await this.#store.readOutcomes(rest);
      for (const kept of outcomes) if (messages.get(kept.leaf) === kept.message) found.set(kept.leaf, kept);
      rest = rest.slice(looked);
    }
    return found;
  }

  #tell({ message, recipient, of, step, leaf }: Named, fault: StepFault): void {
    this.faults.add({ message, recipient, accepted: of, step, fault, leaf: leaf ?? undefined });
  }
}

/**
 * Whether there never was to be such a delivery, of which nothing stands there. One that its message has lost is told of
 * with that: the message is gone, or has not the recipients that it says.
 * @param origin the leaf that should have accepted it, if there is one
 */
function isUnheardOf(
  { nth }: ToldStep,
  origin: StoredLeaf | undefined,
  kept: KeptOutcome | undefined,
): boolean {
  if (origin?.tampered === 'rewritten') return false;
  if (origin === undefined || openLeaf(origin).kind !== 'message.accepted') return true;
  const { decisions } = origin.entry;
  // Of an erased case, the leaf does not say it any more.
  const count = Array.isArray(decisions) ? decisions.length : kept?.recipients?.length;
  return count !== undefined && (nth < 0 || nth >= count);
}
