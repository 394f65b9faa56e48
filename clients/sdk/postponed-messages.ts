/** Messages that were refused for now: each is sent again after a pause of its own, which grows. */
import { CausewayError, type ErrorCode } from '../../protocol/errors.ts';
import type { RefusedDetail } from '../../protocol/wire/receipt-detail.ts';
import { backoffMs } from './backoff.ts';
import type { WaitingMessage } from './outbox-table.ts';

const leastMs = 250;
/** What is urgent must not wait for long once a gateway has room again. */
const longestHoldMs = 5_000;

/**
 * Refusals that are not about the message: the next one would get the same. For the time of a pause nothing is sent,
 * or a full outbox would go out again and again to a gateway that has no room.
 */
const concernsAll: ReadonlySet<ErrorCode> = new Set(['store-unavailable']);

type Pause = {
  readonly attempt: number;
  readonly timer: NodeJS.Timeout | undefined;
  readonly refusal: CausewayError;
};

export class PostponedMessages {
  readonly #random: () => number;
  readonly #onDue: () => void;
  /** The one refused last stands last. */
  readonly #pauses = new Map<number, Pause>();
  #due: number[] = [];
  #holding: NodeJS.Timeout | undefined;

  /** @param onDue told when something may be sent again */
  constructor(random: () => number, onDue: () => void) {
    this.#random = random;
    this.#onDue = onDue;
  }

  /** True while nothing at all is to be sent. */
  get isHolding(): boolean {
    return this.#holding !== undefined;
  }

  has(seq: number): boolean {
    return this.#pauses.has(seq);
  }

  /** What the gateway said last of those that still wait. */
  get lastRefusal(): CausewayError | undefined {
    return [...this.#pauses.values()].at(-1)?.refusal;
  }

  postpone(seq: number, { code, text }: RefusedDetail): void {
    const refusal = new CausewayError(code, { detail: text });
    const attempt = this.#pauses.get(seq)?.attempt ?? 0;
    const waitMs = leastMs + backoffMs(attempt, refusal, undefined, this.#random());
    const timer = setTimeout(() => {
      this.#pauses.set(seq, { attempt: attempt + 1, timer: undefined, refusal });
      this.#due.push(seq);
      this.#onDue();
    }, waitMs);
    this.#pauses.delete(seq);
    this.#pauses.set(seq, { attempt, timer, refusal });
    if (!concernsAll.has(code)) return;
    this.#holding ??= setTimeout(
      () => {
        this.#holding = undefined;
        this.#onDue();
      },
      Math.min(waitMs, longestHoldMs),
    );
  }

  /**
   * Takes messages whose pause is over, in the order of their ends; at least one where there is one, then up to about
   * `maxBytes` of payloads.
   * @param read a message that still waits
   */
  takeDue(
    limit: number,
    maxBytes: number,
    read: (seq: number) => WaitingMessage | undefined,
  ): WaitingMessage[] {
    const messages: WaitingMessage[] = [];
    let [taken, bytes] = [0, 0];
    while (taken < this.#due.length && messages.length < limit && bytes < maxBytes) {
      const message = read(this.#due[taken++] ?? NaN);
      if (message === undefined) continue;
      messages.push(message);
      bytes += message.payload.byteLength;
    }
    this.#due.splice(0, taken);
    return messages;
  }

  /** It was answered for good. */
  forget(seq: number): void {
    this.#pauses.delete(seq);
  }

  clear(): void {
    for (const { timer } of this.#pauses.values()) clearTimeout(timer);
    clearTimeout(this.#holding);
    this.#pauses.clear();
    this.#holding = undefined;
    this.#due = [];
  }
}
