/**
 * Notices one after another. Asking for the next one acknowledges the one before; leaving the loop by `break`,
 * `return` or an error does not, and the notice comes again.
 */
import type { Arrival } from './arrival-queue.ts';
import type { Inbox } from './inbox.ts';
import type { Notice } from './notice.ts';

export type NoticeStreamOptions = {
  /** Ends the loop quietly, after the present notice has been acknowledged. */
  readonly signal?: AbortSignal;
  /** How many messages are decrypted ahead. Default 4. */
  readonly concurrency?: number;
};

type Opening = { readonly arrival: Arrival; readonly notice: Promise<Notice | undefined> };

export class NoticeStream implements AsyncIterableIterator<Notice, undefined> {
  readonly #inbox: Inbox;
  readonly #signal: AbortSignal | undefined;
  readonly #concurrency: number;
  #former: Notice | undefined;
  #opening: Opening[] = [];
  #ended = false;
  #turn: Promise<unknown> = Promise.resolve();

  /** @internal */
  constructor(inbox: Inbox, { signal, concurrency = 4 }: NoticeStreamOptions) {
    this.#inbox = inbox;
    this.#signal = signal;
    this.#concurrency = Math.max(1, concurrency);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Notice, undefined>> {
    const result = this.#turn.then(() => this.#next());
    this.#turn = result.catch(() => undefined);
    return result;
  }

  return(): Promise<IteratorResult<Notice, undefined>> {
    const former = this.#former;
    this.#end();
    if (former?.state === 'open') this.#inbox.returnFirst(former);
    return Promise.resolve({ done: true, value: undefined });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #next(): Promise<IteratorResult<Notice, undefined>> {
    const former = this.#former;
    if (former?.state === 'open') await former.ack();
    this.#former = undefined;
    while (!this.#isOver()) {
      this.#openAhead();
      const first = this.#opening[0];
      if (first === undefined) {
        await this.#inbox.whenArrived(this.#signal);
        continue;
      }
      const notice = await first.notice;
      if (this.#isOver()) break;
      this.#opening.shift();
      if (notice === undefined) continue;
      this.#former = notice;
      return { done: false, value: notice };
    }
    this.#end();
    return { done: true, value: undefined };
  }

  #isOver(): boolean {
    return this.#ended || this.#inbox.isClosed || this.#signal?.aborted === true;
  }

  #openAhead(): void {
    while (this.#opening.length < this.#concurrency) {
      const arrival = this.#inbox.takeArrival();
      if (arrival === undefined) return;
      const notice = this.#inbox.open(arrival);
      // Failures are dealt with where the promise is awaited, which may be much later.
      notice.catch(() => undefined);
      this.#opening.push({ arrival, notice });
    }
  }

  /** What was opened ahead but not shown goes back, in order. */
  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#former = undefined;
    for (const { notice } of this.#opening.reverse()) {
      notice.then(
        (opened) => opened !== undefined && this.#inbox.returnFirst(opened),
        () => undefined,
      );
    }
    this.#opening = [];
  }
}
