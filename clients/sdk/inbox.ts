/**
 * What the gateway delivers: confirmed on arrival, shown once, answered for good.
 *
 * ```
 * arrived ──seen before──▶ answered again
 *    └──▶ queued ──open──▶ shown ──ack──▶ stored (receipt)
 *                    ├──▶ refused (receipt)      it can never be right
 *                    ├──▶ held                   no fault of its sender: a key is not trusted, not known or lost, or
 *                    │                           its data set is not there; it comes again after trust, and in each
 *                    │                           later session
 *                    └──▶ queued again           something failed for now; until it is opened it counts as held
 * ```
 *
 * At most a window of messages is in hand; the gateway keeps the rest.
 */
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress, MessageId } from '../../protocol/ids.ts';
import { sha256 } from '../../protocol/proof/merkle.ts';
import type { Welcome } from '../../protocol/wire/control.ts';
import { parseEnvelope, type Envelope } from '../../protocol/wire/envelope.ts';
import { decodeUnit, type Unit } from '../../protocol/wire/frame.ts';
import type { Content } from '../../protocol/wire/content.ts';
import { ArrivalQueue, type Arrival } from './arrival-queue.ts';
import { Backlog } from './backlog.ts';
import { CreditWindow } from './credit-window.ts';
import type { ClientEmitter, HeldNotice } from './events.ts';
import { HeldMessages } from './held-messages.ts';
import { InboxTable, type Settled } from './inbox-table.ts';
import type { Link } from './link.ts';
import { Notice } from './notice.ts';
import { MessageFault } from './open-payload.ts';
import type { ReceiptSender } from './receipt-sender.ts';
import { Refusals, type Claim } from './refusals.ts';
import type { StateDatabase } from './state-database.ts';

export type InboxDependencies = {
  readonly self: EndpointAddress;
  readonly state: StateDatabase;
  readonly receipts: ReceiptSender;
  readonly emitter: ClientEmitter;
  /** How many messages may be in hand or on their way. */
  readonly window: number;
  /** No more are asked for while those in hand have so many bytes. */
  readonly maxBytes: number;
  /** This computer's time, by which receipts are dated: a gateway must not decide what is signed here. */
  readonly now: () => number;
  /** See `GatewayClock.earliest`. */
  readonly earliest: () => number;
  /** Verifies and decrypts. */
  open(unit: Unit, envelope: Envelope): Promise<Content | MessageFault>;
  readonly report: (error: unknown) => void;
};

/** Which message it is. */
type Named = Pick<Arrival, 'envelope' | 'digest'>;

const maxReturnMs = 60_000;

export class Inbox {
  readonly #deps: InboxDependencies;
  readonly #table: InboxTable;
  readonly #credit: CreditWindow;
  readonly #refusals: Refusals;
  readonly #inHand = new Map<string, Arrival>();
  readonly #shown = new Map<Notice, Arrival>();
  readonly #held: HeldMessages;
  readonly #queue = new ArrivalQueue();
  readonly #backlog = new Backlog();
  readonly #timers = new Set<NodeJS.Timeout>();
  #wakers: (() => void)[] = [];
  #isClosed = false;

  constructor(deps: InboxDependencies) {
    this.#deps = deps;
    this.#table = new InboxTable(deps.state.statements);
    this.#held = new HeldMessages(deps);
    this.#credit = new CreditWindow(deps.window, deps.maxBytes);
    this.#refusals = new Refusals(deps.self, deps.receipts, deps.emitter);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Messages that are not answered: those in hand, and those that wait at the gateway, as far as is known. */
  get pending(): number {
    return this.#backlog.waiting + this.#inHand.size;
  }

  /** True where more may wait at the gateway, which counts to 10,000. */
  get pendingIsLeast(): boolean {
    return this.#backlog.isLeast;
  }

  /** From the first call on, the gateway is asked for messages. */
  listen(): void {
    this.#credit.open();
  }

  attach(link: Link, welcome: Welcome): void {
    this.#backlog.begin(welcome, this.#inHand.size);
    this.#held.dropExpired();
    this.#credit.attach(link);
  }

  detach(): void {
    this.#held.forget();
    this.#credit.detach();
  }

  /** Units of one frame, in order. */
  arrived(units: readonly Unit[]): void {
    this.#credit.arrived(units.length);
    for (const unit of units) this.#sort(unit);
    this.#wake();
  }

  /** Messages that cannot be shown yet and have not expired, the oldest first; `HeldNotice.code` says why. */
  held(): HeldNotice[] {
    return this.#held.list();
  }

  countHeld(): number {
    return this.#held.count;
  }

  /** Senders whose message with this id was stored here. */
  sendersOf(id: MessageId): EndpointAddress[] {
    return this.#table.readSendersOf(id);
  }

  /**
   * The keys of these endpoints are trusted, and were not before.
   * @returns true when a message of one of them was held in this session: the gateway must be asked for it again
   */
  trusted(senders: readonly EndpointAddress[]): boolean {
    return this.#held.trusted(senders);
  }

  /** The next message that nobody has taken. */
  takeArrival(): Arrival | undefined {
    for (;;) {
      const arrival = this.#queue.take();
      // One that was put back may have been acknowledged since.
      if (arrival === undefined || this.#inHand.has(arrival.name)) return arrival;
    }
  }

  /** Resolves when there may be something to take, or nothing ever will. */
  whenArrived(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#queue.isEmpty || this.#isClosed || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      signal?.addEventListener('abort', wake);
      this.#wakers.push(wake);
    });
  }

  /** Opens a message that was taken. @returns undefined when it is not to be shown, or not now */
  async open(arrival: Arrival): Promise<Notice | undefined> {
    try {
      if (this.#wasSettledElsewhere(arrival)) return undefined;
      const opened = await this.#deps.open(arrival.unit, arrival.envelope);
      if (opened instanceof MessageFault) {
        await this.#dispose(arrival, opened);
        return undefined;
      }
      this.#held.release(arrival.envelope);
      const notice: Notice = new Notice(arrival.envelope, opened, {
        acknowledge: () => this.#acknowledge(notice, arrival),
        giveBack: () => this.#giveBack(notice, arrival),
      });
      this.#shown.set(notice, arrival);
      return notice;
    } catch (error) {
      this.#deps.report(error);
      await this.#noteDelay(arrival, error);
      this.#postpone(arrival);
      return undefined;
    }
  }

  /** Puts a notice back that was not dealt with, where it was. */
  returnFirst(notice: Notice): void {
    const arrival = this.#shown.get(notice);
    if (arrival === undefined) return;
    this.#shown.delete(notice);
    this.#queue.putBack(arrival);
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.detach();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#queue.clear();
    this.#wake();
  }

  #sort(view: Unit): void {
    const digest = sha256(view.envelope);
    let envelope: Envelope;
    try {
      envelope = parseEnvelope(view.envelope);
    } catch (error) {
      if (!isCausewayError(error)) throw error;
      this.#refusals.refuseUnreadable(digest, this.#deps.now(), error);
      return;
    }
    const name = `${envelope.source} ${envelope.id}`;
    // The gateway sends again what it has no answer to; the first copy is still being dealt with.
    if (this.#inHand.has(name)) return;
    this.#backlog.arrived(envelope);
    const known = this.#table.find(envelope.id, envelope.source);
    if (known !== undefined) {
      this.#answerKnown(known, { envelope, digest });
      return;
    }
    // A view would keep the whole frame in memory for as long as the message is in hand.
    const unit = decodeUnit(Buffer.from(view.bytes));
    const arrival: Arrival = { name, unit, envelope, digest, place: 0, returns: 0 };
    this.#inHand.set(name, arrival);
    this.#credit.took(unit.bytes.byteLength);
    this.#queue.append(arrival);
  }

  /** Another process that shares the home may have dealt with the message meanwhile. */
  #wasSettledElsewhere(arrival: Arrival): boolean {
    const known = this.#table.find(arrival.envelope.id, arrival.envelope.source);
    if (known === undefined) return false;
    this.#answerKnown(known, arrival);
    this.#finish(arrival);
    return true;
  }

  /** What became of a message is told again; another one under its id was not dealt with, and cannot be. */
  #answerKnown(known: Settled, named: Named): void {
    if (known.digest.equals(named.digest)) this.#deps.receipts.tell(known);
    else this.#refusals.refuseUnproven(this.#claim(named), new CausewayError('id-conflict'));
  }

  async #dispose(arrival: Arrival, { kind, error }: MessageFault): Promise<void> {
    if (kind === 'held') {
      await this.#held.hold(arrival.envelope, error);
    } else if (kind === 'refused') {
      await this.#refusals.refuseForGood(this.#claim(arrival), error);
    } else {
      this.#refusals.refuseUnproven(this.#claim(arrival), error);
      this.#held.release(arrival.envelope);
    }
    this.#finish(arrival);
  }

  async #acknowledge(notice: Notice, arrival: Arrival): Promise<void> {
    await this.#deps.receipts.settle({ ...this.#claim(arrival), detail: '' });
    this.#shown.delete(notice);
    this.#finish(arrival);
  }

  #giveBack(notice: Notice, arrival: Arrival): void {
    this.#shown.delete(notice);
    this.#postpone(arrival);
  }

  /** It is tried again by itself, perhaps for long: people must know meanwhile that there is something. */
  async #noteDelay({ envelope }: Arrival, error: unknown): Promise<void> {
    if (this.#isClosed) return;
    const reason = isCausewayError(error) ? error : new CausewayError('internal-error', { cause: error });
    await this.#held.hold(envelope, reason).catch(this.#deps.report);
  }

  #postpone(arrival: Arrival): void {
    if (this.#isClosed) return;
    const waitMs = Math.min(maxReturnMs, 1_000 * 2 ** Math.min(arrival.returns, 10));
    arrival.returns++;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#queue.append(arrival);
      this.#wake();
    }, waitMs);
    this.#timers.add(timer);
  }

  #finish(arrival: Arrival): void {
    if (this.#inHand.delete(arrival.name)) this.#credit.finished(arrival.unit.bytes.byteLength);
  }

  #claim({ envelope, digest }: Named): Claim {
    return { id: envelope.id, sender: envelope.source, digest, at: this.#deps.now() };
  }

  #wake(): void {
    const wakers = this.#wakers;
    this.#wakers = [];
    for (const wake of wakers) wake();
  }
}
