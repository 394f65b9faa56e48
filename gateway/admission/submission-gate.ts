/**
 * Stands before the relay: while the disk is short of room, messages are refused for now, in words that the sender's
 * software knows to try again; while room is scarce, only those of agencies that have brought much lately, so that nobody
 * else is refused for what one of them has filled the disk with. A small message about a child who needs help this hour
 * passes as long as it can be written. Such a refusal is signed and not written down, since it would take room itself; that
 * it was so, and how often, is a leaf of the log.
 *
 * While the gateway's clock may stand wrong, what the relay would refuse for good by it is refused for now in the same way:
 * by one that may run ahead, what has expired; by one that may stand behind, what was made in the future.
 */
import { agencyOf, gatewayAddress } from '../../protocol/ids.ts';
import { sha256 } from '../../protocol/proof/merkle.ts';
import type { BatchSigner } from '../../protocol/proof/signing.ts';
import { parseEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import type { Unit } from '../../protocol/wire/frame.ts';
import { decodeReceiptGroup, signReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import { encodeReceipt, unreadableId, type Receipt } from '../../protocol/wire/receipt.ts';
import type { RoomLevel } from './disk-room.ts';
import { untimeliness, type Sender } from '../relay/examine.ts';
import type { Relay } from '../relay/relay.ts';
import type { Submission } from '../store/port.ts';
import { mebibyte } from './mebibyte.ts';
import { TokenBuckets } from './token-buckets.ts';

const reasons = {
  share:
    'The gateway has little disk space left, and your agency has sent much of late: it takes no new messages of yours for now.',
  room: 'The gateway is short of disk space and takes no new messages for now.',
  clock:
    'By the clock of the gateway it has expired, or was made in the future; that clock may be wrong, and it is not taken for now.',
};
type Reason = keyof typeof reasons;

/** What is not sure by a clock that may stand wrong in this way. What has expired by one that stands behind has expired. */
const doubtful = { ahead: 'envelope-expired', behind: 'clock-skew' } as const;
type Doubtful = (typeof doubtful)[keyof typeof doubtful];

/** A letter, and not a file. */
const smallBytes = 64 * 1024;
/** What an agency may bring in a day, of the floor, before it is the first to be refused. */
const shareOfFloor = 0.5;
const dayMs = 24 * 3600_000;
/** So long an examination holds. */
const freshMs = 5_000;

type Examined = { readonly submission: Submission; readonly at: number };

type SubmissionGateDependencies = {
  readonly relay: Pick<Relay, 'examine' | 'examineAgain' | 'keep' | 'settle'>;
  readonly signer: BatchSigner;
  readonly now: () => number;
  readonly level: () => RoomLevel;
  /** Which way the clock may stand wrong, see `endings.ts`. */
  readonly clockDoubt: () => keyof typeof doubtful | undefined;
  /** See `disk-room.ts`. */
  readonly floorMebibytes: number;
  /** Told of each agency that is refused, once between two reports. */
  onRefused(agency: string): void;
};

export class SubmissionGate {
  readonly #deps: SubmissionGateDependencies;
  /** What each agency may still bring. Counted always: when room becomes scarce, it is known who has filled it. */
  readonly #shares: TokenBuckets;
  /** Messages by agency since the last report. */
  #refused = new Map<string, number>();

  constructor(deps: SubmissionGateDependencies) {
    this.#deps = deps;
    this.#shares = new TokenBuckets(shareOfFloor * deps.floorMebibytes * mebibyte, dayMs, deps.now);
  }

  /**
   * Takes the units of a submit frame and gives what answers them, to be called again where the store could not write,
   * with the sender as the directory has it by then. What was refused for now stays so.
   */
  submit(units: readonly Unit[]): (sender: Sender) => Promise<Buffer> {
    const { relay } = this.#deps;
    let left = units;
    let examined: Examined | undefined;
    const refused = new Map<Unit, Reason>();
    return async (sender) => {
      const agency = agencyOf(sender.entry.endpoint);
      const bar = this.#barFor(agency);
      if (bar !== undefined) {
        for (const unit of left) {
          const reason = bar(unit);
          if (reason === undefined) continue;
          refused.set(unit, reason);
          if (reason !== 'clock') this.#note(agency);
        }
        left = left.filter((unit) => !refused.has(unit));
      }
      let answers: Buffer | undefined;
      if (left.length > 0) {
        examined = this.#examine(sender, left, examined);
        answers = await relay.keep(examined.submission);
      }
      this.#shares.take(agency, bytesOf(left));
      if (answers !== undefined && refused.size === 0) return answers;
      return this.#answerAll(units, refused, answers);
    };
  }

  /** As `Relay.settle` does: a receipt lets go of more than it takes. */
  settle(recipient: Sender, group: Buffer): Promise<void> {
    return this.#deps.relay.settle(recipient, group);
  }

  /** How many messages were refused since this was asked before, by agency. */
  takeRefused(): Record<string, number> {
    const refused = Object.fromEntries(this.#refused);
    this.#refused = new Map();
    return refused;
  }

  /**
   * What waits for the store is examined anew after a while: recipients may be revoked and the agreement be changed
   * meanwhile.
   */
  #examine(sender: Sender, units: readonly Unit[], before: Examined | undefined): Examined {
    const { relay, now } = this.#deps;
    const at = now();
    if (before === undefined) return { submission: relay.examine(sender, units), at };
    const isWhole = before.submission.messages.length === units.length;
    if (isWhole && Math.abs(at - before.at) < freshMs) return before;
    return { submission: relay.examineAgain(sender, units), at };
  }

  /** Tells of a message of the agency what keeps it out just now; undefined where nothing keeps any out. */
  #barFor(agency: string): ((unit: Unit) => Reason | undefined) | undefined {
    const level = this.#deps.level();
    const doubt = this.#deps.clockDoubt();
    if (level === 'enough' && doubt === undefined) return undefined;
    const now = this.#deps.now();
    const hasShare = !this.#shares.isEmpty(agency);
    return (unit) => {
      if (doubt !== undefined && refusalByClock(unit, now) === doubtful[doubt]) return 'clock';
      if (level === 'enough' || (hasShare && mayPass(unit, level))) return undefined;
      return hasShare ? 'room' : 'share';
    };
  }

  /** With the relay's receipts for those that were taken, in their places among all. */
  #answerAll(
    units: readonly Unit[],
    refused: ReadonlyMap<Unit, Reason>,
    answers: Buffer | undefined,
  ): Buffer {
    const receipts = answers === undefined ? [] : decodeReceiptGroup(answers).receipts;
    let next = 0;
    const all = units.map((unit) => {
      const reason = refused.get(unit);
      return reason === undefined ? receipts[next++] : this.#refuse(unit, reasons[reason]);
    });
    return signReceiptGroup(
      all.flatMap((receipt) => (receipt === undefined ? [] : [encodeReceipt(receipt)])),
      this.#deps.signer,
    );
  }

  #note(agency: string): void {
    const before = this.#refused.get(agency);
    this.#refused.set(agency, (before ?? 0) + 1);
    if (before === undefined) this.#deps.onRefused(agency);
  }

  #refuse({ envelope }: Unit, text: string): Receipt {
    return {
      kind: 'refused',
      message: readEnvelope(envelope)?.id ?? unreadableId,
      envelopeDigest: sha256(envelope),
      at: this.#deps.now(),
      issuer: gatewayAddress,
      recipient: '',
      detail: JSON.stringify({ code: 'store-unavailable', text }),
    };
  }
}

/** Whether there is room for what an agency with a share left brings. */
function mayPass({ envelope, bytes }: Unit, level: Exclude<RoomLevel, 'enough'>): boolean {
  switch (level) {
    case 'scarce':
      return true;
    case 'short':
      return bytes.byteLength <= smallBytes && readEnvelope(envelope)?.severity === 'immediate';
    case 'full':
      return false;
  }
}

/** One that cannot be read is refused by the relay, whatever the clock says. */
function refusalByClock({ envelope }: Unit, now: number): Doubtful | undefined {
  const read = readEnvelope(envelope);
  return read && untimeliness(read, now);
}

function bytesOf(units: readonly Unit[]): number {
  return units.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
}

function readEnvelope(bytes: Buffer): Envelope | undefined {
  try {
    return parseEnvelope(bytes);
  } catch {
    return undefined;
  }
}
