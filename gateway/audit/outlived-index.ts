/**
 * The search index of a gateway's home holds what cases said, and is brought up to date only when somebody searches. What
 * was erased by the command of another home on the same store would stay in it until then: so a running gateway removes an
 * index that has not come to the latest erasure. The next search makes it anew.
 */
import { existsSync } from 'node:fs';
import { erasureMark, type Store } from '../store/port.ts';
import { openIndexFile, removeIndexFile } from './index-file.ts';
import { IndexWriter } from './index-writer.ts';

const everyMs = 60_000;

export type OutlivedIndexOptions = {
  readonly file: string;
  readonly store: Pick<Store, 'readMarks'>;
  readonly onRemoved: () => void;
  readonly onError: (error: unknown) => void;
};

export class OutlivedIndex {
  readonly #options: OutlivedIndexOptions;
  #erasure: number | undefined;
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

  /** Looks once. @throws CausewayError `store-unavailable` */
  async look(): Promise<void> {
    const { file, store, onRemoved } = this.#options;
    const erasure = (await store.readMarks()).get(erasureMark);
    if (erasure === undefined || erasure === this.#erasure) return;
    if (existsSync(file) && readsOnFrom(file) <= erasure) {
      removeIndexFile(file);
      onRemoved();
    }
    this.#erasure = erasure;
  }
}

/** The leaf that the index takes in next. */
function readsOnFrom(file: string): number {
  const database = openIndexFile(file);
  try {
    return new IndexWriter(database).progress().next;
  } finally {
    database.close();
  }
}
