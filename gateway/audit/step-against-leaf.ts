/**
 * Holds what the store says of a step of a delivery, that it arrived or how it ended, against the leaf that it names. The
 * leaf says which delivery, which step, and when.
 */
import type { Digest, EndpointAddress, MessageId } from '../../protocol/ids.ts';
import type { DeliveryState, KeptDelivery, KeptOutcome, StoredLeaf } from '../store/port.ts';
import { openLeaf } from '../store/stored-leaf.ts';

/** `delivered`: it arrived; `settled`: it came to its end. */
export type DeliveryStep = 'delivered' | 'settled';

/**
 * `untold`: the store says it, and not the leaf that it names. `otherwise`: a leaf says that it was otherwise or at
 * another time. `taken-back`: a leaf says it, and the store that it is still to come. `unheard-of`: a leaf says it of a
 * delivery that its message never had. `no-state`: what the store has for the state of the delivery is none.
 */
export type StepFault = 'untold' | 'otherwise' | 'taken-back' | 'unheard-of' | 'no-state';

/** What the store says of a step. */
export type KeptClaim = {
  readonly message: MessageId;
  readonly recipient: EndpointAddress | undefined;
  /** The leaf of the acceptance, and which of its deliveries. */
  readonly of: number;
  readonly nth: number;
  readonly step: DeliveryStep;
  readonly state: DeliveryState;
  readonly at: number | null;
  readonly leaf: number | null;
  /** Whether the gateway takes the step all the same, since the state of the delivery is another. */
  readonly isToCome: boolean;
};

/** What a leaf says of a step. */
export type ToldStep = {
  readonly index: number;
  readonly of: number;
  readonly nth: number;
  readonly step: DeliveryStep;
  readonly state: DeliveryState;
  readonly at: number;
  /** Digest of the group of receipts that says so. */
  readonly receipt: Digest | undefined;
};

/** A leaf, and the step of a delivery that it tells of. */
export type ToldLeaf = { readonly leaf: StoredLeaf; readonly told: ToldStep | undefined };

const steps: ReadonlyMap<string, DeliveryState> = new Map([
  ['delivery.delivered', 'delivered'],
  ['delivery.stored', 'stored'],
  ['delivery.refused', 'refused'],
  ['delivery.expired', 'expired'],
]);

/** Undefined for any other leaf, and for one that was rewritten: what it said, nobody knows. */
export function toldStepOf(stored: StoredLeaf): ToldStep | undefined {
  const state = steps.get(stored.entry.kind);
  if (state === undefined) return undefined;
  const { of, nth, at, receipt } = openLeaf(stored);
  if (of === undefined || nth === undefined) return undefined;
  const step = state === 'delivered' ? 'delivered' : 'settled';
  return { index: stored.index, of, nth, step, state, at, receipt };
}

/** What it says of the steps of its deliveries; nothing of those that are to come. */
export function claimsOf({ message, leaf: of, deliveries }: KeptOutcome): KeptClaim[] {
  return deliveries.flatMap((delivery, nth) =>
    delivery === undefined
      ? []
      : [deliveredBy(delivery), settledBy(delivery)].flatMap((said) =>
          said === undefined
            ? []
            : { message, recipient: delivery.recipient, state: delivery.state ?? 'queued', of, nth, ...said },
        ),
  );
}

type Said = Pick<KeptClaim, 'step' | 'at' | 'leaf' | 'isToCome'>;

function deliveredBy({ state = 'queued', delivered }: KeptDelivery): Said | undefined {
  if (state !== 'delivered' && isBlank(delivered)) return undefined;
  return { step: 'delivered', ...delivered, isToCome: state === 'queued' };
}

function settledBy({ state = 'queued', isOpen, settled }: KeptDelivery): Said | undefined {
  const isFinal = state !== 'queued' && state !== 'delivered';
  if (isOpen && !isFinal && isBlank(settled)) return undefined;
  return { step: 'settled', ...settled, isToCome: isOpen || !isFinal };
}

function isBlank({ at, leaf }: KeptDelivery['settled']): boolean {
  return at === null && leaf === null;
}

export function isAbout(claim: KeptClaim, told: ToldStep): boolean {
  return told.of === claim.of && told.nth === claim.nth && told.step === claim.step;
}

/** @param told by the leaf that it names @returns undefined where nothing is amiss */
export function faultOfStep(claim: KeptClaim, told: ToldStep | undefined): StepFault | undefined {
  if (told === undefined || !isAbout(claim, told)) return 'untold';
  if (claim.isToCome) return 'taken-back';
  const isSame = told.at === claim.at && (claim.step === 'delivered' || told.state === claim.state);
  return isSame ? undefined : 'otherwise';
}

/** What expired here may have reached the recipient all the same: then the store names the later leaf. */
export function isOvertaken({ state, index }: ToldStep, claim: KeptClaim): boolean {
  return state === 'expired' && claim.state === 'stored' && claim.leaf !== null && claim.leaf > index;
}
