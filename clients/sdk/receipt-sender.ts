/**
 * Tells senders what became of their messages: first the durable row, then the signed receipt.
 *
 * Receipts that become due in one turn share a signature, one group a sender. A receipt counts as told when the
 * gateway has confirmed its frame; until then it is sent again over every new session. Frames are no larger, and no more
 * of them are under way, than the gateway's welcome allows.
 */
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { BatchSigner } from '../../protocol/proof/signing.ts';
import { receiptFrameOverhead, signReceiptGroup } from '../../protocol/wire/receipt-group.ts';
import type { RefusedDetail } from '../../protocol/wire/receipt-detail.ts';
import { encodeReceipt } from '../../protocol/wire/receipt.ts';
import { InboxTable, type Settled } from './inbox-table.ts';
import type { Link } from './link.ts';
import type { StateDatabase } from './state-database.ts';

type ReceiptSenderDependencies = {
  readonly self: EndpointAddress;
  readonly state: StateDatabase;
  readonly signer: BatchSigner;
};

/** What one frame tells. */
type Portion = { readonly receipts: readonly Buffer[]; readonly toConfirm: readonly Settled[] };

export class ReceiptSender {
  readonly #deps: ReceiptSenderDependencies;
  readonly #table: InboxTable;
  #link: Link | undefined;
  #due: Settled[] = [];
  #scheduled: NodeJS.Immediate | undefined;
  /** Waits until fewer frames are unconfirmed. */
  #portions: Portion[] = [];
  /** Frames of this session that are not confirmed, in order, with what they told. */
  #unconfirmed: { frame: number; settled: readonly Settled[] }[] = [];
  #quietWaiters: (() => void)[] = [];

  constructor(deps: ReceiptSenderDependencies) {
    this.#deps = deps;
    this.#table = new InboxTable(deps.state.statements);
  }

  /** Writes down that a message is settled, then tells its sender. Resolves when it is durable here. */
  async settle(settled: Settled): Promise<void> {
    await this.#deps.state.write(() => this.#table.settle(settled));
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
      toConfirm: [],
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
  }

  /** The gateway has dealt with so many receipt frames of this session. */
  taken(frames: number): void {
    const done = this.#unconfirmed.filter(({ frame }) => frame <= frames).flatMap(({ settled }) => settled);
    this.#unconfirmed = this.#unconfirmed.filter(({ frame }) => frame > frames);
    if (done.length > 0) this.#deps.state.writeLater(() => this.#table.confirm(done));
    this.#send();
    this.#tellQuiet();
  }

  /** Resolves when the gateway has confirmed every receipt of this session. */
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
    let from = 0;
    let receipts: Buffer[] = [];
    let bytes: number = receiptFrameOverhead.frame;
    settled.forEach((one, index) => {
      const receipt = this.#encode(one);
      const size = receiptFrameOverhead.receipt + receipt.byteLength;
      if (receipts.length === maxUnits || (receipts.length > 0 && bytes + size > maxFrameBytes)) {
        this.#portions.push({ receipts, toConfirm: settled.slice(from, index) });
        [from, receipts, bytes] = [index, [], receiptFrameOverhead.frame];
      }
      receipts.push(receipt);
      bytes += size;
    });
    if (receipts.length > 0) this.#portions.push({ receipts, toConfirm: settled.slice(from) });
  }

  #send(): void {
    const link = this.#link;
    if (link === undefined || (link.state !== 'ready' && link.state !== 'leaving')) return;
    const room = link.limits.maxUnanswered - this.#unconfirmed.length;
    for (const { receipts, toConfirm } of this.#portions.splice(0, Math.max(0, room))) {
      const group = signReceiptGroup(receipts, this.#deps.signer);
      this.#unconfirmed.push({ frame: link.sendReceipts(group), settled: toConfirm });
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
