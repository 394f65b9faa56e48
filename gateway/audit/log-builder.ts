/**
 * Makes the published log out of the store's leaves: full tiles and bundles as they become full, partial ones and a
 * signed checkpoint at the end of each step. It writes only what follows from the leaves, so whatever a crash takes
 * away is made again; and it never signs a log that the one it signed before is not the beginning of.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isCausewayError } from '../../protocol/errors.ts';
import { signCheckpoint } from '../../protocol/proof/checkpoint.ts';
import type { NoteSigner } from '../../protocol/proof/note-signer.ts';
import { TileBuilder } from '../../protocol/proof/tile-builder.ts';
import { encodeBundle, partialTilesAt, tileWidth, type TileName } from '../../protocol/proof/tile.ts';
import { isTreeSize } from '../../protocol/proof/tree-proof.ts';
import { splitLeaves } from '../store/leaf-block.ts';
import type { LeafSource } from '../store/port.ts';
import type { LogFolder } from './log-folder.ts';
import { openPublished, type PublishedCheckpoint } from './published-checkpoint.ts';
import { refuseFork } from './refuse-fork.ts';

export type LogBuilderOptions = {
  readonly folder: LogFolder;
  readonly source: Pick<LeafSource, 'readLeafRuns'>;
  /** Its name is that of the log. */
  readonly signer: NoteSigner;
  /** The largest checkpoint of this log that is kept beside the one in its place; see `readSignedBefore`. */
  readonly readSignedBefore: () => Promise<PublishedCheckpoint | undefined>;
};

/** Beside the checkpoint: everything up to this size has been synced. No part of the standard's layout. */
const markFile = '.synced';
const filesToSync = 16_384;
/** Made again at a start: so many are worth a sync. */
const leavesToSync = 16 * tileWidth;

export class LogBuilder {
  readonly #options: LogBuilderOptions;
  #tree = new TileBuilder();
  /** Entries of the bundle that is not full yet. */
  #tail: Buffer[] = [];
  #published: PublishedCheckpoint | undefined;
  #isSound = false;
  #isBehind = false;
  #last: Promise<void> = Promise.resolve();

  private constructor(options: LogBuilderOptions) {
    this.#options = options;
  }

  /**
   * Continues the log in the folder, or begins it.
   * @throws CausewayError `log-forked` when the store's leaves do not continue what was published
   */
  static async open(options: LogBuilderOptions): Promise<LogBuilder> {
    const builder = new LogBuilder(options);
    await builder.#begin();
    return builder;
  }

  /** The newest checkpoint that was published. */
  get published(): PublishedCheckpoint | undefined {
    return this.#published;
  }

  /** How many leaves the tree has. */
  get size(): number {
    return this.#tree.size;
  }

  /** True where the time of the last step was over before it came to the end of the leaves. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  /**
   * Takes the new leaves: all of them, or as many as come into some time, and a portion at least.
   * @returns the new checkpoint, or undefined when there was nothing new
   */
  async advance(mostMs = Infinity): Promise<PublishedCheckpoint | undefined> {
    return this.#alone(async () => this.#advance(mostMs));
  }

  /** Puts the newest checkpoint in its place once more, with cosignatures. */
  async republish(checkpoint: PublishedCheckpoint): Promise<void> {
    await this.#alone(async () => {
      if (checkpoint.size !== this.#published?.size) return;
      await this.#options.folder.writeCheckpoint(checkpoint.text);
      this.#published = checkpoint;
    });
  }

  /** Makes the folder durable, so that the next start need not make its newest part again. */
  async sync(): Promise<void> {
    await this.#alone(async () => {
      // Of a failed step nobody knows which files it wrote.
      if (!this.#isSound) return;
      // Nor of a failed sync, whatever a second one says: all since the last mark is then written once more.
      this.#isSound = false;
      await this.#sync();
      this.#isSound = true;
    });
  }

  /** One at a time: a checkpoint must never take the place of a newer one. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  async #begin(): Promise<void> {
    const { folder, readSignedBefore } = this.#options;
    const inFolder = await this.#readPublished();
    // What was signed here before a failure is the newest that there is.
    const elsewhere = this.#published ?? (await readSignedBefore());
    // The folder may have lost its checkpoint, or have been given an older one. What was signed counts, wherever it lies.
    const published = (elsewhere?.size ?? 0) > (inFolder?.size ?? 0) ? elsewhere : inFolder;
    const size = published?.size ?? 0;
    const signed = [published, elsewhere?.size === size ? elsewhere : undefined].filter(
      (each) => each !== undefined,
    );
    const begin = await this.#soundBeginning(size, signed);
    const beginSize = begin.size;
    this.#tree = begin;
    this.#tail = [];
    for await (const entries of this.#read(beginSize, size)) await this.#append(entries);
    if (published !== undefined) {
      refuseFork(this.#tree, signed);
      // What is damaged at the end of the log is mended now, and not only with the next leaf.
      await this.#writePartial();
      if (published !== inFolder) await folder.writeCheckpoint(published.text);
    }
    this.#published = published;
    this.#isSound = true;
    // A gateway that is killed again and again must not make ever more of it again at each start.
    if (size - beginSize >= leavesToSync) await this.#sync();
  }

  /**
   * The tree from which the log is made on: the one on disk, or an empty one where that does not lead to what was signed.
   * Writes nothing: of a fork, what was published is the evidence.
   * @throws CausewayError `log-forked`
   */
  async #soundBeginning(size: number, signed: readonly PublishedCheckpoint[]): Promise<TileBuilder> {
    const restored = await this.#grown(await this.#restoreTree(size), size);
    if (signed.every(({ root }) => restored.root().equals(root))) return this.#restoreTree(size);
    // A damaged tile looks like a fork at first: the leaves alone decide.
    refuseFork(await this.#grown(new TileBuilder(), size), signed);
    return new TileBuilder();
  }

  /** The tree with the leaves up to `size`, or as many as there are. */
  async #grown(tree: TileBuilder, size: number): Promise<TileBuilder> {
    for await (const entries of this.#read(tree.size, size)) tree.append(entries);
    return tree;
  }

  async #advance(mostMs: number): Promise<PublishedCheckpoint | undefined> {
    // After a failure nobody knows which files were written.
    if (!this.#isSound) await this.#begin();
    this.#isSound = false;
    const published = await this.#publish(mostMs);
    this.#isSound = true;
    return published;
  }

  async #publish(mostMs: number): Promise<PublishedCheckpoint | undefined> {
    const until = performance.now() + mostMs;
    this.#isBehind = false;
    for await (const entries of this.#read(this.#tree.size, Number.MAX_SAFE_INTEGER)) {
      await this.#append(entries);
      this.#isBehind = performance.now() >= until;
      if (this.#isBehind) break;
    }
    const { size } = this.#tree;
    if (size === (this.#published?.size ?? 0)) return undefined;
    await this.#writePartial();
    const { signer, folder } = this.#options;
    const root = this.#tree.root();
    const text = signCheckpoint({ origin: signer.verifierKey.name, size, root }, signer);
    await folder.writeCheckpoint(text);
    this.#published = { size, root, text };
    if (folder.unsyncedFiles >= filesToSync) await this.#sync();
    return this.#published;
  }

  async #sync(): Promise<void> {
    const size = this.#published?.size ?? 0;
    await this.#options.folder.sync();
    if (size === 0) return;
    const path = join(this.#options.folder.dir, markFile);
    await writeFile(`${path}.partial`, JSON.stringify({ size }));
    await rename(`${path}.partial`, path);
  }

  /** The leaves from an index on up to another, or as many as there are. */
  async *#read(from: number, until: number): AsyncGenerator<readonly Buffer[]> {
    for (let next = from; next < until;) {
      const runs = await this.#options.source.readLeafRuns(next);
      const entries = runs
        .flatMap(({ first, leaves }) => splitLeaves(leaves).slice(Math.max(0, next - first)))
        .slice(0, until - next);
      if (entries.length === 0) return;
      yield entries;
      next += entries.length;
    }
  }

  async #append(entries: readonly Buffer[]): Promise<void> {
    let index = Math.floor(this.#tree.size / tileWidth);
    const completed = this.#tree.append(entries);
    const { folder } = this.#options;
    for (const tile of completed) await folder.writeFile(tile, tile.bytes);
    const all = [...this.#tail, ...entries];
    let from = 0;
    for (; from + tileWidth <= all.length; from += tileWidth) {
      const bundle = encodeBundle(all.slice(from, from + tileWidth));
      await folder.writeFile({ level: 'entries', index: index++, width: tileWidth }, bundle);
    }
    // Copies: the pieces are views of whole runs.
    this.#tail = all.slice(from).map((entry) => Buffer.from(entry));
  }

  async #writePartial(): Promise<void> {
    const { folder } = this.#options;
    for (const tile of this.#tree.partialTiles()) {
      await folder.writeFile(tile, tile.bytes);
      await folder.dropNarrower(tile);
    }
    if (this.#tail.length === 0) return;
    const index = Math.floor(this.#tree.size / tileWidth);
    const name = { level: 'entries', index, width: this.#tail.length } as const;
    await folder.writeFile(name, encodeBundle(this.#tail));
    await folder.dropNarrower(name);
  }

  async #readPublished(): Promise<PublishedCheckpoint | undefined> {
    const { folder, signer } = this.#options;
    const text = await folder.readCheckpoint();
    return text === undefined ? undefined : openPublished(text, signer.verifierKey);
  }

  /** Begins where everything is known to be on disk; the tail of the bundle comes from the store again. */
  async #restoreTree(limit: number): Promise<TileBuilder> {
    const size = Math.min(limit, await this.#readMark());
    const whole = size - (size % tileWidth);
    const tiles = await Promise.all(partialTilesAt(whole).map(async (name) => this.#readTile(name)));
    const found = tiles.filter((tile) => tile !== undefined);
    if (found.length < tiles.length) return new TileBuilder();
    try {
      return TileBuilder.restore(whole, found);
    } catch (error) {
      if (!isCausewayError(error, 'log-malformed')) throw error;
      return new TileBuilder();
    }
  }

  async #readTile(name: TileName): Promise<(TileName & { readonly bytes: Buffer }) | undefined> {
    const found = await this.#options.folder.readFile(name);
    return found === undefined ? undefined : { ...name, bytes: found.bytes.subarray(0, name.width * 32) };
  }

  async #readMark(): Promise<number> {
    const text = await readFile(join(this.#options.folder.dir, markFile), 'utf8').catch(() => '');
    try {
      const { size } = JSON.parse(text) as { size?: unknown };
      return typeof size === 'number' && isTreeSize(size) ? size : 0;
    } catch {
      return 0;
    }
  }
}
