/**
 * The gateway's stream of receipts: where a session begins in it, what is confirmed, and when it has to wait.
 *
 * Groups are stored in order and confirmed by the last position, so one that cannot be held for want of room holds up all
 * behind it. The session ends, and those that follow ask for no receipts: the gateway keeps them until there is room again.
 */
import { isCausewayError } from '../../protocol/errors.ts';
import type { EndpointAddress } from '../../protocol/ids.ts';
import type { Link } from './link.ts';
import type { ReceiptBook } from './receipt-book.ts';

export class ReceiptStream {
  readonly #book: Pick<ReceiptBook, 'position' | 'isFull' | 'take' | 'takeHeld'>;
  readonly #renewSession: () => void;
  #link: Link | undefined;
  /** Position of the last group that arrived in this session. */
  #lastPosition = 0;
  /** The highest position stored that the gateway was not told yet; 0 for none. */
  #stored = 0;
  /** True for a session that asked for no receipts. */
  #isWaiting = false;

  /** @param renewSession opens another session in place of the present one */
  constructor(
    book: Pick<ReceiptBook, 'position' | 'isFull' | 'take' | 'takeHeld'>,
    renewSession: () => void,
  ) {
    this.#book = book;
    this.#renewSession = renewSession;
  }

  /** After which position the next session asks for groups; null where there is no room to hold any. */
  begin(): number | null {
    this.#lastPosition = this.#book.position;
    this.#isWaiting = this.#book.isFull;
    return this.#isWaiting ? null : this.#lastPosition;
  }

  attach(link: Link): void {
    this.#link = link;
    this.#stored = 0;
  }

  detach(): void {
    this.#link = undefined;
  }

  /** Stores a group as it arrived, and confirms it. @throws CausewayError why it could not be stored */
  async take(position: number, group: Buffer): Promise<void> {
    const link = this.#link;
    const previous = this.#lastPosition;
    if (position > 0) this.#lastPosition = position;
    try {
      await this.#book.take(position, group, previous);
    } catch (error) {
      // What could not be stored must come again: over the next session, the gateway begins where the state ends.
      link?.terminate(isCausewayError(error) ? error : undefined);
      throw error;
    }
    if (position <= this.#stored || this.#link !== link) return;
    // Groups are stored in order, so the highest position covers all; told once a turn.
    if (this.#stored === 0) setImmediate(() => this.#tellStored());
    this.#stored = position;
  }

  /** Looks again at what is held, see {@link ReceiptBook.takeHeld}, and asks for receipts again once there is room. */
  async takeHeld(issuers?: readonly EndpointAddress[]): Promise<void> {
    await this.#book.takeHeld(issuers);
    if (this.#isWaiting && !this.#book.isFull) this.#renewSession();
  }

  #tellStored(): void {
    const through = this.#stored;
    this.#stored = 0;
    if (through > 0 && this.#link?.state === 'ready') this.#link.receiptsStored(through);
  }
}
