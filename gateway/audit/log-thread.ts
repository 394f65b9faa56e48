/** The thread of the published log: hashes, signs, writes and asks witnesses, so that the main thread need not. */
import { parentPort, workerData } from 'node:worker_threads';
import { isCausewayError } from '../../protocol/errors.ts';
import { noteSigner } from '../../protocol/proof/note-signer.ts';
import { openLeafSource, type LeafSourceOptions } from '../store/open-leaf-source.ts';
import type { LeafSource } from '../store/port.ts';
import { LogBuilder, type PublishedCheckpoint } from './log-builder.ts';
import { LogFolder } from './log-folder.ts';
import { LogHistory } from './log-history.ts';
import { LogKeeper } from './log-keeper.ts';
import { Witnesses, type WitnessSettings } from './witnesses.ts';

export type LogThreadOptions = {
  readonly source: LeafSourceOptions;
  readonly dir: string;
  readonly historyDir: string;
  readonly exportDir: string | undefined;
  readonly origin: string;
  /** Ed25519 private key, PKCS#8 PEM. */
  readonly keyPem: string;
  readonly witnesses: readonly WitnessSettings[];
};

/** To the thread: take what is new now, answered by `stepped` with the same ticket; or end. */
export type LogThreadOrder = { readonly step: number } | 'close';

/** From the thread. */
export type LogThreadNews =
  | { readonly published: PublishedCheckpoint }
  | { readonly stepped: number }
  | { readonly failure: { readonly code: string; readonly detail: string | undefined } };

/** Where it cannot begin, it tries again: the disk may come back. */
const retryMs = 5_000;

class LogThread {
  readonly #options: LogThreadOptions;
  readonly #tell: (news: LogThreadNews) => void;
  #source: LeafSource | undefined;
  #keeper: LogKeeper | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: LogThreadOptions, tell: (news: LogThreadNews) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  async open(): Promise<void> {
    try {
      this.#keeper = await this.#createKeeper();
      this.#keeper.start();
    } catch (error) {
      this.#fail(error);
      await this.#source?.close();
      this.#source = undefined;
      this.#retry = setTimeout(() => void this.open(), retryMs);
    }
  }

  async step(ticket: number): Promise<void> {
    await this.#keeper?.step();
    this.#tell({ stepped: ticket });
  }

  async close(): Promise<void> {
    clearTimeout(this.#retry);
    await this.#keeper?.close();
    await this.#source?.close();
  }

  async #createKeeper(): Promise<LogKeeper> {
    const { source, dir, historyDir, exportDir, origin, keyPem, witnesses } = this.#options;
    this.#source = openLeafSource(source);
    const folder = new LogFolder(dir);
    const signer = noteSigner(origin, keyPem);
    const builder = await LogBuilder.open({ folder, source: this.#source, origin, signer });
    if (builder.published !== undefined) this.#tell({ published: builder.published });
    const onError = (error: unknown): void => this.#fail(error);
    return new LogKeeper({
      builder,
      folder,
      exportDir,
      history: new LogHistory(historyDir),
      witnesses: new Witnesses(witnesses, onError),
      now: Date.now,
      onPublished: (published) => this.#tell({ published }),
      onError,
    });
  }

  #fail(error: unknown): void {
    const [code, detail] = isCausewayError(error)
      ? [error.code, error.detail]
      : ['internal-error', String(error)];
    this.#tell({ failure: { code, detail } });
  }
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  const thread = new LogThread(workerData as LogThreadOptions, (news) => port.postMessage(news));
  const opening = thread.open();
  port.on('message', (order: LogThreadOrder) => {
    if (order === 'close') void opening.then(async () => thread.close()).then(() => port.close());
    else void opening.then(async () => thread.step(order.step));
  });
}

start();
