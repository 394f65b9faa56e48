/**
 * The main side of a thread that reads from the store and answers questions. The first question starts it; when it
 * dies, what was asked fails, and the next question starts another.
 */
import type { Worker, WorkerOptions } from 'node:worker_threads';
import { CausewayError, isCausewayError } from '../../protocol/errors.ts';
import { startThread } from '../platform/worker-thread.ts';
import { ByteSource } from './byte-stream.ts';
import { unavailableByDamage } from './store-damage.ts';

export type AskedQuestion<Q> = { readonly ticket: number; readonly question: Q };

export type GivenAnswer<V> = { readonly ticket: number } & (
  { readonly value: V; readonly bytes: ArrayBuffer } | { readonly failure: ReadFailure }
);

/** Why the store could not be read. */
export type ReadFailure = {
  readonly reason: string;
  /** The detail of `store-damaged`: what was asked for must not be believed, whatever the rest is. */
  readonly damage?: string | undefined;
  /** What is wrong with the file as a whole. */
  readonly spoilt?: string | undefined;
};

/** An error in a form that can be posted. */
export function readFailure(error: unknown): ReadFailure {
  const reason = error instanceof Error ? error.message : String(error);
  return isCausewayError(error, 'store-damaged') ? { reason, damage: error.detail } : { reason };
}

/** What ends the thread, once it has answered what was asked before. */
export const closeThread = 'close';

export type ReadAnswer<V> = { readonly value: V; readonly bytes: ByteSource };

type Waiting<V> = {
  readonly resolve: (answer: ReadAnswer<V>) => void;
  readonly reject: (error: CausewayError) => void;
};

export class ReaderThread<Q, V> {
  readonly #file: URL;
  readonly #options: WorkerOptions & { readonly name: string };
  readonly #waiting = new Map<number, Waiting<V>>();
  #worker: Worker | undefined;
  #lastTicket = 0;
  #closed = false;

  constructor(file: URL, options: WorkerOptions & { readonly name: string }) {
    this.#file = file;
    this.#options = options;
  }

  /** @throws CausewayError `store-unavailable` when it cannot be read, `store-damaged` when it must not be believed */
  async ask(question: Q): Promise<ReadAnswer<V>> {
    if (this.#closed) throw new CausewayError('store-unavailable', { detail: 'The store is closed.' });
    this.#worker ??= this.#start();
    const ticket = ++this.#lastTicket;
    const asked: AskedQuestion<Q> = { ticket, question };
    const worker = this.#worker;
    return await new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject });
      worker.postMessage(asked);
    });
  }

  /** Answers what was asked, then ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage(closeThread);
    await ended;
  }

  #start(): Worker {
    const worker = startThread(this.#file, this.#options);
    worker.on('message', (answer: GivenAnswer<V>) => {
      const waiting = this.#waiting.get(answer.ticket);
      this.#waiting.delete(answer.ticket);
      if ('failure' in answer) waiting?.reject(errorOf(answer.failure));
      else waiting?.resolve({ value: answer.value, bytes: new ByteSource(answer.bytes) });
    });
    worker.on('error', (error) => this.#onDeath(worker, error));
    worker.on('exit', () => this.#onDeath(worker, new Error(`the thread ${this.#options.name} ended`)));
    return worker;
  }

  #onDeath(worker: Worker, cause: unknown): void {
    // It ends a while after its error: another one may have been asked meanwhile.
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(unavailable(cause));
  }
}

function errorOf({ reason, damage, spoilt }: ReadFailure): CausewayError {
  if (spoilt !== undefined) return unavailableByDamage(spoilt);
  return damage === undefined
    ? unavailable(new Error(reason))
    : new CausewayError('store-damaged', { detail: damage });
}

function unavailable(cause: unknown): CausewayError {
  return new CausewayError('store-unavailable', { cause });
}
