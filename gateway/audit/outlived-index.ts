/**
 * The search index of a gateway's home holds what cases said, and is brought up to date only when somebody searches. What
 * was erased by the command of another home on the same store would stay in it until then: so a running gateway empties an
 * index that has not come to the latest erasure. The next search makes it anew, also one that is under way.
 */
import { existsSync } from 'node:fs';
import { sqliteErrorOf, sqliteErrors } from '../../files/sqlite-error.ts';
import { erasureMark, type Store } from '../store/port.ts';
import { isDamage, openIndexFile, removeIndexFile, resetIndex } from './index-file.ts';
import { IndexWriter } from './index-writer.ts';

const everyMs = 60_000;

export type OutlivedIndexOptions = {
  readonly file: string;
  readonly store: Pick<Store, 'readMarks'>;
  readonly onEmptied: () => void;
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

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /**
   * Looks once. An erasure that no look has seen before may be one of this home, of which its command tells the index.
   * @throws CausewayError `store-unavailable`
   */
  async look(): Promise<void> {
    const { file, store, onEmptied } = this.#options;
    const erasure = (await store.readMarks()).get(erasureMark);
    if (erasure === undefined || erasure === this.#settled) return;
    const isNews = erasure !== this.#seen;
    this.#seen = erasure;
    if (isNews) return;
    if (existsSync(file)) {
      const outcome = emptyOutlived(file, erasure);
      if (outcome === 'busy') return;
      if (outcome === 'emptied') onEmptied();
    }
    this.#settled = erasure;
  }
}

/** @returns `busy` where somebody writes it, whom nobody waits for here: the gateway serves others meanwhile */
function emptyOutlived(file: string, erasure: number): 'emptied' | 'good' | 'busy' {
  try {
    const database = openIndexFile(file, 0);
    try {
      const isEmptied = resetIndex(database, () => {
        const { next } = new IndexWriter(database).progress();
        return next === 0 || next > erasure;
      });
      return isEmptied ? 'emptied' : 'good';
    } finally {
      database.close();
    }
  } catch (error) {
    if (sqliteErrorOf(error) === sqliteErrors.busy) return 'busy';
    if (!isDamage(error)) throw error;
    removeIndexFile(file);
    return 'emptied';
  }
}
