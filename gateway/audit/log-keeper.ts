/**
 * Keeps the published log up to date: looks for new leaves several times a second, publishes a checkpoint, asks the
 * witnesses, and copies the log to where the settings say.
 */
import { keepTiles } from '../../protocol/proof/tile-cache.ts';
import type { TileReader } from '../../protocol/proof/tile-proof.ts';
import type { TileName } from '../../protocol/proof/tile.ts';
import type { LogBuilder } from './log-builder.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';
import type { LogFolder } from './log-folder.ts';
import type { LogHistory } from './log-history.ts';
import { mirrorLog } from './mirror-log.ts';
import type { Witnesses } from './witnesses.ts';

/** How often it looks for new leaves. A checkpoint follows activity within this time and that of one step. */
const lookMs = 500;
/** How long a step goes on before it signs a checkpoint of what it has come to. */
const stepMs = 500;
const mirrorMs = 20_000;
const syncMs = 30_000;
/** A witness that has not cosigned the newest checkpoint is asked again after this time. */
const askAgainMs = 15_000;

export type LogKeeperParts = {
  readonly builder: LogBuilder;
  readonly folder: LogFolder;
  readonly history: LogHistory;
  readonly witnesses: Pick<Witnesses, 'cosign' | 'isMissingOn'>;
  /** The folder to copy the log to. */
  readonly exportDir: string | undefined;
  readonly now: () => number;
  /** Default 500. */
  readonly stepMs?: number | undefined;
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
  #witnessing: Promise<void> | undefined;
  /** The size that the witnesses were last asked about, and when. */
  #asked: { readonly size: number; readonly at: number };

  constructor(parts: LogKeeperParts) {
    this.#parts = parts;
    this.#asked = { size: parts.builder.published?.size ?? 0, at: 0 };
    this.#read = readTilesOf(parts.folder);
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
    await Promise.all([this.#witnessing, this.#mirroring]);
    if (this.#isUnasked()) this.#witness();
    await this.#witnessing;
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
      if (this.#publishingFails) onRecovered();
      this.#publishingFails = false;
    } catch (error) {
      this.#publishingFails = true;
      onError(error);
    }
    if (this.#isUnasked() || this.#mustAskAgain()) this.#witness();
    this.#mirror();
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

  /** True for a checkpoint that was published while the witnesses were busy with the one before, too. */
  #isUnasked(): boolean {
    return (this.#parts.builder.published?.size ?? 0) !== this.#asked.size;
  }

  #mustAskAgain(): boolean {
    const { builder, witnesses, now } = this.#parts;
    const isTime = now() - this.#asked.at >= askAgainMs;
    if (!isTime || builder.published === undefined) return false;
    return this.#keepingFails || witnesses.isMissingOn(builder.published);
  }

  /**
   * Witnesses must not hold up the log: the checkpoint stands without them. They are asked about one at a time, and
   * what they cosigned is kept whatever was published meanwhile; only where that is still the newest, it is put in the
   * place of the one without them too.
   */
  #witness(): void {
    const { builder, folder, witnesses, history, now, onPublished, onKept } = this.#parts;
    const { published } = builder;
    if (published === undefined || this.#witnessing !== undefined) return;
    this.#asked = { size: published.size, at: now() };
    const work = async (): Promise<void> => {
      const cosigned = await witnesses.cosign(published, this.#read);
      await history.note(cosigned, now());
      if (cosigned === published) return;
      folder.writeWitnessedCheckpoint(cosigned.text);
      if (builder.published?.size !== published.size) return;
      await builder.republish(cosigned);
      onPublished(cosigned);
    };
    const end = (error?: unknown): void => {
      this.#keepingFails = error !== undefined;
      onKept(error);
    };
    this.#witnessing = work()
      .then(() => end(), end)
      .finally(() => (this.#witnessing = undefined));
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
