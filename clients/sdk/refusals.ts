/** Refusing what was delivered: the signed receipt to its sender, and the event for this endpoint's people. */
import type { CausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { RefusedDetail } from '../../protocol/wire/receipt-detail.ts';
import { unreadableId } from '../../protocol/wire/receipt.ts';
import type { ClientEmitter } from './events.ts';
import type { Settled } from './inbox-table.ts';
import type { ReceiptSender } from './receipt-sender.ts';

/** The message that a receipt speaks of. */
export type Claim = Omit<Settled, 'detail'>;

export class Refusals {
  readonly #self: EndpointAddress;
  readonly #receipts: ReceiptSender;
  readonly #emitter: ClientEmitter;

  constructor(self: EndpointAddress, receipts: ReceiptSender, emitter: ClientEmitter) {
    this.#self = self;
    this.#receipts = receipts;
    this.#emitter = emitter;
  }

  /** Refuses for good a message that its sender certainly wrote. Resolves when that is durable. */
  async refuseForGood(claim: Claim, error: CausewayError): Promise<void> {
    await this.#receipts.settle({ ...claim, detail: JSON.stringify(reason(error)) });
    this.#emitter.emit('refusedNotice', { id: claim.id, from: claim.sender, error });
  }

  /**
   * Refuses a message that anybody may have made. Nothing is written down, so that a forgery cannot stand in the
   * way of the genuine message.
   */
  refuseUnproven(claim: Claim, error: CausewayError): void {
    this.#receipts.refuseUnproven(claim, reason(error));
    this.#emitter.emit('refusedNotice', { id: claim.id, from: claim.sender, error });
  }

  /** Refuses something whose envelope cannot be read; only its digest names it. */
  refuseUnreadable(digest: Buffer, at: number, error: CausewayError): void {
    this.#receipts.refuseUnproven({ id: unreadableId, sender: this.#self, digest, at }, reason(error));
    this.#emitter.emit('refusedNotice', { id: unreadableId, from: undefined, error });
  }
}

/** The error as a receipt says it: no content, at most 2,000 characters. */
function reason({ code, detail }: CausewayError): RefusedDetail {
  return detail === undefined ? { code } : { code, text: detail.slice(0, 2_000) };
}
