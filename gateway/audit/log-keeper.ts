/**
 * Keeps the published log up to date: looks for new leaves several times a second, publishes a checkpoint, asks the
 * witnesses, and copies the log to where the settings say.
 */
import { keepTiles } from '../../protocol/proof/tile-cache.ts';
import type { TileReader } from '../../protocol/proof/tile-proof.ts';
import type { TileName } from '../../protocol/proof/tile.ts';
import type { LogBuilder, PublishedCheckpoint } from './log-builder.ts';
import type { LogFolder } from './log-folder.ts';
import type { LogHistory } from './log-history.ts';
import { mirrorLog } from './mirror-log.ts';
import type { Witnesses } from './witnesses.ts';

/** A checkpoint follows activity within this time and that of one step. */
const stepMs = 500;
const mirrorMs = 20_000;
const syncMs = 30_000;

export type LogKeeperParts = {
  readonly builder: LogBuilder;
  readonly folder: LogFolder;
  readonly history: LogHistory;
  readonly witnesses: Witnesses;
  /** The folder to copy the log to. */
  readonly exportDir: string | undefined;
  readonly now: () => number;
  readonly onPublished: (checkpoint: PublishedCheckpoint) => void;
  readonly onError: (error: unknown) => void;
};

export class LogKeeper {
  readonly #parts: LogKeeperParts;
  readonly #read: TileReader;
  #step: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastSync = 0;
  #lastMirror = 0;
  #mirroring: Promise<void> | undefined;
  #witnessing: Promise<void> | undefined;

  constructor(parts: LogKeeperParts) {
    this.#parts = parts;
    this.#read = readTilesOf(parts.folder);
  }

  start(): void {
    this.#timer = setInterval(() => void this.step(), stepMs);
    void this.step();
  }

  /** Takes what is new. Resolves when it is published; one step runs at a time. */
  async step(): Promise<void> {
    this.#step ??= this.#advance().finally(() => (this.#step = undefined));
    await this.#step;
  }

  /** Publishes what there is, and makes the folder durable. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#step;
    await this.step();
    await Promise.all([this.#witnessing, this.#mirroring]);
    try {
      const { builder, history, now } = this.#parts;
      if (builder.published !== undefined) await history.note(builder.published, now(), true);
      await builder.sync();
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  async #advance(): Promise<void> {
    const { builder, onPublished, onError, now } = this.#parts;
    try {
      const published = await builder.advance();
      if (published !== undefined) onPublished(published);
      if (published !== undefined) this.#witness(published);
      // While there is much to do, the disk belongs to the store.
      if (published === undefined && now() - this.#lastSync >= syncMs) {
        this.#lastSync = now();
        await builder.sync();
      }
    } catch (error) {
      onError(error);
    }
    this.#mirror();
  }

  /** Witnesses must not hold up the log: the checkpoint stands without them, and is put there again with them. */
  #witness(published: PublishedCheckpoint): void {
    const { builder, witnesses, history, now, onPublished, onError } = this.#parts;
    if (this.#witnessing !== undefined) return;
    const work = async (): Promise<void> => {
      const cosigned = witnesses.count === 0 ? published : await witnesses.cosign(published, this.#read);
      await history.note(cosigned, now());
      if (cosigned === published || builder.published?.size !== published.size) return;
      await builder.republish(cosigned);
      onPublished(cosigned);
    };
    this.#witnessing = work()
      .catch(onError)
      .finally(() => (this.#witnessing = undefined));
  }

  #mirror(): void {
    const { exportDir, folder, now, onError } = this.#parts;
    if (exportDir === undefined || this.#mirroring !== undefined || now() - this.#lastMirror < mirrorMs)
      return;
    this.#lastMirror = now();
    this.#mirroring = mirrorLog(folder, exportDir)
      .then(() => undefined, onError)
      .finally(() => (this.#mirroring = undefined));
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
