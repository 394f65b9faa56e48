/**
 * The search index of a gateway's home holds what cases said, and is brought up to date only when somebody searches. What
 * was erased by the command of another home on the same store would stay in it until then: so a running gateway empties an
 * index that has not come to the latest erasure, in a thread of its own. The next search makes it anew, also one that is
 * under way.
 */
import { existsSync } from 'node:fs';
import { CausewayError } from '../../protocol/errors.ts';
import { startThread } from '../platform/worker-thread.ts';
import { erasureMark, type Store } from '../store/port.ts';
import type { EmptyingOutcome, IndexEmptying } from './empty-index.ts';
import type { EmptyingAnswer } from './emptying-thread.ts';
import { failureOf } from './told-failure.ts';

const everyMs = 60_000;

/** What became of an index that a case has outlived, or may have. */
export type OutlivedOutcome = Extract<EmptyingOutcome, 'emptied' | 'removed' | 'damaged'>;

/** In words for operators. */
export const outlivedWords: Readonly<Record<OutlivedOutcome, string>> = {
  emptied: 'emptied the search index, which held a case that was erased elsewhere',
  removed:
    'removed the search index, which held a case that was erased elsewhere: the disk has no room to empty it',
  damaged: 'removed the search index, which is damaged and may hold a case that was erased elsewhere',
};

export type OutlivedIndexOptions = Pick<IndexEmptying, 'file' | 'keepFreeBytes'> & {
  readonly store: Pick<Store, 'readMarks'>;
  readonly onOutlived: (outcome: OutlivedOutcome) => void;
  readonly onError: (error: unknown) => void;
};

export class OutlivedIndex {
  readonly #options: OutlivedIndexOptions;
  /** The erasure that the last look saw, and the one for which all is done. */
  #seen: number | undefined;
  #settled: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  constructor(options: OutlivedIndexOptions) {
    this.#options = options;
  }

  /** Looks now, and then each minute. */
  start(): void {
    const look = (): void => {
      this.#looking ??= this.look()
        .catch((error: unknown) => this.#options.onError(error))
        .finally(() => (this.#looking = undefined));
    };
    this.#timer = setInterval(look, everyMs).unref();
    look();
  }

  /** Waits for the thread where it is under way: SQLite cannot be stopped in between. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /**
   * Looks once. An erasure that no look has seen before may be one of this home, of which its command tells the index.
   * @throws CausewayError `store-unavailable`
   */
  async look(): Promise<void> {
    const { file, store, keepFreeBytes, onOutlived } = this.#options;
    const erasure = (await store.readMarks()).get(erasureMark);
    if (erasure === undefined || erasure === this.#settled) return;
    const isNews = erasure !== this.#seen;
    this.#seen = erasure;
    if (isNews) return;
    if (existsSync(file)) {
      const outcome = await empty({ file, erasure, keepFreeBytes });
      if (outcome === 'busy') return;
      if (outcome !== 'good' && outcome !== 'older') onOutlived(outcome);
    }
    this.#settled = erasure;
  }
}

/** Resolves once the thread has ended. */
async function empty(order: IndexEmptying): Promise<EmptyingOutcome> {
  const worker = startThread(new URL('./emptying-thread.ts', import.meta.url), {
    name: 'search-index',
    workerData: order,
  });
  const answer = await new Promise<EmptyingAnswer>((resolve, reject) => {
    let given: EmptyingAnswer | undefined;
    let cause: unknown;
    worker.on('message', (message: EmptyingAnswer) => void (given = message));
    worker.on('error', (error: unknown) => void (cause = error));
    worker.once('exit', () => {
      if (given === undefined) reject(new CausewayError('internal-error', { cause }));
      else resolve(given);
    });
  });
  if ('failure' in answer) throw failureOf(answer.failure);
  return answer.outcome;
}
