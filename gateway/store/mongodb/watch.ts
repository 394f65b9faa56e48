/**
 * Notices what other gateways commit. A change stream wakes it, with nothing but the height of a block; beneath it
 * polls. Either way it reads on by height from the last block it knows, so a stream that broke, or whose place in
 * the oplog is gone, loses nothing: a new one starts from now.
 */
import type { Chain } from './chain.ts';
import type { Collections } from './documents.ts';

const defaultPollMs = 1_000;
const reopenMs = 1_000;
const repeatAfterMs = 60_000;

export type WatchOptions = {
  readonly blocks: Collections['block'];
  readonly chain: Chain;
  /** Marks the blocks of this process, which need no notice. */
  readonly writer: string;
  /** Polling or watching fails. What fails again in the same way is told once a minute. */
  readonly onError: (error: unknown) => void;
  /** Default: every second. */
  readonly pollMs?: number;
  /** False leaves polling alone. Default true. */
  readonly streaming?: boolean;
};

export class Watch {
  readonly #options: WatchOptions;
  readonly #timer: NodeJS.Timeout;
  #stream: ReturnType<Collections['block']['watch']> | undefined;
  #reopening: NodeJS.Timeout | undefined;
  #closed = false;
  #reading: Promise<void> = Promise.resolve();
  #lastGoodAt = performance.now();
  #lastTold: { readonly reason: string; readonly at: number } | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), options.pollMs ?? defaultPollMs);
    this.#timer.unref();
    if (options.streaming !== false) this.#open();
  }

  /** For how long nothing that another gateway commits would have been noticed, in ms. */
  get blindForMs(): number {
    return performance.now() - this.#lastGoodAt;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#reopening);
    await this.#stream?.close().catch(() => undefined);
    await this.#reading;
  }

  #look(): void {
    if (this.#closed) return;
    this.#reading = this.#options.chain.catchUp().then(
      () => void (this.#lastGoodAt = performance.now()),
      (error: unknown) => this.#onError(error),
    );
  }

  #open(): void {
    const { blocks, writer } = this.#options;
    const stream = blocks.watch(
      [
        { $match: { operationType: 'insert', 'fullDocument.writer': { $ne: writer } } },
        { $project: { documentKey: 1 } },
      ],
      { batchSize: 1_000 },
    );
    this.#stream = stream;
    void this.#follow(stream);
  }

  async #follow(stream: ReturnType<Collections['block']['watch']>): Promise<void> {
    try {
      for (;;) {
        await stream.next();
        this.#look();
      }
    } catch (error) {
      this.#onError(error);
      this.#reopen(stream);
    }
  }

  /** The driver goes on by itself where it can; where it cannot, a new stream starts and what was missed is read. */
  #reopen(stream: ReturnType<Collections['block']['watch']>): void {
    if (this.#closed || this.#stream !== stream) return;
    this.#stream = undefined;
    stream.close().catch(() => undefined);
    this.#reopening = setTimeout(() => {
      if (this.#closed) return;
      this.#open();
      this.#look();
    }, reopenMs);
    this.#reopening.unref();
  }

  #onError(error: unknown): void {
    if (this.#closed) return;
    const reason = error instanceof Error ? error.message : String(error);
    const at = performance.now();
    if (this.#lastTold?.reason === reason && at - this.#lastTold.at < repeatAfterMs) return;
    this.#lastTold = { reason, at };
    this.#options.onError(error);
  }
}
