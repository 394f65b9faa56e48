/**
 * Stands before the relay: while the disk is short of room, messages are refused for now, in words that the sender's
 * software knows to try again; while room is scarce, only those of agencies that have brought much lately, so that nobody
 * else is refused for what one of them has filled the disk with. Such a refusal is signed and not written down, since it
 * would take room itself; that it was so, and how often, is a leaf of the log.
 */
import { agencyOf, gatewayAddress, type MessageId } from '../protocol/ids.ts';
import { sha256 } from '../protocol/proof/merkle.ts';
import type { BatchSigner } from '../protocol/proof/signing.ts';
import { parseEnvelope } from '../protocol/wire/envelope.ts';
import type { Unit } from '../protocol/wire/frame.ts';
import { signReceiptGroup } from '../protocol/wire/receipt-group.ts';
import { encodeReceipt, unreadableId } from '../protocol/wire/receipt.ts';
import type { RoomLevel } from './disk-room.ts';
import type { Sender } from './relay/examine.ts';
import type { Relay } from './relay/relay.ts';
import { TokenBuckets } from './token-buckets.ts';

const reasons = {
  short: 'The gateway is short of disk space and takes no new messages for now.',
  scarce:
    'The gateway has little disk space left, and your agency has sent much of late: it takes no new messages of yours for now.',
};

const mebibyte = 1_048_576;
/** What an agency may bring in a day, of the floor, before it is the first to be refused. */
const shareOfFloor = 0.5;
const dayMs = 24 * 3600_000;

type SubmissionGateDependencies = {
  readonly relay: Pick<Relay, 'submit' | 'settle'>;
  readonly signer: BatchSigner;
  readonly now: () => number;
  readonly level: () => RoomLevel;
  /** See `disk-room.ts`. */
  readonly floorMebibytes: number;
};

export class SubmissionGate {
  readonly #deps: SubmissionGateDependencies;
  /** What each agency may still bring. Counted always: when room becomes scarce, it is known who has filled it. */
  readonly #shares: TokenBuckets;
  #refused = 0;

  constructor(deps: SubmissionGateDependencies) {
    this.#deps = deps;
    this.#shares = new TokenBuckets(shareOfFloor * deps.floorMebibytes * mebibyte, dayMs, deps.now);
  }

  /** As `Relay.submit` does. */
  submit(sender: Sender, units: readonly Unit[]): Promise<Buffer> {
    const agency = agencyOf(sender.entry.endpoint);
    const level = this.#deps.level();
    if (level === 'enough' || (level === 'scarce' && !this.#shares.isEmpty(agency))) {
      this.#shares.take(agency, bytesOf(units));
      return this.#deps.relay.submit(sender, units);
    }
    this.#refused += units.length;
    return Promise.resolve(this.#refuse(units, reasons[level]));
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

  #refuse(units: readonly Unit[], text: string): Buffer {
    const { signer, now } = this.#deps;
    const detail = JSON.stringify({ code: 'store-unavailable', text });
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

function bytesOf(units: readonly Unit[]): number {
  return units.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

function idOf(envelope: Buffer): MessageId {
  try {
    return parseEnvelope(envelope).id;
  } catch {
    return unreadableId;
  }
}
