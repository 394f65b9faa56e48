/**
 * Takes in the signed receipts about this endpoint's messages: checks who signed, writes the ladder down, and only
 * then believes. A receipt that does not verify is told, kept for people, and changes nothing; those behind it go on.
 */
import { CausewayError, isCausewayError, type ErrorCode } from '../../protocol/errors.ts';
import { gatewayAddress, type EndpointAddress, type MessageId } from '../../protocol/ids.ts';
import type { SigningKey } from '../../protocol/proof/signing.ts';
import { readEach } from '../../protocol/read-each.ts';
import {
  decodeReadableReceipts,
  verifyReceiptGroup,
  type ReceiptGroup,
} from '../../protocol/wire/receipt-group.ts';
import { acceptedDetail, refusedDetail } from '../../protocol/wire/receipt-detail.ts';
import { unreadableId, type Receipt, type ReceiptKind } from '../../protocol/wire/receipt.ts';
import type { ClientDirectory } from './directory.ts';
import type { ClientEmitter } from './events.ts';
import type { FalseReceipts } from './false-receipts.ts';
import type { KeptAnswer } from './kept-answer.ts';
import { LadderTable } from './ladder-table.ts';
import { LostTable } from './lost-table.ts';
import type { Outbox } from './outbox.ts';
import type { StateDatabase } from './state-database.ts';

/** One step of a message's ladder, verified and stored. */
export type ReceiptEvent = {
  readonly kind: ReceiptKind;
  readonly message: MessageId;
  /** `undefined` where the step concerns the message as a whole. */
  readonly recipient: EndpointAddress | undefined;
  readonly issuer: EndpointAddress;
  /** ms since 1970, by the issuer's clock. */
  readonly at: number;
  /** Why it was refused. */
  readonly code: ErrorCode | undefined;
  readonly text: string | undefined;
};

type ReceiptBookDependencies = {
  readonly state: StateDatabase;
  readonly directory: Pick<ClientDirectory, 'receiptKeys' | 'untrustedKey' | 'isBehind'>;
  readonly outbox: Pick<Outbox, 'keepAnswer' | 'answered'>;
  readonly emitter: ClientEmitter;
  /** Tells people that the gateway gave what is not genuine. */
  readonly falseReceipts: Pick<FalseReceipts, 'note' | 'raise'>;
  /** The key that signs the gateway's receipts. */
  readonly gatewayKey: SigningKey;
  /** How many groups may be held. */
  readonly maxHeld: number;
  readonly now: () => number;
  /** Told of each step once it is durable. */
  onReceipt(receipt: ReceiptEvent): void;
  /** Told when the stream has shown that the gateway has lost messages, once that is noted. */
  onLost(): void;
};

/** A receipt that was checked, and what it changes. */
type Step = {
  readonly receipt: Receipt;
  readonly answer: KeptAnswer | undefined;
  readonly event: ReceiptEvent;
};

/** A group after its check: what it changes, whom to wait for, or nothing but what is wrong with it. */
type Reading =
  | {
      readonly verdict: 'genuine';
      readonly steps: readonly Step[];
      readonly faults: readonly CausewayError[];
    }
  | Held
  | { readonly verdict: 'bad'; readonly fault: CausewayError };

/** It waits for trust where a key of the directory has signed it; otherwise for the directory, which is behind. */
type Held = { readonly verdict: 'held'; readonly issuer: EndpointAddress; readonly isSigned: boolean };

/** What storing a group came to; told once it is durable. */
type Outcome = {
  readonly applied: readonly Step[];
  readonly faults: readonly CausewayError[];
  /** True where the group was noted as false. */
  readonly isFalse: boolean;
};

const noRoom = 'So many receipts wait for a key to be trusted that no more are taken until one is.';

export class ReceiptBook {
  readonly #deps: ReceiptBookDependencies;
  readonly #table: LadderTable;
  readonly #lost: LostTable;

  /** @internal */
  constructor(deps: ReceiptBookDependencies) {
    this.#deps = deps;
    this.#table = new LadderTable(deps.state.statements);
    this.#lost = new LostTable(deps.state.statements);
  }

  /** Position of the last group of the receipt stream that is stored. */
  get position(): number {
    return this.#table.readPosition();
  }

  /** True while no further group can be held. */
  get isFull(): boolean {
    return this.#table.hasHeld(this.#deps.maxHeld);
  }

  /**
   * Takes in a group as it arrived; resolves once everything believable in it is durable.
   * @param position its place in the receipt stream; 0 for a group outside it
   * @param previous the place of the group before it, or the one after which the gateway was asked to begin. Is it not
   *   smaller, then the gateway was restored from a backup and its stream goes on from an earlier place
   * @throws CausewayError `state-unavailable`, or `key-unknown` when it would have to be held and there is no room
   */
  async take(position: number, bytes: Buffer, previous = 0): Promise<void> {
    const reading = this.#examine(bytes);
    const outcome = await this.#deps.state.write(() => {
      // Not stored, it is not confirmed either, and comes again.
      if (reading.verdict === 'held' && this.isFull)
        throw new CausewayError('key-unknown', { detail: noRoom });
      const stored = this.#store(position, bytes, reading);
      if (position > previous) this.#table.advancePosition(position, previous);
      else if (position > 0) {
        this.#table.rewindPosition(position);
        // It has lost more than receipts.
        this.#lost.note('stream', this.#deps.now());
      }
      return stored;
    });
    this.#announce(position, outcome);
    if (outcome.isFalse) await this.#deps.falseReceipts.raise();
    if (position > 0 && position <= previous) this.#deps.onLost();
  }

  /**
   * Looks again at the groups that were held because their issuer's key was not known or not trusted. They are released
   * and applied in one transaction, so that a crash loses none; one that must still wait is held again.
   * @param issuers whose; by default everybody's
   */
  async takeHeld(issuers?: readonly EndpointAddress[]): Promise<void> {
    // In its turn: a group that is being held now may have been judged before the keys were there.
    const waiting = await this.#deps.state.write(() => this.#table.readHeldIssuers());
    for (const issuer of waiting.filter((each) => issuers?.includes(each) ?? true)) {
      const outcomes = await this.#deps.state.write(() =>
        this.#table
          .releaseGroups(issuer)
          .map(({ bytes, signed }) => this.#store(0, bytes, this.#examine(bytes), signed)),
      );
      for (const outcome of outcomes) this.#announce(0, outcome);
    }
    // Also what could not be written down before, or not before the process ended.
    await this.#deps.falseReceipts.raise();
  }

  #examine(bytes: Buffer): Reading {
    try {
      const group = decodeReadableReceipts(bytes);
      const held = this.#verify(group);
      if (held !== undefined) return held;
      const { read: steps, faults } = readEach(group.receipts, readStep);
      return { verdict: 'genuine', steps, faults: [...group.unreadable, ...faults] };
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      return { verdict: 'bad', fault: error };
    }
  }

  /** @returns undefined where it is genuine @throws CausewayError `receipt-invalid` */
  #verify(group: ReceiptGroup): Held | undefined {
    const { issuer } = group;
    if (issuer === gatewayAddress) {
      verifyReceiptGroup(group, this.#deps.gatewayKey);
      return undefined;
    }
    const { directory } = this.#deps;
    if (directory.receiptKeys(issuer).some((key) => verifies(group, key))) return undefined;
    const untrusted = directory.untrustedKey(issuer);
    const isSigned = untrusted !== undefined && verifies(group, untrusted);
    // The key may be in what has changed.
    if (isSigned || directory.isBehind) return { verdict: 'held', issuer, isSigned };
    throw new CausewayError('receipt-invalid', {
      detail: `No key of ${issuer} that is known here has signed it.`,
    });
  }

  /**
   * Call inside a transaction.
   * @param wasSigned of a group that was held: a key of the directory had signed it. That another has taken the key's
   *   place since forges nothing
   */
  #store(position: number, bytes: Buffer, reading: Reading, wasSigned = false): Outcome {
    const { falseReceipts } = this.#deps;
    if (reading.verdict === 'bad') {
      if (!wasSigned) falseReceipts.note(position, bytes, reading.fault);
      return { applied: [], faults: [reading.fault], isFalse: !wasSigned };
    }
    if (reading.verdict === 'held') {
      this.#table.holdGroup(reading.issuer, bytes, wasSigned || reading.isSigned);
      return { applied: [], faults: [], isFalse: false };
    }
    const named = reading.steps.map((step) => this.#name(step));
    const applied = named.filter((step) => this.#apply(step));
    if (applied.length > 0) this.#table.keepEvidence(bytes, this.#deps.now());
    const unmatched = reading.steps.length - applied.length;
    const faults = Array.from({ length: unmatched }, () => new CausewayError('receipt-unmatched'));
    // A home that was put back to an older state is told of what it has lost, and an issuer may know codes of a later version.
    const untrue = reading.faults.find(({ code }) => code === 'receipt-invalid');
    if (untrue !== undefined) falseReceipts.note(position, bytes, untrue);
    return { applied, faults: [...reading.faults, ...faults], isFalse: untrue !== undefined };
  }

  /** The gateway refuses an envelope that it cannot read under the zero id: its digest says which message it was. */
  #name(step: Step): Step {
    const { receipt, answer, event } = step;
    if (answer === undefined || receipt.message !== unreadableId) return step;
    const message = this.#table.findWaiting(receipt.envelopeDigest);
    if (message === undefined) return step;
    return { receipt: { ...receipt, message }, answer, event: { ...event, message } };
  }

  /** @returns false when there is no such message: its id and the digest of its envelope must both be right */
  #apply({ receipt, answer, event }: Step): boolean {
    const { kind, message, envelopeDigest, at } = receipt;
    const seq = this.#table.findMessage(message, envelopeDigest);
    if (seq === undefined) return false;
    if (answer !== undefined) {
      this.#deps.outbox.keepAnswer(message, envelopeDigest, answer);
      return true;
    }
    const recipient = event.recipient ?? '';
    if (kind === 'delivered') return this.#table.markDelivered(seq, recipient, at);
    const outcome = kind as 'stored' | 'refused' | 'expired';
    const detail = kind === 'refused' ? refusedDetail(receipt) : undefined;
    return this.#table.settle(seq, recipient, outcome, at, detail);
  }

  #announce(position: number, { applied, faults }: Outcome): void {
    for (const error of faults) this.#deps.emitter.emit('badReceipt', { position, error });
    for (const { receipt, answer, event } of applied) {
      if (answer !== undefined) {
        this.#deps.outbox.answered(receipt.message, receipt.envelopeDigest, answer);
      }
      this.#deps.onReceipt(event);
    }
  }
}

function verifies(group: ReceiptGroup, key: SigningKey): boolean {
  try {
    verifyReceiptGroup(group, key);
    return true;
  } catch (error) {
    if (isCausewayError(error, 'receipt-invalid')) return false;
    throw error;
  }
}

/** What a receipt changes, where this issuer may say it. @throws CausewayError `receipt-malformed` or `receipt-invalid` */
function readStep(receipt: Receipt): Step {
  const { kind, message, issuer, recipient, at } = receipt;
  const fromGateway = issuer === gatewayAddress;
  const aboutWhole = recipient === '';
  const isAnswer = kind === 'accepted' || (kind === 'refused' && fromGateway);
  const mayBeSaid = fromGateway
    ? isAnswer === aboutWhole && kind !== 'stored'
    : issuer === recipient && (kind === 'stored' || kind === 'refused');
  if (!mayBeSaid) throw new CausewayError('receipt-invalid', { detail: 'Its issuer cannot state this.' });
  const refused = kind === 'refused' ? refusedDetail(receipt) : undefined;
  let answer: KeptAnswer | undefined;
  if (kind === 'accepted') answer = { outcome: 'accepted', at, ...acceptedDetail(receipt) };
  else if (isAnswer && refused !== undefined) answer = { outcome: 'refused', at, ...refused };
  const event: ReceiptEvent = {
    kind,
    message,
    recipient: aboutWhole ? undefined : recipient,
    issuer,
    at,
    code: refused?.code,
    text: refused?.text,
  };
  return { receipt, answer, event };
}
