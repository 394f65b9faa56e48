/**
 * The published log: a folder in the layout of C2SP tlog-tiles, which any web server or copying program can pass on.
 *
 * ```
 * checkpoint                    the newest checkpoint
 * checkpoint.witnessed          the newest one that a witness has cosigned; an addition of ours
 * checkpoint.forked             in a copy: one that does not continue the copy; an addition of ours
 * tile/<L>/<N>[.p/<W>]          hashes
 * tile/entries/<N>[.p/<W>]      entries
 * ```
 *
 * Everything in it follows from the store's leaves, and can be made again from them.
 */
import { constants, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { makeFolderNow } from '../../files/make-folder.ts';
import { witnessedCheckpointFile } from '../../protocol/proof/checkpoint.ts';
import { tilePath, tileWidth, type BundleName, type TileName } from '../../protocol/proof/tile.ts';

type FileName = TileName | BundleName;
type FoundFile = { readonly bytes: Buffer; readonly width: number };

const forkedCheckpointFile = 'checkpoint.forked';
/** A pipe in the place of a file is an empty one: whoever opened it otherwise would wait for somebody to write into it. */
const unwaiting = { flag: constants.O_RDONLY | constants.O_NONBLOCK } as const;

export class LogFolder {
  readonly dir: string;
  /** Files written since the last {@link sync}. */
  #unsynced = new Set<string>();
  /** Where this one was made since then: the folder above it, or the first one above that was there already. */
  #madeIn: string | undefined;
  /** Folders that exist. */
  readonly #folders = new Set<string>();
  /** Levels of which a tile has become full here. */
  readonly #levels = new Set<FileName['level']>();

  constructor(dir: string) {
    this.dir = dir;
  }

  /** How many files a crash of the machine could take back. */
  get unsyncedFiles(): number {
    return this.#unsynced.size;
  }

  /** Puts a tile or a bundle in its place at one stroke. */
  async writeFile(name: FileName, bytes: Uint8Array): Promise<void> {
    this.#put(tilePath(name), bytes);
    // What it grew out of is no longer needed: whoever looks for a partial one finds this.
    if (name.width === tileWidth) await this.#dropPartial(name);
  }

  /** The bytes of a tile or a bundle, or of one of the same place that is wider; undefined where there is none. */
  async readFile(name: FileName): Promise<FoundFile | undefined> {
    const found = await this.#find(name);
    // Whoever writes may have put a wider one in its place after that was looked for: it is there now.
    return found === undefined && name.width < tileWidth ? this.#find(name) : found;
  }

  /**
   * The bytes of a tile under its very name, or undefined. Reads at once: for 8 KiB that is several times quicker
   * than to wait for a thread. Not for bundles, which may have 16 MiB.
   */
  readTileNow(name: TileName): Buffer | undefined {
    try {
      return readFileSync(join(this.dir, tilePath(name)), unwaiting);
    } catch (error) {
      undefinedWhereAbsent(error as NodeJS.ErrnoException);
      return undefined;
    }
  }

  /** Whether any tile or bundle was ever put here. @throws an error of the system when that cannot be told */
  async hasTiles(): Promise<boolean> {
    return (await listIfThere(join(this.dir, 'tile'))).length > 0;
  }

  writeCheckpoint(text: string): Promise<void> {
    this.#put('checkpoint', Buffer.from(text));
    return Promise.resolve();
  }

  async readCheckpoint(): Promise<string | undefined> {
    return this.#readText('checkpoint');
  }

  /** Puts a checkpoint that was cosigned in its place. It may be older than the newest one. */
  writeWitnessedCheckpoint(text: string): void {
    this.#put(witnessedCheckpointFile, Buffer.from(text));
  }

  /** The newest checkpoint that a witness has cosigned. */
  async readWitnessedCheckpoint(): Promise<string | undefined> {
    return this.#readText(witnessedCheckpointFile);
  }

  /** Keeps a checkpoint that does not continue what stands here, as evidence. The first one stays. */
  async keepForkedCheckpoint(text: string): Promise<void> {
    if ((await this.#readText(forkedCheckpointFile)) !== undefined) return;
    this.#put(forkedCheckpointFile, Buffer.from(text));
    await this.sync();
  }

  /**
   * What gets its name before it is on the disk may be empty after a crash of the machine. That says no more than a file
   * that is gone, and must not stop the log either.
   */
  async #readText(name: string): Promise<string | undefined> {
    const bytes = await readIfThere(join(this.dir, name));
    return bytes === undefined || bytes.byteLength === 0 ? undefined : bytes.toString('utf8');
  }

  /** Removes partial tiles and bundles of this place but the widest, which has just been written. */
  async dropNarrower(name: FileName): Promise<void> {
    const folder = join(this.dir, dirname(tilePath(name)));
    for (const file of await listIfThere(folder)) {
      if (Number(file) < name.width) await rm(join(folder, file), { force: true });
    }
  }

  /** Makes everything that was written durable. */
  async sync(): Promise<void> {
    const files = this.#unsynced;
    this.#unsynced = new Set();
    const folders = new Set<string>();
    for (const path of files) {
      // It may have been replaced by a wider one meanwhile, which is in the list itself.
      if (await syncIfThere(path)) this.#addFoldersOf(path, folders);
    }
    for (const folder of folders) {
      const isOurs = folder.startsWith(resolve(this.dir));
      // One above may be of somebody who lets us write there and not read.
      await syncIfThere(folder).catch((error: unknown) => {
        if (isOurs || (error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
      });
    }
    this.#madeIn = undefined;
  }

  /** Those above as well: a new folder is on the disk once the one that it stands in is. */
  #addFoldersOf(path: string, folders: Set<string>): void {
    const top = this.#madeIn ?? resolve(this.dir);
    let folder = dirname(resolve(path));
    while (folder.length >= top.length && !folders.has(folder)) {
      folders.add(folder);
      folder = dirname(folder);
    }
  }

  /** Writes at once: the files are small and many, and a thread of their own waits for nothing else. */
  #put(path: string, bytes: Uint8Array): void {
    const target = join(this.dir, path);
    this.#makeFolder(dirname(target));
    const draft = `${target}.partial`;
    try {
      writeFileSync(draft, bytes);
      renameSync(draft, target);
    } catch (error) {
      // Somebody may have taken folders away, and what stood in them: whoever writes has to begin again.
      this.#folders.clear();
      throw error;
    }
    this.#unsynced.add(target);
  }

  #makeFolder(folder: string): void {
    if (this.#folders.has(folder)) return;
    const made = makeFolderNow(folder);
    if (made !== undefined && resolve(this.dir).startsWith(made)) this.#madeIn = dirname(made);
    this.#folders.add(folder);
  }

  /** Most tiles become full without ever having been partial; only the first of a level may be older than this object. */
  async #dropPartial(name: FileName): Promise<void> {
    const folder = join(this.dir, `${tilePath(name)}.p`);
    const wasMadeHere = this.#folders.delete(folder);
    if (!wasMadeHere && this.#levels.has(name.level)) return;
    this.#levels.add(name.level);
    await rm(folder, { recursive: true, force: true });
  }

  async #find(name: FileName): Promise<FoundFile | undefined> {
    for (const width of new Set([name.width, tileWidth])) {
      const bytes = await readIfThere(join(this.dir, tilePath({ ...name, width })));
      if (bytes !== undefined) return { bytes, width };
    }
    return this.#readWiderPartial(name);
  }

  async #readWiderPartial(name: FileName): Promise<FoundFile | undefined> {
    const folder = join(this.dir, `${tilePath({ ...name, width: tileWidth })}.p`);
    const widths = (await listIfThere(folder)).map(Number).filter((width) => width >= name.width);
    for (const width of widths.sort((a, b) => a - b)) {
      const bytes = await readIfThere(join(folder, String(width)));
      if (bytes !== undefined) return { bytes, width };
    }
    return undefined;
  }
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path, unwaiting).catch(undefinedWhereAbsent);
}

async function listIfThere(path: string): Promise<string[]> {
  return (await readdir(path).catch(undefinedWhereAbsent)) ?? [];
}

async function syncIfThere(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(undefinedWhereAbsent);
  if (file === undefined) return false;
  try {
    await file.sync();
    return true;
  } finally {
    await file.close();
  }
}

function undefinedWhereAbsent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
  throw error;
}
