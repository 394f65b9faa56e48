/**
 * The main side of the keeper thread. It never keeps a process alive, and a store that is closed again before the first
 * look is due, as by most commands, starts none.
 */
import type { Worker } from 'node:worker_threads';
import { CausewayError } from '../../../protocol/errors.ts';
import { startThread } from '../../platform/worker-thread.ts';
import { unavailableByDamage } from '../store-damage.ts';
import type { PackedFailure } from './operations.ts';
import type { KeeperOptions, KeeperReport, Notice } from './keeper.ts';

const startDelayMs = 250;
const restartDelayMs = 1_000;
const repeatAfterMs = 60_000;

/** Told by the keeper. */
type KeeperEvents = {
  onNotice(notice: Notice): void;
  /** Polling fails, or the thread ended with an error. What fails again in the same way is told once a minute. */
  onError(error: unknown): void;
};

export class KeeperClient {
  readonly #options: KeeperOptions;
  readonly #events: KeeperEvents;
  #worker: Worker | undefined;
  #closed = false;
  #lastGoodAt = performance.now();
  #lastTold: { readonly reason: string; readonly at: number } | undefined;

  constructor(options: KeeperOptions, events: KeeperEvents) {
    this.#options = options;
    this.#events = events;
    this.#startIn(startDelayMs);
  }

  /** For how long nothing that another process commits would have been noticed, in ms. */
  get blindForMs(): number {
    return performance.now() - this.#lastGoodAt;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.ref();
    worker.postMessage('close');
    await ended;
  }

  #startIn(delayMs: number): void {
    setTimeout(() => {
      if (!this.#closed) this.#start();
    }, delayMs).unref();
  }

  #start(): void {
    try {
      const worker = startThread(new URL('./keeper.ts', import.meta.url), {
        name: 'store-keeper',
        workerData: this.#options,
      });
      worker.unref();
      worker.on('message', (report: KeeperReport) => this.#onReport(report));
      worker.on('error', (error) => this.#onFailure(error));
      worker.on('exit', () => this.#onExit());
      this.#worker = worker;
    } catch (error) {
      this.#onFailure(error);
      this.#onExit();
    }
  }

  #onReport({ notice, failure }: KeeperReport): void {
    if (failure !== undefined) {
      this.#onFailure(errorOf(failure));
      return;
    }
    this.#lastGoodAt = performance.now();
    if (notice !== undefined) this.#events.onNotice(notice);
  }

  #onFailure(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    const at = performance.now();
    if (this.#lastTold?.reason === reason && at - this.#lastTold.at < repeatAfterMs) return;
    this.#lastTold = { reason, at };
    this.#events.onError(error);
  }

  /** Nothing is lost without it but time: the next one reports what has happened since. */
  #onExit(): void {
    this.#worker = undefined;
    if (!this.#closed) this.#startIn(restartDelayMs);
  }
}

/** The gateway's log shows of an error without a code only where it came from. */
function errorOf({ damage, detail, reason }: PackedFailure): Error {
  if (damage !== undefined) return unavailableByDamage(damage);
  return detail === undefined ? new Error(reason) : new CausewayError('store-unavailable', { detail });
}
