/**
 * What is made under a hidden name beside the one that it will have, until it is whole: a file or a folder. Whoever makes it
 * holds the lock beside it, which the system releases when the process dies: so a later run can tell a draft that was left
 * behind, as large as a store or with private keys in it, from one that is being made.
 */
import { randomBytes } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { writeNewFile } from './durable-file.ts';
import { takeLock, type ProcessLock } from './process-lock.ts';

/** What the name of a draft ends with: `.NAME.<random>.<kind>`. */
export type DraftKind = 'backup-draft' | 'partial';

/** All that may stand there of a draft. The lock goes last: a draft without one would never be removed. */
const endings = ['', '-journal', '-wal', '-shm', '.lock-journal', '.lock'];
/** On some network disks no machine sees the locks of another one, which may be making one of its own there. */
const abandonedMs = 24 * 60 * 60 * 1000;

export class HiddenDraft {
  readonly path: string;
  readonly #lock: ProcessLock;

  private constructor(path: string, lock: ProcessLock) {
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Removes what runs that were cut off have left in the folder, and begins a draft, of which there is only the lock yet.
   * Call {@link end}.
   * @param to the name that it will have
   * @throws an error of the system, or SQLite's, where nothing can be written there
   */
  static async begin(to: string, kind: DraftKind): Promise<HiddenDraft> {
    await removeAbandoned(to, kind);
    for (;;) {
      const name = `.${basename(to)}.${randomBytes(6).toString('hex')}.${kind}`;
      const path = join(dirname(to), name);
      await writeNewFile(`${path}.lock`, '');
      const lock = await lockOf(path);
      // Another run may have taken it for one that was left behind.
      if (lock !== undefined) return new HiddenDraft(path, lock);
    }
  }

  /** Removes what is left of it: nothing but the lock where it has got its name. Never throws. */
  async end(): Promise<void> {
    await remove(this.path).catch(() => undefined);
    this.#lock.release();
  }
}

/** As {@link takeLock}; where that fails, as on a full disk, nothing is left of it. */
async function lockOf(draft: string): Promise<ProcessLock | undefined> {
  try {
    return takeLock(`${draft}.lock`);
  } catch (error) {
    await remove(draft);
    throw error;
  }
}

/** Never throws: what cannot be removed keeps nobody from making another. */
async function removeAbandoned(to: string, kind: DraftKind): Promise<void> {
  const folder = dirname(to);
  const lockName = new RegExp(`^\\.(.+)\\.[0-9a-f]{12}\\.${kind}\\.lock$`);
  for (const file of await readdir(folder).catch(() => [])) {
    const name = lockName.exec(file)?.[1];
    if (name === undefined) continue;
    const draft = join(folder, file.slice(0, -'.lock'.length));
    try {
      if (name === basename(to) || (await isOld(draft))) await removeUnlessLocked(draft);
    } catch {
      // It may belong to another user.
    }
  }
}

async function isOld(draft: string): Promise<boolean> {
  const files = [stat(draft).catch(() => undefined), stat(`${draft}.lock`)];
  const times = (await Promise.all(files)).map((found) => found?.mtimeMs ?? 0);
  return Date.now() - Math.max(...times) > abandonedMs;
}

async function removeUnlessLocked(draft: string): Promise<void> {
  const lock = takeLock(`${draft}.lock`);
  if (lock === undefined) return;
  try {
    await remove(draft);
  } finally {
    lock.release();
  }
}

async function remove(draft: string): Promise<void> {
  for (const ending of endings) await rm(`${draft}${ending}`, { recursive: true, force: true });
}
