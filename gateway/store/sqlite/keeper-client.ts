/** The main side of the keeper thread. It never keeps a process alive. */
import { Worker } from 'node:worker_threads';
import type { KeeperOptions, Notice } from './keeper.ts';

const restartDelayMs = 1_000;

export class KeeperClient {
  readonly #options: KeeperOptions;
  readonly #onNotice: (notice: Notice) => void;
  #worker: Worker | undefined;
  #closed = false;

  constructor(options: KeeperOptions, onNotice: (notice: Notice) => void) {
    this.#options = options;
    this.#onNotice = onNotice;
    this.#start();
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

  #start(): void {
    const worker = new Worker(new URL('./keeper.ts', import.meta.url), {
      name: 'store-keeper',
      workerData: this.#options,
    });
    worker.unref();
    worker.on('message', this.#onNotice);
    worker.on('error', () => undefined);
    worker.on('exit', () => this.#onExit());
    this.#worker = worker;
  }

  /** Nothing is lost without it but time: the next one reports what has happened since. */
  #onExit(): void {
    this.#worker = undefined;
    if (this.#closed) return;
    setTimeout(() => {
      if (!this.#closed) this.#start();
    }, restartDelayMs).unref();
  }
}
