/** The main side of the reader thread, which is started by the first question. */
import type { Worker } from 'node:worker_threads';
import { CausewayError } from '../../../protocol/errors.ts';
import { startThread } from '../../worker-thread.ts';
import { ByteSource } from './byte-stream.ts';
import type { Question, Questions } from './reader-queries.ts';
import type { AskedQuestion, GivenAnswer, ReaderOptions } from './reader.ts';

type Kind = keyof Questions;
type Answer<K extends Kind> = { readonly value: Questions[K]['answer']; readonly bytes: ByteSource };
type Waiting = {
  readonly resolve: (answer: Answer<Kind>) => void;
  readonly reject: (error: CausewayError) => void;
};

export class ReaderClient {
  readonly #options: ReaderOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastTicket = 0;
  #closed = false;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** @throws CausewayError `store-unavailable` when it cannot be read */
  async ask<K extends Kind>(kind: K, question: Questions[K]['ask']): Promise<Answer<K>> {
    if (this.#closed) throw new CausewayError('store-unavailable', { detail: 'The store is closed.' });
    this.#worker ??= this.#start();
    const ticket = ++this.#lastTicket;
    const asked: AskedQuestion = { ticket, question: { kind, ...question } as Question };
    const worker = this.#worker;
    return await new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve: resolve as Waiting['resolve'], reject });
      worker.postMessage(asked);
    });
  }

  /** Answers what was asked, then ends the thread. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.postMessage('close');
    await ended;
  }

  #start(): Worker {
    const worker = startThread(new URL('./reader.ts', import.meta.url), {
      name: 'store-reader',
      workerData: this.#options,
    });
    worker.on('message', (answer: GivenAnswer) => {
      const waiting = this.#waiting.get(answer.ticket);
      this.#waiting.delete(answer.ticket);
      if ('failure' in answer) waiting?.reject(unavailable(new Error(answer.failure.reason)));
      else waiting?.resolve({ value: answer.value, bytes: new ByteSource(answer.bytes) });
    });
    worker.on('error', (error) => this.#onDeath(error));
    worker.on('exit', () => this.#onDeath(new Error('the reader thread ended')));
    return worker;
  }

  /** The next question starts a new thread. */
  #onDeath(cause: unknown): void {
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(unavailable(cause));
  }
}

function unavailable(cause: unknown): CausewayError {
  return new CausewayError('store-unavailable', { cause });
}
