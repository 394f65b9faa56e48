/** The published log as the gateway's main thread sees it: the newest checkpoint, and a thread that makes it. */
import type { Worker } from 'node:worker_threads';
import { CausewayError } from '../../protocol/errors.ts';
import { startThread } from '../platform/worker-thread.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';
import { LogFolder } from './log-folder.ts';
import type { LogThreadNews, LogThreadOptions, LogThreadOrder } from './log-thread.ts';
import { failureOf, type ToldFailure } from './told-failure.ts';

export type AuditLogEvents = {
  /** A new checkpoint, or the newest once more with cosignatures. */
  onPublished?(checkpoint: PublishedCheckpoint): void;
  /** The log cannot be kept up, or a witness did not cosign. The thread goes on trying. */
  onError(error: CausewayError): void;
};

/** A thread that ended by itself, as for want of memory or of file descriptors, is started again. */
const restartMs = 5_000;

export class AuditLog {
  readonly folder: LogFolder;
  readonly #options: LogThreadOptions;
  readonly #events: AuditLogEvents;
  readonly #waiting = new Map<number, () => void>();
  readonly #startThread: typeof startThread;
  #worker: Worker | undefined;
  #ended: Promise<void> | undefined;
  #restart: NodeJS.Timeout | undefined;
  #isClosing = false;
  #lastTicket = 0;
  #latest: PublishedCheckpoint | undefined;
  #isFollowing = false;
  #isOpening = true;
  #failure: CausewayError | undefined;
  #copyFailure: CausewayError | undefined;
  #keepingFailure: CausewayError | undefined;

  /** @param start for tests */
  constructor(options: LogThreadOptions, events: AuditLogEvents, start = startThread) {
    this.#options = options;
    this.#events = events;
    this.#startThread = start;
    this.folder = new LogFolder(options.dir);
  }

  /** The newest checkpoint; undefined until the first one. */
  get latest(): PublishedCheckpoint | undefined {
    return this.#latest;
  }

  /** True until the thread has said whether the log can be published: what it has published is not known before. */
  get isOpening(): boolean {
    return this.#isOpening;
  }

  /** True while another gateway on the same home publishes the log. */
  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** What keeps the log from being published at present; none only once the thread says that it is again. */
  get failure(): CausewayError | undefined {
    return this.#failure;
  }

  /** What keeps the log from being copied to where the settings say, since it was last tried. */
  get copyFailure(): CausewayError | undefined {
    return this.#copyFailure;
  }

  /** What keeps its checkpoints from being kept beside the log, for later, since it was last tried. */
  get keepingFailure(): CausewayError | undefined {
    return this.#keepingFailure;
  }

  start(): void {
    const worker = this.#startThread(new URL('./log-thread.ts', import.meta.url), {
      name: 'audit-log',
      workerData: this.#options,
    });
    worker.on('message', (news: LogThreadNews) => this.#onNews(news));
    worker.on('error', (cause) => this.#onFailure(new CausewayError('internal-error', { cause })));
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#worker = undefined;
        for (const done of this.#waiting.values()) done();
        resolve();
        this.#startLater();
      });
    });
    this.#worker = worker;
  }

  /**
   * A checkpoint that has at least so many leaves.
   * @throws CausewayError `log-unreadable` when the log cannot be published now
   */
  async checkpointFor(size: number): Promise<PublishedCheckpoint> {
    if ((this.#latest?.size ?? 0) < size) await this.#reach(size);
    const { latest } = this;
    if (latest !== undefined && latest.size >= size) return latest;
    throw this.#failure ?? new CausewayError('log-unreadable', { detail: 'It has not been published yet.' });
  }

  /** Publishes the rest and ends the thread. Where it has just ended by itself, the next start publishes the rest. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearTimeout(this.#restart);
    this.#order('close');
    await this.#ended;
  }

  async #reach(size: number): Promise<void> {
    if (this.#worker === undefined) return;
    const ticket = ++this.#lastTicket;
    const done = new Promise<void>((resolve) => this.#waiting.set(ticket, resolve));
    this.#order({ ticket, size });
    await done;
    this.#waiting.delete(ticket);
  }

  #startLater(): void {
    if (this.#isClosing) return;
    this.#restart = setTimeout(() => {
      try {
        this.start();
      } catch (cause) {
        this.#onFailure(new CausewayError('internal-error', { cause }));
        this.#startLater();
      }
    }, restartMs).unref();
  }

  #order(order: LogThreadOrder): void {
    this.#worker?.postMessage(order);
  }

  #onNews(news: LogThreadNews): void {
    if ('published' in news) {
      const { size, root, text } = news.published;
      this.#latest = { size, root: Buffer.from(root), text };
      this.#events.onPublished?.(this.#latest);
    } else if ('following' in news) {
      this.#isFollowing = news.following;
    } else if ('recovered' in news) {
      this.#isOpening = false;
      this.#failure = undefined;
    } else if ('reached' in news) {
      this.#waiting.get(news.reached)?.();
    } else if ('witness' in news) {
      this.#told(news.witness);
    } else if ('copied' in news) {
      this.#copyFailure = this.#told(news.copied);
    } else if ('kept' in news) {
      this.#keepingFailure = this.#told(news.kept);
    } else {
      this.#isOpening = false;
      this.#failure = this.#told(news.failure);
    }
  }

  #told(failure: ToldFailure | undefined): CausewayError | undefined {
    if (failure === undefined) return undefined;
    const error = failureOf(failure);
    this.#events.onError(error);
    return error;
  }

  #onFailure(error: CausewayError): void {
    this.#isOpening = false;
    this.#failure = error;
    this.#events.onError(error);
  }
}
