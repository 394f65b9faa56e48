/** The relay: examines what an endpoint submits, has it kept, and answers only when that is durable. */
import { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { decodeReceiptGroup, verifyReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import { refusedDetail } from '../../protocol/wire/receipt-detail.ts';
import type { Receipt } from '../../protocol/wire/receipt.ts';
import type { AcceptableMessage, DeliveryId, Lease, Settlement, Store, Submission } from '../store/port.ts';
import { examineAll, type ExaminationContext, type Sender } from './examine.ts';

/** A delivery that was just made durable, for whoever dispatches. */
export type FreshDelivery = {
  readonly delivery: DeliveryId;
  readonly recipient: EndpointAddress;
  readonly message: AcceptableMessage;
};

/** What the relay reports of an endpoint's use, and is told to refuse. */
export type RelayQuotas = {
  /** @throws CausewayError `rate-limited` before a frame is examined, where too much was unwanted of late */
  submitting(endpoint: EndpointAddress): void;
  /** Units that are refused, or were repeated. */
  unwanted(endpoint: EndpointAddress, count: number): void;
  failedVerifications(endpoint: EndpointAddress, count: number): void;
};

export type RelayDependencies = {
  readonly store: Store;
  readonly quotas: RelayQuotas;
  readonly examination: ExaminationContext;
  /** Called after the commit and before the sender is answered. */
  onAccepted(deliveries: readonly FreshDelivery[]): void;
  /** The delivery of a message that is under way to this recipient, where known. */
  deliveryUnderWay(recipient: EndpointAddress, envelopeDigest: Buffer): DeliveryId | undefined;
  /** Called when deliveries have come to an end by the recipient's own receipt. */
  onSettled(recipient: EndpointAddress, envelopeDigests: readonly Buffer[]): void;
};

export class Relay {
  readonly #deps: RelayDependencies;

  constructor(deps: RelayDependencies) {
    this.#deps = deps;
  }

  /**
   * Examines the units of a submit frame and counts what will be refused of them. The outcome can be kept again and
   * again.
   * @throws CausewayError `rate-limited` where the sender has had too many refused or repeated
   */
  examine(sender: Sender, units: readonly Unit[]): Submission {
    const { quotas, examination } = this.#deps;
    const source = sender.entry.endpoint;
    quotas.submitting(source);
    const messages = examineAll(units, sender, examination);
    const refused = messages.filter((message) => message.verdict === 'refuse');
    if (refused.length > 0) {
      const forged = refused.filter(({ code }) => code === 'proof-invalid').length;
      if (forged > 0) quotas.failedVerifications(source, forged);
      quotas.unwanted(source, refused.length);
    }
    return { source, messages };
  }

  /** Examines what was counted before by what is known now. */
  examineAgain(sender: Sender, units: readonly Unit[]): Submission {
    return { source: sender.entry.endpoint, messages: examineAll(units, sender, this.#deps.examination) };
  }

  /**
   * Keeps what was examined and resolves with the signed receipt group that answers it, one receipt for each unit in
   * order.
   * @param lease under which they are sent, where one gateway at a time may send them
   * @throws CausewayError `store-unavailable` where nothing could be promised; the same may be given again; `lease-lost`
   */
  async keep(submission: Submission, lease?: Lease): Promise<Buffer> {
    const { quotas, store } = this.#deps;
    const { source, messages } = submission;
    const result = await store.submit(submission, lease);
    const repeated = result.outcomes.filter(({ outcome }) => outcome === 'duplicate').length;
    if (repeated > 0) quotas.unwanted(source, repeated);
    const fresh: FreshDelivery[] = [];
    result.outcomes.forEach((outcome, index) => {
      const message = messages[index];
      if (outcome.outcome !== 'accepted' || message?.verdict !== 'accept') return;
      message.recipients.forEach(({ endpoint }, which) => {
        const delivery = outcome.deliveries[which];
        if (delivery !== undefined) fresh.push({ delivery, recipient: endpoint, message });
      });
    });
    if (fresh.length > 0) this.#deps.onAccepted(fresh);
    return result.receipts;
  }

  /**
   * Takes a receipt group that a recipient signed. When it says it was made counts for nothing here: the leaf has the
   * gateway's own time, and no signature is lost because a clock stands wrong.
   * @throws CausewayError `receipt-malformed`, `receipt-invalid`, `receipt-unmatched`, `store-unavailable`
   */
  async settle(recipient: Sender, group: Buffer): Promise<void> {
    const endpoint = recipient.entry.endpoint;
    const parsed = decodeReceiptGroup(group);
    if (parsed.issuer !== endpoint)
      throw new CausewayError('receipt-invalid', { detail: 'Its issuer is another.' });
    const receipts = parsed.receipts.map((receipt) => this.#readSettlement(endpoint, receipt));
    refuseContradictions(receipts);
    try {
      verifyReceiptGroup(parsed, recipient.signingKey);
    } catch (error) {
      this.#deps.quotas.failedVerifications(endpoint, 1);
      throw error;
    }
    const { outcome } = await this.#deps.store.settle({ recipient: endpoint, group, receipts });
    if (outcome === 'unmatched') throw new CausewayError('receipt-unmatched');
    this.#deps.onSettled(
      endpoint,
      receipts.map((receipt) => receipt.envelopeDigest),
    );
  }

  #readSettlement(endpoint: EndpointAddress, receipt: Receipt): Settlement['receipts'][number] {
    const { kind, message, envelopeDigest } = receipt;
    if (kind !== 'stored' && kind !== 'refused') {
      throw new CausewayError('receipt-malformed', { detail: 'A recipient issues only stored and refused.' });
    }
    if (receipt.recipient !== endpoint) {
      throw new CausewayError('receipt-invalid', { detail: 'It speaks for another recipient.' });
    }
    if (kind === 'refused') refusedDetail(receipt);
    else if (receipt.detail !== '') {
      throw new CausewayError('receipt-malformed', { detail: 'A stored receipt has no detail.' });
    }
    return {
      kind,
      message,
      envelopeDigest,
      delivery: this.#deps.deliveryUnderWay(endpoint, envelopeDigest),
    };
  }
}

/** One message cannot be stored and refused by one word. @throws CausewayError `receipt-malformed` */
function refuseContradictions(receipts: Settlement['receipts']): void {
  if (receipts.every(({ kind }) => kind === 'stored')) return;
  const kindOf = new Map<string, 'stored' | 'refused'>();
  for (const { kind, envelopeDigest } of receipts) {
    const digest = envelopeDigest.toString('hex');
    const before = kindOf.get(digest) ?? kind;
    kindOf.set(digest, before);
    if (before === kind) continue;
    throw new CausewayError('receipt-malformed', { detail: 'It says stored and refused of one message.' });
  }
}
