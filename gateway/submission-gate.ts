/**
 * Stands before the relay: while the disk is short of room, messages are refused for now, in words that the sender's
 * software knows to try again. Such a refusal is signed and not written down, since it would take room itself; that it was
 * so, and how often, is a leaf of the log.
 */
import { gatewayAddress, type MessageId } from '../protocol/ids.ts';
import { sha256 } from '../protocol/proof/merkle.ts';
import type { BatchSigner } from '../protocol/proof/signing.ts';
import { parseEnvelope } from '../protocol/wire/envelope.ts';
import type { Unit } from '../protocol/wire/frame.ts';
import { signReceiptGroup } from '../protocol/wire/receipt-group.ts';
import { encodeReceipt, unreadableId } from '../protocol/wire/receipt.ts';
import type { Sender } from './relay/examine.ts';
import type { Relay } from './relay/relay.ts';

const detail = JSON.stringify({
  code: 'store-unavailable',
  text: 'The gateway is short of disk space and takes no new messages for now.',
});

type SubmissionGateDependencies = {
  readonly relay: Pick<Relay, 'submit' | 'settle'>;
  readonly signer: BatchSigner;
  readonly now: () => number;
  readonly isShort: () => boolean;
};

export class SubmissionGate {
  readonly #deps: SubmissionGateDependencies;
  #refused = 0;

  constructor(deps: SubmissionGateDependencies) {
    this.#deps = deps;
  }

  /** As `Relay.submit` does. */
  submit(sender: Sender, units: readonly Unit[]): Promise<Buffer> {
    if (!this.#deps.isShort()) return this.#deps.relay.submit(sender, units);
    this.#refused += units.length;
    return Promise.resolve(this.#refuse(units));
  }

  /** As `Relay.settle` does: a receipt lets go of more than it takes. */
  settle(recipient: Sender, group: Buffer): Promise<void> {
    return this.#deps.relay.settle(recipient, group);
  }

  /** How many messages were refused since this was asked before. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  #refuse(units: readonly Unit[]): Buffer {
    const { signer, now } = this.#deps;
    const receipts = units.map(({ envelope }) =>
      encodeReceipt({
        kind: 'refused',
        message: idOf(envelope),
        envelopeDigest: sha256(envelope),
        at: now(),
        issuer: gatewayAddress,
        recipient: '',
        detail,
      }),
    );
    return signReceiptGroup(receipts, signer);
  }
}

function idOf(envelope: Buffer): MessageId {
  try {
    return parseEnvelope(envelope).id;
  } catch {
    return unreadableId;
  }
}
