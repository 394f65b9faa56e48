/**
 * The disk under a log, whichever part of the gateway writes to it. Each write can fail: once, or as the last thing that
 * happens. Nothing of it waits for a thread, since there are very many.
 */
import files from 'node:fs';
import promises, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { devNull } from 'node:os';
import { vi } from 'vitest';
import { LogFolder } from '../../../gateway/audit/log-folder.ts';

/**
 * `once`: it is done, and said to have failed; of a line only half is written. `last`: it is not done, and the process
 * is killed there: nothing is written any more, and half of a file or of a line stays behind.
 */
export type Failure = 'once' | 'last';

export class FailingDisk {
  /** Writes since the last {@link mend}; those of a file have two parts, and count once. */
  writes = 0;
  #failAt = Infinity;
  #failure: Failure = 'once';
  #isDead = false;

  /** @param nth the write that fails, from 1 */
  failAt(nth: number, failure: Failure): void {
    this.mend();
    this.#failAt = nth;
    this.#failure = failure;
  }

  get hasFailed(): boolean {
    return this.writes >= this.#failAt;
  }

  /** It writes whatever it is given again. */
  mend(): void {
    this.writes = 0;
    this.#failAt = Infinity;
    this.#isDead = false;
  }

  /** Puts itself under everything. @returns what takes it away again */
  async install(): Promise<() => void> {
    const { writeFileSync, renameSync, rmSync, readFileSync, readdirSync } = files;
    const { writeFile, rename, rm, readFile, readdir } = promises;
    const some = await promises.open(devNull);
    const handles = Object.getPrototypeOf(some) as FileHandle;
    await some.close();

    const draft = (...[file, content, options]: Parameters<typeof writeFileSync>): void =>
      this.#draft(
        () => writeFileSync(file, content, options),
        () => writeFileSync(file, half(content as string | Uint8Array), options),
      );
    const move = (...args: Parameters<typeof renameSync>): void => this.#put(() => renameSync(...args));
    Object.assign(files, { writeFileSync: draft, renameSync: move });
    Object.assign(promises, {
      writeFile: promised(draft),
      rename: promised(move),
      rm: promised((...args: Parameters<typeof rmSync>) => this.#do(() => rmSync(...args))),
      readFile: promised(readFileSync),
      readdir: promised(readdirSync),
    });
    // Nobody cuts the power here: whether it fails is all that counts.
    const syncing = vi.spyOn(LogFolder.prototype, 'sync');
    syncing.mockImplementation(promised(() => this.#do(() => undefined)));
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the handle has a `this` of its own
    const disk = this;
    const appending = vi.spyOn(handles, 'appendFile').mockImplementation(async function (
      this: FileHandle,
      line,
    ) {
      const write = (text: unknown) => () => this.write(text as string);
      await disk.#attempt<Promise<unknown>>(write(line), write(half(line as string)));
    });
    syncBuiltinESMExports();
    return () => {
      Object.assign(files, { writeFileSync, renameSync });
      Object.assign(promises, { writeFile, rename, rm, readFile, readdir });
      syncing.mockRestore();
      appending.mockRestore();
      syncBuiltinESMExports();
    };
  }

  /** The first part of a file: what it gets its name with. */
  #draft(whole: () => void, begun: () => void): void {
    if (this.#failure === 'last') this.#attempt(whole, begun);
    else whole();
  }

  #put(work: () => void): void {
    if (this.#failure === 'once') this.#attempt(work, work);
    else if (this.#isDead) fail();
    else work();
  }

  /** What is done as a whole or not at all. */
  #do(work: () => void): void {
    this.#attempt(work, this.#failure === 'once' ? work : () => undefined);
  }

  #attempt<T>(whole: () => T, begun: () => T | undefined): T {
    if (this.#isDead) return fail();
    if (++this.writes !== this.#failAt) return whole();
    this.#isDead = this.#failure === 'last';
    const done = begun();
    return done instanceof Promise ? (done.then(fail) as T) : fail();
  }
}

function half(content: string | Uint8Array): string | Uint8Array {
  return content.slice(0, content.length / 2);
}

function promised<A extends unknown[], T>(work: (...args: A) => T): (...args: A) => Promise<T> {
  return (...args) => new Promise((resolve) => resolve(work(...args)));
}

function fail(): never {
  throw Object.assign(new Error('EIO'), { code: 'EIO' });
}
