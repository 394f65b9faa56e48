/**
 * Tells senders what became of their messages: first the durable row, then the signed receipt.
 *
 * Receipts that become due in one turn share a signature, one group a sender. A receipt counts as told when the
 * gateway has confirmed its frame; until then it is sent again over every new session. Of a frame that the gateway
 * refuses, it takes nothing. So what shared that frame is sent again at once, each receipt by itself, unless the signature
 * was wrong. Frames are no larger, and no more of them are under way, than the gateway's welcome allows.
 */
import type { ErrorCode } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { BatchSigner } from '../../protocol/proof/signing.ts';
import { receiptFrameOverhead, signReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import { isReceiptRefusal } from '../../protocol/wire/receipt-refusal.ts';
import type { RefusedDetail } from '../../protocol/wire/receipt-detail.ts';
import { encodeReceipt } from '../../protocol/wire/receipt.ts';
import { InboxTable, type Settled } from './inbox-table.ts';
import type { Link } from './link.ts';
import type { ClientLog } from './log/client-log.ts';
import type { StateDatabase } from './state-database.ts';

type ReceiptSenderDependencies = {
  readonly self: EndpointAddress;
  readonly state: StateDatabase;
  readonly signer: BatchSigner;
  readonly log: Pick<ClientLog, 'verifiedSize' | 'isBeyond'>;
};

/** What one frame tells. */
type Portion = {
  readonly receipts: readonly Buffer[];
  /** Goes with the receipts one by one, or is empty. */
  readonly toConfirm: readonly Settled[];
  /** How many leaves of the log were verified before it was sent. */
  readonly verifiedSize: number;
};

export class ReceiptSender {
  readonly #deps: ReceiptSenderDependencies;
  readonly #table: InboxTable;
  #link: Link | undefined;
  #due: Settled[] = [];
  /** Stored by this very client, so that the gateway has not had their receipts before: each becomes a leaf. */
  readonly #new = new WeakSet<Settled>();
  #scheduled: NodeJS.Immediate | undefined;
  /** Waits until fewer frames are unconfirmed. */
  #portions: Portion[] = [];
  /** Frames of this session that are not confirmed, in order, with what they told. */
  #unconfirmed: { frame: number; portion: Portion }[] = [];
  /** Why the last of the frames that the gateway counts next was refused. */
  #refusal: ErrorCode | undefined;
  #quietWaiters: (() => void)[] = [];

  constructor(deps: ReceiptSenderDependencies) {
    this.#deps = deps;
    this.#table = new InboxTable(deps.state.statements);
  }

  /** Writes down that a message is settled, then tells its sender. Resolves when it is durable here. */
  async settle(settled: Settled): Promise<void> {
    const isFirst = await this.#deps.state.write(() => this.#table.settle(settled));
    if (isFirst && settled.detail === '') this.#new.add(settled);
    this.tell(settled);
  }

  /** Tells a sender without writing anything down, for messages settled before. */
  tell(settled: Settled): void {
    if (this.#link === undefined) return;
    this.#due.push(settled);
    this.#scheduled ??= setImmediate(() => this.#flush());
  }

  /** Refuses something that cannot be ascribed to a sender for certain: nothing is written down, no group is shared. */
  refuseUnproven(claim: Omit<Settled, 'detail'>, reason: RefusedDetail): void {
    if (this.#link === undefined) return;
    this.#portions.push({
      receipts: [this.#encode({ ...claim, detail: JSON.stringify(reason) })],
      ...{ toConfirm: [], verifiedSize: 0 },
    });
    this.#send();
  }

  /** A session is ready: what was not confirmed is told again. */
  attach(link: Link): void {
    this.detach();
    this.#link = link;
    for (const settled of this.#table.readUnconfirmed()) this.tell(settled);
    this.#flush();
    this.#tellQuiet();
  }

  detach(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    this.#link = undefined;
    this.#due = [];
    this.#portions = [];
    this.#unconfirmed = [];
    this.#refusal = undefined;
  }

  /** The gateway has reported an error and kept the session: it may be about the frame that it counts next. */
  reported(code: ErrorCode): void {
    if (isReceiptRefusal(code)) this.#refusal = code;
  }

  /** The gateway has dealt with so many receipt frames of this session. */
  taken(frames: number): void {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    const isRefused = (frame: number): boolean => refusal !== undefined && frame === frames;
    const taken = this.#unconfirmed.filter(({ frame }) => frame <= frames);
    this.#unconfirmed = this.#unconfirmed.filter(({ frame }) => frame > frames);
    const durable = taken.flatMap(({ frame, portion }) => (isRefused(frame) ? [] : [portion]));
    for (const portion of durable) this.#tellGrowth(portion);
    const done = durable.flatMap(({ toConfirm }) => toConfirm);
    const refused = taken.find(({ frame }) => isRefused(frame))?.portion;
    if (refused !== undefined && refusal !== undefined) done.push(...this.#takeRefused(refused, refusal));
    if (done.length > 0) this.#deps.state.writeLater(() => this.#table.confirm(done));
    this.#send();
    this.#tellQuiet();
  }

  #tellGrowth({ toConfirm, verifiedSize }: Portion): void {
    if (toConfirm.some((settled) => this.#new.has(settled))) this.#deps.log.isBeyond(verifiedSize);
  }

  /** @returns what need not be told again */
  #takeRefused({ receipts, toConfirm, verifiedSize }: Portion, code: ErrorCode): readonly Settled[] {
    // What is wrong with a signature is wrong with all that it signs, but may be right in the next session.
    if (code === 'receipt-invalid') return [];
    // One receipt may have cost the others.
    if (receipts.length > 1) {
      toConfirm.forEach((one, index) =>
        this.#portions.push({ receipts: receipts.slice(index, index + 1), toConfirm: [one], verifiedSize }),
      );
      return [];
    }
    // The gateway has no such delivery. Should the message come again, it is answered again.
    return code === 'receipt-unmatched' ? toConfirm : [];
  }

  /**
   * Resolves when the gateway has dealt with every receipt of this session: has confirmed it, or refused it. One that it
   * refused as wrong (`receipt-invalid`, `receipt-malformed`) is not confirmed, and is told again in the next session.
   */
  whenQuiet(): Promise<void> {
    if (this.#isQuiet()) return Promise.resolve();
    return new Promise((resolve) => this.#quietWaiters.push(resolve));
  }

  #flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const due = this.#due;
    this.#due = [];
    for (const settled of Map.groupBy(due, ({ sender }) => sender).values()) this.#divide(settled);
    this.#send();
  }

  /** Portions of what is to be told to one sender, each small enough for a frame. */
  #divide(settled: readonly Settled[]): void {
    if (this.#link === undefined) return;
    const { maxUnits, maxFrameBytes } = this.#link.limits;
    const { verifiedSize } = this.#deps.log;
    let from = 0;
    let receipts: Buffer[] = [];
    let bytes: number = receiptFrameOverhead.frame;
    settled.forEach((one, index) => {
      const receipt = this.#encode(one);
      const size = receiptFrameOverhead.receipt + receipt.byteLength;
      if (receipts.length === maxUnits || (receipts.length > 0 && bytes + size > maxFrameBytes)) {
        this.#portions.push({ receipts, toConfirm: settled.slice(from, index), verifiedSize });
        [from, receipts, bytes] = [index, [], receiptFrameOverhead.frame];
      }
      receipts.push(receipt);
      bytes += size;
    });
    if (receipts.length > 0) this.#portions.push({ receipts, toConfirm: settled.slice(from), verifiedSize });
  }

  #send(): void {
    const link = this.#link;
    if (link === undefined || (link.state !== 'ready' && link.state !== 'leaving')) return;
    const room = link.limits.maxUnanswered - this.#unconfirmed.length;
    for (const portion of this.#portions.splice(0, Math.max(0, room))) {
      const group = signReceiptGroup(portion.receipts, this.#deps.signer);
      this.#unconfirmed.push({ frame: link.sendReceipts(group), portion });
    }
  }

  #encode({ id, digest, at, detail }: Settled): Buffer {
    const { self } = this.#deps;
    return encodeReceipt({
      kind: detail === '' ? 'stored' : 'refused',
      message: id,
      envelopeDigest: digest,
      at,
      issuer: self,
      recipient: self,
      detail,
    });
  }

  #isQuiet(): boolean {
    if (this.#due.length > 0 || this.#portions.length > 0 || this.#unconfirmed.length > 0) return false;
    return this.#link !== undefined || this.#table.readUnconfirmed().length === 0;
  }

  #tellQuiet(): void {
    if (this.#quietWaiters.length === 0 || !this.#isQuiet()) return;
    const waiters = this.#quietWaiters;
    this.#quietWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
