/**
 * Keeps the published log up to date: looks for new leaves several times a second, publishes a checkpoint, asks the
 * witnesses, and copies the log to where the settings say.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { keepTiles } from '../../protocol/proof/tile-cache.ts';
import type { TileReader } from '../../protocol/proof/tile-proof.ts';
import type { TileName } from '../../protocol/proof/tile.ts';
import type { VerifierKey } from '../../protocol/proof/verifier-key.ts';
import type { LogBuilder } from './log-builder.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';
import type { LogFolder } from './log-folder.ts';
import type { LogHistory } from './log-history.ts';
import { mirrorLog } from './mirror-log.ts';
import { WitnessedCheckpoint } from './witnessed-checkpoint.ts';
import type { Witnesses } from './witnesses.ts';

/** How often it looks for new leaves. A checkpoint follows activity within this time and that of one step. */
const lookMs = 500;
/** How long a step goes on before it signs a checkpoint of what it has come to. */
const stepMs = 500;
const mirrorMs = 20_000;
const syncMs = 30_000;
/** A witness that has not cosigned the newest checkpoint is asked again after this time. */
const askAgainMs = 15_000;
const lastAnswersMs = 2_000;

export type LogKeeperParts = {
  /** Of the log. */
  readonly key: VerifierKey;
  readonly builder: LogBuilder;
  readonly folder: LogFolder;
  readonly history: LogHistory;
  readonly witnesses: Pick<Witnesses, 'cosign' | 'isDue' | 'isMissingOn' | 'close'>;
  /** The folder to copy the log to. */
  readonly exportDir: string | undefined;
  readonly now: () => number;
  /** Default 500. */
  readonly stepMs?: number | undefined;
  /** How long the end waits for witnesses; default 2,000. */
  readonly lastAnswersMs?: number | undefined;
  readonly onPublished: (checkpoint: PublishedCheckpoint) => void;
  readonly onError: (error: unknown) => void;
  /** Told when publishing no longer fails, also where nothing new is to be published. */
  readonly onRecovered: () => void;
  /** Told after each time that a checkpoint was to be kept and cosigned, with the error where it failed. */
  readonly onKept: (error?: unknown) => void;
  /** Told after each copying, with the error where it failed. */
  readonly onCopied: (error?: unknown) => void;
};

export class LogKeeper {
  readonly #parts: LogKeeperParts;
  readonly #read: TileReader;
  /** Whether these failed when they were last tried. */
  #publishingFails = false;
  #keepingFails = false;
  #step: Promise<void> | undefined;
  #isClosing = false;
  #timer: NodeJS.Timeout | undefined;
  #lastSync = 0;
  #lastMirror = 0;
  #mirroring: Promise<void> | undefined;
  /** Questions to witnesses that not all have answered. */
  readonly #asking = new Set<Promise<void>>();
  /** When witnesses were last asked. */
  #askedAt = 0;
  #keeping: Promise<void> = Promise.resolve();
  readonly #witnessed: WitnessedCheckpoint;
  #hasRecalled = false;

  constructor(parts: LogKeeperParts) {
    this.#parts = parts;
    this.#read = readTilesOf(parts.folder);
    this.#witnessed = new WitnessedCheckpoint(parts);
  }

  start(): void {
    this.#timer = setInterval(() => void this.step(), lookMs);
    void this.step();
  }

  /**
   * Takes what is new, or as much of it as comes into some time: a checkpoint must come also while leaves come faster than
   * this thread, which gives way to others, can publish them. The next step then follows at once. Resolves when it is
   * published; one step runs at a time.
   */
  async step(): Promise<void> {
    this.#step ??= this.#advance(this.#parts.stepMs ?? stepMs).finally(() => {
      this.#step = undefined;
      // After a failure the next look is soon enough.
      if (this.#parts.builder.isBehind && !this.#publishingFails) setImmediate(() => this.#goOn());
    });
    await this.#step;
  }

  #goOn(): void {
    if (!this.#isClosing) void this.step();
  }

  /** Steps until the log that is published has so many leaves, or all that there are. */
  async reach(size: number): Promise<void> {
    // One that is under way may have looked for leaves before the last of these came.
    await this.#step;
    const { builder } = this.#parts;
    let before: PublishedCheckpoint | undefined;
    do {
      before = builder.published;
      await this.step();
    } while ((builder.published?.size ?? 0) < size && builder.published !== before);
  }

  /** Publishes what there is, copies it, and makes the folder durable. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#timer);
    await this.#step;
    await this.#advance(Infinity);
    await Promise.all([this.#awaitWitnesses(), this.#mirroring]);
    // Otherwise the copy would lack what was published last until the next start.
    await this.#copy();
    try {
      const { builder, history, now } = this.#parts;
      if (builder.published !== undefined) await history.note(builder.published, now(), true);
      await builder.sync();
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  /** Tells that publishing fails, and once it no longer does, that all is well: nothing else might say so for hours. */
  async #advance(mostMs: number): Promise<void> {
    const { onError, onRecovered } = this.#parts;
    try {
      await this.#publish(mostMs);
      await this.#recall();
      if (this.#publishingFails) onRecovered();
      this.#publishingFails = false;
    } catch (error) {
      this.#publishingFails = true;
      onError(error);
    }
    if (this.#isToAsk()) this.#witness();
    this.#mirror();
  }

  /** Once, before any witness is asked. */
  async #recall(): Promise<void> {
    if (this.#hasRecalled) return;
    const recalling = this.#keeping.then(async () => this.#witnessed.recall());
    this.#keeping = recalling.catch(() => undefined);
    await recalling;
    this.#hasRecalled = true;
  }

  async #publish(mostMs: number): Promise<void> {
    const { builder, onPublished, now } = this.#parts;
    const published = await builder.advance(mostMs);
    if (published !== undefined) onPublished(published);
    // While there is much to do, the disk belongs to the store.
    if (published !== undefined || now() - this.#lastSync < syncMs) return;
    await builder.sync();
    this.#lastSync = now();
  }

  #isToAsk(): boolean {
    const { builder, witnesses, now } = this.#parts;
    const { published } = builder;
    if (published === undefined) return false;
    if (witnesses.isDue(published, this.#isClosing)) return true;
    const isTime = now() - this.#askedAt >= askAgainMs;
    return isTime && (this.#keepingFails || witnesses.isMissingOn(published));
  }

  /**
   * Witnesses must not hold up the log, nor one another: the checkpoint stands without them, and what one has cosigned
   * is kept when it comes.
   */
  #witness(): void {
    const { builder, witnesses, now } = this.#parts;
    const { published } = builder;
    if (published === undefined) return;
    this.#askedAt = now();
    const work = async (): Promise<void> => {
      const cosigned = await witnesses.cosign(published, this.#read, (some) => void this.#keep(some, true));
      if (cosigned === published) void this.#keep(published, false);
      await this.#keeping;
    };
    const asking = work().finally(() => this.#asking.delete(asking));
    this.#asking.add(asking);
  }

  /** One after the other: `checkpoint.witnessed` must never go back. Never throws. */
  async #keep(checkpoint: PublishedCheckpoint, isCosigned: boolean): Promise<void> {
    const { history, now, onKept } = this.#parts;
    const work = async (): Promise<void> => {
      await history.note(checkpoint, now());
      if (isCosigned) await this.#witnessed.show(checkpoint);
    };
    const end = (error?: unknown): void => {
      this.#keepingFails = error !== undefined;
      onKept(error);
    };
    this.#keeping = this.#keeping.then(work).then(() => end(), end);
    await this.#keeping;
  }

  /** Until all have answered about the last checkpoint, or some time is over. */
  async #awaitWitnesses(): Promise<void> {
    const waitMs = this.#parts.lastAnswersMs ?? lastAnswersMs;
    const over = pause(waitMs, true, { ref: false });
    for (let isOver = false; !isOver;) {
      if (this.#isToAsk()) this.#witness();
      if (this.#asking.size === 0) break;
      isOver = (await Promise.race([over, ...this.#asking])) === true;
    }
    this.#parts.witnesses.close();
    await Promise.all(this.#asking);
  }

  #mirror(): void {
    const { now } = this.#parts;
    if (this.#mirroring !== undefined || now() - this.#lastMirror < mirrorMs) return;
    this.#lastMirror = now();
    this.#mirroring = this.#copy().finally(() => (this.#mirroring = undefined));
  }

  /** Brings the copy up to date where there is one. Never throws. */
  async #copy(): Promise<void> {
    const { exportDir, folder, onCopied } = this.#parts;
    if (exportDir === undefined) return;
    await mirrorLog(folder, exportDir, this.#read).then(() => onCopied(), onCopied);
  }
}

/**
 * Gives the tiles of a folder, for proofs, and keeps the last ones in memory: make one reader and go on with it.
 * @throws from the reader, an error when a tile is missing
 */
export function readTilesOf(folder: LogFolder): TileReader {
  const readElsewhere = async (name: TileName): Promise<Buffer> => {
    const found = await folder.readFile(name);
    if (found === undefined) throw new Error(`tile ${name.level}/${name.index} is missing`);
    return found.bytes;
  };
  return keepTiles((name) => folder.readTileNow(name) ?? readElsewhere(name));
}
