/** The main side of the reader thread: each kind of question with its answer. */
import { ReaderThread, type ReadAnswer } from '../reader-thread.ts';
import type { Question, Questions } from './questions.ts';
import type { ReaderOptions } from './reader.ts';

type Kind = keyof Questions;

export class ReaderClient {
  readonly #thread: ReaderThread<Question, Questions[Kind]['answer']>;

  constructor(options: ReaderOptions) {
    this.#thread = new ReaderThread(new URL('./reader.ts', import.meta.url), {
      name: options.givesWay === true ? 'history-reader' : 'store-reader',
      workerData: options,
    });
  }

  /** @throws CausewayError `store-unavailable` when it cannot be read */
  async ask<K extends Kind>(
    kind: K,
    question: Questions[K]['ask'],
  ): Promise<ReadAnswer<Questions[K]['answer']>> {
    return await this.#thread.ask({ kind, ...question } as Question);
  }

  /** Answers what was asked, then ends the thread. */
  async close(): Promise<void> {
    await this.#thread.close();
  }
}
