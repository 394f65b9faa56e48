/**
 * The thread of the published log: hashes, signs, writes and asks witnesses, so that the main thread need not.
 *
 * Several gateways on one store each publish the log in a folder of their own: tiles and roots follow from the leaves
 * and are the same. Where gateways share a home, and with it the folder, one publishes and the others follow it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { isCausewayError } from '../../protocol/errors.ts';
import { noteSigner } from '../../protocol/proof/note-signer.ts';
import { giveWay } from '../platform/give-way.ts';
import { openLeafSource, type LeafSourceOptions } from '../store/open-leaf-source.ts';
import { lockPath } from '../store/path-lock.ts';
import type { LeafSource } from '../store/port.ts';
import type { WitnessSettings } from './ask-witness.ts';
import { openPublished, type PublishedCheckpoint } from './published-checkpoint.ts';
import { LogFolder } from './log-folder.ts';
import { LogHistory } from './log-history.ts';
import { LogKeeper } from './log-keeper.ts';
import { openLogBuilder, type OwnLogOptions } from './open-log-builder.ts';
import { toldFailure, type ToldFailure } from './told-failure.ts';
import { Witness } from './witness.ts';
import { Witnesses } from './witnesses.ts';

export type LogThreadOptions = OwnLogOptions & {
  readonly source: LeafSourceOptions;
  readonly dir: string;
  readonly witnesses: readonly WitnessSettings[];
};

/** To the thread: publish until the log has so many leaves, answered by `reached` with the same ticket; or end. */
export type LogThreadOrder = { readonly ticket: number; readonly size: number } | 'close';

/** From the thread. */
export type LogThreadNews =
  | { readonly published: PublishedCheckpoint }
  | { readonly reached: number }
  /** Whether another process publishes in the folder, and this one follows it. */
  | { readonly following: boolean }
  | { readonly failure: ToldFailure }
  /** The log is published again. */
  | { readonly recovered: true }
  /** Why a witness has not cosigned. The log is published without it. */
  | { readonly witness: ToldFailure }
  /** The log was copied, or why not. */
  | { readonly copied: ToldFailure | undefined }
  /** A checkpoint was kept, with what witnesses have cosigned, or why not. */
  | { readonly kept: ToldFailure | undefined };

/** Where it cannot begin, it tries again: the disk may come back. */
const retryMs = 5_000;
/** How often it looks whether the other process on the folder has published something, or ended. */
const followMs = 1_000;

class LogThread {
  readonly #options: LogThreadOptions;
  readonly #tell: (news: LogThreadNews) => void;
  #source: LeafSource | undefined;
  #keeper: LogKeeper | undefined;
  #lock: { release(): void } | undefined;
  #retry: NodeJS.Timeout | undefined;
  #followed: string | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(options: LogThreadOptions, tell: (news: LogThreadNews) => void) {
    this.#options = options;
    this.#tell = tell;
  }

  async open(): Promise<void> {
    try {
      this.#lock = takeLock(this.#options.dir);
      if (this.#lock === undefined) {
        this.#tell({ following: true });
        await this.#follow();
        this.#tell({ recovered: true });
        this.#openLater(followMs);
        return;
      }
      this.#tell({ following: false });
      this.#keeper = await this.#createKeeper();
      this.#tell({ recovered: true });
      this.#keeper.start();
    } catch (error) {
      this.#fail(error);
      await this.#release();
      this.#openLater(retryMs);
    }
  }

  /** Publishes until the log has so many leaves, or all that there are. */
  async reach(size: number, ticket: number): Promise<void> {
    if (this.#keeper === undefined) await this.#follow().catch((error: unknown) => this.#fail(error));
    else await this.#keeper.reach(size);
    this.#tell({ reached: ticket });
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await this.#opening;
    await this.#keeper?.close();
    await this.#release();
  }

  #openLater(afterMs: number): void {
    if (this.#closed) return;
    this.#retry = setTimeout(() => {
      this.#opening = this.open();
    }, afterMs);
  }

  async #release(): Promise<void> {
    await this.#source?.close();
    this.#source = undefined;
    this.#lock?.release();
    this.#lock = undefined;
  }

  /** Tells what the process that publishes in this folder has published. */
  async #follow(): Promise<void> {
    const { dir, origin, keyPem } = this.#options;
    const text = await new LogFolder(dir).readCheckpoint();
    if (text === undefined || text === this.#followed) return;
    this.#followed = text;
    this.#tell({ published: openPublished(text, noteSigner(origin, keyPem).verifierKey) });
  }

  async #createKeeper(): Promise<LogKeeper> {
    const { source, dir, historyDir, exportDir, witnesses, origin, keyPem } = this.#options;
    const leaves = await openLeafSource(source);
    this.#source = leaves;
    const folder = new LogFolder(dir);
    const builder = await openLogBuilder(folder, leaves, this.#options);
    if (builder.published !== undefined) this.#tell({ published: builder.published });
    const logKey = noteSigner(origin, keyPem).verifierKey;
    const told = (error: unknown): ToldFailure | undefined =>
      error === undefined ? undefined : toldFailure(error);
    return new LogKeeper({
      key: logKey,
      builder,
      folder,
      exportDir,
      history: new LogHistory(historyDir),
      witnesses: new Witnesses(
        witnesses.map((settings) => new Witness(settings, logKey)),
        (error) => this.#tell({ witness: toldFailure(error) }),
      ),
      now: Date.now,
      onPublished: (published) => this.#tell({ published }),
      onError: (error) => this.#fail(error),
      onRecovered: () => this.#tell({ recovered: true }),
      onCopied: (error) => this.#tell({ copied: told(error) }),
      onKept: (error) => this.#tell({ kept: told(error) }),
    });
  }

  #fail(error: unknown): void {
    this.#tell({ failure: toldFailure(error) });
  }
}

/** @returns undefined while another process publishes in this folder */
function takeLock(dir: string): { release(): void } | undefined {
  try {
    return lockPath(dir);
  } catch (error) {
    if (isCausewayError(error, 'store-in-use')) return undefined;
    throw error;
  }
}

function start(): void {
  const port = parentPort;
  if (port === null) throw new Error('this file runs as a worker thread');
  giveWay();
  const thread = new LogThread(workerData as LogThreadOptions, (news) => port.postMessage(news));
  const opening = thread.open();
  port.on('message', (order: LogThreadOrder) => {
    if (order === 'close') void opening.then(async () => thread.close()).then(() => port.close());
    else void opening.then(async () => thread.reach(order.size, order.ticket));
  });
}

start();
