/**
 * Takes in the signed receipts about this endpoint's messages: checks who signed, writes the ladder down, and only
 * then believes. A receipt that does not verify is reported and changes nothing; those behind it go on.
 */
import { CausewayError, isCausewayError, type ErrorCode } from '../../protocol/errors.ts';
import { gatewayAddress, type EndpointAddress, type MessageId } from '../../protocol/ids.ts';
import type { SigningKey } from '../../protocol/proof/signing.ts';
import {
  decodeReceiptGroup,
  verifyReceiptGroup,
  type ReceiptGroup,
} from '../../protocol/wire/receipt-group.ts';
import {
  acceptedDetail,
  refusedDetail,
  type Receipt,
  type ReceiptKind,
} from '../../protocol/wire/receipt.ts';
import type { ClientDirectory } from './directory.ts';
import type { ClientEmitter } from './events.ts';
import { LadderTable } from './ladder-table.ts';
import type { KeptAnswer } from './outbox-table.ts';
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

export type ReceiptBookDependencies = {
  readonly state: StateDatabase;
  readonly directory: Pick<ClientDirectory, 'receiptKeys' | 'untrustedKey'>;
  readonly outbox: Pick<Outbox, 'keepAnswer' | 'answered'>;
  readonly emitter: ClientEmitter;
  /** The key that signs the gateway's receipts. */
  readonly gatewayKey: SigningKey;
  readonly now: () => number;
  /** Told of each step once it is durable. */
  onReceipt(receipt: ReceiptEvent): void;
};

/** A receipt that was checked, and what it changes. */
type Step = {
  readonly receipt: Receipt;
  readonly answer: KeptAnswer | undefined;
  readonly event: ReceiptEvent;
};

type Verdict = 'genuine' | 'held';

export class ReceiptBook {
  readonly #deps: ReceiptBookDependencies;
  readonly #table: LadderTable;

  constructor(deps: ReceiptBookDependencies) {
    this.#deps = deps;
    this.#table = new LadderTable(deps.state.statements);
  }

  /** Position of the last group of the receipt stream that is stored. */
  get position(): number {
    return this.#table.readPosition();
  }

  /**
   * Takes in a group as it arrived; resolves once everything believable in it is durable.
   * @param position its place in the receipt stream; 0 for a group outside it
   * @param previous the place of the group before it
   * @throws CausewayError `state-unavailable`
   */
  async take(position: number, bytes: Buffer, previous = 0): Promise<void> {
    const { state } = this.#deps;
    const advance = (): void => {
      if (position > 0) this.#table.advancePosition(position, previous);
    };
    let group: ReceiptGroup;
    let verdict: Verdict;
    try {
      group = decodeReceiptGroup(bytes);
      verdict = this.#verify(group);
    } catch (error) {
      this.#reject(position, error);
      await state.write(advance);
      return;
    }
    if (verdict === 'held') {
      await state.write(() => {
        this.#table.holdGroup(group.issuer, bytes);
        advance();
      });
      return;
    }
    const steps = this.#read(position, group);
    const applied = await state.write(() => {
      const results = steps.filter((step) => this.#apply(position, step));
      if (results.length > 0) this.#table.keepEvidence(bytes, this.#deps.now());
      advance();
      return results;
    });
    this.#tell(applied);
  }

  /** Looks again at the groups that were held because their issuer's key was not trusted. */
  async takeHeld(issuers: readonly EndpointAddress[]): Promise<void> {
    for (const issuer of issuers) {
      const groups = await this.#deps.state.write(() => this.#table.releaseGroups(issuer));
      for (const group of groups) await this.take(0, group);
    }
  }

  #verify(group: ReceiptGroup): Verdict {
    if (group.issuer === gatewayAddress) {
      verifyReceiptGroup(group, this.#deps.gatewayKey);
      return 'genuine';
    }
    const { directory } = this.#deps;
    if (directory.receiptKeys(group.issuer).some((key) => verifies(group, key))) return 'genuine';
    const untrusted = directory.untrustedKey(group.issuer);
    if (untrusted !== undefined && verifies(group, untrusted)) return 'held';
    throw new CausewayError('receipt-invalid');
  }

  #read(position: number, group: ReceiptGroup): Step[] {
    const steps: Step[] = [];
    for (const receipt of group.receipts) {
      try {
        steps.push(readStep(receipt));
      } catch (error) {
        this.#reject(position, error);
      }
    }
    return steps;
  }

  #apply(position: number, { receipt, answer, event }: Step): boolean {
    const { kind, message, envelopeDigest, at } = receipt;
    if (answer !== undefined) {
      this.#deps.outbox.keepAnswer(message, envelopeDigest, answer);
      return true;
    }
    const seq = this.#table.findMessage(message, envelopeDigest);
    const recipient = event.recipient ?? '';
    const fits =
      seq !== undefined &&
      (kind === 'delivered'
        ? this.#table.markDelivered(seq, recipient, at)
        : this.#table.settle(
            seq,
            recipient,
            kind as 'stored' | 'refused' | 'expired',
            at,
            kind === 'refused' ? refusedDetail(receipt) : undefined,
          ));
    if (!fits) this.#reject(position, new CausewayError('receipt-unmatched'));
    return fits;
  }

  #tell(steps: readonly Step[]): void {
    for (const { receipt, answer, event } of steps) {
      if (answer !== undefined) {
        this.#deps.outbox.answered(receipt.message, receipt.envelopeDigest, answer);
      }
      this.#deps.onReceipt(event);
    }
  }

  #reject(position: number, error: unknown): void {
    if (!isCausewayError(error)) throw error;
    this.#deps.emitter.emit('badReceipt', { position, error });
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

/** Checks that this issuer may say this. @throws CausewayError `receipt-malformed` or `receipt-invalid` */
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
